//! What the page says of the file that was sent.

use model::{MetadataType, payload};
use store::{
    import::NewSubject,
    job::{Job, Kind, State},
    upload::Upload,
};
use sync::{
    Explain as _, Explanation,
    import::{BadLine, Preview},
    upload::{Ended, Outcome, Progress, Stage, preview},
};

use crate::{error::Error, frame::Problem, locale::Locale, visit::Here};

/// Rows of a file that are shown before it is loaded.
const SHOWN: usize = 8;

/// What the page says.
#[derive(Debug, Clone)]
pub(crate) enum Panel {
    /// There is no file.
    Empty,
    /// Its beginning.
    Preview {
        upload: i64,
        name: String,
        size: u64,
        table: Table,
        fields: Vec<(String, &'static str)>,
        bad: Vec<(u64, String)>,
    },
    /// Why it cannot be read.
    Unreadable {
        upload: i64,
        name: String,
        problem: Problem,
    },
    /// A job about it waits or is under way.
    Busy {
        name: String,
        busy: Busy,
        /// Ids are removed because they are not in it.
        removal: bool,
        cancelling: bool,
    },
    /// It is loaded, as far as it is.
    Done {
        upload: i64,
        name: String,
        result: Result,
        end: End,
        /// Known ids that are not in the file, and may go.
        unseen: Option<u64>,
        /// Why they have not gone.
        problem: Option<Problem>,
    },
}

/// How far a job is.
#[derive(Debug, Clone)]
pub(crate) enum Busy {
    /// It has not begun, or will once more for a reason: what happened, and its number.
    Waiting(Option<(String, String)>),
    Loading {
        lines: u64,
        bytes: u64,
        size: u64,
    },
    Removing {
        removed: u64,
        left: u64,
    },
}

/// How loading ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Loaded,
    Cancelled,
    Failed(Problem),
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

impl Panel {
    /// Of the file of a level.
    pub(super) async fn of(
        here: &Here,
        upload: Option<Upload>,
    ) -> std::result::Result<Self, Error> {
        let Some(upload) = upload else {
            return Ok(Self::Empty);
        };
        let t = &here.visit.locale;
        Ok(match Stage::of(&upload) {
            Stage::Arrived => match preview(here.visit.app.store(), &upload).await {
                Ok(preview) => Self::previewed(upload, &preview),
                Err(error) => Self::Unreadable {
                    upload: upload.id.0,
                    name: upload.name,
                    problem: Problem::explained(t, &error.explain()),
                },
            },
            Stage::Over(outcome) => Self::done(t, upload, outcome),
            stage => Self::busy(t, upload, stage),
        })
    }

    fn previewed(upload: Upload, preview: &Preview) -> Self {
        Self::Preview {
            upload: upload.id.0,
            name: upload.name,
            size: upload.size,
            table: Table::of(&preview.subjects),
            fields: named(&preview.fields),
            bad: preview.bad.iter().map(line).collect(),
        }
    }

    fn busy(t: &Locale, upload: Upload, stage: Stage) -> Self {
        let job = upload.job.as_ref();
        Self::Busy {
            busy: Busy::of(t, &upload, stage),
            removal: job.is_some_and(removes),
            cancelling: job.is_some_and(|job| job.cancelling),
            name: upload.name,
        }
    }

    fn done(t: &Locale, upload: Upload, outcome: Outcome) -> Self {
        let end = match &outcome.end {
            Ended::Loaded => End::Loaded,
            Ended::Cancelled => End::Cancelled,
            Ended::Stopped(problem) => End::Failed(Problem::explained(t, problem)),
            Ended::GivenUp => End::Failed(given_up(t)),
        };
        let failed = |job: &&Job| removes(job) && job.state == State::Failed;
        let problem = upload.job.as_ref().filter(failed);
        Self::Done {
            upload: upload.id.0,
            problem: problem.map(|job| match Explanation::of_job(job) {
                Some(problem) => Problem::explained(t, &problem),
                None => given_up(t),
            }),
            unseen: Some(upload.unseen).filter(|unseen| *unseen > 0),
            result: Result {
                lines: outcome.lines,
                created: upload.created,
                known: outcome.known(upload.created),
                bad: outcome.bad,
                removed: upload.removed,
                fields: named(&upload.fields),
                lines_shown: outcome.bad_lines,
            },
            end,
            name: upload.name,
        }
    }
}

impl Busy {
    /// Of a file that is not loaded yet.
    pub(super) fn of(t: &Locale, upload: &Upload, stage: Stage) -> Self {
        match stage {
            Stage::Waiting(problem) => Self::Waiting(problem.map(|problem| {
                let title = Problem::explained(t, &problem).title;
                (title, problem.code)
            })),
            Stage::Removing => Self::Removing {
                removed: upload.removed,
                left: upload.unseen,
            },
            Stage::Loading(Progress { lines, bytes }) => Self::Loading {
                lines,
                bytes,
                size: upload.size,
            },
            Stage::Arrived | Stage::Over(_) => Self::Waiting(None),
        }
    }
}

fn removes(job: &Job) -> bool {
    matches!(job.kind, Kind::Remove(_))
}

fn given_up(t: &Locale) -> Problem {
    Problem {
        title: t.text("ids-given-up"),
        what_to_do: t.text("ids-given-up-do"),
        code: None,
        detail: None,
    }
}

fn named(fields: &[(String, MetadataType)]) -> Vec<(String, &'static str)> {
    let name = |(name, kind): &(String, MetadataType)| (name.clone(), kind.name());
    fields.iter().map(name).collect()
}

/// A line that cannot be used, and why.
pub(super) fn line(bad: &BadLine) -> (u64, String) {
    (bad.line, bad.reason.to_string())
}

impl Table {
    /// The first subjects of a file, with a column for each field that any of them has.
    fn of(subjects: &[NewSubject]) -> Self {
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
        let head =
            std::iter::once("id".to_owned()).chain(with_accounts.then(|| "accounts".to_owned()));
        Self {
            columns: head.chain(columns).collect(),
            rows,
        }
    }
}
