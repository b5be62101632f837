//! What the Pendo stand-in is started with: subscriptions, their keys, records and fields.

use serde::{Deserialize, Serialize};

use super::kind::{Group, Kind, Region};
use super::schema::Type;
use super::switches::Switches;

/// The key of the default subscription that may write.
pub const WRITE_KEY: &str = "pendo-sandbox-write";

/// The key of the default subscription that may only read.
pub const READ_KEY: &str = "pendo-sandbox-read";

/// A Pendo stand-in: one HTTP server for all regions, with any number of subscriptions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: String,
    /// Where the clock starts, in milliseconds since the epoch.
    pub start_ms: i64,
    /// Whether real time moves the clock, which the limit on calls per second follows. Off by default.
    pub flowing: bool,
    /// Seeds what Pendo computes itself: first and last visits, browsers.
    pub seed: u64,
    /// The subscriptions; names must differ, and so must keys.
    pub subscriptions: Vec<Subscription>,
    /// Real time every call takes at least.
    pub latency_ms: u64,
    /// What is not known about the real thing, one switch a question.
    pub switches: Switches,
    /// How many calls the journal keeps; its counters never forget.
    pub journal_capacity: usize,
    /// Keeps every call, and for calls that set values also which record got which values.
    pub keep_writes: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            start_ms: crate::DEFAULT_START_MS,
            flowing: false,
            seed: 1,
            subscriptions: vec![Subscription::default()],
            latency_ms: 0,
            switches: Switches::default(),
            journal_capacity: 10_000,
            keep_writes: false,
        }
    }
}

impl Config {
    /// A server with one subscription.
    pub fn with_subscription(subscription: Subscription) -> Self {
        Self {
            subscriptions: vec![subscription],
            ..Self::default()
        }
    }
}

/// One Pendo subscription, which lives in one region.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscription {
    /// What tests call it; Pendo's API never shows it.
    pub name: String,
    /// Where it lives. Its keys are unknown everywhere else.
    pub region: Region,
    /// Its integration keys.
    pub keys: Vec<Key>,
    /// Ids of visitors that are known from the start.
    pub visitors: Vec<String>,
    /// Ids of accounts that are known from the start.
    pub accounts: Vec<String>,
    /// How many anonymous visitors there are besides.
    pub anonymous: u32,
    /// Fields that exist from the start, besides those Pendo makes itself.
    pub fields: Vec<ExistingField>,
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            name: "main".to_owned(),
            region: Region::Us,
            keys: vec![
                Key {
                    key: WRITE_KEY.to_owned(),
                    write: true,
                    revoked: false,
                },
                Key {
                    key: READ_KEY.to_owned(),
                    write: false,
                    revoked: false,
                },
            ],
            visitors: Vec::new(),
            accounts: Vec::new(),
            anonymous: 10,
            fields: Vec::new(),
        }
    }
}

impl Subscription {
    /// Sets which visitors and accounts are known.
    #[must_use]
    pub fn knowing(self, visitors: &[&str], accounts: &[&str]) -> Self {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Self {
            visitors: owned(visitors),
            accounts: owned(accounts),
            ..self
        }
    }

    /// Adds a field that exists from the start.
    #[must_use]
    pub fn field(mut self, kind: Kind, group: Group, name: &str, of: Type) -> Self {
        self.fields.push(ExistingField {
            kind,
            group,
            name: name.to_owned(),
            display_name: String::new(),
            r#type: of,
            hidden: false,
            deleted: false,
        });
        self
    }
}

/// An integration key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The key itself.
    pub key: String,
    /// Whether "Allow Write Access" is ticked.
    #[serde(default)]
    pub write: bool,
    /// A revoked key is as good as a wrong one.
    #[serde(default)]
    pub revoked: bool,
}

/// A field that exists before the first call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExistingField {
    /// Whose field it is.
    pub kind: Kind,
    /// Its group.
    pub group: Group,
    /// Its key, as it is: no rule is applied to it.
    pub name: String,
    /// What people see; the key when empty.
    #[serde(default)]
    pub display_name: String,
    /// Its type.
    pub r#type: Type,
    /// `isHidden`.
    #[serde(default)]
    pub hidden: bool,
    /// `isDeleted`.
    #[serde(default)]
    pub deleted: bool,
}
