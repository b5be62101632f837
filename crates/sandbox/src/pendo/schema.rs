//! The fields of a kind: their definitions, and the small numbers that values are stored under.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kind::{Group, Kind};
use super::switches::{Names, NumberType, Switches};

/// A field's type, by the API's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Text.
    String,
    /// Number (int).
    Integer,
    /// Number (float).
    Float,
    /// Boolean.
    Boolean,
    /// Date: milliseconds since the epoch.
    Time,
    /// List.
    List,
    /// The empty type that some definitions carry.
    #[serde(rename = "")]
    Untyped,
}

impl Type {
    /// The word in a schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::List => "list",
            Self::Untyped => "",
        }
    }

    /// The type that a word means when a field is created.
    pub(super) fn to_create(word: &str, switches: &Switches) -> Option<Self> {
        Some(match word {
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "time" => Self::Time,
            "number" => match switches.number {
                NumberType::Float => Self::Float,
                NumberType::Integer => Self::Integer,
            },
            "integer" if switches.more_types => Self::Integer,
            "float" if switches.more_types => Self::Float,
            "list" if switches.more_types => Self::List,
            _ => return None,
        })
    }

    /// The type the agent would give a field for such a value.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Float,
            Value::Number(_) => Self::Integer,
            Value::Array(_) => Self::List,
            _ => Self::String,
        }
    }
}

/// A field's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its group.
    pub group: Group,
    /// Its key.
    pub name: String,
    /// What people see.
    pub display_name: String,
    /// Its type.
    pub r#type: Type,
    /// `isHidden`.
    pub is_hidden: bool,
    /// `isDeleted`: takes no values and shows none.
    pub is_deleted: bool,
}

impl Field {
    pub(super) fn new(group: Group, name: &str, of: Type) -> Self {
        Self {
            group,
            name: name.to_owned(),
            display_name: name.to_owned(),
            r#type: of,
            is_hidden: false,
            is_deleted: false,
        }
    }

    /// The definition in the odd casing of the API: capitals for the first five keys only.
    fn definition(&self) -> Value {
        json!({
            "Type": self.r#type.name(),
            "DisplayName": self.display_name,
            "ElementType": if self.r#type == Type::List { "string" } else { "" },
            "ElementFormat": "",
            "Dirty": false,
            "isHidden": self.is_hidden,
            "isDeleted": self.is_deleted,
            "isCalculated": false,
            "isPerApp": false,
            "neverIndex": false,
            "cardinality": 0,
        })
    }
}

/// The key that a name becomes.
pub(super) fn key_of(name: &str, names: Names) -> String {
    match names {
        Names::Kept => name.to_owned(),
        Names::Lowercased => name.to_lowercase(),
        Names::Stripped => name
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect(),
    }
}

/// All fields of a kind. A field's place is the number its values are stored under; it never changes.
#[derive(Debug)]
pub(super) struct Schema {
    fields: Vec<Field>,
    places: [HashMap<String, u16>; Group::ALL.len()],
}

impl Schema {
    /// What Pendo makes itself.
    pub(super) fn new(kind: Kind) -> Self {
        let mut schema = Self {
            fields: Vec::new(),
            places: Default::default(),
        };
        let visitor = [
            ("accountid", Type::String),
            ("accountids", Type::List),
            ("lastbrowsername", Type::String),
            ("lastbrowserversion", Type::String),
            ("lastoperatingsystem", Type::String),
            ("lastservername", Type::String),
        ];
        let all = [
            ("firstvisit", Type::Time),
            ("id", Type::String),
            ("idhash", Type::Integer),
            ("lastupdated", Type::Time),
            ("lastvisit", Type::Time),
        ];
        for (name, of) in all {
            schema.put(Field::new(Group::Auto, name, of));
        }
        if kind == Kind::Visitor {
            for (name, of) in visitor {
                schema.put(Field::new(Group::Auto, name, of));
            }
        }
        for name in ["blacklistguides", "designerenabled", "donotprocess"] {
            schema.put(Field::new(Group::Pendo, name, Type::Boolean));
        }
        schema
    }

    /// The number of a field, deleted ones included.
    pub(super) fn find(&self, group: Group, key: &str) -> Option<u16> {
        self.places[group as usize].get(key).copied()
    }

    pub(super) fn field(&self, number: u16) -> &Field {
        &self.fields[usize::from(number)]
    }

    pub(super) fn field_mut(&mut self, number: u16) -> &mut Field {
        &mut self.fields[usize::from(number)]
    }

    /// Adds a field, or replaces the definition of the one with its key.
    pub(super) fn put(&mut self, field: Field) -> u16 {
        if let Some(number) = self.find(field.group, &field.name) {
            self.fields[usize::from(number)] = field;
            return number;
        }
        let number = u16::try_from(self.fields.len()).expect("fewer than 65,536 fields");
        self.places[field.group as usize].insert(field.name.clone(), number);
        self.fields.push(field);
        number
    }

    /// The number of a live field of somebody else's making, which comes into being when it is missing.
    pub(super) fn find_or_put(&mut self, group: Group, key: &str, of: Type) -> u16 {
        self.find(group, key)
            .unwrap_or_else(|| self.put(Field::new(group, key, of)))
    }

    pub(super) fn of_group(&self, group: Group) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |f| f.group == group)
    }

    /// A group's part of a schema answer.
    pub(super) fn group_answer(&self, kind: Kind, group: Group, switches: &Switches) -> Value {
        let without = |f: &Field| {
            group == Group::Auto
                && kind == Kind::Account
                && f.name == "firstvisit"
                && !switches.account_first_visit
        };
        let fields: Map<String, Value> = self
            .of_group(group)
            .filter(|f| !without(f))
            .map(|f| (f.name.clone(), f.definition()))
            .collect();
        Value::Object(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_keys() {
        assert_eq!(key_of("SFDC_Profile", Names::Stripped), "sfdcprofile");
        assert_eq!(
            key_of("test account custom field", Names::Stripped),
            "testaccountcustomfield"
        );
        assert_eq!(key_of("SFDC_Profile", Names::Lowercased), "sfdc_profile");
        assert_eq!(key_of("SFDC_Profile", Names::Kept), "SFDC_Profile");
    }
}
