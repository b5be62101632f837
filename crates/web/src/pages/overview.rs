//! Whether all is well: the last proved sync, how fresh the data is, how well records match, what needs attention.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use model::{Level, RunId};
use store::run::{Run, State};

use crate::{
    error::Error,
    frame::{Chrome, Place, Tone, page},
    pages::runs::{is_counted, numbers},
    report::Numbers,
    visit::Here,
};

/// Runs of a level whose match rate is drawn.
const DRAWN: i64 = 20;

#[derive(Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    pub(crate) c: Chrome,
    pub(crate) levels: Vec<LevelCard>,
    pub(crate) attention: Vec<Attention>,
}

/// How a level stands.
#[derive(Debug, Clone)]
pub(crate) struct LevelCard {
    pub(crate) level: Level,
    pub(crate) tone: Tone,
    /// The name of a message.
    pub(crate) state: &'static str,
    /// The last proved sync.
    pub(crate) proved: Option<(RunId, Timestamp)>,
    pub(crate) known: u64,
    pub(crate) linked: u64,
    /// Matched and read of each of the last runs, oldest first.
    pub(crate) rates: Vec<Rate>,
    pub(crate) latest: Option<Numbers>,
}

/// The match rate of a run.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    pub(crate) run: RunId,
    pub(crate) at: Timestamp,
    pub(crate) matched: u64,
    pub(crate) read: u64,
}

impl Rate {
    /// In per cent, for drawing.
    pub(crate) fn percent(&self) -> u64 {
        (self.matched * 100).checked_div(self.read).unwrap_or(0)
    }
}

/// Something that could be mended, with the records behind it.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) text: String,
    pub(crate) href: String,
}

/// `GET …/overview`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    let store = here.visit.app.store();
    let mut levels = Vec::new();
    let mut attention = Vec::new();
    for level in Level::ALL {
        let scope = here.scope(level);
        let runs = store.syncs(scope, DRAWN).await?;
        let latest = runs.iter().find(|run| is_counted(run.state));
        if let Some(latest) = latest
            && let Some(numbers) = numbers(&here, latest).await?
        {
            collect(&here, latest, &numbers, &mut attention);
        }
        levels.push(card(&here, level, &runs, latest).await?);
    }
    page(&OverviewPage {
        c: Chrome::here(&here, Place::Overview).await?,
        levels,
        attention,
    })
}

async fn card(
    here: &Here,
    level: Level,
    runs: &[Run],
    latest: Option<&Run>,
) -> Result<LevelCard, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let proved = runs.iter().find(|run| run.state == State::Success);
    let (tone, state) = match runs.first().map(|run| run.state) {
        None if store.mapping(scope).await?.is_none() => (Tone::Plain, "level-not-mapped"),
        None => (Tone::Plain, "level-never"),
        Some(State::Running) => (Tone::Plain, "level-running"),
        Some(State::Delivering) => (Tone::Plain, "level-delivering"),
        Some(State::Success) => (Tone::Good, "level-proved"),
        Some(State::Partial) => (Tone::Warning, "level-partial"),
        Some(State::Cancelled) => (Tone::Warning, "level-cancelled"),
        Some(State::Failed) => (Tone::Bad, "level-failed"),
    };
    let numbers = latest.and_then(Numbers::of);
    Ok(LevelCard {
        level,
        tone,
        state,
        proved: proved.map(|run| (run.id, run.finished_at.unwrap_or(run.started_at))),
        known: match &numbers {
            Some(numbers) => numbers.known,
            None => store.count_subjects(scope).await?,
        },
        linked: numbers.as_ref().map_or(0, |numbers| numbers.linked),
        rates: runs
            .iter()
            .rev()
            .filter_map(|run| {
                let numbers = Numbers::of(run)?;
                Some(Rate {
                    run: run.id,
                    at: run.started_at,
                    matched: numbers.matched,
                    read: numbers.read,
                })
            })
            .filter(|rate| rate.read > 0)
            .collect(),
        latest: numbers,
    })
}

/// What the latest run of a level says could be mended.
fn collect(here: &Here, run: &Run, numbers: &Numbers, attention: &mut Vec<Attention>) {
    let t = &here.visit.locale;
    let level = match run.level {
        Level::Visitor => t.text("contacts"),
        Level::Account => t.text("companies"),
    };
    let records = |what: &str| here.path(&format!("runs/{}/records/{what}", run.id));
    let mut add = |key: &str, count: u64, href: String| {
        if count > 0 {
            let text = t.say(key).n("count", count).s("records", &level);
            attention.push(Attention {
                text: text.to_string(),
                href,
            });
        }
    };
    for (reason, count) in &numbers.missed {
        let key = match reason.code() {
            "differs_by_case" => "attention-case",
            "differs_by_space" => "attention-space",
            "differs_by_trailing_zero" => "attention-zero",
            "differs_by_prefix" => "attention-prefix",
            "duplicate_key" => "attention-duplicate",
            _ => continue,
        };
        add(
            key,
            *count,
            records(&format!("missed?reason={}", reason.code())),
        );
    }
    let quarantined = numbers.quarantined.iter().map(|(_, count)| count).sum();
    add("attention-quarantined", quarantined, records("quarantined"));
    if let Some(sent) = &numbers.delivery {
        add("attention-missing", sent.missing, records("missing"));
        add("attention-refused", sent.refused, records("refused"));
        add(
            "attention-held-outside",
            sent.held.len() as u64,
            here.path(&format!("runs/{}#delivery", run.id)),
        );
    }
    add(
        "attention-held",
        numbers.held.len() as u64,
        here.path(&format!("runs/{}", run.id)),
    );
}
