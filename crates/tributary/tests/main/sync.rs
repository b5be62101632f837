use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Command,
};

use sandbox::{Action, Kind, Object, Refusal, Rule};
use serde_json::{Value, json};

use crate::product::{Ended, PORTAL, Product, assert_error};

/// Asserts that a run's report has the contract's keys, and that its sum holds.
#[track_caller]
fn assert_contract(run: &Value) {
    let numbers = [
        "/portal/records",
        "/portal/with_key",
        "/counts/read",
        "/counts/matched",
        "/counts/excluded",
        "/counts/failed",
        "/counts/changed",
        "/counts/unchanged",
        "/counts/without_key",
        "/counts/unread",
        "/values/written",
        "/values/cleared",
        "/ids/known",
        "/ids/linked",
        "/ids/without_record",
        "/calls/search",
        "/calls/list",
        "/calls/batch_read",
        "/calls/properties",
        "/calls/other",
        "/refused",
    ];
    let missed = [
        "empty_key",
        "duplicate_key",
        "differs_by_case",
        "differs_by_space",
        "differs_by_trailing_zero",
        "differs_by_prefix",
        "unknown_id",
    ];
    let number = |path: &str| {
        let found = run.pointer(path).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("{path} is no count in {run}"))
    };
    for path in numbers {
        number(path);
    }
    let missed: u64 = missed
        .iter()
        .map(|reason| number(&format!("/counts/missed/{reason}")))
        .sum();
    let counted =
        number("/counts/matched") + missed + number("/counts/excluded") + number("/counts/failed");
    assert_eq!(number("/counts/read"), counted, "{run}");
    assert_eq!(
        number("/counts/matched"),
        number("/counts/changed") + number("/counts/unchanged")
    );
    assert!(run["run"].is_string() && run["quarantined"].is_object());
    assert!(
        run["wall_seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0)
    );
}

#[test]
fn a_sync_keeps_to_the_contract_and_is_proved() {
    let product = Product::mapped();
    let (report, status) = product.json("sync --level all");
    assert_eq!(status, 0, "{report}");
    assert_eq!(
        (&report["schema"], &report["dry_run"]),
        (&json!(1), &json!(false))
    );
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for (run, (level, object)) in runs.iter().zip([
        ("visitor", Object::Contacts),
        ("account", Object::Companies),
    ]) {
        assert_contract(run);
        assert_eq!(
            (&run["level"], &run["result"]),
            (&json!(level), &json!("success"))
        );
        assert_eq!(run["proved"], true);
        let truth = product.sandbox().truth(PORTAL, object);
        assert_eq!(run["counts"]["matched"], truth.matched);
        assert_eq!(run["ids"]["known"], truth.known);
    }

    let (again, status) = product.json("sync");
    assert_eq!(status, 0);
    for run in again["runs"].as_array().unwrap() {
        assert_eq!(run["values"], json!({ "written": 0, "cleared": 0 }));
        assert_eq!(run["counts"]["changed"], 0);
    }
}

#[test]
fn a_synced_value_is_exported_as_it_stands_in_hubspot() {
    let product = Product::mapped();
    product.run("sync --level visitor").done();
    let out = product.run("export visitors --format ndjson").done();
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut compared = 0;
    for winner in product
        .sandbox()
        .winners(PORTAL, Object::Contacts, &["firstname", "plan_tier"])
    {
        let stored = lines.iter().find(|line| line["id"] == *winner.id).unwrap();
        for (property, value) in &winner.values {
            let expected = value.as_deref().filter(|value| !value.is_empty());
            assert_eq!(stored["metadata"]["hubspot"][property].as_str(), expected);
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    let product = Product::mapped();
    let before = product.run("export visitors --format ndjson").done();
    let (dry, status) = product.json("sync --level visitor --dry-run");
    assert_eq!(status, 0, "{dry}");
    assert_eq!(dry["dry_run"], true);
    assert_contract(&dry["runs"][0]);
    assert_eq!(
        product.run("export visitors --format ndjson").done(),
        before
    );
    let (real, _) = product.json("sync --level visitor");
    assert_eq!(real["runs"][0]["counts"], dry["runs"][0]["counts"]);
    assert_eq!(real["runs"][0]["values"], dry["runs"][0]["values"]);
}

#[test]
fn what_is_not_set_up_is_said_in_order() {
    let product = Product::subscribed();
    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0001");
    let (report, status) = product.json("sync");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0143");
    product.run("sync --level contact").ended_with(2);

    let product = Product::mapped();
    product.run("hubspot disconnect").done();
    let (report, status) = product.json("sync");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0130");
}

#[test]
fn a_failed_run_is_reported_with_its_error() {
    let product = Product::mapped();
    product.sandbox().remove_portal(PORTAL);
    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0024");
    assert_eq!(report["runs"][0]["result"], "failed");
    assert_error(&report["runs"][0], "TRB0024");
    let text = product.run("sync --level visitor");
    assert!(text.err().contains("TRB0024"), "{}", text.err());
    assert!(
        text.out().contains("Visitor level: failed"),
        "{}",
        text.out()
    );
}

#[test]
fn refused_calls_are_counted() {
    let product = Product::mapped();
    product
        .sandbox()
        .script(Rule::next(Kind::Search, Action::Refuse(Refusal::Secondly)).after(1));
    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 0);
    assert_eq!(report["runs"][0]["refused"], 1);
    assert_eq!(report["runs"][0]["proved"], true);
}

#[test]
fn progress_goes_to_standard_error_only() {
    let product = Product::mapped();
    let ended = product.run("sync --json");
    ended.json();
    let quiet = product.run("sync --quiet");
    quiet.done();
    assert_eq!(quiet.err(), "");
}

/// Sends the signal that Ctrl-C sends.
#[cfg(unix)]
pub(crate) fn interrupt(process: u32) {
    let sent = Command::new("kill")
        .args(["-INT", &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_cancels_and_changes_nothing() {
    let product = Product::mapped();
    // Slow enough that the run is still reading.
    product
        .sandbox()
        .knobs(PORTAL, |knobs| knobs.latency_ms = 1_500);
    let before = product.run("export visitors --format ndjson").done();
    let mut child = product.start("-v sync --level visitor --json");
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("planned") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the run ended early");
    }
    interrupt(child.id());
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        rest
    });
    let ended = Ended(child.wait_with_output().unwrap());
    let rest = rest.join().unwrap();
    assert_eq!(ended.status(), 3, "{}\n{rest}", ended.out());
    assert!(rest.contains("Stopping"), "{rest}");
    let report = ended.json();
    assert_eq!(report["runs"][0]["result"], "cancelled");
    assert_eq!(
        product.run("export visitors --format ndjson").done(),
        before
    );
    // The level is free again.
    product
        .sandbox()
        .knobs(PORTAL, |knobs| knobs.latency_ms = 0);
    product.run("sync --level visitor").done();
}

#[cfg(unix)]
#[test]
fn a_level_is_held_by_one_run() {
    let product = Product::mapped();
    product
        .sandbox()
        .knobs(PORTAL, |knobs| knobs.latency_ms = 1_500);
    let mut child = product.start("-v sync --level visitor --json");
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("planned") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the run ended early");
    }
    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0003");
    assert_eq!(report["runs"], json!([]));
    interrupt(child.id());
    drop(log);
    child.wait().unwrap();
}
