//! Stored values as people see them, and as they enter them.

use jiff::{civil, tz::TimeZone};
use model::{Group, MetadataType, Moment, Outcome, Translator, Wire, payload};
use store::mapping::Field;
use sync::export::Labels;

use crate::locale::{Locale, group};

/// How values are shown.
#[derive(Clone, Copy)]
pub(crate) struct Show<'a> {
    pub(crate) t: &'a Locale,
    pub(crate) zone: &'a TimeZone,
    pub(crate) labels: &'a Labels,
}

/// A value as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// An option's label or an owner's name.
    pub(crate) label: Option<String>,
    /// The moment, where there is one: as machines read it.
    pub(crate) moment: Option<String>,
}

impl Show<'_> {
    /// A value from its JSON token.
    pub(crate) fn value(self, field: &Field, token: &str) -> Shown {
        let text = payload::unescape(token).unwrap_or_else(|| token.into());
        let plain = |text: String| Shown {
            text,
            label: None,
            moment: None,
        };
        match field.kind {
            MetadataType::String => {
                let label = (field.group == Group::Hubspot)
                    .then(|| self.labels.of(&field.name, &text))
                    .flatten()
                    .map(std::borrow::Cow::into_owned)
                    .filter(|label| *label != text);
                Shown {
                    label,
                    ..plain(text.into_owned())
                }
            }
            MetadataType::Decimal => plain(grouped(&text)),
            MetadataType::Boolean => match &*text {
                "true" => plain(self.t.text("subjects-true")),
                "false" => plain(self.t.text("subjects-false")),
                _ => plain(text.into_owned()),
            },
            MetadataType::Time => {
                let moment = Moment::parse(&text);
                match moment.and_then(|moment| Some((moment, moment.to_timestamp()?))) {
                    // What has no time of day is a date, and a date does not depend on a zone.
                    Some((moment, at)) if moment == moment.midnight() => Shown {
                        moment: Some(text.into_owned()),
                        ..plain(self.t.date(at, &TimeZone::UTC))
                    },
                    Some((_, at)) => Shown {
                        moment: Some(text.into_owned()),
                        ..plain(self.t.time(at, self.zone))
                    },
                    None => plain(text.into_owned()),
                }
            }
        }
    }
}

/// A number's digits before the point in groups of three; anything else as it is.
fn grouped(number: &str) -> String {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let whole = unsigned
        .split_once('.')
        .map_or(unsigned, |(whole, _)| whole);
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let sign = &number[..number.len() - unsigned.len()];
    format!("{sign}{}", group(unsigned))
}

/// A value as it stands in the field of a form, from its JSON token.
pub(crate) fn entered(kind: MetadataType, token: &str, zone: &TimeZone) -> String {
    let text = payload::unescape(token).unwrap_or_else(|| token.into());
    if kind != MetadataType::Time {
        return text.into_owned();
    }
    let at = Moment::parse(&text).and_then(Moment::to_timestamp);
    at.map_or_else(
        || text.into_owned(),
        |at| {
            at.to_zoned_datetime(zone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%.3f")
                .to_string()
        },
    )
}

/// What somebody entered, as a JSON token; `None` clears. The name of a message says what does not fit.
///
/// The rules are those of the command line: what HubSpot could send for a value, a person can enter. A time without an
/// offset is meant in the subscription's zone, in which the page shows it.
pub(crate) fn token(
    kind: MetadataType,
    text: &str,
    zone: &TimeZone,
) -> Result<Option<String>, &'static str> {
    let local;
    let (translator, text, problem) = match kind {
        MetadataType::String => {
            // Browsers send line breaks as two characters.
            local = text.replace("\r\n", "\n");
            (Translator::Text, local.as_str(), "subject-unfit-string")
        }
        MetadataType::Decimal => (Translator::Decimal, text.trim(), "subject-unfit-decimal"),
        MetadataType::Boolean => (Translator::Boolean, text.trim(), "subject-unfit-boolean"),
        MetadataType::Time => {
            let text = text.trim();
            local = in_zone(text, zone).unwrap_or_else(|| text.to_owned());
            (Translator::DateTime, local.as_str(), "subject-unfit-time")
        }
    };
    match translator.translate(Wire::Text(text)) {
        Outcome::Value(value) => Ok(Some(payload::token(&value))),
        Outcome::Empty => Ok(None),
        Outcome::Quarantined(_) => Err(problem),
    }
}

/// A date and time without an offset, as the moment it is in a zone.
fn in_zone(text: &str, zone: &TimeZone) -> Option<String> {
    let (_, time) = text.split_once(['T', ' '])?;
    let bare = time
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    if !bare {
        return None;
    }
    let at: civil::DateTime = text.parse().ok()?;
    let at = at.to_zoned_datetime(zone.clone()).ok()?.timestamp();
    Moment::from_timestamp(at).map(|moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;

    #[test]
    fn numbers_are_grouped_before_the_point() {
        for (number, text) in [
            ("1234567", "1,234,567"),
            ("-1234.5678", "-1,234.5678"),
            ("999", "999"),
            ("0.12345", "0.12345"),
            ("12345e10", "12345e10"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn what_is_entered_has_to_fit() {
        use MetadataType::{Boolean, Decimal, String, Time};
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        for (kind, text, expected) in [
            (String, " a\r\nb ", Ok(Some(r#"" a\nb ""#))),
            (String, "", Ok(None)),
            (Decimal, " 12.50 ", Ok(Some("12.50"))),
            (Decimal, " ", Ok(None)),
            (Decimal, "twelve", Err("subject-unfit-decimal")),
            (Boolean, "true", Ok(Some("true"))),
            (Boolean, "yes", Err("subject-unfit-boolean")),
            (
                Time,
                "2024-05-01T09:30",
                Ok(Some("\"2024-05-01T00:30:00.000Z\"")),
            ),
            (
                Time,
                "2024-05-01 09:30:15.5",
                Ok(Some("\"2024-05-01T00:30:15.500Z\"")),
            ),
            (
                Time,
                "2024-05-01T09:30:00Z",
                Ok(Some("\"2024-05-01T09:30:00.000Z\"")),
            ),
            (Time, "2024-05-01", Ok(Some("\"2024-05-01T00:00:00.000Z\""))),
            (Time, "tomorrow", Err("subject-unfit-time")),
            (Time, "", Ok(None)),
        ] {
            let read = token(kind, text, &tokyo);
            let read = read.as_ref().map(Option::as_deref).map_err(|why| *why);
            assert_eq!(read, expected, "{kind} {text:?}");
        }
    }

    #[test]
    fn what_is_shown_in_a_form_is_read_back() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        for (kind, stored) in [
            (MetadataType::Time, "\"2024-05-01T00:00:00.000Z\""),
            (MetadataType::Time, "\"2024-10-28T16:39:00.846Z\""),
            (MetadataType::String, r#""a \"b\"\n""#),
            (MetadataType::Decimal, "12.50"),
            (MetadataType::Boolean, "false"),
        ] {
            let text = entered(kind, stored, &tokyo);
            assert_eq!(token(kind, &text, &tokyo), Ok(Some(stored.to_owned())));
        }
    }

    #[test]
    fn dates_stay_where_they_are_and_moments_move_with_the_zone() {
        let field = Field {
            group: Group::Custom,
            name: "f".into(),
            kind: MetadataType::Time,
            display_name: "f".into(),
            selected: true,
        };
        let show = |zone: &str, token| {
            let (zone, labels) = (TimeZone::get(zone).unwrap(), Labels::default());
            let show = Show {
                t: &Locale::of(Language::English),
                zone: &zone,
                labels: &labels,
            };
            show.value(&field, token).text
        };
        for zone in ["Asia/Tokyo", "America/New_York"] {
            assert_eq!(show(zone, "\"2024-05-01T00:00:00.000Z\""), "May 1, 2024");
        }
        let moment = "\"2024-05-01T16:00:00.000Z\"";
        assert_eq!(show("Asia/Tokyo", moment), "May 2, 2024, 01:00");
        assert_eq!(show("America/New_York", moment), "May 1, 2024, 12:00");
    }
}
