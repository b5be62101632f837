//! Pendo's paths, resolved to what is asked for.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::journal::Operation;
use super::kind::{Group, Kind, Region};
use crate::http::route::{decode, pairs};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) region: Region,
    pub(super) target: Target,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Verify,
    SchemaRead(Kind, Option<Group>),
    SchemaWrite(Kind, Group),
    FieldDelete(Kind, Group, String),
    SetMany(Kind, Group, Create),
    SetOne(Kind, Group, Value),
    GetOne(Kind, Group, Value),
    Record(Kind, String),
    Aggregation,
}

/// Whether values for unknown records make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Create {
    No,
    Yes,
}

/// Where a single value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) id: String,
    pub(super) field: String,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    NotFound,
    WrongMethod,
    /// An id that says it is base64 and is not.
    BadId,
}

impl Target {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Verify => Operation::Verify,
            Self::SchemaRead(..) => Operation::SchemaRead,
            Self::SchemaWrite(..) => Operation::SchemaWrite,
            Self::FieldDelete(..) => Operation::FieldDelete,
            Self::SetMany(..) => Operation::SetMany,
            Self::SetOne(..) => Operation::SetOne,
            Self::GetOne(..) => Operation::GetOne,
            Self::Record(..) => Operation::Record,
            Self::Aggregation => Operation::Aggregation,
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::SchemaRead(kind, _)
            | Self::SchemaWrite(kind, _)
            | Self::FieldDelete(kind, ..)
            | Self::SetMany(kind, ..)
            | Self::SetOne(kind, ..)
            | Self::GetOne(kind, ..)
            | Self::Record(kind, _) => Some(*kind),
            Self::Verify | Self::Aggregation => None,
        }
    }

    pub(super) fn group(&self) -> Option<Group> {
        match self {
            Self::SchemaRead(_, group) => *group,
            Self::SchemaWrite(_, group)
            | Self::FieldDelete(_, group, _)
            | Self::SetMany(_, group, _)
            | Self::SetOne(_, group, _)
            | Self::GetOne(_, group, _) => Some(*group),
            Self::Verify | Self::Record(..) | Self::Aggregation => None,
        }
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(
            self,
            Self::SchemaWrite(..) | Self::FieldDelete(..) | Self::SetMany(..) | Self::SetOne(..)
        )
    }
}

impl Route {
    /// Resolves method, path and query.
    pub(super) fn parse(
        method: &str,
        path: &str,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<Self, Lost> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(decode)
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let [region, "api", "v1", rest @ ..] = segments.as_slice() else {
            return Err(Lost::NotFound);
        };
        let region = Region::named(region).ok_or(Lost::NotFound)?;
        let encoded = headers
            .get("x-pendo-base64-encoded-params")
            .is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"true"));
        let id = |segment: &str| {
            if encoded {
                from_base64(segment).ok_or(Lost::BadId)
            } else {
                Ok(segment.to_owned())
            }
        };
        let target = match (method, rest) {
            ("GET", ["token", "verify"]) => Target::Verify,
            ("POST", ["aggregation"]) => Target::Aggregation,
            ("GET", ["visitor", segment]) => Target::Record(Kind::Visitor, id(segment)?),
            ("GET", ["account", segment]) => Target::Record(Kind::Account, id(segment)?),
            ("GET", ["metadata", "schema", kind]) => Target::SchemaRead(named(kind)?, None),
            (_, ["metadata", "schema", kind, group, field @ ..]) => {
                let (kind, group) = (named(kind)?, group_named(group)?);
                match (method, field) {
                    ("GET", []) => Target::SchemaRead(kind, Some(group)),
                    ("POST", []) => Target::SchemaWrite(kind, group),
                    ("DELETE", [field]) => Target::FieldDelete(kind, group, (*field).to_owned()),
                    _ => return Err(Lost::WrongMethod),
                }
            }
            (_, ["metadata", kind, group, "value", value @ ..]) => {
                let (kind, group) = (named(kind)?, group_named(group)?);
                match (method, value) {
                    ("POST", []) => {
                        let asked = pairs(query)
                            .iter()
                            .any(|(name, value)| name == "create" && value == "true");
                        let create = if asked { Create::Yes } else { Create::No };
                        Target::SetMany(kind, group, create)
                    }
                    ("GET" | "PUT", [segment, field]) => {
                        let value = Value {
                            id: id(segment)?,
                            field: (*field).to_owned(),
                        };
                        match method {
                            "PUT" => Target::SetOne(kind, group, value),
                            _ => Target::GetOne(kind, group, value),
                        }
                    }
                    _ => return Err(Lost::WrongMethod),
                }
            }
            (_, ["token", "verify"] | ["aggregation"] | ["visitor" | "account", _]) => {
                return Err(Lost::WrongMethod);
            }
            _ => return Err(Lost::NotFound),
        };
        Ok(Self { region, target })
    }
}

/// The region of a path that leads nowhere else.
pub(super) fn region_of(path: &str) -> Option<Region> {
    path.split('/').nth(1).and_then(Region::named)
}

fn named(kind: &str) -> Result<Kind, Lost> {
    Kind::named(kind).ok_or(Lost::NotFound)
}

fn group_named(group: &str) -> Result<Group, Lost> {
    Group::named(group).ok_or(Lost::NotFound)
}

/// Decodes either alphabet, with padding or without: which one the real thing wants is not known.
fn from_base64(text: &str) -> Option<String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = [&base64::alphabet::URL_SAFE, &base64::alphabet::STANDARD]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())?;
    String::from_utf8(bytes).ok()
}
