//! Files of ids that people have sent, on their way into a level: looked at, waited for, loaded, and what came of them.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    Scope, Store, UploadId,
    job::{self, Job, JobId, Kind},
    run::{Origin, Trigger},
    upload::Upload,
};
use tokio::{runtime::Handle, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Explanation, Runner,
    import::{self, BadLine, Options, Preview, Report},
    runner::{followed, wish},
};

/// Bad lines that are kept to show.
const SHOWN: usize = 1_000;

/// How far a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It has arrived, and its beginning can be looked at; nothing is loaded.
    Arrived,
    /// A process has to be free and the level too, or what went wrong has to pass.
    Waiting(Option<Explanation>),
    /// It is being loaded.
    Loading(Progress),
    /// Known ids that are not in it are being erased.
    Removing,
    /// Loading has ended.
    Over(Outcome),
}

impl Stage {
    /// Of a file that is kept.
    pub fn of(upload: &Upload) -> Self {
        match &upload.job {
            Some(job) if job.state.is_open() => Self::of_open(job),
            job => match (&upload.outcome, job.as_ref().and_then(unnoted)) {
                (Some(outcome), _) => Self::Over(Outcome::read(outcome)),
                (None, Some(end)) => Self::Over(Outcome {
                    end,
                    ..Outcome::default()
                }),
                (None, None) => Self::Arrived,
            },
        }
    }

    fn of_open(job: &Job) -> Self {
        match (job.state, &job.kind) {
            (job::State::Waiting, _) => Self::Waiting(Explanation::of_job(job)),
            (_, Kind::Remove(_)) => Self::Removing,
            _ => Self::Loading(Progress::read(job.note.as_deref())),
        }
    }
}

/// How a job ended that could not note what came of the file; `None` if it never began.
fn unnoted(job: &Job) -> Option<Ended> {
    job.started_at?;
    Some(match (job.state, Explanation::of_job(job)) {
        (job::State::Cancelled, _) => Ended::Cancelled,
        (_, Some(problem)) => Ended::Stopped(problem),
        (_, None) => Ended::GivenUp,
    })
}

/// How far loading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Lines read.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
}

impl Progress {
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            lines: report.lines,
            bytes: report.bytes,
        }
    }

    /// As it is noted on the job.
    pub(crate) fn written(self) -> String {
        json!({ "lines": self.lines, "bytes": self.bytes }).to_string()
    }

    /// Reads what [`Progress::written`] wrote. What is not there is as at the beginning.
    fn read(text: Option<&str>) -> Self {
        let noted: Value = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        Self {
            lines: noted["lines"].as_u64().unwrap_or(0),
            bytes: noted["bytes"].as_u64().unwrap_or(0),
        }
    }
}

/// What came of loading a file. What it has created stands with the file, where it survives whoever loads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Lines with content, a CSV header not among them.
    pub lines: u64,
    /// Lines that could not be used.
    pub bad: u64,
    /// The first of those, with the reasons.
    pub bad_lines: Vec<(u64, String)>,
    /// How it ended.
    pub end: Ended,
}

/// How loading ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With the last line.
    #[default]
    Loaded,
    /// Somebody asked it to stop.
    Cancelled,
    /// It could not go on.
    Stopped(Explanation),
    /// Whoever loaded it died, time and again.
    GivenUp,
}

impl Outcome {
    /// Adds what an import says.
    pub(crate) fn observe(&mut self, report: &Report, bad: &[BadLine]) {
        self.lines = report.lines;
        self.bad = report.bad;
        let room = SHOWN.saturating_sub(self.bad_lines.len());
        let named = bad.iter().map(|line| (line.line, line.reason.to_string()));
        self.bad_lines.extend(named.take(room));
    }

    /// Whether the file holds what it is said to hold: a line that cannot be read may hold an id.
    pub(crate) fn is_whole(&self) -> bool {
        self.bad == 0 && self.lines > 0
    }

    /// Lines for ids that were known before.
    pub fn known(&self, created: u64) -> u64 {
        self.lines.saturating_sub(self.bad + created)
    }

    pub(crate) fn written(&self) -> String {
        serde_json::to_string(self).expect("an outcome serialises")
    }

    /// Reads what [`Outcome::written`] wrote; a newer release may have written something else.
    fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Reads the beginning of a file that has arrived, as loading it would.
///
/// # Errors
/// When it cannot be read at all.
pub async fn preview(store: &Store, upload: &Upload) -> Result<Preview, import::Error> {
    let source = Parts::new(store, upload, CancellationToken::new());
    import::preview(store, upload.scope, source, &Options::default()).await
}

impl Runner {
    /// Puts the loading of a file in the queue. `None` if that has been asked for already, or the file is gone.
    pub async fn load(
        &self,
        upload: &Upload,
        mirror: bool,
        by: &str,
    ) -> Result<Option<JobId>, store::Error> {
        let kind = Kind::Import {
            upload: upload.id,
            mirror,
        };
        self.ask_about(upload, kind, by).await
    }

    /// Puts the erasing of known ids that are not in a file in the queue. `None` if that has been asked for already, or the file
    /// is gone.
    pub async fn remove_unseen(
        &self,
        upload: &Upload,
        by: &str,
    ) -> Result<Option<JobId>, store::Error> {
        self.ask_about(upload, Kind::Remove(upload.id), by).await
    }

    async fn ask_about(
        &self,
        upload: &Upload,
        kind: Kind,
        by: &str,
    ) -> Result<Option<JobId>, store::Error> {
        let now = self.clock().now();
        let origin = Origin {
            trigger: Trigger::Page,
            by: Some(by.into()),
        };
        let job = wish(upload.scope, kind, origin, now);
        let asked = self.store().ask_about(upload.id, &job, now).await?;
        self.wake();
        Ok(asked)
    }

    /// The file of a level for as long as a job about it waits or is under way, whichever process has it; `None` if there is
    /// none. The channel closes when it is over.
    pub async fn follow_upload(
        &self,
        scope: Scope,
    ) -> Result<Option<watch::Receiver<Upload>>, store::Error> {
        let Some(first) = busy(self.store(), scope).await? else {
            return Ok(None);
        };
        let store = self.store().clone();
        Ok(Some(followed(first, move || {
            let store = store.clone();
            async move { busy(&store, scope).await }
        })))
    }
}

async fn busy(store: &Store, scope: Scope) -> Result<Option<Upload>, store::Error> {
    let upload = store.upload(scope).await?;
    Ok(upload.filter(Upload::is_busy))
}

/// The bytes of a file that is kept in parts, for a thread that may wait for them.
#[derive(Debug)]
pub(crate) struct Parts {
    store: Store,
    runtime: Handle,
    upload: UploadId,
    /// The next part.
    next: i64,
    /// What is left of the part at hand.
    part: io::Cursor<Vec<u8>>,
    /// Bytes that the parts to come have to hold.
    missing: u64,
    cancel: CancellationToken,
}

impl Parts {
    /// Reads until `cancel`, and fails then.
    pub(crate) fn new(store: &Store, upload: &Upload, cancel: CancellationToken) -> Self {
        Self {
            store: store.clone(),
            runtime: Handle::current(),
            upload: upload.id,
            next: 0,
            part: io::Cursor::default(),
            missing: upload.size,
            cancel,
        }
    }

    /// Turns to the next part. Says whether there is one.
    fn turn(&mut self) -> io::Result<bool> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("loading was cancelled"));
        }
        if self.missing == 0 {
            return Ok(false);
        }
        let part = self.store.upload_part(self.upload, self.next);
        let part = self.runtime.block_on(part).map_err(io::Error::other)?;
        let gone = || io::Error::new(io::ErrorKind::UnexpectedEof, "a part of it is gone");
        let part = part.filter(|part| !part.is_empty()).ok_or_else(gone)?;
        self.next += 1;
        self.missing = self.missing.saturating_sub(part.len() as u64);
        self.part = io::Cursor::new(part);
        Ok(true)
    }
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.part.read(buffer)?;
            if read > 0 || buffer.is_empty() || !self.turn()? {
                return Ok(read);
            }
        }
    }
}
