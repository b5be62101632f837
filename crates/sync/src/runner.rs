//! Runs: asked for, executed, followed and stopped, whichever process has them under way.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use model::Clock;
use store::{
    Scope, Store,
    job::{self, JobId, Kind, NewJob, Priority},
    run::{Origin, State},
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Context, Progress, ReaderChoice, Request, RunReport, Stops,
    connect::{self, Connector},
    destination::{self, Destinations},
    patience::Patience,
    run::{Error as RunError, run},
    worker,
};

/// How often what another process may have under way is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How often it is looked up who else draws on a portal's quota.
const SHARE: Duration = Duration::from_secs(1);

/// How long after a delivery its values are looked at: a destination may show them later than it has acknowledged them.
const SETTLED: SignedDuration = SignedDuration::from_hours(2);

/// How long a comparison of a destination's values with what was sent serves.
const COMPARED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What runs are done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How records are read.
    pub reader: ReaderChoice,
    /// How long details of runs are kept, in days.
    pub retention_days: u32,
}

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection that works.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// What is stored about the destination outside cannot be used.
    #[error(transparent)]
    Destination(#[from] destination::Error),
    /// Not mapped, or the level is busy.
    #[error(transparent)]
    Run(#[from] RunError),
    /// What runs left could not be tidied up.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whether there is nothing to do, as the job was done before.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.of_store(), Some(store::Error::JobDone(_)))
    }

    /// The store's, if it is one.
    fn of_store(&self) -> Option<&store::Error> {
        match self {
            Self::Connect(connect::Error::Store(error))
            | Self::Destination(destination::Error::Store(error))
            | Self::Run(RunError::Store(error))
            | Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// A run that is under way in this process.
#[derive(Debug, Clone)]
pub(crate) struct Underway {
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) cancel: CancellationToken,
}

/// Executes runs, and knows of those that others execute. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Runner {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    connector: Connector,
    destinations: Destinations,
    clock: Arc<dyn Clock>,
    settings: Settings,
    underway: Mutex<HashMap<Scope, Underway>>,
    /// Told when there may be a job to begin.
    wake: Notify,
}

impl Runner {
    /// For a process.
    pub fn new(
        store: Store,
        connector: Connector,
        destinations: Destinations,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                connector,
                destinations,
                clock,
                settings,
                underway: Mutex::default(),
                wake: Notify::new(),
            }),
        }
    }

    /// Where connections and clients come from.
    pub fn connector(&self) -> &Connector {
        &self.shared.connector
    }

    /// Where destinations outside come from.
    pub fn destinations(&self) -> &Destinations {
        &self.shared.destinations
    }

    /// Executes one run to its end, notes whether the connection works, and forgets what is past retention. A run goes on
    /// when the database was away for a while.
    ///
    /// # Errors
    /// When no run could begin, or the database stays away. Any other failure after that is in the report.
    pub async fn execute(
        &self,
        request: Request,
        progress: &watch::Sender<Progress>,
        stops: &Stops,
    ) -> Result<RunReport, Error> {
        let scope = request.scope;
        let mut patience = Patience::begin();
        let report = loop {
            // A run is large: it has a place of its own.
            let attempt = Box::pin(self.attempt(request.clone(), progress, stops));
            match attempt.await {
                Ok(report) => break report,
                Err(error) => match error.of_store() {
                    Some(away) if patience.outlasts(away, stops.any()).await => {}
                    _ => return Err(error),
                },
            }
        };
        // The run has ended, whatever becomes of this.
        if let Err(error) = self.follow_up(scope, &report).await {
            tracing::warn!(
                error = crate::chain(&error),
                "a run could not be followed up"
            );
        }
        Ok(report)
    }

    async fn attempt(
        &self,
        request: Request,
        progress: &watch::Sender<Progress>,
        stops: &Stops,
    ) -> Result<RunReport, Error> {
        let Shared {
            store,
            connector,
            destinations,
            clock,
            settings,
            ..
        } = &*self.shared;
        let subscription = request.scope.subscription;
        let context = Context {
            store: store.clone(),
            client: connector.client(subscription).await?,
            destination: destinations.of(subscription).await?,
            clock: Arc::clone(clock),
            reader: settings.reader,
        };
        tokio::select! {
            ended = run(&context, request, progress, stops) => Ok(ended?),
            never = self.share_quotas() => match never {},
        }
    }

    /// Keeps to this process's share of each portal's quota, for as long as a run is under way.
    async fn share_quotas(&self) -> Infallible {
        loop {
            if let Err(error) = self.connector().share_quotas().await {
                tracing::debug!(
                    error = crate::chain(&error),
                    "the share of quotas stays as it was"
                );
            }
            tokio::time::sleep(SHARE).await;
        }
    }

    async fn follow_up(&self, scope: Scope, report: &RunReport) -> Result<(), store::Error> {
        note_connection(self.store(), scope, report).await?;
        if report.delivery.is_some() {
            self.ask_outside(scope).await?;
        }
        self.forget_old().await
    }

    /// Puts in the queue what is to be done outside after a run: sending what waits, and after that, now and then, comparing.
    async fn ask_outside(&self, scope: Scope) -> Result<(), store::Error> {
        if self.deliver_now(scope).await? {
            return Ok(());
        }
        self.compare_if_due(scope).await
    }

    /// Puts a comparison of a sample in the queue, unless the last one serves.
    pub(crate) async fn compare_if_due(&self, scope: Scope) -> Result<(), store::Error> {
        let now = self.clock().now();
        let compared = self.store().comparison(scope).await?;
        let fresh = compared.is_some_and(|last| now.duration_since(last.at).abs() < COMPARED_FOR);
        if !fresh && self.store().count_fed(scope).await? > 0 {
            let kind = Kind::Compare { all: false };
            let job = NewJob {
                due_at: now + SETTLED,
                ..wish(scope, kind, Origin::default(), now)
            };
            self.store().ask(&job, now).await?;
        }
        Ok(())
    }

    /// Puts in the queue the sending of what waits and nobody sends: because it has just been put in the outbox, its process died,
    /// or its job was given up.
    pub async fn ask_for_deliveries(&self) -> Result<(), store::Error> {
        for scope in self.store().undelivered_levels().await? {
            self.ask_for(scope, Kind::Deliver, Origin::default())
                .await?;
        }
        Ok(())
    }

    /// Puts in the queue the sending of what waits of a level, now, whenever it was to be tried again. Says whether anything waits.
    pub async fn deliver_now(&self, scope: Scope) -> Result<bool, store::Error> {
        let waits = self.store().next_cause(scope).await?.is_some();
        if waits {
            self.ask_for(scope, Kind::Deliver, Origin::default())
                .await?;
        }
        Ok(waits)
    }

    /// Puts a job in the queue that no run comes of. One of its kind that is there already is taken for it.
    pub async fn ask_for(
        &self,
        scope: Scope,
        kind: Kind,
        origin: Origin,
    ) -> Result<JobId, store::Error> {
        let Shared { store, clock, .. } = &*self.shared;
        let now = clock.now();
        let job = wish(scope, kind, origin, now);
        let id = store.ask(&job, now).await?;
        self.wake();
        Ok(id)
    }

    /// Forgets what is past retention, as every run does at its end.
    pub async fn forget_old(&self) -> Result<(), store::Error> {
        let Shared {
            store,
            clock,
            settings,
            ..
        } = &*self.shared;
        let kept = SignedDuration::from_hours(i64::from(settings.retention_days) * 24);
        // A retention that reaches back before time itself keeps everything.
        if let Ok(cutoff) = clock.now().checked_sub(kept) {
            store.prune(cutoff).await?;
            store.forget_jobs(cutoff).await?;
        }
        Ok(())
    }

    /// Puts a run in the queue, from which a process takes it. One of its kind that is there already is taken for it.
    pub async fn ask(&self, request: Request) -> Result<JobId, store::Error> {
        let kind = match request.measured {
            Some(key) => Kind::Measure(key.to_string()),
            None => Kind::Sync,
        };
        self.ask_for(request.scope, kind, request.origin).await
    }

    /// Does what is to be done outside about a level, if it is due and nobody does it, or waits until it is done. It may be left for
    /// later: then it waits in the queue.
    pub async fn see_to_outside(
        &self,
        scope: Scope,
        stop: &CancellationToken,
    ) -> Result<(), store::Error> {
        while !stop.is_cancelled() {
            let now = self.clock().now();
            let Some(job) = self.store().outside_job(scope, now).await? else {
                return Ok(());
            };
            if let Some(claim) = self.store().claim_job(job.id, now).await? {
                // A job is large: it has a place of its own.
                Box::pin(worker::carry_out(self, claim, stop)).await;
            } else {
                // Its process may have died.
                self.store().tidy_jobs(now).await?;
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Asks the run of a level that waits or is under way to stop, whichever process has it. Says whether there was one.
    ///
    /// Until it applies it stops, and changes nothing; after that it ends whole.
    pub async fn stop(&self, scope: Scope) -> Result<bool, store::Error> {
        let Shared { store, clock, .. } = &*self.shared;
        let now = clock.now();
        let Some(job) = store.present_job(scope, now).await? else {
            return Ok(false);
        };
        let stopped = store.cancel_job(job.id, now).await?;
        if let Some(underway) = self.underways().get(&scope) {
            underway.cancel.cancel();
        }
        Ok(stopped)
    }

    /// Where the run of a level stands that waits or is under way, whichever process has it; `None` if there is none. The
    /// channel closes when it is over.
    pub async fn follow(
        &self,
        scope: Scope,
    ) -> Result<Option<watch::Receiver<Progress>>, store::Error> {
        if let Some(underway) = self.underways().get(&scope) {
            return Ok(Some(underway.progress.clone()));
        }
        let Some(first) = self.present(scope).await? else {
            return Ok(None);
        };
        let runner = self.clone();
        Ok(Some(followed(first, move || {
            let runner = runner.clone();
            async move { runner.present(scope).await }
        })))
    }

    /// Where the run of a level stands that waits or is under way: as this process knows, or as another one has noted.
    pub async fn present(&self, scope: Scope) -> Result<Option<Progress>, store::Error> {
        if let Some(underway) = self.underways().get(&scope) {
            return Ok(Some(*underway.progress.borrow()));
        }
        let Shared { store, clock, .. } = &*self.shared;
        let job = store.present_job(scope, clock.now()).await?;
        Ok(job.map(|job| Progress {
            level: Some(scope.level),
            run: job.run,
            ..Progress::read(
                job.note
                    .as_deref()
                    .filter(|_| job.state == job::State::Running),
            )
        }))
    }

    /// Waits until a job may have come, at most for a while.
    pub(crate) async fn rest(&self, most: Duration) {
        // Whether it was woken or slept enough makes no difference.
        drop(tokio::time::timeout(most, self.shared.wake.notified()).await);
    }

    /// Tells the worker that there may be a job.
    pub(crate) fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// What this process has under way.
    pub(crate) fn underways(&self) -> MutexGuard<'_, HashMap<Scope, Underway>> {
        let underway = self.shared.underway.lock();
        underway.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }
}

/// A job for a person, who waits for it from now on.
pub(crate) fn wish(scope: Scope, kind: Kind, origin: Origin, now: Timestamp) -> NewJob {
    NewJob {
        scope,
        kind,
        origin,
        priority: Priority::Person,
        due_at: now,
        expires_at: None,
    }
}

/// What is looked at again and again, from `first` on. The channel closes when there is nothing more to see.
pub(crate) fn followed<T, F>(first: T, look: impl Fn() -> F + Send + 'static) -> watch::Receiver<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<Option<T>, store::Error>> + Send,
{
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            match look().await {
                Ok(Some(seen)) => drop(sender.send_replace(seen)),
                // Whoever follows asks for the page anew, and learns what is wrong.
                Ok(None) | Err(_) => return,
            }
        }
    });
    receiver
}

/// Remembers whether the connection works.
async fn note_connection(
    store: &Store,
    scope: Scope,
    report: &RunReport,
) -> Result<(), store::Error> {
    let broken = match &report.error {
        // The numbers of a token that is not accepted and of a grant that has ended.
        Some(error) if matches!(error.code.as_str(), "TRB0024" | "TRB0025") => {
            Some(error.message.as_str())
        }
        None if matches!(report.result, State::Success | State::Partial) => None,
        Some(_) | None => return Ok(()),
    };
    store
        .set_connection_broken(scope.subscription, broken)
        .await
}
