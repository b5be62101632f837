//! Redirects stay inside.

use crate::bench::{ADMIN, PASSWORD, bench};

/// Addresses of other sites, as somebody might disguise them.
const OUTSIDE: &[&str] = &[
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/%0d%0aLocation:%20https://evil.example\r\nx: y",
    "javascript:mark()",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "",
];

#[tokio::test]
async fn signing_in_leads_to_pages_of_this_application() {
    let bench = bench().await;
    for next in OUTSIDE {
        let mut browser = bench.nobody();
        let form = [("email", ADMIN), ("password", PASSWORD), ("next", next)];
        let page = browser.post("/sign-in", &form).await;
        stays(&page.leads_to("/"), next);
        // Whoever is signed in already goes on at once.
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = browser.get(&format!("/sign-in?next={next}")).await;
        stays(&page.leads_to("/"), &next);
    }
    let mut browser = bench.nobody();
    let next = "/s/1/settings/audit?before=7";
    let page = browser
        .get("/sign-in?next=%2Fs%2F1%2Fsettings%2Faudit%3Fbefore%3D7")
        .await;
    assert_eq!(page.value("next"), next);
    let form = [("email", ADMIN), ("password", PASSWORD), ("next", next)];
    let page = browser.post("/sign-in", &form).await;
    assert_eq!(page.location().as_deref(), Some(next));
}

#[tokio::test]
async fn language_and_preferences_lead_back_to_pages_of_this_application() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let mut nobody = bench.nobody();
    for next in OUTSIDE {
        let form = [("language", "en"), ("next", *next)];
        stays(&nobody.post("/language", &form).await.leads_to("/"), next);
        stays(&admin.post("/language", &form).await.leads_to("/"), next);
        stays(&admin.post("/preferences", &form).await.leads_to("/"), next);
    }
    let form = [
        ("language", "en"),
        ("next", "/s/1/overview?note=note-joined"),
    ];
    let page = admin.post("/preferences", &form).await;
    assert_eq!(
        page.location().as_deref(),
        Some("/s/1/overview?note=note-joined")
    );
}

#[tokio::test]
async fn the_first_page_does_not_carry_an_address_elsewhere() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let page = admin.get("/?next=//evil.example").await;
    page.leads_to("/s/1/overview");
}

/// Resolves it as a browser does.
#[track_caller]
fn stays(location: &str, next: &str) {
    let base = url::Url::parse("http://localhost/").unwrap();
    let resolved = base.join(location).unwrap();
    assert_eq!(
        resolved.origin(),
        base.origin(),
        "{next:?} leads to {location:?}"
    );
}
