//! `tributary pendo probe`.

use model::Level;
use serde_json::{Map, Value, json};
use sync::destination::probe::{
    self, Because, Ended, Fields, Finding, Form, Probed, Test, Verdict, announcement,
};

use crate::{
    app::App,
    cli,
    failure::{Exit, Failure, Outcome},
    output::{
        Output, Tone,
        number::counted,
        table::{Align, Table},
    },
    stop,
};

/// Find out how this Pendo behaves where its documentation is silent.
///
/// Without --write-test-id it only reads. With it, it says what it will do, makes fields of its own (`tributary_probe_…` in the
/// group custom), writes to that one id, reads back, and deletes the fields again. What it finds about times, cleared values and
/// whole numbers is used from then on wherever the settings pendo.times, pendo.cleared and pendo.integers say "auto".
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id of a visitor, or account, that may be written to: one of your own, made for tests. Pendo has to know it.
    #[arg(long, value_name = "ID")]
    write_test_id: Option<String>,
    /// Whose id it is: visitor or account.
    #[arg(long, value_parser = cli::level, value_name = "LEVEL", default_value = "visitor", requires = "write_test_id")]
    level: Level,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let runner = app.runner(&store)?;
    let test = args.write_test_id.map(|id| Test {
        level: args.level,
        id,
    });
    // Not silenced: nobody shall be written to without having read it.
    if let Some(test) = &test {
        crate::output::warn("This will");
        for what in announcement(test) {
            crate::output::warn(format_args!("- {what}"));
        }
    }
    let stop = stop::on_interrupt(match test {
        Some(_) => {
            "Stopping: the probe's fields are deleted first. (Ctrl-C again ends at once, and leaves them in Pendo)"
        }
        None => "Stopping. (Ctrl-C again ends at once)",
    });
    let tell = |step: &str| {
        tracing::info!(step, "probe");
        if app.out.live {
            app.out.note(format_args!("{step} …"));
        }
    };
    let destinations = runner.destinations();
    let probed = probe::probe(destinations, subscription, test.as_ref(), &stop, &tell).await?;
    let report = json(&probed, test.as_ref());
    let text = text(app.out, &probed);
    let left = probed.fields.is_some_and(|fields| !fields.left.is_empty());
    match probed.ended {
        Ended::Failed(error) => {
            app.out.say(text);
            Err(Failure::from(error).reporting(report))
        }
        ended => {
            app.out.report(&report, text);
            Ok(match ended {
                Ended::Whole if !left => Exit::Done,
                _ => Exit::Partial,
            })
        }
    }
}

fn json(probed: &Probed, test: Option<&Test>) -> Value {
    let findings: Map<String, Value> = probed
        .findings
        .iter()
        .map(|finding| (finding.name.into(), finding.json()))
        .collect();
    let fields = probed.fields.as_ref();
    let left = fields.map(|fields| {
        let left = fields.left.iter();
        left.map(|left| json!({ "field": left.key, "why": left.why }))
            .collect::<Vec<_>>()
    });
    let test = test.map(|test| {
        json!({
            "level": test.level.name(),
            "id": test.id,
            "fields_deleted": fields.map(|fields| &fields.deleted),
            "fields_left": left,
        })
    });
    json!({
        "schema": 1,
        "region": probed.region,
        "stopped": matches!(probed.ended, Ended::Stopped),
        "findings": findings,
        "test": test,
        "calls": {
            "read": probed.calls.read,
            "write": probed.calls.write,
            "refused": probed.calls.refused,
        },
        "from_now_on": json_of(&probed.forms),
    })
}

/// Forms by their settings.
pub(super) fn json_of(forms: &[Form; 3]) -> Map<String, Value> {
    let forms = forms.iter();
    forms
        .map(|form| (form.setting.into(), form.json()))
        .collect()
}

fn text(out: Output, probed: &Probed) -> String {
    let mut lines = Vec::new();
    for finding in &probed.findings {
        lines.push(told(out, finding));
        lines.push(format!("  → {}", finding.follows));
    }
    if let Some(fields) = &probed.fields {
        lines.push(String::new());
        lines.extend(about_fields(out, fields));
    }
    if let Ended::Stopped = probed.ended {
        lines.push(String::new());
        lines.push(out.toned(
            Tone::Warning,
            "Stopped before everything was looked at; what was found until then counts.",
        ));
    }
    lines.push(String::new());
    lines.push("From now on:".into());
    lines.push(forms(&probed.forms).to_string());
    lines.push(String::new());
    lines.push(calls(probed));
    lines.join("\n")
}

fn told(out: Output, finding: &Finding) -> String {
    let name = out.toned(Tone::Strong, finding.name);
    match &finding.verdict {
        Verdict::Found { text, .. } => format!("{name}: {text}"),
        Verdict::Unknown(why) => {
            let unknown = out.toned(Tone::Warning, "not known");
            format!("{name}: {unknown}, {why}")
        }
    }
}

fn about_fields(out: Output, fields: &Fields) -> Vec<String> {
    let mut lines = Vec::new();
    if fields.deleted.is_empty() && fields.left.is_empty() {
        lines.push("There is no field of the probe in Pendo.".into());
    }
    if !fields.deleted.is_empty() {
        lines.push(format!("Deleted again: {}.", fields.deleted.join(", ")));
    }
    for left in &fields.left {
        lines.push(out.toned(
            Tone::Bad,
            format_args!("Still in Pendo: custom.{} ({})", left.key, left.why),
        ));
    }
    if !fields.left.is_empty() {
        lines.push(
            "Another probe that writes to the same level deletes them, or delete them in Pendo."
                .into(),
        );
    }
    lines
}

/// Forms with their reasons.
pub(super) fn forms(forms: &[Form; 3]) -> Table {
    let mut table = Table::new([
        ("setting", Align::Left),
        ("used", Align::Left),
        ("because", Align::Left),
    ]);
    for form in forms {
        let because = match (form.because, &form.found) {
            (Because::Found, _) => "a probe found it".into(),
            (Because::Default, _) => "it is the default, and no probe has found another".into(),
            (Because::Configured, Some(found)) if *found != form.used => {
                format!("the configuration says so, whatever the probe found ({found})")
            }
            (Because::Configured, _) => "the configuration says so".into(),
        };
        table.row([
            format!("pendo.{}", form.setting),
            form.used.clone(),
            because,
        ]);
    }
    table
}

/// `12 calls, none of them writes`.
fn calls(probed: &Probed) -> String {
    let calls = probed.calls;
    let all = counted(calls.read + calls.write, "call");
    match calls.write {
        0 => format!("{all}, none of them writes."),
        1 => format!("{all}, 1 of them a write."),
        writes => format!("{all}, {writes} of them writes."),
    }
}
