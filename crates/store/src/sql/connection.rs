//! The pool and its connections, of either database.

use std::{io::ErrorKind, sync::Arc};

use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool,
    error::DatabaseError,
    pool::{Pool as DriverPool, PoolConnection},
};
use tokio::sync::{Notify, watch};

use super::transaction::{Lock, Transaction};
use crate::{
    Error,
    error::{READ_ONLY, doing},
};

/// So many rows change what the planner has to know.
const MANY: u64 = 1_000;

/// Which database it is, for the parts of statements that have no common words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// All rows as one text: a JSON array with an array of these columns for each.
    pub(crate) fn rows(self, columns: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array(json_array({columns}))"),
            Self::Postgres => {
                format!("coalesce(json_agg(json_build_array({columns})), '[]')::text")
            }
        }
    }

    /// A column of whole numbers as one text, joined by spaces, in the order of the rows; see [`crate::lists`].
    pub(crate) fn numbers(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("group_concat({column}, ' ')"),
            Self::Postgres => format!("string_agg(CAST({column} AS TEXT), ' ')"),
        }
    }

    /// What is written for this database.
    pub(crate) const fn either<'s>(self, sqlite: &'s str, postgres: &'s str) -> &'s str {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }
}

/// Connections to the database. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool, Silence),
}

impl Pool {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(..) => Dialect::Postgres,
        }
    }

    /// A connection of one's own, until it is dropped.
    pub(crate) async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        let driver = match self {
            Self::Sqlite(pool) => Driver::Sqlite(DriverPool::acquire(pool).await?),
            Self::Postgres(pool, silence) => {
                let silence = silence.taken_now();
                Driver::Postgres(DriverPool::acquire(pool).await?, silence)
            }
        };
        Ok(Connection {
            driver,
            abandoned: false,
        })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(
        &self,
        lock: Lock,
        intent: &'static str,
    ) -> Result<Transaction<'static>, Error> {
        let conn = self.acquire().await.map_err(doing(intent))?;
        Transaction::begin(Lease::Own(conn), Some(lock), intent).await
    }

    /// Begins a transaction whose statements all see the database as it is at this moment. It only reads.
    pub(crate) async fn snapshot(
        &self,
        intent: &'static str,
    ) -> Result<Transaction<'static>, Error> {
        let conn = self.acquire().await.map_err(doing(intent))?;
        Transaction::begin(Lease::Own(conn), None, intent).await
    }

    /// Ends all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

/// Says that the server does not answer any more. A connection that is dead may never say so itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Silence {
    times: watch::Sender<u64>,
    /// How often it had fallen when this connection was taken.
    before: u64,
    doubts: Arc<Notify>,
}

impl Silence {
    /// Whatever is waited for at this moment is not waited for any longer, and no connection that was taken before is used.
    pub(crate) fn fell(&self) {
        self.times.send_modify(|times| *times += 1);
    }

    /// For a connection that is taken now.
    fn taken_now(&self) -> Self {
        Self {
            before: *self.times.borrow(),
            ..self.clone()
        }
    }

    /// Waits until a connection has failed.
    pub(crate) async fn doubted(&self) {
        self.doubts.notified().await;
    }

    /// Waits for an answer, unless it turns out that none will come.
    pub(super) async fn breaks<T>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let mut silence = self.times.subscribe();
        tokio::select! {
            biased;
            // The sender is here.
            _ = silence.wait_for(|times| *times > self.before) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into())),
            answer = answer => answer,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) driver: Driver,
    /// A transaction was dropped before its end and is still open.
    pub(super) abandoned: bool,
}

#[derive(Debug)]
pub(super) enum Driver {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>, Silence),
}

impl Connection {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self.driver {
            Driver::Sqlite(_) => Dialect::Sqlite,
            Driver::Postgres(..) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that writes, on this connection.
    pub(crate) async fn begin(
        &mut self,
        lock: Lock,
        intent: &'static str,
    ) -> Result<Transaction<'_>, Error> {
        Transaction::begin(Lease::Lent(self), Some(lock), intent).await
    }

    /// Lets the connection end instead of going back to the pool.
    pub(crate) fn close_on_drop(&mut self) {
        match &mut self.driver {
            Driver::Sqlite(conn) => conn.close_on_drop(),
            Driver::Postgres(conn, _) => conn.close_on_drop(),
        }
    }

    /// Ends the connection after its use if it leads nowhere, or to a server that takes no writes: another one does by now, or
    /// will.
    pub(super) fn distrust_after(&mut self, error: &sqlx::Error) {
        let code = error.as_database_error().and_then(DatabaseError::code);
        let cut = matches!(error, sqlx::Error::Io(_));
        if code.as_deref() == Some(READ_ONLY) || cut {
            self.close_on_drop();
        }
        if let Driver::Postgres(_, silence) = &self.driver
            && cut
        {
            silence.doubts.notify_one();
        }
    }

    /// Ends the connection, undoing whatever statement or transaction was under way.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self.driver {
            Driver::Sqlite(conn) => conn.close().await,
            Driver::Postgres(conn, _) => conn.close().await,
        }
    }

    /// Tells PostgreSQL's planner of rows that came at once, if they are many: it looks through a sample of the whole table.
    /// By itself it does so within a minute; until then it takes a level for a handful of rows, and goes through all of
    /// them for each page of keys.
    pub(crate) async fn analyze(&mut self, table: &str, came: u64) -> Result<(), sqlx::Error> {
        match self.dialect() {
            Dialect::Postgres if came >= MANY => self.run(&format!("ANALYZE {table}")).await,
            Dialect::Postgres | Dialect::Sqlite => Ok(()),
        }
    }

    /// Undoes what a transaction that was dropped has left. If that cannot be done there was nothing to undo, or the next
    /// statement says what is wrong.
    pub(super) async fn recover(&mut self) {
        if std::mem::take(&mut self.abandoned)
            && let Err(error) = self.run("ROLLBACK").await
        {
            tracing::debug!(%error, "nothing was rolled back");
        }
    }

    /// Runs statements without values, which are not kept prepared.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match &mut self.driver {
            Driver::Sqlite(conn) => sql.execute(&mut **conn).await.map(drop),
            Driver::Postgres(conn, silence) => {
                let done = silence.breaks(sql.execute(&mut **conn)).await;
                done.inspect_err(|error| self.distrust_after(error))
                    .map(drop)
            }
        }
    }
}

/// What a statement is run on.
#[derive(Debug)]
pub(crate) enum Source<'e> {
    Pool(&'e Pool),
    Connection(&'e mut Connection),
}

impl<'e> From<&'e Pool> for Source<'e> {
    fn from(pool: &'e Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'e> From<&'e mut Connection> for Source<'e> {
    fn from(conn: &'e mut Connection) -> Self {
        Self::Connection(conn)
    }
}

impl<'e> Source<'e> {
    pub(super) async fn lease(self) -> Result<Lease<'e>, sqlx::Error> {
        let mut lease = match self {
            Self::Pool(pool) => Lease::Own(pool.acquire().await?),
            Self::Connection(conn) => Lease::Lent(conn),
        };
        lease.recover().await;
        Ok(lease)
    }
}

/// A connection for as long as it is needed.
#[derive(Debug)]
pub(crate) enum Lease<'e> {
    Own(Connection),
    Lent(&'e mut Connection),
}

impl std::ops::Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Own(conn) => conn,
            Self::Lent(conn) => conn,
        }
    }
}

impl std::ops::DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Own(conn) => conn,
            Self::Lent(conn) => conn,
        }
    }
}
