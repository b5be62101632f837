//! Who may sign in, and what they may do.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use store::{
    member::{Member, MemberId, Refused, Role, normal},
    session::Purpose,
};

use crate::{
    error::Error,
    frame::{Chrome, Place, answer, go},
    pages::tickets::email_problem,
    posted::Posted,
    visit::Here,
};

#[derive(Template)]
#[template(path = "users.html")]
pub(crate) struct UsersPage {
    pub(crate) c: Chrome,
    pub(crate) members: Vec<Member>,
    /// Who asks.
    pub(crate) own: MemberId,
    /// A link to hand on: for whom, and where.
    pub(crate) link: Option<(String, String)>,
    pub(crate) email: String,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

/// `GET …/settings/users`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    users(&here, StatusCode::OK, None, String::new(), None).await
}

async fn users(
    here: &Here,
    status: StatusCode,
    link: Option<(String, String)>,
    email: String,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let own = here.visit.member().map_or(MemberId(0), |member| member.id);
    let page = UsersPage {
        c: Chrome::here(here, Place::Users).await?,
        members: here.visit.app.store().members().await?,
        own,
        link,
        email,
        problem,
    };
    answer(status, &page)
}

/// `POST …/settings/users`: invites somebody. The link is shown once, to be handed on.
pub(crate) async fn invite(here: Here, posted: Posted) -> Result<Response, Error> {
    let (app, now) = (&here.visit.app, here.visit.now);
    let email = normal(posted.text("email"));
    let role = Role::from_name(posted.text("role")).unwrap_or(Role::Viewer);
    let added = match email_problem(&email) {
        Some(problem) => Err(problem),
        None => match app.store().add_member(&email, role, now).await? {
            Ok(member) => Ok(member),
            Err(_) => Err("member-taken"),
        },
    };
    match added {
        Ok(member) => {
            let link = app.make_link(Purpose::Join, Some(member.id)).await?;
            here.note(
                "member.invited",
                json!({ "email": email, "role": role.name() }),
            )
            .await?;
            users(
                &here,
                StatusCode::OK,
                Some((email, link)),
                String::new(),
                None,
            )
            .await
        }
        Err(problem) => {
            users(
                &here,
                StatusCode::UNPROCESSABLE_ENTITY,
                None,
                email,
                Some(problem),
            )
            .await
        }
    }
}

/// `POST …/settings/users/{member}`: another role, out or in again.
pub(crate) async fn change(
    here: Here,
    Path((_, id)): Path<(i64, i64)>,
    posted: Posted,
) -> Result<Response, Error> {
    let store = here.visit.app.store();
    let member = store.member(MemberId(id)).await?.ok_or(Error::NotFound)?;
    let role = Role::from_name(posted.text("role")).unwrap_or(member.role);
    let active = match posted.text("active") {
        "yes" => true,
        "no" => false,
        _ => member.active,
    };
    match store.change_member(member.id, role, active).await? {
        Ok(()) => {
            here.note(
                "member.changed",
                json!({ "email": member.email, "role": role.name(), "active": active }),
            )
            .await?;
            let target = here.path("settings/users?note=note-member-changed");
            Ok(go(&here.visit, &target))
        }
        Err(Refused::Unknown) => Err(Error::NotFound),
        Err(Refused::LastAdmin | Refused::Taken) => {
            users(
                &here,
                StatusCode::UNPROCESSABLE_ENTITY,
                None,
                String::new(),
                Some("member-last-admin"),
            )
            .await
        }
    }
}

/// `POST …/settings/users/{member}/link`: a link to choose a password by.
pub(crate) async fn link(
    here: Here,
    Path((_, id)): Path<(i64, i64)>,
    _: Posted,
) -> Result<Response, Error> {
    let app = &here.visit.app;
    let member = app
        .store()
        .member(MemberId(id))
        .await?
        .ok_or(Error::NotFound)?;
    if !member.active {
        return Ok(Error::NotFound.into_response());
    }
    let purpose = if member.joined {
        Purpose::Reset
    } else {
        Purpose::Join
    };
    let link = app.make_link(purpose, Some(member.id)).await?;
    here.note("member.link-made", json!({ "email": member.email }))
        .await?;
    users(
        &here,
        StatusCode::OK,
        Some((member.email, link)),
        String::new(),
        None,
    )
    .await
}
