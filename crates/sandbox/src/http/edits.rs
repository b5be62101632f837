//! Writing records: enough for tests to edit a portal the way other integrations do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use super::records::place;
use super::reply::{JSON, Reply};
use crate::catalogue::Type;
use crate::generate::Life;
use crate::instant::{DAY, iso, parse};
use crate::table::{Moment, Table, View};
use crate::wire::{Plan, Style, write_record};

fn moment(call: &Call<'_>) -> Moment {
    Moment {
        now: call.now,
        index_delay: call.knobs.index_delay_ms,
    }
}

#[derive(Deserialize)]
struct Values {
    #[serde(default)]
    properties: BTreeMap<String, Value>,
}

/// Checks names and values as HubSpot does; `null` clears like `""`.
fn check(
    call: &Call<'_>,
    table: &Table,
    values: &BTreeMap<String, Value>,
) -> Result<Vec<(String, String)>, Reply> {
    let mut checked = Vec::new();
    for (name, value) in values {
        let Some(property) = table.catalogue.live(name) else {
            return Err(call.refuser.no_such_property(name));
        };
        if property.read_only {
            let message = format!("\"{name}\" is a read only property; its value cannot be set.");
            return Err(call.refuser.invalid("READ_ONLY_VALUE", name, &message));
        }
        let text = match value {
            Value::Null => String::new(),
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let problem = match property.kind {
            _ if text.is_empty() => None,
            Type::Number if text.parse::<f64>().is_err() => {
                Some(("INVALID_DOUBLE", "was not a valid number"))
            }
            Type::Bool if text != "true" && text != "false" => Some((
                "INVALID_BOOLEAN",
                "was not one of the allowed options: true, false",
            )),
            Type::Datetime if parse(&text).is_none() => {
                Some(("INVALID_DATE", "was not a valid date-time"))
            }
            Type::Date if parse(&text).is_none_or(|ms| ms % DAY != 0) => {
                Some(("INVALID_DATE", "was not a date at midnight UTC"))
            }
            Type::Enumeration if !property.external_options && !property.choices.is_empty() => text
                .trim_start_matches(';')
                .split(';')
                .any(|part| !property.choices.iter().any(|c| c.value == part))
                .then_some(("INVALID_OPTION", "was not one of the allowed options")),
            _ => None,
        };
        if let Some((code, why)) = problem {
            return Err(call.refuser.invalid(code, name, &format!("{text} {why}.")));
        }
        checked.push((name.clone(), text));
    }
    Ok(checked)
}

/// Writes a record with the changed properties only, besides those that always come.
fn changed(
    call: &Call<'_>,
    table: &Table,
    index: u32,
    values: &[(String, String)],
    out: &mut Vec<u8>,
) {
    let mut names: Vec<&str> = values.iter().map(|(n, _)| n.as_str()).collect();
    names.push("hs_object_id");
    let plan = Plan::new(table, &names, &[], |_| true);
    let style = Style {
        knobs: &call.knobs,
        portal: call.portal().config.id,
        newer_at: None,
        extra_fields: false,
    };
    write_record(table, table.record(index), &plan, &style, out);
}

fn bad_json(call: &Call<'_>, e: &serde_json::Error) -> Reply {
    call.refuser.validation(&format!(
        "Invalid input JSON on line {}, column {}: {e}",
        e.line(),
        e.column()
    ))
}

pub(super) fn create(call: &Call<'_>) -> Reply {
    let body: Values = match serde_json::from_slice(&call.request.body) {
        Ok(body) => body,
        Err(e) => return bad_json(call, &e),
    };
    let mut table = call.portal().table_mut(call.object());
    let values = match check(call, &table, &body.properties) {
        Ok(values) => values,
        Err(reply) => return reply,
    };
    for (name, value) in values.iter().filter(|(_, v)| !v.is_empty()) {
        let taken = table
            .catalogue
            .live(name)
            .filter(|p| p.unique)
            .and_then(|p| table.lookup(p, value));
        if let Some(index) = taken {
            let id = table.generator.ids.id(index);
            let kind = table.object.singular().to_lowercase();
            let kind = kind[..1].to_uppercase() + &kind[1..];
            return call.refuser.error(
                409,
                "CONFLICT",
                &format!("{kind} already exists. Existing ID: {id}"),
            );
        }
    }
    let index = table.create(&values, moment(call));
    let mut out = Vec::new();
    changed(call, &table, index, &values, &mut out);
    Reply::bytes(201, JSON, out)
}

pub(super) fn update(call: &Call<'_>) -> Reply {
    let body: Values = match serde_json::from_slice(&call.request.body) {
        Ok(body) => body,
        Err(e) => return bad_json(call, &e),
    };
    let mut table = call.portal().table_mut(call.object());
    let index = match place(call, &table) {
        Ok(index) => table.resolve(index),
        Err(reply) => return reply,
    };
    if table.life(table.record(index), View::Live) != Life::Live {
        return call.refuser.not_found();
    }
    let values = match check(call, &table, &body.properties) {
        Ok(values) => values,
        Err(reply) => return reply,
    };
    table.set(index, &values, true, moment(call));
    let mut out = Vec::new();
    changed(call, &table, index, &values, &mut out);
    Reply::bytes(200, JSON, out)
}

#[derive(Deserialize)]
struct Batch {
    inputs: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: Value,
    #[serde(default)]
    id_property: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, Value>,
    #[serde(default)]
    object_write_trace_id: Option<String>,
}

fn batch(call: &Call<'_>) -> Result<Batch, Reply> {
    let batch: Batch =
        serde_json::from_slice(&call.request.body).map_err(|e| bad_json(call, &e))?;
    if batch.inputs.len() > 100 {
        return Err(call
            .refuser
            .validation("The number of inputs must not exceed 100"));
    }
    Ok(batch)
}

pub(super) fn batch_update(call: &Call<'_>) -> Reply {
    let batch = match batch(call) {
        Ok(batch) => batch,
        Err(reply) => return reply,
    };
    let mut table = call.portal().table_mut(call.object());
    let mut out = b"{\"status\":\"COMPLETE\",\"results\":[".to_vec();
    let mut errors = Vec::new();
    let mut first = true;
    for item in &batch.inputs {
        let id = item
            .id
            .as_str()
            .map_or_else(|| item.id.to_string(), str::to_owned);
        let found = match &item.id_property {
            None => id.parse().ok().and_then(|id| table.index(id)),
            // E-mail addresses find contacts, but may not be used to update them.
            Some(by) => match table.catalogue.live(by).filter(|p| p.unique && p.custom) {
                None => {
                    return call
                        .refuser
                        .validation(&format!("{by} cannot be used as idProperty in an update"));
                }
                Some(property) => table.lookup(property, &id),
            },
        };
        let life = found.map(|i| table.life(table.record(i), View::Live));
        let (Some(index), Some(Life::Live)) = (found, life) else {
            // A merged id is passed over in silence.
            if life != Some(Life::Merged) {
                errors.push(json!({
                    "status": "error", "category": "OBJECT_NOT_FOUND",
                    "message": "Could not update some objects, they may be deleted or not exist. Check that ids are valid.",
                    "context": {"ids": [id], "objectWriteTraceId": item.object_write_trace_id.iter().collect::<Vec<_>>()},
                }));
            }
            continue;
        };
        let values = match check(call, &table, &item.properties) {
            Ok(values) => values,
            Err(reply) => return reply,
        };
        table.set(index, &values, true, moment(call));
        if !first {
            out.push(b',');
        }
        first = false;
        changed(call, &table, index, &values, &mut out);
    }
    out.push(b']');
    if !errors.is_empty() {
        out.extend_from_slice(
            format!(
                ",\"numErrors\":{},\"errors\":{}",
                errors.len(),
                json!(errors)
            )
            .as_bytes(),
        );
    }
    let stamps = format!(
        ",\"startedAt\":\"{0}\",\"completedAt\":\"{0}\"}}",
        iso(call.now)
    );
    out.extend_from_slice(stamps.as_bytes());
    Reply::bytes(if errors.is_empty() { 200 } else { 207 }, JSON, out)
}

pub(super) fn archive(call: &Call<'_>) -> Reply {
    let mut table = call.portal().table_mut(call.object());
    // Archiving what is already gone is no error.
    if let Ok(index) = place(call, &table) {
        table.archive(index, moment(call));
    }
    Reply::empty(204)
}

pub(super) fn batch_archive(call: &Call<'_>) -> Reply {
    let batch = match batch(call) {
        Ok(batch) => batch,
        Err(reply) => return reply,
    };
    let mut table = call.portal().table_mut(call.object());
    for item in &batch.inputs {
        let id = item
            .id
            .as_str()
            .map_or_else(|| item.id.to_string(), str::to_owned);
        if let Some(index) = id.parse().ok().and_then(|id| table.index(id)) {
            table.archive(index, moment(call));
        }
    }
    Reply::empty(204)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Merge {
    primary_object_id: String,
    object_id_to_merge: String,
}

/// Merges under one record may not grow beyond this.
const MOST_MERGES: usize = 250;

pub(super) fn merge(call: &Call<'_>) -> Reply {
    let body: Merge = match serde_json::from_slice(&call.request.body) {
        Ok(body) => body,
        Err(e) => return bad_json(call, &e),
    };
    let mut table = call.portal().table_mut(call.object());
    let find = |id: &str| {
        id.parse()
            .ok()
            .and_then(|id| table.index(id))
            .map(|i| table.resolve(i))
    };
    let live = |i: &u32| table.life(table.record(*i), View::Live) == Life::Live;
    let (Some(primary), Some(loser)) = (
        find(&body.primary_object_id).filter(live),
        find(&body.object_id_to_merge).filter(live),
    ) else {
        return call.refuser.not_found();
    };
    if primary == loser {
        return call
            .refuser
            .validation("A record cannot be merged with itself");
    }
    let merged = table
        .catalogue
        .get("hs_merged_object_ids")
        .and_then(|p| table.value(table.record(primary), p))
        .map_or(0, |v| v.split(';').filter(|s| !s.is_empty()).count());
    if merged >= MOST_MERGES {
        return call.refuser.error(
            414,
            "VALIDATION_ERROR",
            "Cannot have more than 250 identities on a profile",
        );
    }
    table.merge(primary, loser, moment(call));
    let mut out = Vec::new();
    changed(
        call,
        &table,
        primary,
        &[("hs_merged_object_ids".to_owned(), String::new())],
        &mut out,
    );
    Reply::bytes(200, JSON, out)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erase {
    object_id: String,
    id_property: Option<String>,
}

pub(super) fn erase(call: &Call<'_>) -> Reply {
    let body: Erase = match serde_json::from_slice(&call.request.body) {
        Ok(body) => body,
        Err(e) => return bad_json(call, &e),
    };
    let mut table = call.portal().table_mut(call.object());
    let found = match body
        .id_property
        .as_deref()
        .and_then(|by| table.catalogue.live(by))
    {
        None => body.object_id.parse().ok().and_then(|id| table.index(id)),
        Some(property) => table.lookup(property, &body.object_id),
    };
    // An unknown e-mail address is put on the block list, and that is a success too.
    if let Some(index) = found {
        table.erase(index, moment(call));
    }
    Reply::empty(204)
}
