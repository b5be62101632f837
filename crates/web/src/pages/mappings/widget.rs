//! The HubSpot widget: where a level stands on its way from a grant to a sync.

use askama::Template;
use jiff::Timestamp;
use model::{Level, RunId};
use store::{
    connection::{ConnectionInfo, Kind},
    job,
    mapping::{EmptyPolicy, MappedField, Mapping},
    run::{Run, State},
};
use sync::{
    Explanation,
    connect::scope_of,
    planner::{Idle, Outlook},
};

use super::live::Live;
use crate::{
    error::Error,
    frame::{Chrome, Problem, Tone},
    report::Numbers,
    visit::Here,
};

/// The optional scope that brings owners' names.
const OWNERS: &str = "crm.objects.owners.read";

#[derive(Template)]
#[template(path = "_widget.html")]
pub(crate) struct WidgetPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) widget: Widget,
}

/// Where a level stands.
#[derive(Debug, Clone)]
pub(crate) struct Widget {
    /// The integration is switched on.
    pub(crate) on: bool,
    /// There is an OAuth app to authenticate through.
    pub(crate) app: bool,
    pub(crate) connected: Option<Connected>,
    pub(crate) key: KeyStep,
    pub(crate) fields: FieldsStep,
    pub(crate) live: Option<Live>,
    pub(crate) last: Option<Last>,
    /// When the next one starts by itself.
    pub(crate) next: Next,
    /// Why the run that was asked for last did not begin.
    pub(crate) refused: Option<Problem>,
    /// What went wrong with what was just tried.
    pub(crate) problem: Option<Problem>,
    /// The grant was for another portal; it can be agreed to.
    pub(crate) other_portal: bool,
}

/// When a level is synced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    /// At this moment, or as soon as a process is free if it has come.
    pub(crate) at: Option<Timestamp>,
    /// What is said otherwise: the name of a message.
    pub(crate) idle: &'static str,
}

impl Next {
    async fn of(here: &Here) -> Result<Self, store::Error> {
        let (store, now) = (here.visit.app.store(), here.visit.now);
        let outlook = Outlook::of(store, here.subscription.id, 1, now).await?;
        let idle = outlook.as_ref().and_then(|outlook| outlook.idle);
        let window = outlook.and_then(|outlook| outlook.next.first().copied());
        Ok(Self {
            at: window
                .filter(|_| idle.is_none())
                .map(|window| window.starts.max(now)),
            idle: match idle {
                Some(Idle::Paused) => "sync-next-paused",
                _ => "sync-next-none",
            },
        })
    }
}

/// The connection as the first step shows it.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) name: Option<String>,
    pub(crate) portal: u64,
    pub(crate) oauth: bool,
    pub(crate) by: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) scopes: Vec<String>,
    pub(crate) lacking: Vec<Lacking>,
    /// The name of the message that says why it does not work.
    pub(crate) broken: Option<&'static str>,
    /// The level cannot be read by this grant.
    pub(crate) level_lacking: bool,
}

/// A scope that is not granted, and what that costs.
#[derive(Debug, Clone)]
pub(crate) struct Lacking {
    pub(crate) scope: String,
    /// The name of a message.
    pub(crate) cost: &'static str,
}

/// The second step: the key property.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyStep {
    pub(crate) property: Option<String>,
}

/// The third step: the fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldsStep {
    pub(crate) chosen: Vec<Chosen>,
    pub(crate) keep_empty: bool,
    /// What was stored when the page was made: saving on another state is a conflict.
    pub(crate) base: String,
    /// It differs from what is stored.
    pub(crate) dirty: bool,
    /// Names of fields that were stored and are not chosen any more.
    pub(crate) stopped: Vec<String>,
    /// The latest sync was proved, and nothing was changed since.
    pub(crate) done: bool,
    /// Somebody else saved meanwhile: what is different there.
    pub(crate) conflict: Option<Vec<String>>,
}

/// A chosen field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// The type's name.
    pub(crate) kind: &'static str,
    /// It is stored already.
    pub(crate) stored: bool,
}

/// The last sync.
#[derive(Debug, Clone)]
pub(crate) struct Last {
    pub(crate) run: RunId,
    pub(crate) at: Timestamp,
    pub(crate) state: State,
    pub(crate) numbers: Option<Numbers>,
}

impl Last {
    /// How much its result matters.
    pub(crate) fn tone(&self) -> Tone {
        match self.state {
            State::Success => Tone::Good,
            State::Failed => Tone::Bad,
            State::Running | State::Delivering => Tone::Plain,
            State::Partial | State::Cancelled => Tone::Warning,
        }
    }
}

impl Widget {
    /// As it is stored.
    pub(crate) async fn of(here: &Here, level: Level) -> Result<Self, Error> {
        let scope = here.scope(level);
        let app = &here.visit.app;
        let store = app.store();
        let settings = app.runner().connector().settings().await?;
        let info = store.connection_info(scope.subscription).await?;
        let mapping = store.mapping(scope).await?;
        let latest = store.syncs(scope, 1).await?.pop();
        let changed_at = store.mapping_changed_at(scope).await?;
        let refused = store
            .latest_job(scope)
            .await?
            .and_then(|job| refused(here, &job));
        let done = latest.as_ref().is_some_and(|run| {
            run.state == State::Success && changed_at.is_none_or(|at| at <= run.started_at)
        });
        Ok(Self {
            on: here.subscription.hubspot_on,
            app: settings.client_id.is_some() && settings.client_secret.is_some(),
            connected: info.as_ref().map(|info| connected(info, level)),
            key: KeyStep {
                property: mapping.as_ref().map(|mapping| mapping.key.to_string()),
            },
            fields: FieldsStep {
                done,
                ..FieldsStep::stored(mapping.as_ref())
            },
            live: Live::of(here, scope, latest.as_ref()).await?,
            last: latest.map(|run| last(&run)),
            next: Next::of(here).await?,
            refused,
            problem: None,
            other_portal: false,
        })
    }

    /// Whether the first step is done.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected
            .as_ref()
            .is_some_and(|connected| connected.broken.is_none() && !connected.level_lacking)
    }

    /// Whether the second step is done.
    pub(crate) fn is_keyed(&self) -> bool {
        self.key.property.is_some()
    }
}

fn connected(info: &ConnectionInfo, level: Level) -> Connected {
    let lacks = |scope: &str| {
        !info.scopes.is_empty() && !info.scopes.iter().any(|granted| granted == scope)
    };
    let lacking = [
        (scope_of(Level::Visitor.object()), "lacking-contacts"),
        (scope_of(Level::Account.object()), "lacking-companies"),
        (OWNERS, "lacking-owners"),
    ]
    .into_iter()
    .filter(|(scope, _)| lacks(scope))
    .map(|(scope, cost)| Lacking {
        scope: scope.to_owned(),
        cost,
    })
    .collect();
    Connected {
        name: info.portal.name.clone(),
        portal: info.portal.id.0,
        oauth: info.kind == Kind::OAuth,
        by: info.connected_by.clone(),
        at: info.connected_at,
        scopes: info.scopes.clone(),
        lacking,
        broken: match &info.broken {
            Some(_) if info.sealed => Some("connection-sealed"),
            Some(_) => Some("connection-broken"),
            None => None,
        },
        level_lacking: lacks(scope_of(level.object())),
    }
}

/// Why the run that a job asked for did not begin.
fn refused(here: &Here, job: &job::Job) -> Option<Problem> {
    let failed = job.state == job::State::Failed && job.run.is_none();
    let explanation = Explanation::of_job(job).filter(|_| failed)?;
    Some(Problem::explained(&here.visit.locale, &explanation))
}

fn last(run: &Run) -> Last {
    Last {
        run: run.id,
        at: run.finished_at.unwrap_or(run.started_at),
        state: run.state,
        numbers: Numbers::of(run),
    }
}

impl FieldsStep {
    /// As it is stored.
    pub(crate) fn stored(mapping: Option<&Mapping>) -> Self {
        let chosen = |field: &MappedField| Chosen {
            name: field.property.to_string(),
            display_name: field.display_name.clone(),
            kind: field.kind.name(),
            stored: true,
        };
        Self {
            chosen: mapping
                .map(|mapping| mapping.fields.iter().map(chosen).collect())
                .unwrap_or_default(),
            keep_empty: mapping.is_some_and(|mapping| mapping.empty == EmptyPolicy::Keep),
            base: base(mapping),
            ..Self::default()
        }
    }
}

/// What tells one state of a mapping from another.
pub(crate) fn base(mapping: Option<&Mapping>) -> String {
    let text = format!(
        "{:?}",
        mapping.map(|mapping| (&mapping.key, &mapping.fields, mapping.empty))
    );
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
}
