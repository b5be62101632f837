//! Fields, single values and single records.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Call, Work, refuse};
use super::fit::{Fit, fit};
use super::journal::{Outcome, Write};
use super::kind::{Group, Kind};
use super::many::{Resolved, resolve};
use super::record::Reader;
use super::route;
use super::row::{Change, Scratch};
use super::schema::{Field, Type, key_of};
use super::switches::Retype;
use crate::http::reply::{JSON, Reply};

/// The schema: all groups, or the fields of one.
pub(super) fn schema(call: &Call<'_>, kind: Kind, group: Option<Group>) -> Reply {
    let state = call.subscription.state();
    let schema = &state.of(kind).schema;
    let of = |group| schema.group_answer(kind, group, &call.switches);
    Reply::ok(&match group {
        Some(group) => of(group),
        None => Group::ALL
            .into_iter()
            .map(|group| (group.name().to_owned(), of(group)))
            .collect::<Map<_, _>>()
            .into(),
    })
}

pub(super) fn closed(group: Group) -> Reply {
    refuse(400, format!("group {} cannot be written", group.name()))
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    #[serde(default)]
    displayname: Option<String>,
    r#type: String,
}

/// Creates fields, or un-deletes them. All or none: a field that cannot be made refuses the request.
pub(super) fn create(call: &Call<'_>, kind: Kind, group: Group) -> Reply {
    if !group.is_writable() {
        return closed(group);
    }
    let wanted: Vec<Wanted> = match serde_json::from_slice(call.body) {
        Ok(wanted) => wanted,
        Err(error) => return refuse(400, error.to_string()),
    };
    let mut state = call.subscription.state();
    let schema = &mut state.of_mut(kind).schema;
    let mut fields = Vec::new();
    for wanted in wanted {
        let key = key_of(&wanted.name, call.switches.names);
        let Some(of) = Type::to_create(&wanted.r#type, &call.switches) else {
            return refuse(400, format!("unknown type {:?}", wanted.r#type));
        };
        if key.is_empty() {
            return refuse(400, format!("no key can be made of {:?}", wanted.name));
        }
        let mut field = Field::new(group, &key, of);
        field.display_name = wanted.displayname.unwrap_or(wanted.name);
        if let Some(number) = schema.find(group, &key) {
            let old = schema.field(number);
            if old.r#type != of && call.switches.retype == Retype::Refused {
                return refuse(409, format!("field {key} is {}", old.r#type.name()));
            }
            field.r#type = old.r#type;
            field.is_hidden = old.is_hidden;
        }
        fields.push(field);
    }
    for field in fields {
        schema.put(field);
    }
    // The real answer is not known: nobody should rely on one, but read the schema back.
    Reply::empty(200)
}

/// Deletes a field: its definition stays, marked.
pub(super) fn delete(call: &Call<'_>, kind: Kind, group: Group, name: &str) -> Reply {
    if !group.is_writable() {
        return closed(group);
    }
    let mut state = call.subscription.state();
    let schema = &mut state.of_mut(kind).schema;
    match schema.find(group, &key_of(name, call.switches.names)) {
        Some(number) => {
            schema.field_mut(number).is_deleted = true;
            Reply::empty(200)
        }
        None => refuse(404, format!("no field {name}")),
    }
}

/// One value, as a bare JSON value; `null` when it is not set.
pub(super) fn get_one(call: &Call<'_>, kind: Kind, group: Group, value: &route::Value) -> Reply {
    let state = call.subscription.state();
    let population = state.of(kind);
    let key = key_of(&value.field, call.switches.names);
    let field = population.schema.find(group, &key);
    let field = field.filter(|number| !population.schema.field(*number).is_deleted);
    let (Some(record), Some(field)) = (population.get(&value.id), field) else {
        return refuse(404, "not found");
    };
    let text = Reader::new(call.world, population).value(record, field);
    let mut reply = Reply::bytes(
        200,
        JSON,
        text.unwrap_or(Cow::Borrowed("null")).into_owned(),
    );
    reply.records = 1;
    reply
}

/// Sets one value from a bare JSON value.
pub(super) fn set_one(call: &Call<'_>, kind: Kind, group: Group, value: &route::Value) -> Work {
    if !group.is_writable() {
        return closed(group).into();
    }
    let text = match serde_json::from_slice::<&RawValue>(call.body) {
        Ok(raw) => raw.get().trim(),
        Err(error) => return refuse(400, error.to_string()).into(),
    };
    let mut state = call.subscription.state();
    let population = state.of_mut(kind);
    let done = match population.find(&value.id) {
        None => Err((404, "not found".to_owned(), Outcome::Missing)),
        Some(place) => resolve(population, group, &value.field, &call.switches)
            .and_then(|resolved| match resolved {
                Resolved::Ignored => Ok(None),
                Resolved::Refused(why) => Err(why),
                Resolved::Field(field, of) => Ok(match fit(of, text, &call.switches)? {
                    Fit::Ignored => None,
                    Fit::Clears => Some(Change { field, text: None }),
                    Fit::Kept(text) => Some(Change {
                        field,
                        text: Some(text),
                    }),
                }),
            })
            .map(|change| population.change(place, change.as_slice(), &mut Scratch::default()))
            .map_err(|why| (400, why, Outcome::Failed)),
    };
    let outcome = done
        .as_ref()
        .map_or_else(|(_, _, o)| *o, |()| Outcome::Updated);
    let mut reply = match done {
        Ok(()) => Reply::empty(200),
        Err((status, why, _)) => refuse(status, why),
    };
    reply.records = 1;
    let writes = if call.world.keep_writes {
        let sent = serde_json::from_str(text).unwrap_or(Value::Null);
        vec![Write {
            id: value.id.clone(),
            values: BTreeMap::from([(value.field.clone(), sent)]),
            outcome,
        }]
    } else {
        Vec::new()
    };
    Work {
        reply,
        updated: usize::from(outcome == Outcome::Updated),
        writes,
    }
}

/// A whole visitor or account. Unknown and not permitted look the same.
pub(super) fn record(call: &Call<'_>, kind: Kind, id: &str) -> Reply {
    let state = call.subscription.state();
    let population = state.of(kind);
    let Some(record) = population.get(id) else {
        return refuse(404, "not found");
    };
    let mut body = Vec::new();
    Reader::new(call.world, population).write(record, &mut body);
    let mut reply = Reply::bytes(200, JSON, body);
    reply.records = 1;
    reply
}
