//! What a run tells while it is under way.

use jiff::Timestamp;
use model::{Level, RunId};
use serde_json::{Value, json};

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Asking for totals and the catalogue.
    #[default]
    Plan,
    /// Taking in the ids that the destination outside knows.
    Ids,
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

impl Phase {
    const ALL: [Self; 7] = [
        Self::Plan,
        Self::Ids,
        Self::Read,
        Self::Reconcile,
        Self::Apply,
        Self::Prove,
        Self::Done,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Ids => "ids",
            Self::Read => "read",
            Self::Reconcile => "reconcile",
            Self::Apply => "apply",
            Self::Prove => "prove",
            Self::Done => "done",
        }
    }
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

impl Progress {
    /// As it is noted for other processes. Run and level are noted beside it.
    pub(crate) fn written(&self) -> String {
        json!({
            "phase": self.phase.name(),
            "started_at": self.started_at.map(Timestamp::as_millisecond),
            "records": self.records,
            "expected": self.expected,
            "calls": self.calls,
            "quota_left": self.quota_left,
        })
        .to_string()
    }

    /// Reads what [`Progress::written`] wrote. What is not there, or not yet, is as at the beginning.
    pub(crate) fn read(text: Option<&str>) -> Self {
        let noted: Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let number = |name: &str| noted[name].as_u64();
        let phase = noted["phase"].as_str();
        let started_at = noted["started_at"].as_i64();
        Self {
            phase: Phase::ALL
                .into_iter()
                .find(|known| phase == Some(known.name()))
                .unwrap_or_default(),
            started_at: started_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            records: number("records").unwrap_or(0),
            expected: number("expected"),
            calls: number("calls").unwrap_or(0),
            quota_left: number("quota_left"),
            run: None,
            level: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_back_as_it_was_noted() {
        for phase in Phase::ALL {
            let progress = Progress {
                phase,
                started_at: Some(Timestamp::constant(1_700_000_000, 0)),
                records: 12,
                expected: Some(20),
                calls: 3,
                ..Progress::default()
            };
            assert_eq!(Progress::read(Some(&progress.written())), progress);
        }
        for nothing in [
            None,
            Some(""),
            Some("null"),
            Some("[1]"),
            Some("{\"phase\":\"x\"}"),
        ] {
            assert_eq!(Progress::read(nothing), Progress::default());
        }
    }
}
