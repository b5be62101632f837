//! Runs that go on in the background of a process, watched and cancelled from elsewhere in it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;
use model::{Clock, RunId};
use store::{Scope, Store, run::State};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    Context, Progress, ReaderChoice, Request, RunReport,
    connect::{self, Connector},
    run::{Error as RunError, run},
};

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
    /// Not mapped, or the level is busy.
    #[error(transparent)]
    Run(#[from] RunError),
    /// What runs left could not be tidied up.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A run that is under way in this process.
#[derive(Debug, Clone)]
pub struct Underway {
    /// Where it stands.
    pub progress: watch::Receiver<Progress>,
    cancel: CancellationToken,
}

impl Underway {
    /// Asks it to stop. Until it applies it does, and changes nothing; after that it ends whole.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

/// Executes runs. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Runner {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    connector: Connector,
    clock: Arc<dyn Clock>,
    settings: Settings,
    levels: Mutex<HashMap<Scope, Level>>,
    /// Cancelled when the process ends.
    ending: CancellationToken,
}

/// What this process knows of a level's runs.
#[derive(Debug, Default)]
struct Level {
    underway: Option<Underway>,
    task: Option<JoinHandle<()>>,
    /// Why the last run that was asked for could not begin.
    refused: Option<Arc<Error>>,
}

impl Runner {
    /// For a process.
    pub fn new(
        store: Store,
        connector: Connector,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                connector,
                clock,
                settings,
                levels: Mutex::default(),
                ending: CancellationToken::new(),
            }),
        }
    }

    /// Where connections and clients come from.
    pub fn connector(&self) -> &Connector {
        &self.shared.connector
    }

    /// Executes one run to its end, notes whether the connection works, and forgets what is past retention.
    ///
    /// # Errors
    /// When no run could begin. A failure after that is in the report.
    pub async fn execute(
        &self,
        request: Request,
        progress: &watch::Sender<Progress>,
        cancel: &CancellationToken,
    ) -> Result<RunReport, Error> {
        let Shared {
            store,
            connector,
            clock,
            settings,
            ..
        } = &*self.shared;
        let subscription = request.scope.subscription;
        let context = Context {
            store: store.clone(),
            client: connector.client(subscription).await?,
            clock: Arc::clone(clock),
            reader: settings.reader,
        };
        let scope = request.scope;
        let report = run(&context, request, progress, cancel).await?;
        note_connection(store, scope, &report).await?;
        self.forget_old().await?;
        Ok(report)
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
        }
        Ok(())
    }

    /// Starts runs one after the other in the background, each unless its level is running in this process already.
    ///
    /// A run that is cancelled takes those behind it along.
    pub fn start(&self, requests: impl IntoIterator<Item = Request>) {
        let cancel = self.shared.ending.child_token();
        let mut queue = Vec::new();
        let mut levels = self.levels();
        for request in requests {
            let level = levels.entry(request.scope).or_default();
            if level.underway.is_none() {
                let (sender, progress) = watch::channel(Progress {
                    level: Some(request.scope.level),
                    ..Progress::default()
                });
                level.refused = None;
                level.underway = Some(Underway {
                    progress,
                    cancel: cancel.clone(),
                });
                queue.push((request, sender));
            }
        }
        let Some((first, _)) = queue.first() else {
            return;
        };
        let first = first.scope;
        let runner = self.clone();
        let task = tokio::spawn(async move {
            for (request, sender) in queue {
                let scope = request.scope;
                if cancel.is_cancelled() {
                    runner.levels().entry(scope).or_default().underway = None;
                    continue;
                }
                let ended = runner.execute(request, &sender, &cancel).await;
                let mut levels = runner.levels();
                let level = levels.entry(scope).or_default();
                level.underway = None;
                match ended {
                    Ok(report) if report.result == State::Cancelled => cancel.cancel(),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(error = crate::chain(&error), "a run could not begin");
                        level.refused = Some(Arc::new(error));
                    }
                }
            }
        });
        levels.entry(first).or_default().task = Some(task);
    }

    /// The run of a level that is under way in this process.
    pub fn underway(&self, scope: Scope) -> Option<Underway> {
        self.levels().get(&scope)?.underway.clone()
    }

    /// Why the last run of a level that this process was asked for could not begin.
    pub fn refused(&self, scope: Scope) -> Option<Arc<Error>> {
        self.levels().get(&scope)?.refused.clone()
    }

    /// Asks a run to stop; says whether this process has it under way.
    pub fn cancel(&self, run: RunId) -> bool {
        let levels = self.levels();
        let underway = levels
            .values()
            .filter_map(|level| level.underway.as_ref())
            .find(|underway| underway.progress.borrow().run == Some(run));
        if let Some(underway) = underway {
            underway.cancel();
        }
        underway.is_some()
    }

    /// Cancels what is under way and waits until it has ended.
    pub async fn shut_down(&self) {
        self.shared.ending.cancel();
        let tasks: Vec<_> = self
            .levels()
            .values_mut()
            .filter_map(|level| level.task.take())
            .collect();
        for task in tasks {
            // One that panicked has ended too.
            drop(task.await);
        }
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<Scope, Level>> {
        let levels = self.shared.levels.lock();
        levels.unwrap_or_else(PoisonError::into_inner)
    }
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
