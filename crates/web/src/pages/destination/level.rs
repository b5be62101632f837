//! How a level stands with its destination: what waits, our fields there, and whether it holds what was sent.

use axum::response::Response;
use jiff::Timestamp;
use model::Level;
use serde_json::json;
use store::{
    destination::{DestinationField, Listing},
    job::{Job, Kind, Only, State},
    outbox::Resend,
    run::{Origin, Trigger},
};
use sync::{Explanation, compare::Comparison};

use super::{PAGE, words};
use crate::{
    error::Error,
    frame::{Problem, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

/// Jobs among which those about a destination are looked for.
const JOBS: i64 = 100;

/// How a level stands.
#[derive(Debug, Clone)]
pub(crate) struct LevelPart {
    pub(crate) level: Level,
    pub(crate) mapped: bool,
    pub(crate) ids: Listing,
    /// How many changes wait, and since when the oldest.
    pub(crate) waiting: Option<(u64, Timestamp)>,
    /// Whether they are being sent, or when they are tried again.
    pub(crate) sending: Option<Sending>,
    pub(crate) fields: Vec<Field>,
    /// The last comparison.
    pub(crate) compared: Option<(Timestamp, Comparison)>,
    pub(crate) comparing: Option<Sending>,
}

/// A job that is not over.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) running: bool,
    pub(crate) due: Timestamp,
    /// Why it is tried again.
    pub(crate) problem: Option<Problem>,
}

impl Sending {
    /// The jobs of a level that send and that compare, as far as they are not over. A comparison that is due some time later is
    /// nobody's concern yet.
    async fn both(here: &Here, level: Level) -> Result<(Option<Self>, Option<Self>), Error> {
        let (t, scope) = (&here.visit.locale, here.scope(level));
        let only = Only {
            subscription: Some(scope.subscription),
            open: true,
            ..Only::default()
        };
        let jobs = here.visit.app.store().jobs(only, JOBS).await?;
        let open = |wanted: fn(&Kind) -> bool| {
            let its = |job: &&Job| job.scope == scope && wanted(&job.kind);
            jobs.iter().find(its).map(|job| Self {
                running: job.state == State::Running,
                due: job.due_at,
                problem: Explanation::of_job(job).map(|problem| Problem::explained(t, &problem)),
            })
        };
        let comparing = open(|kind| matches!(kind, Kind::Compare { .. }));
        let begun = |one: &Self| one.running || one.problem.is_some() || one.due <= here.visit.now;
        Ok((open(|kind| *kind == Kind::Deliver), comparing.filter(begun)))
    }

    /// The job that sends what waits of a level.
    pub(crate) async fn of(here: &Here, level: Level) -> Result<Option<Self>, Error> {
        Ok(Self::both(here, level).await?.0)
    }
}

/// One of our fields there.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) held: Option<words::Held>,
}

impl LevelPart {
    pub(super) async fn of(here: &Here, level: Level) -> Result<Self, Error> {
        let (store, scope) = (here.visit.app.store(), here.scope(level));
        let t = &here.visit.locale;
        let waiting = store.waiting(Some(scope.subscription)).await?;
        let (sending, comparing) = Sending::both(here, level).await?;
        let fields = store.destination_fields(scope).await?;
        let compared = store.comparison(scope).await?;
        let mapping = store.mapping(scope).await?;
        let pulled = |field: &DestinationField| {
            let mut mapped = mapping.iter().flat_map(|mapping| &mapping.fields);
            mapped.any(|mapped| mapped.property.as_str() == field.name)
        };
        Ok(Self {
            level,
            mapped: mapping.is_some(),
            ids: store.listing(scope).await?,
            waiting: waiting
                .into_iter()
                .find(|waiting| waiting.scope == scope)
                .map(|waiting| (waiting.changes, waiting.since)),
            sending,
            fields: fields
                .into_iter()
                .filter(pulled)
                .map(|field| Field {
                    held: field.held.map(|why| words::held(t, &field.name, &why)),
                    name: field.name,
                    key: format!("custom.{}", field.key),
                    kind: field.kind,
                })
                .collect(),
            compared: compared.and_then(|last| Some((last.at, Comparison::read(&last)?))),
            comparing,
        })
    }

    /// Whether something is under way that the page follows.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.is_some() || self.comparing.is_some()
    }

    /// Values that differ, by the last comparison.
    pub(crate) fn differences(&self) -> u64 {
        self.compared.map_or(0, |(_, found)| found.differences)
    }
}

/// `POST …/settings/destination/{level}/compare`: puts a comparison in the queue.
pub(crate) async fn compare(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = present(&here, level).await?;
    let all = posted.text("all") == "yes";
    let origin = Origin {
        trigger: Trigger::Page,
        by: Some(here.visit.who().to_owned()),
    };
    let kind = Kind::Compare { all };
    here.visit.app.runner().ask_for(scope, kind, origin).await?;
    let details = json!({ "level": level.name(), "all": all });
    here.note("destination.compared", details).await?;
    Ok(back(&here, "note-comparing"))
}

/// `POST …/settings/destination/{level}/resend`: puts values in the outbox once more.
pub(crate) async fn resend(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = present(&here, level).await?;
    let all = posted.text("all") == "yes";
    let what = if all { Resend::All } else { Resend::Drifted };
    let app = &here.visit.app;
    let count = app.store().resend(scope, what, here.visit.now).await?;
    app.runner().ask_for_deliveries().await?;
    let details = json!({ "level": level.name(), "all": all, "count": count });
    here.note("destination.resent", details).await?;
    let note = if count > 0 {
        "note-resent"
    } else {
        "note-resent-nothing"
    };
    Ok(back(&here, note))
}

/// The level, while the subscription has a destination.
async fn present(here: &Here, level: Level) -> Result<store::Scope, Error> {
    let store = here.visit.app.store();
    match store.destination(here.subscription.id).await? {
        Some(_) => Ok(here.scope(level)),
        None => Err(sync::destination::Error::NotConnected.into()),
    }
}

fn back(here: &Here, note: &str) -> Response {
    go(&here.visit, &here.path(&format!("{PAGE}?note={note}")))
}
