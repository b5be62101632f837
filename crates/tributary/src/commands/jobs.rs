//! `tributary jobs`.

use std::collections::HashMap;

use clap::Subcommand;
use serde_json::{Value, json};
use store::{
    SubscriptionId,
    job::{Job, JobId, Kind, Only, State},
};
use sync::Explanation;

use crate::{
    app::App,
    failure::{Exit, Outcome},
    output::{
        Tone,
        table::{Align, Table},
        time,
    },
    trouble::Trouble,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what waits for a process or is under way, newest first, of all subscriptions.
    List {
        /// Those that are over as well.
        #[arg(long)]
        all: bool,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Ask a job to stop: one that waits is taken out of the queue, one that is under way stops and changes nothing more; what an import
    /// has loaded stays.
    Cancel {
        /// Its number.
        job: i64,
    },
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::List { all, limit } => list(app, all, limit).await,
        Command::Cancel { job } => cancel(app, job).await,
    }
}

async fn list(app: &App, all: bool, limit: u32) -> Outcome {
    let store = app.open().await?;
    let only = Only {
        open: !all,
        ..Only::default()
    };
    let jobs = store.jobs(only, limit.into()).await?;
    let names: HashMap<SubscriptionId, String> = store
        .subscriptions()
        .await?
        .into_iter()
        .map(|one| (one.id, one.name))
        .collect();
    let name = |job: &Job| {
        let name = names.get(&job.scope.subscription);
        name.cloned().unwrap_or_default()
    };
    let mut table = Table::new([
        ("job", Align::Right),
        ("subscription", Align::Left),
        ("level", Align::Left),
        ("what", Align::Left),
        ("state", Align::Left),
        ("asked for by", Align::Left),
        ("due (UTC)", Align::Left),
        ("tries", Align::Right),
        ("run", Align::Right),
    ]);
    for job in &jobs {
        let tone = match job.state {
            State::Done => Tone::Good,
            State::Running => Tone::Strong,
            State::Waiting => Tone::Faint,
            State::Cancelled => Tone::Warning,
            State::Failed | State::Expired => Tone::Bad,
        };
        let asked_by = job.origin.by.as_deref();
        table.row([
            job.id.0.to_string(),
            name(job),
            job.scope.level.to_string(),
            what(&job.kind).into(),
            app.out.toned(tone, job.state.name()),
            asked_by.unwrap_or(job.origin.trigger.name()).into(),
            time::second(job.due_at),
            job.tries.to_string(),
            job.run.map_or_else(|| "–".into(), |run| run.to_string()),
        ]);
    }
    let listed: Vec<Value> = jobs.iter().map(|job| described(job, &name(job))).collect();
    let report = json!({ "schema": 1, "jobs": listed });
    if table.is_empty() {
        let text = if all {
            "There was no job yet."
        } else {
            "Nothing waits, and nothing is under way."
        };
        app.out.report(&report, text);
    } else {
        app.out.report(&report, table);
    }
    Ok(Exit::Done)
}

fn what(kind: &Kind) -> &'static str {
    match kind {
        Kind::Sync => "sync",
        Kind::Measure(_) => "measurement of a key",
        Kind::Import { .. } => "import of ids",
        Kind::Remove(_) => "removal of ids",
        Kind::Deliver => "delivery",
        Kind::Compare { .. } => "comparison",
    }
}

fn described(job: &Job, subscription: &str) -> Value {
    json!({
        "job": job.id.0,
        "subscription": subscription,
        "level": job.scope.level.name(),
        "kind": job.kind.name(),
        "state": job.state.name(),
        "origin": job.origin.trigger.name(),
        "asked_by": job.origin.by,
        "due_at": time::exact(job.due_at),
        "expires_at": job.expires_at.map(time::exact),
        "started_at": job.started_at.map(time::exact),
        "finished_at": job.finished_at.map(time::exact),
        "tries": job.tries,
        "cancelling": job.cancelling,
        "run": job.run.map(|run| run.to_string()),
        "problem": Explanation::of_job(job),
    })
}

async fn cancel(app: &App, job: i64) -> Outcome {
    let store = app.open().await?;
    if !store.cancel_job(JobId(job), app.clock.now()).await? {
        return Err(Trouble::UnknownJob(job).into());
    }
    let state = store.job(JobId(job)).await?.map(|job| job.state);
    let text = match state {
        Some(State::Running) => format!("Job {job} is asked to stop."),
        _ => format!("Job {job} is taken out of the queue."),
    };
    app.out.report(
        &json!({ "schema": 1, "job": job, "state": state.map(State::name) }),
        text,
    );
    Ok(Exit::Done)
}
