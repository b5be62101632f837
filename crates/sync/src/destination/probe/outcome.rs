//! What became of a value that was sent: what Pendo answered, and what it holds afterwards.

use serde_json::Value;

/// What Pendo answered to a write of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// The record failed; what was said.
    Not(String),
    /// The whole call was refused; what was said.
    Refused(String),
}

/// A value that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tried {
    pub(super) taken: Taken,
    pub(super) sent: Value,
    pub(super) before: Option<Value>,
    pub(super) held: Option<Value>,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is held as it was sent.
    Stored,
    /// Nothing is held any more.
    Cleared,
    /// It is held as it was before, although it was taken.
    Ignored,
    /// Something else is held.
    Changed,
    /// The record failed.
    RecordFails,
    /// The call was refused.
    RequestRefused,
}

impl Tried {
    pub(super) fn effect(&self) -> Effect {
        match &self.taken {
            Taken::Refused(_) => Effect::RequestRefused,
            Taken::Not(_) => Effect::RecordFails,
            Taken::Yes => match &self.held {
                Some(held) if same(held, &self.sent) => Effect::Stored,
                held if *held == self.before => Effect::Ignored,
                None => Effect::Cleared,
                Some(_) => Effect::Changed,
            },
        }
    }

    /// The effect in words, with what Pendo said.
    pub(super) fn text(&self) -> String {
        match (self.effect(), &self.taken) {
            (Effect::RecordFails, Taken::Not(said)) => format!("the record fails ({said})"),
            (Effect::RequestRefused, Taken::Refused(said)) => {
                format!("the call is refused ({said})")
            }
            (effect, _) => effect.text().into(),
        }
    }
}

impl Effect {
    /// A stable word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Cleared => "clears",
            Self::Ignored => "ignored",
            Self::Changed => "changed",
            Self::RecordFails => "record_fails",
            Self::RequestRefused => "request_refused",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Stored => "it is kept as it was sent",
            Self::Cleared => "the value is gone afterwards",
            Self::Ignored => "it is passed over, and the value stays",
            Self::Changed => "something else is kept than was sent",
            Self::RecordFails => "the record fails",
            Self::RequestRefused => "the call is refused",
        }
    }
}

/// Whether two values are the same, numbers by what they are worth.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.to_bits() == other.to_bits())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn effects_are_told_apart() {
        use Effect::{Changed, Cleared, Ignored, RecordFails, RequestRefused, Stored};
        let old = || Some(json!("old"));
        for (taken, sent, before, held, effect) in [
            (Taken::Yes, json!(12), old(), Some(json!(12.0)), Stored),
            (Taken::Yes, json!("old"), old(), old(), Stored),
            (Taken::Yes, json!(null), old(), None, Cleared),
            (Taken::Yes, json!(null), old(), old(), Ignored),
            (Taken::Yes, json!("new"), None, None, Ignored),
            (Taken::Yes, json!(12.5), old(), Some(json!(12)), Changed),
            (Taken::Not("no".into()), json!(1), old(), old(), RecordFails),
            (
                Taken::Refused("no".into()),
                json!(1),
                old(),
                old(),
                RequestRefused,
            ),
        ] {
            let tried = Tried {
                taken,
                sent,
                before,
                held,
            };
            assert_eq!(tried.effect(), effect, "{tried:?}");
        }
    }
}
