//! Metadata fields.

use std::{collections::BTreeMap, fmt};

use model::MetadataType;
use serde_json::{Value, json};

use crate::lenient;

/// The fields of visitors or accounts, of every group, deleted and hidden ones included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    groups: BTreeMap<String, BTreeMap<String, Field>>,
}

/// A metadata field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name within the group, as in `metadata.group.key`. Pendo folds the names it is given.
    pub key: String,
    /// What Pendo takes its values for; it does not force them.
    pub kind: FieldType,
    /// What people see; may be empty.
    pub display_name: String,
    /// Whether it was deleted; creating it again brings it back.
    pub deleted: bool,
    /// Whether it is hidden from people.
    pub hidden: bool,
}

/// The types of fields that Pendo has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// `string`.
    Text,
    /// `boolean`.
    Boolean,
    /// `integer`.
    Integer,
    /// `float`.
    Float,
    /// `time`: epoch milliseconds.
    Time,
    /// `list`.
    List,
    /// No type, as fields have that nobody has given one.
    Unset,
    /// A word that is none of these.
    Other(String),
}

/// A field to be created, or brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewField {
    /// Its name: letters, digits and underscores, not beginning with a digit, or it cannot be used in segments.
    pub key: String,
    /// What people see.
    pub display_name: String,
    /// The type.
    pub kind: MetadataType,
}

impl Schema {
    /// A field.
    pub fn field(&self, group: &str, key: &str) -> Option<&Field> {
        self.groups.get(group)?.get(key)
    }

    /// All fields of a group, by name.
    pub fn fields(&self, group: &str) -> impl Iterator<Item = &Field> {
        self.groups
            .get(group)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// The names of all groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Reads an answer: group → field → definition. Casing is mixed, and any member may be absent.
    ///
    /// # Errors
    /// Says what is wrong when it is no object.
    pub fn read(json: &Value) -> Result<Self, String> {
        let groups = json.as_object().ok_or("it is no object")?;
        let fields = |group: &Value| {
            let fields = group.as_object().into_iter().flatten();
            fields
                .map(|(key, definition)| (key.clone(), Field::read(key, definition)))
                .collect()
        };
        let groups = groups.iter();
        let groups = groups.map(|(name, group)| (name.clone(), fields(group)));
        Ok(Self {
            groups: groups.collect(),
        })
    }
}

impl Field {
    fn read(key: &str, definition: &Value) -> Self {
        let text = |name| lenient::member(definition, name).and_then(Value::as_str);
        let says = |name| lenient::member(definition, name).and_then(lenient::truth);
        Self {
            key: key.into(),
            kind: FieldType::read(text("type").unwrap_or_default()),
            display_name: text("displayname").unwrap_or_default().into(),
            deleted: says("isdeleted").unwrap_or(false),
            hidden: says("ishidden").unwrap_or(false),
        }
    }
}

impl FieldType {
    /// By the words that reports and clients have; `number` is what fields are created with.
    fn read(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "" => Self::Unset,
            "string" | "text" => Self::Text,
            "boolean" | "bool" => Self::Boolean,
            "integer" | "int" => Self::Integer,
            "float" | "number" => Self::Float,
            "time" | "date" => Self::Time,
            "list" => Self::List,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Time => "time",
            Self::List => "list",
            Self::Unset => "no type",
            Self::Other(word) => word,
        })
    }
}

impl NewField {
    /// As the API wants it.
    pub(crate) fn json(&self) -> Value {
        let word = match self.kind {
            MetadataType::String => "string",
            MetadataType::Decimal => "number",
            MetadataType::Boolean => "boolean",
            MetadataType::Time => "time",
        };
        json!({ "name": self.key, "displayname": self.display_name, "type": word })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_either_casing_are_read() {
        let schema = Schema::read(&json!({
            "auto": { "firstvisit": { "Type": "time", "DisplayName": "First Visit", "isHidden": false, "cardinality": 0 } },
            "agent": {},
            "custom": {
                "planlevel": { "type": "string", "displayName": "Plan level", "isDeleted": true },
                "seats": { "Type": "float", "displayname": "Seats", "IsHidden": "true" },
                "odd": { "Type": "" },
                "new": { "Type": "Geo" },
                "bare": null,
            },
            "hubspot": null,
        }))
        .unwrap();
        let first = schema.field("auto", "firstvisit").unwrap();
        assert_eq!(
            (&first.kind, first.display_name.as_str()),
            (&FieldType::Time, "First Visit")
        );
        let plan = schema.field("custom", "planlevel").unwrap();
        assert_eq!(
            (&plan.kind, plan.deleted, plan.hidden),
            (&FieldType::Text, true, false)
        );
        assert_eq!(plan.display_name, "Plan level");
        let seats = schema.field("custom", "seats").unwrap();
        assert_eq!((&seats.kind, seats.hidden), (&FieldType::Float, true));
        let kinds: Vec<_> = schema
            .fields("custom")
            .map(|field| field.kind.to_string())
            .collect();
        assert_eq!(kinds, ["no type", "geo", "no type", "string", "float"]);
        assert_eq!(schema.fields("hubspot").count(), 0);
        assert_eq!(schema.fields("nothing").count(), 0);
        assert!(schema.groups().eq(["agent", "auto", "custom", "hubspot"]));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for json in [json!([]), json!(null), json!("x")] {
            assert!(Schema::read(&json).is_err());
        }
    }
}
