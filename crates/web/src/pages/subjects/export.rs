//! The whole list as CSV, in the same form as the command line writes it.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::Query,
    response::{IntoResponse as _, Response},
};
use futures::stream;
use model::Level;
use store::{
    directory::{Listing, Sort},
    subject::Subject,
};
use sync::export::{Column, Labels, Sheet};

use super::{columns, labels, list::Asked, page_name};
use crate::{
    app::App,
    error::Error,
    sheet::attachment,
    visit::{AtLevel, Here},
};

/// Subjects read at once.
const PAGE: usize = 2_000;

/// How long a file waits for its order at a time.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the address asks for.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    view: String,
    /// `all` for every field.
    #[serde(default)]
    columns: String,
    /// What people see beside what is stored.
    labels: Option<String>,
    /// An apostrophe before what a spreadsheet would take for a formula.
    guard: Option<String>,
}

/// A file under way.
struct Under {
    app: App,
    listing: Listing,
    sheet: Sheet,
    started: bool,
    over: bool,
}

/// `GET …/csv`.
pub(crate) async fn download(
    here: Here,
    AtLevel(level): AtLevel,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let app = &here.visit.app;
    let fields = app.store().fields(scope).await?;
    let asked = Asked::read(&here, level, &wanted.view, &fields).await?;
    let labels = match wanted.labels {
        Some(_) => Some(Labels::clone(&*labels(&here, scope).await?)),
        None => None,
    };
    let chosen = if wanted.columns == "all" {
        None
    } else {
        let fields = columns::chosen(&here, scope, &fields).await?;
        let fields = fields.into_iter().map(|key| Column::Field {
            group: key.group,
            name: key.name,
        });
        let accounts = (level == Level::Visitor).then_some(Column::Accounts);
        Some(accounts.into_iter().chain(fields).collect())
    };
    let under = Under {
        app: app.clone(),
        listing: asked.view.listing(scope, &fields, &here.zone, None, PAGE),
        sheet: Sheet::new(level, &fields, chosen, labels, wanted.guard.is_some()),
        started: false,
        over: false,
    };
    let body = Body::from_stream(stream::try_unfold(under, next));
    Ok((attachment(page_name(level)), body).into_response())
}

/// The next page of the file. A failure breaks it off, so that nobody takes a part for the whole.
async fn next(mut under: Under) -> Result<Option<(Bytes, Under)>, std::io::Error> {
    if under.over {
        return Ok(None);
    }
    let mut out = Vec::new();
    if !std::mem::replace(&mut under.started, true) {
        under.sheet.write_header(&mut out);
    }
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a list could not be written as CSV to its end");
        std::io::Error::other("the list could not be read to its end")
    };
    let subjects = match page(&mut under).await {
        Ok(subjects) => subjects,
        Err(error) => return Err(failed(&error)),
    };
    if let Err(error) = under.sheet.write_rows(&subjects, &mut out) {
        // Not the error itself: it names an id.
        let damage: &dyn std::fmt::Display = match &error {
            sync::export::Error::Malformed { source, .. } => source,
            other => other,
        };
        return Err(failed(damage));
    }
    Ok(Some((out.into(), under)))
}

/// The next subjects, which may be none although more follow: what fits few of many is searched for in bounded steps.
async fn page(under: &mut Under) -> Result<Vec<Subject>, store::Error> {
    let store = under.app.store().clone();
    let mut found = store.list(&under.listing).await?;
    while let (true, Sort::Field(group, name)) = (found.unsorted, &under.listing.sort) {
        let (app, scope) = (&under.app, under.listing.scope);
        app.indexes()
            .provide(&store, scope, (*group, name), PATIENCE, app.now())
            .await?;
        found = store.list(&under.listing).await?;
    }
    let last = found.subjects.last().map(|(number, _)| *number);
    match (found.more, found.stopped_at) {
        (true, _) => under.listing.after = last,
        (false, Some(at)) => under.listing.after = Some(at),
        (false, None) => under.over = true,
    }
    Ok(found
        .subjects
        .into_iter()
        .map(|(_, subject)| subject)
        .collect())
}
