//! The stored form of one group's metadata: a JSON object in name order.
//!
//! It is also the form in which metadata is exported: strings as strings, decimals as JSON numbers with their digits
//! kept, booleans, times as RFC 3339 in UTC with milliseconds; a field without a value is absent. Names and values are
//! written without white space, so equal metadata has equal text.

use std::{borrow::Cow, fmt::Write as _};

use memchr::memchr2;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Value;

/// The text is not an object as [`Writer`] makes it: somebody else has written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored metadata is not a flat JSON object (byte {at})")]
pub struct Malformed {
    /// Where reading stopped, in bytes.
    pub at: usize,
}

/// A field name prepared for writing: escaped, quoted and hashed once per run instead of once per value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldKey {
    name: String,
    quoted: String,
    hash: u64,
}

impl FieldKey {
    /// Prepares `name`.
    pub fn new(name: &str) -> Self {
        let mut quoted = String::with_capacity(name.len() + 3);
        push_string(&mut quoted, name);
        quoted.push(':');
        Self {
            name: name.into(),
            quoted,
            hash: xxh3_64(name.as_bytes()),
        }
    }

    /// The name as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The contribution of one stored value of this field to its subject's fingerprint.
    ///
    /// `token` is the value's JSON text. Contributions are added with wrap-around, so their order does not matter.
    pub fn fingerprint(&self, subject: SubjectSeed, token: &str) -> u64 {
        xxh3_64_with_seed(token.as_bytes(), subject.0 ^ self.hash)
    }
}

/// What ties a fingerprint to its visitor or account, so that two subjects cannot swap values unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectSeed(u64);

impl SubjectSeed {
    /// The seed of the subject with this internal number.
    pub fn of(number: i64) -> Self {
        Self(xxh3_64(&number.to_le_bytes()))
    }
}

/// Builds the JSON object; fields must come in name order.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// Starts an object, keeping the buffer of the one before.
    pub fn start(&mut self) {
        self.text.clear();
        self.text.push('{');
    }

    /// Adds a field, and returns the JSON token that was written for its value.
    pub fn push(&mut self, key: &FieldKey, value: &Value<'_>) -> &str {
        self.separate();
        self.text.push_str(&key.quoted);
        let from = self.text.len();
        push_value(&mut self.text, value);
        &self.text[from..]
    }

    /// Adds a field whose value is already a JSON token, read from another payload.
    pub fn push_token(&mut self, name: &str, token: &str) {
        self.separate();
        push_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(token);
    }

    /// Closes the object and lends its text.
    pub fn finish(&mut self) -> &str {
        self.text.push('}');
        &self.text
    }

    fn separate(&mut self) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
    }
}

/// The JSON token of one value.
pub fn token(value: &Value<'_>) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

fn push_value(text: &mut String, value: &Value<'_>) {
    match value {
        Value::String(string) => push_string(text, string),
        Value::Decimal(decimal) => text.push_str(decimal.as_str()),
        Value::Boolean(true) => text.push_str("true"),
        Value::Boolean(false) => text.push_str("false"),
        Value::Time(moment) => {
            text.push('"');
            moment.push_to(text);
            text.push('"');
        }
    }
}

/// Appends `string` as a JSON string. Runs without anything to escape are copied whole.
fn push_string(text: &mut String, string: &str) {
    text.push('"');
    let mut copied = 0;
    for (at, byte) in string.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        text.push_str(&string[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            _ => write!(text, "\\u{byte:04x}").expect("writing to a String cannot fail"),
        }
    }
    text.push_str(&string[copied..]);
    text.push('"');
}

/// Reads the fields of a stored object, in the order they stand.
///
/// Values come as JSON tokens, because comparing and exporting need no more.
pub fn entries(text: &str) -> Entries<'_> {
    Entries {
        text,
        at: 0,
        state: State::Start,
    }
}

/// See [`entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    text: &'a str,
    at: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Over,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(Cow<'a, str>, &'a str), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Over {
            return None;
        }
        let entry = self.entry().transpose();
        if !matches!(entry, Some(Ok(_))) {
            self.state = State::Over;
        }
        entry
    }
}

impl<'a> Entries<'a> {
    /// The value of the entry that comes next, if it is this field's. Otherwise nothing is read.
    ///
    /// Faster than reading an entry and comparing its name.
    pub fn next_of(&mut self, field: &FieldKey) -> Option<&'a str> {
        let separator = match self.state {
            State::Start => b'{',
            State::Inside => b',',
            State::Over => return None,
        };
        let rest = &self.text.as_bytes()[self.at..];
        let from = rest
            .first()
            .filter(|byte| **byte == separator)
            .map(|_| self.at + 1)?;
        if !rest[1..].starts_with(field.quoted.as_bytes()) {
            return None;
        }
        let before = std::mem::replace(&mut self.at, from + field.quoted.len());
        let value = self.value().ok();
        if value.is_some() {
            self.state = State::Inside;
        } else {
            self.at = before;
        }
        value
    }

    fn entry(&mut self) -> Result<Option<(Cow<'a, str>, &'a str)>, Malformed> {
        if self.state == State::Start {
            self.expect(b'{')?;
            self.state = State::Inside;
            if self.peek() == Some(b'}') {
                return self.close();
            }
        } else {
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.close(),
                _ => return Err(self.malformed()),
            }
        }
        let name = self.string()?;
        let name = unescape(name).ok_or_else(|| self.malformed())?;
        self.expect(b':')?;
        let token = self.value()?;
        Ok(Some((name, token)))
    }

    fn close(&mut self) -> Result<Option<(Cow<'a, str>, &'a str)>, Malformed> {
        self.at += 1;
        if self.at == self.text.len() {
            Ok(None)
        } else {
            Err(self.malformed())
        }
    }

    fn value(&mut self) -> Result<&'a str, Malformed> {
        if self.peek() == Some(b'"') {
            return self.string();
        }
        let from = self.at;
        while let Some(byte) = self.peek()
            && byte != b','
            && byte != b'}'
        {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
                return Err(self.malformed());
            }
            self.at += 1;
        }
        if self.at == from {
            Err(self.malformed())
        } else {
            Ok(&self.text[from..self.at])
        }
    }

    /// The string token at hand, with its quotes.
    fn string(&mut self) -> Result<&'a str, Malformed> {
        let from = self.at;
        self.expect(b'"')?;
        while let Some(found) = self
            .text
            .as_bytes()
            .get(self.at..)
            .and_then(|rest| memchr2(b'"', b'\\', rest))
        {
            self.at += found + 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Ok(&self.text[from..self.at]);
            }
            // Whatever is escaped is part of the string.
            self.at += 1;
        }
        self.at = self.text.len();
        Err(self.malformed())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn malformed(&self) -> Malformed {
        Malformed {
            at: self.at.min(self.text.len()),
        }
    }
}

/// The text of a JSON string token; `None` if the token is not one.
pub fn unescape(token: &str) -> Option<Cow<'_, str>> {
    let inner = token.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(token).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &[(&str, Value<'_>)]) -> String {
        let mut writer = Writer::default();
        writer.start();
        for (name, value) in fields {
            writer.push(&FieldKey::new(name), value);
        }
        writer.finish().to_owned()
    }

    fn read(text: &str) -> Result<Vec<(String, String)>, Malformed> {
        entries(text)
            .map(|entry| entry.map(|(name, token)| (name.into_owned(), token.to_owned())))
            .collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = written(&[
            ("a\"b", Value::String("línea\n\"1\"\\\u{1}".into())),
            ("flag", Value::Boolean(true)),
            ("日本", Value::String("".into())),
        ]);
        serde_json::from_str::<serde_json::Value>(&text).expect("valid JSON");
        assert_eq!(
            read(&text).unwrap(),
            [
                ("a\"b".to_owned(), r#""línea\n\"1\"\\\u0001""#.to_owned()),
                ("flag".to_owned(), "true".to_owned()),
                ("日本".to_owned(), "\"\"".to_owned()),
            ]
        );
    }

    #[test]
    fn an_empty_object_has_no_entries() {
        assert_eq!(read("{}"), Ok(vec![]));
    }

    #[test]
    fn damage_is_noticed() {
        for text in [
            "",
            "{",
            "}",
            "{}x",
            "{\"a\"",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":\"x\\",
            "[1]",
            "{\"a\":[1]}",
        ] {
            assert!(read(text).is_err(), "{text:?} was read");
        }
    }

    #[test]
    fn a_fingerprint_depends_on_subject_field_and_value() {
        let (a, b) = (FieldKey::new("a"), FieldKey::new("b"));
        let (one, two) = (SubjectSeed::of(1), SubjectSeed::of(2));
        let all = [
            a.fingerprint(one, "1"),
            a.fingerprint(two, "1"),
            b.fingerprint(one, "1"),
            a.fingerprint(one, "2"),
        ];
        for (at, left) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|right| left != right));
        }
    }

    #[test]
    fn the_next_entry_is_read_by_its_field_or_left() {
        let (a, b) = (FieldKey::new("a"), FieldKey::new("b"));
        let mut two = entries("{\"a\":\"x,}\",\"b\":1}");
        assert_eq!(two.next_of(&b), None);
        assert_eq!(two.next_of(&a), Some("\"x,}\""));
        assert_eq!(two.next_of(&a), None);
        assert_eq!(two.next_of(&b), Some("1"));
        assert_eq!(two.next_of(&b), None);
        assert!(two.next().is_none());
        for damaged in ["{\"a\":\"", "{\"a\":[1]}", "{\"a\"", "", ",\"a\":1}"] {
            let mut damaged = entries(damaged);
            assert_eq!(damaged.next_of(&a), None);
            assert!(damaged.next().unwrap().is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives(name in ".*", value in ".*") {
            let text = written(&[(&name, Value::String(value.as_str().into()))]);
            let fields = read(&text).unwrap();
            proptest::prop_assert_eq!(&fields[0].0, &name);
            let text = unescape(&fields[0].1).unwrap();
            proptest::prop_assert_eq!(text.as_ref(), value.as_str());
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".*") {
            let _ = read(&text);
            let _ = read(&format!("{{\"{text}"));
        }
    }
}
