//! Schedules and the queue, on the command line.

use serde_json::{Value, json};

use crate::product::{Product, assert_error};

fn schedule(product: &Product, line: &str) -> Value {
    let (report, status) = product.json(&format!("schedule {line}"));
    assert_eq!(status, 0, "{report}");
    report["schedule"].clone()
}

#[test]
fn a_subscription_is_synced_in_its_own_night() {
    let product = Product::mapped();
    let shown = schedule(&product, "show --next 3");
    assert_eq!(shown["rhythm"], "nightly");
    assert_eq!(shown["timezone"], "Asia/Tokyo");
    assert_eq!(
        (&shown["paused"], &shown["idle"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(shown["missed"], json!([]));
    let next = shown["next"].as_array().unwrap();
    assert_eq!(next.len(), 3);
    for window in next {
        // Midnight and six o'clock in Tokyo.
        assert!(
            window["opens"]
                .as_str()
                .unwrap()
                .ends_with("T15:00:00.000Z")
        );
        assert!(
            window["closes"]
                .as_str()
                .unwrap()
                .ends_with("T21:00:00.000Z")
        );
        assert!(window["opens"].as_str() <= window["starts"].as_str());
        assert!(window["starts"].as_str() < window["closes"].as_str());
    }
    let text = product.run("schedule show").done();
    assert!(text.contains("nightly") && text.contains(" JST"), "{text}");
}

#[test]
fn a_rhythm_is_set_paused_and_resumed() {
    let product = Product::mapped();
    let set = schedule(&product, "set every 30 minutes");
    assert_eq!(set["rhythm"], "every 30 minutes");
    let paused = schedule(&product, "pause");
    assert_eq!(
        (&paused["paused"], &paused["idle"]),
        (&json!(true), &json!("paused"))
    );
    assert_eq!(paused["rhythm"], "every 30 minutes");
    let text = product.run("schedule show").done();
    assert!(
        text.contains("it is paused") && !text.contains("next"),
        "{text}"
    );
    let resumed = schedule(&product, "resume");
    assert_eq!(
        (&resumed["paused"], &resumed["idle"]),
        (&json!(false), &Value::Null)
    );
    let ended = product.run_with(&["schedule", "set", "cron", "0 3 * * 1-5", "--json"]);
    assert_eq!(ended.json()["schedule"]["rhythm"], "cron 0 3 * * 1-5");
}

#[test]
fn what_keeps_a_subscription_from_being_synced_is_said() {
    let product = Product::subscribed();
    assert_eq!(schedule(&product, "show")["idle"], "not_mapped");
    let text = product.run("schedule show").done();
    assert!(text.contains("no level is mapped"), "{text}");
}

#[test]
fn a_rhythm_that_cannot_be_used_changes_nothing() {
    let product = Product::subscribed();
    for rhythm in [
        "weekly",
        "every 2 minutes",
        "cron 61 * * * *",
        "cron * * * * *",
    ] {
        let (report, status) = product.json(&format!("schedule set {rhythm}"));
        assert_eq!(status, 1, "{report}");
        assert_error(&report, "TRB0171");
    }
    assert_eq!(schedule(&product, "show")["rhythm"], "nightly");
}

#[test]
fn an_empty_queue_is_shown_and_what_is_not_in_it_is_not_cancelled() {
    let product = Product::subscribed();
    let text = product.run("jobs list").done();
    assert!(text.contains("Nothing waits"), "{text}");
    assert_eq!(product.json("jobs list --all").0["jobs"], json!([]));
    let (report, status) = product.json("jobs cancel 5");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0170");
}
