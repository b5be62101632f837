//! How dirty a portal's data is: shares between 0 and 1 of all records.

use serde::{Deserialize, Serialize};

/// Shares of records with each defect. The key defects exclude each other and must not sum to more than 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dirt {
    /// The key was never set: `null`.
    pub key_null: f64,
    /// The key was set and cleared: `""`.
    pub key_empty: f64,
    /// The key differs from a known id in letter case only.
    pub case: f64,
    /// The key is a known id with white space after it.
    pub space: f64,
    /// The key is a known id with `.0` after it.
    pub trailing_zero: f64,
    /// The key is a known id behind a prefix such as `crm:`, or the other way round.
    pub prefix: f64,
    /// The key is nobody's id.
    pub unknown: f64,
    /// The key is another record's key, and a known id.
    pub duplicate: f64,
    /// The key is another record's key, and nobody's id.
    pub unknown_duplicate: f64,
    /// The record is archived.
    pub archived: f64,
    /// The record was merged into another one.
    pub merged: f64,
    /// A value does not fit its property's type (per value, not per record).
    pub bad_values: f64,
    /// A text holds mark-up, emoji, line breaks, escapes or is very long (per value).
    pub odd_text: f64,
    /// A value without content arrives as `""` instead of `null` (per empty value).
    pub cleared: f64,
}

impl Dirt {
    /// Clean data.
    pub const NONE: Self = Self {
        key_null: 0.0,
        key_empty: 0.0,
        case: 0.0,
        space: 0.0,
        trailing_zero: 0.0,
        prefix: 0.0,
        unknown: 0.0,
        duplicate: 0.0,
        unknown_duplicate: 0.0,
        archived: 0.0,
        merged: 0.0,
        bad_values: 0.0,
        odd_text: 0.0,
        cleared: 0.0,
    };

    /// Every kind of dirt, in the measure a neglected but working portal has it.
    pub const fn full() -> Self {
        Self {
            key_null: 0.22,
            key_empty: 0.03,
            case: 0.012,
            space: 0.012,
            trailing_zero: 0.012,
            prefix: 0.012,
            unknown: 0.05,
            duplicate: 0.02,
            unknown_duplicate: 0.005,
            archived: 0.015,
            merged: 0.012,
            bad_values: 0.004,
            odd_text: 0.02,
            cleared: 0.15,
        }
    }
}

impl Default for Dirt {
    fn default() -> Self {
        Self::NONE
    }
}
