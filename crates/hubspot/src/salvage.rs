//! Reads an answer of which something is not as documented, record by record, so that one bad record does not take its
//! page with it.

use std::fmt;

use model::RecordId;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    Columns, Undecodable,
    account::number,
    decode::{Rest, Sink, milliseconds, record_id},
    records::Found,
};
use outbound::scrub;

/// Reads the answer; `exact` is false if it was not UTF-8 and what was wrong has been replaced.
///
/// # Errors
/// What is wrong with the answer as a whole.
pub(crate) fn read(body: &str, columns: &Columns, exact: bool) -> Result<(Found, Rest), String> {
    let answer: Entries<'_> = serde_json::from_str(body).map_err(|error| {
        format!(
            "it is not a JSON object: {:?} error at line {}, column {} of {} bytes",
            error.classify(),
            error.line(),
            error.column(),
            body.len()
        )
    })?;
    let results = answer.get("results").ok_or("it holds no list of results")?;
    let results: Vec<&RawValue> =
        serde_json::from_str(results.get()).map_err(|_| "its results are not a list")?;
    let mut sink = Sink::new(body, columns);
    for record in results {
        if !exact && record.get().contains(char::REPLACEMENT_CHARACTER) {
            sink.found.undecodable.push(Undecodable {
                id: lenient_id(record.get()),
                why: "it is not UTF-8".into(),
            });
        } else if sink.record(record.get()).is_none()
            && let Err(undecodable) = careful(&mut sink, record.get())
        {
            sink.found.undecodable.push(undecodable);
        }
    }
    let value = |key: &str| {
        let raw = answer.get(key)?;
        serde_json::from_str(raw.get()).ok()
    };
    let rest = Rest {
        total: value("total").unwrap_or_default(),
        paging: value("paging").unwrap_or_default(),
        errors: value("errors").unwrap_or_default(),
    };
    Ok((sink.found, rest))
}

/// Reads one record value by value.
fn careful<'b>(sink: &mut Sink<'b>, record: &'b str) -> Result<(), Undecodable> {
    let bad = |why: &str| Undecodable {
        id: lenient_id(record),
        why: why.to_owned(),
    };
    let entries: Entries<'b> =
        serde_json::from_str(record).map_err(|_| bad("it is not a JSON object"))?;
    let id = entries.get("id").ok_or_else(|| bad("it has no id"))?;
    let id = scalar(id.get())
        .and_then(|text| record_id(&text))
        .ok_or_else(|| bad("its id is not a number"))?;
    let properties = match entries.get("properties").map(RawValue::get) {
        None | Some("null") => Entries(Vec::new()),
        Some(raw) => {
            serde_json::from_str(raw).map_err(|_| bad("its properties are not an object"))?
        }
    };
    let cells = sink.found.cells.len();
    sink.begin();
    for (name, raw) in properties.0 {
        let slot = sink.slot(&name);
        let raw = raw.get();
        if raw == "null" {
            sink.null(slot);
        } else if let Some(text) = scalar(raw) {
            sink.owned(slot, &text);
        } else if slot != crate::columns::Slot::Skip {
            sink.found.cells.truncate(cells);
            let name = scrub::label(&name, &[]).unwrap_or_default();
            return Err(bad(&format!("the value of {name} is not text")));
        }
    }
    let text = |key: &str| entries.get(key).and_then(|raw| scalar(raw.get()));
    let updated_at_ms = text("updatedAt").and_then(|text| milliseconds(&text));
    let archived = text("archived").is_some_and(|text| text == "true");
    sink.end(id, updated_at_ms, archived);
    Ok(())
}

/// The text of a string, or the digits of a number as they stand; `None` for anything with parts, for `null`, and for
/// a string that is no text (half a surrogate pair).
fn scalar(raw: &str) -> Option<String> {
    match raw.bytes().next()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// The id, if the record says one anywhere near its beginning: HubSpot puts it first.
fn lenient_id(record: &str) -> Option<RecordId> {
    if let Ok(entries) = serde_json::from_str::<Entries<'_>>(record)
        && let Some(raw) = entries.get("id")
    {
        let json = serde_json::from_str(raw.get()).ok()?;
        return number(Some(&json)).map(RecordId);
    }
    let (_, rest) = record.split_once("\"id\"")?;
    let rest = rest.trim_start_matches([' ', ':', '"', '\t', '\n', '\r']);
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// An object's entries in order; a repeated key keeps its last value.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Entries<'a> {
    fn get(&self, key: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, raw)| *raw)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct AnObject;
        impl<'de> Visitor<'de> for AnObject {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        json.deserialize_map(AnObject).map(Self)
    }
}
