//! Requests that somebody else made a browser send.

use axum::http::Method;

use crate::{
    bench::{Bench, bench, mappings},
    browser::{Page, multipart},
    examples::{posts, walked},
};

#[tokio::test]
async fn posts_of_other_sites_are_refused() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    let guard = admin.guard().await;
    let before = state(&bench).await;
    for example in posts() {
        let form: Vec<_> = example
            .form
            .iter()
            .copied()
            .chain([("guard", &*guard)])
            .collect();
        for (what, headers) in FOREIGN {
            let mut ask = admin
                .ask(Method::POST, example.path)
                .without("origin")
                .without("sec-fetch-site")
                .form(&form);
            for (name, value) in *headers {
                ask = ask.with(name, value);
            }
            let page = ask.send().await;
            refused(&page, &format!("{} {what}", example.path));
        }
    }
    assert_eq!(state(&bench).await, before);
}

/// What says that a request comes from elsewhere, or not from where.
const FOREIGN: &[(&str, &[(&str, &str)])] = &[
    ("says nothing", &[]),
    ("cross-site", &[("sec-fetch-site", "cross-site")]),
    ("same-site", &[("sec-fetch-site", "same-site")]),
    ("none", &[("sec-fetch-site", "none")]),
    ("foreign origin", &[("origin", "https://evil.example")]),
    ("null origin", &[("origin", "null")]),
    ("other port", &[("origin", "http://localhost:1")]),
];

#[tokio::test]
async fn nobody_can_be_signed_in_from_another_site() {
    let bench = bench().await;
    let mut nobody = bench.nobody();
    let form = [
        ("email", crate::bench::ADMIN),
        ("password", crate::bench::PASSWORD),
    ];
    let page = nobody
        .ask(Method::POST, "/sign-in")
        .with("sec-fetch-site", "cross-site")
        .form(&form)
        .send()
        .await;
    refused(&page, "sign-in");
    assert!(!nobody.is_signed_in().await);
    // The same from its own page, by a browser that says only its origin.
    let page = nobody
        .ask(Method::POST, "/sign-in")
        .without("sec-fetch-site")
        .form(&form)
        .send()
        .await;
    page.leads_to("/");
}

#[tokio::test]
async fn posts_without_the_guard_of_their_session_are_refused() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    let mut viewer = bench.viewer().await;
    let wrong = viewer.guard().await;
    let before = state(&bench).await;
    for example in posts() {
        for guard in [None, Some(""), Some("AAAA"), Some(&*wrong)] {
            let guard = guard.map(|guard| ("guard", guard));
            let form: Vec<_> = example.form.iter().copied().chain(guard).collect();
            let ask = admin.ask(Method::POST, example.path);
            // An upload is no form of that kind; it has its own test.
            if example.route.ends_with("/file") {
                continue;
            }
            let page = ask.form(&form).send().await;
            refused(&page, &format!("{} {guard:?}", example.path));
        }
    }
    assert_eq!(state(&bench).await, before);
}

#[tokio::test]
async fn nothing_is_kept_of_a_forged_upload() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let guard = admin.guard().await;
    let path = "/s/1/settings/ids/visitor/file";
    let file = ("file", Some("ids.csv"), b"id\nu-1\n".as_slice());
    let good = ("guard", None, guard.as_bytes());
    let bad = ("guard", None, b"AAAA".as_slice());
    for (what, parts) in [
        ("without", vec![file]),
        ("wrong", vec![bad, file]),
        // What stands behind the file says nothing of what came before it.
        ("late", vec![file, good]),
        ("twice", vec![good, bad, file]),
    ] {
        let (kind, body) = multipart(&parts);
        let page = admin.ask(Method::POST, path).body(&kind, body).send().await;
        refused(&page, what);
        admin
            .get("/s/1/settings/ids/visitor")
            .await
            .ok()
            .lacks("ids.csv");
        no_uploads(&bench).await;
    }
    let (kind, body) = multipart(&[good, file]);
    let page = admin
        .ask(Method::POST, path)
        .with("sec-fetch-site", "cross-site")
        .body(&kind, body)
        .send()
        .await;
    refused(&page, "cross-site");
    no_uploads(&bench).await;
}

/// Nothing is kept of any file.
pub(crate) async fn no_uploads(bench: &Bench) {
    for table in ["upload", "upload_part", "upload_unseen"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(bench.scratch.number(&sql).await, 0, "{table}");
    }
}

/// How many files are kept.
pub(crate) async fn uploads(bench: &Bench) -> i64 {
    bench.scratch.number("SELECT count(*) FROM upload").await
}

#[track_caller]
fn refused(page: &Page, what: &str) {
    assert_eq!(page.status.as_u16(), 403, "{what}: {page:#?}");
    assert!(
        page.body.contains("Nothing was changed"),
        "{what}: {page:#?}"
    );
    assert!(page.header("set-cookie").is_none(), "{what}: {page:#?}");
}

/// What a forged request could have changed.
async fn state(bench: &Bench) -> String {
    let store = &bench.store;
    format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}",
        store.members().await.unwrap(),
        store.subscriptions().await.unwrap(),
        store.mapping(bench.visitors()).await.unwrap(),
        store.connection_info(bench.subscription).await.unwrap(),
        store.changes(i64::MAX, 1_000).await.unwrap(),
        store.hubspot_client_id().await.unwrap(),
    )
}

#[tokio::test]
async fn a_page_of_another_session_cannot_be_sent() {
    let mut bench = bench().await.connected().await;
    let mut first = bench.admin().await;
    let mut second = bench.admin().await;
    let guard = second.guard().await;
    assert_ne!(first.guard().await, guard);
    let page = first
        .ask(Method::POST, &mappings("disconnect"))
        .form(&[("guard", &guard)])
        .send()
        .await;
    refused(&page, "disconnect");
}
