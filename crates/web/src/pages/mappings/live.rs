//! A run that is under way: its progress on the page, and the buttons that start and stop it.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use model::{Level, RunId};
use serde_json::json;
use store::{
    Scope,
    run::{Run, State},
};
use sync::{Phase, Progress, Request};

use super::widget_address;
use crate::{
    error::Error,
    events,
    frame::{Chrome, Place, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

/// A run that is under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    pub(crate) run: Option<RunId>,
    /// How many of the five phases are over.
    pub(crate) step: usize,
    pub(crate) records: u64,
    pub(crate) expected: Option<u64>,
    pub(crate) calls: u64,
    pub(crate) quota_left: Option<u64>,
    /// Seconds, once they can be told.
    pub(crate) left: Option<f64>,
    /// It is this process's own: it can be watched and cancelled.
    pub(crate) own: bool,
    /// It applies what it found: it ends whole from here.
    pub(crate) applying: bool,
}

#[derive(Template)]
#[template(path = "_live.html")]
pub(crate) struct LivePart<'a> {
    pub(crate) c: &'a Chrome,
    pub(crate) live: &'a Live,
}

impl Live {
    /// The run of a level that is under way, in this process or in another.
    pub(crate) fn of(here: &Here, scope: Scope, latest: Option<&Run>) -> Option<Self> {
        let runner = here.visit.app.runner();
        if let Some(underway) = runner.underway(scope) {
            let progress = *underway.progress.borrow();
            return Some(Self::at(&progress, here.visit.now));
        }
        let other = latest.filter(|run| run.state == State::Running)?;
        Some(Self {
            run: Some(other.id),
            own: false,
            ..Self::at(&Progress::default(), here.visit.now)
        })
    }

    /// At a moment.
    pub(crate) fn at(progress: &Progress, now: Timestamp) -> Self {
        let step = match progress.phase {
            Phase::Plan => 0,
            Phase::Read => 1,
            Phase::Reconcile => 2,
            Phase::Apply => 3,
            Phase::Prove => 4,
            Phase::Done => 5,
        };
        Self {
            run: progress.run,
            step,
            records: progress.records,
            expected: progress.expected,
            calls: progress.calls,
            quota_left: progress.quota_left,
            left: left(progress, now),
            own: true,
            applying: step >= 3,
        }
    }

    /// The records to come at least, for a bar.
    pub(crate) fn max(&self) -> u64 {
        self.expected.unwrap_or(0).max(self.records).max(1)
    }
}

/// Seconds until all records are read, by the pace so far.
fn left(progress: &Progress, now: Timestamp) -> Option<f64> {
    let (expected, started) = (progress.expected?, progress.started_at?);
    if progress.phase != Phase::Read || progress.records == 0 {
        return None;
    }
    let took = now.duration_since(started).as_secs_f64();
    if took < 2.0 {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "an estimate, shown in whole seconds"
    )]
    let left = expected.saturating_sub(progress.records) as f64 * took / progress.records as f64;
    Some(left)
}

/// `GET …/settings/data-mappings/{level}/progress`: the run's progress until it is over.
pub(crate) async fn progress(here: Here, AtLevel(level): AtLevel) -> Result<Response, Error> {
    let scope = here.scope(level);
    let app = here.visit.app.clone();
    let Some(underway) = app.runner().underway(scope) else {
        return Ok(events::over());
    };
    let chrome = Chrome::new(&here.visit, Place::Mappings);
    Ok(events::stream(underway.progress, move |progress| {
        let live = Live::at(progress, app.now());
        let part = LivePart {
            c: &chrome,
            live: &live,
        };
        (part.render().unwrap_or_default(), false)
    }))
}

/// `POST …/settings/data-mappings/{level}/sync`.
pub(crate) async fn sync_now(
    here: Here,
    AtLevel(level): AtLevel,
    _: Posted,
) -> Result<Response, Error> {
    begin(&here, level).await?;
    Ok(go(
        &here.visit,
        &widget_address(&here, level, "note-sync-started"),
    ))
}

/// Starts a run of a level, unless one is under way.
pub(crate) async fn begin(here: &Here, level: Level) -> Result<(), Error> {
    let request = Request::page(here.scope(level), here.visit.who());
    here.visit.app.runner().start([request]);
    here.note("sync.started", json!({ "level": level.name() }))
        .await
}

/// `POST …/settings/data-mappings/{level}/cancel`.
pub(crate) async fn cancel(
    here: Here,
    AtLevel(level): AtLevel,
    _: Posted,
) -> Result<Response, Error> {
    if let Some(underway) = here.visit.app.runner().underway(here.scope(level)) {
        underway.cancel();
        here.note("sync.cancelled", json!({ "level": level.name() }))
            .await?;
    }
    Ok(go(
        &here.visit,
        &widget_address(&here, level, "note-cancelled"),
    ))
}
