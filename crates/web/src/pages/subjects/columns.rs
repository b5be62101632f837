//! Which fields a list shows beside the id, and which of them it can be sorted by at once.

use std::time::Duration;

use axum::{http::StatusCode, response::Response};
use model::Group;
use serde_json::json;
use store::{Scope, mapping::Field, pin::Pin};

use super::{
    base,
    list::{Asked, Draft, Said, list},
    view::Key,
};
use crate::{
    error::Error,
    frame::go,
    posted::Posted,
    visit::{AtLevel, Here},
};

/// Columns of somebody who has chosen none.
const FIRST: usize = 4;

/// The fields of a group, with whether each is shown.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    /// The group's name.
    pub(crate) group: &'static str,
    pub(crate) fields: Vec<Choice>,
}

/// A field that can be shown.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) key: Key,
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) shown: bool,
}

/// What people call a field.
pub(super) fn title(field: &Field) -> &str {
    if field.display_name.is_empty() {
        &field.name
    } else {
        &field.display_name
    }
}

/// The columns of whoever asks: what was chosen, as far as it is there.
pub(super) async fn chosen(here: &Here, scope: Scope, fields: &[Field]) -> Result<Vec<Key>, Error> {
    let saved = match here.visit.member() {
        Some(member) => here.visit.app.store().columns(member.id, scope).await?,
        None => None,
    };
    Ok(of(saved, fields))
}

fn of(saved: Option<Vec<String>>, fields: &[Field]) -> Vec<Key> {
    match saved {
        Some(saved) => saved
            .iter()
            .filter_map(|name| name.parse::<Key>().ok())
            .filter(|key| key.find(fields).is_some())
            .collect(),
        None => first(fields),
    }
}

/// The first fields that are pulled; then those that are no longer, then those of the other groups.
fn first(fields: &[Field]) -> Vec<Key> {
    let rank = |field: &Field| match (field.group, field.selected) {
        (Group::Hubspot, true) => 0,
        (Group::Hubspot, false) => 1,
        _ => 2,
    };
    let mut ranked: Vec<&Field> = fields.iter().collect();
    ranked.sort_by_key(|field| rank(field));
    ranked.into_iter().take(FIRST).map(Key::of).collect()
}

/// All fields by group, for the menu.
pub(super) fn choices(fields: &[Field], shown: &[Key]) -> Vec<Choices> {
    [Group::Hubspot, Group::Agent, Group::Custom]
        .into_iter()
        .filter_map(|group| {
            let of_group: Vec<Choice> = fields
                .iter()
                .filter(|field| field.group == group)
                .map(|field| {
                    let key = Key::of(field);
                    Choice {
                        title: title(field).to_owned(),
                        kind: field.kind.name(),
                        shown: shown.contains(&key),
                        key,
                    }
                })
                .collect();
            (!of_group.is_empty()).then_some(Choices {
                group: group.name(),
                fields: of_group,
            })
        })
        .collect()
}

/// Whether a field is pinned.
pub(super) fn is_pinned(pins: &[Pin], key: &Key) -> bool {
    pins.iter()
        .any(|pin| pin.kept && pin.group == key.group && pin.name == key.name)
}

/// `POST …/columns`: which columns whoever asks wants to see.
pub(crate) async fn save(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let fields = store.fields(scope).await?;
    let columns: Vec<String> = posted
        .all("column")
        .filter(|name| {
            name.parse::<Key>()
                .is_ok_and(|key| key.find(&fields).is_some())
        })
        .map(ToOwned::to_owned)
        .collect();
    if let Some(member) = here.visit.member() {
        store.set_columns(member.id, scope, &columns).await?;
    }
    let asked = Asked::read(&here, level, posted.text("view"), &fields).await?;
    let target = asked.address(&base(&here, level), Some("note-columns-saved"));
    Ok(go(&here.visit, &target))
}

/// `POST …/pins`: pins a field for everybody, or no longer.
pub(crate) async fn pin(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let app = &here.visit.app;
    let store = app.store();
    let fields = store.fields(scope).await?;
    let unpin = posted.has("unpin");
    let name = posted.raw(if unpin { "unpin" } else { "pin" });
    let key: Key = name.parse().map_err(|_| Error::NotFound)?;
    key.find(&fields).ok_or(Error::NotFound)?;
    let field = (key.group, key.name.as_str());
    let asked = Asked::read(&here, level, posted.text("view"), &fields).await?;
    let (action, note) = if unpin {
        store.unpin(scope, field).await?;
        ("field.unpinned", "note-unpinned")
    } else {
        if store
            .pin(scope, field, true, here.visit.now)
            .await?
            .is_err()
        {
            let t = &here.visit.locale;
            let said = Said {
                status: StatusCode::CONFLICT,
                problem: Some(
                    t.say("subjects-too-many-pins")
                        .n("count", store::pin::MOST_PINNED)
                        .to_string(),
                ),
                draft: Draft::default(),
            };
            return list(&here, level, fields, asked, None, said).await;
        }
        app.indexes().build(store, scope, Duration::ZERO).await;
        ("field.pinned", "note-pinned")
    };
    here.note(
        action,
        json!({ "level": level.name(), "field": key.to_string() }),
    )
    .await?;
    let target = asked.address(&base(&here, level), Some(note));
    Ok(go(&here.visit, &target))
}

#[cfg(test)]
mod tests {
    use model::MetadataType;

    use super::*;

    fn field(group: Group, name: &str, selected: bool) -> Field {
        Field {
            group,
            name: name.into(),
            kind: MetadataType::String,
            display_name: String::new(),
            selected,
        }
    }

    fn names(keys: &[Key]) -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_pulled_fields_are_shown_until_somebody_chooses() {
        let fields = [
            field(Group::Agent, "role", true),
            field(Group::Hubspot, "city", false),
            field(Group::Hubspot, "plan", true),
            field(Group::Hubspot, "owner", true),
        ];
        let expected = [
            "hubspot.plan",
            "hubspot.owner",
            "hubspot.city",
            "agent.role",
        ];
        assert_eq!(names(&of(None, &fields)), expected);
        let many: Vec<Field> = (0..9)
            .map(|at| field(Group::Hubspot, &at.to_string(), true))
            .collect();
        assert_eq!(of(None, &many).len(), FIRST);
        assert!(of(None, &[]).is_empty());
    }

    #[test]
    fn what_was_chosen_is_shown_as_far_as_it_is_there() {
        let fields = [
            field(Group::Agent, "role", true),
            field(Group::Hubspot, "plan", true),
        ];
        let saved = ["agent.role", "hubspot.gone", "nonsense", "hubspot.plan"];
        let saved = saved.map(str::to_owned).to_vec();
        assert_eq!(
            names(&of(Some(saved), &fields)),
            ["agent.role", "hubspot.plan"]
        );
        assert!(of(Some(Vec::new()), &fields).is_empty());
    }
}
