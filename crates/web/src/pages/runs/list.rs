//! The list of runs.

use askama::Template;
use axum::{extract::Query, response::Response};
use model::{Level, RunId};
use store::run::Run;

use super::{Kept, What, is_counted, purpose, seconds, verdict};
use crate::{
    error::Error,
    frame::{Chrome, Place, Tone, page},
    locale::Count,
    report::Numbers,
    sheet,
    visit::Here,
};

/// Runs on a page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "runs.html")]
pub(crate) struct RunsPage {
    pub(crate) c: Chrome,
    pub(crate) runs: Vec<Listed>,
    /// Where the next page begins.
    pub(crate) next: Option<RunId>,
    pub(crate) first: bool,
}

/// A run as the list shows it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) run: Run,
    pub(crate) verdict: (Tone, &'static str),
    pub(crate) purpose: Option<&'static str>,
    pub(crate) seconds: Option<f64>,
    /// Only of a run that got as far as counting.
    pub(crate) numbers: Option<Numbers>,
    pub(crate) kept: Kept,
}

impl Listed {
    /// Where the records behind a number are, if they are kept.
    pub(crate) fn list(&self, count: impl Count, what: What) -> Option<String> {
        let there = count.count() > 0 && self.kept.has(what);
        there.then(|| format!("runs/{}/records/{}", self.run.id, what.name()))
    }
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Before {
    before: Option<u64>,
}

/// `GET …/runs`.
pub(crate) async fn show(here: Here, Query(query): Query<Before>) -> Result<Response, Error> {
    let store = here.visit.app.store();
    // One more than is shown tells whether there is a next page.
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let before = query.before.map(RunId);
    let mut runs = store.runs(here.subscription.id, before, limit).await?;
    let more = runs.len() > PAGE;
    runs.truncate(PAGE);
    let next = runs.last().map(|last| last.id).filter(|_| more);
    let mut latest = Vec::new();
    for level in Level::ALL {
        latest.push((level, store.latest_applied_run(here.scope(level)).await?));
    }
    let listed = |run: Run| {
        let latest = latest.iter().find(|(level, _)| *level == run.level);
        Listed {
            verdict: verdict(run.state),
            purpose: purpose(&run),
            seconds: seconds(&run),
            numbers: Numbers::of(&run).filter(|_| is_counted(run.state)),
            kept: Kept::of(&run, latest.and_then(|(_, run)| *run)),
            run,
        }
    };
    page(&RunsPage {
        c: Chrome::here(&here, Place::Runs).await?,
        runs: runs.into_iter().map(listed).collect(),
        next,
        first: before.is_none(),
    })
}

/// The columns of the list as CSV: a contract with whatever reads it.
const HEAD: [&str; 22] = [
    "run",
    "level",
    "result",
    "purpose",
    "trigger",
    "by",
    "started",
    "finished",
    "seconds",
    "in_hubspot",
    "read",
    "matched",
    "missed",
    "excluded",
    "failed",
    "changed",
    "unchanged",
    "quarantined",
    "links_ended",
    "values_written",
    "values_cleared",
    "proved",
];

/// `GET …/runs.csv`: all runs, newest first, numbers as they are and times in UTC.
pub(crate) async fn csv(here: Here) -> Response {
    let (store, subscription) = (here.visit.app.store().clone(), here.subscription.id);
    sheet::send("runs", &HEAD, None, move |before: Option<RunId>| {
        let store = store.clone();
        async move {
            let runs = store.runs(subscription, before, sheet::PIECE).await?;
            let next = runs.last().map(|last| Some(last.id));
            Ok((runs.iter().map(row).collect(), next))
        }
    })
}

fn row(run: &Run) -> Vec<String> {
    let numbers = Numbers::of(run).filter(|_| is_counted(run.state));
    let count = |of: fn(&Numbers) -> u64| {
        let numbers = numbers.as_ref();
        numbers.map_or_else(String::new, |numbers| of(numbers).to_string())
    };
    let purpose = match purpose(run) {
        Some("run-measuring") => "measure",
        Some(_) => "dry_run",
        None => "sync",
    };
    let by = run.origin.by.as_deref().unwrap_or_default();
    vec![
        run.id.to_string(),
        run.level.to_string(),
        run.state.name().to_owned(),
        purpose.to_owned(),
        run.origin.trigger.name().to_owned(),
        sheet::text(by),
        run.started_at.to_string(),
        run.finished_at
            .map_or_else(String::new, |at| at.to_string()),
        seconds(run).map_or_else(String::new, |seconds| format!("{seconds:.3}")),
        count(|numbers| numbers.records),
        count(|numbers| numbers.read),
        count(|numbers| numbers.matched),
        count(Numbers::missed_in_all),
        count(|numbers| numbers.excluded),
        count(|numbers| numbers.failed),
        count(|numbers| numbers.changed),
        count(|numbers| numbers.unchanged),
        count(Numbers::quarantined_in_all),
        count(|numbers| numbers.links_ended),
        count(|numbers| numbers.written),
        count(|numbers| numbers.cleared),
        numbers.is_some_and(|numbers| numbers.proved).to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use store::{
        SubscriptionId,
        run::{Origin, State, Trigger},
    };

    use super::*;

    fn run(state: State) -> Run {
        Run {
            id: RunId(7),
            subscription: SubscriptionId(1),
            level: Level::Account,
            dry_run: false,
            origin: Origin {
                trigger: Trigger::Page,
                by: Some("=cmd@example.com".into()),
            },
            state,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Timestamp::from_millisecond(1_500).ok(),
            report: Some(json!({ "counts": { "read": 1_234_567, "matched": 4 }, "proved": true })),
            pruned: false,
        }
    }

    #[test]
    fn a_row_has_a_cell_per_column() {
        let row = row(&run(State::Success));
        assert_eq!(row.len(), HEAD.len());
        let cell = |name: &str| &row[HEAD.iter().position(|head| *head == name).unwrap()];
        assert_eq!(cell("read"), "1234567");
        assert_eq!(cell("seconds"), "1.500");
        assert_eq!(cell("started"), "1970-01-01T00:00:00Z");
        assert_eq!(cell("by"), "'=cmd@example.com");
        assert_eq!(cell("proved"), "true");
    }

    #[test]
    fn what_was_not_counted_is_empty() {
        let row = row(&run(State::Failed));
        let read = HEAD.iter().position(|head| *head == "read").unwrap();
        assert_eq!(row[read], "");
    }
}
