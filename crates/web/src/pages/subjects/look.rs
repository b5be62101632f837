//! Searching, filtering and sorting. What is looked for is sent, remembered under a name that says nothing, and then shown.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use model::Level;
use store::mapping::Field;

use super::{
    base,
    list::{Asked, Draft, Said, draft_of, list},
    place,
    view::{By, Condition, Key, Kind, View},
};
use crate::{
    error::Error,
    frame::{Chrome, answer, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

/// Filters that a list can have at once. More help nobody, and each costs time on every candidate.
const MOST: usize = 20;

/// Longest text to look for, in characters.
const LONGEST: usize = 1_000;

#[derive(Template)]
#[template(path = "_subject_test.html")]
pub(crate) struct TestPart {
    pub(crate) c: Chrome,
    pub(crate) draft: Draft,
}

/// `POST …/view`: looks for something else than before.
pub(crate) async fn look(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let (app, now) = (&here.visit.app, here.visit.now);
    let store = app.store();
    let fields = store.fields(scope).await?;
    let mut asked = Asked::read(&here, level, posted.text("view"), &fields).await?;
    if let Err(problem) = change(&mut asked.view, &posted, &fields) {
        let said = Said {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            problem: Some(here.visit.locale.text(problem)),
            draft: draft_from(&here, level, &posted, &fields).await?,
        };
        return list(&here, level, fields, asked, None, said).await;
    }
    if let By::Field(key) = &asked.view.by {
        let field = (key.group, key.name.as_str());
        // Somebody sorts by it, so that it stays when room is needed. Too many can only be pinned for good.
        let _ = store.pin(scope, field, false, now).await?;
    }
    if asked.view == View::default() {
        asked.name.clear();
    } else {
        // A name of its own for each, so that the browser's way back leads to what was looked for before.
        asked.name = app.secret();
        store
            .put_view(scope, &asked.name, &asked.view.stored(), now)
            .await?;
    }
    Ok(go(&here.visit, &asked.address(&base(&here, level), None)))
}

/// Changes what is looked for as a form says; the name of a message says why it cannot.
fn change(view: &mut View, posted: &Posted, fields: &[Field]) -> Result<(), &'static str> {
    let unreadable = "invalid-form";
    if posted.raw("value").chars().count() > LONGEST
        || posted.raw("starts_with").chars().count() > LONGEST
    {
        return Err("subjects-unfit-long");
    }
    match posted.text("change") {
        "search" => {
            posted.text("starts_with").clone_into(&mut view.starts_with);
            view.linked = match posted.text("linked") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            };
        }
        "add" => {
            let field = field_of(posted, fields).ok_or("subjects-unfit-field")?;
            let test = Kind::from_name(posted.text("test")).ok_or("subjects-unfit-none")?;
            if view.conditions.len() >= MOST {
                return Err("subjects-unfit-many");
            }
            let condition = Condition::read(field, test, posted.raw("value"))?;
            if !view.conditions.contains(&condition) {
                view.conditions.push(condition);
            }
        }
        "drop" => match posted.text("what") {
            "search" => view.starts_with.clear(),
            "linked" => view.linked = None,
            at => {
                let at: usize = at.parse().map_err(|_| unreadable)?;
                if at < view.conditions.len() {
                    view.conditions.remove(at);
                }
            }
        },
        "clear" => {
            *view = View {
                by: view.by.clone(),
                descending: view.descending,
                ..View::default()
            };
        }
        "sort" => view.sort(posted.raw("sort"), fields).ok_or(unreadable)?,
        _ => return Err(unreadable),
    }
    Ok(())
}

fn field_of<'a>(posted: &Posted, fields: &'a [Field]) -> Option<&'a Field> {
    let key: Key = posted.raw("field").parse().ok()?;
    key.find(fields)
}

/// The filter that somebody is making, as the form has it.
async fn draft_from(
    here: &Here,
    level: Level,
    posted: &Posted,
    fields: &[Field],
) -> Result<Draft, Error> {
    let adding = posted.has("field");
    let draft = match field_of(posted, fields) {
        Some(field) => draft_of(here, here.scope(level), field).await?,
        None => Draft {
            open: adding,
            ..Draft::default()
        },
    };
    Ok(Draft {
        test: Kind::from_name(posted.text("test")).filter(|test| draft.tests.contains(test)),
        value: posted.raw("value").to_owned(),
        ..draft
    })
}

/// `POST …/filter`: how a field can be filtered by.
pub(crate) async fn draft(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let fields = here.visit.app.store().fields(here.scope(level)).await?;
    let mut draft = draft_from(&here, level, &posted, &fields).await?;
    if here.visit.partial {
        // What was typed for another field fits this one hardly ever.
        draft.value.clear();
        let c = Chrome::new_here(&here, place(level));
        return answer(StatusCode::OK, &TestPart { c, draft });
    }
    let asked = Asked::read(&here, level, posted.text("view"), &fields).await?;
    let said = Said {
        draft,
        ..Said::default()
    };
    list(&here, level, fields, asked, None, said).await
}

#[cfg(test)]
mod tests {
    use model::{Group, MetadataType};

    use super::*;

    fn changed(view: &mut View, form: &str) -> Result<(), &'static str> {
        let fields = [Field {
            group: Group::Hubspot,
            name: "seats".into(),
            kind: MetadataType::Decimal,
            display_name: "Seats".into(),
            selected: true,
        }];
        change(view, &Posted::parse(form.as_bytes()), &fields)
    }

    #[test]
    fn each_form_changes_its_part() {
        let mut view = View::default();
        let filter = "change=add&field=hubspot.seats&test=at-least&value=5";
        for form in [
            "change=search&starts_with=u-&linked=yes",
            filter,
            filter,
            "change=sort&sort=desc+hubspot.seats",
        ] {
            assert_eq!(changed(&mut view, form), Ok(()), "{form}");
        }
        assert_eq!((view.starts_with.as_str(), view.linked), ("u-", Some(true)));
        assert_eq!(view.conditions.len(), 1);
        assert_eq!(changed(&mut view, "change=drop&what=0"), Ok(()));
        assert_eq!(changed(&mut view, "change=drop&what=linked"), Ok(()));
        assert!(view.conditions.is_empty() && view.linked.is_none());
        assert_eq!(changed(&mut view, "change=clear"), Ok(()));
        let sorted = View {
            by: view.by.clone(),
            descending: true,
            ..View::default()
        };
        assert_eq!(view, sorted);
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let mut view = View::default();
        for form in [
            "",
            "change=other",
            "change=add",
            "change=add&field=hubspot.gone&test=is&value=1",
            "change=add&field=hubspot.seats&test=contains&value=1",
            "change=add&field=hubspot.seats&test=is&value=one",
            "change=sort&sort=asc+hubspot.gone",
            "change=drop&what=x",
        ] {
            assert!(changed(&mut view, form).is_err(), "{form}");
            assert_eq!(view, View::default(), "{form}");
        }
    }
}
