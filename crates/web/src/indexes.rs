//! Indexes over fields that lists are sorted by, being built behind the pages.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use model::Group;
use store::{Scope, Store};
use tokio::sync::watch;

/// A rest after each step. Writers that wait for the database ask for it again and again, at last every 100 ms, and would
/// hardly ever find it free if it were free for less.
const REST: Duration = Duration::from_millis(110);

/// How far building is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Built {
    /// Subjects that were taken in.
    pub(crate) done: u64,
    /// Of about how many.
    pub(crate) of: u64,
    /// Nothing more happens, whether it went well or not.
    pub(crate) over: bool,
}

/// What this process builds: one task per level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes {
    underway: Arc<Mutex<HashMap<Scope, watch::Receiver<Built>>>>,
}

impl Indexes {
    /// Makes an index over a field unless there is one, and builds it.
    ///
    /// # Errors
    /// [`store::Error`].
    pub(crate) async fn provide(
        &self,
        store: &Store,
        scope: Scope,
        (group, name): (Group, &str),
        patience: Duration,
        now: Timestamp,
    ) -> Result<Built, store::Error> {
        let pins = store.pins(scope).await?;
        // Only then is anything written, and writing has to wait for each step of the building.
        if !pins
            .iter()
            .any(|pin| pin.group == group && pin.name == name)
        {
            // Too many can only be pinned for good.
            let _ = store.pin(scope, (group, name), false, now).await?;
        }
        Ok(self.build(store, scope, patience).await)
    }

    /// Builds whatever a level's indexes lack, unless that is being done, and waits for it for a moment.
    ///
    /// Returns how far it is.
    pub(crate) async fn build(&self, store: &Store, scope: Scope, patience: Duration) -> Built {
        let steps = self.start(store, scope);
        let mut waiting = steps.clone();
        let over = waiting.wait_for(|built| built.over);
        // Still at it, or the task is gone: either way the last word counts.
        drop(tokio::time::timeout(patience, over).await);
        *steps.borrow()
    }

    fn start(&self, store: &Store, scope: Scope) -> watch::Receiver<Built> {
        let mut underway = self.lock();
        if let Some(steps) = underway.get(&scope)
            && !steps.borrow().over
            && steps.has_changed().is_ok()
        {
            return steps.clone();
        }
        let first = Built {
            done: 0,
            of: 0,
            over: false,
        };
        let (say, steps) = watch::channel(first);
        underway.insert(scope, steps.clone());
        let store = store.clone();
        tokio::spawn(async move {
            if let Err(error) = work(&store, scope, &say).await {
                tracing::error!(%error, "an index over a field could not be built");
            }
            say.send_modify(|built| built.over = true);
        });
        steps
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Scope, watch::Receiver<Built>>> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work(store: &Store, scope: Scope, say: &watch::Sender<Built>) -> Result<(), store::Error> {
    let subjects = store.count_subjects(scope).await?;
    let missing = store.pins(scope).await?;
    let missing = missing.iter().filter(|pin| !pin.complete).count() as u64;
    say.send_modify(|built| built.of = subjects * missing);
    while let Some(taken) = store.build_pins(scope).await? {
        say.send_modify(|built| built.done = (built.done + taken).min(built.of));
        tokio::time::sleep(REST).await;
    }
    Ok(())
}
