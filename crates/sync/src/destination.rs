//! Destinations outside: where values go besides the built-in store.
//!
//! [`Destination`] is all that a sync wants of one, whoever it is. What is the same for all of them is in this module: our
//! fields under their names (`fields`), the ids they know (`ids`), forms of values. Sending is `deliver`, holding what they
//! have against what was sent [`crate::compare`].

pub mod connect;
pub(crate) mod fields;
pub mod formats;
pub(crate) mod ids;
mod names;
mod pendo;
pub mod probe;

use std::{fmt, pin::Pin};

use model::{Level, MetadataType};

pub use self::connect::{Connected, Destinations, Settings};

/// What a destination is asked, and answers later.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A destination outside, for one subscription. Clones of what it is made of share its connection and its limits.
///
/// To add one: a module beside `pendo` that implements this, an arm in [`Destinations::of`] that makes it from what is stored,
/// and a way to connect it.
pub trait Destination: fmt::Debug + Send + Sync {
    /// Its name, as people know it.
    fn name(&self) -> &'static str;

    /// What the names of our fields begin with there.
    fn prefix(&self) -> &str;

    /// How much it takes at once.
    fn limits(&self) -> Limits;

    /// The fields that it has at present where ours are.
    fn fields(&self, level: Level) -> Asked<'_, Vec<TheirField>>;

    /// Why values of a type of ours do not go into a field of its, if they do not.
    fn misfit(&self, kind: MetadataType, theirs: &str) -> Option<String>;

    /// Makes fields, or brings them back.
    fn create<'a>(&'a self, level: Level, fields: &'a [NewField]) -> Asked<'a, ()>;

    /// Sends changes, of which none is about the same subject as another. Sending them again does no harm.
    ///
    /// It answers for each: what is neither missing nor refused it has taken.
    fn send<'a>(&'a self, level: Level, changes: &'a [Change<'a>]) -> Asked<'a, Answer>;

    /// How many ids it knows.
    fn count(&self, level: Level) -> Asked<'_, u64>;

    /// The ids that it knows, in a page: in its own order after the given one, and only those first seen after a moment in epoch
    /// milliseconds, if one is given. An empty page is the end.
    fn ids<'a>(
        &'a self,
        level: Level,
        first_seen_after: Option<i64>,
        after: Option<&'a str>,
        limit: u32,
    ) -> Asked<'a, Vec<TheirId>>;

    /// The values that it holds, of a page of ids after the given one; of each field in the order they are asked for.
    fn values<'a>(
        &'a self,
        level: Level,
        fields: &'a [Sendable],
        after: Option<&'a str>,
        limit: u32,
    ) -> Asked<'a, Vec<Holding>>;

    /// Whether a value that it holds is the one that was sent, both as JSON; `None` for no value.
    fn holds(&self, kind: MetadataType, sent: Option<&str>, held: Option<&str>) -> bool;
}

/// How much a destination takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Changes in one call.
    pub changes: usize,
    /// Calls under way at once.
    pub calls: usize,
}

/// A field as the destination has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirField {
    /// What it calls it.
    pub key: String,
    /// What people see there.
    pub display_name: String,
    /// Its type, in the destination's words.
    pub kind: String,
}

/// A field to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewField {
    /// The wish for its key; the destination may change it.
    pub key: String,
    /// What people shall see.
    pub display_name: String,
    /// The type of its values.
    pub kind: MetadataType,
}

/// A field whose values are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sendable {
    /// Its name in group hubspot.
    pub name: String,
    /// What the destination calls it.
    pub key: String,
    /// The type of its values.
    pub kind: MetadataType,
}

/// What changes about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// Its id.
    pub id: &'a str,
    /// Fields with their values as JSON; `None` when the value goes.
    pub values: Vec<(&'a Sendable, Option<&'a str>)>,
}

/// What the destination has not taken of what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Ids that it does not know.
    pub missing: Vec<String>,
    /// Ids whose values it does not take, with what it said.
    pub refused: Vec<(String, String)>,
    /// So many changes it has not taken, whether it named them or not.
    pub failed: u64,
    /// What it said about those that it did not name.
    pub said: Option<String>,
}

/// An id that a destination knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirId {
    /// The id.
    pub id: String,
    /// When it was first seen, in epoch milliseconds.
    pub first_seen: Option<i64>,
}

/// What a destination holds of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The id.
    pub id: String,
    /// Values as JSON, in the order of the fields that were asked for.
    pub values: Vec<Option<String>>,
}

/// Why a destination cannot be used, or did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The subscription has none besides the built-in store.
    #[error("the subscription has no destination besides the built-in one")]
    NotConnected,
    /// The key may only read.
    #[error("the key may read, but not write")]
    ReadOnly,
    /// Somebody to write to is not there.
    #[error("Pendo has no {level} {id:?}")]
    UnknownId {
        /// Visitor or account.
        level: Level,
        /// The id.
        id: String,
    },
    /// The prefix cannot begin a field's name.
    #[error("{0:?} cannot be a prefix: letters, digits and underscores, and the first is no digit")]
    Prefix(String),
    /// What is stored about it is not what this release writes.
    #[error("what is stored about the destination cannot be read")]
    Stored,
    /// It does not take what is sent: so many changes alone, and as many more as there are would follow.
    #[error("{name} refuses one change after the other")]
    RefusesAll {
        /// Its name.
        name: &'static str,
        /// What it said last.
        source: Box<Error>,
    },
    /// Pendo did not do it.
    #[error(transparent)]
    Pendo(#[from] ::pendo::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a failure means for what is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// It is sent later.
    Later,
    /// Nothing can be sent until somebody does something.
    Broken,
    /// It was too much at once.
    TooMuch,
    /// It was not understood: something in it may be what is not taken.
    Refused,
}

impl Error {
    pub(crate) fn means(&self) -> Means {
        use ::pendo::Kind;
        match self {
            Self::NotConnected
            | Self::ReadOnly
            | Self::UnknownId { .. }
            | Self::Prefix(_)
            | Self::Stored
            // The key has to be entered again.
            | Self::Store(store::Error::Sealed { .. }) => Means::Broken,
            Self::RefusesAll { .. } | Self::Store(_) => Means::Later,
            Self::Pendo(error) => match error.kind() {
                Kind::Settings | Kind::Key => Means::Broken,
                Kind::TooLarge => Means::TooMuch,
                Kind::Invalid => Means::Refused,
                _ => Means::Later,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_opened_is_not_waited_for() {
        let sealed = store::Error::Sealed {
            what: "the destination's key",
            source: store::keyring::Error::Damaged,
        };
        assert_eq!(Error::Store(sealed).means(), Means::Broken);
        let busy = store::Error::NameTaken("other".into());
        assert_eq!(Error::Store(busy).means(), Means::Later);
    }
}
