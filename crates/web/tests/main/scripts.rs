//! Texts of other people stay texts: whatever HubSpot, a file or a form holds, no page takes it for markup.

use std::collections::BTreeMap;

use model::Level;
use sandbox::{Command, Object, VISITOR_KEY};

use crate::{
    bench::{Bench, PORTAL, bench, mappings, save},
    browser::{Browser, Page},
    examples::{examples, pages},
    routes,
};

/// What would run on a page that took it for markup.
const SCRIPT: &str =
    "<script>mark()</script>\"onfocus=\"mark()'<img src=x onerror=mark()>{{mark()}}";
const LINK: &str = "javascript:mark()";

/// No page takes it for markup.
#[track_caller]
fn harmless(page: &Page) {
    for bad in [
        "<script>mark",
        "\"onfocus=\"mark",
        "<img src=x",
        "href=\"javascript:",
        "src=\"javascript:",
        "action=\"javascript:",
        "hx-get=\"javascript:",
        "</script>\"",
    ] {
        assert!(
            !page.body.contains(bad),
            "{bad} on {}: {}",
            page.asked,
            page.body
        );
    }
}

/// The visitor whose texts are plain but for the label of its stage.
const LABELLED: &str = "u-labelled";

/// Whether a page shows it, as text.
fn shows(page: &Page) -> bool {
    page.body.contains("&#60;script&#62;mark") || page.body.contains("&lt;script&gt;mark")
}

/// An installation in which everything that can hold a text holds one.
async fn hostile() -> (Bench, Browser) {
    let mut bench = bench().await;
    let act = |command: Command| {
        bench.sandbox.clock().advance_ms(1_000);
        bench.sandbox.run(PORTAL, &command).unwrap()
    };
    for name in ["lifecyclestage", "city", VISITOR_KEY] {
        act(Command::RelabelProperty {
            object: Object::Contacts,
            name: name.into(),
            label: format!("{SCRIPT} {name}"),
        });
    }
    act(Command::RelabelOption {
        object: Object::Contacts,
        name: "lifecyclestage".into(),
        value: "lead".into(),
        label: SCRIPT.into(),
    });
    let id = format!("u-{SCRIPT}");
    let values = [
        (VISITOR_KEY, id.as_str()),
        ("city", SCRIPT),
        ("website", LINK),
        ("lifecyclestage", SCRIPT),
    ];
    act(Command::Create {
        object: Object::Contacts,
        values: BTreeMap::from(values.map(|(name, value)| (name.into(), value.into()))),
    });
    let values = [(VISITOR_KEY, LABELLED), ("lifecyclestage", "lead")];
    act(Command::Create {
        object: Object::Contacts,
        values: BTreeMap::from(values.map(|(name, value)| (name.into(), value.into()))),
    });
    bench
        .know_these(Level::Visitor, [id.clone(), LABELLED.into()])
        .await;
    let mut admin = bench.admin().await;
    admin.headers.push(("user-agent", SCRIPT.into()));
    let form = [("name", "<script>mark()</script>\"x"), ("time_zone", "UTC")];
    admin
        .post("/s/1/settings/subscription", &form)
        .await
        .leads_to("/s/1");
    let email = "\"<script>mark()</script>'onfocus=mark()\"@example.com";
    let form = [("email", email), ("role", "viewer")];
    harmless(&admin.post("/s/1/settings/users", &form).await.ok());
    let token = sandbox::static_token(PORTAL);
    admin.post(&mappings("token"), &[("token", &token)]).await;
    admin
        .post(&mappings("key"), &[("property", VISITOR_KEY)])
        .await;
    let base = admin.get(crate::bench::MAPPINGS).await.ok().value("base");
    let form = [
        ("base", &*base),
        ("field", "city"),
        ("label:city", SCRIPT),
        ("field", "lifecyclestage"),
        ("field", "website"),
        ("label:website", LINK),
    ];
    admin.post(&mappings("save"), &form).await.leads_to("/s/1");
    bench.settled(Level::Visitor).await;
    admin
        .post(&mappings("key/sample"), &[("size", "2000")])
        .await;
    admin.follow(&mappings("key/sample")).await.ok();
    let file = format!(
        "id,\"{}\"\n\"u-2\",\"{}\"\n",
        quoted(SCRIPT),
        quoted(SCRIPT)
    );
    // A browser writes a quote in a file's name so.
    let name = SCRIPT.replace('"', "%22");
    admin
        .upload("/s/1/settings/ids/visitor/file", &name, file.as_bytes())
        .await
        .leads_to("/s/1");
    (bench, admin)
}

fn quoted(text: &str) -> String {
    text.replace('"', "\"\"")
}

#[tokio::test]
async fn no_page_takes_a_text_for_markup() {
    let (mut bench, mut admin) = hostile().await;
    bench.viewer().await;
    examples(&bench);
    let mut shown = Vec::new();
    for example in pages() {
        let page = routes::send(&mut admin, example).await;
        if page.is_html() {
            harmless(&page);
            if shows(&page) {
                shown.push(example.route);
            }
        }
    }
    // Otherwise it would say nothing.
    for route in [
        "/s/{subscription}/overview",
        "/s/{subscription}/account",
        "/s/{subscription}/settings/ids/{level}",
        "/s/{subscription}/settings/subscription",
        "/s/{subscription}/settings/users",
        "/s/{subscription}/settings/audit",
        "/s/{subscription}/settings/data-mappings/{level}",
        "/s/{subscription}/settings/data-mappings/{level}/key",
    ] {
        assert!(shown.contains(&route), "{route} shows none of the texts");
    }
}

#[tokio::test]
async fn lists_and_details_take_no_value_for_markup() {
    let (bench, mut admin) = hostile().await;
    let subjects = bench
        .store
        .subjects(bench.visitors(), "", 10)
        .await
        .unwrap();
    assert!(
        subjects
            .iter()
            .any(|subject| subject.id.contains("<script>"))
    );
    let mut shown = 0;
    for path in [
        "/s/1/visitors".to_owned(),
        "/s/1/visitors/1".to_owned(),
        "/s/1/runs".to_owned(),
        "/s/1/runs/1".to_owned(),
        "/s/1/runs/1/records/matched".to_owned(),
        "/s/1/runs/1/records/missed".to_owned(),
        "/s/1/runs/1/records/changed".to_owned(),
        "/s/1/runs/1/records/quarantined".to_owned(),
    ] {
        let page = admin.get(&path).await.ok();
        harmless(&page);
        shown += usize::from(shows(&page));
    }
    assert!(shown >= 3, "only {shown} pages show the texts");
}

#[tokio::test]
async fn an_options_label_is_no_markup() {
    let (_bench, mut admin) = hostile().await;
    let page = admin.get("/s/1/visitors/2").await.ok().has(LABELLED);
    harmless(&page);
    assert!(shows(&page), "{page:#?}");
}

#[tokio::test]
async fn what_is_sent_back_is_no_markup() {
    let (_bench, mut admin) = hostile().await;
    let query: String = url::form_urlencoded::byte_serialize(SCRIPT.as_bytes()).collect();
    for path in [
        format!("/sign-in?next={query}"),
        format!("/nothing/{query}"),
        format!("/s/1/overview?note={query}"),
        format!("/s/1/overview?x={query}"),
        format!("{}?problem={query}", crate::bench::MAPPINGS),
        format!("{}?problem=TRB{query}", crate::bench::MAPPINGS),
        mappings(&format!("key?q={query}")),
        mappings(&format!("key/{query}/cost")),
        format!("/oauth/callback?error={query}&state={query}"),
    ] {
        harmless(&admin.get(&path).await);
    }
    let form = [("name", SCRIPT), ("time_zone", SCRIPT)];
    let page = admin
        .post("/s/1/settings/subscription", &form)
        .await
        .is(422);
    assert!(shows(&page));
    harmless(&page);
    let form = [("email", SCRIPT), ("role", SCRIPT)];
    harmless(&admin.post("/s/1/settings/users", &form).await.is(422));
    let form = [("property", SCRIPT)];
    harmless(&admin.post(&mappings("key"), &form).await.is(422));
    let form = [("field", SCRIPT), ("label:city", SCRIPT), ("base", SCRIPT)];
    for path in ["fields", "fields/menu", "save"] {
        let page = admin.post(&mappings(path), &form).await;
        assert!(shows(&page), "{page:#?}");
        harmless(&page);
    }
    let form = [("change", "search"), ("starts_with", SCRIPT)];
    let page = admin.submit("/s/1/visitors/view", &form).await.ok();
    assert!(shows(&page), "{page:#?}");
    harmless(&page);
    let page = admin
        .post("/s/1/runs/1/records/missed", &[("id", SCRIPT)])
        .await;
    assert!(shows(&page), "{page:#?}");
    harmless(&page);
    let form = [("group", "hubspot"), ("name", SCRIPT), ("value", SCRIPT)];
    harmless(&admin.post("/s/1/visitors/1/value", &form).await);
    let form = [("ticket", SCRIPT), ("email", SCRIPT)];
    admin.post("/sign-out", &[]).await;
    for path in ["/set-up", "/join", "/reset", "/sign-in"] {
        let page = admin.post(path, &form).await;
        assert!(shows(&page), "{page:#?}");
        harmless(&page);
    }
    let page = admin.get(&format!("/sign-in?next={query}")).await.ok();
    assert!(shows(&page), "{page:#?}");
    harmless(&page);
}

#[tokio::test]
async fn the_menu_takes_no_label_for_markup() {
    let (_bench, mut admin) = hostile().await;
    let page = admin.post(&mappings("fields/menu"), &[]).await.ok();
    harmless(&page);
    assert!(shows(&page));
    save(&mut admin, &["city"]).await;
}
