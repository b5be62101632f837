use serde_json::json;

use crate::product::{Product, assert_error};

#[test]
fn the_demo_proves_itself_and_can_be_run_again() {
    let product = Product::empty();
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 0, "{report}");
    for run in report["runs"].as_array().unwrap() {
        assert_eq!(run["proved"], true);
        assert!(run["values"]["written"].as_u64().unwrap() > 0);
    }
    let text = product.run("demo --once --contacts 600").done();
    for part in [
        "600 contacts and 90 companies",
        "Visitor level: proved",
        "Account level: proved",
        "hubspot: carried over",
        "With your own HubSpot account",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    // The second time there is nothing to change.
    let (runs, _) = product.json("runs list");
    assert_eq!(
        runs["runs"][0]["values"],
        json!({ "written": 0, "cleared": 0 })
    );
}

#[test]
fn the_demo_leaves_real_data_alone() {
    let product = Product::subscribed();
    let (report, status) = product.json("demo --once --contacts 600");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0152");
    assert_eq!(
        product.json("subscription list").0["subscriptions"][0]["visitors"],
        0
    );
}
