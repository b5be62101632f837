//! What a run tells while it is under way.

use jiff::Timestamp;
use model::{Level, RunId};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Asking for totals and the catalogue.
    #[default]
    Plan,
    /// Reading, matching, translating and comparing records.
    Read,
    /// Looking for records that were not delivered, and for links that end.
    Reconcile,
    /// Making the result true.
    Apply,
    /// Reading the destination back.
    Prove,
    /// Over.
    Done,
}

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The run, once it has begun.
    pub run: Option<RunId>,
    /// Which level.
    pub level: Option<Level>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// What it is doing.
    pub phase: Phase,
    /// Records delivered so far.
    pub records: u64,
    /// Records expected in all, once known.
    pub expected: Option<u64>,
    /// HTTP calls so far.
    pub calls: u64,
    /// Calls left today, where HubSpot says so.
    pub quota_left: Option<u64>,
}
