//! Search: what a query asks for, which records match, and one page of them.

pub(crate) mod counts;
mod filter;
pub(crate) mod parse;
pub(crate) mod predicate;
mod sorted;

use crate::generate::Life;
use crate::hash::mix;
use crate::knobs::{Knobs, SearchOrder};
use crate::table::{Table, View};
use counts::{BLOCK, Blocks, UNKNOWN};
use parse::Query;
use predicate::Predicate;

/// Results a query can reach at most.
pub(crate) const CEILING: u64 = 10_000;

/// One page of places, with the total as search believes it to be.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) total: u64,
    pub(crate) places: Vec<u32>,
    /// The `after` of the next page.
    pub(crate) next: Option<u64>,
}

/// Answers a query as the index of this instant does.
pub(crate) fn run(table: &Table, query: &Query, knobs: &Knobs, now: i64) -> Page {
    let predicate = Predicate::new(table, query, View::Index(now), knobs.stale_total);
    let low = table
        .generator
        .ids
        .lower_bound(query.ids.0)
        .min(table.len());
    let high = match query.ids.1 {
        u64::MAX => table.len(),
        last => table.generator.ids.lower_bound(last + 1).min(table.len()),
    }
    .max(low);
    let (total, mut places) = if query.sort.by_place() {
        let filter = format!(
            "{}|{}|{}",
            query.residual, knobs.stale_total, table.catalogue.version
        );
        let blocks = table.counts.blocks(&filter, table.len(), now);
        let scan = Scan {
            predicate: &predicate,
            blocks: &blocks,
            low,
            high,
        };
        let total = scan.total();
        let places = if query.sort.ascending {
            scan.forwards(query.after, query.limit)
        } else {
            scan.backwards(query.after, query.limit)
        };
        (total, places)
    } else {
        let all = sorted::all(
            table,
            &predicate,
            query,
            low..high,
            now,
            knobs.search_order == SearchOrder::LooseDates,
        );
        let from = (query.after as usize).min(all.places.len());
        let to = (from + query.limit).min(all.places.len());
        (all.total, all.places[from..to].to_vec())
    };
    let next = query.after + query.limit as u64;
    let next = (query.limit > 0 && next < total).then_some(next);
    places
        .retain(|i| table.is_untouched() || table.life(table.record(*i), View::Live) == Life::Live);
    if knobs.search_order == SearchOrder::ShuffledPages {
        places.sort_by_key(|i| mix(u64::from(*i) ^ 0x5f1e));
    }
    Page {
        total,
        places,
        next,
    }
}

/// A filter over a range of places, with what is known of its counts.
struct Scan<'a> {
    predicate: &'a Predicate<'a>,
    blocks: &'a Blocks,
    low: u32,
    high: u32,
}

impl Scan<'_> {
    fn count(&self, range: std::ops::Range<u32>) -> u32 {
        range.filter(|i| self.predicate.matches(*i)).count() as u32
    }

    fn block_range(&self, block: u32) -> std::ops::Range<u32> {
        block * BLOCK..((block + 1) * BLOCK).min(self.predicate.table.len())
    }

    /// Matches in a whole block, counted once.
    fn block_count(&self, block: u32) -> u32 {
        match self.blocks.get(block) {
            UNKNOWN => {
                let count = self.count(self.block_range(block));
                self.blocks.set(block, count);
                count
            }
            count => count,
        }
    }

    fn total(&self) -> u64 {
        let mut total = 0;
        for block in self.low / BLOCK..self.high.div_ceil(BLOCK) {
            let whole = self.block_range(block);
            let part = whole.start.max(self.low)..whole.end.min(self.high);
            let count = self.block_count(block);
            total += u64::from(if part == whole || count == 0 {
                count
            } else if count as usize == whole.len() {
                part.len() as u32
            } else if part.len() * 2 > whole.len() {
                count - self.count(whole.start..part.start) - self.count(part.end..whole.end)
            } else {
                self.count(part)
            });
        }
        total
    }

    fn forwards(&self, skip: u64, limit: usize) -> Vec<u32> {
        let mut places = Vec::with_capacity(limit);
        let mut skip = skip;
        for block in self.low / BLOCK..self.high.div_ceil(BLOCK) {
            if places.len() == limit {
                break;
            }
            let whole = self.block_range(block);
            let part = whole.start.max(self.low)..whole.end.min(self.high);
            let count = self.block_count(block);
            if count == 0 {
                continue;
            }
            if part == whole && skip >= u64::from(count) {
                skip -= u64::from(count);
                continue;
            }
            for i in part {
                if places.len() == limit {
                    break;
                }
                if self.predicate.matches(i) {
                    if skip > 0 {
                        skip -= 1;
                    } else {
                        places.push(i);
                    }
                }
            }
        }
        places
    }

    fn backwards(&self, skip: u64, limit: usize) -> Vec<u32> {
        let mut places = Vec::with_capacity(limit);
        let mut skip = skip;
        for block in (self.low / BLOCK..self.high.div_ceil(BLOCK)).rev() {
            if places.len() == limit {
                break;
            }
            let whole = self.block_range(block);
            let part = whole.start.max(self.low)..whole.end.min(self.high);
            let count = self.block_count(block);
            if count == 0 {
                continue;
            }
            if part == whole && skip >= u64::from(count) {
                skip -= u64::from(count);
                continue;
            }
            for i in part.rev() {
                if places.len() == limit {
                    break;
                }
                if self.predicate.matches(i) {
                    if skip > 0 {
                        skip -= 1;
                    } else {
                        places.push(i);
                    }
                }
            }
        }
        places
    }
}
