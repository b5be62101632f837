//! `tributary pendo drift`.

use serde_json::{Value, json};
use store::{Scope, Store, drift::Drift, job::Kind, run::Origin};
use sync::{compare::Comparison, destination};

use super::Levels;
use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        number::{counted, grouped},
        table::{Align, Table},
        time,
    },
    stop,
};

/// Differences that are shown of each level.
const SHOWN: i64 = 100;

/// Compare what Pendo has with what was sent.
///
/// A sample of about a thousand ids of each level, or all with --all. It only reads, and says what differs; `tributary pendo
/// resend` puts that right. The exit status is 3 if something differs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    levels: Levels,
    /// Compare everything.
    #[arg(long)]
    all: bool,
    /// Only show what the last comparison has found.
    #[arg(long, conflicts_with = "all")]
    last: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    if store.destination(subscription).await?.is_none() {
        return Err(destination::Error::NotConnected.into());
    }
    let runner = app.runner(&store)?;
    let cancel = stop::on_interrupt("Stopping. (Ctrl-C again ends at once)");
    let (mut texts, mut reports, mut differs) = (Vec::new(), Vec::new(), false);
    for scope in args.levels.scopes(subscription) {
        if store.mapping(scope).await?.is_none() {
            continue;
        }
        if !args.last {
            let kind = Kind::Compare { all: args.all };
            let job = runner.ask_for(scope, kind, Origin::default()).await?;
            runner.see_to_outside(scope, &cancel).await?;
            let job = store.job(job).await?;
            if let Some(problem) = job.as_ref().and_then(sync::Explanation::of_job) {
                return Err(Failure::explained(problem, Exit::Failed));
            }
        }
        let (text, report) = shown(&store, scope).await?;
        differs |= report["differences"]
            .as_u64()
            .is_some_and(|count| count > 0);
        texts.push(text);
        reports.push(report);
    }
    app.out.report(
        &json!({ "schema": 1, "levels": reports }),
        texts.join("\n\n"),
    );
    Ok(if differs { Exit::Partial } else { Exit::Done })
}

async fn shown(store: &Store, scope: Scope) -> Result<(String, Value), Failure> {
    let level = scope.level;
    let last = store.comparison(scope).await?;
    let Some((last, found)) =
        last.and_then(|last| Comparison::read(&last).map(|found| (last, found)))
    else {
        return Ok((
            format!("{level} level: nothing was compared yet."),
            json!({ "level": level.name(), "compared_at": null }),
        ));
    };
    let differences = store.drift(scope, (0, ""), SHOWN).await?;
    let mut text = format!(
        "{level} level: {} of {} compared ({}, {})",
        counted(found.values, "value"),
        grouped(found.subjects),
        if found.all { "all" } else { "a sample" },
        time::minute(last.at),
    );
    if found.differences == 0 {
        text.push_str(", all as they were sent.");
    } else {
        text = format!(
            "{text}, {} of {} otherwise than they were sent:\n{}\nSend them once more: tributary pendo resend",
            counted(found.differences, "value"),
            grouped(found.differing),
            table(&differences),
        );
    }
    let listed: Vec<Value> = differences
        .iter()
        .map(|one| json!({ "id": one.id, "field": one.name, "sent": json_of(one.expected.as_deref()), "found": json_of(one.found.as_deref()) }))
        .collect();
    let report = json!({
        "level": level.name(),
        "compared_at": time::exact(last.at),
        "all": found.all,
        "subjects": found.subjects,
        "values": found.values,
        "differing": found.differing,
        "differences": found.differences,
        "shown": listed,
    });
    Ok((text, report))
}

fn table(differences: &[Drift]) -> Table {
    let mut table = Table::new([
        ("id", Align::Left),
        ("field", Align::Left),
        ("sent", Align::Left),
        ("found", Align::Left),
    ]);
    for one in differences {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
        table.row([
            one.id.clone(),
            one.name.clone(),
            text(&one.expected),
            text(&one.found),
        ]);
    }
    table
}

fn json_of(token: Option<&str>) -> Value {
    token
        .and_then(|token| serde_json::from_str(token).ok())
        .unwrap_or_default()
}
