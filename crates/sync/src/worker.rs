//! The part of a process that works: it plans the windows of schedules, and takes jobs from the queue and carries them out.

mod import;
mod outside;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use model::PropertyName;
use store::{
    Store,
    job::{Claim, End, Job, Kind, Lost, Ticket},
    run::{State, Trigger},
    schedule::Missed,
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Explain as _, Explanation, Progress, Request, RunReport, Runner, Stops,
    again::Again,
    patience::patiently,
    planner::Planner,
    runner::{Error, Underway},
};

/// How long a worker rests when there is nothing to do: a job that another process puts in the queue is seen after that.
const REST: Duration = Duration::from_secs(1);

/// How often the rest is doubled while nothing can be done.
const MOST_DOUBLINGS: u32 = 4;

/// How often jobs of dead processes and jobs whose time is over are looked for.
const TIDY: SignedDuration = SignedDuration::from_secs(5);

/// How often progress is noted for other processes, and theirs wish to stop it heard.
const PACE: Duration = Duration::from_secs(1);

/// How a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Jobs that are under way at once, at most; one at least.
    pub at_once: usize,
    /// Subscriptions are synced by their schedules. Otherwise only what people ask for is done.
    pub schedule: bool,
}

/// Works until it is told to stop.
#[derive(Debug)]
pub struct Worker {
    runner: Runner,
    planner: Planner,
    settings: Settings,
    /// When schedules are looked at next, and what became of jobs.
    plan_at: Timestamp,
    tidy_at: Timestamp,
}

impl Worker {
    /// A worker of this process.
    pub fn new(runner: Runner, settings: Settings) -> Self {
        let planner = Planner::new(runner.store().clone(), Arc::clone(runner.clock()));
        Self {
            runner,
            planner,
            settings,
            plan_at: Timestamp::MIN,
            tidy_at: Timestamp::MIN,
        }
    }

    /// Plans and works until `stop`. Then runs that are under way finish their page, unless they apply already, and go back to
    /// the queue with what they have staged.
    ///
    /// The store may fail meanwhile: it is tried again.
    pub async fn work(mut self, stop: CancellationToken) {
        let at_once = self.settings.at_once.max(1);
        let slots = Arc::new(Semaphore::new(at_once));
        // A destination that does not answer may hold its slots for long: half of them stay for what it has nothing to do with.
        let outside = Arc::new(Semaphore::new(at_once.div_ceil(2)));
        let mut jobs = JoinSet::new();
        let mut failures = 0;
        while !stop.is_cancelled() {
            let now = self.runner.clock().now();
            if let Err(error) = self.plan(now).await {
                tracing::error!(error = crate::chain(&error), "jobs could not be planned");
            }
            // Only when it is free: whoever else is may take the next job.
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = jobs.join_next() => {}
                    () = tokio::time::sleep(REST) => {}
                }
                continue;
            };
            let room = Arc::clone(&outside).try_acquire_owned().ok();
            let store = self.runner.store();
            let claimed = if room.is_some() {
                store.claim(now).await
            } else {
                store.claim_inside(now).await
            };
            match claimed {
                Ok(Some(claim)) => {
                    failures = 0;
                    let room = room.filter(|_| claim.job.kind.is_outside());
                    let (runner, stop) = (self.runner.clone(), stop.clone());
                    jobs.spawn(async move {
                        carry_out(&runner, claim, &stop).await;
                        drop((slot, room));
                    });
                }
                Ok(None) => {
                    failures = 0;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        Some(_) = jobs.join_next() => {}
                        () = self.runner.rest(REST) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(error = crate::chain(&error), "no job could be begun");
                    let rest = REST * (1 << failures.min(MOST_DOUBLINGS));
                    failures += 1;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(rest) => {}
                    }
                }
            }
        }
        // Jobs hand themselves back.
        while jobs.join_next().await.is_some() {}
    }

    /// Does one turn of the work: plans, and carries out the job whose turn it is. Says whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn turn(&mut self, stop: &CancellationToken) -> Result<bool, store::Error> {
        let now = self.runner.clock().now();
        self.plan(now).await?;
        let Some(claim) = self.runner.store().claim(now).await? else {
            return Ok(false);
        };
        carry_out(&self.runner, claim, stop).await;
        Ok(true)
    }

    /// Looks at schedules and at what became of jobs, each when its time has come.
    async fn plan(&mut self, now: Timestamp) -> Result<(), store::Error> {
        // A clock that was set back must not make it wait.
        let due =
            |at: Timestamp| now >= at || at.duration_since(now) > SignedDuration::from_mins(5);
        if due(self.tidy_at) {
            self.tidy_at = now + TIDY;
            for job in self.runner.store().tidy_jobs(now).await? {
                note_ended(self.runner.store(), &job, now).await?;
            }
            self.runner.store().tidy_runs(now).await?;
            self.runner.store().tidy_uploads(now).await?;
            self.runner.ask_for_deliveries().await?;
        }
        if self.settings.schedule && due(self.plan_at) {
            // Also after a failure, so that it is not tried again and again.
            self.plan_at = now + TIDY;
            self.plan_at = self.planner.look().await?.next;
        }
        Ok(())
    }
}

/// A job that ended without being carried out: if the schedule asked for it, its window was missed.
async fn note_ended(store: &Store, job: &Job, now: Timestamp) -> Result<(), store::Error> {
    tracing::error!(
        job = job.id.0,
        state = job.state.name(),
        level = %job.scope.level,
        "a job was not carried out"
    );
    if job.origin.trigger != Trigger::Schedule {
        return Ok(());
    }
    let missed = Missed {
        opens: job.due_at,
        closes: job.expires_at.unwrap_or(now),
        windows: 1,
    };
    let subscription = job.scope.subscription;
    store.note_missed(subscription, missed, now).await.map(drop)
}

/// Carries a job out, and says in the queue what has become of it.
pub(crate) async fn carry_out(runner: &Runner, claim: Claim, stop: &CancellationToken) {
    match claim.job.kind {
        Kind::Sync | Kind::Measure(_) => carry_out_run(runner, &claim, stop).await,
        Kind::Import { .. } | Kind::Remove(_) => carry_out_import(runner, &claim, stop).await,
        Kind::Deliver | Kind::Compare { .. } => {
            let claim = Arc::new(claim);
            let end = outside::carry_out(runner, &claim, stop).await;
            note_end(runner, &claim, &end, stop).await;
        }
    }
}

/// Carries out a job about a file of ids.
async fn carry_out_import(runner: &Runner, claim: &Claim, stop: &CancellationToken) {
    let end = import::carry_out(runner, claim, stop).await;
    note_end(runner, claim, &end, stop).await;
    // The file itself is not needed any more, if that was all.
    let now = runner.clock().now();
    if let Err(error) = runner.store().tidy_uploads(now).await {
        tracing::warn!(
            error = crate::chain(&error),
            "uploads could not be tidied up"
        );
    }
}

/// Carries out a job that becomes a run.
async fn carry_out_run(runner: &Runner, claim: &Claim, stop: &CancellationToken) {
    let job = &claim.job;
    let (sender, progress) = watch::channel(Progress {
        level: Some(job.scope.level),
        ..Progress::default()
    });
    let stops = Stops {
        hand_over: stop.clone(),
        ..Stops::default()
    };
    let cancel = &stops.cancel;
    let underway = Underway {
        progress: progress.clone(),
        cancel: cancel.clone(),
    };
    runner.underways().insert(job.scope, underway);
    // A run is large: it has a place of its own.
    let mut execution = Box::pin(runner.execute(request(claim), &sender, &stops));
    let note = || progress.borrow().written();
    let watching = watch_over(runner.store(), claim.ticket, note, cancel);
    tokio::pin!(watching);
    let mut lost = false;
    let ended = loop {
        tokio::select! {
            ended = &mut execution => break ended,
            Lost = &mut watching, if !lost => {
                lost = true;
                cancel.cancel();
            }
        }
    };
    let now = runner.clock().now();
    let end = match &ended {
        Ok(report) => end_of(job, report, now),
        // Its process died before it could say so in the queue.
        Err(error) if error.is_done() => End::Done,
        Err(error) => {
            tracing::warn!(
                job = job.id.0,
                error = crate::chain(error),
                "a run could not begin"
            );
            refused(job, error, now)
        }
    };
    note_end(runner, claim, &end, stop).await;
    runner.underways().remove(&job.scope);
}

/// Says in the queue what has become of a job. While the database is away the job stays ours, until the process is stopped.
async fn note_end(runner: &Runner, claim: &Claim, end: &End, stop: &CancellationToken) {
    let (store, now, job) = (runner.store(), runner.clock().now(), claim.job.id.0);
    let note = || store.end_job(claim, end, now);
    match patiently(stop, note).await {
        Ok(Ok(())) => {}
        Ok(Err(lost)) => {
            tracing::warn!(job, %lost, "what a job has come to is not noted");
            if let Err(error) = patiently(stop, || store.survive(claim.ticket)).await {
                tracing::warn!(
                    job,
                    error = crate::chain(&error),
                    "a job counts a death too many"
                );
            }
        }
        // It waits again as soon as somebody tidies up, and is done a second time, which changes nothing.
        Err(error) => tracing::error!(
            job,
            error = crate::chain(&error),
            "what a job has come to could not be noted"
        ),
    }
}

fn request(claim: &Claim) -> Request {
    let job = &claim.job;
    let measured = match &job.kind {
        Kind::Measure(key) => Some(PropertyName::new(key)),
        _ => None,
    };
    Request {
        scope: job.scope,
        dry_run: measured.is_some(),
        origin: job.origin.clone(),
        measured,
        job: Some(claim.ticket),
    }
}

/// Notes progress for other processes, and hears from them. Ends when the job is lost.
async fn watch_over(
    store: &Store,
    ticket: Ticket,
    note: impl Fn() -> String,
    cancel: &CancellationToken,
) -> Lost {
    loop {
        match store.note_progress(ticket, &note()).await {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => cancel.cancel(),
            Ok(Err(lost)) => return lost,
            Err(error) => {
                tracing::warn!(error = crate::chain(&error), "progress could not be noted");
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

/// What a run's end means for its job.
fn end_of(job: &Job, report: &RunReport, now: Timestamp) -> End {
    match (report.result, &report.error) {
        // It is not over: it was left to another process.
        (State::Running, _) => End::HandedBack,
        (State::Cancelled, _) => End::Cancelled,
        (State::Failed, Some(problem)) => again(job, report.again, problem, now),
        _ => End::Done,
    }
}

/// What it means for a job that its run could not begin.
fn refused(job: &Job, error: &Error, now: Timestamp) -> End {
    again(job, Again::after(error), &error.explain(), now)
}

/// The schedule tries again as long as its window is open. People are told at once: they are there to decide.
fn again(job: &Job, again: Again, problem: &Explanation, now: Timestamp) -> End {
    let problem = serde_json::to_string(problem).expect("an explanation serialises");
    let at = match job.origin.trigger {
        Trigger::Schedule => again.at(job.tries, now),
        Trigger::Command | Trigger::Page | Trigger::Measure => None,
    };
    match at {
        Some(at) => End::Again { at, problem },
        None => End::Failed { problem },
    }
}
