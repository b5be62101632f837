//! The fields of a probe: made, found again under the names that they got, and deleted.

use std::collections::BTreeSet;

use ::pendo::{Client, Error, Kind, NewField, Schema};
use model::{Level, MetadataType};

use super::{Fields, GROUP};
use crate::{chain, destination::names};

/// A field that a probe makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeField {
    /// The name that is asked for.
    pub name: &'static str,
    display_name: &'static str,
    kind: MetadataType,
}

/// The fields that a probe makes. One asks for capitals as well: ours have none, but others' may.
pub const PROBE_FIELDS: [ProbeField; 4] = [
    ProbeField {
        name: "Tributary_Probe_String",
        display_name: "Tributary probe (string)",
        kind: MetadataType::String,
    },
    ProbeField {
        name: "tributary_probe_number",
        display_name: "Tributary probe (number)",
        kind: MetadataType::Decimal,
    },
    ProbeField {
        name: "tributary_probe_time",
        display_name: "Tributary probe (time)",
        kind: MetadataType::Time,
    },
    ProbeField {
        name: "tributary_probe_boolean",
        display_name: "Tributary probe (boolean)",
        kind: MetadataType::Boolean,
    },
];

/// A field that is not made, and may come into being when a value is sent for it.
pub const UNKNOWN_FIELD: &str = "tributary_probe_unknown";

/// A field of a probe that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its key.
    pub key: String,
    /// Why.
    pub why: String,
}

/// A field of a probe, as Pendo has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) key: String,
    /// Its type, in Pendo's words.
    pub(super) kind: String,
}

impl ProbeField {
    fn wish(self) -> NewField {
        NewField {
            key: self.name.into(),
            display_name: self.display_name.into(),
            kind: self.kind,
        }
    }
}

/// Asks for the fields, and returns what became of each.
pub(super) async fn make(client: &Client, level: Level) -> Result<[Option<Made>; 4], Error> {
    let wishes = PROBE_FIELDS.map(ProbeField::wish);
    client.create_fields(level, GROUP, &wishes).await?;
    let schema = client.schema(level).await?;
    Ok(PROBE_FIELDS.map(|field| {
        let live = || schema.fields(GROUP).filter(|found| !found.deleted);
        let found = live().find(|found| names::same(&found.key, field.name));
        let found = found.or_else(|| live().find(|found| found.display_name == field.display_name));
        found.map(|found| Made {
            key: found.key.clone(),
            kind: found.kind.to_string(),
        })
    }))
}

/// The field that came into being for a value, if one did.
pub(super) async fn unasked(client: &Client, level: Level) -> Result<Option<Made>, Error> {
    let schema = client.schema(level).await?;
    let mut live = schema.fields(GROUP).filter(|found| !found.deleted);
    let found = live.find(|found| names::same(&found.key, UNKNOWN_FIELD));
    Ok(found.map(|found| Made {
        key: found.key.clone(),
        kind: found.kind.to_string(),
    }))
}

/// The keys of all fields of a probe that are there.
fn there(schema: &Schema) -> BTreeSet<String> {
    let asked = |key: &str| {
        let mut names = PROBE_FIELDS.iter().map(|field| field.name);
        names.any(|name| names::same(name, key)) || names::same(UNKNOWN_FIELD, key)
    };
    let shown = |name: &str| PROBE_FIELDS.iter().any(|field| field.display_name == name);
    let live = schema.fields(GROUP).filter(|field| !field.deleted);
    live.filter(|field| asked(&field.key) || shown(&field.display_name))
        .map(|field| field.key.clone())
        .collect()
}

/// Deletes whatever fields of a probe there are, as far as that can be done, and looks whether they are gone. `known` are the
/// keys that were seen before, for when it cannot be looked.
pub(super) async fn delete(client: &Client, level: Level, known: &[String]) -> Fields {
    let before = match client.schema(level).await {
        Ok(schema) => there(&schema),
        Err(_) if known.is_empty() => PROBE_FIELDS.iter().map(|field| field.name.into()).collect(),
        Err(_) => known.iter().cloned().collect(),
    };
    let mut refused: Vec<Left> = Vec::new();
    for key in &before {
        match client.delete_field(level, GROUP, key).await {
            Ok(()) => {}
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => refused.push(Left {
                key: key.clone(),
                why: chain(&error),
            }),
        }
    }
    let still = match client.schema(level).await {
        Ok(schema) => there(&schema),
        Err(_) => refused.iter().map(|left| left.key.clone()).collect(),
    };
    let left: Vec<Left> = still
        .iter()
        .map(|key| {
            let refused = refused.iter().find(|left| left.key == *key);
            refused.cloned().unwrap_or_else(|| Left {
                key: key.clone(),
                why: "Pendo said that it is deleted, and has it still".into(),
            })
        })
        .collect();
    Fields {
        deleted: before.difference(&still).cloned().collect(),
        left,
    }
}
