//! One's own account: password, sessions, language and theme.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;
use store::session::SessionInfo;

use crate::{
    error::Error,
    frame::{Chrome, Place, answer},
    locale::Language,
    pages::{
        sign_in::{self, Tried},
        tickets::{choose, password_problem},
    },
    posted::Posted,
    routes::own_path,
    visit::{Here, Visit},
};

#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage {
    pub(crate) c: Chrome,
    /// Sessions, and whether each is the present one.
    pub(crate) sessions: Vec<(SessionInfo, bool)>,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

/// `GET …/account`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    account(&here, StatusCode::OK, None).await
}

async fn account(
    here: &Here,
    status: StatusCode,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let current = here.visit.session.as_ref().ok_or(Error::NotFound)?;
    let sessions = here
        .visit
        .app
        .store()
        .sessions(current.browser.member.id)
        .await?;
    let page = AccountPage {
        c: Chrome::here(here, Place::Account).await?,
        sessions: sessions
            .into_iter()
            .map(|session| {
                let present = session.hash == current.hash;
                (session, present)
            })
            .collect(),
        problem,
    };
    answer(status, &page)
}

/// `POST …/account/password`.
pub(crate) async fn password(here: Here, posted: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let member = visit.member().cloned().ok_or(Error::NotFound)?;
    let problem = match sign_in::try_password(visit, &member.email, posted.raw("present")).await? {
        Tried::Right(_) => password_problem(&posted, &member.email),
        Tried::Wrong => Some("password-wrong"),
        Tried::Wait(_) => Some("password-wait"),
    };
    if let Some(problem) = problem {
        return account(&here, StatusCode::UNPROCESSABLE_ENTITY, Some(problem)).await;
    }
    choose(visit, &member, &posted).await?;
    here.note("member.password-changed", json!({})).await?;
    // All sessions have ended with the old password; this one goes on as a new one.
    let target = here.path("account?note=note-password-changed");
    sign_in::open(visit, &member, &target).await
}

/// `POST …/account/sign-out-everywhere`.
pub(crate) async fn sign_out_everywhere(here: Here, _: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let member = visit.member().cloned().ok_or(Error::NotFound)?;
    visit.app.store().end_sessions(member.id).await?;
    here.note("member.signed-out-everywhere", json!({})).await?;
    let target = here.path("account?note=note-signed-out-everywhere");
    sign_in::open(visit, &member, &target).await
}

/// `POST /preferences`: language or theme, from the menu of any page.
pub(crate) async fn preferences(visit: Visit, posted: Posted) -> Result<Response, Error> {
    let member = visit.member().ok_or(Error::NotFound)?;
    let language = match Language::from_tag(posted.text("language")) {
        Some(language) => Some(language.tag()),
        None => member.language.as_deref(),
    };
    let theme = match posted.text("theme") {
        "light" => Some("light"),
        "dark" => Some("dark"),
        "system" => None,
        _ => member.theme.as_deref(),
    };
    visit
        .app
        .store()
        .set_preferences(member.id, language, theme)
        .await?;
    Ok(Redirect::to(own_path(posted.text("next"))).into_response())
}
