//! From a HubSpot property value to a metadata value: one pure, total function.

use crate::{MetadataType, Property, Value};

/// How the values of one property become metadata. Chosen once per property from its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Translator {
    /// Text as it came.
    Text,
    /// A decimal number.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A calendar day, stored as its midnight UTC, never shifted by a zone.
    Date,
    /// A moment.
    DateTime,
}

/// Why a property cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unimportable {
    /// `file` fields hold ids of files, which the source document excludes.
    #[error("file properties cannot be imported")]
    File,
}

/// What HubSpot sent for one property of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<'a> {
    /// The key was not in the answer although it was asked for.
    Missing,
    /// `null`: never set.
    Null,
    /// A string; `""` means cleared.
    Text(&'a str),
}

/// What became of one wire value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A value to store.
    Value(Value<'a>),
    /// No value.
    Empty,
    /// Kept out; the last good value stays.
    Quarantined(Quarantine),
}

/// Why a value was kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quarantine {
    /// Not a decimal number.
    NotANumber,
}

impl Translator {
    /// The verdict on a property: how its values translate, or why they cannot.
    pub fn for_property(property: &Property) -> Result<Self, Unimportable> {
        let _ = property;
        todo!("owned by the model crate's author")
    }

    /// The type of the metadata field this translator fills.
    pub const fn metadata_type(self) -> MetadataType {
        match self {
            Self::Text => MetadataType::String,
            Self::Decimal => MetadataType::Decimal,
            Self::Boolean => MetadataType::Boolean,
            Self::Date | Self::DateTime => MetadataType::Time,
        }
    }

    /// Translates one value.
    pub fn translate(self, wire: Wire<'_>) -> Outcome<'_> {
        let _ = wire;
        todo!("owned by the model crate's author")
    }
}
