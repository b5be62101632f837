//! The Pendo side's journal: what was called, what was written, and whether the caller can know.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::{Group, Kind, Region};

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET …/token/verify`.
    Verify,
    /// `GET …/metadata/schema/…`.
    SchemaRead,
    /// `POST …/metadata/schema/…`: fields are created or un-deleted.
    SchemaWrite,
    /// `DELETE …/metadata/schema/…`.
    FieldDelete,
    /// `POST …/value`: values of many records.
    SetMany,
    /// `PUT …/value/{id}/{field}`.
    SetOne,
    /// `GET …/value/{id}/{field}`.
    GetOne,
    /// `GET` of a visitor or an account.
    Record,
    /// `POST …/aggregation`.
    Aggregation,
    /// Anything else under the API.
    Unknown,
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Counts calls from 1.
    pub number: u64,
    /// The server's clock when the call was worked on.
    pub at_ms: i64,
    /// HTTP method.
    pub method: String,
    /// Path without its query, region included.
    pub path: String,
    /// What it was for.
    pub operation: Operation,
    /// The region called.
    pub region: Option<Region>,
    /// The subscription of the key, when the key is good.
    pub subscription: Option<String>,
    /// The kind of record it was about.
    pub kind: Option<Kind>,
    /// The group of fields it was about.
    pub group: Option<Group>,
    /// Status of the answer, also of one that never arrived; 0 when the connection was closed before the work.
    pub status: u16,
    /// Records sent when values are set, rows in the answer otherwise.
    pub records: usize,
    /// Records whose values were taken.
    pub updated: usize,
    /// Whether the answer went out whole. A caller that had gone by then counts as not reached.
    pub delivered: bool,
    /// Which record was given which values, in the order they came; empty unless
    /// [`keep_writes`](super::Config::keep_writes) is on.
    pub writes: Vec<Write>,
}

/// Values that were sent for one record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// The record's id.
    pub id: String,
    /// What was sent, by the names that were sent.
    pub values: BTreeMap<String, Value>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of values that were sent for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They were taken.
    Updated,
    /// There is no such record.
    Missing,
    /// The record failed.
    Failed,
}

/// Exact counts since the start or the last [`clear_journal`](super::Pendo::clear_journal).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Calls.
    pub calls: u64,
    /// Calls answered with 429.
    pub refused: u64,
    /// Calls closed without an answer before the work, or answered with another status from 400 on.
    pub failed: u64,
    /// Calls whose answer did not go out whole.
    pub undelivered: u64,
    /// Records sent, or rows in the answers.
    pub records: u64,
    /// Records whose values were taken.
    pub updated: u64,
}

/// Keeps calls and counts them.
#[derive(Debug)]
pub(super) struct Journal {
    /// Nothing means every call.
    capacity: Option<usize>,
    pub(super) calls: VecDeque<Call>,
    pub(super) tallies: BTreeMap<Operation, Tally>,
    next: u64,
    under_way: usize,
    pub(super) most_at_once: usize,
}

impl Journal {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            capacity,
            calls: VecDeque::new(),
            tallies: BTreeMap::new(),
            next: 0,
            under_way: 0,
            most_at_once: 0,
        }
    }

    /// A call has begun.
    pub(super) fn begin(&mut self) {
        self.under_way += 1;
        self.most_at_once = self.most_at_once.max(self.under_way);
    }

    /// A call has ended, one way or the other.
    pub(super) fn end(&mut self) {
        self.under_way -= 1;
    }

    /// Enters a call as not delivered, and tells its number.
    pub(super) fn push(&mut self, mut call: Call) -> u64 {
        self.next += 1;
        call.number = self.next;
        let tally = self.tallies.entry(call.operation).or_default();
        tally.calls += 1;
        tally.undelivered += 1;
        tally.records += call.records as u64;
        tally.updated += call.updated as u64;
        match call.status {
            429 => tally.refused += 1,
            0 | 400.. => tally.failed += 1,
            _ => {}
        }
        if self.capacity.is_some_and(|most| self.calls.len() >= most) {
            self.calls.pop_front();
        }
        if self.capacity != Some(0) {
            self.calls.push_back(call);
        }
        self.next
    }

    /// A call's answer has gone out whole.
    pub(super) fn deliver(&mut self, number: u64, operation: Operation) {
        if let Some(tally) = self.tallies.get_mut(&operation) {
            tally.undelivered = tally.undelivered.saturating_sub(1);
        }
        let found = self.calls.binary_search_by_key(&number, |c| c.number);
        if let Ok(at) = found {
            self.calls[at].delivered = true;
        }
    }

    pub(super) fn clear(&mut self) {
        self.calls.clear();
        self.tallies.clear();
        self.most_at_once = self.under_way;
    }
}
