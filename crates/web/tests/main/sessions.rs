//! Sessions: how they begin, how they end, and what the cookie says to the browser.

use std::time::Duration;

use axum::http::Method;

use crate::bench::{ADMIN, PASSWORD, VIEWER, bench, plan};

const NEW: &str = "quiet harbour 29";

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_session_begins_with_a_cookie_of_its_own() {
    let bench = bench().await;
    let mut browser = bench.nobody();
    // Somebody else has planted a cookie.
    browser
        .cookies
        .insert("tributary".into(), "planted-by-somebody".into());
    browser.get("/sign-in").await.ok();
    let form = [("email", ADMIN), ("password", PASSWORD)];
    browser.post("/sign-in", &form).await.leads_to("/");
    assert_ne!(browser.secret(), "planted-by-somebody");
    assert!(browser.is(ADMIN).await);
    let mut planter = bench.nobody();
    planter
        .cookies
        .insert("tributary".into(), "planted-by-somebody".into());
    assert!(!planter.is_signed_in().await);
}

#[tokio::test]
async fn signing_in_ends_the_session_the_browser_had() {
    let mut bench = bench().await;
    let mut browser = bench.viewer().await;
    let mut left_behind = browser.clone();
    let (secret, guard) = (browser.secret(), browser.guard().await);
    let form = [("email", ADMIN), ("password", PASSWORD)];
    browser.post("/sign-in", &form).await.leads_to("/");
    assert!(browser.is(ADMIN).await);
    assert_ne!(browser.secret(), secret);
    assert_ne!(browser.guard().await, guard);
    assert!(!left_behind.is_signed_in().await);
}

#[tokio::test]
async fn joining_and_resetting_end_the_session_the_browser_had() {
    let mut bench = bench().await;
    let mut browser = bench.viewer().await;
    let mut left_behind = browser.clone();
    let mut admin = bench.admin().await;
    let ticket = crate::bench::invite(&mut admin, "new@example.com", "viewer").await;
    let form = crate::bench::new_password(&ticket, PASSWORD);
    browser.post("/join", &form).await.leads_to("/");
    assert!(browser.is("new@example.com").await);
    assert!(!left_behind.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_ends_the_session_for_good() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let mut left_behind = admin.clone();
    let page = admin.post("/sign-out", &[]).await;
    page.leads_to("/sign-in");
    let cookie = page.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("tributary=; ") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    assert!(!admin.is_signed_in().await);
    assert!(!left_behind.is_signed_in().await);
    left_behind.get("/s/1/overview").await.leads_to("/sign-in");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_other_sessions() {
    let mut bench = bench().await;
    let mut here = bench.admin().await;
    let mut there = bench.admin().await;
    let mut viewer = bench.viewer().await;
    let mut before = here.clone();
    here.get("/s/1/account").await.ok().has("This browser");
    here.submit("/s/1/account/sign-out-everywhere", &[])
        .await
        .ok()
        .has("You are signed out everywhere else");
    assert!(here.is(ADMIN).await);
    assert!(!there.is_signed_in().await);
    assert!(!before.is_signed_in().await);
    assert!(viewer.is(VIEWER).await);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_after_a_week() {
    let mut bench = bench().await;
    let mut used = bench.admin().await;
    let mut unused = bench.admin().await;
    for _ in 0..6 {
        bench.pass(DAY);
        assert!(used.is_signed_in().await);
    }
    bench.pass(DAY + Duration::from_secs(1));
    assert!(used.is_signed_in().await);
    assert!(!unused.is_signed_in().await);
    bench.pass(7 * DAY + Duration::from_secs(1));
    assert!(!used.is_signed_in().await);
}

#[tokio::test]
async fn any_session_ends_after_thirty_days() {
    let mut bench = bench().await;
    let mut used = bench.admin().await;
    for _ in 0..30 {
        assert!(used.is_signed_in().await);
        bench.pass(DAY);
    }
    bench.pass(Duration::from_secs(1));
    assert!(!used.is_signed_in().await);
}

#[tokio::test]
async fn sweeping_ends_no_session_that_is_good() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    bench.pass(6 * DAY);
    let now = model::Clock::now(&*bench.clock);
    let idle = jiff::SignedDuration::from_hours(7 * 24);
    bench.store.sweep_sessions(now, idle).await.unwrap();
    assert!(admin.is_signed_in().await);
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let mut bench = bench().await;
    let mut here = bench.admin().await;
    let mut there = bench.admin().await;
    let mut before = here.clone();
    let form = [("present", PASSWORD), ("password", NEW), ("again", NEW)];
    here.submit("/s/1/account/password", &form)
        .await
        .ok()
        .has("Your password is changed");
    assert!(here.is(ADMIN).await);
    assert!(!there.is_signed_in().await);
    assert!(!before.is_signed_in().await);
    let mut browser = bench.nobody();
    let old = [("email", ADMIN), ("password", PASSWORD)];
    browser.post("/sign-in", &old).await.is(401);
    bench.sign_in(ADMIN, NEW).await;
}

#[tokio::test]
async fn another_password_takes_the_present_one_and_a_good_one() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for (present, password, again, said) in [
        ("wrong one 123", NEW, NEW, "The current password is wrong"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, NEW, "quiet harbour 28", "differ"),
        (
            PASSWORD,
            "mio.arai-2026",
            "mio.arai-2026",
            "your email address",
        ),
        (
            PASSWORD,
            "aaaaaaaaaaaaaa",
            "aaaaaaaaaaaaaa",
            "too few characters",
        ),
    ] {
        let form = [
            ("present", present),
            ("password", password),
            ("again", again),
        ];
        let page = admin.post("/s/1/account/password", &form).await.is(422);
        page.has(said).lacks(&format!("value=\"{password}"));
    }
    bench.sign_in(ADMIN, PASSWORD).await;
}

#[tokio::test]
async fn cookies_stay_with_the_browser_and_this_site() {
    let bench = bench().await;
    let mut browser = bench.nobody();
    let form = [("email", ADMIN), ("password", PASSWORD)];
    let page = browser.post("/sign-in", &form).await;
    let cookie = page.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("tributary="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    let page = bench
        .nobody()
        .post("/language", &[("language", "ja")])
        .await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"),
        "{cookie}"
    );
}

#[tokio::test]
async fn cookies_are_secure_where_the_address_is() {
    let mut bench = plan().at("https://tributary.example").build().await;
    let mut admin = bench.admin().await;
    let form = [("email", ADMIN), ("password", PASSWORD)];
    let page = admin.post("/sign-in", &form).await;
    let cookie = page.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("__Host-tributary="), "{cookie}");
    // What the prefix asks for; a browser would not take the cookie otherwise.
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let page = admin.post("/sign-out", &[]).await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-tributary=;") && cookie.contains("; Secure"),
        "{cookie}"
    );
    // The other name, which could come over http, is no session.
    let mut admin = bench.admin().await;
    let secret = admin.secret();
    admin.cookies.clear();
    admin.cookies.insert("tributary".into(), secret);
    assert!(!admin.is_signed_in().await);
}

#[tokio::test]
async fn the_language_of_the_browser_the_cookie_and_the_person_hold_in_turn() {
    let mut bench = bench().await;
    let mut browser = bench.nobody();
    browser.get("/sign-in").await.has("lang=\"en\"");
    browser
        .headers
        .push(("accept-language", "fr, ja;q=0.8, en;q=0.5".into()));
    browser.get("/sign-in").await.has("<html lang=\"ja\"");
    let form = [("language", "en"), ("next", "/sign-in")];
    browser.post("/language", &form).await.leads_to("/sign-in");
    browser.get("/sign-in").await.has("<html lang=\"en\"");
    browser
        .post("/language", &[("language", "xx")])
        .await
        .is(422);

    let mut admin = bench.admin().await;
    let form = [
        ("language", "ja"),
        ("theme", "dark"),
        ("next", "/s/1/overview"),
    ];
    let next = admin
        .post("/preferences", &form)
        .await
        .leads_to("/s/1/overview");
    let page = admin.get(&next).await.has("<html lang=\"ja\"");
    page.has("class=\"dark\"");
    // Everywhere the same.
    let mut elsewhere = bench.sign_in(ADMIN, PASSWORD).await;
    elsewhere
        .get("/s/1/overview")
        .await
        .has("<html lang=\"ja\"");
    elsewhere.post("/preferences", &[("theme", "system")]).await;
    let page = elsewhere.get("/s/1/overview").await;
    page.has("<html lang=\"ja\"").lacks("class=\"dark\"");
}

#[tokio::test]
async fn a_script_is_sent_to_sign_in_again() {
    let bench = bench().await;
    let mut nobody = bench.nobody();
    let page = nobody
        .ask(Method::GET, "/s/1/overview")
        .with("hx-request-type", "partial")
        .send()
        .await
        .is(401);
    assert_eq!(page.header("hx-redirect"), Some("/sign-in"));
}
