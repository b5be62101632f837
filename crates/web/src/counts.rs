//! How full fields are, being counted behind the pages.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use store::{Scope, Store};

/// What this process counts: each level once at a time, however many pages wait for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    underway: Arc<Mutex<HashSet<Scope>>>,
}

/// A count that is under way as long as this is there.
struct Underway(Counts, Scope);

impl Counts {
    /// Counts the values of a level's fields, unless that is being done.
    pub(crate) fn start(&self, store: &Store, scope: Scope, now: Timestamp) {
        if !self.lock().insert(scope) {
            return;
        }
        let (store, underway) = (store.clone(), Underway(self.clone(), scope));
        tokio::spawn(async move {
            if let Err(error) = store.count_fields(scope, now).await {
                tracing::warn!(%error, "the values of fields could not be counted");
            }
            drop(underway);
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Scope>> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}
