//! The JSON that an import stores: compact, with the digits of numbers kept.

use std::borrow::Cow;

use model::{Decimal, MetadataType, Moment, Outcome, Translator, Value, Wire, payload};

use super::{
    Reason,
    types::{MAX_NAME_BYTES, Twice, Types},
};

/// Builds the agent metadata of one line.
#[derive(Debug, Default)]
pub(super) struct Agent {
    text: String,
}

impl Agent {
    /// Starts anew, keeping the buffer.
    pub(super) fn start(&mut self) {
        self.text.clear();
    }

    /// The object, unless the line said nothing.
    pub(super) fn finish(&mut self) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        self.text.push('}');
        Some(self.text.as_str().into())
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        push_string(&mut self.text, name);
        self.text.push(':');
    }

    /// Adds one field from the JSON token of its value.
    pub(super) fn put_token(
        &mut self,
        types: &mut Types,
        name: &str,
        token: &str,
    ) -> Result<(), Reason> {
        let found = match token.as_bytes().first() {
            Some(b'"') => Some(MetadataType::String),
            Some(b't' | b'f') => Some(MetadataType::Boolean),
            Some(b'[' | b'{') => return Err(Reason::Nested { field: name.into() }),
            Some(b'n') => None,
            _ => Some(MetadataType::Decimal),
        };
        check_name(name)?;
        let known = types
            .field(name, found)
            .map_err(|Twice| Reason::Twice { key: name.into() })?;
        self.name(name);
        let Some((known, found)) = known.zip(found) else {
            self.text.push_str("null");
            return Ok(());
        };
        match (known, found) {
            (MetadataType::Decimal, MetadataType::Decimal) => {
                Decimal::read(token).map_err(|refusal| Reason::Number {
                    field: name.into(),
                    refusal,
                })?;
                self.text.push_str(token);
            }
            (MetadataType::Boolean, MetadataType::Boolean) => self.text.push_str(token),
            (MetadataType::String, MetadataType::String) if !token.contains('\\') => {
                self.text.push_str(token);
            }
            (MetadataType::String, MetadataType::String) => {
                push_string(&mut self.text, &text_of(name, token)?);
            }
            (MetadataType::Time, MetadataType::String) => {
                let moment = moment(name, &text_of(name, token)?)?;
                push_moment(&mut self.text, moment);
            }
            _ => {
                return Err(Reason::OtherType {
                    field: name.into(),
                    known,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Adds one field from the text of a cell; an empty one says nothing.
    pub(super) fn put_cell(
        &mut self,
        name: &str,
        kind: MetadataType,
        cell: &str,
    ) -> Result<(), Reason> {
        if kind == MetadataType::String {
            self.name(name);
            push_string(&mut self.text, cell);
            return Ok(());
        }
        let cell = cell.trim_ascii();
        match kind {
            MetadataType::Decimal => {
                let decimal = Decimal::read(cell).map_err(|refusal| Reason::Number {
                    field: name.into(),
                    refusal,
                })?;
                self.name(name);
                self.text.push_str(decimal.as_str());
            }
            MetadataType::Boolean => {
                // Spreadsheets write TRUE and FALSE.
                let token = ["true", "false"]
                    .into_iter()
                    .find(|token| cell.eq_ignore_ascii_case(token))
                    .ok_or_else(|| Reason::NotBoolean { field: name.into() })?;
                self.name(name);
                self.text.push_str(token);
            }
            MetadataType::String | MetadataType::Time => {
                let moment = moment(name, cell)?;
                self.name(name);
                push_moment(&mut self.text, moment);
            }
        }
        Ok(())
    }
}

/// The account ids of a visitor as a JSON array.
pub(super) fn array(ids: &[Cow<'_, str>]) -> String {
    let mut text = String::with_capacity(ids.iter().map(|id| id.len() + 3).sum::<usize>() + 2);
    text.push('[');
    for (at, id) in ids.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        push_string(&mut text, id);
    }
    text.push(']');
    text
}

/// Whether a text can be the name of a field.
pub(super) fn check_name(name: &str) -> Result<(), Reason> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        Err(Reason::FieldName)
    } else {
        Ok(())
    }
}

fn text_of<'a>(name: &str, token: &'a str) -> Result<Cow<'a, str>, Reason> {
    payload::unescape(token).ok_or_else(|| Reason::Escape { field: name.into() })
}

/// What the translation of HubSpot's values takes for a time is one here too.
fn moment(name: &str, text: &str) -> Result<Moment, Reason> {
    match Translator::DateTime.translate(Wire::Text(text)) {
        Outcome::Value(Value::Time(moment)) => Ok(moment),
        _ => Err(Reason::NotTime { field: name.into() }),
    }
}

fn push_moment(text: &mut String, moment: Moment) {
    text.push('"');
    moment.push_to(text);
    text.push('"');
}

fn push_string(text: &mut String, string: &str) {
    if string
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        text.push_str(&payload::token(&Value::String(Cow::Borrowed(string))));
    } else {
        text.push('"');
        text.push_str(string);
        text.push('"');
    }
}
