//! A run's report as people read it. It is read from the JSON, so that an old run is shown as a new one is.

use serde_json::Value;
use store::Miss;

use crate::output::{
    Output, Tone,
    number::{counted, grouped, seconds},
    table::{Align, Table, one_line},
};

/// The whole report.
pub(crate) fn text(out: Output, report: &Value) -> String {
    let number = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let word = |path: &str| report.pointer(path).and_then(Value::as_str).unwrap_or("");
    let mut text = vec![headline(out, report)];
    if let Some(error) = report.get("error").filter(|error| error.is_object()) {
        let part = |key| error.get(key).and_then(Value::as_str).unwrap_or("");
        text.push(format!(
            "\n  {}\n  {} ({})",
            out.toned(Tone::Bad, part("message")),
            part("hint"),
            part("code")
        ));
        return text.concat();
    }
    if matches!(word("/result"), "cancelled" | "failed" | "running") {
        return text.concat();
    }
    let records = match word("/level") {
        "account" => "companies",
        _ => "contacts",
    };
    let mut table =
        Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]).indented(2);
    let mut row = |name: &str, count: u64, note: String| {
        table.row([name.into(), grouped(count), out.toned(Tone::Faint, note)]);
    };
    row(
        "in the portal",
        number("/portal/records"),
        format!("{} with a key", grouped(number("/portal/with_key"))),
    );
    row(
        "without a key",
        number("/counts/without_key"),
        "not read".into(),
    );
    row(
        "read",
        number("/counts/read"),
        format!("{records} by {}", word("/proof/reader")),
    );
    row(
        "  matched",
        number("/counts/matched"),
        format!(
            "{} changed, {} unchanged",
            grouped(number("/counts/changed")),
            grouped(number("/counts/unchanged"))
        ),
    );
    for reason in Miss::ALL.map(Miss::code) {
        let count = number(&format!("/counts/missed/{reason}"));
        if count > 0 {
            row(
                &format!("  missed: {}", reason.replace('_', " ")),
                count,
                String::new(),
            );
        }
    }
    row(
        "  excluded",
        number("/counts/excluded"),
        "archived, deleted or merged meanwhile".into(),
    );
    row(
        "  failed",
        number("/counts/failed"),
        "could not be decoded".into(),
    );
    row(
        "unread",
        number("/counts/unread"),
        "counted by the portal, never delivered".into(),
    );
    row(
        "values written",
        number("/values/written"),
        format!("{} cleared", grouped(number("/values/cleared"))),
    );
    row(
        "ids known",
        number("/ids/known"),
        format!(
            "{} linked, {} without a record",
            grouped(number("/ids/linked")),
            grouped(number("/ids/without_record"))
        ),
    );
    text.push(format!("\n{table}"));
    text.push(kept_out(out, report));
    text.push(proof(out, report));
    text.push(delivery(out, report));
    text.push(calls(out, report));
    text.concat()
}

fn headline(out: Output, report: &Value) -> String {
    let word = |key: &str| report.get(key).and_then(Value::as_str).unwrap_or("");
    let dry = report.get("dry_run").and_then(Value::as_bool) == Some(true);
    let proved = report.get("proved").and_then(Value::as_bool) == Some(true);
    let (tone, result) = match (word("result"), proved) {
        ("success", true) if dry => (Tone::Good, "would be proved (dry run, nothing was changed)"),
        ("success", true) => (Tone::Good, "proved"),
        ("success", false) => (Tone::Warning, "not proved"),
        ("delivering", _) => (Tone::Strong, "proved here, being delivered"),
        ("partial", _) => (Tone::Warning, "partial"),
        ("cancelled", _) => (Tone::Warning, "cancelled, nothing was changed"),
        ("running", _) => (Tone::Strong, "under way"),
        _ => (Tone::Bad, "failed"),
    };
    let mut level = word("level").to_owned();
    if let Some(first) = level.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let took = report.get("wall_seconds").and_then(Value::as_f64);
    let took = took.map_or_else(String::new, |took| format!(", {}", seconds(took)));
    format!(
        "{} {} {}",
        out.toned(Tone::Strong, format_args!("{level} level:")),
        out.toned(tone, result),
        out.toned(Tone::Faint, format_args!("(run {}{took})", word("run"))),
    )
}

/// Quarantined values and held fields.
fn kept_out(out: Output, report: &Value) -> String {
    let mut text = Vec::new();
    let quarantined = counts(report, "/quarantined");
    if !quarantined.is_empty() {
        let list: Vec<String> = quarantined
            .iter()
            .map(|(property, count)| format!("{property} {}", grouped(*count)))
            .collect();
        text.push(format!(
            "\n  kept out because they do not fit: {}",
            list.join(", ")
        ));
    }
    for (property, reason) in report
        .get("held")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let reason = reason.as_str().unwrap_or("");
        text.push(format!(
            "\n  {} {property}: {reason}",
            out.toned(Tone::Warning, "held:")
        ));
    }
    text.concat()
}

/// What the destination outside has answered, if there is one.
fn delivery(out: Output, report: &Value) -> String {
    let Some(delivery) = report.get("delivery") else {
        return String::new();
    };
    let number = |name: &str| delivery.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut parts = vec![format!(
        "{} of {} acknowledged",
        grouped(number("acknowledged")),
        counted(number("queued"), "change")
    )];
    for (name, tone, what) in [
        ("pending", Tone::Strong, "waiting"),
        ("missing", Tone::Warning, "for ids that it does not know"),
        ("errors", Tone::Warning, "refused"),
    ] {
        let count = number(name);
        if count > 0 {
            parts.push(out.toned(tone, format_args!("{} {what}", grouped(count))));
        }
    }
    let mut text = vec![format!("\n  delivery: {}", parts.join(", "))];
    let held = delivery.get("held").and_then(Value::as_object);
    for (field, reason) in held.into_iter().flatten() {
        let reason = reason.as_str().unwrap_or("");
        text.push(format!(
            "\n  {} {field}: {reason}",
            out.toned(Tone::Warning, "not sent:")
        ));
    }
    let listing = report.pointer("/listing/error/message");
    if let Some(problem) = listing.and_then(Value::as_str) {
        text.push(format!(
            "\n  {} {problem}",
            out.toned(Tone::Warning, "ids as they were known before:")
        ));
    }
    text.concat()
}

fn proof(out: Output, report: &Value) -> String {
    let number = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let word = |path: &str| report.pointer(path).and_then(Value::as_str).unwrap_or("");
    let mut lines = Vec::new();
    let (before, after) = (number("/proof/total_before"), number("/proof/total_after"));
    let total = if before == after {
        grouped(before)
    } else {
        format!("{} before and {} after", grouped(before), grouped(after))
    };
    let delivered = number("/proof/delivered");
    lines.push(format!(
        "the portal counts {total}, {} delivered",
        grouped(delivered)
    ));
    let healed = number("/proof/healed_records");
    if healed > 0 {
        lines.push(format!(
            "{} missing at first, found and read again",
            counted(healed, "record")
        ));
    }
    let uncounted = number("/proof/uncounted");
    if uncounted > 0 {
        lines.push(out.toned(
            Tone::Warning,
            format_args!(
                "{} delivered that the portal does not count",
                counted(uncounted, "record")
            ),
        ));
    }
    for range in report
        .pointer("/proof/unread_ranges")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        lines.push(out.toned(
            Tone::Warning,
            format_args!("unread: record ids {} to {}", range[0], range[1]),
        ));
    }
    if let Some(destination) = report
        .pointer("/proof/destination")
        .filter(|found| found.is_object())
    {
        let fields = destination.get("fields").and_then(Value::as_object);
        let fields: Vec<&Value> = fields
            .into_iter()
            .flat_map(serde_json::Map::values)
            .collect();
        let agreeing = fields
            .iter()
            .filter(|field| field["expected"] == field["stored"])
            .count() as u64;
        let (expected, stored) = (
            word("/proof/destination/expected"),
            word("/proof/destination/stored"),
        );
        let sum = if expected == stored {
            format!("checksum {stored} as expected")
        } else {
            out.toned(
                Tone::Bad,
                format_args!("checksum {stored}, expected {expected}"),
            )
        };
        lines.push(format!(
            "read back: {sum}, {} of {} agree",
            grouped(agreeing),
            counted(fields.len() as u64, "field")
        ));
        let healed = number("/proof/destination/healed_subjects");
        if healed > 0 {
            lines.push(format!(
                "{} found lost or altered, written again",
                counted(healed, "id")
            ));
        }
        for range in destination
            .get("damaged_ranges")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            lines.push(out.toned(
                Tone::Bad,
                format_args!("damaged: record ids {} to {}", range[0], range[1]),
            ));
        }
    }
    format!("\n  proof: {}", lines.join("\n         "))
}

fn calls(out: Output, report: &Value) -> String {
    let calls: Vec<String> = counts(report, "/calls")
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{} {}", grouped(count), kind.replace('_', " ")))
        .collect();
    let refused = report.get("refused").and_then(Value::as_u64).unwrap_or(0);
    let refused = if refused > 0 {
        format!("; {} refused for lack of quota", grouped(refused))
    } else {
        String::new()
    };
    let text = format!("calls: {}{refused}", calls.join(", "));
    format!("\n  {}", out.toned(Tone::Faint, one_line(&text, 200)))
}

fn counts(report: &Value, path: &str) -> Vec<(String, u64)> {
    let object = report.pointer(path).and_then(Value::as_object);
    let count = |(name, count): (&String, &Value)| (name.clone(), count.as_u64().unwrap_or(0));
    object.into_iter().flatten().map(count).collect()
}
