//! Setting values of many records: the call a connector lives on, so the one that must be cheap.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer::{Call, Failure, Work, refuse};
use super::fit::{Fit, fit};
use super::journal::{Outcome, Write};
use super::kind::{Group, Kind};
use super::metadata::closed;
use super::population::Population;
use super::route::Create;
use super::row::{Change, Scratch};
use super::schema::{Field, Type, key_of};
use super::switches::{Errors, Switches, UnknownFields};
use crate::http::reply::Reply;

/// A record of the request, borrowed from the body.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow, rename = "visitorId")]
    visitor: Option<Name<'a>>,
    #[serde(borrow, rename = "accountId")]
    account: Option<Name<'a>>,
    #[serde(borrow, rename = "parentAccountId")]
    parent_account: Option<Name<'a>>,
    #[serde(borrow)]
    values: Pairs<'a>,
}

impl Sent<'_> {
    fn id(&self, kind: Kind) -> Option<&str> {
        let id = match kind {
            Kind::Visitor => &self.visitor,
            Kind::Account => &self.account,
            Kind::ParentAccount => &self.parent_account,
        };
        id.as_ref().map(|Name(id)| id.as_ref())
    }
}

/// Names and JSON texts in the order they came: no tree is built of what is only kept as text.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A text that is borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;

        impl<'de> Visitor<'de> for Reads {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(24);
                while let Some(Name(name)) = map.next_key()? {
                    pairs.push((name, map.next_value::<&RawValue>()?.get()));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Reads)
    }
}

/// Where values of a name go.
#[derive(Clone, Debug)]
pub(super) enum Resolved {
    Field(u16, Type),
    Ignored,
    /// The record fails.
    Refused(String),
}

/// Finds the field of a name, making it when that is the habit; the error refuses the whole request.
pub(super) fn resolve(
    population: &mut Population,
    group: Group,
    name: &str,
    switches: &Switches,
) -> Result<Resolved, String> {
    let key = key_of(name, switches.names);
    let (why, may_make) = match population.schema.find(group, &key) {
        Some(number) => {
            let field = population.schema.field(number);
            if !field.is_deleted {
                return Ok(Resolved::Field(number, field.r#type));
            }
            (format!("field {key} is deleted"), false)
        }
        None => (format!("unknown field {key}"), true),
    };
    match switches.unknown_fields {
        UnknownFields::CreatedAsText if may_make && !key.is_empty() => {
            let number = population.schema.put(Field::new(group, &key, Type::String));
            Ok(Resolved::Field(number, Type::String))
        }
        UnknownFields::CreatedAsText | UnknownFields::RecordFails => Ok(Resolved::Refused(why)),
        UnknownFields::Ignored => Ok(Resolved::Ignored),
        UnknownFields::RequestRefused => Err(why),
    }
}

/// Fields by the place of their names: records of a request mostly name the same ones in the same order.
struct Columns<'a> {
    group: Group,
    switches: &'a Switches,
    seen: Vec<(String, Resolved)>,
}

impl Columns<'_> {
    fn at(
        &mut self,
        place: usize,
        name: &str,
        population: &mut Population,
    ) -> Result<&Resolved, String> {
        let is_known = self.seen.get(place).is_some_and(|(n, _)| n == name);
        if !is_known {
            let resolved = resolve(population, self.group, name, self.switches)?;
            self.seen.truncate(place);
            self.seen.push((name.to_owned(), resolved));
        }
        Ok(&self.seen[place].1)
    }
}

/// What is counted for the answer.
#[derive(Default)]
struct Tallied {
    updated: usize,
    missing: Vec<String>,
    errors: Vec<Value>,
}

/// Sets values of many records, each as a whole or not at all; 200 even when records failed.
pub(super) fn set(call: &Call<'_>, kind: Kind, group: Group, create: Create) -> Work {
    if !group.is_writable() {
        return closed(group).into();
    }
    let switches = &call.switches;
    let sent: Vec<Sent<'_>> = match serde_json::from_slice(call.body) {
        Ok(sent) => sent,
        Err(error) => return refuse(400, error.to_string()).into(),
    };
    if switches.max_records > 0 && sent.len() > switches.max_records {
        return refuse(switches.limit_status, "too many records").into();
    }
    if sent.iter().any(|s| s.id(kind).is_none()) {
        return refuse(400, format!("{} is missing", kind.id_key())).into();
    }
    let mut state = call.subscription.state();
    let population = state.of_mut(kind);
    let mut columns = Columns {
        group,
        switches,
        seen: Vec::new(),
    };
    if switches.unknown_fields == UnknownFields::RequestRefused {
        for sent in &sent {
            for (place, (name, _)) in sent.values.0.iter().enumerate() {
                if let Err(why) = columns.at(place, name, population) {
                    return refuse(400, why).into();
                }
            }
        }
    }
    let mut tallied = Tallied::default();
    let mut writes = Vec::new();
    let (mut changes, mut scratch) = (Vec::new(), Scratch::default());
    for (at, sent) in sent.iter().enumerate() {
        let id = sent.id(kind).unwrap_or_default();
        changes.clear();
        let done = match scripted(call.failures, at, id) {
            Some(why) => Err(why.to_owned()),
            None if create == Create::No && population.find(id).is_none() => Ok(Outcome::Missing),
            None => read(&sent.values, &mut columns, population, &mut changes).map(|()| {
                let place = population.find_or_add(id, false);
                population.change(place, &changes, &mut scratch);
                Outcome::Updated
            }),
        };
        let outcome = match done {
            Ok(Outcome::Missing) => {
                tallied.missing.push(id.to_owned());
                Outcome::Missing
            }
            Ok(outcome) => {
                tallied.updated += 1;
                outcome
            }
            Err(why) => {
                tallied.errors.push(error(switches.errors, kind, id, &why));
                Outcome::Failed
            }
        };
        if call.world.keep_writes {
            writes.push(kept(id, &sent.values, outcome));
        }
    }
    let updated = tallied.updated;
    let mut reply = tallied.answer(sent.len(), kind, switches);
    reply.records = sent.len();
    Work {
        reply,
        updated,
        writes,
    }
}

/// Why a script lets a record fail.
fn scripted<'a>(failures: &'a [Failure], at: usize, id: &str) -> Option<&'a str> {
    failures
        .iter()
        .find(|f| {
            (f.every > 0 && (at + 1).is_multiple_of(f.every)) || f.ids.iter().any(|i| i == id)
        })
        .map(|f| f.text.as_str())
}

/// Reads a record's values as changes, or says why the record fails.
fn read<'a>(
    values: &Pairs<'a>,
    columns: &mut Columns<'a>,
    population: &mut Population,
    changes: &mut Vec<Change<'a>>,
) -> Result<(), String> {
    let switches = columns.switches;
    for (place, (name, text)) in values.0.iter().enumerate() {
        let (field, of) = match columns.at(place, name, population)? {
            Resolved::Field(field, of) => (*field, *of),
            Resolved::Ignored => continue,
            Resolved::Refused(why) => return Err(why.clone()),
        };
        let text = match fit(of, text, switches).map_err(|why| format!("{name}: {why}"))? {
            Fit::Ignored => continue,
            Fit::Clears => None,
            Fit::Kept(text) => Some(text),
        };
        changes.push(Change { field, text });
    }
    Ok(())
}

fn error(shape: Errors, kind: Kind, id: &str, why: &str) -> Value {
    match shape {
        Errors::Texts => json!(why),
        Errors::TextsWithId => json!(format!("{id}: {why}")),
        Errors::Objects => json!({kind.id_key(): id, "error": why}),
    }
}

fn kept(id: &str, values: &Pairs<'_>, outcome: Outcome) -> Write {
    Write {
        id: id.to_owned(),
        values: values
            .0
            .iter()
            .map(|(name, text)| {
                let value = serde_json::from_str(text).unwrap_or(Value::Null);
                (name.clone().into_owned(), value)
            })
            .collect(),
        outcome,
    }
}

impl Tallied {
    fn answer(self, total: usize, kind: Kind, switches: &Switches) -> Reply {
        let mut answer = json!({
            "total": total,
            "updated": self.updated,
            "failed": self.missing.len() + self.errors.len(),
        });
        if switches.kind_key {
            answer["kind"] = json!(kind.name());
        }
        if !(switches.omit_empty_lists && self.missing.is_empty()) {
            answer["missing"] = json!(self.missing);
        }
        if !(switches.omit_empty_lists && self.errors.is_empty()) {
            answer["errors"] = json!(self.errors);
        }
        Reply::ok(&answer)
    }
}
