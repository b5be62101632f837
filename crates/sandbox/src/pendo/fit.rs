//! Whether a value fits a field, and what is kept of it.

use std::borrow::Cow;

use super::schema::Type;
use super::switches::{Decimals, EmptyText, Null, Switches, Times, WrongTypes};

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit<'a> {
    /// It is passed over.
    Ignored,
    /// The field loses its value.
    Clears,
    /// This JSON text is kept.
    Kept(Cow<'a, str>),
}

/// Fits a JSON text to a type, or says why its record fails.
pub(super) fn fit<'a>(of: Type, text: &'a str, switches: &Switches) -> Result<Fit<'a>, String> {
    let kept = Ok(Fit::Kept(Cow::Borrowed(text)));
    if text == "null" {
        return Ok(match switches.null {
            Null::Clears => Fit::Clears,
            Null::Stored => Fit::Kept(Cow::Borrowed(text)),
            Null::Ignored => Fit::Ignored,
        });
    }
    if text == "\"\"" {
        return match switches.empty_text {
            EmptyText::Clears => Ok(Fit::Clears),
            EmptyText::Stored => kept,
        };
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let is_number = first == b'-' || first.is_ascii_digit();
    let fits = match of {
        Type::Untyped => true,
        Type::String => first == b'"',
        Type::Float => is_number,
        Type::Boolean => matches!(first, b't' | b'f'),
        Type::List => first == b'[',
        Type::Integer if is_number => match switches.decimals {
            Decimals::Truncated => {
                return Ok(Fit::Kept(truncated(text)));
            }
            Decimals::Kept => true,
        },
        Type::Integer => false,
        Type::Time => {
            let ms = match first {
                b'"' if switches.times != Times::EpochMs => instant(text),
                _ if is_number && switches.times != Times::Iso8601 => text.parse().ok(),
                _ => None,
            };
            return match ms {
                Some(ms) => Ok(Fit::Kept(Cow::Owned(ms.to_string()))),
                None => Err(format!("cannot read {text} as a time")),
            };
        }
    };
    if fits || switches.wrong_types == WrongTypes::Accepted {
        kept
    } else {
        Err(format!("{text} is no {}", of.name()))
    }
}

fn truncated(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b == b'-' || b.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    let number: f64 = text.parse().unwrap_or_default();
    Cow::Owned(format!("{:.0}", number.trunc()))
}

/// Milliseconds of a JSON text that holds an ISO 8601 date (midnight in UTC) or an instant with its offset.
fn instant(text: &str) -> Option<i64> {
    let text: String = serde_json::from_str(text).ok()?;
    let instant: jiff::Timestamp = match text.parse() {
        Ok(instant) => instant,
        Err(_) if text.len() == 10 => format!("{text}T00:00:00Z").parse().ok()?,
        Err(_) => return None,
    };
    Some(instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(of: Type, text: &str, switches: &Switches) -> Option<String> {
        match fit(of, text, switches) {
            Ok(Fit::Kept(text)) => Some(text.into_owned()),
            _ => None,
        }
    }

    #[test]
    fn times_are_kept_as_milliseconds() {
        let switches = Switches::default();
        for text in [
            "1730133540846",
            "\"2024-10-28T16:39:00.846Z\"",
            "\"2024-10-29T01:39:00.846+09:00\"",
        ] {
            let ms = kept(Type::Time, text, &switches);
            assert_eq!(ms.as_deref(), Some("1730133540846"), "{text}");
        }
        let midnight = kept(Type::Time, "\"2024-10-28\"", &switches);
        assert_eq!(midnight.as_deref(), Some("1730073600000"));
        for text in ["\"soon\"", "true", "1.5", "\"1730133540846\""] {
            assert!(fit(Type::Time, text, &switches).is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_cut_towards_zero() {
        let switches = Switches {
            decimals: Decimals::Truncated,
            ..Switches::default()
        };
        for (text, whole) in [
            ("12.9", "12"),
            ("-12.9", "-12"),
            ("7", "7"),
            ("1e3", "1000"),
        ] {
            let found = kept(Type::Integer, text, &switches);
            assert_eq!(found.as_deref(), Some(whole));
        }
    }
}
