use std::{
    fs,
    io::{BufRead as _, BufReader},
};

use crate::product::{Product, assert_error};

const VISITORS: &str = r#"{"id":"v1","accounts":["a1","a2"],"agent":{"note":"a, \"b\"\nc","seats":1.50,"beta":true}}
{"id":"v2","agent":{"note":"日本"}}
{"id":"v3"}
"#;

fn with_visitors() -> Product {
    let product = Product::subscribed();
    let file = product.file("visitors.ndjson", VISITORS);
    product.run(&format!("visitors import {file}")).done();
    product
}

#[test]
fn ndjson_keeps_to_the_contract() {
    let product = with_visitors();
    let out = product.run("export visitors --format ndjson").done();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"id":"v1","metadata":{"hubspot":{},"agent":{"note":"a, \"b\"\nc","seats":1.50,"beta":true}},"accounts":["a1","a2"]}"#
    );
    assert_eq!(
        lines[2],
        r#"{"id":"v3","metadata":{"hubspot":{},"agent":{}}}"#
    );
}

#[test]
fn an_exported_csv_can_be_imported_again() {
    let product = with_visitors();
    let out = product.run("export visitors --format csv").done();
    let file = product.file("out.csv", &out);
    let other = Product::subscribed();
    other
        .run(&format!(
            "visitors import {file} --types seats=decimal,beta=boolean"
        ))
        .done();
    assert_eq!(other.run("export visitors --format csv").done(), out);
    let ndjson = |product: &Product| {
        product
            .run("export visitors --format ndjson --columns agent.note,agent.seats")
            .done()
    };
    assert_eq!(ndjson(&other), ndjson(&product));
}

#[test]
fn columns_are_checked() {
    let product = with_visitors();
    let out = product
        .run("export visitors --format csv --columns agent.seats,id")
        .done();
    assert_eq!(out, "id,agent.seats\nv1,1.50\nv2,\nv3,\n");
    let shown = product
        .run("export visitors --format csv --columns agent.seat")
        .failed_with(1, "TRB0122");
    assert!(shown.contains("did you mean \"agent.seats\"?"), "{shown}");
    product
        .run("export visitors --format csv --columns seats")
        .ended_with(2);
}

#[test]
fn a_file_is_replaced_only_by_a_whole_export() {
    let product = with_visitors();
    let path = product.path("out.ndjson");
    let (report, status) =
        product.json(&format!("export visitors --format ndjson --output {path}"));
    assert_eq!((status, report["written"].as_u64()), (0, Some(3)));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    assert!(!fs::exists(format!("{path}.new")).unwrap());

    let (report, status) = product.json("export visitors --format ndjson --output /nowhere/out");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0124");
    // Standard output cannot be two things.
    let (report, status) = product.json("export visitors --format ndjson");
    assert_eq!(status, 2);
    assert_error(&report, "TRB0100");
}

#[test]
fn labels_and_owner_names_stand_beside_the_values() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let out = product
        .run("export visitors --format csv --labels --columns hubspot.plan_tier,hubspot.hubspot_owner_id")
        .done();
    let mut rows = csv::Reader::from_reader(out.as_bytes());
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    assert_eq!(
        header,
        [
            "id",
            "hubspot.plan_tier",
            "hubspot.plan_tier (label)",
            "hubspot.hubspot_owner_id",
            "hubspot.hubspot_owner_id (label)"
        ]
    );
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let labelled = |value: usize| {
        rows.iter()
            .filter(|row| !row[value].is_empty() && !row[value + 1].is_empty())
            .count()
    };
    assert!(labelled(1) > 100);
    assert!(labelled(3) > 100);
}

#[test]
fn a_reader_that_stops_is_no_failure() {
    let product = Product::subscribed();
    let lines: Vec<String> = (0..20_000)
        .map(|n| format!(r#"{{"id":"visitor-{n:06}","agent":{{"plan":"professional"}}}}"#))
        .collect();
    let file = product.file("visitors.ndjson", lines.join("\n"));
    product.run(&format!("visitors import {file}")).done();
    let mut child = product.start("export visitors --format ndjson");
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(first.starts_with(r#"{"id":"visitor-000000""#), "{first}");
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}
