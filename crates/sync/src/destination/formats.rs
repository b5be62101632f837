//! In which form values are sent, where that is not written down anywhere: safe defaults, what a probe has found out, and what
//! the configuration says, of which the later wins over the earlier.

use std::borrow::Cow;

use model::{MetadataType, Moment};
use serde::{Deserialize, Serialize};

/// How moments are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Milliseconds since 1970, as a number: the form in which Pendo gives them out.
    #[default]
    EpochMs,
    /// `2024-10-28T16:39:00.846Z`.
    Iso8601,
}

/// How it is said that a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cleared {
    /// By `null`.
    #[default]
    Null,
    /// By an empty text.
    Empty,
    /// It cannot be said: the last value stays.
    Keep,
}

/// What becomes of decimals whose field turned out to be one of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integers {
    /// The field is held: digits might get lost.
    #[default]
    Hold,
    /// They are sent all the same.
    Send,
}

/// The forms that are chosen; what is `None` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// How moments are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    /// How it is said that a value goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<Cleared>,
    /// What becomes of decimals in fields of whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integers: Option<Integers>,
}

/// The forms that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Formats {
    /// How moments are sent.
    pub times: Times,
    /// How it is said that a value goes.
    pub cleared: Cleared,
    /// What becomes of decimals in fields of whole numbers.
    pub integers: Integers,
}

impl Formats {
    /// What the configuration chooses, or else a probe has found, or else the default.
    pub fn of(configured: Choice, found: Choice) -> Self {
        Self {
            times: configured.times.or(found.times).unwrap_or_default(),
            cleared: configured.cleared.or(found.cleared).unwrap_or_default(),
            integers: configured.integers.or(found.integers).unwrap_or_default(),
        }
    }

    /// The JSON to be sent for a stored value, or for that it goes; `None` when nothing can be said.
    pub(super) fn written(self, kind: MetadataType, token: Option<&str>) -> Option<Cow<'_, str>> {
        match (token, self.cleared) {
            (Some(token), _) => Some(self.token(kind, token)),
            (None, Cleared::Null) => Some("null".into()),
            (None, Cleared::Empty) => Some("\"\"".into()),
            (None, Cleared::Keep) => None,
        }
    }

    fn token(self, kind: MetadataType, token: &str) -> Cow<'_, str> {
        let in_ms = kind == MetadataType::Time && self.times == Times::EpochMs;
        match in_ms.then(|| moment(token)).flatten() {
            Some(moment) => moment.as_millis().to_string().into(),
            None => token.into(),
        }
    }

    /// Whether a value that is held is the one that was sent. Forms do not matter, meanings do: `12.50` is `12.5`.
    pub(super) fn agree(self, kind: MetadataType, sent: Option<&str>, held: Option<&str>) -> bool {
        let held = held.filter(|held| !matches!(*held, "null" | "\"\""));
        let Some(sent) = sent.filter(|sent| *sent != "\"\"") else {
            // A value that cannot be taken away there may stay.
            return held.is_none() || self.cleared == Cleared::Keep;
        };
        let Some(held) = held else {
            return false;
        };
        match kind {
            MetadataType::Time => moment_held(held) == moment(sent).map(Moment::as_millis),
            MetadataType::Decimal => sent == held || number(sent) == number(held),
            MetadataType::String | MetadataType::Boolean => {
                sent == held || parsed(sent) == parsed(held)
            }
        }
    }
}

fn parsed(token: &str) -> Option<serde_json::Value> {
    serde_json::from_str(token).ok()
}

/// A number as the nearest double, in which destinations hold them.
fn number(token: &str) -> Option<f64> {
    match parsed(token)? {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

fn moment(token: &str) -> Option<Moment> {
    Moment::parse(token.trim_matches('"'))
}

/// The milliseconds since 1970 of a moment as it is held: a number, or a text in the form of RFC 3339.
pub(super) fn moment_held(token: &str) -> Option<i64> {
    match parsed(token)? {
        serde_json::Value::String(text) => {
            let time: jiff::Timestamp = text.parse().ok()?;
            Some(time.as_millisecond())
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "moments are whole milliseconds far below what a double counts exactly"
        )]
        other => other
            .as_i64()
            .or_else(|| other.as_f64().map(|ms| ms as i64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: &str = "\"2024-10-28T16:39:00.846Z\"";

    #[test]
    fn the_configuration_wins_over_a_finding_and_that_over_the_default() {
        let found = Choice {
            times: Some(Times::Iso8601),
            cleared: Some(Cleared::Empty),
            integers: None,
        };
        let configured = Choice {
            cleared: Some(Cleared::Keep),
            ..Choice::default()
        };
        let formats = Formats::of(configured, found);
        assert_eq!(
            formats,
            Formats {
                times: Times::Iso8601,
                cleared: Cleared::Keep,
                integers: Integers::Hold,
            }
        );
    }

    #[test]
    fn values_are_written_in_the_forms_that_hold() {
        let default = Formats::default();
        let written =
            |formats: Formats, kind, token| formats.written(kind, token).map(Cow::into_owned);
        let time = MetadataType::Time;
        assert_eq!(
            written(default, time, Some(MOMENT)).unwrap(),
            "1730133540846"
        );
        assert_eq!(written(default, time, None).unwrap(), "null");
        let other = Formats {
            times: Times::Iso8601,
            cleared: Cleared::Keep,
            ..default
        };
        assert_eq!(written(other, time, Some(MOMENT)).unwrap(), MOMENT);
        assert_eq!(written(other, time, None), None);
        assert_eq!(
            written(default, MetadataType::String, Some("\"2024\"")).unwrap(),
            "\"2024\""
        );
    }

    #[test]
    fn what_means_the_same_agrees() {
        use MetadataType::{Boolean, Decimal, String, Time};
        let formats = Formats::default();
        for (kind, sent, held, agree) in [
            (Time, Some(MOMENT), Some("1730133540846"), true),
            (Time, Some(MOMENT), Some("1730133540846.0"), true),
            (
                Time,
                Some(MOMENT),
                Some("\"2024-10-28T16:39:00.846Z\""),
                true,
            ),
            (Time, Some(MOMENT), Some("1730133540000"), false),
            (Decimal, Some("12.50"), Some("12.5"), true),
            (Decimal, Some("12"), Some("12.0"), true),
            (Decimal, Some("12.5"), Some("12"), false),
            (Decimal, Some("12"), Some("\"12\""), true),
            (String, Some("\"a\""), Some("\"\\u0061\""), true),
            (String, Some("\"a\""), Some("\"A\""), false),
            (String, Some("\"a\""), None, false),
            (String, None, Some("\"a\""), false),
            (String, None, Some("\"\""), true),
            (String, None, Some("null"), true),
            (Boolean, Some("true"), Some("true"), true),
            (Boolean, Some("true"), Some("false"), false),
        ] {
            assert_eq!(formats.agree(kind, sent, held), agree, "{sent:?} {held:?}");
        }
    }
}
