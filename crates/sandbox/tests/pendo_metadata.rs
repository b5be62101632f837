//! Fields, single values, single records.

use sandbox::pendo::{Group, Kind, Retype, Type};
use serde_json::{Value, json};

use crate::pendo_client::{Caller, MANY, SCHEMA};

fn schema(caller: &Caller) -> Value {
    caller
        .get("/us/api/v1/metadata/schema/visitor")
        .expect(200)
        .json()
}

#[test]
fn the_schema_has_all_groups_in_odd_casing() {
    let caller = Caller::new();
    caller.create(&[("Plan level", "string")]);
    let schema = schema(&caller);
    let groups: Vec<&String> = schema.as_object().unwrap().keys().collect();
    let all = ["agent", "auto", "custom", "hubspot", "pendo", "salesforce"];
    assert_eq!(groups, all);
    assert_eq!(
        schema["custom"]["planlevel"],
        json!({
            "Type": "string", "DisplayName": "Plan level", "ElementType": "", "ElementFormat": "", "Dirty": false,
            "isHidden": false, "isDeleted": false, "isCalculated": false, "isPerApp": false, "neverIndex": false,
            "cardinality": 0,
        })
    );
    assert_eq!(schema["auto"]["firstvisit"]["Type"], "time");
    assert_eq!(schema["pendo"]["designerenabled"]["Type"], "boolean");
    let one = caller.get(SCHEMA).expect(200).json();
    assert_eq!(one, schema["custom"]);
    for kind in ["account", "parentAccount"] {
        caller
            .get(&format!("/us/api/v1/metadata/schema/{kind}"))
            .expect(200);
    }
}

#[test]
fn four_words_for_types_and_number_becomes_float() {
    let caller = Caller::new();
    let words = ["string", "number", "time", "boolean"];
    caller.create(&words.map(|w| (w, w)));
    let schema = schema(&caller);
    let types = words.map(|w| schema["custom"][w]["Type"].clone());
    assert_eq!(types, ["string", "float", "time", "boolean"]);
    for word in ["integer", "list", "date"] {
        let body = json!([{"name": "x", "displayname": "x", "type": word}]);
        caller.post(SCHEMA, &body).expect(400);
    }
}

#[test]
fn a_deleted_field_takes_no_values_until_it_is_created_again() {
    let caller = Caller::new();
    caller.create(&[("plan", "string")]);
    caller.set(&json!({"plan": "pro"}));
    caller.delete(&format!("{SCHEMA}/plan")).expect(200);
    assert_eq!(schema(&caller)["custom"]["plan"]["isDeleted"], true);
    assert_eq!(caller.value("plan"), None);
    let answer = caller.set(&json!({"plan": "free"}));
    assert_eq!(
        (&answer["updated"], &answer["failed"]),
        (&json!(0), &json!(1))
    );
    caller
        .put(&format!("{MANY}/ann/plan"), "\"free\"")
        .expect(400);
    caller.get(&format!("{MANY}/ann/plan")).expect(404);
    caller.create(&[("plan", "string")]);
    assert_eq!(schema(&caller)["custom"]["plan"]["isDeleted"], false);
    caller.set(&json!({"plan": "free"}));
    assert_eq!(caller.value("plan"), Some(json!("free")));
    caller.delete(&format!("{SCHEMA}/nothing")).expect(404);
}

#[test]
fn only_agent_and_custom_can_be_written() {
    let caller = Caller::new();
    for group in ["auto", "pendo", "salesforce", "hubspot"] {
        let base = "/us/api/v1/metadata";
        caller
            .post(
                &format!("{base}/schema/visitor/{group}"),
                &json!([{"name": "x", "type": "string"}]),
            )
            .expect(400);
        caller
            .delete(&format!("{base}/schema/visitor/{group}/x"))
            .expect(400);
        caller
            .post(&format!("{base}/visitor/{group}/value"), &json!([]))
            .expect(400);
        caller
            .put(&format!("{base}/visitor/{group}/value/ann/x"), "1")
            .expect(400);
    }
    let body = json!([{"visitorId": "ann", "values": {"role": "admin"}}]);
    caller
        .post("/us/api/v1/metadata/visitor/agent/value", &body)
        .expect(200);
    assert_eq!(
        caller
            .pendo
            .value("main", Kind::Visitor, Group::Agent, "ann", "role"),
        Some(json!("admin"))
    );
}

#[test]
fn an_existing_field_keeps_its_type() {
    let caller = Caller::new();
    caller.create(&[("seats", "number")]);
    caller.create(&[("seats", "string")]);
    let field = &caller.pendo.fields("main", Kind::Visitor, Group::Custom)[0];
    assert_eq!(field.r#type, Type::Float);
    caller.pendo.switches(|s| s.retype = Retype::Refused);
    let body = json!([{"name": "seats", "displayname": "Seats", "type": "string"}]);
    caller.post(SCHEMA, &body).expect(409);
}

#[test]
fn one_value_is_bare_json() {
    let caller = Caller::new();
    caller.create(&[("seats", "number")]);
    let target = format!("{MANY}/ann/seats");
    assert_eq!(caller.get(&target).expect(200).json(), Value::Null);
    caller.put(&target, " 42 ").expect(200);
    assert_eq!(caller.get(&target).expect(200).text(), "42");
    caller
        .put(&format!("{MANY}/nobody/seats"), "42")
        .expect(404);
    caller.get(&format!("{MANY}/nobody/seats")).expect(404);
    caller.get(&format!("{MANY}/ann/nothing")).expect(404);
    caller.put(&target, "not json").expect(400);
}

#[test]
fn one_value_for_a_missing_field_makes_it_as_text() {
    let caller = Caller::new();
    caller.put(&format!("{MANY}/ann/seats"), "42").expect(200);
    let field = &caller.pendo.fields("main", Kind::Visitor, Group::Custom)[0];
    assert_eq!((field.name.as_str(), field.r#type), ("seats", Type::String));
    assert_eq!(caller.value("seats"), Some(json!(42)));
}

#[test]
fn ids_in_paths_are_percent_encoded_or_base64() {
    let caller = Caller::new();
    let id = "a/b ü?@example.com";
    caller
        .pendo
        .set("main", Kind::Visitor, Group::Custom, id, "plan", "pro");
    let plain = "/us/api/v1/visitor/a%2Fb%20%C3%BC%3F%40example.com";
    assert_eq!(caller.get(plain).expect(200).json()["visitorId"], id);
    let headers = [
        ("x-pendo-integration-key", sandbox::pendo::WRITE_KEY),
        ("x-pendo-base64-encoded-params", "true"),
    ];
    let other = "a?>b~?~?";
    caller
        .pendo
        .set("main", Kind::Visitor, Group::Custom, other, "plan", "pro");
    // With padding or without, in either alphabet.
    for encoded in [
        "YS9iIMO8P0BleGFtcGxlLmNvbQ==",
        "YS9iIMO8P0BleGFtcGxlLmNvbQ",
        "YT8+Yn4%2Ffj8=",
        "YT8-Yn4_fj8",
    ] {
        let target = format!("{MANY}/{encoded}/plan");
        let answer = caller.raw("GET", &target, &headers, "").unwrap();
        assert_eq!(answer.expect(200).json(), "pro");
    }
    let bad = caller.raw("GET", "/us/api/v1/visitor/***", &headers, "");
    bad.unwrap().expect(400);
}

#[test]
fn a_record_shows_its_groups() {
    let caller = Caller::new();
    caller.create(&[("plan", "string")]);
    caller.set(&json!({"plan": "pro"}));
    caller
        .pendo
        .set("main", Kind::Visitor, Group::Hubspot, "ann", "city", "Oslo");
    let visitor = caller.get("/us/api/v1/visitor/ann").expect(200).json();
    assert_eq!(visitor["visitorId"], "ann");
    let metadata = &visitor["metadata"];
    assert_eq!(metadata["custom"], json!({"plan": "pro"}));
    assert_eq!(metadata["hubspot"], json!({"city": "Oslo"}));
    assert_eq!(metadata["auto"]["id"], "ann");
    let (first, last) = (
        &metadata["auto"]["firstvisit"],
        &metadata["auto"]["lastvisit"],
    );
    assert!(first.as_i64().unwrap() <= last.as_i64().unwrap());
    let account = caller.get("/us/api/v1/account/acme").expect(200).json();
    assert_eq!(account["accountId"], "acme");
    caller.get("/us/api/v1/visitor/acme").expect(404);
    caller.get("/us/api/v1/account/nobody").expect(404);
}
