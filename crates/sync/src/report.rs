//! What a run says about itself. Other programs read this: names and meanings are a contract.

use std::collections::BTreeMap;

use model::{Level, PropertyName, RunId};
use serde::{Serialize, Serializer};
use store::{
    Miss,
    run::{Run, State},
};

use crate::{again::Again, trouble::Explanation};

/// The report of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// The run's number, as text.
    #[serde(serialize_with = "as_text")]
    pub run: RunId,
    /// Which level.
    #[serde(serialize_with = "as_text")]
    pub level: Level,
    /// How it ended.
    #[serde(serialize_with = "state")]
    pub result: State,
    /// Whether it proved its result.
    pub proved: bool,
    /// Stopped before applying, on purpose.
    pub dry_run: bool,
    /// The key that was measured, if that was all the run was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<PropertyName>,
    /// What the portal says it holds.
    pub portal: Portal,
    /// What became of the records.
    pub counts: Counts,
    /// What happened to values.
    pub values: Values,
    /// What became of the known ids.
    pub ids: Ids,
    /// How the ids were taken in that the destination outside knows; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<Listing>,
    /// What the destination outside has answered: `queued`, `acknowledged`, `missing`, `errors` and `pending` changes, and
    /// `held`, fields that are not sent, with the reason. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<serde_json::Value>,
    /// Values kept out, by property.
    pub quarantined: BTreeMap<String, u64>,
    /// Fields not written because they no longer fit, with the reason; their last values stay.
    pub held: BTreeMap<String, String>,
    /// HTTP requests with retries, by kind.
    pub calls: Calls,
    /// How many of them HubSpot refused with 429.
    pub refused: u64,
    /// How often another process went on with it. The calls are those since the last time.
    #[serde(skip_serializing_if = "never")]
    pub takeovers: u32,
    /// How long the run took, in seconds.
    pub wall_seconds: f64,
    /// What the proof rests on.
    pub proof: Proof,
    /// Why the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Explanation>,
    /// Whether another run may do better.
    #[serde(skip)]
    pub again: Again,
}

impl RunReport {
    /// The report of a run that has just begun.
    pub(crate) fn begin(run: RunId, level: Level, dry_run: bool) -> Self {
        Self {
            run,
            level,
            result: State::Running,
            proved: false,
            dry_run,
            measured: None,
            portal: Portal::default(),
            counts: Counts::default(),
            values: Values::default(),
            ids: Ids::default(),
            listing: None,
            delivery: None,
            quarantined: BTreeMap::new(),
            held: BTreeMap::new(),
            calls: Calls::default(),
            refused: 0,
            takeovers: 0,
            wall_seconds: 0.0,
            proof: Proof::default(),
            error: None,
            again: Again::Never,
        }
    }

    /// Takes over what has become of the run since, as its delivery ended.
    pub fn settle(&mut self, run: &Run) {
        let Some(report) = &run.report else {
            return;
        };
        self.result = run.state;
        self.proved = report["proved"].as_bool().unwrap_or(self.proved);
        self.delivery = report.get("delivery").cloned();
    }

    /// Whether every record is accounted for and none is missing.
    pub(crate) fn adds_up(&self) -> bool {
        let Counts {
            read,
            matched,
            missed,
            excluded,
            failed,
            changed,
            unchanged,
            unread,
            ..
        } = self.counts;
        read == matched + missed.total() + excluded + failed
            && matched == changed + unchanged
            && failed == 0
            && unread == 0
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn never(times: &u32) -> bool {
    *times == 0
}

/// The portal's own totals when the run began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Portal {
    /// Records of the object.
    pub records: u64,
    /// Records whose key property has a value.
    pub with_key: u64,
}

/// `read` = `matched` + all `missed` + `excluded` + `failed`; `matched` = `changed` + `unchanged`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Distinct records delivered.
    pub read: u64,
    /// Records linked to a visitor or account.
    pub matched: u64,
    /// Records linked to none, by reason.
    pub missed: Missed,
    /// Delivered, but archived, deleted or merged away before the run was applied.
    pub excluded: u64,
    /// Delivered, but undecodable.
    pub failed: u64,
    /// Matched, and the subject's values change.
    pub changed: u64,
    /// Matched, and the subject holds these values already.
    pub unchanged: u64,
    /// Records of the portal that have no key and were not asked for.
    pub without_key: u64,
    /// Records the portal counts but did not deliver.
    pub unread: u64,
    /// Links that ended because no record feeds the subject any more; its values stay.
    pub links_ended: u64,
}

/// Misses by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the reasons are documented at `store::Miss`")]
pub struct Missed {
    pub empty_key: u64,
    pub duplicate_key: u64,
    pub differs_by_case: u64,
    pub differs_by_space: u64,
    pub differs_by_trailing_zero: u64,
    pub differs_by_prefix: u64,
    pub unknown_id: u64,
}

impl Missed {
    /// The count of one reason.
    pub fn count_mut(&mut self, reason: Miss) -> &mut u64 {
        match reason {
            Miss::EmptyKey => &mut self.empty_key,
            Miss::DuplicateKey => &mut self.duplicate_key,
            Miss::DiffersByCase => &mut self.differs_by_case,
            Miss::DiffersBySpace => &mut self.differs_by_space,
            Miss::DiffersByTrailingZero => &mut self.differs_by_trailing_zero,
            Miss::DiffersByPrefix => &mut self.differs_by_prefix,
            Miss::UnknownId => &mut self.unknown_id,
        }
    }

    /// All reasons with their counts, in the order they are tried.
    pub fn by_reason(mut self) -> [(Miss, u64); 7] {
        Miss::ALL.map(|reason| (reason, *self.count_mut(reason)))
    }

    /// Misses of any reason.
    pub fn total(self) -> u64 {
        self.by_reason().iter().map(|(_, count)| count).sum()
    }
}

/// Single values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// New or different.
    pub written: u64,
    /// Gone.
    pub cleared: u64,
}

/// The known ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ids {
    /// Visitors or accounts of the level.
    pub known: u64,
    /// Fed by a record of this run.
    pub linked: u64,
    /// Fed by none.
    pub without_record: u64,
}

/// How the ids were taken in that a destination outside knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Ids that were not known before.
    pub created: u64,
    /// All of them were listed; otherwise those that came since the last time.
    pub all: bool,
    /// Why it did not work; then the ids that were known before served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Explanation>,
}

/// HTTP requests by kind, with retries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named after HubSpot's endpoints")]
pub struct Calls {
    pub search: u64,
    pub list: u64,
    pub batch_read: u64,
    pub properties: u64,
    pub other: u64,
}

/// What the result was held against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// How records were read: `search` or `list`.
    pub reader: &'static str,
    /// Calls the plan expected for reading.
    pub planned_calls: u64,
    /// The portal's total of what was asked for, before reading.
    pub total_before: u64,
    /// The same total after reading.
    pub total_after: u64,
    /// Distinct records that reading delivered.
    pub delivered: u64,
    /// Records that came only after the gap was found and read again.
    pub healed_records: u64,
    /// Ranges of record ids, inclusive, in which records are still missing.
    pub unread_ranges: Vec<(u64, u64)>,
    /// Records that were delivered although the portal counts fewer, before and after.
    pub uncounted: u64,
    /// What translation produced, and what the destination holds. Absent for a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
}

/// The destination, read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Destination {
    /// Order-free checksum of what translation produced, in hexadecimal.
    pub expected: String,
    /// The same of what is stored.
    pub stored: String,
    /// Per field, how many subjects shall have a value and how many have.
    pub fields: BTreeMap<String, FieldCounts>,
    /// Subjects whose values were found lost or altered and were written again.
    pub healed_subjects: u64,
    /// Record ids whose subjects still hold something else, as inclusive ranges.
    pub damaged_ranges: Vec<(u64, u64)>,
}

/// How often a field has a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FieldCounts {
    /// By translation.
    pub expected: u64,
    /// In the destination.
    pub stored: u64,
}

fn as_text<S: Serializer>(value: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn state<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}
