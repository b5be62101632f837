//! Many rows in few statements.

use std::sync::Arc;

use sqlx::{
    AssertSqlSafe, PgConnection, SqliteConnection, error::BoxDynError, sqlite::SqliteArguments,
};

use super::{
    connection::{Connection, Driver},
    copy::{Rows, copy_in},
    value::Value,
};

/// Rows per statement of SQLite's. More gains nothing measurable.
const ROWS: usize = 100;

/// An insertion of many rows, within a transaction.
///
/// SQLite takes them by the hundred, the rest one by one. PostgreSQL takes them as one stream of bytes, which knows no
/// conflicts: rows that may be there already come in by way of a temporary table.
#[derive(Debug)]
pub(crate) struct Bulk {
    table: String,
    /// Their names, separated by commas.
    columns: String,
    width: usize,
    /// What follows the rows: what to do with those that are there.
    tail: &'static str,
    many: Arc<str>,
    one: Arc<str>,
}

/// Where the columns of a row go, in their order.
#[derive(Debug)]
pub(crate) enum Columns<'a> {
    Sqlite(&'a mut SqliteArguments, &'a mut Result<(), BoxDynError>),
    Postgres(&'a mut Rows),
}

impl Columns<'_> {
    /// Binds the next column.
    pub(crate) fn put<'q>(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        match self {
            Self::Sqlite(arguments, outcome) => {
                if let failed @ Err(_) = value.into().bind_sqlite(arguments) {
                    **outcome = failed;
                }
            }
            Self::Postgres(rows) => rows.put(value.into()),
        }
        self
    }
}

impl Bulk {
    /// Rows that are not there yet.
    pub(crate) fn new(table: &str, columns: &[&str]) -> Self {
        Self::with_tail(table, columns, "")
    }

    /// Rows that are left out if they are there.
    pub(crate) fn of_missing(table: &str, columns: &[&str]) -> Self {
        Self::with_tail(table, columns, " ON CONFLICT DO NOTHING")
    }

    /// Rows that may be there, with the `ON CONFLICT` clause that says what becomes of those. No two are the same.
    pub(crate) fn with_tail(table: &str, columns: &[&str], tail: &'static str) -> Self {
        let (width, columns) = (columns.len(), columns.join(", "));
        let head = format!("INSERT INTO {table} ({columns}) VALUES ");
        let row = format!("({})", vec!["?"; width].join(","));
        let many = format!("{head}{}{tail}", vec![row.as_str(); ROWS].join(","));
        Self {
            table: table.into(),
            columns,
            width,
            tail,
            many: many.into(),
            one: format!("{head}{row}{tail}").into(),
        }
    }

    /// Inserts `rows`; `bind` binds the columns of one.
    pub(crate) async fn insert<T>(
        &self,
        conn: &mut Connection,
        rows: Vec<T>,
        bind: impl Fn(&mut Columns<'_>, T),
    ) -> Result<(), sqlx::Error> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut conn.driver {
            Driver::Sqlite(conn) => self.insert_by_statements(conn, rows, bind).await,
            Driver::Postgres(conn, silence) => {
                silence.breaks(self.insert_by_copy(conn, rows, bind)).await
            }
        }
    }

    async fn insert_by_copy<T>(
        &self,
        conn: &mut PgConnection,
        rows: Vec<T>,
        bind: impl Fn(&mut Columns<'_>, T),
    ) -> Result<(), sqlx::Error> {
        let (table, columns, tail) = (&self.table, &self.columns, self.tail);
        if tail.is_empty() {
            return self.copy(conn, table, rows, bind).await;
        }
        let aside = format!("bulk_{table}");
        let make = format!(
            "CREATE TEMP TABLE IF NOT EXISTS {aside} ON COMMIT DELETE ROWS
             AS SELECT {columns} FROM {table} WITH NO DATA"
        );
        run(conn, make).await?;
        self.copy(conn, &aside, rows, bind).await?;
        let insert = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {aside}{tail}");
        // Emptied for the next rows of the same transaction.
        run(conn, format!("{insert}; TRUNCATE {aside}")).await
    }

    async fn insert_by_statements<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: Vec<T>,
        bind: impl Fn(&mut Columns<'_>, T),
    ) -> Result<(), sqlx::Error> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let (sql, step) = if rows.len() < ROWS {
                (&self.one, 1)
            } else {
                (&self.many, ROWS)
            };
            let (mut arguments, mut outcome) = (SqliteArguments::default(), Ok(()));
            let mut columns = Columns::Sqlite(&mut arguments, &mut outcome);
            for row in rows.by_ref().take(step) {
                bind(&mut columns, row);
            }
            outcome.map_err(sqlx::Error::Encode)?;
            sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), arguments)
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }

    async fn copy<T>(
        &self,
        conn: &mut PgConnection,
        table: &str,
        rows: Vec<T>,
        bind: impl Fn(&mut Columns<'_>, T),
    ) -> Result<(), sqlx::Error> {
        let columns = &self.columns;
        let statement = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
        let mut rows = rows.into_iter();
        copy_in(conn, &statement, |stream| {
            let row = rows.next()?;
            stream.begin(self.width);
            bind(&mut Columns::Postgres(stream), row);
            Some(())
        })
        .await
    }
}

/// Runs statements that are no use to prepare.
async fn run(conn: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .map(drop)
}
