//! Who changed what.

use askama::Template;
use axum::{extract::Query, response::Response};
use store::audit::Entry;

use crate::{
    error::Error,
    frame::{Chrome, Place, page},
    visit::Here,
};

/// Changes on a page.
const PAGE: i64 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    pub(crate) c: Chrome,
    pub(crate) entries: Vec<Shown>,
    /// Where the next page begins.
    pub(crate) next: Option<i64>,
    pub(crate) first: bool,
}

/// A change as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) entry: Entry,
    /// What was done, in the visitor's language.
    pub(crate) action: String,
    /// Where: the name of a subscription.
    pub(crate) subscription: String,
    /// To what: name and value.
    pub(crate) details: Vec<(String, String)>,
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Before {
    before: Option<i64>,
}

/// `GET …/settings/audit`.
pub(crate) async fn show(here: Here, Query(query): Query<Before>) -> Result<Response, Error> {
    let before = query.before.unwrap_or(i64::MAX);
    let changes = here.visit.app.store().changes(before, PAGE).await?;
    let full = i64::try_from(changes.len()).is_ok_and(|count| count == PAGE);
    let next = changes.last().map(|last| last.id).filter(|_| full);
    let t = &here.visit.locale;
    let entries = changes
        .into_iter()
        .map(|entry| {
            let key = format!("audit-{}", entry.action.replace('.', "-"));
            Shown {
                action: if t.has(&key) {
                    t.text(&key)
                } else {
                    entry.action.clone()
                },
                subscription: here
                    .all
                    .iter()
                    .find(|one| Some(one.id) == entry.subscription)
                    .map(|one| one.name.clone())
                    .unwrap_or_default(),
                details: entry
                    .details
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| {
                        let text = value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned);
                        (t.named("detail", name), text)
                    })
                    .collect(),
                entry,
            }
        })
        .collect();
    page(&AuditPage {
        c: Chrome::here(&here, Place::Audit).await?,
        entries,
        next,
        first: query.before.is_none(),
    })
}
