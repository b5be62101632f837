//! Consent screens and token endpoints.

use sandbox::{
    App, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_SCOPES, Distribution, Kind,
    PortalConfig,
};
use serde_json::{Value, json};

use crate::client::{Answer, HUB, Hub, send};

const REDIRECT: &str = "http://localhost:7777/oauth/callback";
const SCOPES: &str = "crm.objects.contacts.read%20crm.objects.companies.read";

fn link(more: &str) -> String {
    format!(
        "client_id={DEFAULT_CLIENT_ID}&redirect_uri={REDIRECT}&scope={SCOPES}&state=st%20%26te{more}"
    )
}

fn form(hub: &Hub, path: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    send(&hub.sandbox, "POST", path, &headers, body).unwrap()
}

fn decide(hub: &Hub, decision: &str, more: &str) -> String {
    let answer = form(
        hub,
        "/oauth/authorize",
        &format!("{}&decision={decision}", link(more)),
    )
    .expect(302);
    answer.header("location").unwrap().to_owned()
}

fn code(hub: &Hub, more: &str) -> String {
    let location = decide(hub, "grant", more);
    location
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned()
}

fn credentials() -> String {
    format!("client_id={DEFAULT_CLIENT_ID}&client_secret={DEFAULT_CLIENT_SECRET}")
}

fn exchange(hub: &Hub, path: &str, code: &str) -> Answer {
    form(
        hub,
        path,
        &format!(
            "grant_type=authorization_code&{}&redirect_uri={REDIRECT}&code={code}",
            credentials()
        ),
    )
}

fn refresh(hub: &Hub, path: &str, token: &str) -> Answer {
    form(
        hub,
        path,
        &format!(
            "grant_type=refresh_token&{}&refresh_token={token}",
            credentials()
        ),
    )
}

#[test]
fn one_account_goes_straight_to_consent() {
    let hub = Hub::small();
    let page = send(
        &hub.sandbox,
        "GET",
        &format!("/oauth/authorize?{}", link("")),
        &[],
        "",
    )
    .unwrap()
    .expect(200);
    assert!(page.header("content-type").unwrap().contains("html"));
    assert!(
        page.text().contains("Connect app") && page.text().contains("crm.objects.contacts.read")
    );
    assert!(page.text().contains("value=\"st &amp;te\""));
}

#[test]
fn several_accounts_are_picked_from() {
    let portals = vec![PortalConfig::small(HUB), PortalConfig::demo(12)];
    let hub = Hub::with(Config {
        portals,
        ..Config::default()
    });
    let page = send(
        &hub.sandbox,
        "GET",
        &format!("/oauth/authorize?{}", link("")),
        &[],
        "",
    )
    .unwrap()
    .expect(200)
    .text();
    assert!(
        page.contains("Choose an account")
            && page.contains("portalId=12")
            && page.contains("Aozora Cloud")
    );
    let granted = code(&hub, "&portalId=12");
    assert_eq!(
        exchange(&hub, "/oauth/2026-09/token", &granted)
            .expect(200)
            .json()["hub_id"],
        12
    );
}

#[test]
fn granting_and_denying_echo_the_state() {
    let hub = Hub::small();
    let granted = decide(&hub, "grant", "");
    assert!(
        granted.starts_with(&format!("{REDIRECT}?code=na1-"))
            && granted.ends_with("&state=st%20%26te"),
        "{granted}"
    );
    let denied = decide(&hub, "deny", "");
    assert!(
        denied.starts_with(&format!("{REDIRECT}?error=access_denied"))
            && denied.ends_with("&state=st%20%26te")
    );
    assert_eq!(hub.sandbox.tally(Kind::Authorize).calls, 2);
}

#[test]
fn links_are_checked() {
    let hub = Hub::with(Config {
        apps: vec![App {
            redirect_uris: vec![REDIRECT.to_owned(), "http://127.0.0.1:1/x".to_owned()],
            ..App::default()
        }],
        ..Config::with_portal(PortalConfig::small(HUB))
    });
    let page = |query: &str| {
        send(
            &hub.sandbox,
            "GET",
            &format!("/oauth/authorize?{query}"),
            &[],
            "",
        )
        .unwrap()
    };
    page(&link("")).expect(200);
    for (from, to) in [
        (DEFAULT_CLIENT_ID, "nobody"),
        ("7777", "7778"),
        ("/callback", "/callback/"),
        (
            "http://localhost:7777/oauth/callback",
            "http://127.0.0.1:1/x",
        ),
        (
            "http://localhost:7777/oauth/callback",
            "http://tributary.example/x",
        ),
        ("%20crm.objects.companies.read", ""),
        ("&scope=", "&response_type=token&scope="),
    ] {
        assert!(
            page(&link("").replace(from, to))
                .expect(400)
                .text()
                .contains("role=\"alert\""),
            "{from} {to}"
        );
    }
    page(&link("&response_type=code")).expect(200);
}

#[test]
fn an_optional_scope_the_account_lacks_is_left_out_in_silence() {
    let portal = PortalConfig {
        scopes: DEFAULT_SCOPES[..6]
            .iter()
            .map(|s| (*s).to_owned())
            .collect(),
        ..PortalConfig::small(HUB)
    };
    let hub = Hub::of(portal);
    let granted = code(
        &hub,
        "&optional_scope=crm.objects.owners.read%20crm.lists.read%20crm.export",
    );
    let scopes = exchange(&hub, "/oauth/2026-09/token", &granted)
        .expect(200)
        .json()["scopes"]
        .clone();
    assert_eq!(
        scopes,
        json!([
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.companies.read",
            "crm.objects.owners.read"
        ])
    );
}

#[test]
fn a_code_is_exchanged_once_soon_and_for_its_own_address() {
    let hub = Hub::small();
    let granted = code(&hub, "");
    let tokens = exchange(&hub, "/oauth/2026-09/token", &granted)
        .expect(200)
        .json();
    assert_eq!(
        (
            &tokens["token_type"],
            &tokens["expires_in"],
            &tokens["hub_id"]
        ),
        (&json!("bearer"), &json!(1_800), &json!(HUB))
    );
    assert!(
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .starts_with("na1-")
    );
    assert!(tokens["access_token"].as_str().unwrap().len() > 150);
    assert_eq!(
        exchange(&hub, "/oauth/2026-09/token", &granted)
            .expect(400)
            .json()["status"],
        "BAD_AUTH_CODE"
    );

    let late = code(&hub, "");
    hub.sandbox.clock().advance_ms(60_000);
    assert_eq!(
        exchange(&hub, "/oauth/v3/token", &late).expect(400).json()["error"],
        "invalid_grant"
    );

    let elsewhere = code(&hub, "");
    let body = format!(
        "grant_type=authorization_code&{}&redirect_uri=http://localhost:1/&code={elsewhere}",
        credentials()
    );
    assert_eq!(
        form(&hub, "/oauth/2026-09/token", &body).expect(400).json()["status"],
        "BAD_REDIRECT_URI"
    );
}

#[test]
fn a_refresh_token_comes_back_the_same_until_it_is_revoked() {
    let hub = Hub::small();
    let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    let first = refresh(&hub, "/oauth/2026-09/token", &tokens.refresh_token)
        .expect(200)
        .json();
    assert_eq!(first["refresh_token"], tokens.refresh_token);
    assert_ne!(first["access_token"], tokens.access_token);
    let revoke = format!(
        "{}&token={}&token_type_hint=refresh_token",
        credentials(),
        tokens.refresh_token
    );
    form(&hub, "/oauth/2026-09/token/revoke", &revoke).expect(200);
    let refused = refresh(&hub, "/oauth/2026-09/token", &tokens.refresh_token)
        .expect(400)
        .json();
    assert_eq!(
        refused,
        json!({
            "error": "invalid_grant", "error_description": "refresh token is invalid, expired or revoked",
            "status": "BAD_REFRESH_TOKEN", "message": "refresh token is invalid, expired or revoked",
        })
    );
    let old = refresh(&hub, "/oauth/v1/token", &tokens.refresh_token)
        .expect(400)
        .json();
    assert_eq!(
        (&old["status"], &old["message"]),
        (
            &json!("BAD_REFRESH_TOKEN"),
            &json!("missing or invalid refresh token")
        )
    );
    assert!(old["correlationId"].is_string());
    hub.calling_as(first["access_token"].as_str().unwrap())
        .get("/crm/v3/objects/contacts")
        .expect(401);
}

#[test]
fn clients_are_checked() {
    let hub = Hub::small();
    let status = |body: &str| {
        form(&hub, "/oauth/2026-09/token", body).expect(400).json()["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        status("grant_type=refresh_token&client_id=nobody"),
        "BAD_CLIENT_ID"
    );
    let id = format!("client_id={DEFAULT_CLIENT_ID}");
    assert_eq!(
        status(&format!("grant_type=refresh_token&{id}&client_secret=no")),
        "BAD_CLIENT_SECRET"
    );
    assert_eq!(
        status(&format!("grant_type=password&{}", credentials())),
        "BAD_GRANT_TYPE"
    );
    assert_eq!(
        status(&format!("grant_type=refresh_token&{}", credentials())),
        "BAD_REFRESH_TOKEN"
    );
}

#[test]
fn introspection_accepts_either_name_and_tells_the_distribution() {
    for (distribution, private) in [
        (Distribution::Marketplace, false),
        (Distribution::Private, true),
    ] {
        let hub = Hub::with(Config {
            apps: vec![App {
                distribution,
                ..App::default()
            }],
            ..Config::with_portal(PortalConfig::small(HUB))
        });
        let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
        let ask = |fields: &str| -> Value {
            form(
                &hub,
                "/oauth/2026-09/token/introspect",
                &format!("{}&{fields}", credentials()),
            )
            .expect(200)
            .json()
        };
        let access = &tokens.access_token;
        for fields in [
            format!("token={access}"),
            format!("token_type_hint=access_token&access_token={access}"),
            format!("access_token={access}"),
        ] {
            let facts = ask(&fields);
            assert_eq!(
                (&facts["active"], &facts["hub_id"]),
                (&json!(true), &json!(HUB))
            );
            assert_eq!(facts["is_private_distribution"], private);
            assert_eq!(
                facts["signed_access_token"]["isPrivateDistribution"],
                private
            );
            assert_eq!(facts["signed_access_token"]["hublet"], "na1");
        }
        assert_eq!(
            ask(&format!("refresh_token={}", tokens.refresh_token))["token_use"],
            "refresh_token"
        );
        assert_eq!(ask("token=nonsense"), json!({"active": false}));
        hub.sandbox.clock().advance_ms(1_800_000);
        assert_eq!(ask(&format!("token={access}")), json!({"active": false}));
    }
}

#[test]
fn older_ways_to_ask_about_a_token_and_to_leave() {
    let hub = Hub::small();
    let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    let info = hub
        .get(&format!("/oauth/v1/access-tokens/{}", tokens.access_token))
        .expect(200)
        .json();
    assert_eq!(
        (&info["hub_id"], &info["token_type"]),
        (&json!(HUB), &json!("access"))
    );
    let body = json!({"tokenKey": sandbox::static_token(HUB)});
    assert_eq!(
        hub.post("/oauth/v2/private-apps/get/access-token-info", &body)
            .expect(200)
            .json()["hubId"],
        HUB
    );
    let hub = hub.calling_as(&tokens.access_token);
    hub.call("DELETE", "/appinstalls/v3/external-install", "")
        .expect(204);
    hub.get("/account-info/2026-09/details").expect(401);
    refresh(&hub, "/oauth/2026-09/token", &tokens.refresh_token).expect(400);
    let again = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    hub.call(
        "DELETE",
        &format!("/oauth/v1/refresh-tokens/{}", again.refresh_token),
        "",
    )
    .expect(204);
    refresh(&hub, "/oauth/2026-09/token", &again.refresh_token).expect(400);
}
