//! Metadata: the typed values that visitors and accounts carry.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::Decimal;

/// The type of a metadata field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetadataType {
    /// Text.
    String,
    /// A decimal number with its digits kept.
    Decimal,
    /// True or false.
    Boolean,
    /// A moment in UTC, to the millisecond; a date is its midnight UTC.
    Time,
}

/// Where a metadata field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Kept by Tributary itself.
    Auto,
    /// Sent along with the ids by the product.
    Agent,
    /// Set by hand.
    Custom,
    /// Pulled from HubSpot; never edited by hand.
    Hubspot,
}

/// One typed value. Borrows the wire text where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// See [`MetadataType::String`].
    String(Cow<'a, str>),
    /// See [`MetadataType::Decimal`].
    Decimal(Decimal<'a>),
    /// See [`MetadataType::Boolean`].
    Boolean(bool),
    /// See [`MetadataType::Time`].
    Time(Timestamp),
}
