//! Which forms of values are used, and who says so.

use serde::Serialize;
use serde_json::{Value, json};

use crate::destination::formats::{Choice, Formats};

/// A form of values that is used from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The setting that may choose it, below `pendo`.
    pub setting: &'static str,
    /// What is used, in the setting's words.
    pub used: String,
    /// Who says so.
    pub because: Because,
    /// What a probe has found, if it has.
    pub found: Option<String>,
}

impl Form {
    /// As it is reported, without its setting.
    pub fn json(&self) -> Value {
        json!({ "used": self.used, "because": self.because, "found": self.found })
    }
}

/// Who says which form is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The configuration, whatever was found.
    Configured,
    /// A probe.
    Found,
    /// Nobody: it is the safe one.
    Default,
}

/// The forms that hold, each with its reason.
pub(super) fn used(configured: Choice, found: Choice) -> [Form; 3] {
    let formats = Formats::of(configured, found);
    let Formats {
        times,
        cleared,
        integers,
    } = formats;
    [
        form(
            "times",
            &times,
            configured.times.is_some(),
            found.times.as_ref(),
        ),
        form(
            "cleared",
            &cleared,
            configured.cleared.is_some(),
            found.cleared.as_ref(),
        ),
        form(
            "integers",
            &integers,
            configured.integers.is_some(),
            found.integers.as_ref(),
        ),
    ]
}

fn form<T: Serialize>(
    setting: &'static str,
    used: &T,
    configured: bool,
    found: Option<&T>,
) -> Form {
    Form {
        setting,
        used: word(used),
        because: match (configured, found) {
            (true, _) => Because::Configured,
            (false, Some(_)) => Because::Found,
            (false, None) => Because::Default,
        },
        found: found.map(word),
    }
}

fn word(form: &impl Serialize) -> String {
    match serde_json::to_value(form) {
        Ok(Value::String(word)) => word,
        other => unreachable!("a form is a word, not {other:?}"),
    }
}
