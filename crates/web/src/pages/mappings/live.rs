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
    /// It came by the queue: it can be watched and cancelled. A command's own run cannot.
    pub(crate) queued: bool,
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
    /// The run of a level that waits for its turn or is under way, whoever has it.
    pub(crate) async fn of(
        here: &Here,
        scope: Scope,
        latest: Option<&Run>,
    ) -> Result<Option<Self>, store::Error> {
        let now = here.visit.now;
        if let Some(progress) = here.visit.app.runner().present(scope).await? {
            return Ok(Some(Self::at(&progress, now)));
        }
        let command = latest.filter(|run| run.state == State::Running);
        Ok(command.map(|run| Self {
            run: Some(run.id),
            queued: false,
            ..Self::at(&Progress::default(), now)
        }))
    }

    /// At a moment.
    pub(crate) fn at(progress: &Progress, now: Timestamp) -> Self {
        let step = match progress.phase {
            Phase::Plan | Phase::Ids => 0,
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
            queued: true,
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
    let Some(steps) = app.runner().follow(scope).await? else {
        return Ok(events::over());
    };
    let chrome = Chrome::new(&here.visit, Place::Mappings);
    Ok(events::stream(steps, move |progress| {
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

/// Asks for a run of a level, unless one waits or is under way.
pub(crate) async fn begin(here: &Here, level: Level) -> Result<(), Error> {
    let request = Request::page(here.scope(level), here.visit.who());
    here.visit.app.runner().ask(request).await?;
    here.note("sync.started", json!({ "level": level.name() }))
        .await
}

/// `POST …/settings/data-mappings/{level}/cancel`.
pub(crate) async fn cancel(
    here: Here,
    AtLevel(level): AtLevel,
    _: Posted,
) -> Result<Response, Error> {
    if here.visit.app.runner().stop(here.scope(level)).await? {
        here.note("sync.cancelled", json!({ "level": level.name() }))
            .await?;
    }
    Ok(go(
        &here.visit,
        &widget_address(&here, level, "note-cancelled"),
    ))
}
