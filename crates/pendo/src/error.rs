//! What can go wrong with a call to Pendo.

use std::fmt;

use model::Level;
use outbound::{Failure, Unusable};

use crate::{
    refusal::Refusal,
    retry::{self, Retry},
};

/// The failure of one operation, after every retry that its kind allows.
///
/// Messages hold no key, no id, no e-mail address and no value; they can be logged and shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot be used; nothing was sent.
    #[error("the Pendo settings cannot be used: {problem}")]
    Settings {
        /// Which setting, and why.
        problem: String,
    },
    /// Pendo does not accept the integration key. It says no more than that: the refusal has an empty body.
    #[error(
        "{operation}: Pendo does not accept the integration key: it is missing, wrong, revoked, or of another region{}",
        if .operation.writes() { ", or it may only read" } else { "" }
    )]
    Key {
        /// What was being done.
        operation: Operation,
    },
    /// What was asked for cannot be put into a request; nothing was sent.
    #[error("{operation}: {problem}")]
    Unsendable {
        /// What was being done.
        operation: Operation,
        /// Why, without the text that it is about.
        problem: &'static str,
    },
    /// Pendo answered with a status that none of the other variants stands for.
    #[error("{operation}: Pendo answered {refusal}")]
    Refused {
        /// What was being done.
        operation: Operation,
        /// The kind, from the status.
        kind: Kind,
        /// What Pendo said.
        refusal: Box<Refusal>,
    },
    /// No connection, a time-out, or an answer cut short. What was asked for may have been carried out.
    #[error("{operation}: no complete answer from Pendo")]
    Network {
        /// What was being done.
        operation: Operation,
        /// What the network said.
        source: Failure,
    },
    /// The answer said success, but cannot be read. What was asked for may have been carried out.
    #[error("{operation}: Pendo's answer cannot be read: {problem}")]
    Unreadable {
        /// What was being done.
        operation: Operation,
        /// What is wrong with it, without any of its content.
        problem: String,
    },
}

/// The kinds of failure, each with its retry rule and its hint in [`retry::rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A setting cannot be used.
    Settings,
    /// 401 and 403, or a key that is said not to be valid.
    Key,
    /// 400 and 422, or what cannot be sent at all: the request is not understood.
    Invalid,
    /// 413: too much in one request.
    TooLarge,
    /// 404 and 410: no such visitor, account, field or endpoint, or none that the key may see.
    NotFound,
    /// 409: something else is being written.
    Busy,
    /// 408: the request took too long.
    Slow,
    /// 429: too many calls.
    Limited,
    /// 5xx.
    Server,
    /// No connection, a time-out or an answer cut short.
    Network,
    /// A success whose body cannot be read.
    Unreadable,
    /// Any other status.
    Unexpected,
}

impl Kind {
    /// The kind of a status other than success. Pendo documents no schema of errors, so the body has no say.
    pub(crate) const fn of(status: u16) -> Self {
        match status {
            400 | 422 => Self::Invalid,
            401 | 403 => Self::Key,
            404 | 410 => Self::NotFound,
            408 => Self::Slow,
            409 => Self::Busy,
            413 => Self::TooLarge,
            429 => Self::Limited,
            500..=599 => Self::Server,
            _ => Self::Unexpected,
        }
    }
}

/// What was being done; begins every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Asking what the key may do.
    Verify,
    /// Reading the metadata fields.
    Schema(Level),
    /// Creating metadata fields.
    CreateFields(Level),
    /// Deleting a metadata field.
    DeleteField(Level),
    /// Setting values of many visitors or accounts.
    SetValues(Level),
    /// Reading one value.
    Value(Level),
    /// Setting one value.
    SetValue(Level),
    /// Asking whether an id is known.
    Find(Level),
    /// Counting visitors or accounts.
    Count(Level),
    /// Reading the known ids.
    Ids(Level),
    /// Reading values of many visitors or accounts.
    Values(Level),
}

impl Operation {
    /// Whether it changes something at Pendo.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::CreateFields(_) | Self::DeleteField(_) | Self::SetValues(_) | Self::SetValue(_)
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verify => f.write_str("checking the integration key"),
            Self::Schema(level) => write!(f, "reading the {} fields", level.name()),
            Self::CreateFields(level) => write!(f, "creating {} fields", level.name()),
            Self::DeleteField(level) => write!(f, "deleting a {} field", level.name()),
            Self::SetValues(level) => write!(f, "setting values of {}s", level.name()),
            Self::Value(level) => write!(f, "reading a value of one {}", level.name()),
            Self::SetValue(level) => write!(f, "setting a value of one {}", level.name()),
            Self::Find(level) => write!(f, "looking for one {}", level.name()),
            Self::Count(level) => write!(f, "counting {}s", level.name()),
            Self::Ids(level) => write!(f, "reading the ids of {}s", level.name()),
            Self::Values(level) => write!(f, "reading values of {}s", level.name()),
        }
    }
}

impl Error {
    pub(crate) fn settings(problem: impl Into<String>) -> Self {
        Self::Settings {
            problem: problem.into(),
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Settings { .. } => Kind::Settings,
            Self::Key { .. } => Kind::Key,
            Self::Unsendable { .. } => Kind::Invalid,
            Self::Refused { kind, .. } => *kind,
            Self::Network { .. } => Kind::Network,
            Self::Unreadable { .. } => Kind::Unreadable,
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> &'static str {
        retry::rule(self.kind()).hint
    }

    /// Whether the same operation may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(retry::rule(self.kind()).retry, Retry::Wait(_))
    }

    /// What Pendo said, where it said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        Self::Settings {
            problem: unusable.problem,
        }
    }
}
