//! Definitions as JSON.

use serde_json::{Map, Value, json};

use super::{Property, Source};
use crate::instant::{DAY, iso};

/// A definition as listed. `locale` translates a few labels, as the real list does.
pub(crate) fn definition(
    property: &Property,
    start_ms: i64,
    locale: Option<&str>,
    extra_fields: bool,
) -> Value {
    let created = start_ms - 5 * 365 * DAY - (property.salt % 900).cast_signed() * DAY;
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| drop(map.insert(name.to_owned(), value));
    put("name", json!(property.name));
    put("label", json!(translated(property, locale)));
    put("type", json!(property.kind.name()));
    put("fieldType", json!(property.field));
    put(
        "description",
        json!(if property.custom {
            String::new()
        } else {
            format!("{}.", property.label)
        }),
    );
    put("groupName", json!(property.group));
    let options: Vec<Value> = property
        .choices
        .iter()
        .enumerate()
        .map(|(n, c)| {
            json!({"label": c.label, "value": c.value, "displayOrder": n, "hidden": c.hidden, "description": ""})
        })
        .collect();
    put("options", json!(options));
    if property.source == Source::Owner {
        put("referencedObjectType", json!("OWNER"));
    }
    put(
        "displayOrder",
        json!(if property.custom {
            -1
        } else {
            (property.salt % 40).cast_signed()
        }),
    );
    put("calculated", json!(property.calculated));
    put("externalOptions", json!(property.external_options));
    put("hasUniqueValue", json!(property.unique));
    put("hidden", json!(property.hidden));
    put("hubspotDefined", json!(!property.custom));
    put("formField", json!(property.form_field));
    put("dataSensitivity", json!(property.sensitivity.name()));
    if let Some(hint) = property.hint {
        put("numberDisplayHint", json!(hint));
        if hint == "currency" {
            put("showCurrencySymbol", json!(true));
        }
    }
    if property.calculated {
        put(
            "calculationFormula",
            json!("if(is_known(amount), amount, 0)"),
        );
    }
    put(
        "modificationMetadata",
        json!({
            "archivable": property.custom,
            "readOnlyDefinition": !property.custom,
            "readOnlyOptions": !property.custom && !property.choices.is_empty(),
            "readOnlyValue": property.read_only,
        }),
    );
    if property.created_1970 {
        put("createdAt", json!("1970-01-01T00:00:00Z"));
    } else if !property.lacks_created_at {
        put("createdAt", json!(iso(created)));
    }
    if !property.lacks_updated_at {
        put("updatedAt", json!(iso(created + 400 * DAY)));
    }
    if property.custom {
        put("createdUserId", json!("2000013"));
        put("updatedUserId", json!("2000026"));
    }
    if let Some(at) = property.archived_ms {
        put("archived", json!(true));
        put("archivedAt", json!(iso(at)));
    }
    if extra_fields {
        put("governance", json!({"policy": "none", "stages": []}));
    }
    Value::Object(map)
}

fn translated(property: &Property, locale: Option<&str>) -> String {
    let japanese = match property.name.as_ref() {
        "email" => "Eメール",
        "firstname" => "名",
        "lastname" => "姓",
        "company" | "name" => "会社名",
        "phone" => "電話番号",
        "city" => "市区町村",
        "lifecyclestage" => "ライフサイクルステージ",
        "createdate" => "作成日",
        _ => return property.label.to_string(),
    };
    if locale.is_some_and(|l| l.starts_with("ja")) {
        japanese.to_owned()
    } else {
        property.label.to_string()
    }
}
