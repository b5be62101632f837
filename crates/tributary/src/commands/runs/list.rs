//! `tributary runs list`.

use model::Level;
use serde_json::{Value, json};
use store::run::{Run, State};

use crate::{
    app::App,
    cli,
    failure::{Exit, Outcome},
    output::{
        Tone,
        number::{grouped, seconds},
        table::{Align, Table},
        time,
    },
};

/// List the runs of the subscription, newest first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only runs of this level.
    #[arg(long, value_parser = cli::level)]
    level: Option<Level>,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Runs looked through when only one level is wanted.
const LOOKED_THROUGH: i64 = 20_000;

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let limit = match args.level {
        None => i64::from(args.limit),
        Some(_) => LOOKED_THROUGH,
    };
    let mut runs = store.runs(subscription, None, limit).await?;
    runs.retain(|run| args.level.is_none_or(|level| level == run.level));
    runs.truncate(args.limit as usize);
    let mut table = Table::new([
        ("run", Align::Right),
        ("level", Align::Left),
        ("result", Align::Left),
        ("started (UTC)", Align::Left),
        ("took", Align::Right),
        ("read", Align::Right),
        ("matched", Align::Right),
        ("changed", Align::Right),
    ]);
    for run in &runs {
        let count = |path: &str| {
            let count = run
                .report
                .as_ref()
                .and_then(|report| report.pointer(path)?.as_u64());
            count.map_or_else(|| "–".into(), grouped)
        };
        let tone = match run.state {
            State::Success => Tone::Good,
            State::Failed => Tone::Bad,
            State::Running | State::Delivering => Tone::Strong,
            State::Partial | State::Cancelled => Tone::Warning,
        };
        let mut result = app.out.toned(tone, run.state.name());
        if run.dry_run {
            result.push_str(" (dry)");
        }
        let took = run
            .report
            .as_ref()
            .and_then(|report| report.get("wall_seconds")?.as_f64());
        table.row([
            run.id.to_string(),
            run.level.to_string(),
            result,
            time::second(run.started_at),
            took.map_or_else(|| "–".into(), seconds),
            count("/counts/read"),
            count("/counts/matched"),
            count("/counts/changed"),
        ]);
    }
    let listed: Vec<Value> = runs.iter().map(described).collect();
    let report = json!({ "schema": 1, "runs": listed });
    if table.is_empty() {
        app.out
            .report(&report, "There was no run yet. Start one: tributary sync");
    } else {
        app.out.report(&report, table);
    }
    Ok(Exit::Done)
}

/// A run as JSON: its report, and what is known without one.
pub(super) fn described(run: &Run) -> Value {
    let mut json = match &run.report {
        Some(Value::Object(report)) => Value::Object(report.clone()),
        _ => json!({}),
    };
    json["run"] = json!(run.id.to_string());
    json["level"] = json!(run.level.name());
    json["result"] = json!(run.state.name());
    json["dry_run"] = json!(run.dry_run);
    json["started_at"] = json!(time::exact(run.started_at));
    json["finished_at"] = json!(run.finished_at.map(time::exact));
    json["details_kept"] = json!(!run.pruned);
    json
}
