//! What can go wrong with a call to HubSpot.

use std::fmt;

use jiff::Timestamp;
use model::{ObjectType, PropertyName, RecordId};
use outbound::Unusable;

use crate::{
    refusal::Refusal,
    retry::{self, Retry},
};

/// The failure of one operation, after every retry that its kind allows.
///
/// Messages hold no token, no e-mail address and no property value; they can be logged and shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot be used; nothing was sent.
    #[error("the HubSpot settings cannot be used: {problem}")]
    Settings {
        /// Which setting, and why.
        problem: String,
    },
    /// HubSpot answered with a status that none of the other variants stands for.
    #[error("{operation}: HubSpot answered {refusal}")]
    Refused {
        /// What was being done.
        operation: Operation,
        /// The kind, from status, body and operation.
        kind: Kind,
        /// What HubSpot said.
        refusal: Box<Refusal>,
    },
    /// A property in the request is not defined in the portal (any more): read the definitions again.
    #[error("{operation}: {} in the portal; HubSpot answered {refusal}", Absent(.names))]
    UnknownProperty {
        /// What was being done.
        operation: Operation,
        /// The names, as far as HubSpot said.
        names: Vec<PropertyName>,
        /// What HubSpot said.
        refusal: Box<Refusal>,
    },
    /// The token lacks a scope.
    #[error("{operation}: the connection has not been granted {}; HubSpot answered {refusal}", List(.scopes))]
    MissingScopes {
        /// What was being done.
        operation: Operation,
        /// The scopes of which one or more is needed, as far as HubSpot said.
        scopes: Vec<String>,
        /// What HubSpot said.
        refusal: Box<Refusal>,
    },
    /// HubSpot no longer accepts the connection's refresh token: the app was uninstalled or the grant revoked.
    #[error(
        "{operation}: HubSpot no longer accepts this connection; it has to be authorised again"
    )]
    Reauthorise {
        /// What was being done.
        operation: Operation,
    },
    /// The share of the portal's daily calls that may be used is used up.
    #[error("{operation}: the portal's daily call quota is used up until {resets_at}")]
    DailyQuota {
        /// What was being done.
        operation: Operation,
        /// Midnight in the account's time zone.
        resets_at: Timestamp,
    },
    /// The account is being moved between HubSpot's data centres (477).
    #[error("{operation}: HubSpot is moving the account to another data centre until {until}")]
    AccountMoving {
        /// What was being done.
        operation: Operation,
        /// When HubSpot asked to be called again.
        until: Timestamp,
    },
    /// No connection, a time-out, or an answer cut short.
    #[error("{operation}: no complete answer from HubSpot")]
    Network {
        /// What was being done.
        operation: Operation,
        /// What the network said.
        source: outbound::Failure,
    },
    /// The answer said success, but its body is not what the API promises.
    #[error("{operation}: HubSpot's answer cannot be read: {problem}{}", Trace(.correlation_id))]
    Unreadable {
        /// What was being done.
        operation: Operation,
        /// What is wrong with it, without any of its content.
        problem: String,
        /// HubSpot's id of the call.
        correlation_id: Option<String>,
    },
    /// HubSpot kept answering with records already delivered.
    #[error("{operation}: the answers do not get past {}", Position(.after))]
    Stalled {
        /// What was being done.
        operation: Operation,
        /// The record after which nothing new came.
        after: Option<RecordId>,
    },
    /// The parts of one page, read with different properties, kept holding different records.
    #[error("{operation}: the parts of one page hold different records")]
    Torn {
        /// What was being done.
        operation: Operation,
    },
    /// New tokens were granted but could not be stored; they are kept in memory and stored before the next call.
    #[error("{operation}: the new tokens could not be stored")]
    Keep {
        /// What was being done.
        operation: Operation,
        /// What the [`TokenKeeper`](crate::TokenKeeper) said.
        source: crate::KeepError,
    },
}

/// The kinds of failure, each with its retry rule and its hint in [`retry::rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A setting cannot be used.
    Settings,
    /// 400: HubSpot does not understand the request.
    Invalid,
    /// 400: a property is not defined.
    UnknownProperty,
    /// 400 at the token endpoint: unknown client id, wrong secret, wrong redirect address, used code.
    App,
    /// 401: the access token has expired.
    Expired,
    /// 401 and 530: no or wrong token.
    Unauthenticated,
    /// The refresh token is dead.
    Reauthorise,
    /// 403: a scope is missing.
    MissingScopes,
    /// 403 for another reason.
    Forbidden,
    /// 404: no such record or endpoint.
    NotFound,
    /// 405 and 415: wrong verb or content type.
    Misuse,
    /// 409.
    Conflict,
    /// 414: the URL is too long.
    TooLong,
    /// 423: locked by heavy writes.
    Locked,
    /// 429: too many calls in 10 seconds.
    Burst,
    /// 429: too many searches in a second.
    SearchBurst,
    /// 429, or foreseen: the day's calls are used up.
    Daily,
    /// 477: the account is moving between data centres.
    Moving,
    /// 500 and other 5xx.
    Server,
    /// 502, 503, 504, 521, 523: overload.
    Overloaded,
    /// 524: HubSpot took more than 100 s.
    Slow,
    /// 522, 525, 526: trouble between HubSpot's edge and its servers.
    Edge,
    /// No connection, a time-out or an answer cut short.
    Network,
    /// A success whose body cannot be read.
    Unreadable,
    /// A page that does not advance.
    Stalled,
    /// The parts of a page disagree.
    Torn,
    /// New tokens could not be stored.
    Keep,
    /// A status that HubSpot does not document.
    Unexpected,
}

/// What was being done; begins every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Exchanging an authorization code for tokens.
    ExchangeCode,
    /// Refreshing the access token.
    Refresh,
    /// Revoking a token.
    Revoke,
    /// Asking what a token may do.
    Introspect,
    /// Reading the account's facts.
    Account,
    /// Reading the property definitions of an object.
    Properties(ObjectType),
    /// Reading the groups in which the properties of an object stand.
    PropertyGroups(ObjectType),
    /// Reading how many records there are.
    RecordCounts,
    /// Reading owners.
    Owners,
    /// Counting records by a search.
    Total(ObjectType),
    /// Searching records.
    Search(ObjectType),
    /// Listing records.
    List(ObjectType),
    /// Reading records by id.
    BatchRead(ObjectType),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExchangeCode => f.write_str("exchanging the authorization code"),
            Self::Refresh => f.write_str("refreshing the access token"),
            Self::Revoke => f.write_str("revoking the token"),
            Self::Introspect => f.write_str("asking about the token"),
            Self::Account => f.write_str("reading the account"),
            Self::Properties(object) => write!(f, "reading the properties of {}", object.path()),
            Self::PropertyGroups(object) => {
                write!(f, "reading the property groups of {}", object.path())
            }
            Self::RecordCounts => f.write_str("reading the record counts"),
            Self::Owners => f.write_str("reading the owners"),
            Self::Total(object) => write!(f, "counting {}", object.path()),
            Self::Search(object) => write!(f, "searching {}", object.path()),
            Self::List(object) => write!(f, "listing {}", object.path()),
            Self::BatchRead(object) => write!(f, "reading {} by id", object.path()),
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
            Self::Refused { kind, .. } => *kind,
            Self::UnknownProperty { .. } => Kind::UnknownProperty,
            Self::MissingScopes { .. } => Kind::MissingScopes,
            Self::Reauthorise { .. } => Kind::Reauthorise,
            Self::DailyQuota { .. } => Kind::Daily,
            Self::AccountMoving { .. } => Kind::Moving,
            Self::Network { .. } => Kind::Network,
            Self::Unreadable { .. } => Kind::Unreadable,
            Self::Stalled { .. } => Kind::Stalled,
            Self::Torn { .. } => Kind::Torn,
            Self::Keep { .. } => Kind::Keep,
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> &'static str {
        retry::rule(self.kind()).hint
    }

    /// Whether the same operation may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            retry::rule(self.kind()).retry,
            Retry::Wait(_) | Retry::Later
        )
    }

    /// HubSpot's id of the refused call, which its support asks for.
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Unreadable { correlation_id, .. } => correlation_id.as_deref(),
            _ => self.refusal()?.correlation_id.as_deref(),
        }
    }

    /// What HubSpot said, where it said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. }
            | Self::UnknownProperty { refusal, .. }
            | Self::MissingScopes { refusal, .. } => Some(refusal),
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

/// ` (correlation id …)`, or nothing.
struct Trace<'a>(&'a Option<String>);

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, " (correlation id {id})"),
            None => Ok(()),
        }
    }
}

struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("a scope it needs"),
            [one] => write!(f, "the scope {one}"),
            many => write!(f, "one of the scopes {}", many.join(", ")),
        }
    }
}

struct Absent<'a>(&'a [PropertyName]);

impl fmt::Display for Absent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("a property is not defined"),
            [one] => write!(f, "the property {one} is not defined"),
            [first, rest @ ..] => {
                write!(f, "the properties {first}")?;
                rest.iter().try_for_each(|name| write!(f, ", {name}"))?;
                f.write_str(" are not defined")
            }
        }
    }
}

struct Position<'a>(&'a Option<RecordId>);

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, "record {id}"),
            None => f.write_str("the beginning"),
        }
    }
}
