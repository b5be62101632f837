//! Counts of matching records per block of places, kept per filter: a page and its total cost the same in a portal of
//! ten million as in one of a thousand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::sorted::Sorted;

/// Records per block.
pub(crate) const BLOCK: u32 = 1_024;

/// A count nobody has made yet.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// How many filters are remembered.
const KEPT: usize = 48;

/// The counts of one filter, block by block.
#[derive(Debug)]
pub(crate) struct Blocks(Vec<AtomicU32>);

impl Blocks {
    fn new(len: u32) -> Self {
        Self(
            (0..len.div_ceil(BLOCK))
                .map(|_| AtomicU32::new(UNKNOWN))
                .collect(),
        )
    }

    pub(crate) fn get(&self, block: u32) -> u32 {
        self.0.get(block as usize).map_or(0, |n| n.load(Relaxed))
    }

    pub(crate) fn set(&self, block: u32, count: u32) {
        if let Some(n) = self.0.get(block as usize) {
            n.store(count, Relaxed);
        }
    }
}

/// The counts of the filters used of late. Edits come under the portal's write lock, counting under its read lock,
/// so that a count never mixes two states.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    filters: HashMap<String, (u64, Arc<Blocks>)>,
    used: u64,
    /// The order of the last sorted query, under its name.
    sorted: Option<(String, Arc<Sorted>)>,
    /// Places whose edits the search index shows from an instant on.
    pending: Vec<(i64, u32)>,
}

impl Counts {
    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The blocks of a filter over `len` places, after letting in what the index shows by `now`.
    pub(crate) fn blocks(&self, filter: &str, len: u32, now: i64) -> Arc<Blocks> {
        self.with(|inner| {
            let due: Vec<u32> = inner
                .pending
                .iter()
                .filter(|(at, _)| *at <= now)
                .map(|(_, i)| *i)
                .collect();
            if !due.is_empty() {
                inner.pending.retain(|(at, _)| *at > now);
                for index in due {
                    inner.forget(index);
                }
            }
            inner.used += 1;
            let used = inner.used;
            if let Some((last, blocks)) = inner.filters.get_mut(filter) {
                *last = used;
                return Arc::clone(blocks);
            }
            if inner.filters.len() >= KEPT
                && let Some(oldest) = inner
                    .filters
                    .iter()
                    .min_by_key(|(_, (last, _))| *last)
                    .map(|(k, _)| k.clone())
            {
                inner.filters.remove(&oldest);
            }
            let blocks = Arc::new(Blocks::new(len));
            inner
                .filters
                .insert(filter.to_owned(), (used, Arc::clone(&blocks)));
            blocks
        })
    }

    /// A record changed: its block must be counted again.
    pub(crate) fn invalidate(&self, index: u32) {
        self.with(|inner| inner.forget(index));
    }

    /// A record's change reaches the index at an instant.
    pub(crate) fn invalidate_at(&self, at: i64, index: u32) {
        self.with(|inner| inner.pending.push((at, index)));
    }

    /// The order of a sorted query, made once for its pages.
    pub(crate) fn sorted(&self, name: &str, make: impl FnOnce() -> Sorted) -> Arc<Sorted> {
        let kept = self.with(|inner| {
            inner
                .sorted
                .as_ref()
                .filter(|(n, _)| n == name)
                .map(|(_, s)| Arc::clone(s))
        });
        kept.unwrap_or_else(|| {
            let made = Arc::new(make());
            self.with(|inner| inner.sorted = Some((name.to_owned(), Arc::clone(&made))));
            made
        })
    }

    /// Everything must be counted again.
    pub(crate) fn clear(&self) {
        self.with(|inner| inner.filters.clear());
    }
}

impl Inner {
    fn forget(&self, index: u32) {
        for (_, blocks) in self.filters.values() {
            blocks.set(index / BLOCK, UNKNOWN);
        }
    }
}
