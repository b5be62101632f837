//! Asks by aggregation: a pipeline of stages, answered by rows. Pages are walked by a filter on the last id seen, since
//! skipping would lose and double rows while visitors come and go.

use std::fmt;

use model::Level;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

use crate::lenient;

/// An id that Pendo knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownId {
    /// The id, byte for byte.
    pub id: String,
    /// When it was first seen, in epoch milliseconds; those made by an import have no visit.
    pub first_visit: Option<i64>,
}

/// What Pendo has for an id.
#[derive(Debug, Clone)]
pub struct Held {
    /// The id, byte for byte.
    pub id: String,
    /// The JSON text of each value, in the order of the keys asked for; `None` where there is none, or null.
    pub values: Vec<Option<Box<RawValue>>>,
}

/// Which rows a page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) level: Level,
    /// Rows behind this id, in the order of ids.
    pub(crate) after: Option<&'a str>,
    /// Rows at most.
    pub(crate) limit: u32,
}

/// The body of a request that counts.
pub(crate) fn count(level: Level) -> Vec<u8> {
    body("count", &[source(level), json!({ "count": null })])
}

/// The body of a request for ids, of those first seen after a moment or of all.
pub(crate) fn ids(page: Page<'_>, first_visit_above: Option<i64>) -> Vec<u8> {
    let filter = first_visit_above
        .map(|moment| json!({ "filter": format!("metadata.auto.firstvisit > {moment}") }));
    let columns = [("v0".to_owned(), "metadata.auto.firstvisit".to_owned())];
    paged("ids", page, filter, columns)
}

/// The body of a request for values; not if a name cannot stand in an expression.
pub(crate) fn values(
    page: Page<'_>,
    group: &str,
    keys: &[String],
) -> Result<Vec<u8>, &'static str> {
    Ok(paged("values", page, None, columns(group, keys)?))
}

/// The body of a request for the values of one id.
pub(crate) fn values_of(
    page: Page<'_>,
    id: &str,
    group: &str,
    keys: &[String],
) -> Result<Vec<u8>, &'static str> {
    let only = format!("{} == {}", id_member(page.level), Value::from(id));
    let filter = Some(json!({ "filter": only }));
    Ok(paged("values-of", page, filter, columns(group, keys)?))
}

/// The columns for some fields of a group: their names in the answer, and where they are.
fn columns(
    group: &str,
    keys: &[String],
) -> Result<impl Iterator<Item = (String, String)>, &'static str> {
    // An expression is code: what is more than a name would be understood as such.
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if !(is_name(group) && keys.iter().all(|key| is_name(key))) {
        return Err(
            "a group or field whose name is not of letters, digits and underscores cannot be asked for",
        );
    }
    let columns = keys.iter().enumerate();
    Ok(columns.map(move |(at, key)| (format!("v{at}"), format!("metadata.{group}.{key}"))))
}

fn paged(
    name: &str,
    page: Page<'_>,
    filter: Option<Value>,
    columns: impl IntoIterator<Item = (String, String)>,
) -> Vec<u8> {
    let id = id_member(page.level);
    let columns = columns.into_iter().map(|(name, path)| (name, path.into()));
    let select: serde_json::Map<_, Value> = [(id.into(), id.into())]
        .into_iter()
        .chain(columns)
        .collect();
    let after = page.after.map(|after| {
        // A string in an expression is written as in JSON.
        json!({ "filter": format!("{id} > {}", Value::from(after)) })
    });
    let stages: Vec<_> = [source(page.level), json!({ "sort": [id] })]
        .into_iter()
        .chain(after)
        .chain(filter)
        .chain([json!({ "select": select }), json!({ "limit": page.limit })])
        .collect();
    body(name, &stages)
}

fn body(name: &str, pipeline: &[Value]) -> Vec<u8> {
    let body = json!({
        "response": { "mimeType": "application/json" },
        "request": { "requestId": format!("tributary-{name}"), "pipeline": pipeline },
    });
    body.to_string().into_bytes()
}

/// Anonymous visitors are nobody's contacts.
fn source(level: Level) -> Value {
    match level {
        Level::Visitor => json!({ "source": { "visitors": { "identified": true } } }),
        Level::Account => json!({ "source": { "accounts": null } }),
    }
}

fn id_member(level: Level) -> &'static str {
    match level {
        Level::Visitor => "visitorId",
        Level::Account => "accountId",
    }
}

/// The count in an answer. An empty list of anything may be null.
pub(crate) fn read_count(json: &Value) -> Result<u64, String> {
    let results = json.get("results").ok_or("it has no results")?;
    match results {
        Value::Null => Ok(0),
        Value::Array(rows) if rows.is_empty() => Ok(0),
        Value::Array(rows) => rows
            .first()
            .and_then(|row| lenient::member(row, "count"))
            .and_then(lenient::count)
            .ok_or_else(|| "it has no count".into()),
        _ => Err("its results are no list".into()),
    }
}

/// The rows of an answer, each with so many columns.
pub(crate) fn read_rows(body: &[u8], page: Page<'_>, columns: usize) -> Result<Vec<Held>, String> {
    // What is wrong is told without what is there.
    let problem = |error: serde_json::Error| format!("{:?} error in its JSON", error.classify());
    let results: Results = serde_json::from_slice(body).map_err(problem)?;
    let rows = results.results.unwrap_or_default();
    let any = !rows.is_empty();
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(id) = row.id? else { continue };
        if page.after == Some(id.as_str()) {
            return Err("it does not go on behind the last id".into());
        }
        let mut values: Vec<_> = std::iter::repeat_with(|| None).take(columns).collect();
        for (at, value) in row.cells {
            if let Some(cell) = values.get_mut(at) {
                *cell = value;
            }
        }
        held.push(Held { id, values });
    }
    if any && held.is_empty() {
        return Err("its rows have no ids".into());
    }
    Ok(held)
}

/// The first column as a moment.
pub(crate) fn known(held: Held) -> KnownId {
    let first = held.values.first().and_then(Option::as_deref);
    KnownId {
        id: held.id,
        first_visit: first.and_then(moment),
    }
}

/// Epoch milliseconds, as a number of any form or as text. 0 is what Pendo has where there was no visit.
fn moment(token: &RawValue) -> Option<i64> {
    let text = token.get().trim_matches('"');
    let number = text.parse::<i64>().ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be within the whole numbers that a float holds"
        )]
        (number.abs() < 9e15).then_some(number as i64)
    })?;
    (number > 0).then_some(number)
}

#[derive(Deserialize)]
struct Results {
    #[serde(deserialize_with = "Option::deserialize")]
    results: Option<Vec<Row>>,
}

/// A row before it is known how many columns were asked for.
struct Row {
    /// `Err` if there is none, which is another thing than null.
    id: Result<Option<String>, String>,
    cells: Vec<(usize, Option<Box<RawValue>>)>,
}

enum Column {
    Id,
    Value(usize),
    Other,
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl Visitor<'_> for Names {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column")
            }

            fn visit_str<E>(self, name: &str) -> Result<Column, E> {
                let at = name.strip_prefix('v').and_then(|at| at.parse().ok());
                Ok(match name {
                    "visitorId" | "accountId" => Column::Id,
                    _ => at.map_or(Column::Other, Column::Value),
                })
            }
        }
        deserializer.deserialize_identifier(Names)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut row = Row {
                    id: Err("a row has no id".into()),
                    cells: Vec::new(),
                };
                while let Some(column) = map.next_key()? {
                    match column {
                        Column::Id => {
                            row.id = match map.next_value()? {
                                Value::Null => Ok(None),
                                id => lenient::text(&id)
                                    .map(Some)
                                    .ok_or_else(|| "an id is no text".into()),
                            };
                        }
                        Column::Value(at) => row.cells.push((at, map.next_value()?)),
                        Column::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(row)
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

#[cfg(test)]
mod tests;
