//! Every route, without sign-in, as a viewer and as an admin.

use std::collections::BTreeMap;

use axum::http::Method;
use web::Access;

use crate::{
    bench::{ADMIN, Bench, PASSWORD, VIEWER, bench},
    browser::{Browser, Page},
    examples::{Example, examples, pages, walked},
};

#[tokio::test]
async fn every_route_asks_for_sign_in_unless_it_is_public() {
    let bench = walked().await;
    for (example, route) in examples(&bench) {
        let mut nobody = bench.nobody();
        let page = send(&mut nobody, &example).await;
        let location = page.location().unwrap_or_default();
        if route.access == Access::Public {
            let status = page.status.as_u16();
            assert!(
                !location.starts_with("/sign-in") && ![401, 403].contains(&status) && status < 500,
                "{example:?}: {page:#?}"
            );
        } else if route.method == Method::GET {
            let next: String =
                url::form_urlencoded::byte_serialize(example.path.as_bytes()).collect();
            assert_eq!(
                (page.status.as_u16(), location),
                (303, format!("/sign-in?next={next}")),
                "{example:?}: {page:#?}"
            );
        } else {
            assert_eq!(page.status.as_u16(), 401, "{example:?}: {page:#?}");
            assert_eq!(page.body, "", "{example:?}");
        }
    }
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let mut bench = walked().await;
    let mut viewer = bench.viewer().await;
    for (example, route) in examples(&bench) {
        let expected = if route.access == Access::Admin {
            403
        } else {
            example.status
        };
        let page = send(&mut viewer, &example).await;
        assert_eq!(page.status.as_u16(), expected, "{example:?}: {page:#?}");
        if !viewer.is(VIEWER).await {
            viewer = bench.viewer().await;
        }
    }
}

#[tokio::test]
async fn an_admin_may_take_every_route() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    for (example, _) in examples(&bench) {
        let page = send(&mut admin, &example).await;
        assert_eq!(
            page.status.as_u16(),
            example.status,
            "{example:?}: {page:#?}"
        );
        let refused = [401, 403].contains(&page.status.as_u16());
        assert!(!refused && !page.status.is_server_error(), "{example:?}");
        if !admin.is(ADMIN).await {
            admin = bench.sign_in(ADMIN, PASSWORD).await;
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_on_a_page() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    for path in [
        "/nothing",
        "/s/2/overview",
        "/s/x/overview",
        "/s/-1/overview",
        "/s/9223372036854775808/overview",
        "/s/1/settings/ids/portal",
        "/s/1/settings/data-mappings/contact",
    ] {
        let page = admin.get(path).await.is(404);
        assert!(page.is_html(), "{page:#?}");
        page.has("Page not found");
    }
    // Strangers learn nothing of what is there.
    let mut nobody = bench.nobody();
    nobody
        .get("/s/2/overview")
        .await
        .leads_to("/sign-in?next=%2Fs%2F2%2Foverview");
    nobody.get("/nothing").await.is(404);
}

#[tokio::test]
async fn what_cannot_be_read_of_an_address_is_said_on_a_page() {
    let mut bench = bench().await;
    let mut admin = bench.admin().await;
    let page = admin.get("/s/1/settings/audit?before=yesterday").await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
    let page = admin.post("/s/1/settings/users/everybody", &[]).await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
    let page = admin.post("/s/1/settings/ids/visitor/file", &[]).await;
    assert!(page.status.is_client_error() && page.is_html(), "{page:#?}");
}

#[tokio::test]
async fn asking_for_the_head_of_a_page_is_asking_for_the_page() {
    let mut bench = bench().await;
    let mut nobody = bench.nobody();
    // Whoever watches a process asks so, and says nothing of where it comes from.
    let head = nobody.ask(Method::HEAD, "/healthz");
    let page = head
        .without("origin")
        .without("sec-fetch-site")
        .send()
        .await
        .ok();
    assert_eq!(page.body, "");
    let mut admin = bench.admin().await;
    let head = admin.ask(Method::HEAD, "/s/1/overview");
    head.without("origin")
        .without("sec-fetch-site")
        .send()
        .await
        .ok();
}

#[tokio::test]
async fn no_page_leads_to_one_that_is_not_there() {
    let mut bench = walked().await;
    let mut admin = bench.admin().await;
    let mut led_to = BTreeMap::new();
    for example in pages() {
        let page = send(&mut admin, example).await;
        if page.is_html() {
            for link in page.body.split(" href=\"/").skip(1) {
                let path = link.split(['"', '#']).next().unwrap_or_default();
                let path = format!("/{}", path.replace("&#38;", "&"));
                led_to.entry(path).or_insert(example.path);
            }
        }
    }
    assert!(led_to.len() > 50, "{led_to:#?}");
    for (path, from) in led_to {
        let page = admin.get(&path).await;
        let status = page.status.as_u16();
        assert!(status < 400, "{from} leads to {path}, which is {status}");
    }
}

#[tokio::test]
async fn pages_are_served_on_a_port() {
    let mut bench = bench().await;
    let address = bench.serve();
    let asked = tokio::task::spawn_blocking(move || {
        let mut answer = ureq::get(format!("http://{address}/healthz"))
            .call()
            .unwrap();
        answer.body_mut().read_to_string().unwrap()
    });
    assert_eq!(asked.await.unwrap(), r#"{"status":"ok"}"#);
}

/// Sends an example.
pub(crate) async fn send(browser: &mut Browser, example: &Example) -> Page {
    if example.method == "GET" {
        browser.get(example.path).await
    } else {
        browser.post(example.path, example.form).await
    }
}

/// That the table and the router are the same: what is in the table is answered.
#[tokio::test]
async fn other_methods_are_refused() {
    let mut bench: Bench = bench().await;
    let mut admin = bench.admin().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        admin.ask(method, "/s/1/overview").send().await.is(405);
    }
}
