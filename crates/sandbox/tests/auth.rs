//! Tokens and scopes on the API.

use sandbox::{Command, Config, DEFAULT_CLIENT_ID, PortalConfig, StaticToken, static_token};
use serde_json::json;

use crate::client::{HUB, Hub, send};

const LIST: &str = "/crm/objects/2026-09/contacts?limit=1";

#[test]
fn no_header_is_invalid_authentication() {
    let hub = Hub::small();
    for headers in [
        vec![],
        vec![("authorization", "Basic abc")],
        vec![("authorization", "Bearer ")],
    ] {
        let answer = send(&hub.sandbox, "GET", LIST, &headers, "")
            .unwrap()
            .expect(401)
            .json();
        assert_eq!(answer["category"], "INVALID_AUTHENTICATION");
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .starts_with("Authentication credentials not found.")
        );
    }
}

#[test]
fn a_garbage_token_is_said_to_have_expired_in_1970() {
    let hub = Hub::small().calling_as("garbage");
    let answer = hub.get(LIST).expect(401).json();
    assert_eq!(answer["category"], "EXPIRED_AUTHENTICATION");
    // 2025-09-05, when this was recorded, was day 20,336.
    hub.sandbox.clock().set_ms(20_336 * 86_400_000 + 1);
    let answer = hub.get(LIST).expect(401).json();
    assert_eq!(
        answer["message"],
        "The OAuth token used to make this call expired 20336 day(s) ago."
    );
    assert_eq!(
        answer["context"]["expire time"][0],
        "1970-01-01T00:00:00.000Z"
    );
}

#[test]
fn an_access_token_lives_half_an_hour() {
    let hub = Hub::small();
    let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    let hub = hub.calling_as(&tokens.access_token);
    hub.get(LIST).expect(200);
    hub.sandbox.clock().advance_ms(1_799_999);
    hub.get(LIST).expect(200);
    hub.sandbox.clock().advance_ms(75_001);
    let answer = hub.get(LIST).expect(401).json();
    assert_eq!(
        answer["message"],
        "The OAuth token used to make this call expired 75 second(s) ago."
    );
    assert_eq!(answer["category"], "EXPIRED_AUTHENTICATION");
    assert!(answer["context"]["expire time"][0].is_string() && answer["correlationId"].is_string());
}

#[test]
fn all_tokens_can_expire_at_once() {
    let hub = Hub::small();
    let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    let hub = hub.calling_as(&tokens.access_token);
    hub.get(LIST).expect(200);
    hub.sandbox.expire_tokens();
    hub.get(LIST).expect(401);
}

#[test]
fn a_missing_scope_is_named() {
    let mut portal = PortalConfig::small(HUB);
    portal.tokens.push(StaticToken {
        token: "contacts-only".to_owned(),
        scopes: vec!["crm.objects.contacts.read".to_owned()],
    });
    let hub = Hub::of(portal).calling_as("contacts-only");
    hub.get(LIST).expect(200);
    let answer = hub.get("/crm/objects/2026-09/companies").expect(403).json();
    assert_eq!(answer["category"], "MISSING_SCOPES");
    assert_eq!(
        answer["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.objects.companies.read"])
    );
    assert_eq!(
        answer["links"]["scopes"],
        "https://developers.hubspot.com/scopes"
    );
    hub.get("/crm/owners/2026-09").expect(403);
    hub.call("PATCH", "/crm/v3/objects/contacts/1", "{}")
        .expect(403);
    // The read scope of an object suffices for its definitions.
    hub.get("/crm/properties/2026-09/contacts").expect(200);
    hub.get("/account-info/2026-09/details").expect(200);
}

#[test]
fn each_token_opens_its_own_portal() {
    let portals = vec![
        PortalConfig::small(HUB),
        PortalConfig {
            seed: 99,
            ..PortalConfig::small(8_000)
        },
    ];
    let hub = Hub::with(Config {
        portals,
        ..Config::default()
    });
    let first = hub.get("/account-info/2026-09/details").json()["portalId"].clone();
    let records = hub.get(LIST).text();
    let hub = hub.calling_as(&static_token(8_000));
    assert_eq!(
        (
            first,
            hub.get("/account-info/2026-09/details").json()["portalId"].clone()
        ),
        (json!(HUB), json!(8_000))
    );
    assert_ne!(hub.get(LIST).text(), records);
    assert_eq!(hub.sandbox.tally_of(8_000, sandbox::Kind::List).calls, 1);
}

#[test]
fn tokens_and_scopes_change_while_the_portal_runs() {
    let hub = Hub::small();
    let run = |command: Command| drop(hub.sandbox.run(HUB, &command).unwrap());
    run(Command::Scopes {
        scopes: vec!["crm.objects.companies.read".to_owned()],
    });
    hub.get(LIST).expect(403);
    hub.get("/crm/objects/2026-09/companies").expect(200);
    run(Command::ForgetToken {
        token: static_token(HUB),
    });
    hub.get("/crm/objects/2026-09/companies").expect(401);
    run(Command::AddToken {
        token: "rotated".to_owned(),
    });
    hub.calling_as("rotated")
        .get("/crm/objects/2026-09/companies")
        .expect(200);
}
