//! What can be turned while a portal runs: limits and habits of the API.

use serde::{Deserialize, Serialize};

/// Limits on calls; 0 means unlimited, and then the matching headers are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Calls per rolling 10 seconds and app, for static tokens and privately distributed apps.
    pub ten_secondly: u32,
    /// Calls per rolling 10 seconds for marketplace apps (they have no daily limit).
    pub marketplace_ten_secondly: u32,
    /// Searches per rolling second and account, all apps together.
    pub search_per_second: u32,
    /// Calls per day and account; marketplace apps are exempt.
    pub daily: u32,
    /// Calls of other integrations already counted today.
    pub daily_used_elsewhere: u32,
    /// Whether a refused call still lowers the daily remainder (recorded for searches).
    pub refused_count: bool,
}

impl Quota {
    /// No limits at all.
    pub const UNLIMITED: Self = Self {
        ten_secondly: 0,
        marketplace_ten_secondly: 0,
        search_per_second: 0,
        daily: 0,
        daily_used_elsewhere: 0,
        refused_count: true,
    };

    /// A Professional account: 190 per 10 s, 5 searches/s, 625,000 a day.
    pub const PROFESSIONAL: Self = Self {
        ten_secondly: 190,
        marketplace_ten_secondly: 110,
        search_per_second: 5,
        daily: 625_000,
        ..Self::UNLIMITED
    };

    /// A free or Starter account: 100 per 10 s, 5 searches/s, 250,000 a day.
    pub const FREE: Self = Self {
        ten_secondly: 100,
        daily: 250_000,
        ..Self::PROFESSIONAL
    };

    /// An Enterprise account: 190 per 10 s, 5 searches/s, 1,000,000 a day.
    pub const ENTERPRISE: Self = Self {
        daily: 1_000_000,
        ..Self::PROFESSIONAL
    };
}

impl Default for Quota {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// In what order search hands out its results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchOrder {
    /// As sorted.
    #[default]
    Sorted,
    /// A sort by modified date is not kept: neighbours change places.
    LooseDates,
    /// Any page comes shuffled within itself.
    ShuffledPages,
}

/// Habits of the API; each is off (or at its documented value) by default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "knobs are switches, each of its own"
)]
pub struct Knobs {
    /// How long search sees a record as it was before an edit.
    pub index_delay_ms: i64,
    /// Order of search results.
    pub search_order: SearchOrder,
    /// Search's `total` still counts what was archived within the index delay.
    pub stale_total: bool,
    /// Share of search results that come back with a modified date newer than what the filter saw.
    pub newer_values: f64,
    /// Date-times in answers lose their milliseconds; filters still compare whole instants.
    pub truncate_ms: bool,
    /// Longest request target in bytes; above it a 414 in HTML.
    pub max_url_length: usize,
    /// Longest `IN` list; 0 means no limit.
    pub in_list_max: usize,
    /// Longest search body in bytes; 0 means no limit (only `query` is limited, to 3,000 characters).
    pub search_body_max: usize,
    /// A property that was never set is left out of the answer instead of `null`.
    pub omit_unset: bool,
    /// Every record carries its `url`.
    pub record_url: bool,
    /// Records and pages carry fields nobody has documented.
    pub extra_fields: bool,
    /// The deprecated per-second headers are sent.
    pub secondly_headers: bool,
    /// Real time every call takes at least.
    pub latency_ms: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            index_delay_ms: 0,
            search_order: SearchOrder::Sorted,
            stale_total: false,
            newer_values: 0.0,
            truncate_ms: false,
            max_url_length: 8_000,
            in_list_max: 100,
            search_body_max: 0,
            omit_unset: false,
            record_url: true,
            extra_fields: false,
            secondly_headers: true,
            latency_ms: 0,
        }
    }
}
