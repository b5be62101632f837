//! Subscriptions: making one, its name, its time zone.

use std::sync::LazyLock;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::{TimeZone, db};
use serde_json::json;
use store::Subscription;

use crate::{
    error::Error,
    frame::{Chrome, Place, answer, go},
    posted::Posted,
    visit::{Here, Visit, path},
};

/// Longest name of a subscription, in characters.
const LONGEST: usize = 80;

#[derive(Template)]
#[template(path = "subscription.html")]
pub(crate) struct SubscriptionPage {
    pub(crate) c: Chrome,
    /// It is being made.
    pub(crate) new: bool,
    pub(crate) name: String,
    pub(crate) time_zone: String,
    pub(crate) zones: &'static [String],
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

/// The zones people choose from: those with a place in their name, and UTC.
static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut zones: Vec<String> = db()
        .available()
        .map(|zone| zone.as_str().to_owned())
        .filter(|zone| {
            zone == "UTC"
                || (zone.contains('/') && !zone.starts_with("Etc/") && !zone.starts_with("posix"))
        })
        .collect();
    zones.sort_unstable();
    zones
});

/// `GET /`: the first subscription, or the making of one.
pub(crate) async fn home(visit: Visit) -> Result<Response, Error> {
    let query = visit
        .uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let first = visit.app.store().subscriptions().await?.into_iter().next();
    let target = match first {
        Some(first) => path(first.id, &format!("overview{query}")),
        None if visit.is_admin() => format!("/subscriptions/new{query}"),
        None => "/waiting".into(),
    };
    Ok(Redirect::to(&target).into_response())
}

#[derive(Template)]
#[template(path = "waiting.html")]
pub(crate) struct WaitingPage {
    pub(crate) c: Chrome,
}

/// `GET /waiting`: for a viewer who comes before there is anything to view.
pub(crate) async fn waiting(visit: Visit) -> Result<Response, Error> {
    let c = Chrome::new(&visit, Place::Elsewhere).titled(visit.locale.text("waiting-title"));
    answer(StatusCode::OK, &WaitingPage { c })
}

/// `GET /subscriptions/new`.
pub(crate) async fn show_new(visit: Visit) -> Result<Response, Error> {
    new_page(&visit, StatusCode::OK, "", "", None).await
}

async fn new_page(
    visit: &Visit,
    status: StatusCode,
    name: &str,
    time_zone: &str,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let mut c = Chrome::new(visit, Place::NewSubscription);
    c.all = visit.app.store().subscriptions().await?;
    let page = SubscriptionPage {
        c,
        new: true,
        name: name.to_owned(),
        time_zone: time_zone.to_owned(),
        zones: &ZONES,
        problem,
    };
    answer(status, &page)
}

/// `POST /subscriptions/new`.
pub(crate) async fn create(visit: Visit, posted: Posted) -> Result<Response, Error> {
    let (name, zone) = (posted.text("name"), posted.text("time_zone"));
    let store = visit.app.store();
    let problem = match problem(name, zone) {
        Some(problem) => problem,
        None => match store.create_subscription(name, zone, visit.now).await {
            Ok(made) => {
                let details = json!({ "name": name, "time_zone": zone });
                visit
                    .note(Some(made.id), "subscription.made", details)
                    .await?;
                let target = path(made.id, "settings/ids/visitor?note=note-subscription-made");
                return Ok(go(&visit, &target));
            }
            Err(store::Error::NameTaken(_)) => "subscription-taken",
            Err(error) => return Err(error.into()),
        },
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    new_page(&visit, status, name, zone, Some(problem)).await
}

/// Why a name or a zone cannot be used: the name of a message.
fn problem(name: &str, zone: &str) -> Option<&'static str> {
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        Some("subscription-bad-name")
    } else if TimeZone::get(zone).is_err() {
        Some("subscription-bad-zone")
    } else {
        None
    }
}

/// `GET …/settings/subscription`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    let one = here.subscription.clone();
    settings(&here, StatusCode::OK, &one.name, &one.time_zone, None).await
}

async fn settings(
    here: &Here,
    status: StatusCode,
    name: &str,
    time_zone: &str,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let page = SubscriptionPage {
        c: Chrome::here(here, Place::Subscription).await?,
        new: false,
        name: name.to_owned(),
        time_zone: time_zone.to_owned(),
        zones: &ZONES,
        problem,
    };
    answer(status, &page)
}

/// `POST …/settings/subscription`.
pub(crate) async fn save(here: Here, posted: Posted) -> Result<Response, Error> {
    let (name, zone) = (posted.text("name"), posted.text("time_zone"));
    let mut problem = problem(name, zone);
    if problem.is_none() {
        let changed = Subscription {
            name: name.to_owned(),
            time_zone: zone.to_owned(),
            ..here.subscription.clone()
        };
        match here
            .visit
            .app
            .store()
            .change_subscription(&changed, here.visit.now)
            .await
        {
            Ok(_) => {
                let details = json!({ "name": name, "time_zone": zone });
                here.note("subscription.changed", details).await?;
                let target = here.path("settings/subscription?note=note-subscription-saved");
                return Ok(go(&here.visit, &target));
            }
            Err(store::Error::NameTaken(_)) => problem = Some("subscription-taken"),
            Err(error) => return Err(error.into()),
        }
    }
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    settings(&here, status, name, zone, problem).await
}
