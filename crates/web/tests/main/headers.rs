//! What answers say to browsers about themselves.

use axum::http::Method;

use crate::{
    bench::{bench, plan},
    browser::{Browser, Page},
    examples::{pages, walked},
    routes,
};

#[track_caller]
fn secured(page: &Page) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{page:#?}");
    }
    let policy = page.header("content-security-policy").unwrap_or_default();
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[track_caller]
fn unkept(page: &Page) {
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page:#?}");
}

#[tokio::test]
async fn every_page_says_how_it_may_be_used() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    let mut nobody = bench.nobody();
    for example in pages() {
        for browser in [&mut admin, &mut nobody] {
            let page = routes::send(browser, example).await;
            secured(&page);
            unkept(&page);
        }
    }
}

#[tokio::test]
async fn refusals_say_it_too() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let mut viewer = bench.viewer().await;
    let mut nobody = bench.nobody();
    let mut answers = vec![
        nobody.get("/nothing").await.is(404),
        admin.get("/s/1/nothing").await.is(404),
        nobody.post("/s/1/settings/users", &[]).await.is(401),
        viewer.get("/s/1/settings/users").await.is(403),
        admin.ask(Method::POST, "/sign-out").send().await.is(403),
        admin.ask(Method::DELETE, "/sign-out").send().await.is(405),
        nobody.get("/assets/nothing.js").await.is(404),
        admin.post("/subscriptions/new", &[]).await.is(422),
    ];
    let elsewhere = nobody
        .ask(Method::GET, "/sign-in")
        .with("host", "evil.example");
    answers.push(elsewhere.send().await.is(421));
    for page in &answers {
        secured(page);
        unkept(page);
    }
}

#[tokio::test]
async fn files_are_kept_by_browsers_and_named_after_their_content() {
    let bench = bench().await;
    let mut nobody = bench.nobody();
    let page = nobody.get("/sign-in").await.ok();
    let files: Vec<String> = page
        .body
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .map(|text| text.split('#').next().unwrap().to_owned())
        .collect();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let answer = nobody.get(&file).await.ok();
        secured(&answer);
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{file}"
        );
        let kind = answer.header("content-type").unwrap();
        let expected = match file.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        assert_eq!(kind, expected);
        let zipped = nobody
            .ask(Method::GET, &file)
            .with("accept-encoding", "gzip")
            .send()
            .await
            .ok();
        assert_eq!(zipped.header("content-encoding"), Some("gzip"), "{file}");
    }
}

#[tokio::test]
async fn pages_hold_nothing_that_the_policy_forbids() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    for example in pages() {
        let page = routes::send(&mut admin, example).await;
        if !page.is_html() {
            continue;
        }
        for tag in page.body.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let attributes = tag.replace('\n', " ");
            assert!(!attributes.contains(" style="), "{}: <{tag}>", example.path);
            let inline =
                tag.starts_with("style") || (tag.starts_with("script") && !tag.contains(" src="));
            assert!(!inline, "{}: <{tag}>", example.path);
            let handler = attributes
                .split(' ')
                .any(|word| word.starts_with("on") && word.contains('='));
            assert!(!handler, "{}: <{tag}>", example.path);
        }
    }
}

#[tokio::test]
async fn other_hosts_are_not_answered() {
    let bench = plan().at("https://tributary.example").build().await;
    let mut nobody = bench.nobody();
    for host in [
        "evil.example",
        "tributary.example.evil.example",
        "eviltributary.example",
        "localhost.evil.example",
        "tributary.example@evil.example",
        "",
    ] {
        let page = host_of(&mut nobody, host).await.is(421);
        page.lacks("form").has("web.public_url");
    }
    let nameless = nobody.ask(Method::GET, "/sign-in").without("host");
    nameless.send().await.is(421);
    for host in [
        "tributary.example",
        "TRIBUTARY.example",
        "tributary.example:8443",
        "localhost:8787",
        "127.0.0.1",
        "[::1]:8787",
        "[::1]",
    ] {
        host_of(&mut nobody, host).await.ok();
    }
}

async fn host_of(browser: &mut Browser, host: &str) -> Page {
    let ask = browser.ask(Method::GET, "/sign-in").with("host", host);
    ask.send().await
}

#[tokio::test]
async fn browsers_come_by_https_only_where_the_address_is_https() {
    let bench = plan().at("https://tributary.example").build().await;
    let page = bench.nobody().get("/sign-in").await;
    assert_eq!(
        page.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    let bench = crate::bench::bench().await;
    let page = bench.nobody().get("/sign-in").await;
    assert_eq!(page.header("strict-transport-security"), None);
}

#[tokio::test]
async fn forms_may_lead_to_hubspot_only() {
    let bench = bench().await;
    let page = bench.nobody().get("/sign-in").await;
    let policy = page.header("content-security-policy").unwrap();
    let hubspot = bench.sandbox.base_url();
    assert!(
        policy.contains(&format!("form-action 'self' {hubspot};")),
        "{policy}"
    );
}
