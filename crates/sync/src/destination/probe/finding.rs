//! What a probe finds.

use serde_json::{Value, json};

/// An answer to one open question, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Its stable name.
    pub name: &'static str,
    /// The answer.
    pub verdict: Verdict,
    /// What follows from it, for whoever runs Tributary.
    pub follows: String,
}

/// What was found, if something was.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The question is answered.
    Found {
        /// For programs.
        value: Value,
        /// For people.
        text: String,
    },
    /// It stays open, and why.
    Unknown(String),
}

impl Finding {
    pub(super) fn found(
        name: &'static str,
        value: impl Into<Value>,
        text: impl Into<String>,
        follows: impl Into<String>,
    ) -> Self {
        Self {
            name,
            verdict: Verdict::Found {
                value: value.into(),
                text: text.into(),
            },
            follows: follows.into(),
        }
    }

    pub(super) fn unknown(
        name: &'static str,
        why: impl Into<String>,
        follows: impl Into<String>,
    ) -> Self {
        Self {
            name,
            verdict: Verdict::Unknown(why.into()),
            follows: follows.into(),
        }
    }

    /// What was found, for programs.
    pub fn value(&self) -> Option<&Value> {
        match &self.verdict {
            Verdict::Found { value, .. } => Some(value),
            Verdict::Unknown(_) => None,
        }
    }

    /// As it is reported, without its name.
    pub fn json(&self) -> Value {
        match &self.verdict {
            Verdict::Found { value, text } => {
                json!({ "found": value, "text": text, "follows": self.follows })
            }
            Verdict::Unknown(why) => json!({ "unknown": why, "follows": self.follows }),
        }
    }
}
