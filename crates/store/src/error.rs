//! What can go wrong in the store.

use std::path::PathBuf;

use model::Level;

use crate::database::Place;

/// An operation on the store failed. The cause, where there is one, is the `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data directory cannot be made, read or written.
    #[error("cannot use the data directory file {}", path.display())]
    DataDir {
        /// The directory or file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// What is given as the database's URL is none of PostgreSQL's.
    #[error("the database's URL does not begin with postgres://")]
    Scheme,
    /// The database's URL cannot be understood.
    #[error("the database's URL cannot be understood")]
    Url {
        /// What the driver said, without the URL.
        source: sqlx::Error,
    },
    /// The server is older than what is supported.
    #[error("the server runs PostgreSQL {release}, which is too old")]
    TooOld {
        /// Its release.
        release: String,
    },
    /// The database cannot hold every text.
    #[error("the database's encoding is {encoding}, not UTF8")]
    Encoding {
        /// What it is instead.
        encoding: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the database {place}")]
    Open {
        /// Where it is.
        place: Place,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date; also when a newer release has used this directory.
    #[error("cannot bring the database {place} up to date")]
    Migrate {
        /// Where it is.
        place: Place,
        /// Which migration, and why.
        source: sqlx::migrate::MigrateError,
    },
    /// A newer release has taken something away from the schema that this one needs, or has added what this one cannot copy.
    #[error("a newer release has changed the database {place} ({migration})")]
    Newer {
        /// Where it is.
        place: Place,
        /// What this release does not know.
        migration: String,
    },
    /// A copy into this database was cut off, or is under way.
    #[error("the database {place} is an unfinished copy")]
    Unfinished {
        /// Where it is.
        place: Place,
    },
    /// There is nothing to be copied.
    #[error("there is no database of Tributary's at {place}")]
    NoDatabase {
        /// Where it was looked for.
        place: Place,
    },
    /// A copy would be mixed with what is there.
    #[error("the database {place} is not empty: there are rows in {table}")]
    NotEmpty {
        /// Where it is.
        place: Place,
        /// A table with rows.
        table: String,
    },
    /// Something is changing what is to be moved.
    #[error("{what} is under way in the database {place}")]
    UnderWay {
        /// Where it is.
        place: Place,
        /// The run or job.
        what: String,
    },
    /// A file outside of the data directory cannot be read or written.
    #[error("cannot use the file {}", path.display())]
    File {
        /// The file or its directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file stands where one is to be written.
    #[error("{} is there already", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A statement failed.
    #[error("cannot {doing}")]
    Query {
        /// The intent, as an infinitive.
        doing: &'static str,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The keyring cannot be read or made.
    #[error("cannot use the keyring")]
    Keyring(#[from] crate::keyring::Error),
    /// A secret was sealed under another keyring than the present one: it has to be entered again.
    #[error("{what} cannot be opened with this keyring")]
    Sealed {
        /// Whose secret.
        what: &'static str,
        /// Why not.
        source: crate::keyring::Error,
    },
    /// Stored JSON is not what this release writes.
    #[error("what is stored as {what} cannot be read")]
    Corrupt {
        /// Which stored thing.
        what: &'static str,
        /// Where reading stopped.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another run of this level is under way.
    #[error("run {run} is under way for the {level} level")]
    Busy {
        /// The level that is held.
        level: Level,
        /// The run that holds it.
        run: model::RunId,
    },
    /// This process was taken for dead, and another one goes on with its run.
    #[error("run {run} was taken over by another process")]
    TakenOver {
        /// Which run.
        run: model::RunId,
    },
    /// This process was taken for dead, and the job is another one's by now, or over.
    #[error("job {} was taken over by another process", .0.0)]
    JobLost(crate::job::JobId),
    /// The job has become a run that was carried out, and only its end was not noted.
    #[error("job {} is done", .0.0)]
    JobDone(crate::job::JobId),
    /// A name that must be unique is taken.
    #[error("there is already a subscription named {0:?}")]
    NameTaken(String),
}

impl Error {
    /// Whether the same may succeed in a moment, as the database is out of reach, starts, or takes no writes for now. Whether
    /// what was asked for has happened is not known.
    pub fn passes(&self) -> bool {
        match self {
            Self::Query { source, .. } | Self::Open { source, .. } => passes(source),
            _ => false,
        }
    }
}

fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| PASSING.iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// PostgreSQL's errors that pass, by the beginnings of their codes: no connection; two transactions in each other's way; too
/// many connections; shutting down, starting, or ended by an administrator; read-only, as a server is that another one has
/// taken over from. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const PASSING: [&str; 6] = ["08", "40001", "40P01", "53300", "57P", READ_ONLY];

/// The code for a write where nothing can be written.
pub(crate) const READ_ONLY: &str = "25006";

/// Turns a driver error into [`Error::Query`] with the intent that failed.
pub(crate) fn doing(intent: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Query {
        doing: intent,
        source,
    }
}

/// Turns a decoding error into [`Error::Corrupt`].
pub(crate) fn corrupt<E>(what: &'static str) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| Error::Corrupt {
        what,
        source: source.into(),
    }
}
