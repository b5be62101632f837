//! Counts what was sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// HTTP requests sent, retries included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Those that only ask.
    pub read: u64,
    /// Those that change something, or would have.
    pub write: u64,
    /// How many of all these were answered with 429.
    pub refused: u64,
}

/// Counts the requests of a client.
#[derive(Debug, Default)]
pub(crate) struct CallCounter {
    read: AtomicU64,
    write: AtomicU64,
    refused: AtomicU64,
}

impl CallCounter {
    pub(crate) fn snapshot(&self) -> Calls {
        Calls {
            read: self.read.load(Ordering::Relaxed),
            write: self.write.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn sent(&self, writes: bool) {
        let counter = if writes { &self.write } else { &self.read };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
