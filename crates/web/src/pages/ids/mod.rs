//! The ids that the product knows: files of visitors and accounts.

mod panel;
mod receive;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use model::Level;
use serde_json::json;
use store::{destination::Listing, upload::Upload};
use sync::upload::{Stage, preview};

use self::panel::{Busy, End, Panel, line};
pub(crate) use self::receive::receive;
use crate::{
    error::Error,
    events,
    frame::{Chrome, Place, answer, go},
    posted::Posted,
    sheet,
    visit::{AtLevel, Here},
};

#[derive(Template)]
#[template(path = "ids.html")]
pub(crate) struct IdsPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    /// How many ids are known.
    pub(crate) known: u64,
    /// What is known of the ids of the destination outside, if they come from there.
    pub(crate) outside: Option<Listing>,
    pub(crate) panel: Panel,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "_import_progress.html")]
pub(crate) struct ImportProgress<'a> {
    pub(crate) c: &'a Chrome,
    pub(crate) busy: &'a Busy,
}

type Answer = Result<Response, Error>;

/// `GET …/settings/ids/{level}`.
pub(crate) async fn show(here: Here, AtLevel(level): AtLevel) -> Answer {
    ids(&here, level, StatusCode::OK, None).await
}

async fn ids(
    here: &Here,
    level: Level,
    status: StatusCode,
    problem: Option<&'static str>,
) -> Answer {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let outside = match store.destination(scope.subscription).await? {
        Some(_) => Some(store.listing(scope).await?),
        None => None,
    };
    let page = IdsPage {
        c: Chrome::here(here, Place::Ids).await?,
        outside,
        level,
        known: store.count_subjects(scope).await?,
        panel: Panel::of(here, store.upload(scope).await?).await?,
        problem,
    };
    answer(status, &page)
}

fn address(here: &Here, level: Level) -> String {
    here.path(&format!("settings/ids/{}", level.name()))
}

/// The file that a form is about, as long as it is the level's.
async fn meant(here: &Here, level: Level, posted: &Posted) -> Result<Option<Upload>, Error> {
    let upload = here.visit.app.store().upload(here.scope(level)).await?;
    let number = posted.text("upload");
    Ok(upload.filter(|upload| upload.id.0.to_string() == number))
}

/// The page for a form about a file that is another one by now.
async fn replaced(here: &Here, level: Level) -> Answer {
    ids(here, level, StatusCode::CONFLICT, Some("ids-replaced")).await
}

/// `POST …/settings/ids/{level}/load`: has the file loaded whose beginning was shown.
pub(crate) async fn load(here: Here, AtLevel(level): AtLevel, posted: Posted) -> Answer {
    let Some(upload) = meant(&here, level, &posted).await? else {
        return replaced(&here, level).await;
    };
    let mirror = posted.has("mirror");
    let runner = here.visit.app.runner();
    let asked = runner.load(&upload, mirror, here.visit.who()).await?;
    if asked.is_some() {
        let details = json!({ "level": level.name(), "file": upload.name, "mirror": mirror });
        here.note("ids.imported", details).await?;
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `POST …/settings/ids/{level}/settle`: whether ids that are not in the file shall go.
pub(crate) async fn settle(here: Here, AtLevel(level): AtLevel, posted: Posted) -> Answer {
    let Some(upload) = meant(&here, level, &posted).await? else {
        return replaced(&here, level).await;
    };
    let app = &here.visit.app;
    if posted.text("remove") != "yes" {
        app.store().keep_unseen(upload.id).await?;
    } else if upload.unseen > 0 {
        let asked = app
            .runner()
            .remove_unseen(&upload, here.visit.who())
            .await?;
        if asked.is_some() {
            let details =
                json!({ "level": level.name(), "file": upload.name, "count": upload.unseen });
            here.note("ids.removed", details).await?;
        }
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `POST …/settings/ids/{level}/done`: puts the file away. What waits for an answer gets the harmless one.
pub(crate) async fn done(here: Here, AtLevel(level): AtLevel, posted: Posted) -> Answer {
    if let Some(upload) = meant(&here, level, &posted).await? {
        here.visit.app.store().forget_upload(upload.id).await?;
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `POST …/settings/ids/{level}/cancel`: asks the job about the file to stop. What is done stays.
pub(crate) async fn cancel(here: Here, AtLevel(level): AtLevel, _: Posted) -> Answer {
    let store = here.visit.app.store();
    let upload = store.upload(here.scope(level)).await?;
    if let Some(upload) = upload
        && let Some(job) = &upload.job
        && store.cancel_job(job.id, here.visit.now).await?
    {
        let details = json!({ "level": level.name(), "file": upload.name });
        here.note("ids.cancelled", details).await?;
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `GET …/settings/ids/{level}/progress`: how far the file is, until the job about it is over.
pub(crate) async fn progress(here: Here, AtLevel(level): AtLevel) -> Answer {
    let runner = here.visit.app.runner();
    let Some(steps) = runner.follow_upload(here.scope(level)).await? else {
        return Ok(events::over());
    };
    let chrome = Chrome::new(&here.visit, Place::Ids);
    Ok(events::stream(steps, move |upload| {
        let part = ImportProgress {
            busy: &Busy::of(&chrome.t, upload, Stage::of(upload)),
            c: &chrome,
        };
        (part.render().unwrap_or_default(), false)
    }))
}

/// `GET …/settings/ids/{level}/bad.csv`: the lines that could not be used.
pub(crate) async fn bad_lines(here: Here, AtLevel(level): AtLevel) -> Answer {
    let store = here.visit.app.store();
    let upload = store.upload(here.scope(level)).await?;
    let upload = upload.ok_or(Error::NotFound)?;
    let bad: Vec<(u64, String)> = match Stage::of(&upload) {
        Stage::Arrived => {
            let preview = preview(store, &upload).await.unwrap_or_default();
            preview.bad.iter().map(line).collect()
        }
        Stage::Over(outcome) => outcome.bad_lines,
        _ => Vec::new(),
    };
    let rows: Vec<_> = bad
        .into_iter()
        .map(|(line, reason)| vec![line.to_string(), reason])
        .collect();
    Ok(sheet::send(
        "bad-lines",
        &["line", "reason"],
        rows,
        |rows| std::future::ready(Ok((rows, None))),
    ))
}

/// `GET …/settings/ids`: the first level.
pub(crate) async fn start(here: Here) -> Answer {
    Ok(go(&here.visit, &address(&here, Level::Visitor)))
}
