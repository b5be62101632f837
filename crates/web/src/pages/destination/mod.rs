//! Settings > Destination: whereto values go besides the built-in subscription, and how that goes.

mod differences;
mod level;
pub(crate) mod words;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use model::Level;
use pendo::Region;
use secrecy::SecretString;
use serde_json::json;
use store::destination::Destination as Stored;
use sync::{
    Explain as _,
    destination::{self, Connected, connect::DEFAULT_PREFIX},
};

use self::level::LevelPart;
pub(crate) use self::{
    differences::{csv, show as differences},
    level::{Sending, compare, resend},
};
use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, Tone, answer, go},
    posted::Posted,
    visit::Here,
};

/// Where the page is.
pub(crate) const PAGE: &str = "settings/destination";

/// Longest key, in bytes.
const LONGEST: usize = 4_096;

#[derive(Template)]
#[template(path = "destination.html")]
pub(crate) struct DestinationPage {
    pub(crate) c: Chrome,
    pub(crate) connected: Option<Shown>,
    pub(crate) form: Form,
    /// Why a key was not taken.
    pub(crate) refused: Option<Problem>,
    pub(crate) levels: Vec<LevelPart>,
}

/// The destination that is there.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) region: String,
    pub(crate) host: Option<&'static str>,
    pub(crate) prefix: String,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    /// Why nothing can be sent.
    pub(crate) broken: Option<Problem>,
}

/// What the form holds. Never the key.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) region: String,
    pub(crate) prefix: String,
}

impl Form {
    /// The regions to choose from, with whether each is chosen.
    pub(crate) fn regions(&self) -> [(Region, bool); 5] {
        Region::ALL.map(|region| (region, region.name() == self.region))
    }
}

impl DestinationPage {
    /// Whether something is under way that the page follows.
    pub(crate) fn is_busy(&self) -> bool {
        self.levels.iter().any(LevelPart::is_busy)
    }
}

/// `GET …/settings/destination`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    render(&here, StatusCode::OK, None, None).await
}

async fn render(
    here: &Here,
    status: StatusCode,
    form: Option<Form>,
    refused: Option<Problem>,
) -> Result<Response, Error> {
    let store = here.visit.app.store();
    let t = &here.visit.locale;
    let stored = store.destination(here.subscription.id).await?;
    let connected = stored.as_ref().map(Connected::read).transpose();
    // What is stored and cannot be read is connected anew.
    let (connected, unreadable) = match connected {
        Ok(connected) => (connected, None),
        Err(error) => (None, Some(Problem::explained(t, &error.explain()))),
    };
    let mut levels = Vec::new();
    if connected.is_some() {
        for level in Level::ALL {
            levels.push(LevelPart::of(here, level).await?);
        }
    }
    let form = form.unwrap_or_else(|| match &connected {
        Some(connected) => Form {
            region: connected.region.clone(),
            prefix: connected.prefix.clone(),
        },
        None => Form {
            region: Region::Us.name().into(),
            prefix: DEFAULT_PREFIX.into(),
        },
    });
    let mut c = Chrome::here(here, Place::Destination).await?;
    // The page says it more fully.
    let own = here.path(PAGE);
    c.alerts
        .retain(|alert| alert.link.as_ref().is_none_or(|(href, _)| *href != own));
    let page = DestinationPage {
        c,
        connected: connected
            .zip(stored)
            .map(|(connected, stored)| shown(here, connected, stored)),
        form,
        refused: refused.or(unreadable),
        levels,
    };
    answer(status, &page)
}

fn shown(here: &Here, connected: Connected, stored: Stored) -> Shown {
    let region: Option<Region> = connected.region.parse().ok();
    let t = &here.visit.locale;
    Shown {
        host: region.map(Region::host),
        region: connected.region,
        prefix: connected.prefix,
        by: stored.connected_by,
        at: stored.connected_at,
        broken: stored.broken.map(|why| words::broken(t, &why)),
    }
}

/// `POST …/settings/destination`: tries a key, and keeps it when it is right.
pub(crate) async fn connect(here: Here, posted: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let form = Form {
        region: posted.text("region").into(),
        prefix: posted.text("prefix").into(),
    };
    let key = posted.text("key");
    let problem = match form.region.parse::<Region>() {
        Err(_) => Problem::of(&visit.locale, &Error::Invalid("destination-no-region")),
        Ok(_) if key.is_empty() || key.len() > LONGEST || key.chars().any(char::is_whitespace) => {
            Problem::of(&visit.locale, &Error::Invalid("destination-no-key"))
        }
        Ok(region) => {
            let (runner, key) = (visit.app.runner(), SecretString::from(key));
            let tried = runner
                .destinations()
                .connect_pendo(
                    here.subscription.id,
                    region,
                    Some(&form.prefix),
                    key,
                    visit.who(),
                )
                .await;
            match tried {
                Ok(connected) => {
                    let details = json!({ "region": connected.region, "prefix": connected.prefix });
                    here.note("destination.connected", details).await?;
                    runner.ask_for_deliveries().await?;
                    let next = here.path(&format!("{PAGE}?note=note-destination-connected"));
                    return Ok(go(visit, &next));
                }
                // What is wrong here, and not with the key, is said as anywhere else.
                Err(error @ destination::Error::Store(_)) => return Err(error.into()),
                Err(error) => Problem::explained(&visit.locale, &error.explain()),
            }
        }
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    render(&here, status, Some(form), Some(problem)).await
}

/// `POST …/settings/destination/check`: asks Pendo what the key may do, and remembers it.
pub(crate) async fn check(here: Here, _: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let (store, runner) = (visit.app.store(), visit.app.runner());
    let subscription = here.subscription.id;
    let tried = runner.destinations().check(subscription).await;
    let not_there = matches!(tried, Err(destination::Error::NotConnected));
    if !not_there {
        let details = json!({ "works": tried.is_ok() });
        here.note("destination.checked", details).await?;
    }
    match tried {
        Ok(()) => {
            runner.ask_for_deliveries().await?;
            let next = here.path(&format!("{PAGE}?note=note-destination-works"));
            Ok(go(visit, &next))
        }
        Err(error) => {
            let stored = store.destination(subscription).await?;
            let broken = stored.and_then(|stored| stored.broken);
            if broken.is_some_and(|why| why == error.to_string()) {
                // The page says why by itself.
                return render(&here, StatusCode::UNPROCESSABLE_ENTITY, None, None).await;
            }
            let problem = Problem::explained(&visit.locale, &error.explain());
            let status = Error::of(&error).status();
            render(&here, status, None, Some(problem)).await
        }
    }
}

/// `POST …/settings/destination/disconnect`.
pub(crate) async fn disconnect(here: Here, _: Posted) -> Result<Response, Error> {
    let visit = &here.visit;
    let destinations = visit.app.runner().destinations();
    if destinations.disconnect(here.subscription.id).await? {
        here.note("destination.disconnected", json!({})).await?;
    }
    let next = here.path(&format!("{PAGE}?note=note-destination-disconnected"));
    Ok(go(visit, &next))
}
