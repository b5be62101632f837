//! What a list's candidates are held against.

use model::{Group, MetadataType, payload};

use crate::{pin::sort_key, subject::Subject};

/// What a field's value is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The value itself.
    Is(String),
    /// A part of a text, in upper or lower case.
    Contains(String),
    /// A number, a time, or a text, at least.
    AtLeast(String),
    /// A number, a time, or a text, at most.
    AtMost(String),
    /// There is a value.
    Filled,
    /// There is none.
    Empty,
}

/// A field held against a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The field's group.
    pub group: Group,
    /// The field's name.
    pub name: String,
    /// The field's type.
    pub kind: MetadataType,
    /// The test.
    pub test: Test,
}

impl Filter {
    /// Whether a subject's value passes.
    pub(super) fn admits(&self, subject: &Subject) -> bool {
        let Some(token) = subject.token(self.group, &self.name) else {
            return self.test == Test::Empty;
        };
        let key = |text: &str| self.key(text);
        match &self.test {
            Test::Filled => true,
            Test::Empty => false,
            Test::Is(text) => match self.kind {
                MetadataType::String => {
                    payload::unescape(token).is_some_and(|value| value == *text)
                }
                kind => key(text).is_some_and(|wanted| wanted == sort_key(kind, token)),
            },
            Test::Contains(part) => payload::unescape(token)
                .unwrap_or_else(|| token.into())
                .to_lowercase()
                .contains(&part.to_lowercase()),
            Test::AtLeast(text) => key(text).is_some_and(|from| sort_key(self.kind, token) >= from),
            Test::AtMost(text) => key(text).is_some_and(|to| sort_key(self.kind, token) <= to),
        }
    }

    /// Where a text that somebody entered would stand among the values; `None` if it is none of them.
    fn key(&self, text: &str) -> Option<String> {
        let text = text.trim();
        Some(match self.kind {
            MetadataType::String => sort_key(self.kind, &serde_json::to_string(text).ok()?),
            MetadataType::Decimal => {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())?;
                sort_key(self.kind, text)
            }
            MetadataType::Boolean if text == "true" || text == "false" => sort_key(self.kind, text),
            MetadataType::Boolean => return None,
            MetadataType::Time => text.into(),
        })
    }

    /// The range of sort keys in which all passing values lie.
    pub(super) fn keys(&self) -> Option<(String, Option<String>)> {
        match &self.test {
            Test::Is(text) => self.key(text).map(|key| (key.clone(), Some(key))),
            Test::AtLeast(text) => self.key(text).map(|key| (key, None)),
            Test::AtMost(text) => self.key(text).map(|key| (String::new(), Some(key))),
            Test::Filled => Some((String::new(), None)),
            Test::Contains(_) | Test::Empty => None,
        }
    }
}
