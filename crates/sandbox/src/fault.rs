//! Faults and lies by script: a list of rules, asked in order at every call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::journal::Kind;
use crate::object::Object;

/// Which calls go wrong, and how. Fields left out match everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path; `*` stands for anything.
    #[serde(default)]
    pub path: Option<String>,
    /// What the call is for.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The object type it is about.
    #[serde(default)]
    pub object: Option<Object>,
    /// The portal of the token.
    #[serde(default)]
    pub portal: Option<u64>,
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
    /// Hits the next call of a kind, once.
    pub fn next(kind: Kind, action: Action) -> Self {
        Self {
            kind: Some(kind),
            ..Self::any(action)
        }
    }

    /// Hits the next call of any kind, once.
    pub fn any(action: Action) -> Self {
        Self {
            method: None,
            path: None,
            kind: None,
            object: None,
            portal: None,
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

    /// Only calls with a token of this portal.
    #[must_use]
    pub fn of_portal(self, portal: u64) -> Self {
        Self {
            portal: Some(portal),
            ..self
        }
    }

    /// Only calls about this object type.
    #[must_use]
    pub fn of_object(self, object: Object) -> Self {
        Self {
            object: Some(object),
            ..self
        }
    }

    /// Only calls whose path holds this pattern.
    #[must_use]
    pub fn on_path(self, path: &str) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..self
        }
    }
}

/// What happens to a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// Any answer at all, without doing the work. Without a body, the one HubSpot (or the proxy in front of it)
    /// sends with this status.
    Respond {
        /// HTTP status.
        status: u16,
        /// Body; its content type is guessed from its first character unless named.
        #[serde(default)]
        body: Option<String>,
        /// Extra headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// A refusal by name, with its true body, without doing the work.
    Refuse(Refusal),
    /// Does the work, then closes the connection after so many bytes of the body.
    CutBody {
        /// Bytes sent.
        after: usize,
    },
    /// Does the work and sends the body in pieces, in real time.
    SlowBody {
        /// Bytes per piece.
        piece: usize,
        /// Pause between pieces.
        pause_ms: u64,
    },
    /// Waits before answering, in real time.
    Delay {
        /// How long.
        ms: u64,
    },
    /// Closes the connection without doing the work.
    Drop,
    /// Does the work, then closes the connection without an answer.
    DropAnswer,
    /// A batch answer holds an error of a category nobody has documented, and is a 207.
    UnknownCategory,
    /// Records, pages and definitions carry fields nobody has documented.
    ExtraFields,
    /// A lie: leaves a record out of the page (this one, or the one in the middle); total and paging stay.
    OmitRecord {
        /// Record id.
        #[serde(default)]
        id: Option<u64>,
    },
    /// A lie: answers with the page before, again.
    RepeatPage,
    /// A lie: the total is off by this much.
    WrongTotal {
        /// Added to the total.
        by: i64,
    },
    /// Something happens in the portal before the call is answered, as it should be.
    Run {
        /// The portal; the call's own when left out.
        #[serde(default)]
        portal: Option<u64>,
        /// What happens.
        command: Command,
    },
}

/// Refusals that carry a body of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Refusal {
    /// 401 `EXPIRED_AUTHENTICATION`.
    Expired,
    /// 401 `INVALID_AUTHENTICATION`.
    Unauthenticated,
    /// 403 `MISSING_SCOPES`.
    MissingScopes,
    /// 403 of old, which repeats the token.
    EchoToken,
    /// 429 `TEN_SECONDLY_ROLLING`.
    TenSecondly,
    /// 429 by the second, as search words it.
    Secondly,
    /// 429 by the second, as others word it: with a `policyName`.
    SecondlyPolicy,
    /// 429 `DAILY`.
    Daily,
    /// 477 with `Retry-After` in seconds.
    Moving {
        /// Seconds to wait.
        retry_after: u64,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) rules: Vec<Rule>,
}

/// What a call looks like to the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) kind: Kind,
    pub(crate) object: Option<Object>,
    pub(crate) portal: Option<u64>,
}

impl Script {
    /// The actions for a call: any number of `Run`s, and at most one of the others.
    pub(crate) fn actions(&mut self, sight: Sight<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        for rule in &mut self.rules {
            if !rule.matches(sight) {
                continue;
            }
            rule.seen += 1;
            if rule.seen <= rule.skip {
                continue;
            }
            actions.push(rule.action.clone());
            if !matches!(rule.action, Action::Run { .. }) {
                break;
            }
        }
        self.rules
            .retain(|r| r.count == 0 || r.seen < r.skip + r.count);
        actions
    }
}

impl Rule {
    fn matches(&self, sight: Sight<'_>) -> bool {
        self.method
            .as_ref()
            .is_none_or(|m| m.eq_ignore_ascii_case(sight.method))
            && self.kind.is_none_or(|k| k == sight.kind)
            && self.object.is_none_or(|o| Some(o) == sight.object)
            && self.portal.is_none_or(|p| Some(p) == sight.portal)
            && self.path.as_ref().is_none_or(|pattern| {
                let mut rest = sight.path;
                pattern.split('*').all(|part| match rest.find(part) {
                    Some(at) => {
                        rest = &rest[at + part.len()..];
                        true
                    }
                    None => false,
                })
            })
    }
}
