//! Values on their way into a statement.

use std::borrow::Cow;

use sqlx::{Arguments as _, error::BoxDynError, postgres::PgArguments, sqlite::SqliteArguments};

/// A value that is bound; null values keep their type, which PostgreSQL wants to know.
#[derive(Debug, Clone)]
pub(crate) enum Value<'q> {
    Integer(Option<i64>),
    Boolean(Option<bool>),
    Text(Option<Cow<'q, str>>),
    Blob(Option<Cow<'q, [u8]>>),
    /// What `json_each` goes through: an array for PostgreSQL, JSON for SQLite.
    Integers(Cow<'q, [i64]>),
    /// The same of texts. Null equals nothing.
    Texts(Vec<Option<&'q str>>),
}

/// A text that both databases can hold: PostgreSQL's texts hold no NUL, SQLite's are cut short by it in places.
///
/// Ids and field names hold none, and stored metadata is JSON, where it is written `\u0000`; what is left are keys that
/// matched nothing and values that were kept out, which are there to be looked at.
pub(crate) fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        text.replace('\0', "\u{FFFD}").into()
    } else {
        text
    }
}

/// A text that is looked for to the byte, such as an id: one with a NUL is nowhere, and null equals nothing.
pub(crate) fn to_the_byte(text: &str) -> Option<&str> {
    memchr::memchr(0, text.as_bytes()).is_none().then_some(text)
}

impl Value<'_> {
    pub(super) fn bind_sqlite(self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Integer(number) => arguments.add(number),
            Self::Boolean(truth) => arguments.add(truth),
            Self::Text(Some(Cow::Borrowed(text))) => arguments.add(text),
            Self::Text(Some(Cow::Owned(text))) => arguments.add(text),
            Self::Text(None) => arguments.add(None::<&str>),
            Self::Blob(Some(Cow::Borrowed(bytes))) => arguments.add(bytes),
            Self::Blob(Some(Cow::Owned(bytes))) => arguments.add(bytes),
            Self::Blob(None) => arguments.add(None::<&[u8]>),
            Self::Integers(numbers) => arguments.add(serde_json::to_string(&numbers)?),
            Self::Texts(texts) => arguments.add(serde_json::to_string(&texts)?),
        }
    }

    pub(super) fn bind_postgres(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Integer(number) => arguments.add(number),
            Self::Boolean(truth) => arguments.add(truth),
            Self::Text(text) => arguments.add(text),
            Self::Blob(bytes) => arguments.add(bytes.as_deref()),
            Self::Integers(numbers) => arguments.add(&*numbers),
            Self::Texts(texts) => arguments.add(texts),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(Some(truth))
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(truth: Option<bool>) -> Self {
        Self::Boolean(truth)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(text: &'q str) -> Self {
        Some(text).into()
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(text: &'q String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Some(text).into()
    }
}

impl<'q> From<Option<&'q str>> for Value<'q> {
    fn from(text: Option<&'q str>) -> Self {
        Self::Text(text.map(|text| without_nul(text.into())))
    }
}

impl<'q> From<Option<&'q String>> for Value<'q> {
    fn from(text: Option<&'q String>) -> Self {
        text.map(String::as_str).into()
    }
}

impl<'q> From<&'q Option<String>> for Value<'q> {
    fn from(text: &'q Option<String>) -> Self {
        text.as_deref().into()
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(|text| without_nul(text.into())))
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(bytes: &'q [u8]) -> Self {
        Self::Blob(Some(bytes.into()))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Some(bytes).into()
    }
}

impl From<Option<Vec<u8>>> for Value<'_> {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        Self::Blob(bytes.map(Cow::Owned))
    }
}

impl<'q> From<&'q [i64]> for Value<'q> {
    fn from(numbers: &'q [i64]) -> Self {
        Self::Integers(numbers.into())
    }
}

impl<'q> From<&'q Vec<i64>> for Value<'q> {
    fn from(numbers: &'q Vec<i64>) -> Self {
        numbers.as_slice().into()
    }
}

impl From<Vec<i64>> for Value<'_> {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Integers(numbers.into())
    }
}

impl<'q> From<Vec<Option<&'q str>>> for Value<'q> {
    fn from(texts: Vec<Option<&'q str>>) -> Self {
        Self::Texts(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_holds_nul() {
        assert_eq!(without_nul("a\0b\0".into()), "a\u{FFFD}b\u{FFFD}");
        assert!(matches!(without_nul("ab".into()), Cow::Borrowed("ab")));
        assert_eq!((to_the_byte("ab"), to_the_byte("ab\0")), (Some("ab"), None));
    }
}
