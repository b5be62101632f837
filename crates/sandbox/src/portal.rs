//! One portal: its records, its settings, its counters.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::body::Bytes;

use crate::config::{PortalConfig, StaticToken};
use crate::journal::Kind;
use crate::knobs::{Knobs, Quota};
use crate::object::Object;
use crate::quota::Meter;
use crate::table::Table;

/// What can be changed while the portal runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) knobs: Knobs,
    pub(crate) quota: Quota,
    pub(crate) tokens: Vec<StaticToken>,
    pub(crate) scopes: Vec<String>,
}

/// One HubSpot account.
#[derive(Debug)]
pub(crate) struct Portal {
    pub(crate) config: PortalConfig,
    pub(crate) start_ms: i64,
    settings: RwLock<Settings>,
    contacts: RwLock<Table>,
    companies: RwLock<Table>,
    meter: Mutex<Meter>,
    /// The last page handed out per kind of call, for the lie of answering it again.
    last_pages: Mutex<HashMap<(Kind, Object), Bytes>>,
}

impl Portal {
    pub(crate) fn new(config: PortalConfig, start_ms: i64) -> Self {
        let settings = Settings {
            knobs: config.knobs,
            quota: config.quota,
            tokens: config.tokens.clone(),
            scopes: config.scopes.clone(),
        };
        Self {
            start_ms,
            settings: RwLock::new(settings),
            contacts: RwLock::new(Table::new(&config, Object::Contacts, start_ms)),
            companies: RwLock::new(Table::new(&config, Object::Companies, start_ms)),
            meter: Mutex::default(),
            last_pages: Mutex::default(),
            config,
        }
    }

    fn lock(&self, object: Object) -> &RwLock<Table> {
        match object {
            Object::Contacts => &self.contacts,
            Object::Companies => &self.companies,
        }
    }

    pub(crate) fn table(&self, object: Object) -> RwLockReadGuard<'_, Table> {
        self.lock(object)
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn table_mut(&self, object: Object) -> RwLockWriteGuard<'_, Table> {
        self.lock(object)
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings(&self) -> RwLockReadGuard<'_, Settings> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings_mut(&self) -> RwLockWriteGuard<'_, Settings> {
        self.settings
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a page.
    pub(crate) fn keep_page(&self, kind: Kind, object: Object, body: Bytes) {
        self.last_pages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((kind, object), body);
    }

    /// The page before, when there was one.
    pub(crate) fn last_page(&self, kind: Kind, object: Object) -> Option<Bytes> {
        self.last_pages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&(kind, object))
            .cloned()
    }
}
