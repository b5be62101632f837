//! The journal: what was called, so that a test can say how many calls a plan made.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `POST …/search`.
    Search,
    /// `GET` of a page of records.
    List,
    /// `POST …/batch/read`.
    BatchRead,
    /// `GET` of one record.
    Get,
    /// Creating one record.
    Create,
    /// `PATCH` of one record.
    Update,
    /// `POST …/batch/update`.
    BatchUpdate,
    /// `DELETE` of one record.
    Archive,
    /// `POST …/batch/archive`.
    BatchArchive,
    /// `POST …/merge`.
    Merge,
    /// `POST …/gdpr-delete`.
    Erase,
    /// `GET` of all properties.
    Properties,
    /// `GET` of one property.
    Property,
    /// `POST …/properties/…/batch/read`.
    PropertyBatchRead,
    /// `GET` of the property groups.
    PropertyGroups,
    /// Owners, all or one.
    Owners,
    /// Associations, batch read.
    Associations,
    /// Record counts.
    Limits,
    /// Account details.
    Account,
    /// Daily usage.
    Usage,
    /// OAuth token exchange and refresh.
    Token,
    /// OAuth introspection.
    Introspect,
    /// OAuth revocation.
    Revoke,
    /// Token self-description, old style.
    TokenInfo,
    /// Uninstalling an app.
    Uninstall,
    /// A consent screen.
    Authorize,
    /// Anything else under the API.
    Unknown,
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Counts calls from 1.
    pub number: u64,
    /// The sandbox's clock when the call came in.
    pub at_ms: i64,
    /// HTTP method.
    pub method: String,
    /// Path without its query.
    pub path: String,
    /// Length of path and query together.
    pub url_length: usize,
    /// What it was for.
    pub kind: Kind,
    /// The portal of the token, when it was known.
    pub portal: Option<u64>,
    /// Status answered; 0 when the connection was closed without an answer.
    pub status: u16,
    /// For search: filters, id range, limit and offset; for batch read: how many inputs.
    pub summary: Option<String>,
    /// Records in the answer.
    pub records: usize,
}

/// Exact counts since the start or the last [`clear`](crate::Sandbox::clear_journal).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Calls.
    pub calls: u64,
    /// Calls answered with 429.
    pub refused: u64,
    /// Calls answered with another status from 400 on.
    pub failed: u64,
    /// Records in the answers.
    pub records: u64,
}

#[derive(Debug)]
pub(crate) struct Journal {
    capacity: usize,
    pub(crate) calls: VecDeque<Call>,
    tallies: BTreeMap<(Option<u64>, Kind), Tally>,
    next: u64,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            calls: VecDeque::new(),
            tallies: BTreeMap::new(),
            next: 0,
        }
    }

    pub(crate) fn push(&mut self, mut call: Call) {
        self.next += 1;
        call.number = self.next;
        let tally = self.tallies.entry((call.portal, call.kind)).or_default();
        tally.calls += 1;
        tally.records += call.records as u64;
        match call.status {
            429 => tally.refused += 1,
            0 | 400.. => tally.failed += 1,
            _ => {}
        }
        if self.calls.len() >= self.capacity {
            self.calls.pop_front();
        }
        if self.capacity > 0 {
            self.calls.push_back(call);
        }
    }

    /// Counts per kind, of one portal or of all.
    pub(crate) fn tallies(&self, portal: Option<u64>) -> BTreeMap<Kind, Tally> {
        let mut all: BTreeMap<Kind, Tally> = BTreeMap::new();
        for ((of, kind), tally) in &self.tallies {
            if portal.is_none() || *of == portal {
                let sum = all.entry(*kind).or_default();
                sum.calls += tally.calls;
                sum.refused += tally.refused;
                sum.failed += tally.failed;
                sum.records += tally.records;
            }
        }
        all
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.tallies.clear();
    }
}
