use std::fs;

use serde_json::json;

use crate::product::{Product, assert_error};

const VISITORS: &str = r#"{"id":"v1","accounts":["a1","a2"],"agent":{"plan":"pro","seats":1.50,"beta":true}}
{"id":"v2","agent":{"plan":"free"}}
"#;

#[test]
fn an_import_says_what_it_did() {
    let product = Product::subscribed();
    let file = product.file("visitors.ndjson", VISITORS);
    let (report, status) = product.json(&format!("visitors import {file}"));
    assert_eq!(status, 0);
    assert_eq!(
        report,
        json!({
            "schema": 1, "level": "visitor", "lines": 2, "created": 2, "known": 0, "removed": 0, "bad": 0,
            "bad_lines": [], "new_fields": { "plan": "string", "seats": "decimal", "beta": "boolean" },
        })
    );
    let (again, status) = product.json(&format!("visitors import {file}"));
    assert_eq!((status, again["known"].as_u64()), (0, Some(2)));
}

#[test]
fn bad_lines_are_listed_and_the_rest_is_loaded() {
    let product = Product::subscribed();
    let mut lines = vec![r#"{"id":"good"}"#.to_owned()];
    lines.extend((0..25).map(|_| r#"{"id":""}"#.to_owned()));
    let file = product.file("visitors.ndjson", lines.join("\n"));
    let errors = product.path("errors.ndjson");
    let ended = product.run(&format!("visitors import {file} --errors-to {errors}"));
    let out = ended.ended_with(3);
    assert!(
        out.contains("26 lines: 1 new, 0 known before, 25 bad lines"),
        "{out}"
    );
    assert!(
        ended.err().contains("line 2: the id is empty"),
        "{}",
        ended.err()
    );
    assert!(
        ended.err().contains("and 5 more bad lines"),
        "{}",
        ended.err()
    );
    let all = fs::read_to_string(errors).unwrap();
    assert_eq!(all.lines().count(), 25);
    assert_eq!(
        all.lines().last().unwrap(),
        r#"{"line":26,"reason":"the id is empty"}"#
    );
    let (report, status) = product.json(&format!("visitors import {file}"));
    assert_eq!(status, 3);
    assert_eq!(report["bad"], 25);
    assert_eq!(report["bad_lines"].as_array().unwrap().len(), 20);
    assert_eq!(report["bad_lines"][0]["line"], 2);
}

#[test]
fn csv_is_known_by_its_first_character() {
    let product = Product::subscribed();
    let file = product.file("accounts.txt", "id,plan,seats\na1,pro,5\n");
    product
        .run(&format!("accounts import {file} --types seats=decimal"))
        .done();
    let (account, _) = product.json("accounts show a1");
    assert_eq!(
        account["metadata"]["agent"],
        json!({ "plan": "pro", "seats": 5 })
    );
}

#[test]
fn files_that_cannot_be_used_fail_before_anything_is_loaded() {
    let product = Product::subscribed();
    for (content, code) in [
        (b"plan\nx\n".as_slice(), "TRB0112"),
        (b"\xff\xfei\0d\0".as_slice(), "TRB0111"),
    ] {
        let file = product.file("bad.csv", content);
        let (report, status) = product.json(&format!("visitors import {file}"));
        assert_eq!(status, 1);
        assert_error(&report, code);
    }
    let (report, status) = product.json("visitors import /nowhere/x.ndjson");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0110");
    let file = product.file("v.ndjson", r#"{"id":"v","agent":{"n":1}}"#);
    product.run(&format!("visitors import {file}")).done();
    let (report, _) = product.json(&format!("visitors import {file} --types n=string"));
    assert_error(&report, "TRB0113");
}

#[test]
fn a_mirror_removes_only_when_it_is_confirmed() {
    let product = Product::subscribed();
    let file = product.file("visitors.ndjson", VISITORS);
    product.run(&format!("visitors import {file}")).done();
    let one = product.file("one.ndjson", r#"{"id":"v2"}"#);
    let (report, status) = product.json(&format!("visitors import {one} --mirror"));
    assert_eq!(status, 1);
    assert_error(&report, "TRB0115");
    assert!(
        report["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("1 id"),
        "{report}"
    );
    assert_eq!(report["known"], 1);
    product.run("visitors show v1").done();

    let (report, status) = product.json(&format!("visitors import {one} --mirror --yes"));
    assert_eq!((status, report["removed"].as_u64()), (0, Some(1)));
    product.run("visitors show v1").failed_with(1, "TRB0118");
    product.run("visitors show v2").done();
}

#[test]
fn a_mirror_of_a_bad_or_empty_file_removes_nothing() {
    let product = Product::subscribed();
    let file = product.file("visitors.ndjson", VISITORS);
    product.run(&format!("visitors import {file}")).done();
    let bad = product.file("bad.ndjson", "{\"id\":\"v2\"}\n{\"id\":5}");
    product
        .run(&format!("visitors import {bad} --mirror --yes"))
        .failed_with(3, "TRB0116");
    let empty = product.file("empty.ndjson", "");
    product
        .run(&format!(
            "visitors import {empty} --format ndjson --mirror --yes"
        ))
        .failed_with(1, "TRB0117");
    assert_eq!(product.json("visitors list").0["total"], 2);
}
