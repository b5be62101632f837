//! Changing one visitor or account: a value by hand, or all of it gone.

use axum::{extract::Path, http::StatusCode, response::Response};
use jiff::SignedDuration;
use model::Group;
use serde_json::json;

use super::{
    base,
    detail::{Said, detail, find},
    value::token,
    view::Key,
};
use crate::{
    error::Error,
    frame::{Problem, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

/// `POST …/{number}/value`: sets an agent or custom value, or clears it. The field has to be there.
pub(crate) async fn set_value(
    here: Here,
    AtLevel(level): AtLevel,
    Path((_, number)): Path<(i64, i64)>,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let subject = find(&here, level, number).await?;
    let group = Group::from_name(posted.text("group")).ok_or(Error::NotFound)?;
    let name = posted.raw("name");
    match group {
        Group::Hubspot => return Err(Error::Invalid("subject-pulled")),
        Group::Auto => return Err(Error::Invalid("subject-kept")),
        Group::Agent | Group::Custom => {}
    }
    let key = Key {
        group,
        name: name.to_owned(),
    };
    let fields = store.fields(scope).await?;
    let kind = key.find(&fields).ok_or(Error::NotFound)?.kind;
    let text = if posted.has("clear") {
        ""
    } else {
        posted.raw("value")
    };
    let token = match token(kind, text, &here.zone) {
        Ok(token) => token,
        Err(problem) => {
            let said = Said {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                edit: Some((key, text.to_owned(), problem)),
                ..Said::default()
            };
            return detail(&here, level, number, &subject, said).await;
        }
    };
    let field = (group, name, kind);
    let there = store
        .set_value(scope, &subject.id, field, token.as_deref(), here.visit.now)
        .await?;
    if !there {
        return Err(Error::NotFound);
    }
    here.note(
        "value.set",
        json!({ "level": level.name(), "group": group.name(), "name": name }),
    )
    .await?;
    let list = base(&here, level);
    Ok(go(
        &here.visit,
        &format!("{list}/{number}?note=note-value-saved"),
    ))
}

/// `POST …/{number}/erase`: erases everything kept about it, once its id was typed.
pub(crate) async fn erase(
    here: Here,
    AtLevel(level): AtLevel,
    Path((_, number)): Path<(i64, i64)>,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let subject = find(&here, level, number).await?;
    if !is_typed(&subject.id, posted.raw("id")) {
        let said = Said {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            erase: Some("subject-erase-mismatch"),
            ..Said::default()
        };
        return detail(&here, level, number, &subject, said).await;
    }
    match store
        .erase_subject(scope, &subject.id, here.visit.now)
        .await
    {
        Ok(true) => {}
        Ok(false) => return Err(Error::NotFound),
        Err(error @ store::Error::Busy { .. }) => {
            let error = Error::from(error);
            let said = Said {
                status: error.status(),
                problem: Some(Problem::of(&here.visit.locale, &error)),
                ..Said::default()
            };
            return detail(&here, level, number, &subject, said).await;
        }
        Err(error) => return Err(error.into()),
    }
    // Somebody may have looked for the id, or for a value: that is a trace as well, and cannot be told from the others.
    store
        .sweep_views(here.visit.now + SignedDuration::from_secs(1))
        .await?;
    here.note(
        "subject.erased",
        json!({ "level": level.name(), "count": 1 }),
    )
    .await?;
    let list = base(&here, level);
    Ok(go(&here.visit, &format!("{list}?note=note-erased")))
}

/// Whether somebody typed the id: to the letter, but for what a field of a form cannot hold or copying adds.
fn is_typed(id: &str, typed: &str) -> bool {
    let without_breaks = |text: &str| text.replace(['\r', '\n'], "");
    typed == id || without_breaks(id).trim() == without_breaks(typed).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_typed_to_the_letter() {
        for (id, typed) in [("u-1", "u-1"), (" u 1", "u 1 "), ("a\nb", "ab")] {
            assert!(is_typed(id, typed), "{id:?}");
        }
        for (id, typed) in [("u-1", ""), ("u-1", "U-1"), ("u-1", "u-10"), ("u 1", "u1")] {
            assert!(!is_typed(id, typed), "{id:?}");
        }
    }
}
