//! Our fields at a destination: made first and typed, so that nothing has to guess what a value is, and found again under
//! whatever name came back.

use std::collections::BTreeSet;

use model::MetadataType;
use store::{
    Scope, Store, destination::DestinationField, job::Claim, mapping::MappedField, outbox::Resend,
};

use super::{Destination, Error, NewField, Sendable, TheirField, names};

/// Why a field is not sent that the destination did not make.
const NOT_MADE: &str = "it was asked to make the field, and did not";

/// In place of the type of a field that is not pulled any more. No destination calls a type that; some have one without a name.
const IDLE: &str = "not pulled";

/// Makes sure that the fields of a level are there, and returns those whose values are sent.
///
/// A field that had to be made once more has lost its values, and one that was held, or not pulled, has missed some: then all values
/// of the level are sent once more. Of one that is sent for the first time there may be values that no change will bring.
pub(crate) async fn ensure(
    store: &Store,
    destination: &dyn Destination,
    claim: &Claim,
    now: jiff::Timestamp,
) -> Result<Vec<Sendable>, Error> {
    let scope = claim.job.scope;
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
        note_absent(store, claim, &known, &absent).await?;
        destination.create(scope.level, &absent).await?;
        destination.fields(scope.level).await?
    };
    let mut fields = Vec::new();
    for ((field, wish), found) in mapped.iter().zip(&wanted).zip(found(&theirs, &wanted)) {
        fields.push(match found {
            Some(found) => DestinationField {
                name: field.property.to_string(),
                key: found.key.clone(),
                kind: found.kind.clone(),
                held: destination.misfit(field.kind, &found.kind),
            },
            None => DestinationField {
                name: field.property.to_string(),
                key: wish.key.clone(),
                kind: String::new(),
                held: Some(NOT_MADE.into()),
            },
        });
    }
    let lost = fields.iter().zip(&wanted).any(|(field, wish)| {
        let before = known.iter().find(|before| before.name == field.name);
        let made = absent.iter().any(|made| made.key == wish.key);
        field.held.is_none()
            && match before {
                Some(before) => made || before.held.is_some() || before.key != field.key,
                // It was there before we knew it: somebody has filled it, perhaps we under an earlier connection.
                None => !known.is_empty() && !made,
            }
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
        kind: IDLE.into(),
        held: None,
        ..known.clone()
    });
    fields.extend(idle);
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    // First: what is sent once more too often does no harm.
    resend_chosen(store, scope, &mapped, &known, now).await?;
    if lost {
        store.resend(scope, Resend::All, now).await?;
    }
    if store.destination_fields(scope).await? != fields {
        store.set_destination_fields(claim, &fields).await?;
    }
    Ok(sendable)
}

/// Has values sent of fields that were chosen since the destination was last looked at, and which no change may bring: of a field that
/// is new to it those that are here, and of one that is chosen again all, as it has missed what became of them.
pub(crate) async fn see_to_chosen(
    store: &Store,
    scope: Scope,
    now: jiff::Timestamp,
) -> Result<(), store::Error> {
    let mapped = store.mapping(scope).await?;
    let mapped = mapped.map_or_else(Vec::new, |mapping| mapping.fields);
    let known = store.destination_fields(scope).await?;
    resend_chosen(store, scope, &mapped, &known, now).await
}

async fn resend_chosen(
    store: &Store,
    scope: Scope,
    mapped: &[MappedField],
    known: &[DestinationField],
    now: jiff::Timestamp,
) -> Result<(), store::Error> {
    if known.is_empty() {
        // Whoever connected it has put everything in the outbox.
        return Ok(());
    }
    for field in mapped {
        let name = field.property.as_str();
        let what = match known.iter().find(|known| known.name == name) {
            None => Resend::With(name),
            Some(known) if known.kind == IDLE && known.held.is_none() => Resend::All,
            Some(_) => continue,
        };
        store.resend(scope, what, now).await?;
    }
    Ok(())
}

/// Notes of fields that were there and are not any more that they are not sent, before they are made: whatever happens in between,
/// they have missed values.
async fn note_absent(
    store: &Store,
    claim: &Claim,
    known: &[DestinationField],
    absent: &[NewField],
) -> Result<(), Error> {
    let is_absent = |field: &DestinationField| absent.iter().any(|made| made.key == field.key);
    if !known.iter().any(is_absent) {
        return Ok(());
    }
    let noted: Vec<DestinationField> = known
        .iter()
        .map(|field| DestinationField {
            held: if is_absent(field) {
                Some(NOT_MADE.into())
            } else {
                field.held.clone()
            },
            ..field.clone()
        })
        .collect();
    store.set_destination_fields(claim, &noted).await?;
    Ok(())
}

/// Which field there each of ours is. Whoever is found under its name has it before one that only people call the same.
fn found<'a>(theirs: &'a [TheirField], wanted: &[NewField]) -> Vec<Option<&'a TheirField>> {
    let mut claimed = BTreeSet::new();
    let mut found: Vec<Option<&TheirField>> = wanted
        .iter()
        .map(|wish| find(theirs, wish).filter(|found| claimed.insert(found.key.as_str())))
        .collect();
    for (found, wish) in found.iter_mut().zip(wanted) {
        if found.is_none() {
            *found = by_display_name(theirs, wish, &claimed);
            claimed.extend(found.map(|found| found.key.as_str()));
        }
    }
    found
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
    claimed: &BTreeSet<&str>,
) -> Option<&'a TheirField> {
    theirs.iter().find(|field| {
        field.display_name == wish.display_name && !claimed.contains(field.key.as_str())
    })
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
