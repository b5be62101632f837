//! One run: what became of the records, and the proof.

use askama::Template;
use axum::response::Response;
use model::MetadataType;
use serde_json::json;
use store::run::{Run, State};

use super::{
    Kept, Named, What,
    flow::{Line, flow, lines},
    is_counted,
    layout::{Picture, lay_out},
    numbers,
    proof::{Statement, statements},
    purpose, seconds, verdict,
};
use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, Tone, go, page},
    locale::{Count, Locale},
    pages::{
        destination::{Sending, words},
        mappings::live::Live,
    },
    posted::Posted,
    report::{Delivered, Numbers, TakenIn},
    visit::Here,
};

#[derive(Template)]
#[template(path = "run.html")]
pub(crate) struct RunPage {
    pub(crate) c: Chrome,
    pub(crate) run: Run,
    pub(crate) verdict: (Tone, &'static str),
    pub(crate) purpose: Option<&'static str>,
    pub(crate) seconds: Option<f64>,
    pub(crate) kept: Kept,
    /// What stopped it, or kept it from proving its result.
    pub(crate) problem: Option<Problem>,
    /// Its process ended before it did.
    pub(crate) lost: bool,
    /// The key that was measured, which only newer reports name.
    pub(crate) measured: Option<String>,
    pub(crate) live: Option<Live>,
    pub(crate) numbers: Option<Numbers>,
    pub(crate) result: Option<Outcome>,
    pub(crate) outside: Option<Outside>,
    /// The job that sends what waits of a run that is being delivered.
    pub(crate) sending: Option<Sending>,
    pub(crate) retention_days: u32,
}

/// What a run that was carried out found.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) picture: Picture,
    pub(crate) lines: Vec<Line>,
    pub(crate) proof: Vec<Statement>,
    pub(crate) held: Vec<Held>,
}

/// What became of what the destination outside was sent.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) tone: Tone,
    /// The name of a message: how it stands.
    pub(crate) state: &'static str,
    /// It is not over yet.
    pub(crate) under_way: bool,
    pub(crate) sent: Option<Delivered>,
    pub(crate) held: Vec<words::Held>,
    pub(crate) taken_in: Option<TakenIn>,
    /// Why the ids could not be taken in.
    pub(crate) problem: Option<Problem>,
}

impl Outcome {
    /// What shares are shares of.
    pub(crate) fn whole(&self) -> u64 {
        self.lines.first().map_or(0, |line| line.count)
    }
}

/// A field that was not written.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) field: String,
    pub(crate) why: String,
    /// What the program said, in English, where there are no words for it.
    pub(crate) said: Option<String>,
}

impl RunPage {
    /// Where the records behind a number are, if they are kept.
    pub(crate) fn list(&self, count: impl Count, what: What) -> Option<String> {
        let there = count.count() > 0 && self.kept.has(what);
        there.then(|| self.records(what.name()))
    }

    /// Where the quarantined values of a property are, if they are kept.
    pub(crate) fn quarantined(&self, property: &str) -> Option<String> {
        let query: String = url::form_urlencoded::byte_serialize(property.as_bytes()).collect();
        let there = self.kept.has(What::Quarantined);
        there.then(|| self.records(&format!("quarantined?property={query}")))
    }

    /// Calls to HubSpot of all kinds.
    pub(crate) fn calls(&self) -> u64 {
        let calls = self.numbers.iter().flat_map(|numbers| &numbers.calls);
        calls.map(|(_, count)| count).sum()
    }

    /// The address of a list of its records.
    pub(crate) fn records(&self, list: &str) -> String {
        self.c.path(&format!("runs/{}/records/{list}", self.run.id))
    }
}

/// `GET …/runs/{run}`.
pub(crate) async fn show(here: Here, named: Named) -> Result<Response, Error> {
    let run = named.run(&here).await?;
    let t = &here.visit.locale;
    let kept = Kept::find(&here, &run).await?;
    let numbers = numbers(&here, &run).await?;
    let result = numbers
        .as_ref()
        .filter(|_| is_counted(run.state))
        .map(|numbers| outcome(t, &run, numbers, kept));
    let outside = numbers
        .as_ref()
        .and_then(|numbers| outside(t, &run, numbers));
    let sending = if run.state == State::Delivering {
        Sending::of(&here, run.level).await?
    } else {
        None
    };
    let live = if run.state == State::Running {
        live(&here, &run).await?
    } else {
        None
    };
    let title = t.say("run-title").s("run", run.id).to_string();
    page(&RunPage {
        c: Chrome::here(&here, Place::Runs).await?.titled(title),
        verdict: verdict(run.state),
        purpose: purpose(&run),
        seconds: seconds(&run),
        kept,
        problem: problem(t, &run),
        lost: run.state == State::Failed && run.report.is_none(),
        measured: measured(&run),
        live,
        numbers,
        result,
        outside,
        sending,
        retention_days: here.visit.app.settings().retention_days,
        run,
    })
}

fn outcome(t: &Locale, run: &Run, numbers: &Numbers, kept: Kept) -> Outcome {
    let whole = flow(t, run.level, numbers, kept);
    let held = numbers.held.iter();
    Outcome {
        picture: lay_out(&whole),
        lines: lines(&whole),
        proof: statements(t, run, numbers),
        held: held.map(|(field, why)| held_field(t, field, why)).collect(),
    }
}

/// What became of what the destination outside was sent; `None` when there was none.
fn outside(t: &Locale, run: &Run, numbers: &Numbers) -> Option<Outside> {
    let (sent, taken_in) = (numbers.delivery.clone(), numbers.taken_in.clone());
    if sent.is_none() && taken_in.is_none() {
        return None;
    }
    let under_way = run.state == State::Delivering;
    let (tone, state) = match &sent {
        _ if under_way => (Tone::Plain, "run-delivering"),
        None => (Tone::Plain, "delivery-nothing"),
        Some(sent) if sent.is_whole() => (Tone::Good, "delivery-whole"),
        Some(sent) if sent.waiting() > 0 => (Tone::Warning, "delivery-unsent"),
        Some(_) => (Tone::Warning, "delivery-partly"),
    };
    let held = sent.iter().flat_map(|sent| &sent.held);
    let problem = taken_in.as_ref().and_then(|taken| taken.problem.as_ref());
    Some(Outside {
        tone,
        state,
        under_way,
        held: held
            .map(|(field, why)| words::held(t, field, why))
            .collect(),
        problem: problem.map(|problem| Problem::explained(t, problem)),
        sent,
        taken_in,
    })
}

/// Where a run stands that is under way.
async fn live(here: &Here, run: &Run) -> Result<Option<Live>, Error> {
    let live = Live::of(here, here.scope(run.level), Some(run)).await?;
    // Another run of the level may be under way meanwhile.
    Ok(live.filter(|live| live.run == Some(run.id)))
}

fn word<'a>(run: &'a Run, path: &str) -> Option<&'a str> {
    run.report.as_ref()?.pointer(path)?.as_str()
}

/// What a run's report says went wrong.
fn problem(t: &Locale, run: &Run) -> Option<Problem> {
    let word = |path: &str| word(run, path).unwrap_or_default().to_owned();
    let code = word("/error/code");
    (!code.is_empty()).then(|| {
        let explanation = sync::Explanation {
            code,
            message: word("/error/message"),
            hint: word("/error/hint"),
        };
        Problem::explained(t, &explanation)
    })
}

fn measured(run: &Run) -> Option<String> {
    word(run, "/measured").map(str::to_owned)
}

/// Why a field was not written. Reports say it in English words, which is what there is to go by.
fn held_field(t: &Locale, field: &str, why: &str) -> Held {
    let held = |words: String, said: Option<&str>| Held {
        field: field.to_owned(),
        why: words,
        said: said.map(str::to_owned),
    };
    match why {
        "the property is no longer in the portal" => held(t.text("run-held-gone"), None),
        "HubSpot left the property out of some answers although it is defined" => {
            held(t.text("run-held-left-out"), None)
        }
        _ => match changed_type(why) {
            Some((now, field)) => {
                let named = |kind: MetadataType| t.named("type", kind.name());
                let said = t
                    .say("run-held-type")
                    .s("now", named(now))
                    .s("field", named(field));
                held(said.to_string(), None)
            }
            None => held(t.text("run-held-unimportable"), Some(why)),
        },
    }
}

/// The types in "the property is now a … in HubSpot, the field is a …".
fn changed_type(why: &str) -> Option<(MetadataType, MetadataType)> {
    let rest = why.strip_prefix("the property is now a ")?;
    let (now, field) = rest.split_once(" in HubSpot, the field is a ")?;
    Some((now.parse().ok()?, field.parse().ok()?))
}

/// `POST …/runs/{run}/cancel`.
pub(crate) async fn cancel(here: Here, named: Named, _: Posted) -> Result<Response, Error> {
    let run = named.run(&here).await?;
    if live(&here, &run).await?.is_some_and(|live| live.queued)
        && here.visit.app.runner().stop(here.scope(run.level)).await?
    {
        let details = json!({ "level": run.level.name(), "run": run.id.0 });
        here.note("sync.cancelled", details).await?;
    }
    let next = here.path(&format!("runs/{}?note=note-cancelled", run.id));
    Ok(go(&here.visit, &next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;

    #[test]
    fn held_fields_say_why() {
        let t = Locale::of(Language::English);
        let gone = held_field(&t, "age", "the property is no longer in the portal");
        assert_eq!((gone.why, gone.said), (t.text("run-held-gone"), None));
        let changed = held_field(
            &t,
            "age",
            "the property is now a string in HubSpot, the field is a decimal",
        );
        assert!(changed.why.contains("string") && changed.why.contains("decimal"));
        let other = held_field(&t, "file", "file properties cannot be imported: …");
        assert_eq!(
            other.said.as_deref(),
            Some("file properties cannot be imported: …")
        );
    }
}
