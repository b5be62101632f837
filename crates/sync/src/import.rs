//! Taking in files of visitors and accounts: NDJSON and CSV, of any length, line by line.
//!
//! A line that cannot be used is named with its number and reason; the rest is loaded. Parsing runs on a thread of its
//! own and hands over batches, so that it neither blocks the runtime nor runs ahead of the database.

mod bad_line;
mod csv;
mod ids;
mod json;
mod ndjson;
mod source;
#[cfg(test)]
mod tests;
mod types;

use std::{io::Read, sync::Arc};

use model::{Clock, Group, Level, MetadataType};
use store::{
    Scope, Store, UploadId,
    import::{Importer, NewSubject},
    job::Claim,
};
use tokio::sync::mpsc;

pub use self::{
    bad_line::{BadLine, Reason},
    source::Format,
};
use self::{source::Source, types::Types};

/// Lines handed over at once. Large enough that handing over costs nothing, small enough that little waits.
const BATCH: usize = 2_000;

/// Bytes of a file after which lines are handed over, however few they are.
const BATCH_BYTES: u64 = 8 << 20;

/// Batches that may wait for the database.
const WAITING: usize = 4;

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The form of the file; found out from its first character when it is not said.
    pub format: Option<Format>,
    /// Types of agent fields, as far as they are said. A field that is known keeps the type it has.
    pub types: Vec<(String, MetadataType)>,
    /// The file is complete: what is not in it may be removed afterwards, by [`Import::remove_unseen`].
    pub mirror: bool,
}

/// Why a file could not be imported at all, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read any further.
    #[error("the file cannot be read after line {line}")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// UTF-16, by its byte order mark.
    #[error("the file is written in UTF-16")]
    Utf16,
    /// The first row of a CSV file is no header, or one that cannot be used.
    #[error("the header row cannot be used: {0}")]
    Header(String),
    /// A type was said for a field that has another one.
    #[error("the field agent.{field} has the type {known}, which cannot become {said}")]
    Type {
        /// The field's name.
        field: String,
        /// The type it has.
        known: MetadataType,
        /// The type that was said.
        said: MetadataType,
    },
    /// The database refused.
    #[error("the import could not be stored")]
    Store(#[from] store::Error),
    /// The thread that reads the file is gone.
    #[error("reading the file stopped unexpectedly")]
    Reader(#[source] tokio::task::JoinError),
}

/// What an import did so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines with content, a CSV header not among them.
    pub lines: u64,
    /// Ids that were not known before.
    pub created: u64,
    /// Lines for ids that were known: updated where the file says something new.
    pub known: u64,
    /// Lines that could not be used.
    pub bad: u64,
    /// Agent fields that were not there before, with their types.
    pub fields: Vec<(String, MetadataType)>,
    /// Bytes read.
    pub bytes: u64,
}

/// An import that has read its whole file.
#[derive(Debug)]
pub struct Import {
    importer: Importer,
    report: Report,
}

/// The beginning of a file, as an import would read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Lines looked at.
    pub lines: u64,
    /// The first visitors or accounts.
    pub subjects: Vec<NewSubject>,
    /// Fields that would be new, with the types they would get from these lines.
    pub fields: Vec<(String, MetadataType)>,
    /// Lines that could not be used.
    pub bad: Vec<BadLine>,
}

/// Reads the beginning of `source` as an import would, and loads nothing.
///
/// # Errors
/// As [`import`]: when the file cannot be read at all.
pub async fn preview<R>(
    store: &Store,
    scope: Scope,
    source: R,
    options: &Options,
) -> Result<Preview, Error>
where
    R: Read + Send + 'static,
{
    let types = types(store, scope, options).await?;
    let (sender, mut receiver) = mpsc::channel::<Batch>(1);
    let format = options.format;
    let reader = tokio::task::spawn_blocking(move || {
        let outbox = Outbox::new(sender);
        read(source, format, scope.level, types, outbox)
    });
    let first = receiver.recv().await.unwrap_or_default();
    // The reader stops when nobody takes its lines.
    drop(receiver);
    reader.await.map_err(Error::Reader)??;
    Ok(Preview {
        lines: first.lines,
        subjects: first.subjects,
        fields: first.fields,
        bad: first.bad,
    })
}

/// Loads `source` into a level.
///
/// `observe` is told of every bad line, in order, and of the state after every batch. What was loaded stays, also when
/// the import fails later on; a second import of the same file changes nothing that the first one did.
pub async fn import<R, F>(
    store: &Store,
    scope: Scope,
    source: R,
    options: Options,
    clock: Arc<dyn Clock>,
    mut observe: F,
) -> Result<Import, Error>
where
    R: Read + Send + 'static,
    F: FnMut(&Report, &[BadLine]),
{
    let importer = store.import(scope, options.mirror, clock.now()).await?;
    load(importer, source, options, &mut observe).await
}

/// Loads `source` by an importer; as [`import`] otherwise.
pub(crate) async fn load<R, F>(
    mut importer: Importer,
    source: R,
    options: Options,
    observe: &mut F,
) -> Result<Import, Error>
where
    R: Read + Send + 'static,
    F: FnMut(&Report, &[BadLine]),
{
    let scope = importer.scope();
    let types = types(importer.store(), scope, &options).await?;
    let (sender, mut receiver) = mpsc::channel::<Batch>(WAITING);
    let reader = tokio::task::spawn_blocking(move || {
        let outbox = Outbox::new(sender);
        read(source, options.format, scope.level, types, outbox)
    });
    let mut report = Report::default();
    while let Some(batch) = receiver.recv().await {
        take(&mut importer, batch, &mut report, observe).await?;
    }
    let read = reader.await.map_err(Error::Reader)?;
    let done = importer.finish().await?;
    report.created = done.created;
    report.known = done.known;
    observe(&report, &[]);
    read.map(|()| Import { importer, report })
}

impl Import {
    /// What it did.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// How many known ids were not in the file. Only for an import that mirrors.
    pub async fn count_unseen(&mut self) -> Result<u64, Error> {
        Ok(self.importer.count_unseen().await?)
    }

    /// Notes the known ids that were not in the file, to be erased by a job once somebody agrees. Only for an import that
    /// mirrors.
    pub(crate) async fn note_unseen(
        &mut self,
        claim: &Claim,
        upload: UploadId,
    ) -> Result<u64, Error> {
        Ok(self.importer.note_unseen(claim, upload).await?)
    }

    /// Erases the known ids that were not in the file, and says how many there were. Only for an import that mirrors.
    pub async fn remove_unseen(&mut self) -> Result<u64, Error> {
        Ok(self.importer.remove_unseen().await?)
    }
}

/// The types of the level's agent fields, with those that are said for new ones.
async fn types(store: &Store, scope: Scope, options: &Options) -> Result<Types, Error> {
    let mut types = Types::default();
    for field in store.fields(scope).await? {
        if field.group == Group::Agent {
            types.know(field.name, field.kind);
        }
    }
    for (field, said) in &options.types {
        types.say(field, *said).map_err(|known| Error::Type {
            field: field.clone(),
            known,
            said: *said,
        })?;
    }
    Ok(types)
}

async fn take(
    importer: &mut Importer,
    batch: Batch,
    report: &mut Report,
    observe: &mut impl FnMut(&Report, &[BadLine]),
) -> Result<(), Error> {
    // Before the values: a value whose field is not known would be one that nobody can find.
    if !batch.fields.is_empty() {
        importer.add_agent_fields(&batch.fields).await?;
        report.fields.extend(batch.fields);
    }
    report.lines += batch.lines;
    report.bytes = batch.bytes;
    report.bad += batch.bad.len() as u64;
    for subject in batch.subjects {
        importer.push(subject).await?;
    }
    observe(report, &batch.bad);
    Ok(())
}

/// What the reading thread hands over.
#[derive(Debug, Default)]
struct Batch {
    lines: u64,
    /// Read of the whole file so far.
    bytes: u64,
    subjects: Vec<NewSubject>,
    fields: Vec<(String, MetadataType)>,
    bad: Vec<BadLine>,
}

/// Where the reading thread puts its lines.
#[derive(Debug)]
struct Outbox {
    sender: mpsc::Sender<Batch>,
    batch: Batch,
    /// Bytes read of the file so far.
    bytes: u64,
    /// Of these, up to the last line that was handed over.
    sent: u64,
}

/// Nobody takes the lines any more.
#[derive(Debug)]
struct Abandoned;

impl Outbox {
    fn new(sender: mpsc::Sender<Batch>) -> Self {
        Self {
            sender,
            batch: Batch::default(),
            bytes: 0,
            sent: 0,
        }
    }

    /// Takes the outcome of one line.
    fn put(
        &mut self,
        line: u64,
        bytes: u64,
        outcome: Result<NewSubject, Reason>,
        types: &mut Types,
    ) -> Result<(), Abandoned> {
        self.batch.lines += 1;
        self.bytes = bytes;
        match outcome {
            Ok(subject) => self.batch.subjects.push(subject),
            Err(reason) => self.batch.bad.push(BadLine { line, reason }),
        }
        let many = self.batch.subjects.len() + self.batch.bad.len() >= BATCH;
        if many || self.bytes - self.sent >= BATCH_BYTES {
            self.send(types)
        } else {
            Ok(())
        }
    }

    fn send(&mut self, types: &mut Types) -> Result<(), Abandoned> {
        self.batch.fields = types.take_new();
        self.batch.bytes = self.bytes;
        self.sent = self.bytes;
        self.sender
            .blocking_send(std::mem::take(&mut self.batch))
            .map_err(|_| Abandoned)
    }
}

/// Reads the file to its end; runs on a thread of its own.
fn read(
    source: impl Read,
    format: Option<Format>,
    level: Level,
    mut types: Types,
    mut outbox: Outbox,
) -> Result<(), Error> {
    let mut source = Source::open(source)?;
    let format = match format {
        Some(format) => format,
        None => source.guess_format()?,
    };
    let read = match format {
        Format::Ndjson => ndjson::read(source, level, &mut types, &mut outbox),
        Format::Csv => csv::read(source, level, &mut types, &mut outbox),
    };
    // What was read before it went wrong is loaded all the same.
    let sent = outbox.send(&mut types);
    match (read, sent) {
        (Err(Stop::Failed(error)), _) => Err(error),
        (Ok(()) | Err(Stop::Abandoned(Abandoned)), _) => Ok(()),
    }
}

/// Why reading ended before the end of the file.
#[derive(Debug)]
enum Stop {
    Failed(Error),
    Abandoned(Abandoned),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Abandoned> for Stop {
    fn from(abandoned: Abandoned) -> Self {
        Self::Abandoned(abandoned)
    }
}
