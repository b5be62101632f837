//! Data directories for tests, each with a database of its own, and ways to look at it behind the product's back.
//!
//! The database is SQLite's. Where the environment variable [`VARIABLE`] holds the URL of a PostgreSQL server, it is one
//! that is made there, from a template, and dropped at the end: the same tests run on both.

mod dump;
mod folder;
mod proxy;
mod server;

use std::path::Path;

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use store::{Options, Store, database::migrations};

use crate::server::Database;
pub use crate::{folder::Folder, proxy::Proxy};

/// The environment variable with the URL by which an administrator reaches the server.
pub const VARIABLE: &str = "TRIBUTARY_TEST_POSTGRES";

/// A data directory that goes with the test, and its database.
#[derive(Debug)]
pub struct Scratch {
    folder: Folder,
    database: Option<Database>,
}

impl Scratch {
    /// An empty one.
    #[expect(
        clippy::new_without_default,
        reason = "it makes a directory and perhaps a database, which nobody expects of a default"
    )]
    pub fn new() -> Self {
        Self::with(Database::make())
    }

    /// An empty one with an SQLite database, wherever the tests run.
    pub fn embedded() -> Self {
        Self::with(None)
    }

    /// One whose database has no schema yet.
    pub fn bare() -> Self {
        Self::with(Database::make_bare())
    }

    fn with(database: Option<Database>) -> Self {
        Self {
            folder: Folder::new(),
            database,
        }
    }

    /// The data directory.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of the database, if it is PostgreSQL's.
    pub fn url(&self) -> Option<&str> {
        self.database.as_ref().map(Database::url)
    }

    /// What the store is opened with.
    pub fn options(&self) -> Options {
        options(self.path(), self.url())
    }

    /// Opens the store.
    pub async fn open(&self) -> Store {
        Store::open_with(&self.options())
            .await
            .expect("an empty store opens")
    }

    /// Runs a statement; returns how many rows it wrote.
    pub async fn execute(&self, sql: &str) -> u64 {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self.url() {
            None => {
                let done = sql.execute(&mut sqlite(self.path()).await).await;
                done.expect("the statement is right").rows_affected()
            }
            Some(url) => {
                let done = sql.execute(&mut postgres(url).await).await;
                done.expect("the statement is right").rows_affected()
            }
        }
    }

    /// The number that a statement finds.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql);
        let found = match self.url() {
            None => {
                let query = sqlx::query_scalar(sql);
                query.fetch_one(&mut sqlite(self.path()).await).await
            }
            Some(url) => {
                let query = sqlx::query_scalar(sql);
                query.fetch_one(&mut postgres(url).await).await
            }
        };
        found.expect("the statement finds a number")
    }

    /// Ends all sessions on a PostgreSQL server, as a restart does.
    pub async fn end_sessions(&self) {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.number(end).await;
    }

    /// Lets the sessions that begin from here on write to a PostgreSQL database, or not, as those on a server that another
    /// one has taken over from.
    ///
    /// # Panics
    /// On SQLite.
    pub async fn set_read_only(&self, on: bool) {
        let database = self.database.as_ref().expect("the tests run on PostgreSQL");
        let name = database.name();
        let set = format!(
            "SET TRANSACTION READ WRITE;
             ALTER DATABASE {name} SET default_transaction_read_only = {on}"
        );
        self.execute(&set).await;
    }

    /// The names of all tables.
    pub async fn tables(&self) -> Vec<String> {
        match self.url() {
            None => sqlite_tables(&mut sqlite(self.path()).await).await,
            Some(url) => postgres_tables(&mut postgres(url).await).await,
        }
    }

    /// A PostgreSQL database as the statements that make it again.
    ///
    /// # Panics
    /// On SQLite, whose database is a file that can be kept.
    pub async fn statements(&self) -> String {
        let url = self.url().expect("the tests run on PostgreSQL");
        dump::statements(&mut postgres(url).await, &migrations::schema()).await
    }

    /// Every text in the database.
    pub async fn dump(&self) -> String {
        match self.url() {
            None => dump_sqlite(&mut sqlite(self.path()).await).await,
            Some(url) => dump_postgres(&mut postgres(url).await).await,
        }
    }
}

/// What the store is opened with in a data directory, by a process that was told directory and URL.
pub fn options(dir: &Path, url: Option<&str>) -> Options {
    Options {
        database: url.map(Into::into),
        // Tests are many at once, and each asks for little.
        connections: 6,
        ..Options::embedded(dir)
    }
}

async fn sqlite(dir: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("tributary.sqlite"))
        .busy_timeout(std::time::Duration::from_mins(1));
    let opened = SqliteConnection::connect_with(&options).await;
    opened.expect("the embedded database opens")
}

async fn postgres(url: &str) -> PgConnection {
    let connected = PgConnection::connect(url).await;
    connected.expect("the server answers")
}

async fn sqlite_tables(database: &mut SqliteConnection) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(database)
        .await
        .expect("the tables can be listed")
}

async fn postgres_tables(database: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    )
    .fetch_all(database)
    .await
    .expect("the tables can be listed")
}

async fn dump_sqlite(database: &mut SqliteConnection) -> String {
    let mut dump = String::new();
    for table in sqlite_tables(database).await {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")))
            .fetch_all(&mut *database)
            .await
            .expect("tables can be read");
        for row in rows {
            for column in 0..row.len() {
                let text: Option<String> = row.try_get_unchecked(column).ok();
                dump.push_str(&text.unwrap_or_default());
                dump.push('\n');
            }
        }
    }
    dump
}

async fn dump_postgres(database: &mut PgConnection) -> String {
    let mut dump = String::new();
    for table in postgres_tables(database).await {
        let sql = format!("SELECT {table}::text FROM {table}");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut *database)
            .await
            .expect("tables can be read");
        dump.extend(rows.into_iter().map(|row| row + "\n"));
    }
    dump
}
