//! Many rows in few statements, and the statements around them.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use crate::{Error, error::doing};

/// A prepared insertion of many rows by few statements: rows go in by the hundred, the rest one by one.
#[derive(Debug)]
pub(crate) struct Bulk {
    many: Arc<str>,
    one: Arc<str>,
}

/// Rows per statement. More gains nothing measurable.
const ROWS: usize = 100;

pub(crate) type BulkQuery = Query<'static, Sqlite, SqliteArguments>;

impl Bulk {
    /// `head` is the statement up to and with `VALUES `.
    pub(crate) fn new(head: &str, columns: usize) -> Self {
        Self::with_tail(head, columns, "")
    }

    /// As [`Bulk::new`], with what follows the rows.
    pub(crate) fn with_tail(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let many = format!("{head}{}{tail}", vec![row.as_str(); ROWS].join(","));
        Self {
            many: many.into(),
            one: format!("{head}{row}{tail}").into(),
        }
    }

    /// Inserts `rows`; `bind` binds the columns of one.
    pub(crate) async fn insert<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: Vec<T>,
        bind: impl Fn(BulkQuery, T) -> BulkQuery,
    ) -> Result<(), sqlx::Error> {
        let whole = rows.len() / ROWS * ROWS;
        let mut rows = rows.into_iter();
        for _ in 0..whole / ROWS {
            let query = sqlx::query(AssertSqlSafe(Arc::clone(&self.many)));
            rows.by_ref()
                .take(ROWS)
                .fold(query, &bind)
                .execute(&mut *conn)
                .await?;
        }
        for row in rows {
            bind(sqlx::query(AssertSqlSafe(Arc::clone(&self.one))), row)
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }
}

pub(crate) async fn begin(conn: &mut SqliteConnection, intent: &'static str) -> Result<(), Error> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}

pub(crate) async fn rollback(
    conn: &mut SqliteConnection,
    intent: &'static str,
) -> Result<(), Error> {
    sqlx::query("ROLLBACK")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}

pub(crate) async fn commit(conn: &mut SqliteConnection, intent: &'static str) -> Result<(), Error> {
    sqlx::query("COMMIT")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}
