//! Reading records: list, search, batch read, one, and whose contacts they are.

use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{JSON, Reply};
use super::{Call, Omit};
use crate::catalogue::Property;
use crate::generate::{Life, company_of};
use crate::hash::mix;
use crate::instant::iso;
use crate::object::Object;
use crate::search;
use crate::table::{Table, View};
use crate::wire::{Plan, Style, write_paging, write_record, write_string};

fn style<'a>(call: &'a Call<'_>, newer: bool) -> Style<'a> {
    Style {
        knobs: &call.knobs,
        portal: call.portal().config.id,
        newer_at: (newer && call.knobs.newer_values > 0.0).then_some(call.now),
        extra_fields: call.knobs.extra_fields || call.twist.extra_fields,
    }
}

/// The lie of leaving a record out.
fn omit(call: &Call<'_>, table: &Table, places: &mut Vec<u32>) {
    match call.twist.omit {
        Omit::Record(id) => places.retain(|i| table.generator.ids.id(*i) != id),
        Omit::Middle if !places.is_empty() => drop(places.remove(places.len() / 2)),
        _ => {}
    }
}

fn extra(call: &Call<'_>, out: &mut Vec<u8>) {
    if call.knobs.extra_fields || call.twist.extra_fields {
        out.extend_from_slice(b",\"resultsMeta\":{\"origin\":\"index\",\"shards\":[1,2]}");
    }
}

pub(super) fn search(call: &Call<'_>) -> Reply {
    let table = call.portal().table(call.object());
    let query = match search::parse::parse(&call.request.body, &table.catalogue, &call.knobs) {
        Ok(query) => query,
        Err(refusal) => return call.refuser.search(&refusal),
    };
    let mut page = search::run(&table, &query, &call.knobs, call.now);
    omit(call, &table, &mut page.places);
    let plan = Plan::new(&table, &query.properties, &[], |s| {
        call.caller.may_read(table.object, s)
    });
    let total = page.total.saturating_add_signed(call.twist.total);
    let mut out = Vec::with_capacity(256 + page.places.len() * (200 + query.properties.len() * 64));
    out.extend_from_slice(format!("{{\"total\":{total},\"results\":[").as_bytes());
    let style = style(call, true);
    write_all(&table, &page.places, &plan, &style, &mut out);
    out.push(b']');
    if let Some(after) = page.next {
        write_paging(table.object, query.limit, after, true, &mut out);
    }
    extra(call, &mut out);
    out.push(b'}');
    let mut reply = Reply::bytes(200, JSON, out);
    reply.records = page.places.len();
    reply.summary = Some(query.summary);
    reply
}

fn write_all(table: &Table, places: &[u32], plan: &Plan<'_>, style: &Style<'_>, out: &mut Vec<u8>) {
    for (n, index) in places.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_record(table, table.record(*index), plan, style, out);
    }
}

pub(super) fn list(call: &Call<'_>) -> Reply {
    let history = call.list("propertiesWithHistory");
    let most = if history.is_empty() { 100 } else { 50 };
    let limit = match call.param("limit").map(|l| l.parse::<usize>()) {
        None => 10,
        Some(Ok(limit)) if limit <= most && limit > 0 => limit,
        Some(Ok(_)) => {
            return call.refuser.validation(&format!(
                "Cannot request more than {most} objects in a single request"
            ));
        }
        Some(Err(_)) => return call.refuser.validation("limit must be a whole number"),
    };
    let after = match call.param("after").map(|a| a.parse::<u64>()) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => {
            return call
                .refuser
                .validation("The paging cursor `after` is not valid");
        }
    };
    let wanted = if call.flag("archived") {
        Life::Archived
    } else {
        Life::Live
    };
    let table = call.portal().table(call.object());
    let mut found = (table.generator.ids.lower_bound(after)..table.len())
        .filter(|i| table.life(table.record(*i), View::Live) == wanted);
    let mut places: Vec<u32> = found.by_ref().take(limit).collect();
    let next = found.next();
    omit(call, &table, &mut places);
    let asked = call.list("properties");
    let plan = Plan::new(&table, &asked, &history, |s| {
        call.caller.may_read(table.object, s)
    });
    let mut out = Vec::with_capacity(256 + places.len() * (200 + asked.len() * 64));
    out.extend_from_slice(b"{\"results\":[");
    let with_companies = table.object == Object::Contacts
        && call
            .list("associations")
            .iter()
            .any(|a| Object::named(a) == Some(Object::Companies));
    let style = style(call, false);
    for (n, index) in places.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_record(&table, table.record(*index), &plan, &style, &mut out);
        if with_companies {
            out.truncate(out.len() - 1);
            let company = company_id(&table, *index);
            out.extend_from_slice(
                json!({"companies": {"results": [
                    {"id": company.to_string(), "type": "contact_to_company"},
                    {"id": company.to_string(), "type": "contact_to_company_unlabeled"},
                ]}})
                .to_string()
                .replacen('{', ",\"associations\":{", 1)
                .as_bytes(),
            );
            out.push(b'}');
        }
    }
    out.push(b']');
    if let Some(next) = next {
        write_paging(
            table.object,
            limit,
            table.generator.ids.id(next),
            false,
            &mut out,
        );
    }
    extra(call, &mut out);
    out.push(b'}');
    let mut reply = Reply::bytes(200, JSON, out);
    reply.records = places.len();
    reply.summary = Some(format!(
        "after {after} limit {limit} archived {}",
        wanted == Life::Archived
    ));
    reply
}

/// The company a contact belongs to.
pub(super) fn company_id(contacts: &Table, index: u32) -> u64 {
    let generator = &contacts.generator;
    generator.company_ids().id(company_of(
        generator.record(index).hash,
        generator.keys.companies,
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchRead {
    id_property: Option<String>,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    properties_with_history: Vec<String>,
    pub(super) inputs: Vec<Input>,
}

#[derive(Deserialize)]
pub(super) struct Input {
    id: Value,
}

impl Input {
    pub(super) fn text(&self) -> String {
        self.id
            .as_str()
            .map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

/// The places the inputs stand for, each once, and the inputs that stand for none.
fn resolve(
    call: &Call<'_>,
    table: &Table,
    by: Option<&Property>,
    inputs: &[Input],
) -> (Vec<u32>, Vec<String>) {
    let wanted = if call.flag("archived") {
        Life::Archived
    } else {
        Life::Live
    };
    let (mut places, mut missing) = (Vec::new(), Vec::new());
    for input in inputs {
        let text = input.text();
        let found = match by {
            None => text.parse().ok().and_then(|id| table.index(id)),
            Some(property) => table.lookup(property, &text),
        }
        // A merged record answers under the id of the one it went into.
        .map(|i| table.resolve(i))
        .filter(|i| table.life(table.record(*i), View::Live) == wanted);
        match found {
            Some(index) if places.contains(&index) => {}
            Some(index) => places.push(index),
            None => missing.push(text),
        }
    }
    (places, missing)
}

pub(super) fn batch_read(call: &Call<'_>) -> Reply {
    let body: BatchRead = match serde_json::from_slice(&call.request.body) {
        Ok(body) => body,
        Err(e) => {
            return call.refuser.validation(&format!(
                "Invalid input JSON on line {}, column {}: {e}",
                e.line(),
                e.column()
            ));
        }
    };
    let most = if body.properties_with_history.is_empty() {
        100
    } else {
        50
    };
    if body.inputs.len() > most {
        return call
            .refuser
            .validation(&format!("The number of inputs must not exceed {most}"));
    }
    let table = call.portal().table(call.object());
    let singular = table.object.singular();
    let by = match &body.id_property {
        None => None,
        Some(name) => {
            match table.catalogue.live(name) {
                None => return call.refuser.no_such_property(name),
                Some(p) if !p.unique => {
                    return call.refuser.validation(&format!("Cannot read {singular} objects by non-unique or unsupported property {name}"));
                }
                Some(p) => Some(p),
            }
        }
    };
    let (mut places, missing) = resolve(call, &table, by, &body.inputs);
    places.sort_by_key(|i| mix(u64::from(*i) ^ 0xba7c));
    omit(call, &table, &mut places);
    let plan = Plan::new(
        &table,
        &body.properties,
        &body.properties_with_history,
        |s| call.caller.may_read(table.object, s),
    );
    let mut out = Vec::with_capacity(256 + places.len() * (200 + body.properties.len() * 64));
    out.extend_from_slice(b"{\"status\":\"COMPLETE\",\"results\":[");
    write_all(&table, &places, &plan, &style(call, false), &mut out);
    out.push(b']');
    let mut errors = Vec::new();
    if !missing.is_empty() {
        errors.push(json!({
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": format!("Could not get some {singular} objects, they may be deleted or not exist. Check that ids are valid."),
            "context": {"ids": missing},
        }));
    }
    if call.twist.unknown_category {
        errors.push(json!({"category": "SHARD_ON_HOLIDAY", "message": "Something of a new kind went wrong", "context": {"hints": ["none"]}}));
    }
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
    out.extend_from_slice(b",\"startedAt\":");
    write_string(&iso(call.now), &mut out);
    out.extend_from_slice(b",\"completedAt\":");
    write_string(&iso(call.now + 90), &mut out);
    extra(call, &mut out);
    out.push(b'}');
    let mut reply = Reply::bytes(if errors.is_empty() { 200 } else { 207 }, JSON, out);
    reply.records = places.len();
    reply.summary = Some(format!(
        "{} inputs by {}",
        body.inputs.len(),
        body.id_property.as_deref().unwrap_or("id")
    ));
    reply
}

/// The place a path's id names, by `idProperty` when the query has one.
pub(super) fn place(call: &Call<'_>, table: &Table) -> Result<u32, Reply> {
    let name = call.route.name.as_deref().unwrap_or_default();
    let found = match call.param("idProperty") {
        None => name.parse().ok().and_then(|id| table.index(id)),
        Some(by) => match table.catalogue.live(&by) {
            Some(property) if property.unique => table.lookup(property, name),
            Some(_) => {
                return Err(call
                    .refuser
                    .validation(&format!("Cannot read by non-unique property {by}")));
            }
            None => return Err(call.refuser.no_such_property(&by)),
        },
    };
    found.ok_or_else(|| call.refuser.not_found())
}

pub(super) fn get(call: &Call<'_>) -> Reply {
    let table = call.portal().table(call.object());
    let index = match place(call, &table) {
        Ok(index) => table.resolve(index),
        Err(reply) => return reply,
    };
    let wanted = if call.flag("archived") {
        Life::Archived
    } else {
        Life::Live
    };
    if table.life(table.record(index), View::Live) != wanted {
        return call.refuser.not_found();
    }
    let plan = Plan::new(
        &table,
        &call.list("properties"),
        &call.list("propertiesWithHistory"),
        |s| call.caller.may_read(table.object, s),
    );
    let mut out = Vec::with_capacity(1_024);
    write_record(
        &table,
        table.record(index),
        &plan,
        &style(call, false),
        &mut out,
    );
    let mut reply = Reply::bytes(200, JSON, out);
    reply.records = 1;
    reply
}
