//! The control API: the same as the Rust API, for other processes.

use sandbox::{Kind, Object, static_token};
use serde_json::{Value, json};

use crate::client::{HUB, Hub, send};

fn control(hub: &Hub, method: &str, path: &str, body: &Value) -> crate::client::Answer {
    let headers = [("content-type", "application/json")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    send(
        &hub.sandbox,
        method,
        &format!("/_sandbox{path}"),
        &headers,
        &body,
    )
    .unwrap()
}

fn get(hub: &Hub, path: &str) -> Value {
    control(hub, "GET", path, &Value::Null).expect(200).json()
}

#[test]
fn portals_come_and_go() {
    let hub = Hub::small();
    assert_eq!(get(&hub, "/health"), json!({"ok": true}));
    let made = control(
        &hub,
        "POST",
        "/portals",
        &json!({"id": 77, "profile": "bench", "contacts": 30, "quota": {"daily": 9}}),
    )
    .expect(200)
    .json();
    assert_eq!(
        (
            &made["contacts"],
            &made["quota"]["daily"],
            &made["tokens"][0]
        ),
        (&json!(30), &json!(9), &json!(static_token(77)))
    );
    assert_eq!(made["key_properties"]["contacts"], sandbox::VISITOR_KEY);
    assert_eq!(
        get(&hub, "/portals")["portals"].as_array().unwrap().len(),
        2
    );
    control(&hub, "POST", "/portals", &json!({"id": 78, "contcats": 1})).expect(400);
    control(&hub, "DELETE", "/portals/77", &Value::Null).expect(204);
    control(&hub, "GET", "/portals/77", &Value::Null).expect(404);
}

#[test]
fn knobs_quota_rules_and_commands() {
    let hub = Hub::clean(20);
    let knobs = control(
        &hub,
        "PATCH",
        &format!("/portals/{HUB}/knobs"),
        &json!({"max_url_length": 50}),
    )
    .expect(200)
    .json();
    assert_eq!(
        (&knobs["max_url_length"], &knobs["in_list_max"]),
        (&json!(50), &json!(100))
    );
    hub.get("/crm/objects/2026-09/contacts?limit=1&properties=email,city")
        .expect(414);
    control(
        &hub,
        "PATCH",
        &format!("/portals/{HUB}/quota"),
        &json!({"search_per_second": 1}),
    )
    .expect(200);
    hub.search(&json!({})).expect(200);
    hub.search(&json!({})).expect(429);
    control(&hub, "POST", "/clock", &json!({"advance_ms": 1_000})).expect(200);
    let rules = json!([{"kind": "search", "action": {"do": "respond", "status": 502}}, {"kind": "list", "action": {"do": "refuse", "why": "daily"}}]);
    control(&hub, "POST", "/rules", &rules).expect(200);
    control(
        &hub,
        "POST",
        "/rules",
        &json!({"kind": "search", "skip": 1, "action": {"do": "drop_answer"}}),
    )
    .expect(200);
    assert_eq!(get(&hub, "/rules")["rules"].as_array().unwrap().len(), 3);
    hub.search(&json!({})).expect(502);
    control(&hub, "DELETE", "/rules", &Value::Null).expect(204);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let command = json!({"do": "archive", "object": "contacts", "id": id});
    control(&hub, "POST", &format!("/portals/{HUB}/commands"), &command).expect(200);
    control(&hub, "POST", &format!("/portals/{HUB}/commands"), &command).expect(409);
    let created = control(
        &hub,
        "POST",
        &format!("/portals/{HUB}/commands"),
        &json!({"do": "create", "object": "contacts", "values": {"city": "X"}}),
    );
    assert!(created.expect(200).json()["id"].is_string());
}

#[test]
fn the_journal_keeps_calls_and_counts_them_exactly() {
    let hub = Hub::clean(20);
    hub.search(
        &json!({"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}], "limit": 5}),
    )
    .expect(200);
    hub.get("/crm/v3/objects/contacts").expect(200);
    hub.get("/crm/v3/objects/contacts?limit=999").expect(400);
    let journal = get(&hub, &format!("/journal?portal={HUB}"));
    assert_eq!(
        journal["tallies"]["search"],
        json!({"calls": 1, "refused": 0, "failed": 0, "records": 5})
    );
    assert_eq!(
        journal["tallies"]["list"],
        json!({"calls": 2, "refused": 0, "failed": 1, "records": 10})
    );
    let call = &journal["calls"][0];
    assert_eq!(
        (&call["kind"], &call["method"], &call["status"]),
        (&json!("search"), &json!("POST"), &json!(200))
    );
    assert!(
        call["summary"]
            .as_str()
            .unwrap()
            .starts_with("email has ids 0.."),
        "{call}"
    );
    control(&hub, "DELETE", "/journal", &Value::Null).expect(204);
    assert_eq!(hub.sandbox.tally(Kind::Search).calls, 0);
}

#[test]
fn the_clock_stands_still_until_moved_and_can_flow() {
    let hub = Hub::clean(5);
    let now = || get(&hub, "/clock");
    assert_eq!(
        now(),
        json!({"now_ms": sandbox::DEFAULT_START_MS, "flowing": false})
    );
    control(&hub, "POST", "/clock", &json!({"set_ms": 5_000})).expect(200);
    assert_eq!(now()["now_ms"], 5_000);
    control(&hub, "POST", "/clock", &json!({"flowing": true})).expect(200);
    assert!(now()["now_ms"].as_i64().unwrap() >= 5_000);
    assert_eq!(now()["flowing"], true);
}

#[test]
fn tokens_without_screens() {
    let hub = Hub::clean(5);
    let tokens = control(&hub, "POST", "/oauth/grant", &json!({"portal": HUB}))
        .expect(200)
        .json();
    let hub = hub.calling_as(tokens["access_token"].as_str().unwrap());
    hub.get("/crm/v3/objects/contacts").expect(200);
    control(&hub, "POST", "/oauth/expire", &Value::Null).expect(204);
    hub.get("/crm/v3/objects/contacts").expect(401);
    control(&hub, "POST", "/oauth/grant", &json!({"portal": 5})).expect(409);
}

#[test]
fn known_ids_and_winners_as_lines() {
    let hub = Hub::small();
    let lines = |path: &str| -> Vec<Value> {
        let text = control(&hub, "GET", &format!("/portals/{HUB}/{path}"), &Value::Null)
            .expect(200)
            .text();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    let known = lines("known?object=contacts");
    let of_rust: Vec<Value> = hub
        .sandbox
        .known(HUB, Object::Contacts)
        .map(|k| json!(k.id))
        .collect();
    assert_eq!(
        known.iter().map(|k| k["id"].clone()).collect::<Vec<_>>(),
        of_rust
    );
    assert!(known[0]["agent"]["role"].is_string() && known[0]["accounts"].is_array());
    let truth = control(
        &hub,
        "GET",
        &format!("/portals/{HUB}/truth?object=contacts"),
        &Value::Null,
    )
    .expect(200)
    .json();
    let winners = lines("winners?object=contacts&properties=city,mrr");
    assert_eq!(truth["matched"], winners.len());
    assert_eq!(winners[0]["values"].as_object().unwrap().len(), 2);
    assert_eq!(
        get(&hub, "/bench/fields")["fields"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
}
