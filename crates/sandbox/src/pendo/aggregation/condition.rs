//! Filters: comparisons of a path with a JSON text or number, joined by `&&` and `||`.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Path;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(Path, Operator, Scalar<'static>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(super) const fn has_low_end(self) -> bool {
        matches!(self, Self::Equal | Self::Greater | Self::GreaterOrEqual)
    }

    pub(super) const fn has_high_end(self) -> bool {
        matches!(self, Self::Equal | Self::Less | Self::LessOrEqual)
    }
}

/// A value as filters and sorts see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// A list or an object, which compares with nothing.
    Other,
}

impl<'a> Scalar<'a> {
    /// Reads a JSON text.
    pub(super) fn read(text: Cow<'a, str>) -> Self {
        match text.as_bytes().first() {
            Some(b'"') if !text.contains('\\') => match text {
                Cow::Borrowed(text) => Self::Text(Cow::Borrowed(&text[1..text.len() - 1])),
                Cow::Owned(text) => Self::Text(Cow::Owned(text[1..text.len() - 1].to_owned())),
            },
            Some(b'"') => {
                serde_json::from_str(&text).map_or(Self::Other, |t| Self::Text(Cow::Owned(t)))
            }
            Some(b'n') | None => Self::Null,
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'[' | b'{') => Self::Other,
            Some(_) => text.parse().map_or(Self::Other, Self::Number),
        }
    }

    fn compare(&self, other: &Scalar<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Scalar::Null) => Some(Ordering::Equal),
            (Self::Boolean(a), Scalar::Boolean(b)) => Some(a.cmp(b)),
            (Self::Number(a), Scalar::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Scalar::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            _ => None,
        }
    }

    /// A total order for sorts: nulls, booleans, numbers, texts, the rest.
    pub(super) fn order(&self, other: &Scalar<'_>) -> Ordering {
        let rank = |scalar: &Scalar<'_>| match scalar {
            Scalar::Null => 0,
            Scalar::Boolean(_) => 1,
            Scalar::Number(_) => 2,
            Scalar::Text(_) => 3,
            Scalar::Other => 4,
        };
        self.compare(other)
            .unwrap_or_else(|| rank(self).cmp(&rank(other)))
    }
}

impl Condition {
    /// Whether a row passes, whose values `value` finds.
    pub(super) fn holds<'a>(&self, value: &impl Fn(&Path) -> Scalar<'a>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Compare(path, operator, literal) => {
                let order = value(path).compare(literal);
                match operator {
                    Operator::Equal => order == Some(Ordering::Equal),
                    Operator::NotEqual => order != Some(Ordering::Equal),
                    Operator::Less => order == Some(Ordering::Less),
                    Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
                    Operator::Greater => order == Some(Ordering::Greater),
                    Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
                }
            }
        }
    }
}

/// Reads a filter; `path` says what a name means.
pub(super) fn parse(text: &str, path: &impl Fn(&str) -> Path) -> Result<Condition, String> {
    let mut reader = Reader { rest: text, path };
    let condition = reader.any()?;
    if reader.rest.trim().is_empty() {
        Ok(condition)
    } else {
        Err(reader.unexpected())
    }
}

struct Reader<'a, P> {
    rest: &'a str,
    path: &'a P,
}

impl<P: Fn(&str) -> Path> Reader<'_, P> {
    fn unexpected(&self) -> String {
        format!("cannot read the filter from {:?} on", self.rest)
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.rest.trim_start().strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.takes("||") {
            parts.push(self.all()?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Condition::Any(parts),
        })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.comparison()?];
        while self.takes("&&") {
            parts.push(self.comparison()?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Condition::All(parts),
        })
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        if self.takes("(") {
            let inner = self.any()?;
            return if self.takes(")") {
                Ok(inner)
            } else {
                Err(self.unexpected())
            };
        }
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.is_empty() {
            return Err(self.unexpected());
        }
        self.rest = behind;
        // The longer ones first: `<` begins `<=`.
        let operator = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ]
        .into_iter()
        .find_map(|(word, operator)| self.takes(word).then_some(operator))
        .ok_or_else(|| self.unexpected())?;
        Ok(Condition::Compare(
            (self.path)(name),
            operator,
            self.literal()?,
        ))
    }

    /// A JSON value at the head of what is left.
    fn literal(&mut self) -> Result<Scalar<'static>, String> {
        let mut values =
            serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        let Some(Ok(value)) = values.next() else {
            return Err(self.unexpected());
        };
        let read = values.byte_offset();
        self.rest = &self.rest[read..];
        Ok(match value {
            serde_json::Value::String(text) => Scalar::Text(Cow::Owned(text)),
            serde_json::Value::Number(number) => {
                number.as_f64().map_or(Scalar::Other, Scalar::Number)
            }
            serde_json::Value::Bool(value) => Scalar::Boolean(value),
            serde_json::Value::Null => Scalar::Null,
            _ => return Err(self.unexpected()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, id: &str, number: f64) -> bool {
        let condition = parse(filter, &|name| match name {
            "visitorId" => Path::Id,
            "metadata.custom.n" => Path::Field(0),
            _ => Path::Nothing,
        })
        .unwrap();
        condition.holds(&|path| match path {
            Path::Id => Scalar::Text(Cow::Owned(id.to_owned())),
            Path::Field(_) => Scalar::Number(number),
            _ => Scalar::Null,
        })
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let filter = r#"visitorId == "a" || visitorId > "c\"" && metadata.custom.n<=3"#;
        assert!(holds(filter, "a", 9.0));
        assert!(holds(filter, "d", 3.0));
        assert!(!holds(filter, "d", 3.5));
        assert!(!holds(filter, "b", 0.0));
        assert!(!holds(
            r#"(visitorId == "a" || visitorId == "d") && metadata.custom.n < 3"#,
            "a",
            9.0
        ));
    }

    #[test]
    fn what_is_not_comparable_is_not_equal() {
        assert!(!holds(r#"metadata.custom.n == "3""#, "a", 3.0));
        assert!(holds(r#"metadata.custom.n != "3""#, "a", 3.0));
        assert!(holds("metadata.custom.other == null", "a", 3.0));
        assert!(!holds("metadata.custom.other < 3", "a", 3.0));
    }

    #[test]
    fn nonsense_is_refused() {
        for filter in [
            "",
            "visitorId",
            "visitorId >",
            "visitorId = \"a\"",
            "visitorId > \"a\" &&",
            "visitorId > \"a",
            "(visitorId > \"a\"",
            "visitorId > \"a\" metadata",
        ] {
            assert!(parse(filter, &|_| Path::Id).is_err(), "{filter}");
        }
    }
}
