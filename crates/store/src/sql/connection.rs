//! The pool and its connections, of either database.

use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool,
    pool::{Pool as DriverPool, PoolConnection},
};

use super::transaction::{Lock, Transaction};
use crate::{Error, error::doing};

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
    Postgres(PgPool),
}

impl Pool {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection of one's own, until it is dropped.
    pub(crate) async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        let driver = match self {
            Self::Sqlite(pool) => Driver::Sqlite(DriverPool::acquire(pool).await?),
            Self::Postgres(pool) => Driver::Postgres(DriverPool::acquire(pool).await?),
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
            Self::Postgres(pool) => pool.close().await,
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
    Postgres(PoolConnection<Postgres>),
}

impl Connection {
    pub(crate) const fn dialect(&self) -> Dialect {
        match self.driver {
            Driver::Sqlite(_) => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
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
            Driver::Postgres(conn) => conn.close_on_drop(),
        }
    }

    /// Ends the connection, undoing whatever statement or transaction was under way.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self.driver {
            Driver::Sqlite(conn) => conn.close().await,
            Driver::Postgres(conn) => conn.close().await,
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
            Driver::Postgres(conn) => sql.execute(&mut **conn).await.map(drop),
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
