//! The property catalogue.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use super::reply::Reply;
use crate::catalogue::write::definition;
use crate::catalogue::{Property, Sensitivity, group_label};

fn json_of(call: &Call<'_>, property: &Property) -> Value {
    let extra = call.knobs.extra_fields || call.twist.extra_fields;
    definition(
        property,
        call.portal().start_ms,
        call.param("locale").as_deref(),
        extra,
    )
}

fn sensitivity(call: &Call<'_>) -> Sensitivity {
    match call.param("dataSensitivity").as_deref() {
        Some("sensitive") => Sensitivity::Sensitive,
        Some("highly_sensitive") => Sensitivity::HighlySensitive,
        _ => Sensitivity::No,
    }
}

/// All of one sensitivity class, without paging.
pub(super) fn list(call: &Call<'_>) -> Reply {
    let table = call.portal().table(call.object());
    let archived = call.flag("archived");
    let class = sensitivity(call);
    let results: Vec<Value> = table
        .catalogue
        .properties
        .iter()
        .filter(|p| p.is_archived() == archived && p.sensitivity == class)
        .map(|p| json_of(call, p))
        .collect();
    Reply::ok(&json!({"results": results}))
}

pub(super) fn one(call: &Call<'_>) -> Reply {
    let table = call.portal().table(call.object());
    let name = call.route.name.as_deref().unwrap_or_default();
    match table
        .catalogue
        .get(name)
        .filter(|p| p.is_archived() == call.flag("archived"))
    {
        Some(property) => Reply::ok(&json_of(call, property)),
        None => call.refuser.not_found(),
    }
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    archived: bool,
    inputs: Vec<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

pub(super) fn batch_read(call: &Call<'_>) -> Reply {
    let Ok(batch) = serde_json::from_slice::<Batch>(&call.request.body) else {
        return call.refuser.validation("Invalid input JSON");
    };
    let table = call.portal().table(call.object());
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for Name { name } in &batch.inputs {
        match table
            .catalogue
            .get(name)
            .filter(|p| p.is_archived() == batch.archived)
        {
            Some(property) => results.push(json_of(call, property)),
            None => missing.push(name),
        }
    }
    let mut answer = json!({
        "status": "COMPLETE", "results": results,
        "startedAt": crate::instant::iso(call.now), "completedAt": crate::instant::iso(call.now),
    });
    if !missing.is_empty() {
        answer["numErrors"] = json!(1);
        answer["errors"] = json!([{
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": "Some properties do not exist", "context": {"name": missing},
        }]);
    }
    Reply::json(if missing.is_empty() { 200 } else { 207 }, &answer)
}

pub(super) fn groups(call: &Call<'_>) -> Reply {
    let table = call.portal().table(call.object());
    let names: BTreeSet<&str> = table.catalogue.properties.iter().map(|p| p.group).collect();
    let results: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| json!({"name": name, "label": group_label(name), "displayOrder": n, "archived": false}))
        .collect();
    Reply::ok(&json!({"results": results}))
}
