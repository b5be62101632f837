//! Everything one sandbox process holds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::clock::Clock;
use crate::config::{App, Config, PortalConfig};
use crate::fault::Script;
use crate::hash::mix;
use crate::http::reply::Refuser;
use crate::journal::Journal;
use crate::oauth::Grants;
use crate::portal::Portal;

/// The state behind the server.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) start_ms: i64,
    seed: u64,
    apps: RwLock<Vec<App>>,
    portals: RwLock<BTreeMap<u64, Arc<Portal>>>,
    grants: Mutex<Grants>,
    journal: Mutex<Journal>,
    script: Mutex<Script>,
    calls: AtomicU64,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let world = Self {
            clock: Clock::new(config.start_ms, config.flowing),
            start_ms: config.start_ms,
            seed: config.seed,
            apps: RwLock::new(config.apps.clone()),
            portals: RwLock::default(),
            grants: Mutex::new(Grants::new(config.seed)),
            journal: Mutex::new(Journal::new(config.journal_capacity)),
            script: Mutex::default(),
            calls: AtomicU64::new(0),
        };
        for portal in &config.portals {
            world.add_portal(portal.clone());
        }
        world
    }

    pub(crate) fn add_portal(&self, config: PortalConfig) -> Arc<Portal> {
        let portal = Arc::new(Portal::new(config, self.start_ms));
        let mut portals = self.portals.write().unwrap_or_else(PoisonError::into_inner);
        portals.insert(portal.config.id, Arc::clone(&portal));
        portal
    }

    pub(crate) fn remove_portal(&self, id: u64) -> bool {
        self.portals
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
            .is_some()
    }

    pub(crate) fn portal(&self, id: u64) -> Option<Arc<Portal>> {
        self.portals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    pub(crate) fn portals(&self) -> Vec<Arc<Portal>> {
        self.portals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    pub(crate) fn apps(&self) -> Vec<App> {
        self.apps
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<App> {
        self.apps().into_iter().find(|a| a.client_id == client_id)
    }

    /// Registers an app, or replaces the one with its client id.
    pub(crate) fn add_app(&self, app: App) {
        let mut apps = self.apps.write().unwrap_or_else(PoisonError::into_inner);
        apps.retain(|a| a.client_id != app.client_id);
        apps.push(app);
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A correlation id for the next call.
    pub(crate) fn refuser(&self) -> Refuser {
        let n = mix(self.seed ^ self.calls.fetch_add(1, Relaxed));
        let mut id = Vec::with_capacity(36);
        crate::generate::keys::write_uuid(n, &mut id);
        Refuser {
            correlation: String::from_utf8_lossy(&id).into_owned(),
        }
    }
}
