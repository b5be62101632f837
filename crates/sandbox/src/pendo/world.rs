//! Everything behind the Pendo server.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;

use super::config::Config;
use super::fault::Rule;
use super::journal::Journal;
use super::subscription::Subscription;
use super::switches::Switches;
use crate::clock::Clock;

/// The state behind the server.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) start_ms: i64,
    pub(super) seed: u64,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) latency_ms: AtomicU64,
    /// Connections end while this is on.
    pub(super) outage: watch::Sender<bool>,
    pub(super) keep_writes: bool,
    switches: RwLock<Switches>,
    journal: Mutex<Journal>,
    rules: Mutex<Vec<Rule>>,
}

impl World {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            clock: Clock::new(config.start_ms, config.flowing),
            start_ms: config.start_ms,
            seed: config.seed,
            subscriptions: config
                .subscriptions
                .iter()
                .map(|s| Subscription::new(s, config.seed))
                .collect(),
            latency_ms: AtomicU64::new(config.latency_ms),
            outage: watch::Sender::new(false),
            keep_writes: config.keep_writes,
            switches: RwLock::new(config.switches),
            journal: Mutex::new(Journal::new(
                (!config.keep_writes).then_some(config.journal_capacity),
            )),
            rules: Mutex::default(),
        }
    }

    pub(super) fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.subscriptions.iter().find(|s| s.name == name)
    }

    pub(super) fn switches(&self) -> Switches {
        *self.switches.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn(&self, turn: impl FnOnce(&mut Switches)) {
        turn(
            &mut self
                .switches
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
