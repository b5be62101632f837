//! What somebody looks for in a list, as it is remembered under a name of its own: it holds values, and those must not stand
//! in an address.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use model::{Decimal, Group, MetadataType, Moment};
use serde::{Deserialize, Serialize};
use store::{
    Scope,
    directory::{Filter, Listing, Order, Sort, Test},
    mapping::Field,
};

/// A field: `group.name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Key {
    pub(crate) group: Group,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn of(field: &Field) -> Self {
        Self {
            group: field.group,
            name: field.name.clone(),
        }
    }

    /// The field of that name.
    pub(crate) fn find<'a>(&self, fields: &'a [Field]) -> Option<&'a Field> {
        fields
            .iter()
            .find(|field| field.group == self.group && field.name == self.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.name)
    }
}

/// The text names no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not group.name")]
pub(crate) struct NoField;

impl FromStr for Key {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        let (group, name) = text.split_once('.').ok_or(NoField)?;
        Ok(Self {
            group: Group::from_name(group).ok_or(NoField)?,
            name: name.to_owned(),
        })
    }
}

impl TryFrom<String> for Key {
    type Error = NoField;

    fn try_from(text: String) -> Result<Self, NoField> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.to_string()
    }
}

/// What a field's value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Is,
    Contains,
    AtLeast,
    AtMost,
    Filled,
    Empty,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Is,
        Self::Contains,
        Self::AtLeast,
        Self::AtMost,
        Self::Filled,
        Self::Empty,
    ];

    /// The tests that make sense for a type.
    pub(crate) const fn fitting(kind: MetadataType) -> &'static [Self] {
        match kind {
            MetadataType::String => &[Self::Contains, Self::Is, Self::Filled, Self::Empty],
            MetadataType::Decimal | MetadataType::Time => &[
                Self::Is,
                Self::AtLeast,
                Self::AtMost,
                Self::Filled,
                Self::Empty,
            ],
            MetadataType::Boolean => &[Self::Is, Self::Filled, Self::Empty],
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::Contains => "contains",
            Self::AtLeast => "at-least",
            Self::AtMost => "at-most",
            Self::Filled => "filled",
            Self::Empty => "empty",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it takes a value.
    pub(crate) const fn takes_value(self) -> bool {
        !matches!(self, Self::Filled | Self::Empty)
    }
}

/// A field held against a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) field: Key,
    pub(crate) test: Kind,
    pub(crate) value: String,
}

impl Condition {
    /// Reads what somebody entered; the name of a message says why it cannot be a condition.
    pub(crate) fn read(field: &Field, test: Kind, text: &str) -> Result<Self, &'static str> {
        if !Kind::fitting(field.kind).contains(&test) {
            return Err("subjects-unfit-test");
        }
        let value = if !test.takes_value() {
            String::new()
        } else if text.trim().is_empty() {
            return Err("subjects-unfit-none");
        } else {
            match field.kind {
                MetadataType::String => text.to_owned(),
                MetadataType::Decimal => match Decimal::parse(text.trim()) {
                    Some(number) => number.as_str().to_owned(),
                    None => return Err("subjects-unfit-decimal"),
                },
                MetadataType::Boolean => match text.trim() {
                    word @ ("true" | "false") => word.to_owned(),
                    _ => return Err("subjects-unfit-boolean"),
                },
                MetadataType::Time => match text.trim().parse::<Date>() {
                    Ok(day) => day.to_string(),
                    Err(_) => return Err("subjects-unfit-day"),
                },
            }
        };
        Ok(Self {
            field: Key::of(field),
            test,
            value,
        })
    }

    /// The same for the store. A day is a span of time, so that it takes two.
    fn filters(&self, kind: MetadataType, zone: &TimeZone) -> Vec<Filter> {
        let value = || self.value.clone();
        let tests = match (self.test, kind) {
            (Kind::Filled, _) => vec![Test::Filled],
            (Kind::Empty, _) => vec![Test::Empty],
            (test, MetadataType::Time) => {
                let Some((from, to)) = self.value.parse().ok().and_then(|day| span(day, zone))
                else {
                    return Vec::new();
                };
                match test {
                    Kind::AtLeast => vec![Test::AtLeast(from)],
                    Kind::AtMost => vec![Test::AtMost(to)],
                    _ => vec![Test::AtLeast(from), Test::AtMost(to)],
                }
            }
            (Kind::Is, _) => vec![Test::Is(value())],
            (Kind::Contains, _) => vec![Test::Contains(value())],
            (Kind::AtLeast, _) => vec![Test::AtLeast(value())],
            (Kind::AtMost, _) => vec![Test::AtMost(value())],
        };
        tests
            .into_iter()
            .map(|test| Filter {
                group: self.field.group,
                name: self.field.name.clone(),
                kind,
                test,
            })
            .collect()
    }
}

/// The first and the last moment of a day, as they are stored.
///
/// A plain date is stored as its midnight UTC, a moment is meant in the zone, and a field does not tell which it holds. So a
/// day begins with whichever of the two midnights comes first: a date then falls on its own day in every zone.
fn span(day: Date, zone: &TimeZone) -> Option<(String, String)> {
    let begin = |day: Date| -> Option<Timestamp> {
        let utc = day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
        let local = day.to_zoned_datetime(zone.clone()).ok()?.timestamp();
        Some(utc.min(local))
    };
    let text = |at| Moment::from_timestamp(at).map(|moment| moment.to_string());
    let next = begin(day.tomorrow().ok()?)?;
    let last = next.checked_sub(SignedDuration::from_millis(1)).ok()?;
    Some((text(begin(day)?)?, text(last)?))
}

/// By what a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    #[default]
    Id,
    LastSync,
    Field(Key),
}

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// Only ids that begin like this.
    pub(crate) starts_with: String,
    /// Only those that a record feeds, or that none does.
    pub(crate) linked: Option<bool>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) by: By,
    pub(crate) descending: bool,
}

impl View {
    /// Reads what was remembered; `None` if this release does not know what it means.
    pub(crate) fn read(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }

    /// The form to remember.
    pub(crate) fn stored(&self) -> String {
        serde_json::to_string(self).expect("texts serialise")
    }

    /// Drops what rests on fields that are not there; says whether anything did.
    pub(crate) fn drop_unknown(&mut self, fields: &[Field]) -> bool {
        let before = self.clone();
        self.conditions
            .retain(|condition| condition.field.find(fields).is_some());
        if let By::Field(key) = &self.by
            && key.find(fields).is_none()
        {
            (self.by, self.descending) = (By::Id, false);
        }
        *self != before
    }

    /// Sorts as a word of a form says: `asc id`, `desc last-sync`, `asc hubspot.plan`.
    pub(crate) fn sort(&mut self, word: &str, fields: &[Field]) -> Option<()> {
        let (direction, by) = word.split_once(' ')?;
        self.by = match by {
            "id" => By::Id,
            "last-sync" => By::LastSync,
            key => {
                let key: Key = key.parse().ok()?;
                key.find(fields)?;
                By::Field(key)
            }
        };
        self.descending = direction == "desc";
        Some(())
    }

    /// The same for the store.
    pub(crate) fn listing(
        &self,
        scope: Scope,
        fields: &[Field],
        zone: &TimeZone,
        after: Option<i64>,
        limit: usize,
    ) -> Listing {
        let filters = self.conditions.iter().filter_map(|condition| {
            let field = condition.field.find(fields)?;
            Some(condition.filters(field.kind, zone))
        });
        Listing {
            scope,
            starts_with: self.starts_with.clone(),
            linked: self.linked,
            filters: filters.flatten().collect(),
            sort: match &self.by {
                By::Id => Sort::Id,
                By::LastSync => Sort::LastSync,
                By::Field(key) => Sort::Field(key.group, key.name.clone()),
            },
            order: if self.descending {
                Order::Descending
            } else {
                Order::Ascending
            },
            after,
            limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(group: Group, name: &str, kind: MetadataType) -> Field {
        Field {
            group,
            name: name.into(),
            kind,
            display_name: name.into(),
            selected: true,
        }
    }

    #[test]
    fn a_view_is_read_back() {
        let plan = field(Group::Hubspot, "plan.tier", MetadataType::String);
        let view = View {
            starts_with: "u-\"1\"".into(),
            linked: Some(false),
            conditions: vec![Condition::read(&plan, Kind::Contains, " Ünïcode; ").unwrap()],
            by: By::Field(Key::of(&plan)),
            descending: true,
        };
        assert_eq!(View::read(&view.stored()), Some(view));
        let plain = View::default();
        assert_eq!(View::read(&plain.stored()), Some(plain));
    }

    #[test]
    fn a_view_of_another_release_is_none() {
        for stored in [
            "",
            "{}",
            "[]",
            r#"{"starts_with":"","linked":null,"conditions":[],"by":"id","descending":false,"more":1}"#,
            r#"{"starts_with":"","linked":null,"conditions":[],"by":{"field":"nothing"},"descending":false}"#,
        ] {
            assert_eq!(View::read(stored), None, "{stored}");
        }
    }

    #[test]
    fn conditions_fit_their_type() {
        use Kind::{AtLeast, Contains, Filled, Is};
        use MetadataType::{Boolean, Decimal, String, Time};
        for (kind, test, text, expected) in [
            (String, Contains, "a", Ok("a")),
            (String, Is, " a ", Ok(" a ")),
            (String, AtLeast, "a", Err("subjects-unfit-test")),
            (String, Is, " ", Err("subjects-unfit-none")),
            (Decimal, AtLeast, " 12.5 ", Ok("12.5")),
            (Decimal, Is, "many", Err("subjects-unfit-decimal")),
            (Boolean, Is, "true", Ok("true")),
            (Boolean, Is, "yes", Err("subjects-unfit-boolean")),
            (Boolean, Contains, "t", Err("subjects-unfit-test")),
            (Time, Is, "2024-02-29", Ok("2024-02-29")),
            (Time, Is, "2023-02-29", Err("subjects-unfit-day")),
            (Time, Filled, "whatever", Ok("")),
        ] {
            let read = Condition::read(&field(Group::Custom, "f", kind), test, text);
            let value = read.map(|condition| condition.value);
            assert_eq!(
                value.as_deref().map_err(|why| *why),
                expected,
                "{kind} {text:?}"
            );
        }
    }

    #[test]
    fn a_date_falls_on_its_own_day_in_every_zone() {
        let day: Date = "2024-05-01".parse().unwrap();
        let midnight = "2024-05-01T00:00:00.000Z".to_owned();
        for (zone, span_of_zone) in [
            (
                "UTC",
                ("2024-05-01T00:00:00.000Z", "2024-05-01T23:59:59.999Z"),
            ),
            (
                "Asia/Tokyo",
                ("2024-04-30T15:00:00.000Z", "2024-05-01T14:59:59.999Z"),
            ),
            (
                "America/New_York",
                ("2024-05-01T00:00:00.000Z", "2024-05-01T23:59:59.999Z"),
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let (from, to) = span(day, &zone).unwrap();
            assert_eq!((from.as_str(), to.as_str()), span_of_zone);
            assert!(from <= midnight && midnight <= to);
            let tomorrow = span(day.tomorrow().unwrap(), &zone).unwrap();
            assert!(to < tomorrow.0);
        }
    }

    #[test]
    fn what_rests_on_unknown_fields_goes() {
        let plan = field(Group::Hubspot, "plan", MetadataType::String);
        let mut view = View {
            conditions: vec![Condition::read(&plan, Kind::Filled, "").unwrap()],
            by: By::Field(Key::of(&plan)),
            descending: true,
            ..View::default()
        };
        assert!(!view.drop_unknown(std::slice::from_ref(&plan)));
        assert!(view.drop_unknown(&[]));
        assert_eq!(view, View::default());
    }

    #[test]
    fn sorting_takes_only_fields_that_are_there() {
        let plan = [field(Group::Hubspot, "plan of", MetadataType::String)];
        let mut view = View::default();
        assert_eq!(view.sort("desc hubspot.plan of", &plan), Some(()));
        assert_eq!(view.by, By::Field(Key::of(&plan[0])));
        assert!(view.descending);
        assert_eq!(view.sort("asc last-sync", &plan), Some(()));
        assert_eq!((view.by.clone(), view.descending), (By::LastSync, false));
        for word in ["", "asc", "asc hubspot.other", "asc nothing"] {
            assert_eq!(view.sort(word, &plan), None, "{word}");
        }
    }
}
