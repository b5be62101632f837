//! Visitors and accounts: a list of each, and a page for each of them. Both levels have the same pages.

mod columns;
mod detail;
mod edit;
mod export;
mod list;
mod look;
mod value;
mod view;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use model::{Level, RunId};
use store::Scope;
use sync::export::Labels;

pub(crate) use self::{
    columns::{pin, save as save_columns},
    detail::show as show_one,
    edit::{erase, set_value},
    export::download,
    list::show,
    look::{draft, look},
};
use crate::{error::Error, frame::Place, visit::Here};

/// How long a page waits for labels that HubSpot has to be asked for. Later ones stand on the next page.
const LABELS: Duration = Duration::from_millis(500);

/// The page of a level.
const fn place(level: Level) -> Place {
    match level {
        Level::Visitor => Place::Visitors,
        Level::Account => Place::Accounts,
    }
}

/// The name of that page in addresses.
const fn page_name(level: Level) -> &'static str {
    match level {
        Level::Visitor => "visitors",
        Level::Account => "accounts",
    }
}

/// The address of a level's list.
fn base(here: &Here, level: Level) -> String {
    here.path(page_name(level))
}

/// What people see for stored values.
async fn labels(here: &Here, scope: Scope) -> Result<Arc<Labels>, Error> {
    let (app, now) = (here.visit.app.clone(), here.visit.now);
    let store = app.store();
    // Nobody to ask.
    if store.connected_portal(scope.subscription).await?.is_none() {
        return Ok(Arc::default());
    }
    // A task of its own, so that the answer is kept for later even if it comes too late for this page.
    let asking = tokio::spawn(async move {
        let connector = app.runner().connector();
        app.catalogues()
            .labels(connector, app.store(), scope, now)
            .await
    });
    let answer = tokio::time::timeout(LABELS, asking).await;
    Ok(answer.ok().and_then(Result::ok).unwrap_or_default())
}

/// When runs ended that brought metadata.
async fn run_times(
    here: &Here,
    runs: &[Option<RunId>],
) -> Result<BTreeMap<RunId, Timestamp>, Error> {
    let mut times = BTreeMap::new();
    for run in runs.iter().copied().flatten() {
        if times.contains_key(&run) {
            continue;
        }
        let found = here
            .visit
            .app
            .store()
            .run(here.subscription.id, run)
            .await?;
        if let Some(found) = found {
            times.insert(run, found.finished_at.unwrap_or(found.started_at));
        }
    }
    Ok(times)
}
