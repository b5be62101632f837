//! A measurement counts only for a run that did its work: what `sync --json` must say.

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// What the portal holds, hence what a run over it has to report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// Contacts in the portal; each carries the key of a visitor.
    pub(super) contacts: u64,
    /// Of these, contacts whose visitor is not known.
    pub(super) unknown: u64,
    /// Fields mapped.
    pub(super) fields: u64,
}

impl Expected {
    /// The first run writes every value there is: at least four fifths of what the fields could
    /// hold.
    pub(super) fn first_run(self, output: &str) -> anyhow::Result<Value> {
        let run = self.proved_run(output)?;
        let mut wrong = differences(
            &run,
            &[("/counts/changed", self.known()), ("/counts/unchanged", 0)],
        );
        let most = self.known() * self.fields;
        let written = run.pointer("/values/written").and_then(Value::as_u64);
        if !written.is_some_and(|written| (most * 4 / 5..=most).contains(&written)) {
            wrong.push(format!(
                "/values/written is {written:?}, expected {} to {most}",
                most * 4 / 5
            ));
        }
        settle(run, &wrong)
    }

    /// The second run finds nothing changed and writes nothing.
    pub(super) fn second_run(self, output: &str) -> anyhow::Result<Value> {
        let run = self.proved_run(output)?;
        let expected = [
            ("/counts/changed", 0),
            ("/counts/unchanged", self.known()),
            ("/values/written", 0),
            ("/values/cleared", 0),
        ];
        let wrong = differences(&run, &expected);
        settle(run, &wrong)
    }

    const fn known(self) -> u64 {
        self.contacts - self.unknown
    }

    /// The one run of the report, proved and with every contact accounted for, as matched unless its visitor is
    /// not known.
    fn proved_run(self, output: &str) -> anyhow::Result<Value> {
        let mut report: Value = serde_json::from_str(output)
            .context("the sync's standard output is not one JSON object")?;
        let run = report
            .pointer_mut("/runs/0")
            .map(Value::take)
            .with_context(|| format!("no run in {report}"))?;
        let mut wrong = Vec::new();
        for (pointer, expected) in [
            ("/level", json!("visitor")),
            ("/result", json!("success")),
            ("/proved", json!(true)),
            ("/quarantined", json!({})),
        ] {
            if run.pointer(pointer) != Some(&expected) {
                wrong.push(difference(&run, pointer, &expected));
            }
        }
        wrong.extend(differences(
            &run,
            &[
                ("/portal/records", self.contacts),
                ("/portal/with_key", self.contacts),
                ("/counts/read", self.contacts),
                ("/counts/matched", self.known()),
                ("/counts/excluded", 0),
                ("/counts/failed", 0),
                ("/counts/without_key", 0),
                ("/counts/unread", 0),
                ("/ids/known", self.known()),
                ("/ids/linked", self.known()),
                ("/ids/without_record", 0),
            ],
        ));
        for (reason, missed) in run
            .pointer("/counts/missed")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let expected = match reason.as_str() {
                "unknown_id" => self.unknown,
                _ => 0,
            };
            if missed != &json!(expected) {
                wrong.push(format!(
                    "/counts/missed/{reason} is {missed}, expected {expected}"
                ));
            }
        }
        settle(run, &wrong)
    }
}

/// HTTP requests of a run, over all kinds.
pub(super) fn calls(run: &Value) -> u64 {
    let kinds = run
        .pointer("/calls")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    kinds.filter_map(|(_, calls)| calls.as_u64()).sum()
}

fn differences(run: &Value, expected: &[(&str, u64)]) -> Vec<String> {
    expected
        .iter()
        .map(|(pointer, expected)| (*pointer, json!(expected)))
        .filter(|(pointer, expected)| run.pointer(pointer) != Some(expected))
        .map(|(pointer, expected)| difference(run, pointer, &expected))
        .collect()
}

fn difference(run: &Value, pointer: &str, expected: &Value) -> String {
    let found = run
        .pointer(pointer)
        .map_or_else(|| "absent".to_owned(), Value::to_string);
    format!("{pointer} is {found}, expected {expected}")
}

fn settle(run: Value, wrong: &[String]) -> anyhow::Result<Value> {
    if wrong.is_empty() {
        return Ok(run);
    }
    bail!(
        "the run did not do the work to be measured:\n  {}\n{run:#}",
        wrong.join("\n  ")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Expected = Expected {
        contacts: 1000,
        unknown: 0,
        fields: 20,
    };

    fn report(changed: u64, written: u64) -> Value {
        json!({"schema": 1, "dry_run": false, "runs": [{
            "run": "r1", "level": "visitor", "result": "success", "proved": true,
            "portal": {"records": 1000, "with_key": 1000},
            "counts": {"read": 1000, "matched": 1000, "missed": {"empty_key": 0, "unknown_id": 0},
                "excluded": 0, "failed": 0, "changed": changed, "unchanged": 1000 - changed,
                "without_key": 0, "unread": 0},
            "values": {"written": written, "cleared": 0},
            "ids": {"known": 1000, "linked": 1000, "without_record": 0},
            "quarantined": {},
            "calls": {"search": 7, "list": 3, "batch_read": 0, "properties": 1, "other": 2},
            "refused": 0, "wall_seconds": 1.5}]})
    }

    #[test]
    fn a_first_run_writes_what_is_there() {
        let run = EXPECTED
            .first_run(&report(1000, 18_000).to_string())
            .expect("a good run");
        assert_eq!(calls(&run), 13);
        let error = EXPECTED
            .first_run(&report(1000, 15_999).to_string())
            .expect_err("too few values");
        assert!(error.to_string().contains("/values/written"), "{error}");
        assert!(
            EXPECTED
                .first_run(&report(999, 18_000).to_string())
                .is_err()
        );
    }

    #[test]
    fn a_second_run_writes_nothing() {
        EXPECTED
            .second_run(&report(0, 0).to_string())
            .expect("a good run");
        assert!(EXPECTED.second_run(&report(0, 1).to_string()).is_err());
        assert!(EXPECTED.second_run(&report(1, 0).to_string()).is_err());
    }

    #[test]
    fn a_run_that_is_not_proved_or_misses_a_record_does_not_count() {
        for (pointer, value) in [
            ("/runs/0/proved", json!(false)),
            ("/runs/0/result", json!("partial")),
            ("/runs/0/counts/read", json!(999)),
            ("/runs/0/counts/missed/unknown_id", json!(1)),
            ("/runs/0/quarantined", json!({"amount": 1})),
        ] {
            let mut report = report(0, 0);
            *report.pointer_mut(pointer).expect("present") = value;
            assert!(
                EXPECTED.second_run(&report.to_string()).is_err(),
                "{pointer}"
            );
        }
        assert!(EXPECTED.second_run("").is_err());
        assert!(EXPECTED.second_run(r#"{"schema":1,"runs":[]}"#).is_err());
    }
}
