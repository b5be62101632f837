//! The ids that the product knows: files of visitors and accounts.

use std::{io::Write as _, sync::Arc};

use askama::Template;
use axum::{
    extract::{Multipart, multipart::Field},
    http::StatusCode,
    response::Response,
};
use model::{Level, payload};
use serde_json::json;
use store::import::NewSubject;
use sync::import::BadLine;

use crate::{
    error::Error,
    events,
    frame::{Chrome, Place, Problem, answer, go},
    import::{Job, Stage},
    posted::{GUARD, Posted},
    sheet,
    visit::{AtLevel, Here},
};

/// Rows of a file that are shown before it is loaded.
const SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "ids.html")]
pub(crate) struct IdsPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    /// How many ids are known.
    pub(crate) known: u64,
    pub(crate) panel: Panel,
    /// The name of a message.
    pub(crate) problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "_import_progress.html")]
pub(crate) struct ImportProgress<'a> {
    pub(crate) c: &'a Chrome,
    pub(crate) lines: &'a u64,
    pub(crate) bytes: &'a u64,
    pub(crate) size: &'a u64,
}

/// What the page says of the file that was sent.
#[derive(Debug, Clone)]
pub(crate) enum Panel {
    /// None was.
    Empty,
    /// Its beginning.
    Preview {
        name: String,
        size: u64,
        table: Table,
        fields: Vec<(String, &'static str)>,
        bad: Vec<(u64, String)>,
    },
    /// Why it cannot be read.
    Unreadable { name: String, problem: Problem },
    /// It is being loaded.
    Loading {
        name: String,
        lines: u64,
        bytes: u64,
        size: u64,
    },
    /// It is loaded.
    Done {
        name: String,
        result: Result,
        /// Known ids that are not in the file, and may go.
        unseen: Option<u64>,
        problem: Option<Problem>,
    },
}

/// The beginning of a file as a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// What came of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Result {
    pub(crate) lines: u64,
    pub(crate) created: u64,
    pub(crate) known: u64,
    pub(crate) bad: u64,
    pub(crate) removed: u64,
    pub(crate) fields: Vec<(String, &'static str)>,
    pub(crate) lines_shown: Vec<(u64, String)>,
}

type Answer = std::result::Result<Response, Error>;

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
    let app = &here.visit.app;
    let job = app.imports().of(scope);
    let page = IdsPage {
        c: Chrome::here(here, Place::Ids).await?,
        level,
        known: app.store().count_subjects(scope).await?,
        panel: panel(here, job.as_deref()),
        problem,
    };
    answer(status, &page)
}

fn panel(here: &Here, job: Option<&Job>) -> Panel {
    let Some(job) = job else {
        return Panel::Empty;
    };
    let name = job.name.clone();
    let explained = |explanation| Problem::explained(&here.visit.locale, explanation);
    let types = |fields: &[(String, model::MetadataType)]| {
        fields
            .iter()
            .map(|(name, kind)| (name.clone(), kind.name()))
            .collect::<Vec<_>>()
    };
    let lines = |bad: &[BadLine]| {
        bad.iter()
            .map(|line| (line.line, line.reason.to_string()))
            .collect::<Vec<_>>()
    };
    match job.stage() {
        Stage::Shown(preview) => Panel::Preview {
            name,
            size: job.size,
            table: table(&preview.subjects),
            fields: types(&preview.fields),
            bad: lines(&preview.bad),
        },
        Stage::Unreadable(explanation) => Panel::Unreadable {
            name,
            problem: explained(&explanation),
        },
        Stage::Loading(report) => Panel::Loading {
            name,
            lines: report.lines,
            bytes: report.bytes,
            size: job.size,
        },
        Stage::Asking(loaded, unseen) => Panel::Done {
            name,
            result: result(&loaded, types, lines),
            unseen: Some(unseen),
            problem: None,
        },
        Stage::Done(loaded) => Panel::Done {
            name,
            result: result(&loaded, types, lines),
            unseen: None,
            problem: None,
        },
        Stage::Stopped(loaded, explanation) => Panel::Done {
            name,
            result: result(&loaded, types, lines),
            unseen: None,
            problem: Some(explained(&explanation)),
        },
    }
}

fn result(
    loaded: &crate::import::Loaded,
    types: impl Fn(&[(String, model::MetadataType)]) -> Vec<(String, &'static str)>,
    lines: impl Fn(&[BadLine]) -> Vec<(u64, String)>,
) -> Result {
    Result {
        lines: loaded.report.lines,
        created: loaded.report.created,
        known: loaded.report.known,
        bad: loaded.report.bad,
        removed: loaded.removed,
        fields: types(&loaded.report.fields),
        lines_shown: lines(&loaded.bad),
    }
}

/// The first subjects of a file, with a column for each field that any of them has.
fn table(subjects: &[NewSubject]) -> Table {
    let shown = &subjects[..subjects.len().min(SHOWN)];
    let mut columns: Vec<String> = Vec::new();
    let entries = |subject: &NewSubject| {
        payload::entries(subject.agent.as_deref().unwrap_or("{}"))
            .flatten()
            .map(|(name, token)| {
                let text = payload::unescape(token).unwrap_or_else(|| token.into());
                (name.into_owned(), text.into_owned())
            })
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = shown.iter().map(entries).collect();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let with_accounts = shown.iter().any(|subject| subject.accounts.is_some());
    let cells = |(subject, row): (&NewSubject, &Vec<(String, String)>)| {
        let accounts = with_accounts.then(|| {
            let ids: Vec<String> = subject
                .accounts
                .as_deref()
                .and_then(|ids| serde_json::from_str(ids).ok())
                .unwrap_or_default();
            ids.join(", ")
        });
        let values = columns.iter().map(|column| {
            let found = row.iter().find(|(name, _)| name == column);
            found.map_or_else(String::new, |(_, value)| value.clone())
        });
        std::iter::once(subject.id.clone())
            .chain(accounts)
            .chain(values)
            .collect()
    };
    let rows = shown.iter().zip(&rows).map(cells).collect();
    let head = std::iter::once("id".to_owned()).chain(with_accounts.then(|| "accounts".to_owned()));
    Table {
        columns: head.chain(columns).collect(),
        rows,
    }
}

/// `POST …/settings/ids/{level}/file`: takes a file in, and shows its beginning.
pub(crate) async fn receive(here: Here, AtLevel(level): AtLevel, mut form: Multipart) -> Answer {
    let scope = here.scope(level);
    let app = &here.visit.app;
    let mut genuine = false;
    let bad = |_| Error::Invalid("invalid-upload");
    while let Some(mut field) = form.next_field().await.map_err(bad)? {
        match field.name() {
            Some(GUARD) => genuine = field.text().await.map_err(bad)? == here.visit.guard(),
            // Stands behind the guard in the form, so that nothing is kept of a forged one.
            Some("file") if genuine => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    let status = StatusCode::UNPROCESSABLE_ENTITY;
                    return ids(&here, level, status, Some("ids-no-file")).await;
                }
                let file = keep(&here, &mut field).await?;
                let job = app.imports().receive(app.store(), scope, name, file).await;
                if job.is_some() {
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

fn address(here: &Here, level: Level) -> String {
    here.path(&format!("settings/ids/{}", level.name()))
}

/// Writes what is sent into a file of the data directory, piece by piece.
async fn keep(
    here: &Here,
    field: &mut Field<'_>,
) -> std::result::Result<tempfile::TempPath, Error> {
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "an upload could not be written");
        Error::Invalid("invalid-upload-disk")
    };
    let directory = here.visit.app.store().data_dir();
    let mut file = tempfile::Builder::new()
        .prefix(".upload-")
        .tempfile_in(directory)
        .map_err(failed)?;
    while let Some(piece) = field
        .chunk()
        .await
        .map_err(|_| Error::Invalid("invalid-upload"))?
    {
        file.write_all(&piece).map_err(failed)?;
    }
    file.flush().map_err(failed)?;
    Ok(file.into_temp_path())
}

/// `POST …/settings/ids/{level}/load`: loads the file whose beginning was shown.
pub(crate) async fn load(here: Here, AtLevel(level): AtLevel, posted: Posted) -> Answer {
    let scope = here.scope(level);
    let app = &here.visit.app;
    let job = app.imports().of(scope).ok_or(Error::NotFound)?;
    let mirror = posted.has("mirror");
    if job.load(app.store().clone(), scope, app.clock(), mirror) {
        here.note(
            "ids.imported",
            json!({ "level": level.name(), "file": job.name, "mirror": mirror }),
        )
        .await?;
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `POST …/settings/ids/{level}/settle`: whether ids that are not in the file shall go.
pub(crate) async fn settle(here: Here, AtLevel(level): AtLevel, posted: Posted) -> Answer {
    let scope = here.scope(level);
    let job = here.visit.app.imports().of(scope).ok_or(Error::NotFound)?;
    let remove = posted.text("remove") == "yes";
    job.settle(remove).await;
    if remove {
        here.note(
            "ids.removed",
            json!({ "level": level.name(), "file": job.name }),
        )
        .await?;
    }
    Ok(go(&here.visit, &address(&here, level)))
}

/// `POST …/settings/ids/{level}/done`: puts the file away.
pub(crate) async fn done(here: Here, AtLevel(level): AtLevel, _: Posted) -> Answer {
    let scope = here.scope(level);
    let imports = here.visit.app.imports();
    if let Some(job) = imports.of(scope) {
        // What waits for an answer gets the harmless one.
        job.settle(false).await;
    }
    imports.put_away(scope);
    Ok(go(&here.visit, &address(&here, level)))
}

/// `GET …/settings/ids/{level}/progress`: how far the file is, until it is loaded.
pub(crate) async fn progress(here: Here, AtLevel(level): AtLevel) -> Answer {
    let scope = here.scope(level);
    let Some(job) = here.visit.app.imports().of(scope) else {
        return Ok(events::over());
    };
    let chrome = Chrome::new(&here.visit, Place::Ids);
    let stages = job.watch();
    Ok(events::stream(stages, move |stage| match stage {
        Stage::Loading(report) => {
            let part = ImportProgress {
                c: &chrome,
                lines: &report.lines,
                bytes: &report.bytes,
                size: &job.size,
            };
            (part.render().unwrap_or_default(), false)
        }
        _ => (String::new(), true),
    }))
}

/// `GET …/settings/ids/{level}/bad.csv`: the lines that could not be used.
pub(crate) async fn bad_lines(here: Here, AtLevel(level): AtLevel) -> Answer {
    let scope = here.scope(level);
    let job: Arc<Job> = here.visit.app.imports().of(scope).ok_or(Error::NotFound)?;
    let bad = match job.stage() {
        Stage::Done(loaded) | Stage::Asking(loaded, _) | Stage::Stopped(loaded, _) => loaded.bad,
        Stage::Shown(preview) => preview.bad,
        _ => Vec::new(),
    };
    let row = |line: &BadLine| vec![line.line.to_string(), line.reason.to_string()];
    let rows: Vec<_> = bad.iter().map(row).collect();
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
