//! Faults by script on the Pendo side: rules of their own, because calls, records and commands differ from HubSpot's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::journal::Operation;
use super::kind::{Group, Kind};
use super::subscription::Subscription;

/// Which calls go wrong, and how. Fields left out match everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the call is for.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// The kind of record it is about.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The subscription of the key.
    #[serde(default)]
    pub subscription: Option<String>,
    /// Matching calls to let pass first: 4 hits the fifth.
    #[serde(default)]
    pub skip: u32,
    /// Matching calls to hit after that; 0 means all.
    #[serde(default = "once")]
    pub count: u32,
    /// What happens.
    pub action: Action,
    /// Matching calls seen so far.
    #[serde(default)]
    pub seen: u32,
}

const fn once() -> u32 {
    1
}

impl Rule {
    /// Hits the next call of a sort, once.
    pub fn next(operation: Operation, action: Action) -> Self {
        Self {
            operation: Some(operation),
            ..Self::any(action)
        }
    }

    /// Hits the next call of any sort, once.
    pub fn any(action: Action) -> Self {
        Self {
            operation: None,
            kind: None,
            subscription: None,
            skip: 0,
            count: 1,
            action,
            seen: 0,
        }
    }

    /// Lets so many matching calls pass first.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Hits so many matching calls; 0 means all from then on.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// Only calls about this kind of record.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }

    /// Only calls with a key of this subscription.
    #[must_use]
    pub fn of_subscription(self, name: &str) -> Self {
        Self {
            subscription: Some(name.to_owned()),
            ..self
        }
    }
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// Any answer at all, without doing the work. Without a body it is empty.
    Respond {
        /// HTTP status.
        status: u16,
        /// Body; HTML when it begins like it, JSON otherwise.
        #[serde(default)]
        body: Option<String>,
        /// Extra headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Waits before answering, in real time. Rules after it are still asked.
    Delay {
        /// How long.
        ms: u64,
    },
    /// Closes the connection without doing the work.
    Drop,
    /// Does the work, then closes the connection without an answer.
    DropAnswer,
    /// Does the work; the connection closes after so many bytes of the body.
    CutBody {
        /// Bytes sent.
        after: usize,
    },
    /// Records of a call that sets many fail. Rules after it are still asked.
    FailRecords {
        /// These.
        #[serde(default)]
        ids: Vec<String>,
        /// And every n-th of the request, when not 0: with 3 the third, the sixth, …
        #[serde(default)]
        every: usize,
        /// Why, in the answer's `errors`.
        text: String,
    },
    /// Something happens before the call is answered as it should be. Rules after it are still asked.
    Run {
        /// The subscription; the call's own when left out.
        #[serde(default)]
        subscription: Option<String>,
        /// What happens.
        command: Command,
    },
}

/// Something that happens in a subscription without a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Command {
    /// People or customers appear.
    AddIds {
        /// What they are.
        kind: Kind,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A key ends.
    RevokeKey {
        /// Which.
        key: String,
    },
    /// Somebody else sets a value; record and field come into being when they are missing.
    Set {
        /// Kind of record.
        kind: Kind,
        /// Group of the field.
        group: Group,
        /// Id of the record.
        id: String,
        /// Key of the field.
        field: String,
        /// The value.
        value: Value,
    },
    /// Somebody deletes a field.
    DeleteField {
        /// Kind of record.
        kind: Kind,
        /// Group of the field.
        group: Group,
        /// Key of the field.
        field: String,
    },
}

impl Command {
    /// Lets it happen; says what is missing when it cannot.
    pub(super) fn run(&self, subscription: &Subscription) -> Result<(), String> {
        let mut state = subscription.state();
        match self {
            Self::AddIds { kind, ids } => {
                for id in ids {
                    state.of_mut(*kind).find_or_add(id, true);
                }
            }
            Self::RevokeKey { key } => {
                let found = state.keys.iter_mut().find(|k| k.key == *key);
                found.ok_or_else(|| format!("no key {key}"))?.revoked = true;
            }
            Self::Set {
                kind,
                group,
                id,
                field,
                value,
            } => {
                let values = Map::from_iter([(field.clone(), value.clone())]);
                state.of_mut(*kind).set(id, *group, &values);
            }
            Self::DeleteField { kind, group, field } => {
                let schema = &mut state.of_mut(*kind).schema;
                let number = schema.find(*group, field);
                let number = number.ok_or_else(|| format!("no field {field}"))?;
                schema.field_mut(number).is_deleted = true;
            }
        }
        Ok(())
    }
}

/// What a call looks like to the rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) operation: Operation,
    pub(super) kind: Option<Kind>,
    pub(super) subscription: Option<&'a str>,
}

/// The actions for a call: any number of those that go on, and at most one that ends the search.
pub(super) fn actions(rules: &mut Vec<Rule>, sight: Sight<'_>) -> Vec<Action> {
    let mut actions = Vec::new();
    for rule in rules.iter_mut() {
        let matches = rule.operation.is_none_or(|o| o == sight.operation)
            && rule.kind.is_none_or(|k| Some(k) == sight.kind)
            && rule
                .subscription
                .as_deref()
                .is_none_or(|s| Some(s) == sight.subscription);
        if !matches {
            continue;
        }
        rule.seen += 1;
        if rule.seen <= rule.skip {
            continue;
        }
        actions.push(rule.action.clone());
        if !matches!(
            rule.action,
            Action::Run { .. } | Action::Delay { .. } | Action::FailRecords { .. }
        ) {
            break;
        }
    }
    rules.retain(|r| r.count == 0 || r.seen < r.skip + r.count);
    actions
}
