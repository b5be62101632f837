use serde_json::json;

use crate::product::{Product, assert_error};

fn with_visitors() -> Product {
    let product = Product::subscribed();
    let lines: Vec<String> = (0..120)
        .map(|n| format!(r#"{{"id":"v{n:03}","agent":{{"seats":{n}.50,"plan":"pro"}}}}"#))
        .collect();
    let file = product.file("visitors.ndjson", lines.join("\n"));
    product.run(&format!("visitors import {file}")).done();
    product
}

#[test]
fn lists_can_be_gone_through() {
    let product = with_visitors();
    let (first, _) = product.json("visitors list --limit 100");
    assert_eq!(first["total"], 120);
    assert_eq!(first["visitors"].as_array().unwrap().len(), 100);
    assert_eq!(first["next"], "v099");
    let (rest, _) = product.json("visitors list --limit 100 --after v099");
    assert_eq!(rest["visitors"].as_array().unwrap().len(), 20);
    assert_eq!(rest["next"], json!(null));
}

#[test]
fn one_is_shown_with_the_digits_of_its_numbers() {
    let product = with_visitors();
    let shown = product.run("visitors show v007 --json").done();
    assert!(shown.contains(r#""seats":7.50"#), "{shown}");
    let text = product.run("visitors show v007").done();
    assert!(text.contains("agent.seats  7.50"), "{text}");
    let (missing, status) = product.json("visitors show V007");
    assert_eq!(status, 1);
    assert_error(&missing, "TRB0118");
}

#[test]
fn values_are_set_by_the_type_of_their_field() {
    let product = with_visitors();
    product
        .run("visitors set v001 custom.tier=gold agent.seats=2.0")
        .done();
    product
        .run("visitors set v001 custom.since=2026-01-02 --type time")
        .done();
    let (shown, _) = product.json("visitors show v001");
    assert_eq!(
        shown["metadata"]["custom"],
        json!({ "tier": "gold", "since": "2026-01-02T00:00:00.000Z" })
    );
    assert_eq!(shown["metadata"]["agent"]["seats"], 2.0);
    product
        .run("visitors set v001 agent.seats=many")
        .failed_with(1, "TRB0121");
    product.run("visitors set v001 agent.seats=").done();
    let (shown, _) = product.json("visitors show v001");
    assert_eq!(shown["metadata"]["agent"], json!({ "plan": "pro" }));
}

#[test]
fn what_is_not_for_hands_is_refused() {
    let product = with_visitors();
    for (assignment, status, code) in [
        ("hubspot.plan=x", 1, "TRB0119"),
        ("auto.seen=x", 1, "TRB0120"),
        ("plan=x", 2, "TRB0100"),
        ("custom.plan", 2, "TRB0100"),
        ("nope.plan=x", 2, "TRB0100"),
        ("custom.=x", 2, "TRB0100"),
    ] {
        let (report, ended) = product.json(&format!("visitors set v001 {assignment}"));
        assert_eq!(ended, status, "{report}");
        assert_error(&report, code);
    }
    product
        .run("visitors set nobody custom.tier=gold")
        .failed_with(1, "TRB0118");
}

#[test]
fn erasing_leaves_nothing() {
    let product = with_visitors();
    let (report, status) = product.json("visitors delete v001");
    assert_eq!((status, &report["erased"]), (0, &json!(true)));
    product.run("visitors show v001").failed_with(1, "TRB0118");
    product
        .run("visitors delete v001")
        .failed_with(1, "TRB0118");
    assert_eq!(product.json("visitors list").0["total"], 119);
}
