//! The words of Pendo's paths: regions, kinds of records, groups of fields.

use serde::{Deserialize, Serialize};

use crate::object::Object;

/// Where a subscription lives. In reality each region is a host of its own; here each is a first path segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// `app.pendo.io`.
    Us,
    /// `us1.app.pendo.io`.
    Us1,
    /// `app.eu.pendo.io`.
    Eu,
    /// `app.jpn.pendo.io`.
    Jp,
    /// `app.au.pendo.io`.
    Au,
}

impl Region {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Us, Self::Us1, Self::Eu, Self::Jp, Self::Au];

    /// The path segment that stands for the host.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Us1 => "us1",
            Self::Eu => "eu",
            Self::Jp => "jp",
            Self::Au => "au",
        }
    }

    pub(super) fn named(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.segment() == segment)
    }
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A person who uses the product.
    Visitor,
    /// A customer.
    Account,
    /// What several accounts belong to.
    ParentAccount,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Visitor, Self::Account, Self::ParentAccount];

    /// The word in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Account => "account",
            Self::ParentAccount => "parentAccount",
        }
    }

    /// The key that holds the id in bodies.
    pub const fn id_key(self) -> &'static str {
        match self {
            Self::Visitor => "visitorId",
            Self::Account => "accountId",
            Self::ParentAccount => "parentAccountId",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

impl From<Object> for Kind {
    /// The kind that a HubSpot object is matched with.
    fn from(object: Object) -> Self {
        match object {
            Object::Contacts => Self::Visitor,
            Object::Companies => Self::Account,
        }
    }
}

/// A group of fields: the middle part of `metadata.{group}.{field}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Computed by Pendo.
    Auto,
    /// From the snippet in the product's pages.
    Agent,
    /// Pendo's own, and what a connector may fill.
    Custom,
    /// Flags.
    Pendo,
    /// Filled by Pendo's Salesforce integration.
    Salesforce,
    /// Filled by Pendo's HubSpot integration.
    Hubspot,
}

impl Group {
    /// All of them, in the order of a schema answer.
    pub const ALL: [Self; 6] = [
        Self::Auto,
        Self::Agent,
        Self::Custom,
        Self::Pendo,
        Self::Salesforce,
        Self::Hubspot,
    ];

    /// The word in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Agent => "agent",
            Self::Custom => "custom",
            Self::Pendo => "pendo",
            Self::Salesforce => "salesforce",
            Self::Hubspot => "hubspot",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.name() == name)
    }

    /// Whether the API may write here: only these two stand in the titles of its reference.
    pub const fn is_writable(self) -> bool {
        matches!(self, Self::Agent | Self::Custom)
    }
}
