//! Counts what was sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// HTTP requests sent, retries included, by what they were for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Searches, counts by search included.
    pub search: u64,
    /// Pages listed; a page whose properties do not fit one URL takes several.
    pub list: u64,
    /// Reads of records by id.
    pub batch_read: u64,
    /// Reads of property definitions.
    pub properties: u64,
    /// Everything else: tokens, account, owners, limits.
    pub other: u64,
    /// How many of all these were answered with 429.
    pub refused: u64,
}

impl Calls {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.search + self.list + self.batch_read + self.properties + self.other
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    Search,
    List,
    BatchRead,
    Properties,
    Other,
}

/// Counts the requests of a client; can be read at any time.
#[derive(Debug, Default)]
pub struct CallCounter {
    search: AtomicU64,
    list: AtomicU64,
    batch_read: AtomicU64,
    properties: AtomicU64,
    other: AtomicU64,
    refused: AtomicU64,
}

impl CallCounter {
    /// The counts at this moment.
    pub fn snapshot(&self) -> Calls {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Calls {
            search: read(&self.search),
            list: read(&self.list),
            batch_read: read(&self.batch_read),
            properties: read(&self.properties),
            other: read(&self.other),
            refused: read(&self.refused),
        }
    }

    pub(crate) fn sent(&self, kind: CallKind) {
        let counter = match kind {
            CallKind::Search => &self.search,
            CallKind::List => &self.list,
            CallKind::BatchRead => &self.batch_read,
            CallKind::Properties => &self.properties,
            CallKind::Other => &self.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
