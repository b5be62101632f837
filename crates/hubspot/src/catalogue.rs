//! Reads property definitions.

use std::collections::BTreeMap;

use model::{Property, PropertyName, property::PropertyOption};
use serde_json::Value;

use crate::account::text;

/// The definitions in one answer; an entry without a name is none.
///
/// `type` and `fieldType` are open sets and any other key may be missing: of 367 real definitions 15 lacked
/// `updatedAt`.
pub(crate) fn read(json: &Value) -> Result<Vec<Property>, String> {
    Ok(results(json)?.iter().filter_map(property).collect())
}

/// The groups in one answer, their labels by their names; one without a label is none.
pub(crate) fn read_groups(json: &Value) -> Result<BTreeMap<String, String>, String> {
    let group = |json| Some((text(json, "name")?, label(json)?));
    Ok(results(json)?.iter().filter_map(group).collect())
}

fn results(json: &Value) -> Result<&Vec<Value>, String> {
    json.get("results")
        .and_then(Value::as_array)
        .ok_or_else(|| "it holds no list of results".into())
}

fn label(json: &Value) -> Option<String> {
    text(json, "label").filter(|label| !label.is_empty())
}

fn property(json: &Value) -> Option<Property> {
    let name = json.get("name")?.as_str()?;
    let string = |key: &str| text(json, key).unwrap_or_default();
    let flag = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
    let options = json.get("options").and_then(Value::as_array);
    Some(Property {
        name: PropertyName::new(name),
        label: label(json).unwrap_or_else(|| name.to_owned()),
        kind: string("type"),
        field_type: string("fieldType"),
        group: string("groupName"),
        description: string("description"),
        options: options.into_iter().flatten().filter_map(option).collect(),
        referenced_object: text(json, "referencedObjectType"),
        calculated: flag("calculated"),
        unique: flag("hasUniqueValue"),
        hidden: flag("hidden"),
        archived: flag("archived"),
    })
}

fn option(json: &Value) -> Option<PropertyOption> {
    let value = text(json, "value")?;
    Some(PropertyOption {
        label: label(json).unwrap_or_else(|| value.clone()),
        value,
    })
}
