//! `tributary sync`.

use std::{borrow::Cow, convert::Infallible, time::Duration};

use model::{Level, RunId};
use serde_json::{Value, json};
use store::{Scope, Store, outbox::Cause, run::State};
use sync::{Phase, Progress, Request, RunReport, Runner, Stops};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    cli,
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output::{Output, number::grouped},
    report, stop,
    trouble::Trouble,
};

/// How often it is looked how far a delivery is.
const LOOK: Duration = Duration::from_millis(250);

/// Carry the mapped properties over, and prove the result.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// visitor, account, or all that are mapped.
    #[arg(long, default_value = "all", value_parser = levels, value_name = "LEVEL")]
    level: Levels,
    /// Count as if applied, and change no values. Ids of a destination outside are taken in all the same.
    #[arg(long)]
    dry_run: bool,
    /// With a destination outside: do not wait until it has taken every change. The exit status is 3 until it has.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Levels {
    One(Level),
    All,
}

fn levels(text: &str) -> Result<Levels, String> {
    match text {
        "all" => Ok(Levels::All),
        one => cli::level(one)
            .map(Levels::One)
            .map_err(|_| format!("{one:?} is not a level; write visitor, account or all")),
    }
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let mut scopes = Vec::new();
    for level in Level::ALL {
        let scope = Scope {
            subscription,
            level,
        };
        let wanted = match args.level {
            Levels::One(one) => one == level,
            Levels::All => store.mapping(scope).await?.is_some(),
        };
        if wanted {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(Trouble::NothingMapped.into());
    }
    for scope in &scopes {
        // Before the connection: it is what has to be done first, and works without one being asked.
        if store.mapping(*scope).await?.is_none() {
            return Err(sync::Error::NotMapped { level: scope.level }.into());
        }
    }
    let cancel = stop::on_interrupt(
        "Stopping: nothing of this run will be changed. (Ctrl-C again ends at once)",
    );
    let runner = app.runner(&store)?;
    let mut ended = run_levels(app, &runner, &scopes, args.dry_run, &cancel).await?;
    if !args.no_wait {
        ended.deliver(app, &runner, &store, &cancel).await?;
    }
    let failed = ended.failure();
    let report = ended.json(args.dry_run);
    if let Some(failure) = failed {
        ended.say(app.out);
        return Err(failure.reporting(report));
    }
    app.out.report(&report, ended.text(app.out));
    Ok(ended.exit())
}

/// How the runs of one command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) reports: Vec<RunReport>,
    /// A run that could not begin.
    refused: Option<Failure>,
}

/// Runs each level in turn, showing how far it is.
pub(crate) async fn run_levels(
    app: &App,
    runner: &Runner,
    scopes: &[Scope],
    dry_run: bool,
    cancel: &CancellationToken,
) -> Result<Ended, Failure> {
    let mut ended = Ended {
        reports: Vec::new(),
        refused: None,
    };
    for scope in scopes {
        let (sender, receiver) = watch::channel(Progress::default());
        let watching = tokio::spawn(show(app.out, scope.level, receiver));
        let run = runner
            .execute(
                Request::command(*scope, dry_run),
                &sender,
                &Stops::cancelled_by(cancel),
            )
            .await;
        drop(sender);
        // It only draws; what becomes of it changes nothing.
        drop(watching.await);
        match run {
            Ok(report) => {
                let stopped = report.result == State::Cancelled;
                ended.reports.push(report);
                if stopped {
                    break;
                }
            }
            Err(error) => {
                ended.refused.get_or_insert(error.into());
            }
        }
    }
    Ok(ended)
}

impl Ended {
    /// Sees to it that the destination outside gets what these runs have changed, and says how that ended. While it is away for
    /// long, that is left to `tributary serve` or to the next sync.
    pub(crate) async fn deliver(
        &mut self,
        app: &App,
        runner: &Runner,
        store: &Store,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let subscription = app.subscription(store).await?.id;
        for report in &mut self.reports {
            if report.delivery.is_none() {
                continue;
            }
            let scope = Scope {
                subscription,
                level: report.level,
            };
            let watching = show_delivery(app.out, store, scope, report.run);
            tokio::select! {
                seen = runner.see_to_outside(scope, cancel) => seen?,
                never = watching => match never? {},
            }
            if let Some(run) = store.run(subscription, report.run).await? {
                report.settle(&run);
            }
        }
        Ok(())
    }

    /// The worst that happened.
    pub(crate) fn exit(&self) -> Exit {
        let refused = self
            .refused
            .as_ref()
            .map_or(Exit::Done, |failure| failure.exit);
        self.reports.iter().fold(refused, |worst, report| {
            worst.worst(match report.result {
                State::Success if report.proved => Exit::Done,
                State::Delivering | State::Success | State::Partial | State::Cancelled => {
                    Exit::Partial
                }
                State::Failed | State::Running => Exit::Failed,
            })
        })
    }

    /// What the command fails with, if it does.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let failed = || self.reports.iter().find_map(|report| report.error.clone());
        let refused = self
            .refused
            .as_ref()
            .map(|failure| failure.explanation.clone());
        let explanation = refused.or_else(failed)?;
        Some(Failure::explained(explanation, self.exit()))
    }

    /// The contract's object.
    pub(crate) fn json(&self, dry_run: bool) -> Value {
        json!({ "schema": 1, "dry_run": dry_run, "runs": self.reports })
    }

    /// Shows people what there is beside the failure, which is shown after it.
    pub(crate) fn say(&self, out: Output) {
        for run in &self.reports {
            let mut report = json!(run);
            if let Some(report) = report.as_object_mut() {
                report.remove("error");
            }
            out.say(report::text(out, &report));
        }
    }

    /// All reports for people.
    pub(crate) fn text(&self, out: Output) -> String {
        let texts: Vec<String> = self
            .reports
            .iter()
            .map(|run| report::text(out, &json!(run)))
            .collect();
        texts.join("\n\n")
    }
}

/// Shows how far the delivery of a run is, until this is dropped.
async fn show_delivery(
    out: Output,
    store: &Store,
    scope: Scope,
    run: RunId,
) -> Result<Infallible, Failure> {
    let mut meter = Meter::new(out);
    loop {
        if let Some(delivery) = store.delivery(scope, Cause::Run(run)).await? {
            let done = delivery.queued - delivery.pending();
            meter.show(done, Some(delivery.queued), || {
                let (done, queued) = (grouped(done), grouped(delivery.queued));
                format!(
                    "{} level: delivering, {done} of {queued} changes",
                    scope.level
                )
                .into()
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Shows a run's progress until it is over.
async fn show(out: Output, level: Level, mut progress: watch::Receiver<Progress>) {
    let mut meter = Meter::new(out);
    let mut phase = None;
    loop {
        let now = *progress.borrow_and_update();
        if phase != Some(now.phase) {
            phase = Some(now.phase);
            tracing::info!(%level, phase = doing(now.phase), "sync");
        }
        meter.show(now.records, now.expected, || message(level, &now));
        if progress.changed().await.is_err() {
            return;
        }
    }
}

fn message(level: Level, progress: &Progress) -> Cow<'static, str> {
    let mut text = vec![format!("{level} level: {}", doing(progress.phase))];
    match progress.expected {
        Some(expected) => text.push(format!(
            ", {} of {} records",
            grouped(progress.records),
            grouped(expected)
        )),
        None => text.push(format!(", {} records", grouped(progress.records))),
    }
    text.push(format!(", {} calls", grouped(progress.calls)));
    if let Some(left) = progress.quota_left {
        text.push(format!(" ({} left today)", grouped(left)));
    }
    text.concat().into()
}

const fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Plan => "planning",
        Phase::Ids => "taking in ids",
        Phase::Read => "reading",
        Phase::Reconcile => "settling",
        Phase::Apply => "applying",
        Phase::Prove => "proving",
        Phase::Done => "done",
    }
}
