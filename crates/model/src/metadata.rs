//! Metadata: the typed values that visitors and accounts carry.

use std::borrow::Cow;

use crate::{Decimal, Moment, names::named};

/// The type of a metadata field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

named!(MetadataType, "metadata type", String => "string", Decimal => "decimal", Boolean => "boolean", Time => "time");

/// Where a metadata field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

named!(Group, "metadata group", Auto => "auto", Agent => "agent", Custom => "custom", Hubspot => "hubspot");

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
    Time(Moment),
}

impl Value<'_> {
    /// The type of field that holds it.
    pub const fn metadata_type(&self) -> MetadataType {
        match self {
            Self::String(_) => MetadataType::String,
            Self::Decimal(_) => MetadataType::Decimal,
            Self::Boolean(_) => MetadataType::Boolean,
            Self::Time(_) => MetadataType::Time,
        }
    }

    /// The same value, owning its text.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Decimal(decimal) => Value::Decimal(decimal.into_owned()),
            Self::Boolean(boolean) => Value::Boolean(boolean),
            Self::Time(moment) => Value::Time(moment),
        }
    }
}
