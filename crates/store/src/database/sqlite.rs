//! The embedded database: a file in the data directory.

use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error,
    error::doing,
    sql::{Connection, Dialect},
};

/// How long a statement waits for another process's write to end. Applying a run of millions of records holds the
/// database for seconds.
const BUSY: Duration = Duration::from_mins(2);

/// Page cache of an ordinary connection, in KiB (negative, as SQLite wants it).
const CACHE_KIB: &str = "-8000";

/// Page cache of a connection that runs or imports. Large enough that matching keys finds most of the id index in memory;
/// small enough for the promised memory of a run.
pub(crate) const WORKING_CACHE_KIB: &str = "-64000";

/// Size of a page, of a database that is made now. A run writes rows of hundreds of bytes one after the other and looks ids
/// up at random: large pages make fewer steps of both.
const PAGE_BYTES: u32 = 16_384;

/// Pages of write-ahead log before they are copied into the database.
const CHECKPOINT_PAGES: &str = "1000";

/// Connections at once, however few are asked for. One of them writes; the others read what was there before.
const CONNECTIONS: u32 = 6;

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    /// What is new goes into a log first, beside which others read.
    Ahead,
    /// What is new goes into the file at once: filling an empty one writes each page once and leaves a single file.
    Behind,
    /// Not at all.
    ReadOnly,
}

/// Opens the file, making it if it is missing and may be written.
pub(super) async fn connect(
    path: &Path,
    connections: u32,
    journal: Journal,
) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path);
    let options = match journal {
        Journal::Ahead => options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal),
        Journal::Behind => options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Delete),
        Journal::ReadOnly => options.read_only(true),
    };
    let options = options
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(200)
        .page_size(PAGE_BYTES)
        .pragma("cache_size", CACHE_KIB)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", "67108864");
    SqlitePoolOptions::new()
        .max_connections(connections.max(CONNECTIONS))
        .connect_with(options)
        .await
}

/// Sets a connection's page cache, which also bounds what it sorts in memory. PostgreSQL has memory of its own.
pub(crate) async fn set_cache(conn: &mut Connection, kib: &'static str) -> Result<(), Error> {
    match conn.dialect() {
        Dialect::Sqlite => conn
            .run(&format!("PRAGMA cache_size = {kib}"))
            .await
            .map_err(doing("set the page cache")),
        Dialect::Postgres => Ok(()),
    }
}
