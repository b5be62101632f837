use serde_json::json;

use crate::product::{PORTAL, Product, assert_error};

#[test]
fn what_a_run_found_can_be_opened() {
    let product = Product::mapped();
    let (synced, _) = product.json("sync --level visitor");
    let counts = &synced["runs"][0]["counts"];
    let truth = product.sandbox().truth(PORTAL, sandbox::Object::Contacts);
    assert_eq!(synced["runs"][0]["ids"]["known"], truth.known);

    let (listed, _) = product.json("runs list");
    assert_eq!(listed["runs"][0]["run"], "1");
    assert_eq!(listed["runs"][0]["counts"], *counts);
    let (shown, _) = product.json("runs show 1");
    assert_eq!(shown["run"]["counts"], *counts);
    let text = product.run("runs show 1").done();
    assert!(text.contains("Visitor level: proved (run 1"), "{text}");

    let missed: u64 = counts["missed"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    let (misses, _) = product.json("runs show 1 --misses");
    assert_eq!(misses["misses"].as_array().unwrap().len() as u64, missed);
    let quarantined: u64 = synced["runs"][0]["quarantined"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    let (kept_out, _) = product.json("runs show 1 --quarantined");
    assert_eq!(
        kept_out["quarantined"].as_array().unwrap().len() as u64,
        quarantined
    );
    let (changed, _) = product.json("runs show 1 --changed");
    assert_eq!(
        changed["changed"].as_array().unwrap().len() as u64,
        counts["changed"].as_u64().unwrap()
    );
    assert!(
        changed["changed"][0]["after"].is_object(),
        "{}",
        changed["changed"][0]
    );
    assert_eq!(product.json("runs show 1 --ended").0["ended"], json!([]));

    let csv = product.run("runs show 1 --misses --csv").done();
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        rows.headers().unwrap(),
        vec!["record", "reason", "key", "near"]
    );
    assert_eq!(rows.records().count() as u64, missed);
}

#[test]
fn lists_of_a_run_can_be_cut() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let (cut, _) = product.json("runs show 1 --changed --limit 5");
    assert_eq!(cut["changed"].as_array().unwrap().len(), 5);
    assert_eq!(cut["truncated"], true);
    let text = product.run("runs show 1 --changed --limit 5").done();
    assert!(
        text.contains("tributary runs show 1 --changed --csv"),
        "{text}"
    );
}

#[test]
fn an_unknown_run_is_an_error() {
    let product = Product::subscribed();
    let (report, status) = product.json("runs show 7");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0144");
    product.run("runs show x").ended_with(2);
    product.run("runs show 7 --csv").ended_with(2);
    product.run("runs show 7 --misses --changed").ended_with(2);
    assert_eq!(product.json("runs list").0["runs"], json!([]));
}
