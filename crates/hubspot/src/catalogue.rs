//! Reads property definitions.

use model::{Property, PropertyName, property::PropertyOption};
use serde_json::Value;

use crate::account::text;

/// The definitions in one answer; an entry without a name is none.
///
/// `type` and `fieldType` are open sets and any other key may be missing: of 367 real definitions 15 lacked
/// `updatedAt`.
pub(crate) fn read(json: &Value) -> Result<Vec<Property>, String> {
    let results = json
        .get("results")
        .and_then(Value::as_array)
        .ok_or("it holds no list of results")?;
    Ok(results.iter().filter_map(property).collect())
}

fn property(json: &Value) -> Option<Property> {
    let name = json.get("name")?.as_str()?;
    let string = |key: &str| text(json, key).unwrap_or_default();
    let flag = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
    let label = text(json, "label").filter(|label| !label.is_empty());
    let options = json.get("options").and_then(Value::as_array);
    Some(Property {
        name: PropertyName::new(name),
        label: label.unwrap_or_else(|| name.to_owned()),
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
    let label = text(json, "label").filter(|label| !label.is_empty());
    Some(PropertyOption {
        label: label.unwrap_or_else(|| value.clone()),
        value,
    })
}
