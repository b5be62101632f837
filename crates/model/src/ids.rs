//! Identifiers as types, so that one cannot be passed for another.

use std::{fmt, num::ParseIntError, str::FromStr, sync::Arc};

/// Declares a numeric id with its text form.
macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

numeric_id! {
    /// A HubSpot record (`hs_object_id`), unique within portal and object type.
    /// HubSpot sends it as a string of 2 to 12 digits and orders by its number.
    RecordId
}
numeric_id! {
    /// A HubSpot account (hub id).
    PortalId
}
numeric_id! {
    /// One execution of the sync for one level; grows with time within an installation.
    RunId
}

/// The id of a visitor or an account: an opaque, case-sensitive string.
///
/// One type serves both levels because a run treats them alike; which of the two it is stands beside it as a
/// [`Level`](crate::Level).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId(pub String);

impl SubjectId {
    /// The text, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The internal name of a HubSpot property: the stable key of a column. Cheap to clone.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct PropertyName(Arc<str>);

impl PropertyName {
    /// Takes any text; HubSpot decides which names exist.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Arc::from(name.as_ref()))
    }

    /// The name as HubSpot writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
