//! From a HubSpot property value to a metadata value: one pure, total function.
//!
//! What is stored is the wire value, translated: an option's internal value, an owner's id, `A;B` as it came. Labels and
//! names are shown beside it and never stored instead, because they change without the record changing.
//!
//! The rules are documented for the people who use them in `docs/types.md`, which [`crate::table`] generates by calling
//! what is here. HubSpot's side: <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>.

mod quarantine;
#[cfg(test)]
mod tests;
mod time;
mod verdict;

use std::borrow::Cow;

pub use self::{quarantine::Quarantine, verdict::Unimportable};
use crate::{Decimal, MetadataType, Property, Value, decimal, names::named};

/// How the values of one property become metadata. Chosen once per property from its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

named!(
    Translator, "translator",
    Text => "text", Decimal => "decimal", Boolean => "boolean", Date => "date", DateTime => "date_time",
);

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

impl Translator {
    /// The verdict on a property: how its values translate, or why they cannot.
    ///
    /// Both `type` and `fieldType` are open sets that HubSpot extends at will; every pair gets a verdict. They are
    /// compared as HubSpot writes them, in lower case.
    ///
    /// 1. The types `json` and `object_coordinates` and the field type `file` are refused.
    /// 2. A text, number or choice that [refers to another object](Property::referenced_object) holds that object's id,
    ///    which is text, whatever digits it is made of.
    /// 3. `enumeration` with the field type `booleancheckbox` is HubSpot's older single checkbox: a boolean.
    /// 4. Everything else goes by `type` alone: a calculation has the type of its result, and a field type that is new
    ///    only says how HubSpot lets people enter the value.
    /// 5. A type that is not known is refused by name.
    pub fn for_property(property: &Property) -> Result<Self, Unimportable> {
        verdict::of(property)
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
    ///
    /// Total: every wire value has an outcome. A missing key, `null` and `""` are [`Outcome::Empty`] for every
    /// translator; what a missing key means for the property is for the caller to know, who has the catalogue.
    ///
    /// - `Text`: as it came, white space and all.
    /// - `Decimal`: what [`Decimal::read`] takes.
    /// - `Boolean`: `true` and `false`, exactly.
    /// - `DateTime`: an ISO 8601 date-time, with an offset, or without one and then in UTC; a date
    ///   alone, for its midnight UTC; or milliseconds since 1970 as a JSON number. Anything finer than a millisecond is
    ///   cut off, never rounded up. The year in UTC must be one of 0000 to 9999.
    /// - `Date`: the same texts, for the midnight UTC of their day in UTC, so a plain date is never shifted.
    pub fn translate(self, wire: Wire<'_>) -> Outcome<'_> {
        let text = match wire {
            Wire::Missing | Wire::Null | Wire::Text("") => return Outcome::Empty,
            Wire::Text(text) => text,
        };
        let value = match self {
            Self::Text => Ok(Value::String(Cow::Borrowed(text))),
            Self::Decimal => Decimal::read(text)
                .map(Value::Decimal)
                .map_err(Quarantine::from),
            Self::Boolean => boolean(text).map(Value::Boolean),
            Self::Date => time::date(text).map(Value::Time),
            Self::DateTime => time::date_time(text).map(Value::Time),
        };
        value.map_or_else(Outcome::Quarantined, Outcome::Value)
    }
}

fn boolean(text: &str) -> Result<bool, Quarantine> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Quarantine::NotABoolean),
    }
}

impl From<decimal::Refusal> for Quarantine {
    fn from(refusal: decimal::Refusal) -> Self {
        match refusal {
            decimal::Refusal::NotANumber => Self::NotANumber,
            decimal::Refusal::TooManyDigits => Self::TooManyDigits,
            decimal::Refusal::OutOfRange => Self::NumberOutOfRange,
        }
    }
}
