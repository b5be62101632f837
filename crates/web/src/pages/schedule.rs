//! When a subscription is synced by itself, and what waits in its queue.

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde_json::json;
use store::job::{Job, JobId, Kind, Only, State};
use sync::{
    Explanation,
    planner::{Idle, Outlook},
    schedule::{BadRhythm, Rhythm},
};

use crate::{
    error::Error,
    frame::{Chrome, Place, Tone, answer, go},
    posted::Posted,
    visit::{Here, Parameters},
};

/// Windows to come that are shown.
const NEXT: usize = 5;

/// Jobs that are shown.
const JOBS: i64 = 20;

/// What an interval is at first.
const MINUTES: &str = "60";

#[derive(Template)]
#[template(path = "schedule.html")]
pub(crate) struct SchedulePage {
    pub(crate) c: Chrome,
    pub(crate) outlook: Outlook,
    pub(crate) form: Form,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
    pub(crate) jobs: Vec<Entry>,
}

/// The rhythm as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// `nightly`, `every` or `cron`.
    pub(crate) rhythm: String,
    pub(crate) minutes: String,
    pub(crate) cron: String,
}

impl Form {
    fn of(rhythm: &str) -> Self {
        let form = |rhythm: &str| Self {
            rhythm: rhythm.into(),
            minutes: MINUTES.into(),
            cron: String::new(),
        };
        match rhythm.parse() {
            Ok(Rhythm::Every(minutes)) => Self {
                minutes: minutes.to_string(),
                ..form("every")
            },
            Ok(Rhythm::Cron(cron)) => Self {
                cron: cron.to_string(),
                ..form("cron")
            },
            // What cannot be read is nightly, as it is for whoever plans.
            Ok(Rhythm::Nightly) | Err(_) => form("nightly"),
        }
    }

    fn read(posted: &Posted) -> Self {
        Self {
            rhythm: posted.text("rhythm").into(),
            minutes: posted.text("minutes").into(),
            cron: posted.text("cron").into(),
        }
    }

    fn rhythm(&self) -> Result<Rhythm, BadRhythm> {
        match self.rhythm.as_str() {
            "every" => format!("every {}", self.minutes).parse(),
            "cron" => self.cron.parse().map(Rhythm::Cron),
            other => other.parse(),
        }
    }
}

/// A job as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) job: Job,
    pub(crate) tone: Tone,
    /// Why it failed, or waits again.
    pub(crate) problem: Option<String>,
    pub(crate) open: bool,
}

impl Entry {
    fn of(job: Job) -> Self {
        let tone = match job.state {
            State::Done => Tone::Good,
            State::Waiting | State::Running => Tone::Plain,
            State::Cancelled => Tone::Warning,
            State::Failed | State::Expired => Tone::Bad,
        };
        Self {
            tone,
            problem: Explanation::of_job(&job).map(|problem| problem.code),
            open: job.state.is_open(),
            job,
        }
    }

    /// What is done, other than a sync: the name of a message.
    fn what(&self) -> Option<&'static str> {
        match self.job.kind {
            Kind::Sync => None,
            Kind::Measure(_) => Some("run-measuring"),
            Kind::Import { .. } => Some("queue-import"),
            Kind::Remove(_) => Some("queue-remove"),
            Kind::Deliver => Some("queue-deliver"),
            Kind::Compare { .. } => Some("queue-compare"),
        }
    }
}

impl SchedulePage {
    /// Why nothing starts by itself: the name of a message.
    fn idle(&self) -> Option<&'static str> {
        self.outlook.idle.map(|idle| match idle {
            Idle::Paused => "schedule-idle-paused",
            Idle::SwitchedOff => "schedule-idle-off",
            Idle::NotMapped => "schedule-idle-not-mapped",
        })
    }
}

/// `GET …/settings/schedule`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    render(&here, StatusCode::OK, None, None).await
}

async fn render(
    here: &Here,
    status: StatusCode,
    form: Option<Form>,
    problem: Option<&'static str>,
) -> Result<Response, Error> {
    let (store, now) = (here.visit.app.store(), here.visit.now);
    let subscription = here.subscription.id;
    let outlook = Outlook::of(store, subscription, NEXT, now).await?;
    let outlook = outlook.ok_or(Error::NotFound)?;
    let only = Only {
        subscription: Some(subscription),
        ..Only::default()
    };
    let jobs = store.jobs(only, JOBS).await?;
    let page = SchedulePage {
        c: Chrome::here(here, Place::Schedule).await?,
        form: form.unwrap_or_else(|| Form::of(&outlook.schedule.rhythm)),
        outlook,
        problem,
        jobs: jobs.into_iter().map(Entry::of).collect(),
    };
    answer(status, &page)
}

/// `POST …/settings/schedule`: sets the rhythm.
pub(crate) async fn save(here: Here, posted: Posted) -> Result<Response, Error> {
    let form = Form::read(&posted);
    match form.rhythm() {
        Ok(rhythm) => {
            change(&here, Some(rhythm), None).await?;
            Ok(go(
                &here.visit,
                &here.path("settings/schedule?note=note-schedule-saved"),
            ))
        }
        Err(bad) => {
            let problem = match bad {
                BadRhythm::Unknown(_) => "schedule-unknown",
                BadRhythm::Interval(_) => "schedule-bad-interval",
                BadRhythm::Cron(_) => "schedule-bad-cron",
                BadRhythm::TooOften => "schedule-too-often",
                BadRhythm::Never => "schedule-never",
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(&here, status, Some(form), Some(problem)).await
        }
    }
}

/// `POST …/settings/schedule/pause`: pauses, or lets it go on.
pub(crate) async fn pause(here: Here, posted: Posted) -> Result<Response, Error> {
    let paused = posted.text("paused") == "yes";
    change(&here, None, Some(paused)).await?;
    let note = if paused {
        "note-paused"
    } else {
        "note-resumed"
    };
    Ok(go(
        &here.visit,
        &here.path(&format!("settings/schedule?note={note}")),
    ))
}

/// Changes the rhythm or the pause, and leaves the other as it is.
async fn change(here: &Here, rhythm: Option<Rhythm>, paused: Option<bool>) -> Result<(), Error> {
    let rhythm = rhythm.map(|rhythm| rhythm.to_string());
    let store = here.visit.app.store();
    let changed = store
        .change_schedule(
            here.subscription.id,
            rhythm.as_deref(),
            paused,
            here.visit.now,
        )
        .await?
        .ok_or(Error::NotFound)?;
    let details = json!({ "rhythm": changed.rhythm, "paused": changed.paused });
    here.note("schedule.changed", details).await
}

/// A job of the subscription, named in the address.
pub(crate) struct NamedJob(JobId);

impl<S: Send + Sync> FromRequestParts<S> for NamedJob {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let parameters = Parameters::from_request_parts(parts, state).await?;
        let job = parameters.get("job").and_then(|job| job.parse().ok());
        Ok(Self(JobId(job.ok_or(Error::NotFound)?)))
    }
}

/// `POST …/settings/schedule/jobs/{job}/cancel`.
pub(crate) async fn cancel(
    here: Here,
    NamedJob(id): NamedJob,
    _: Posted,
) -> Result<Response, Error> {
    let (store, now) = (here.visit.app.store(), here.visit.now);
    let job = store.job(id).await?;
    let job = job.filter(|job| job.scope.subscription == here.subscription.id);
    let job = job.ok_or(Error::NotFound)?;
    let (action, note) = match job.kind {
        Kind::Sync | Kind::Measure(_) => ("sync.cancelled", "note-cancelled"),
        Kind::Import { .. } | Kind::Remove(_) => ("ids.cancelled", "note-import-cancelled"),
        Kind::Deliver | Kind::Compare { .. } => ("outside.cancelled", "note-outside-cancelled"),
    };
    // One that is over has been overtaken: then there is nothing to cancel.
    if store.cancel_job(id, now).await? {
        let details = json!({ "level": job.scope.level.name(), "job": id.0 });
        here.note(action, details).await?;
    }
    Ok(go(
        &here.visit,
        &here.path(&format!("settings/schedule?note={note}")),
    ))
}
