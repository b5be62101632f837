//! A file on its way in: from the browser into the database, part by part.

use axum::{
    extract::{Multipart, multipart::Field},
    http::StatusCode,
    response::Response,
};
use model::Level;
use store::{UploadId, upload::Upload};

use super::{address, ids};
use crate::{
    error::Error,
    frame::go,
    posted::GUARD,
    visit::{AtLevel, Here},
};

/// Bytes of a part. As much of a file is in memory at once.
const PART: usize = 1 << 20;

/// `POST …/settings/ids/{level}/file`: takes a file in, and shows its beginning.
pub(crate) async fn receive(
    here: Here,
    AtLevel(level): AtLevel,
    mut form: Multipart,
) -> Result<Response, Error> {
    let mut genuine = false;
    while let Some(mut field) = form.next_field().await.map_err(cut)? {
        match field.name() {
            Some(GUARD) => genuine = field.text().await.map_err(cut)? == here.visit.guard(),
            // Stands behind the guard in the form, so that nothing is kept of a forged one.
            Some("file") if genuine => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    let status = StatusCode::UNPROCESSABLE_ENTITY;
                    return ids(&here, level, status, Some("ids-no-file")).await;
                }
                if take_in(&here, level, &name, &mut field).await? {
                    return Ok(go(&here.visit, &address(&here, level)));
                }
                return ids(&here, level, StatusCode::CONFLICT, Some("ids-busy")).await;
            }
            Some("file") => return Err(Error::Forged),
            _ => {}
        }
    }
    Err(Error::Invalid("invalid-upload"))
}

fn cut<E>(_: E) -> Error {
    Error::Invalid("invalid-upload")
}

/// Keeps a file, in place of the one before. Says whether it did: while that one waits or is being loaded, the new one is read
/// to its end, so that the browser hears why, and not kept.
async fn take_in(
    here: &Here,
    level: Level,
    name: &str,
    field: &mut Field<'_>,
) -> Result<bool, Error> {
    let (app, scope) = (&here.visit.app, here.scope(level));
    let present = app.store().upload(scope).await?;
    if present.as_ref().is_some_and(Upload::is_busy) {
        while field.chunk().await.map_err(cut)?.is_some() {}
        return Ok(false);
    }
    let begun = app
        .store()
        .begin_upload(scope, name, here.visit.who(), app.now());
    let upload = begun.await?;
    match keep(here, upload, field).await {
        Ok(()) => Ok(app
            .store()
            .complete_upload(scope, upload, app.now())
            .await?),
        Err(error) => {
            app.store().forget_upload(upload).await?;
            Err(error)
        }
    }
}

/// Keeps what is sent, a part at a time.
async fn keep(here: &Here, upload: UploadId, field: &mut Field<'_>) -> Result<(), Error> {
    let app = &here.visit.app;
    let (mut part, mut number) = (Vec::new(), 0);
    while let Some(piece) = field.chunk().await.map_err(cut)? {
        part.extend_from_slice(&piece);
        if part.len() >= PART {
            let whole = std::mem::take(&mut part);
            app.store()
                .add_part(upload, number, whole, app.now())
                .await?;
            number += 1;
        }
    }
    if !part.is_empty() {
        app.store()
            .add_part(upload, number, part, app.now())
            .await?;
    }
    Ok(())
}
