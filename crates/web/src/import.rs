//! Files of ids that are being taken in: one at a time for each level.

use std::{
    collections::HashMap,
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::Clock;
use store::{Scope, Store};
use sync::{
    Explain as _, Explanation,
    import::{BadLine, Import, Options, Preview, Report, import, preview},
};
use tempfile::TempPath;
use tokio::sync::watch;

/// Bad lines that are kept to show.
const SHOWN: usize = 1_000;

/// The imports of this process.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    jobs: Mutex<HashMap<Scope, Arc<Job>>>,
}

/// A file that was sent.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its name on the sender's machine.
    pub(crate) name: String,
    /// Its length in bytes.
    pub(crate) size: u64,
    file: TempPath,
    stage: watch::Sender<Stage>,
    /// An import that waits for somebody to confirm what goes.
    waiting: tokio::sync::Mutex<Option<Import>>,
}

/// How far a file is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    /// Its beginning was read; nothing is loaded.
    Shown(Preview),
    /// It cannot be read at all.
    Unreadable(Explanation),
    /// It is being loaded.
    Loading(Report),
    /// It is loaded, and this many known ids are not in it: somebody has to say whether they go.
    Asking(Loaded, u64),
    /// It is loaded.
    Done(Loaded),
    /// Loading stopped.
    Stopped(Loaded, Explanation),
}

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Loaded {
    pub(crate) report: Report,
    /// The first bad lines.
    pub(crate) bad: Vec<BadLine>,
    /// Ids that were removed because they were not in the file.
    pub(crate) removed: u64,
}

impl Imports {
    /// The file of a level.
    pub(crate) fn of(&self, scope: Scope) -> Option<Arc<Job>> {
        self.jobs().get(&scope).cloned()
    }

    /// Puts a file away, whatever became of it. One that is being loaded is loaded to its end.
    pub(crate) fn put_away(&self, scope: Scope) {
        self.jobs().remove(&scope);
    }

    /// Reads the beginning of a file that was sent, in place of the one before.
    ///
    /// Returns `None` while that one is being loaded.
    pub(crate) async fn receive(
        &self,
        store: &Store,
        scope: Scope,
        name: String,
        file: TempPath,
    ) -> Option<Arc<Job>> {
        let loading = |job: &Arc<Job>| matches!(*job.stage.borrow(), Stage::Loading(_));
        if self.of(scope).as_ref().is_some_and(loading) {
            return None;
        }
        let opened = File::open(&file);
        let size = opened
            .as_ref()
            .ok()
            .and_then(|file| file.metadata().ok())
            .map_or(0, |facts| facts.len());
        let shown = match opened {
            Ok(file) => preview(store, scope, file, &Options::default()).await,
            Err(source) => Err(sync::import::Error::Read { line: 0, source }),
        };
        let stage = match shown {
            Ok(preview) => Stage::Shown(preview),
            Err(error) => Stage::Unreadable(error.explain()),
        };
        let job = Arc::new(Job {
            name,
            size,
            file,
            stage: watch::Sender::new(stage),
            waiting: tokio::sync::Mutex::default(),
        });
        self.jobs().insert(scope, Arc::clone(&job));
        Some(job)
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<Scope, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// How far it is.
    pub(crate) fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    /// Tells of every step.
    pub(crate) fn watch(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Starts loading a file whose beginning was shown; says whether it did.
    pub(crate) fn load(
        self: &Arc<Self>,
        store: Store,
        scope: Scope,
        clock: Arc<dyn Clock>,
        mirror: bool,
    ) -> bool {
        let started = self.stage.send_if_modified(|stage| {
            let shown = matches!(stage, Stage::Shown(_));
            if shown {
                *stage = Stage::Loading(Report::default());
            }
            shown
        });
        if started {
            let job = Arc::clone(self);
            tokio::spawn(async move { job.run(store, scope, clock, mirror).await });
        }
        started
    }

    async fn run(&self, store: Store, scope: Scope, clock: Arc<dyn Clock>, mirror: bool) {
        let mut loaded = Loaded::default();
        let options = Options {
            mirror,
            ..Options::default()
        };
        let ended = match File::open(&self.file) {
            Ok(file) => {
                let observe = |report: &Report, bad: &[BadLine]| {
                    loaded.report.clone_from(report);
                    let room = SHOWN.saturating_sub(loaded.bad.len());
                    loaded.bad.extend(bad.iter().take(room).cloned());
                    self.stage.send_replace(Stage::Loading(report.clone()));
                };
                import(&store, scope, file, options, clock, observe).await
            }
            Err(source) => Err(sync::import::Error::Read { line: 0, source }),
        };
        let stage = match ended {
            Ok(mut import) => {
                loaded.report.clone_from(import.report());
                // A line that cannot be read may hold an id: nothing goes then.
                if mirror && loaded.report.bad == 0 && loaded.report.lines > 0 {
                    match import.count_unseen().await {
                        Ok(0) => Stage::Done(loaded),
                        Ok(unseen) => {
                            *self.waiting.lock().await = Some(import);
                            Stage::Asking(loaded, unseen)
                        }
                        Err(error) => Stage::Stopped(loaded, error.explain()),
                    }
                } else {
                    Stage::Done(loaded)
                }
            }
            Err(error) => Stage::Stopped(loaded, error.explain()),
        };
        self.stage.send_replace(stage);
    }

    /// Answers the question whether ids that are not in the file shall go.
    pub(crate) async fn settle(&self, remove: bool) {
        let Some(mut import) = self.waiting.lock().await.take() else {
            return;
        };
        let Stage::Asking(mut loaded, _) = self.stage() else {
            return;
        };
        let stage = if remove {
            match import.remove_unseen().await {
                Ok(removed) => {
                    loaded.removed = removed;
                    Stage::Done(loaded)
                }
                Err(error) => Stage::Stopped(loaded, error.explain()),
            }
        } else {
            Stage::Done(loaded)
        };
        self.stage.send_replace(stage);
    }
}
