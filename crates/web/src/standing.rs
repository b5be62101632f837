//! How a subscription stands: what needs attention, and the steps of getting started. Every page says it.

use jiff::SignedDuration;
use model::Level;
use store::{
    connection::ConnectionInfo,
    destination::Destination,
    outbox::Waiting,
    run::{Run, State},
    schedule::Missed,
};

use crate::{
    error::Error,
    frame::Tone,
    pages::destination::{self, words},
    visit::Here,
};

/// Something that needs attention, on every page, with the way to mend it.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    pub(crate) link: Option<(String, String)>,
}

/// A step of getting started.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The name of its message.
    pub(crate) key: &'static str,
    pub(crate) done: bool,
    pub(crate) href: String,
}

/// Where the widget is.
const WIDGET: &str = "settings/data-mappings/visitor#hubspot";

/// How long changes may wait before every page says it.
const LONG: SignedDuration = SignedDuration::from_hours(24);

/// What needs attention in a subscription, and its steps of getting started: none once a sync was proved.
pub(crate) async fn standing(here: &Here) -> Result<(Vec<Alert>, Vec<Step>), Error> {
    let store = here.visit.app.store();
    let connection = store.connection_info(here.subscription.id).await?;
    let outside = store.destination(here.subscription.id).await?;
    let mut alerts = about_connection(here, connection.as_ref());
    if let Some(outside) = &outside {
        let waiting = store.waiting(Some(here.subscription.id)).await?;
        alerts.extend(about_destination(here, outside, &waiting));
    }
    let mut began = None;
    for level in Level::ALL {
        if let Some(latest) = store.syncs(here.scope(level), 1).await?.pop() {
            began = began.max(Some(latest.started_at));
            alerts.extend(about_run(here, &latest));
        }
    }
    let missed = store.missed_windows(here.subscription.id, 1).await?.pop();
    // Once a sync has begun after it, that one's result is what counts.
    let missed = missed.filter(|missed| began.is_none_or(|began| began < missed.closes));
    alerts.extend(missed.map(|missed| about_missed(here, missed)));
    let steps = if store.has_proved(here.subscription.id).await? {
        Vec::new()
    } else {
        steps(here, connection.is_some(), outside.is_some()).await?
    };
    Ok((alerts, steps))
}

fn about_connection(here: &Here, connection: Option<&ConnectionInfo>) -> Vec<Alert> {
    let t = &here.visit.locale;
    let mut alerts = Vec::new();
    if let Some(connection) = connection.filter(|connection| connection.broken.is_some()) {
        let key = if connection.sealed {
            "alert-sealed"
        } else {
            "alert-broken"
        };
        let portal = connection.portal.title();
        let text = t.say(key).s("portal", portal).to_string();
        let link = (here.path(WIDGET), t.text("alert-broken-link"));
        alerts.push(Alert {
            tone: Tone::Bad,
            text,
            link: here.visit.is_admin().then_some(link),
        });
    }
    if !here.subscription.hubspot_on {
        alerts.push(Alert {
            tone: Tone::Warning,
            text: t.text("alert-switched-off"),
            link: Some((here.path(WIDGET), t.text("alert-switched-off-link"))),
        });
    }
    alerts
}

/// A destination that cannot be written to, or that has not answered for long. What waits is there either way.
fn about_destination(here: &Here, outside: &Destination, waiting: &[Waiting]) -> Option<Alert> {
    let t = &here.visit.locale;
    let (tone, text) = if let Some(why) = &outside.broken {
        let said = words::broken(t, why).title;
        let said = t.say("alert-destination-broken").s("why", said);
        (Tone::Bad, said.to_string())
    } else {
        let since = waiting.iter().map(|waiting| waiting.since).min()?;
        if here.visit.now.duration_since(since) <= LONG {
            return None;
        }
        let count: u64 = waiting.iter().map(|waiting| waiting.changes).sum();
        let said = t
            .say("alert-destination-waiting")
            .n("count", count)
            .s("ago", t.ago(since, here.visit.now));
        (Tone::Warning, said.to_string())
    };
    Some(Alert {
        tone,
        text,
        link: Some((
            here.path(destination::PAGE),
            t.text("alert-destination-link"),
        )),
    })
}

fn about_run(here: &Here, run: &Run) -> Option<Alert> {
    let (tone, key) = match (run.state, run.level) {
        (State::Failed, Level::Visitor) => (Tone::Bad, "alert-visitor-failed"),
        (State::Failed, Level::Account) => (Tone::Bad, "alert-account-failed"),
        (State::Partial, Level::Visitor) => (Tone::Warning, "alert-visitor-partial"),
        (State::Partial, Level::Account) => (Tone::Warning, "alert-account-partial"),
        _ => return None,
    };
    let t = &here.visit.locale;
    let ago = t.ago(run.started_at, here.visit.now);
    Some(Alert {
        tone,
        text: t.say(key).s("ago", ago).to_string(),
        link: Some((
            here.path(&format!("runs/{}", run.id)),
            t.text("alert-run-link"),
        )),
    })
}

fn about_missed(here: &Here, missed: Missed) -> Alert {
    let t = &here.visit.locale;
    Alert {
        tone: Tone::Bad,
        text: t
            .say("alert-missed")
            .n("count", missed.windows)
            .s("ago", t.ago(missed.closes, here.visit.now))
            .to_string(),
        link: Some((here.path("settings/schedule"), t.text("alert-missed-link"))),
    }
}

async fn steps(here: &Here, connected: bool, outside: bool) -> Result<Vec<Step>, Error> {
    let store = here.visit.app.store();
    let (mut ids, mut mapped) = (false, false);
    for level in Level::ALL {
        let scope = here.scope(level);
        ids |= store.has_subjects(scope).await?;
        mapped |= store.mapping(scope).await?.is_some();
    }
    let step = |key, done, rest: &str| Step {
        key,
        done,
        href: here.path(rest),
    };
    Ok(vec![
        step("step-subscription", true, "settings/subscription"),
        if outside {
            step("step-ids-outside", true, destination::PAGE)
        } else {
            step("step-ids", ids, "settings/ids/visitor")
        },
        step("step-connect", connected, WIDGET),
        step("step-map", mapped, WIDGET),
        step("step-sync", false, WIDGET),
    ])
}
