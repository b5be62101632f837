//! What a run changed of a subject, field by field.

use std::borrow::Cow;

use model::payload::{entries, unescape};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The field, which bears the property's name.
    pub(crate) field: String,
    pub(crate) before: Option<Shown>,
    pub(crate) after: Option<Shown>,
}

/// A stored value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// It is a text, not a number or a truth value.
    pub(crate) is_text: bool,
}

impl Shown {
    fn of(token: &str) -> Self {
        match unescape(token) {
            Some(text) => Self {
                text: text.into_owned(),
                is_text: true,
            },
            None => Self {
                text: token.to_owned(),
                is_text: false,
            },
        }
    }
}

/// Compares two states of a subject's metadata. A state that cannot be read counts as none.
pub(crate) fn differences(before: Option<&str>, after: &str) -> Vec<Difference> {
    let mut old = readable(before.unwrap_or("{}")).into_iter().peekable();
    let mut new = readable(after).into_iter().peekable();
    let mut found = Vec::new();
    // Both stand in name order.
    loop {
        let (before, after) = match (old.peek(), new.peek()) {
            (None, None) => return found,
            (Some(one), Some(other)) if one.0 == other.0 => (old.next(), new.next()),
            (Some(one), Some(other)) if one.0 < other.0 => (old.next(), None),
            (Some(_), None) => (old.next(), None),
            _ => (None, new.next()),
        };
        let token = |entry: &Option<(Cow<'_, str>, &str)>| {
            entry.as_ref().map(|(_, token)| Shown::of(token))
        };
        let (was, is) = (token(&before), token(&after));
        if let Some((field, _)) = before.or(after)
            && was != is
        {
            found.push(Difference {
                field: field.into_owned(),
                before: was,
                after: is,
            });
        }
    }
}

fn readable(payload: &str) -> Vec<(Cow<'_, str>, &str)> {
    let all: Result<Vec<_>, _> = entries(payload).collect();
    all.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: Option<&str>, after: &str) -> Vec<String> {
        let text = |shown: Option<Shown>| shown.map_or("–".to_owned(), |shown| shown.text);
        differences(before, after)
            .into_iter()
            .map(|one| format!("{}: {} → {}", one.field, text(one.before), text(one.after)))
            .collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = r#"{"age":40,"city":"Osaka","plan":"pro"}"#;
        let after = r#"{"age":41,"name":"Aki \"A\"","plan":"pro"}"#;
        assert_eq!(
            lines(Some(before), after),
            ["age: 40 → 41", "city: Osaka → –", "name: – → Aki \"A\""]
        );
        assert!(lines(Some(before), before).is_empty());
    }

    #[test]
    fn without_a_state_before_everything_is_new() {
        assert_eq!(lines(None, r#"{"a":true}"#), ["a: – → true"]);
        assert_eq!(lines(Some("damaged"), r#"{"a":1}"#), ["a: – → 1"]);
    }

    #[test]
    fn a_number_is_not_its_text() {
        let found = differences(Some(r#"{"a":1}"#), r#"{"a":"1"}"#);
        assert_eq!(found.len(), 1);
    }
}
