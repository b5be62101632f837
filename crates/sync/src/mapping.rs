//! What somebody wants mapped, held against the portal's catalogue.

use model::{Group, KeyVerdict, KeyWarning, MetadataType, Property, PropertyName, Translator};
use store::{
    Scope, Store,
    mapping::{EmptyPolicy, Field, MappedField, Mapping},
};

/// What somebody wants mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The property whose value equals the id, by its internal name.
    pub key: String,
    /// The properties to carry over, by their internal names.
    pub fields: Vec<WishedField>,
    /// What an emptied property does.
    pub empty: EmptyPolicy,
}

/// A property to carry over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishedField {
    /// Its internal name.
    pub property: String,
    /// What people shall see; the property's label unless said.
    pub display_name: Option<String>,
}

impl WishedField {
    /// A property under its own label.
    pub fn named(property: impl Into<String>) -> Self {
        Self {
            property: property.into(),
            display_name: None,
        }
    }
}

/// A wish that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The key property.
    pub key: PropertyName,
    /// The fields with their types.
    pub fields: Vec<MappedField>,
    /// What an emptied property does.
    pub empty: EmptyPolicy,
    /// What is allowed, and probably a mistake.
    pub warnings: Vec<Warning>,
}

/// What is probably a mistake in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Warning {
    #[error("the key {key}: {warning}")]
    Key {
        key: PropertyName,
        warning: KeyWarning,
    },
    #[error(
        "{property} became {now} in HubSpot, but the field is {field}: it is held and keeps its last values"
    )]
    TypeChanged {
        property: PropertyName,
        now: MetadataType,
        field: MetadataType,
    },
}

/// Why a wish cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The portal has no such property.
    #[error("HubSpot's {object} properties have no {name}")]
    UnknownProperty {
        /// `contact` or `company`.
        object: &'static str,
        /// What was asked for.
        name: String,
        /// The property whose label this is.
        by_label: Option<PropertyName>,
    },
    /// The property cannot come.
    #[error("{name} cannot be imported")]
    Unimportable {
        /// Which one.
        name: PropertyName,
        /// Why.
        source: model::Unimportable,
    },
}

/// Checks a wish against the catalogue. `present` are the fields of the level, which keep their types.
///
/// # Errors
/// At the first property that is not there or cannot come.
pub fn prepare(
    scope: Scope,
    catalogue: &[Property],
    present: &[Field],
    wish: &Wish,
) -> Result<Prepared, Error> {
    let mut warnings = Vec::new();
    let key = find(catalogue, scope, &wish.key)?;
    match key.key_verdict() {
        KeyVerdict::Suitable => {}
        KeyVerdict::Odd(warning) => warnings.push(Warning::Key {
            key: key.name.clone(),
            warning,
        }),
        KeyVerdict::Refused(source) => {
            return Err(Error::Unimportable {
                name: key.name.clone(),
                source,
            });
        }
    }
    let mut fields: Vec<MappedField> = Vec::new();
    for wished in &wish.fields {
        let property = find(catalogue, scope, &wished.property)?;
        if fields.iter().any(|field| field.property == property.name) {
            continue;
        }
        let translator =
            Translator::for_property(property).map_err(|source| Error::Unimportable {
                name: property.name.clone(),
                source,
            })?;
        let kind = translator.metadata_type();
        let before = present
            .iter()
            .find(|field| field.group == Group::Hubspot && field.name == property.name.as_str());
        if let Some(before) = before
            && before.kind != kind
        {
            warnings.push(Warning::TypeChanged {
                property: property.name.clone(),
                now: kind,
                field: before.kind,
            });
        }
        let said = wished.display_name.as_deref().map(str::trim);
        fields.push(MappedField {
            property: property.name.clone(),
            kind,
            display_name: said
                .filter(|said| !said.is_empty())
                .unwrap_or(&property.label)
                .into(),
        });
    }
    Ok(Prepared {
        key: key.name.clone(),
        fields,
        empty: wish.empty,
        warnings,
    })
}

/// Stores what was prepared as the mapping of a level.
pub async fn store(
    store: &Store,
    scope: Scope,
    prepared: &Prepared,
    now: jiff::Timestamp,
) -> Result<Mapping, store::Error> {
    let Prepared {
        key, fields, empty, ..
    } = prepared;
    store.set_mapping(scope, key, fields, *empty, now).await
}

fn find<'a>(catalogue: &'a [Property], scope: Scope, name: &str) -> Result<&'a Property, Error> {
    let name = name.trim();
    catalogue
        .iter()
        .find(|property| property.name.as_str() == name && !property.archived)
        .ok_or_else(|| {
            // The label is what people know.
            let labelled = |property: &&Property| property.label.eq_ignore_ascii_case(name);
            Error::UnknownProperty {
                object: match scope.level {
                    model::Level::Visitor => "contact",
                    model::Level::Account => "company",
                },
                name: name.into(),
                by_label: catalogue
                    .iter()
                    .find(labelled)
                    .map(|property| property.name.clone()),
            }
        })
}
