//! The Pendo side's control API.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use sandbox::pendo::{Group, Kind, Operation};
use serde_json::{Value, json};

use crate::client::{Answer, send_to};
use crate::pendo_client::{Caller, MANY};

fn control(caller: &Caller, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    caller
        .raw(method, &format!("/_sandbox{path}"), &headers, &body)
        .expect("an answer")
}

#[test]
fn tallies_are_shown_and_reset() {
    let caller = Caller::new();
    caller.set(&json!({"plan": "pro"}));
    let journal = control(&caller, "GET", "/journal", &Value::Null)
        .expect(200)
        .json();
    assert_eq!(journal["tallies"]["set_many"]["updated"], 1);
    assert_eq!(journal["most_at_once"], 1);
    assert_eq!(journal["calls"][0]["operation"], "set_many");
    control(&caller, "DELETE", "/journal", &Value::Null).expect(204);
    assert_eq!(caller.pendo.tally(Operation::SetMany).calls, 0);
}

#[test]
fn switches_are_turned_one_by_one() {
    let caller = Caller::new();
    let turned = control(&caller, "PATCH", "/switches", &json!({"null": "stored"}))
        .expect(200)
        .json();
    assert_eq!(
        (&turned["null"], &turned["number"]),
        (&json!("stored"), &json!("float"))
    );
    caller.set(&json!({"plan": null}));
    assert_eq!(caller.value("plan"), Some(Value::Null));
    control(&caller, "PATCH", "/switches", &json!({"nil": "stored"})).expect(400);
    let shown = control(&caller, "GET", "/switches", &Value::Null).json();
    assert_eq!(shown, turned);
}

#[test]
fn an_outage_can_be_begun_and_ended_from_outside() {
    let caller = Caller::new();
    control(&caller, "POST", "/outage", &json!({"on": true})).expect(204);
    assert!(caller.try_post(MANY, &json!([])).is_none());
    control(&caller, "POST", "/outage", &json!({"on": false})).expect(204);
    caller.post(MANY, &json!([])).expect(200);
}

#[test]
fn rules_and_commands() {
    let caller = Caller::new();
    let rules = json!([
        {"operation": "set_many", "action": {"do": "drop_answer"}},
        {"operation": "verify", "action": {"do": "respond", "status": 503}},
    ]);
    control(&caller, "POST", "/rules", &rules).expect(200);
    assert_eq!(caller.pendo.rules_left(), 2);
    caller.get("/us/api/v1/token/verify").expect(503);
    control(&caller, "DELETE", "/rules", &Value::Null).expect(204);
    let command = json!({"do": "add_ids", "kind": "visitor", "ids": ["eve"]});
    control(&caller, "POST", "/commands/main", &command).expect(204);
    caller.get("/us/api/v1/visitor/eve").expect(200);
    control(&caller, "POST", "/commands/other", &command).expect(404);
    let command = json!({"do": "delete_field", "kind": "visitor", "group": "custom", "field": "x"});
    control(&caller, "POST", "/commands/main", &command).expect(409);
}

#[test]
fn records_and_sums_are_read_without_a_key() {
    let caller = Caller::new();
    caller.set(&json!({"plan": "pro", "seats": 3}));
    let which = "subscription=main&kind=visitor";
    let record = control(
        &caller,
        "GET",
        &format!("/record?{which}&id=ann"),
        &Value::Null,
    );
    assert_eq!(
        record.expect(200).json()["metadata"]["custom"],
        json!({"plan": "pro", "seats": 3})
    );
    let sums = || control(&caller, "GET", &format!("/summary?{which}"), &Value::Null).json();
    let before = sums();
    assert_eq!(before["fields"]["plan"]["values"], 1);
    caller.set(&json!({"plan": "free"}));
    let after = sums();
    assert_ne!(before["fields"]["plan"], after["fields"]["plan"]);
    assert_eq!(before["fields"]["seats"], after["fields"]["seats"]);
    let summary = caller.pendo.summary("main", Kind::Visitor, Group::Custom);
    assert_eq!(
        after["fields"]["plan"]["checksum"],
        format!("{:016x}", summary["plan"].checksum)
    );
    // FNV-1a of `ann`, a zero byte, and `3`: what another process must arrive at.
    assert_eq!(after["fields"]["seats"]["checksum"], "7d00a5cd28a68b61");
}

#[test]
fn clock_latency_and_health() {
    let caller = Caller::new();
    control(&caller, "GET", "/health", &Value::Null).expect(200);
    let moved = control(&caller, "POST", "/clock", &json!({"advance_ms": 1_000})).json();
    assert_eq!(moved["now_ms"], caller.pendo.clock().now_ms());
    control(&caller, "POST", "/latency", &json!({"ms": 1})).expect(204);
}

/// Ends with the test, also with one that fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill().and_then(|()| self.0.wait()));
    }
}

#[test]
fn the_binary_serves_a_subscription_that_knows_a_portal() {
    let started = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--portal", r#"{"id":1,"profile":"bench","contacts":30}"#])
        .args(["--pendo", r#"{"region":"eu","knows_portal":1}"#])
        .args(["--pendo-latency", "1"])
        .stdout(Stdio::piped())
        .spawn();
    let mut process = Process(started.unwrap());
    let mut line = String::new();
    let mut out = BufReader::new(process.0.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let expected = json!([{"name": "main", "region": "eu", "key": "pendo-sandbox-write"}]);
    assert_eq!(line["pendo"]["subscriptions"], expected);
    let base = line["pendo"]["base_url"].as_str().unwrap();
    let address = base.strip_prefix("http://").unwrap();
    let address = address.strip_suffix("/{region}").unwrap();
    let body = json!({"request": {"pipeline": [
        {"source": {"visitors": {"identified": true}}}, {"count": null},
    ]}});
    let answer = send_to(
        address.parse().unwrap(),
        "POST",
        "/eu/api/v1/aggregation",
        &[("x-pendo-integration-key", "pendo-sandbox-write")],
        &body.to_string(),
    );
    let counted = answer.unwrap().expect(200).json();
    assert_eq!(counted["results"], json!([{"count": 30}]));
}
