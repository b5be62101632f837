//! The verdict on a property, from its definition.

use super::Translator;
use crate::Property;

/// Why a property cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unimportable {
    /// `file` fields hold ids of files, which mean nothing outside HubSpot.
    #[error("file properties cannot be imported: they hold the ids of files that stay in HubSpot")]
    File,
    /// `json` is HubSpot's internal structure.
    #[error(
        "JSON properties cannot be imported: they hold HubSpot's internal data, not a single value"
    )]
    Json,
    /// `object_coordinates` is HubSpot's internal pointer to a record.
    #[error(
        "object coordinates cannot be imported: they are HubSpot's internal pointers to records"
    )]
    ObjectCoordinates,
    /// A type that HubSpot did not have when Tributary was written.
    #[error("properties of type {kind:?} cannot be imported: this type has no translation")]
    UnknownType {
        /// The type, as HubSpot wrote it.
        kind: String,
    },
}

impl Unimportable {
    /// The stable code, for the database, reports and scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Json => "json",
            Self::ObjectCoordinates => "object_coordinates",
            Self::UnknownType { .. } => "unknown_type",
        }
    }
}

/// See [`Translator::for_property`].
pub(super) fn of(property: &Property) -> Result<Translator, Unimportable> {
    let refers = property
        .referenced_object
        .as_deref()
        .is_some_and(|object| !object.is_empty());
    match (property.kind.as_str(), property.field_type.as_str()) {
        ("json", _) => Err(Unimportable::Json),
        ("object_coordinates", _) => Err(Unimportable::ObjectCoordinates),
        ("file", _) | (_, "file") => Err(Unimportable::File),
        ("string" | "number" | "enumeration", _) if refers => Ok(Translator::Text),
        ("bool", _) | ("enumeration", "booleancheckbox") => Ok(Translator::Boolean),
        ("string" | "enumeration" | "phone_number", _) => Ok(Translator::Text),
        ("number", _) => Ok(Translator::Decimal),
        ("date", _) => Ok(Translator::Date),
        ("datetime", _) => Ok(Translator::DateTime),
        (kind, _) => Err(Unimportable::UnknownType { kind: kind.into() }),
    }
}
