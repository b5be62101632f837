//! Where a run stands while it reads: all that another process needs, besides what is staged, to go on with it.

use jiff::{SignedDuration, Timestamp};
use model::{PortalId, PropertyName};
use serde::{Deserialize, Serialize};
use store::takeover::Left;

use crate::{Request, plan::Totals, read::Gap};

/// What was read longer ago is read anew: HubSpot has gone on.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) portal: Option<u64>,
    /// The version of the mapping it reads by.
    pub(crate) mapping_version: i64,
    /// The key that is measured, if that is all it does.
    pub(crate) measured: Option<String>,
    /// What the records' meaning depends on besides; see [`crate::layout::Layout::seed`].
    pub(crate) seed: u64,
    /// The reader, by its name.
    pub(crate) reader: String,
    /// What the portal said before it read.
    pub(crate) records: u64,
    pub(crate) with_key: Option<u64>,
    /// The ids of which nothing is staged.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// How completely answers held the columns: a bit per column, as 0 and 1.
    pub(crate) missing: String,
    pub(crate) present: String,
    pub(crate) left_out: String,
    pub(crate) nulls: bool,
    /// Records whose ids could not be read.
    pub(crate) nameless: u64,
    /// How often reading started anew.
    pub(crate) anew: u32,
    /// How often another process went on with it.
    pub(crate) takeovers: u32,
}

impl Checkpoint {
    /// Reads what was left, if a run as it is asked for now can go on with it.
    pub(crate) fn of(
        left: &Left,
        request: &Request,
        mapping_version: i64,
        portal: Option<PortalId>,
        now: Timestamp,
    ) -> Option<Self> {
        let read: Self = serde_json::from_str(&left.checkpoint).ok()?;
        let measured = request.measured.as_ref().map(PropertyName::as_str);
        let fits = left.dry_run == request.dry_run
            && read.measured.as_deref() == measured
            && read.mapping_version == mapping_version
            && read.portal == portal.map(|portal| portal.0)
            && now.duration_since(left.checked_at).abs() <= STALE;
        fits.then_some(read)
    }

    /// As it is kept.
    pub(crate) fn written(&self, at: Timestamp) -> store::takeover::Checkpoint {
        store::takeover::Checkpoint {
            text: serde_json::to_string(self).expect("numbers and texts serialise"),
            at,
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            records: self.records,
            with_key: self.with_key,
        }
    }

    pub(crate) fn gap(&self) -> Gap {
        Gap {
            first: self.first,
            last: self.last,
        }
    }
}

/// Switches as 0 and 1.
pub(crate) fn bits(switches: &[bool]) -> String {
    let bit = |on: &bool| if *on { '1' } else { '0' };
    switches.iter().map(bit).collect()
}

/// Switches from 0 and 1; `None` if there are more or fewer than asked for.
pub(crate) fn switches(bits: &str, count: usize) -> Option<Vec<bool>> {
    (bits.len() == count).then(|| bits.bytes().map(|bit| bit == b'1').collect())
}
