//! What is not known about the real thing, answered either way.

use sandbox::pendo::{
    Decimals, EmptyText, Errors, Group, Kind, Names, Null, NumberType, Times, Type, UnknownFields,
    WrongTypes,
};
use serde_json::{Value, json};

use crate::pendo_client::{Caller, MANY, SCHEMA};

#[test]
fn null_clears_is_stored_or_ignored() {
    for (null, left) in [
        (Null::Clears, None),
        (Null::Stored, Some(Value::Null)),
        (Null::Ignored, Some(json!("pro"))),
    ] {
        let caller = Caller::turned(|s| s.null = null);
        caller.set(&json!({"plan": "pro"}));
        assert_eq!(caller.set(&json!({"plan": null}))["updated"], 1);
        assert_eq!(caller.value("plan"), left);
    }
}

#[test]
fn empty_text_is_stored_or_clears() {
    for (empty, left) in [
        (EmptyText::Stored, Some(json!(""))),
        (EmptyText::Clears, None),
    ] {
        let caller = Caller::turned(|s| s.empty_text = empty);
        caller.set(&json!({"plan": "pro"}));
        caller.set(&json!({"plan": ""}));
        assert_eq!(caller.value("plan"), left);
    }
}

#[test]
fn numbers_become_floats_or_integers_that_keep_or_lose_decimals() {
    let caller = Caller::turned(|s| s.number = NumberType::Integer);
    caller.create(&[("seats", "number")]);
    let field = &caller.pendo.fields("main", Kind::Visitor, Group::Custom)[0];
    assert_eq!(field.r#type, Type::Integer);
    caller.set(&json!({"seats": 12.5}));
    assert_eq!(caller.value("seats"), Some(json!(12.5)));
    caller.pendo.switches(|s| s.decimals = Decimals::Truncated);
    caller.set(&json!({"seats": 12.5}));
    assert_eq!(caller.value("seats"), Some(json!(12)));
}

#[test]
fn times_are_taken_in_one_form_or_both() {
    let (epoch, iso) = (
        json!(1_730_133_540_846_i64),
        json!("2024-10-28T16:39:00.846Z"),
    );
    for (times, takes_epoch, takes_iso) in [
        (Times::Both, true, true),
        (Times::EpochMs, true, false),
        (Times::Iso8601, false, true),
    ] {
        for (sent, taken) in [(&epoch, takes_epoch), (&iso, takes_iso)] {
            let caller = Caller::turned(|s| s.times = times);
            caller.create(&[("since", "time")]);
            let answer = caller.set(&json!({"since": sent}));
            assert_eq!(answer["updated"] == 1, taken, "{times:?} {sent}");
            assert_eq!(caller.value("since"), taken.then(|| epoch.clone()));
        }
    }
}

#[test]
fn names_become_keys() {
    for (names, key) in [
        (Names::Stripped, "sfdcprofile"),
        (Names::Lowercased, "sfdc_profile"),
        (Names::Kept, "SFDC_Profile"),
    ] {
        let caller = Caller::turned(|s| s.names = names);
        caller.create(&[("SFDC_Profile", "string")]);
        caller.set(&json!({"SFDC_Profile": "x"}));
        assert_eq!(caller.value(key), Some(json!("x")));
        let fields = caller.pendo.fields("main", Kind::Visitor, Group::Custom);
        assert_eq!(fields.len(), 1);
        assert_eq!(fields[0].display_name, "SFDC_Profile");
        let target = format!("{MANY}/ann/SFDC_Profile");
        assert_eq!(caller.get(&target).expect(200).json(), "x");
    }
}

#[test]
fn the_answer_has_its_variants() {
    let caller = Caller::turned(|s| (s.omit_empty_lists, s.kind_key) = (true, true));
    assert_eq!(
        caller.set(&json!({"plan": "pro"})),
        json!({"total": 1, "updated": 1, "failed": 0, "kind": "visitor"})
    );
    caller.create(&[("since", "time")]);
    let why = "since: cannot read true as a time";
    for (errors, first) in [
        (Errors::Texts, json!(why)),
        (Errors::TextsWithId, json!(format!("ann: {why}"))),
        (Errors::Objects, json!({"visitorId": "ann", "error": why})),
    ] {
        caller.pendo.switches(|s| s.errors = errors);
        assert_eq!(
            caller.set(&json!({"since": true}))["errors"],
            json!([first])
        );
    }
}

#[test]
fn wrong_types_are_taken_or_fail_their_record() {
    let values = json!({"seats": "many"});
    let caller = Caller::new();
    caller.create(&[("seats", "number")]);
    assert_eq!(caller.set(&values)["updated"], 1);
    caller
        .pendo
        .switches(|s| s.wrong_types = WrongTypes::Refused);
    let answer = caller.set(&values);
    assert_eq!(
        answer["errors"],
        json!(["ann: seats: \"many\" is no float"])
    );
}

#[test]
fn unknown_fields_four_ways() {
    let body = json!([
        {"visitorId": "bob", "values": {"known": "x"}},
        {"visitorId": "ann", "values": {"known": "x", "unknown": 7}},
    ]);
    for (habit, status, updated, known, unknown) in [
        (UnknownFields::CreatedAsText, 200, 2, true, true),
        (UnknownFields::RecordFails, 200, 1, false, false),
        (UnknownFields::Ignored, 200, 2, true, false),
        (UnknownFields::RequestRefused, 400, 0, false, false),
    ] {
        let caller = Caller::turned(|s| s.unknown_fields = habit);
        caller.create(&[("known", "string")]);
        let answer = caller.post(MANY, &body).expect(status);
        if status == 200 {
            assert_eq!(answer.json()["updated"], updated, "{habit:?}");
        }
        assert_eq!(caller.value("known").is_some(), known, "{habit:?}");
        assert_eq!(caller.value("unknown").is_some(), unknown, "{habit:?}");
        let values = caller.pendo.values("main", Kind::Visitor, Group::Custom);
        let of_bob = values.iter().any(|(id, _)| id == "bob");
        assert_eq!(of_bob, updated > 0, "{habit:?}");
    }
}

#[test]
fn requests_can_have_limits() {
    let caller = Caller::turned(|s| s.max_records = 1);
    let record = json!({"visitorId": "ann", "values": {"plan": "pro"}});
    caller.post(MANY, &json!([record])).expect(200);
    caller.post(MANY, &json!([record, record])).expect(413);
    caller
        .pendo
        .switches(|s| (s.max_records, s.max_body_bytes, s.limit_status) = (0, 60, 400));
    caller.post(MANY, &json!([record])).expect(200);
    caller.post(MANY, &json!([record, record])).expect(400);
}

#[test]
fn accounts_have_a_first_visit_or_not() {
    let caller = Caller::new();
    let look = || {
        let account = caller.get("/us/api/v1/account/acme").expect(200).json();
        let schema = caller
            .get("/us/api/v1/metadata/schema/account/auto")
            .expect(200)
            .json();
        (
            account["metadata"]["auto"]["firstvisit"].is_i64(),
            schema["firstvisit"].is_object(),
        )
    };
    assert_eq!(look(), (true, true));
    caller.pendo.switches(|s| s.account_first_visit = false);
    assert_eq!(look(), (false, false));
    let visitor = caller.get("/us/api/v1/visitor/ann").expect(200).json();
    assert!(visitor["metadata"]["auto"]["firstvisit"].is_i64());
}

#[test]
fn more_type_words_can_be_taken() {
    let caller = Caller::turned(|s| s.more_types = true);
    caller.create(&[("a", "integer"), ("b", "float"), ("c", "list")]);
    caller.set(&json!({"c": ["x", "y"]}));
    assert_eq!(caller.value("c"), Some(json!(["x", "y"])));
    let schema = caller.get(SCHEMA).expect(200).json();
    assert_eq!(schema["c"]["ElementType"], "string");
}
