//! A mapping held against the portal's catalogue: which columns to ask for, and how each becomes a field.

use std::collections::HashMap;

use model::{MetadataType, Property, PropertyName, Translator, payload::FieldKey};
use store::mapping::{EmptyPolicy, Mapping};
use xxhash_rust::xxh3::xxh3_64;

/// What a run asks for and how it translates the answer. Fields stand in name order, as in a payload.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Names to ask HubSpot for; the fields' first, in their order.
    pub(crate) columns: Vec<PropertyName>,
    /// Which column is the key.
    pub(crate) key_column: usize,
    /// The fields; field `n` is column `n`.
    pub(crate) fields: Vec<Field>,
    pub(crate) empty: EmptyPolicy,
    pub(crate) mapping_version: i64,
}

/// A field of the mapping.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) property: PropertyName,
    pub(crate) key: FieldKey,
    /// How to translate, or why the field is held: not written, its last values stay.
    pub(crate) pull: Result<Translator, Held>,
}

/// Why a field is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Held {
    #[error("the property is no longer in the portal")]
    Gone,
    #[error("HubSpot left the property out of some answers although it is defined")]
    LeftOut,
    #[error("the property is now a {now} in HubSpot, the field is a {field}")]
    TypeChanged {
        now: MetadataType,
        field: MetadataType,
    },
    #[error(transparent)]
    Unimportable(#[from] model::Unimportable),
}

impl Layout {
    /// Resolves `mapping`; `None` when the portal no longer has the key property.
    pub(crate) fn resolve(mapping: &Mapping, catalogue: &[Property]) -> Option<Self> {
        let known: HashMap<&PropertyName, &Property> = catalogue
            .iter()
            .filter(|property| !property.archived)
            .map(|property| (&property.name, property))
            .collect();
        if !known.contains_key(&mapping.key) {
            return None;
        }
        let mut fields: Vec<Field> = mapping
            .fields
            .iter()
            .map(|field| Field {
                property: field.property.clone(),
                key: FieldKey::new(field.property.as_str()),
                pull: match known.get(&field.property) {
                    None => Err(Held::Gone),
                    Some(property) => Translator::for_property(property)
                        .map_err(Held::from)
                        .and_then(|translator| {
                            let now = translator.metadata_type();
                            if now == field.kind {
                                Ok(translator)
                            } else {
                                Err(Held::TypeChanged {
                                    now,
                                    field: field.kind,
                                })
                            }
                        }),
                },
            })
            .collect();
        fields.sort_by(|one, other| one.property.cmp(&other.property));
        let mut columns: Vec<PropertyName> =
            fields.iter().map(|field| field.property.clone()).collect();
        let key_column = columns
            .iter()
            .position(|column| *column == mapping.key)
            .unwrap_or_else(|| {
                columns.push(mapping.key.clone());
                columns.len() - 1
            });
        Some(Self {
            columns,
            key_column,
            fields,
            empty: mapping.empty,
            mapping_version: mapping.version,
        })
    }

    /// What a record's meaning depends on besides itself: the mapping and how each field is translated.
    pub(crate) fn seed(&self) -> u64 {
        let pulls: Vec<_> = self.fields.iter().map(|field| &field.pull).collect();
        xxh3_64(format!("{} {pulls:?}", self.mapping_version).as_bytes())
    }

    /// The key property.
    pub(crate) fn key(&self) -> &PropertyName {
        &self.columns[self.key_column]
    }

    /// Stops writing a field for the rest of the run.
    pub(crate) fn hold(&mut self, field: usize, why: Held) {
        self.fields[field].pull = Err(why);
    }

    /// The held fields with their reasons.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&PropertyName, &Held)> {
        self.fields
            .iter()
            .filter_map(|field| field.pull.as_ref().err().map(|why| (&field.property, why)))
    }
}
