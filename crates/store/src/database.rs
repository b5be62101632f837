//! Opening the data directory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Sqlite, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Error, error::doing, keyring::Keyring, lock::Process};

/// The migrations, oldest first. A released one never changes.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (
        1,
        "initial",
        include_str!("../migrations/sqlite/0001_initial.sql"),
    ),
    (2, "web", include_str!("../migrations/sqlite/0002_web.sql")),
    (
        3,
        "jobs",
        include_str!("../migrations/sqlite/0003_jobs.sql"),
    ),
];

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

/// An open data directory: the database, the keyring and this process's life sign. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) process: Arc<Process>,
    path: PathBuf,
}

impl Store {
    /// Opens `data_dir`, making it at first start, and brings the schema up to date.
    ///
    /// The keyring is read from `keyring_file`, or from the data directory, where it is made if it is missing.
    ///
    /// # Errors
    /// When the directory cannot be written, the database is damaged or from a newer release, or the keyring cannot be
    /// read.
    pub async fn open(data_dir: &Path, keyring_file: Option<&Path>) -> Result<Self, Error> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::DataDir { path, source }
        };
        std::fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        let keyring = match keyring_file {
            Some(file) => Keyring::read(file)?,
            None => Keyring::read_or_make(&data_dir.join("keyring"))?,
        };
        let process = Process::announce(&data_dir.join("processes"))?;
        let path = data_dir.join("tributary.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(200)
            .page_size(PAGE_BYTES)
            .pragma("cache_size", CACHE_KIB)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("journal_size_limit", "67108864");
        let pool = SqlitePoolOptions::new()
            .max_connections(6)
            .connect_with(options)
            .await
            .map_err(|source| Error::Open {
                path: path.clone(),
                source,
            })?;
        let migrations = MIGRATIONS
            .iter()
            .map(|(version, name, sql)| {
                let sql = sqlx::SqlStr::from_static(sql);
                Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
            })
            .collect();
        Migrator::with_migrations(migrations)
            .run(&pool)
            .await
            .map_err(|source| Error::Migrate {
                path: path.clone(),
                source,
            })?;
        Ok(Self {
            pool,
            keyring: Arc::new(keyring),
            process: Arc::new(process),
            path,
        })
    }

    /// A connection for much work at once. Its memory goes with it: it does not return to the pool.
    pub(crate) async fn working_connection(
        &self,
        intent: &'static str,
    ) -> Result<PoolConnection<Sqlite>, Error> {
        let mut conn = self.pool.acquire().await.map_err(doing(intent))?;
        conn.close_on_drop();
        set_cache(&mut conn, WORKING_CACHE_KIB).await?;
        Ok(conn)
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends all connections, so that the write-ahead log is folded into the database file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

/// Sets a connection's page cache, which also bounds what it sorts in memory.
pub(crate) async fn set_cache(conn: &mut SqliteConnection, kib: &'static str) -> Result<(), Error> {
    sqlx::query(AssertSqlSafe(format!("PRAGMA cache_size = {kib}")))
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing("set the page cache"))
}
