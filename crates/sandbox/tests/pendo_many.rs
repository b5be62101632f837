//! Setting values of many records.

use sandbox::pendo::{Group, Kind};
use serde_json::json;

use crate::pendo_client::{Caller, MANY};

#[test]
fn failed_records_are_counted_in_an_answer_of_200() {
    let caller = Caller::new();
    caller.create(&[("since", "time")]);
    let body = json!([
        {"visitorId": "ann", "values": {"since": 1_730_133_540_846_i64}},
        {"visitorId": "nobody", "values": {"since": 1}},
        {"visitorId": "bob", "values": {"since": "soon"}},
    ]);
    let answer = caller.post(MANY, &body).expect(200).json();
    assert_eq!(
        answer,
        json!({
            "total": 3, "updated": 1, "failed": 2, "missing": ["nobody"],
            "errors": ["bob: since: cannot read \"soon\" as a time"],
        })
    );
    assert_eq!(caller.value("since"), Some(json!(1_730_133_540_846_i64)));
}

#[test]
fn a_failed_record_keeps_all_its_old_values() {
    let caller = Caller::new();
    caller.create(&[("since", "time"), ("plan", "string")]);
    caller.set(&json!({"plan": "free"}));
    caller.set(&json!({"plan": "pro", "since": "soon"}));
    assert_eq!(caller.value("plan"), Some(json!("free")));
}

#[test]
fn unknown_ids_come_into_being_only_when_asked_for() {
    let caller = Caller::new();
    let body = json!([{"visitorId": "eve", "values": {"plan": "pro"}}]);
    let answer = caller.post(MANY, &body).expect(200).json();
    assert_eq!(answer["missing"], json!(["eve"]));
    caller.get("/us/api/v1/visitor/eve").expect(404);
    let answer = caller
        .post(&format!("{MANY}?create=true"), &body)
        .expect(200)
        .json();
    assert_eq!(
        (&answer["updated"], &answer["missing"]),
        (&json!(1), &json!([]))
    );
    let visitor = caller.get("/us/api/v1/visitor/eve").expect(200).json();
    assert_eq!(visitor["metadata"]["custom"], json!({"plan": "pro"}));
    // Whoever was only written about was never there.
    assert_eq!(visitor["metadata"]["auto"]["firstvisit"], json!(null));
}

#[test]
fn accounts_are_named_by_account_id() {
    let caller = Caller::new();
    let target = "/us/api/v1/metadata/account/custom/value";
    let body = json!([{"accountId": "acme", "values": {"hostCount": 17}}]);
    assert_eq!(caller.post(target, &body).expect(200).json()["updated"], 1);
    let found = caller
        .pendo
        .value("main", Kind::Account, Group::Custom, "acme", "hostcount");
    assert_eq!(found, Some(json!(17)));
    let body = json!([{"visitorId": "acme", "values": {"hostCount": 17}}]);
    caller.post(target, &body).expect(400);
}

#[test]
fn ids_tell_case() {
    let caller = Caller::new();
    let body = json!([{"visitorId": "Ann", "values": {"plan": "pro"}}]);
    let answer = caller.post(MANY, &body).expect(200).json();
    assert_eq!(answer["missing"], json!(["Ann"]));
}

#[test]
fn records_are_applied_in_order() {
    let caller = Caller::new();
    let body = json!([
        {"visitorId": "ann", "values": {"plan": "free", "city": "Oslo"}},
        {"visitorId": "ann", "values": {"plan": "pro"}},
    ]);
    assert_eq!(caller.post(MANY, &body).expect(200).json()["updated"], 2);
    assert_eq!(caller.value("plan"), Some(json!("pro")));
    assert_eq!(caller.value("city"), Some(json!("Oslo")));
}

#[test]
fn records_may_name_different_fields() {
    let caller = Caller::new();
    let body = json!([
        {"visitorId": "ann", "values": {"a": 1, "b": 2, "c": 3}},
        {"visitorId": "bob", "values": {"c": 4, "a": 5}},
        {"visitorId": "ann", "values": {"b": 6, "a\u{e4}\"": "x\n\"y\""}},
    ]);
    caller.post(MANY, &body).expect(200);
    let values = caller.pendo.values("main", Kind::Visitor, Group::Custom);
    let found: Vec<_> = values
        .iter()
        .map(|(id, v)| (id.as_str(), json!(v)))
        .collect();
    assert_eq!(
        found,
        [
            (
                "ann",
                json!({"a": 1, "b": 6, "c": 3, "a\u{e4}": "x\n\"y\""})
            ),
            ("bob", json!({"a": 5, "c": 4})),
        ]
    );
}

#[test]
fn what_is_no_list_of_records_is_refused() {
    let caller = Caller::new();
    for body in [
        json!({"visitorId": "ann"}),
        json!([{"visitorId": "ann"}]),
        json!([{"visitorId": 7, "values": {}}]),
        json!([{"visitorId": "ann", "values": ["x"]}]),
    ] {
        caller.post(MANY, &body).expect(400);
    }
}
