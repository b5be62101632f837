//! The property catalogue: what HubSpot says about a column of contacts or companies.

use crate::PropertyName;

/// A property definition, reduced to what Tributary uses. Built from HubSpot's catalogue by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Internal name, the key.
    pub name: PropertyName,
    /// What people see; neither unique nor stable.
    pub label: String,
    /// HubSpot's `type`, an open set: `string`, `number`, `bool`, `enumeration`, `date`, `datetime`, …
    pub kind: String,
    /// HubSpot's `fieldType`, an open set: `text`, `select`, `file`, `calculation_equation`, …
    pub field_type: String,
    /// The group it is listed under in HubSpot.
    pub group: String,
    /// What it is for, as written in the portal.
    pub description: String,
    /// The choices of an enumeration; empty when external or when there are none.
    pub options: Vec<PropertyOption>,
    /// The value is an id of another object, such as `OWNER`.
    pub referenced_object: Option<String>,
    /// HubSpot's own flag; not reliable alone, see [`Property::is_calculated`].
    pub calculated: bool,
    /// Each value belongs to one record only.
    pub unique: bool,
    /// Hidden in HubSpot's own screens.
    pub hidden: bool,
    /// Archived: gone from the catalogue's default listing.
    pub archived: bool,
}

/// One choice of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyOption {
    /// The internal value, which is what records hold.
    pub value: String,
    /// What people see.
    pub label: String,
}

impl Property {
    /// Whether its values change without moving the record's modified date.
    ///
    /// HubSpot's `calculated` misses rollups, equations and scores, so the field type counts too.
    pub fn is_calculated(&self) -> bool {
        self.calculated || self.field_type.starts_with("calculation_")
    }
}
