use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
};

use sandbox::{
    Object,
    pendo::{
        Action, Config, Group, Kind, Null, Operation, Pendo, READ_KEY, Rule, Switches, WRITE_KEY,
    },
};
use serde_json::{Value, json};

use crate::product::{Ended, PORTAL, Product, assert_error};

const MAIN: &str = "main";

/// The program beside a portal and Pendo's stand-in, which knows the portal's visitors and accounts.
struct Pair {
    product: Product,
    pendo: Pendo,
}

impl Pair {
    fn new() -> Self {
        Self::with(Switches::default(), Product::mapped())
    }

    /// Only Pendo: no portal to read.
    fn alone() -> Self {
        Self::with(Switches::default(), Product::subscribed())
    }

    fn with(switches: Switches, product: Product) -> Self {
        let pendo = Pendo::start(Config {
            keep_writes: true,
            switches,
            ..Config::default()
        })
        .unwrap();
        if let Some(sandbox) = product.portal() {
            pendo.add_known(MAIN, sandbox, PORTAL);
        } else {
            let ids = ["ann", "Bob", "cem"].map(|id| (id.to_owned(), serde_json::Map::new()));
            pendo.add_ids(MAIN, Kind::Visitor, ids);
        }
        let product = product.with("TRIBUTARY_PENDO__BASE_URL", &pendo.base_url());
        Self { product, pendo }
    }

    /// Connected to both, and everything delivered.
    fn delivered() -> Self {
        let pair = Self::new().connected();
        pair.product.run("sync").done();
        pair
    }

    fn connected(self) -> Self {
        self.connect(WRITE_KEY, "us").done();
        self
    }

    fn connect(&self, key: &str, region: &str) -> Ended {
        let file = self.product.file("key", format!("{key}\n"));
        self.product.run(&format!(
            "pendo connect --key-file {file} --region {region}"
        ))
    }

    /// An id that a record has fed, and what Pendo holds for its plan.
    fn fed(&self) -> String {
        let held = self.pendo.values(MAIN, Kind::Visitor, Group::Custom);
        let fed = held
            .into_iter()
            .find(|(_, values)| values.contains_key("hubspotfirstname"));
        fed.expect("somebody is fed").0
    }

    fn first_name(&self, id: &str) -> Option<Value> {
        self.pendo
            .value(MAIN, Kind::Visitor, Group::Custom, id, "hubspotfirstname")
    }

    /// The keys of live fields.
    fn fields(&self) -> Vec<String> {
        let fields = self.pendo.fields(MAIN, Kind::Visitor, Group::Custom);
        let live = fields.into_iter().filter(|field| !field.is_deleted);
        live.map(|field| field.name).collect()
    }
}

#[test]
fn a_key_is_tried_before_it_is_kept() {
    let pair = Pair::alone();
    let Pair { product, .. } = &pair;
    let (report, status) = product.json("pendo status");
    assert_eq!((status, &report["connected"]), (0, &json!(false)));
    for command in ["probe", "drift", "deliver", "resend", "disconnect"] {
        let (report, status) = product.json(&format!("pendo {command}"));
        assert_eq!(status, 1, "{report}");
        assert_error(&report, "TRB0050");
    }
    pair.connect(WRITE_KEY, "mars").ended_with(2);
    for (key, region, code) in [
        ("not-a-key", "us", "TRB0051"),
        (WRITE_KEY, "eu", "TRB0051"),
        (READ_KEY, "us", "TRB0052"),
        ("", "us", "TRB0132"),
    ] {
        let ended = pair.connect(key, region);
        let shown = ended.failed_with(1, code);
        assert!(key.is_empty() || !shown.contains(key), "{shown}");
        assert_eq!(product.json("pendo status").0["connected"], false);
    }
    product
        .run("pendo connect --key-file /nowhere/key --region us")
        .failed_with(1, "TRB0131");
    let file = product.file("key", WRITE_KEY);
    product
        .run(&format!(
            "pendo connect --key-file {file} --region us --prefix 2nd-"
        ))
        .failed_with(1, "TRB0060");
    product.run("pendo connect --key-file key").ended_with(2);

    let line = format!("pendo connect --key-file {file} --region us --prefix crm_");
    let (report, status) = product.json(&line);
    assert_eq!(status, 0, "{report}");
    assert_eq!(
        report,
        json!({ "schema": 1, "connected": true, "region": "us", "prefix": "crm_", "waiting": 0 })
    );
    // Another key, without a word about the prefix, leaves it as it is.
    let again = format!("pendo connect --key-file {file} --region us");
    let said = product.run(&again).done();
    assert!(said.contains("Connected to Pendo (us)."), "{said}");
    assert!(said.contains("Fields are named crm_…"), "{said}");
}

#[test]
fn the_status_says_how_both_levels_stand() {
    let pair = Pair::delivered();
    let (report, status) = pair.product.json("pendo status");
    assert_eq!(status, 0, "{report}");
    assert_eq!(
        [&report["works"], &report["region"], &report["prefix"]],
        [&json!(true), &json!("us"), &json!("hubspot_")]
    );
    assert_eq!(report["forms"]["times"]["used"], "epoch_ms");
    assert_eq!(report["forms"]["cleared"]["because"], "default");
    let levels = report["levels"].as_array().unwrap();
    assert_eq!(levels.len(), 2);
    let visitors = &levels[0];
    assert_eq!(
        (&visitors["level"], &visitors["waiting"]),
        (&json!("visitor"), &json!(0))
    );
    let known = pair.product.sandbox().truth(PORTAL, Object::Contacts).known;
    assert_eq!(visitors["ids"], known);
    let fields = visitors["fields"].as_array().unwrap();
    let mrr = fields.iter().find(|field| field["field"] == "mrr").unwrap();
    assert_eq!(
        mrr,
        &json!({ "field": "mrr", "key": "hubspotmrr", "type": "float", "held": null })
    );
    assert!(!report.to_string().contains(WRITE_KEY));
    let text = pair.product.run("pendo status").done();
    for part in [
        "The key works",
        "custom.hubspotmrr",
        "nothing waits to be sent",
    ] {
        assert!(text.contains(part), "{text}");
    }

    // A key that ends is told with everything else.
    let revoke = sandbox::pendo::Command::RevokeKey {
        key: WRITE_KEY.into(),
    };
    pair.pendo.run(MAIN, &revoke).unwrap();
    let (report, status) = pair.product.json("pendo status");
    assert_eq!((status, &report["works"]), (1, &json!(false)));
    assert_error(&report, "TRB0051");
    assert_eq!(report["levels"][0]["waiting"], 0);
}

#[test]
fn a_sync_that_does_not_wait_is_delivering_until_the_next() {
    let Pair { product, pendo } = &Pair::new().connected();
    let (report, status) = product.json("sync --level visitor --no-wait");
    assert_eq!(status, 3, "{report}");
    let run = &report["runs"][0];
    assert_eq!(
        (&run["result"], &run["proved"]),
        (&json!("delivering"), &json!(false))
    );
    let queued = run["delivery"]["queued"].as_u64().unwrap();
    assert!(queued > 0 && run["delivery"]["pending"] == queued, "{run}");
    assert_eq!(pendo.tally(Operation::SetMany).calls, 0);
    let name = run["run"].as_str().unwrap();
    assert_eq!(
        product.json("pendo status").0["levels"][0]["waiting"],
        queued
    );

    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["runs"][0]["proved"], true);
    assert_eq!(report["runs"][0]["delivery"]["queued"], 0);
    // The one before is settled with it.
    let (before, _) = product.json(&format!("runs show {name}"));
    let before = before
        .get("run")
        .filter(|run| run.is_object())
        .unwrap_or(&before);
    assert_eq!(
        (&before["result"], &before["delivery"]["acknowledged"]),
        (&json!("success"), &json!(queued)),
        "{before}"
    );
    assert_eq!(product.json("pendo status").0["levels"][0]["waiting"], 0);
    for winner in product
        .sandbox()
        .winners(PORTAL, Object::Contacts, &["firstname"])
    {
        let held = pendo.value(
            MAIN,
            Kind::Visitor,
            Group::Custom,
            &winner.id,
            "hubspotfirstname",
        );
        let wire = winner.values["firstname"]
            .as_deref()
            .filter(|text| !text.is_empty());
        assert_eq!(held.as_ref().and_then(Value::as_str), wire, "{}", winner.id);
    }
}

#[test]
fn what_waits_is_sent_on_demand() {
    let Pair { product, pendo } = &Pair::new().connected();
    product.run("sync --no-wait").ended_with(3);
    let (report, status) = product.json("pendo deliver");
    assert_eq!(
        (status, &report),
        (0, &json!({ "schema": 1, "waiting": 0 }))
    );
    assert!(pendo.tally(Operation::SetMany).records > 0);
    assert_eq!(
        product.run("pendo deliver").done().trim(),
        "Everything is sent."
    );
}

#[test]
fn a_probe_reads_unless_it_is_told_whom_to_write_to() {
    let Pair { product, pendo } = &Pair::alone().connected();
    pendo.clear_journal();
    let (report, status) = product.json("pendo probe");
    assert_eq!(status, 0, "{report}");
    assert_eq!(
        [
            &report["schema"],
            &report["region"],
            &report["stopped"],
            &report["test"]
        ],
        [&json!(1), &json!("us"), &json!(false), &Value::Null]
    );
    assert_eq!(report["findings"]["visitors"]["found"], 3);
    assert!(report["findings"]["visitors"]["follows"].is_string());
    assert!(report["findings"]["accounts"]["text"].is_string());
    assert!(report["findings"]["account_pages"]["unknown"].is_string());
    assert_eq!(
        report["calls"],
        json!({ "read": pendo.journal().len(), "write": 0, "refused": 0 })
    );
    assert_eq!(
        report["from_now_on"]["cleared"],
        json!({ "used": "null", "because": "default", "found": null })
    );
    let text = product.run("pendo probe").done();
    assert!(
        text.trim_end().ends_with("calls, none of them writes."),
        "{text}"
    );
    assert!(
        text.contains("account_pages: not known, Pendo has no account"),
        "{text}"
    );

    let ended = product.run("pendo probe --write-test-id bob");
    let shown = ended.failed_with(1, "TRB0061");
    assert!(
        shown.contains("tributary_probe_number") && shown.contains("\"bob\""),
        "{shown}"
    );
    product.run("pendo probe --level account").ended_with(2);
    let journal = pendo.journal();
    assert!(
        journal
            .iter()
            .all(|call| call.method == "GET" || call.operation == Operation::Aggregation)
    );
}

#[test]
fn what_a_probe_finds_is_used_and_its_fields_are_gone() {
    let switches = Switches {
        null: Null::Ignored,
        ..Switches::default()
    };
    let pair = Pair::with(switches, Product::subscribed()).connected();
    let (report, status) = pair.product.json("pendo probe --write-test-id Bob");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["findings"]["null"]["found"]["clears"], false);
    assert_eq!(
        report["from_now_on"],
        json!({
            "times": { "used": "epoch_ms", "because": "found", "found": "epoch_ms" },
            "cleared": { "used": "keep", "because": "found", "found": "keep" },
            "integers": { "used": "hold", "because": "default", "found": null },
        })
    );
    let test = &report["test"];
    assert_eq!(
        (&test["id"], &test["fields_left"]),
        (&json!("Bob"), &json!([]))
    );
    assert_eq!(test["fields_deleted"].as_array().unwrap().len(), 5);
    assert_eq!(pair.fields(), Vec::<String>::new());
    assert!(report["calls"]["write"].as_u64().unwrap() > 5);
    let (status, _) = pair.product.json("pendo status");
    assert_eq!(status["found"]["cleared"], "keep");
    assert_eq!(status["forms"]["cleared"]["because"], "found");

    // A setting wins over it, and both are said.
    let Pair { product, pendo } = pair;
    let product = product.with("TRIBUTARY_PENDO__CLEARED", "empty");
    let text = product.run("pendo probe").done();
    assert!(text.contains("whatever the probe found (keep)"), "{text}");

    // What cannot be taken away is named, and the exit status says it.
    let refuse = Action::Respond {
        status: 400,
        body: Some(r#"{"error":"in use"}"#.into()),
        headers: BTreeMap::default(),
    };
    pendo.script(Rule::next(Operation::FieldDelete, refuse));
    let text = product.run("pendo probe --write-test-id Bob").ended_with(3);
    assert!(
        text.contains("Still in Pendo: custom.tributaryprobe"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_probe_deletes_its_fields() {
    let pair = Pair::alone().connected();
    pair.pendo.latency_ms(150);
    let mut child = pair
        .product
        .start("-v pendo probe --write-test-id Bob --json");
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("writing a decimal") {
        line.clear();
        assert!(
            log.read_line(&mut line).unwrap() > 0,
            "the probe ended early"
        );
    }
    crate::sync::interrupt(child.id());
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        rest
    });
    let ended = Ended(child.wait_with_output().unwrap());
    let rest = rest.join().unwrap();
    assert_eq!(ended.status(), 3, "{}\n{rest}", ended.out());
    assert!(
        rest.contains("the probe's fields are deleted first"),
        "{rest}"
    );
    let report = ended.json();
    assert_eq!(
        (&report["stopped"], &report["test"]["fields_left"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(pair.fields(), Vec::<String>::new());
}

#[test]
fn drift_is_found_and_sent_once_more() {
    let pair = Pair::delivered();
    let Pair { product, pendo } = &pair;
    let (report, status) = product.json("pendo drift --all --level visitor");
    assert_eq!(status, 0, "{report}");
    let level = &report["levels"][0];
    assert_eq!(
        (&level["all"], &level["differences"]),
        (&json!(true), &json!(0))
    );

    let id = pair.fed();
    let right = pair.first_name(&id).unwrap();
    pendo.set(
        MAIN,
        Kind::Visitor,
        Group::Custom,
        &id,
        "hubspotfirstname",
        "Somebody else",
    );
    let (report, status) = product.json("pendo drift --all --level visitor");
    assert_eq!(status, 3, "{report}");
    let level = &report["levels"][0];
    assert_eq!(
        level["shown"],
        json!([{ "id": id, "field": "firstname", "sent": right, "found": "Somebody else" }])
    );
    pendo.clear_journal();
    let text = product
        .run("pendo drift --last --level visitor")
        .ended_with(3);
    assert!(
        text.contains("tributary pendo resend") && text.contains(&id),
        "{text}"
    );
    assert!(pendo.journal().is_empty());

    let (report, status) = product.json("pendo resend --level visitor");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report, json!({ "schema": 1, "resent": 1, "waiting": 0 }));
    assert_eq!(pair.first_name(&id), Some(right));
    product.run("pendo drift --all").done();
    product.run("pendo drift --last --all").ended_with(2);
}

#[test]
fn everything_can_be_sent_once_more() {
    let pair = Pair::delivered();
    let Pair { product, pendo } = &pair;
    assert!(
        product
            .run("pendo resend")
            .done()
            .contains("There is nothing")
    );
    pendo.clear_journal();
    let (report, status) = product.json("pendo resend --all --no-wait");
    assert_eq!(status, 3, "{report}");
    let all = report["resent"].as_u64().unwrap();
    assert!(all > 0 && report["waiting"] == all, "{report}");
    assert!(pendo.journal().is_empty());
    product.run("pendo deliver").done();
    assert_eq!(pendo.tally(Operation::SetMany).records, all);
}

#[test]
fn disconnecting_forgets_the_key_and_leaves_what_is_there() {
    let pair = Pair::delivered();
    let Pair { product, .. } = &pair;
    let id = pair.fed();
    let (report, status) = product.json("pendo disconnect");
    assert_eq!(
        (status, &report),
        (0, &json!({ "schema": 1, "connected": false }))
    );
    assert!(pair.first_name(&id).is_some());
    product.run("pendo disconnect").failed_with(1, "TRB0050");
    let (report, status) = product.json("sync --level visitor");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["runs"][0]["delivery"], Value::Null);
}
