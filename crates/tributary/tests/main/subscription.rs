use serde_json::json;

use crate::product::{Product, assert_error};

#[test]
fn subscriptions_are_made_and_listed() {
    let product = Product::empty();
    let (made, status) = product.json("subscription create --name One --timezone Asia/Tokyo");
    assert_eq!(status, 0);
    assert_eq!(
        made["subscription"],
        json!({ "name": "One", "timezone": "Asia/Tokyo" })
    );
    product
        .run("subscription create --name Two --timezone UTC")
        .done();
    let (listed, _) = product.json("subscription list");
    assert_eq!(listed["subscriptions"][1]["name"], "Two");
    let table = product.run("subscription list").done();
    assert!(table.contains("One   Asia/Tokyo"), "{table}");
}

#[test]
fn a_name_is_taken_once() {
    let product = Product::subscribed();
    let (report, status) = product.json("subscription create --name Test --timezone UTC");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0010");
}

#[test]
fn an_unknown_zone_is_told_its_nearest() {
    let product = Product::empty();
    for (zone, nearest) in [
        ("Asia/Tokio", "Asia/Tokyo"),
        ("tokyo", "Asia/Tokyo"),
        ("Europe/Berln", "Europe/Berlin"),
    ] {
        let shown = product
            .run(&format!("subscription create --name X --timezone {zone}"))
            .failed_with(2, "TRB0109");
        assert!(shown.contains(nearest), "{shown}");
    }
    // The database's own spelling is what is kept.
    let (made, _) = product.json("subscription create --name X --timezone asia/tokyo");
    assert_eq!(made["subscription"]["timezone"], "Asia/Tokyo");
}

#[test]
fn one_subscription_need_not_be_named_and_several_must() {
    let product = Product::empty();
    assert_error(&product.json("visitors list").0, "TRB0106");
    for name in ["One", "Two"] {
        product
            .run(&format!("subscription create --name {name} --timezone UTC"))
            .done();
    }
    let (report, status) = product.json("visitors list");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0107");
    product.run("visitors list --subscription Two").done();
    let shown = product
        .run("visitors list --subscription Tow")
        .failed_with(1, "TRB0108");
    assert!(shown.contains("did you mean \"Two\"?"), "{shown}");
    product
        .with("TRIBUTARY_SUBSCRIPTION", "One")
        .run("visitors list")
        .done();
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_data_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let product = Product::subscribed();
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(product.data()) & 0o777, 0o700);
    assert_eq!(mode(product.data().join("keyring")) & 0o777, 0o600);
}
