//! Our fields at a destination: made first and typed, so that nothing has to guess what a value is, and found again under
//! whatever name came back.

use std::collections::BTreeSet;

use model::MetadataType;
use store::{Scope, Store, destination::DestinationField, mapping::MappedField, outbox::Resend};

use super::{Destination, Error, NewField, Sendable, TheirField, names};

/// Why a field is not sent that the destination did not make.
const NOT_MADE: &str = "it was asked to make the field, and did not";

/// Makes sure that the fields of a level are there, and returns those whose values are sent.
///
/// A field that had to be made once more has lost its values, and one that was held and fits now has missed some: then all values
/// of the level are sent once more.
pub(crate) async fn ensure(
    store: &Store,
    destination: &dyn Destination,
    scope: Scope,
    now: jiff::Timestamp,
) -> Result<Vec<Sendable>, Error> {
    let mapped = store.mapping(scope).await?;
    let mapped = mapped.map_or_else(Vec::new, |mapping| mapping.fields);
    let known = store.destination_fields(scope).await?;
    let theirs = destination.fields(scope.level).await?;
    let wanted = wanted(&mapped, &known, destination.prefix());
    let absent: Vec<NewField> = wanted
        .iter()
        .filter(|field| find(&theirs, field).is_none())
        .cloned()
        .collect();
    let theirs = if absent.is_empty() {
        theirs
    } else {
        destination.create(scope.level, &absent).await?;
        destination.fields(scope.level).await?
    };
    let mut claimed = BTreeSet::new();
    let mut fields = Vec::new();
    for (field, wish) in mapped.iter().zip(&wanted) {
        let found = find(&theirs, wish).or_else(|| by_display_name(&theirs, wish, &claimed));
        fields.push(match found {
            Some(found) => {
                claimed.insert(found.key.clone());
                DestinationField {
                    name: field.property.to_string(),
                    key: found.key.clone(),
                    kind: found.kind.clone(),
                    held: destination.misfit(field.kind, &found.kind),
                }
            }
            None => DestinationField {
                name: field.property.to_string(),
                key: wish.key.clone(),
                kind: String::new(),
                held: Some(NOT_MADE.into()),
            },
        });
    }
    let lost = fields.iter().any(|field| {
        let before = known.iter().find(|before| before.name == field.name);
        before.is_some_and(|before| {
            let made = absent.iter().any(|made| made.key == before.key);
            field.held.is_none() && (made || before.held.is_some() || before.key != field.key)
        })
    });
    let sendable = mapped
        .iter()
        .zip(&fields)
        .filter(|(_, field)| field.held.is_none())
        .map(|(mapped, field)| Sendable {
            name: field.name.clone(),
            key: field.key.clone(),
            kind: mapped.kind,
        })
        .collect();
    // Fields that are not pulled any more keep their names: they may be pulled again.
    let idle = known.iter().filter(|known| {
        mapped
            .iter()
            .all(|field| field.property.as_str() != known.name)
    });
    let idle = idle.map(|known| DestinationField {
        held: None,
        ..known.clone()
    });
    fields.extend(idle);
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    if fields != known {
        store.set_destination_fields(scope, &fields).await?;
    }
    if lost {
        store.resend(scope, Resend::All, now).await?;
    }
    Ok(sendable)
}

/// What we want each field to be called: as before, or by a name that is free.
fn wanted(mapped: &[MappedField], known: &[DestinationField], prefix: &str) -> Vec<NewField> {
    let mut names = names::Names::default();
    for field in known {
        names.take(&field.key);
    }
    mapped
        .iter()
        .map(|field| {
            let before = known
                .iter()
                .find(|known| known.name == field.property.as_str());
            NewField {
                key: match before {
                    Some(before) => before.key.clone(),
                    None => names.find(prefix, field.property.as_str()),
                },
                display_name: display_name(field),
                kind: field.kind,
            }
        })
        .collect()
}

/// What people see: the label, and where it comes from.
fn display_name(field: &MappedField) -> String {
    format!("{} (HubSpot)", field.display_name)
}

/// The field under the name that was wished for, as the destination writes it.
fn find<'a>(theirs: &'a [TheirField], wish: &NewField) -> Option<&'a TheirField> {
    let exact = theirs.iter().find(|field| field.key == wish.key);
    exact.or_else(|| {
        theirs
            .iter()
            .find(|field| names::same(&field.key, &wish.key))
    })
}

/// The field that people see under the name that was wished for, whatever its key has become.
fn by_display_name<'a>(
    theirs: &'a [TheirField],
    wish: &NewField,
    claimed: &BTreeSet<String>,
) -> Option<&'a TheirField> {
    theirs
        .iter()
        .find(|field| field.display_name == wish.display_name && !claimed.contains(&field.key))
}

/// The fields of a level whose values are sent, as they were last found.
pub(crate) async fn known(store: &Store, scope: Scope) -> Result<Vec<Sendable>, store::Error> {
    let mapped = store.mapping(scope).await?;
    let mapped = mapped.map_or_else(Vec::new, |mapping| mapping.fields);
    let known = store.destination_fields(scope).await?;
    let kind_of = |name: &str| -> Option<MetadataType> {
        let field = mapped.iter().find(|field| field.property.as_str() == name);
        field.map(|field| field.kind)
    };
    Ok(known
        .into_iter()
        .filter(|field| field.held.is_none())
        .filter_map(|field| {
            Some(Sendable {
                kind: kind_of(&field.name)?,
                name: field.name,
                key: field.key,
            })
        })
        .collect())
}
