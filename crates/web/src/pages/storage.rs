//! What is kept, how long, and how much room it takes.

use askama::Template;
use axum::response::Response;
use model::Level;
use store::storage::{Details, Kept, Room};

use crate::{
    error::Error,
    frame::{Chrome, Place, page},
    visit::Here,
};

#[derive(Template)]
#[template(path = "storage.html")]
pub(crate) struct StoragePage {
    pub(crate) c: Chrome,
    pub(crate) room: Room,
    pub(crate) retention_days: u32,
}

#[derive(Template)]
#[template(path = "_storage_counts.html")]
pub(crate) struct CountsPart {
    pub(crate) c: Chrome,
    pub(crate) levels: Vec<(Level, Kept)>,
    pub(crate) details: Details,
}

/// `GET …/settings/storage`.
pub(crate) async fn show(here: Here) -> Result<Response, Error> {
    page(&StoragePage {
        c: Chrome::here(&here, Place::Storage).await?,
        room: here.visit.app.store().room().await?,
        retention_days: here.visit.app.settings().retention_days,
    })
}

/// `GET …/settings/storage/counts`: what takes a moment to count.
pub(crate) async fn counts(here: Here) -> Result<Response, Error> {
    let store = here.visit.app.store();
    let mut levels = Vec::new();
    for level in Level::ALL {
        levels.push((level, store.kept(here.scope(level)).await?));
    }
    page(&CountsPart {
        c: Chrome::new_here(&here, Place::Storage),
        levels,
        details: store.details().await?,
    })
}
