//! Signing in and out.

use std::net::IpAddr;

use askama::Template;
use axum::{
    extract::Query,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use store::member::{Member, normal};

use crate::{
    app::{self, App},
    error::Error,
    frame::{Chrome, Place, answer, page},
    locale::Language,
    posted::Posted,
    routes::own_path,
    visit::{Visit, language_cookie, session_cookie, set_cookie},
};

/// Failed sign-ins are remembered this long.
const MEMORY: SignedDuration = SignedDuration::from_mins(15);

/// Failures for one address of a person before each further try has to wait.
const FREE_BY_EMAIL: u32 = 5;

/// Failures from one address of the network before each further try has to wait.
const FREE_BY_CLIENT: u32 = 20;

/// The first wait; each one after it is twice as long.
const FIRST_WAIT: i64 = 5;

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    pub(crate) c: Chrome,
    pub(crate) email: String,
    pub(crate) next: String,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
    /// Seconds to wait.
    pub(crate) wait: Option<u64>,
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`.
pub(crate) async fn show(visit: Visit, Query(query): Query<Next>) -> Result<Response, Error> {
    if visit.member().is_some() {
        return Ok(Redirect::to(own_path(&query.next)).into_response());
    }
    if !visit.app.store().has_members().await? {
        return Ok(Redirect::to("/set-up").into_response());
    }
    page(&sign_in_page(&visit, String::new(), query.next))
}

fn sign_in_page(visit: &Visit, email: String, next: String) -> SignInPage {
    SignInPage {
        c: Chrome::new(visit, Place::Elsewhere).titled(visit.locale.text("sign-in-title")),
        email,
        next,
        problem: None,
        wait: None,
    }
}

/// `POST /sign-in`.
pub(crate) async fn enter(visit: Visit, posted: Posted) -> Result<Response, Error> {
    let email = normal(posted.text("email"));
    let mut again = sign_in_page(&visit, email.clone(), posted.text("next").to_owned());
    match try_password(&visit, &email, posted.raw("password")).await? {
        Tried::Right(member) => {
            let target = own_path(posted.text("next")).to_owned();
            open(&visit, &member, &target).await
        }
        Tried::Wrong => {
            again.problem = Some("sign-in-wrong");
            answer(StatusCode::UNAUTHORIZED, &again)
        }
        Tried::Wait(seconds) => {
            again.wait = Some(seconds);
            let mut response = answer(StatusCode::TOO_MANY_REQUESTS, &again)?;
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            Ok(response)
        }
    }
}

/// What came of a password.
pub(crate) enum Tried {
    /// It is that of this member, who may sign in.
    Right(Member),
    Wrong,
    /// It was not looked at: there were too many wrong ones. Seconds until one is again.
    Wait(u64),
}

/// Tries somebody's password, unless too many wrong ones came for them or from where this one comes from.
pub(crate) async fn try_password(
    visit: &Visit,
    email: &str,
    password: &str,
) -> Result<Tried, Error> {
    let (store, now) = (visit.app.store(), visit.now);
    let keys = throttle_keys(email, visit.client);
    let passwords = visit.app.passwords();
    let _turn = passwords.attempt().await;
    if let Some(seconds) = wait(&visit.app, &keys, now).await? {
        return Ok(Tried::Wait(seconds));
    }
    let found = store.member_to_sign_in(email).await?;
    let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
    let matches = passwords.matches(password.to_owned(), hash).await;
    let member = found
        .map(|(member, _)| member)
        .filter(|member| matches && member.active);
    let Some(member) = member else {
        for (key, _) in &keys {
            store.note_failure(key, now - MEMORY, now).await?;
        }
        return Ok(Tried::Wrong);
    };
    store.clear_failures(&keys[0].0).await?;
    Ok(Tried::Right(member))
}

/// By what failures are counted, with how many are free.
fn throttle_keys(email: &str, client: IpAddr) -> [(String, u32); 2] {
    // Whoever has one address of version 6 has a whole network of them.
    let client = match client {
        IpAddr::V4(client) => client.to_string(),
        IpAddr::V6(client) => client.segments()[..4]
            .iter()
            .fold(String::new(), |network, part| format!("{network}{part:x}:")),
    };
    [
        (format!("email {email}"), FREE_BY_EMAIL),
        (format!("client {client}"), FREE_BY_CLIENT),
    ]
}

/// Seconds until another try is allowed, if it is not now.
async fn wait(
    app: &App,
    keys: &[(String, u32)],
    now: Timestamp,
) -> Result<Option<u64>, store::Error> {
    let mut longest = None;
    for (key, free) in keys {
        if let Some((failures, last)) = app.store().failures(key, now - MEMORY).await?
            && failures >= *free
        {
            let doublings = (failures - free).min(10);
            let wait = (FIRST_WAIT << doublings).min(MEMORY.as_secs());
            let left = last.as_second() + wait - now.as_second();
            longest = longest.max(u64::try_from(left).ok().filter(|left| *left > 0));
        }
    }
    Ok(longest)
}

/// Opens a session of its own for whoever has shown who they are, whatever cookie they came with, and goes on.
pub(crate) async fn open(visit: &Visit, member: &Member, target: &str) -> Result<Response, Error> {
    let app = &visit.app;
    if let Some(before) = &visit.session {
        app.store().end_session(&before.hash).await?;
    }
    let secret = app.secret();
    let guard = app.secret();
    app.store()
        .open_session(
            &app::hash(&secret),
            member.id,
            &guard,
            &visit.agent,
            visit.now,
        )
        .await?;
    let cookie = set_cookie(app, session_cookie(app), &secret, true);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(target)).into_response())
}

/// `POST /sign-out`.
pub(crate) async fn leave(visit: Visit, _: Posted) -> Result<Response, Error> {
    if let Some(current) = &visit.session {
        visit.app.store().end_session(&current.hash).await?;
    }
    let cookie = set_cookie(&visit.app, session_cookie(&visit.app), "", true);
    let target = Redirect::to("/sign-in?note=note-signed-out");
    Ok(([(header::SET_COOKIE, cookie)], target).into_response())
}

/// `POST /language`: for whoever is not signed in.
pub(crate) async fn language(visit: Visit, posted: Posted) -> Result<Response, Error> {
    let language =
        Language::from_tag(posted.text("language")).ok_or(Error::Invalid("invalid-form"))?;
    let cookie = language_cookie(&visit.app, language);
    let target = Redirect::to(own_path(posted.text("next")));
    Ok(([(header::SET_COOKIE, cookie)], target).into_response())
}
