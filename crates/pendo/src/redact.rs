//! Keeps ids and values out of what Pendo says about a request.
//!
//! The scrubber knows keys and addresses by their looks. Ids and values look like anything, but Pendo can only quote
//! those it was sent, so those of the request are taken out of its answer.

use std::{collections::BTreeMap, sync::OnceLock};

use outbound::scrub;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::Batch;

/// What in a request is nobody's business.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Private<'a> {
    Nothing,
    Id(&'a str),
    Value(&'a str, &'a Value),
    Batch(&'a Batch),
}

/// Cleans messages about one request.
pub(crate) struct Redact<'a> {
    key: &'a SecretString,
    private: Private<'a>,
    /// Collected when the first message comes, which is seldom.
    words: OnceLock<Vec<String>>,
}

/// A longer text is not shown: cut before it is cleaned, it might end in half an id.
const LONGEST: usize = 8_192;

/// A shorter word is taken out only where it stands alone, or texts would fall to pieces.
const SHORT: usize = 4;

impl<'a> Redact<'a> {
    pub(crate) fn new(key: &'a SecretString, private: Private<'a>) -> Self {
        Self {
            key,
            private,
            words: OnceLock::new(),
        }
    }

    /// `text` without the key, what was private in the request, and whatever looks like a key or an address; cut.
    pub(crate) fn message(&self, text: &str) -> String {
        if text.len() > LONGEST {
            return "(a text too long to be shown)".into();
        }
        let key = self.key.expose_secret().trim();
        // First, so that no word tears the key apart.
        let mut text = text.replace(key, "[secret]");
        for word in self.words.get_or_init(|| self.private.words()) {
            if text.contains(word.as_str()) {
                text = without(&text, word);
            }
        }
        scrub::message(&text, &[key])
    }
}

/// `text` with `word` taken out.
fn without(text: &str, word: &str) -> String {
    const GAP: &str = "[…]";
    if word.len() >= SHORT {
        return text.replace(word, GAP);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(start) = rest.find(word) {
        let (head, tail) = rest.split_at(start);
        let after = &tail[word.len()..];
        let inside = head
            .chars()
            .next_back()
            .or(before)
            .is_some_and(char::is_alphanumeric)
            || after.chars().next().is_some_and(char::is_alphanumeric);
        clean.push_str(head);
        clean.push_str(if inside { word } else { GAP });
        before = word.chars().next_back();
        rest = after;
    }
    clean.push_str(rest);
    clean
}

impl Private<'_> {
    /// Every id and value as Pendo may quote it, the longest first, since one may hold another.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        match self {
            Self::Nothing => {}
            Self::Id(id) => take(&mut words, id),
            Self::Value(id, value) => {
                take(&mut words, id);
                take_value(&mut words, value);
            }
            Self::Batch(batch) => {
                batch.ids().for_each(|id| take(&mut words, id));
                let records = serde_json::from_slice::<Vec<Record>>(&batch.body());
                for record in records.unwrap_or_default() {
                    for token in record.values.values() {
                        match serde_json::from_str(token.get()) {
                            // Not read as a number, which may be written in another way than it was sent.
                            Ok(Value::Number(_)) | Err(_) => take(&mut words, token.get()),
                            Ok(value) => take_value(&mut words, &value),
                        }
                    }
                }
            }
        }
        words.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        words
    }
}

#[derive(Deserialize)]
struct Record {
    values: BTreeMap<String, Box<RawValue>>,
}

fn take_value(words: &mut Vec<String>, value: &Value) {
    match value {
        // These tell nothing.
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => take(words, &number.to_string()),
        Value::String(text) => take(words, text),
        Value::Array(items) => items.iter().for_each(|item| take_value(words, item)),
        Value::Object(members) => members.values().for_each(|item| take_value(words, item)),
    }
}

fn take(words: &mut Vec<String>, word: &str) {
    // Pendo may trim it, or quote it as JSON.
    let word = word.trim();
    if !word.contains(char::is_alphanumeric) {
        return;
    }
    let quoted = Value::from(word).to_string();
    let escaped = &quoted[1..quoted.len() - 1];
    if escaped != word {
        words.push(escaped.to_owned());
    }
    words.push(word.to_owned());
}

#[cfg(test)]
mod tests {
    use model::Level;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn key() -> SecretString {
        "0f1e2d3c-key".into()
    }

    #[test]
    fn what_was_sent_is_not_said() {
        let mut batch = Batch::new(Level::Visitor);
        batch.record("ada", |values| {
            values.put("plan", r#""Gold for \"ever\"""#);
            values.put("seats", "12.50");
            values.put("tags", r#"["north sea"]"#);
        });
        let key = key();
        let redact = Redact::new(&key, Private::Batch(&batch));
        for (said, kept) in [
            (
                "visitor ada: plan cannot be Gold for \"ever\"",
                "visitor […]: plan cannot be […]",
            ),
            ("seats: 12.50 is no integer", "seats: […] is no integer"),
            (r#""Gold for \"ever\"" of adamant"#, r#""[…]" of adamant"#),
            ("north sea, key 0f1e2d3c-key", "[…], key [secret]"),
        ] {
            assert_eq!(redact.message(said), kept);
        }
    }

    #[test]
    fn what_holds_something_else_goes_as_a_whole() {
        let mut batch = Batch::new(Level::Visitor);
        for id in ["ada", "ada lovelace", "0f1e2d3c"] {
            batch.record(id, |_| {});
        }
        let key = key();
        let redact = Redact::new(&key, Private::Batch(&batch));
        let message = redact.message("ada lovelace by 0f1e2d3c-key");
        assert_eq!(message, "[…] by [secret]");
    }

    #[test]
    fn a_text_beyond_reason_is_not_shown() {
        let key = key();
        let redact = Redact::new(&key, Private::Nothing);
        let message = redact.message(&"x".repeat(LONGEST + 1));
        assert!(message.len() < 100);
    }

    proptest! {
        #[test]
        fn no_id_value_key_or_address_survives(
            before in "[ -~]{0,30}",
            id in "[a-zA-Z0-9/@. _\"\\\\-]{0,20}[a-z0-9][é/@. _\"\\\\-]{0,3}[0-9]",
            value in "\\PC{0,30}[a-z0-9]",
            name in "[a-z0-9]{1,20}",
        ) {
            let (key, sent) = (key(), json!(value));
            let redact = Redact::new(&key, Private::Value(&id, &sent));
            let text = format!("{before} {id} ({value}) 0f1e2d3c-key {name}@example.com {sent}");
            let message = redact.message(&text);
            let (id, value) = (id.trim(), value.trim());
            if id.len() >= SHORT {
                prop_assert!(!message.contains(id), "{}", message);
            }
            if value.len() >= SHORT && !"[secret][address]".contains(value) {
                prop_assert!(!message.contains(value), "{}", message);
            }
            prop_assert!(!message.contains("0f1e2d3c"), "{}", message);
            prop_assert!(!message.contains("example.com"), "{}", message);
        }
    }
}
