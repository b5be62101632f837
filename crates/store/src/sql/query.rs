//! Statements with their values.

use std::marker::PhantomData;

use sqlx::{
    AssertSqlSafe, FromRow, SqlSafeStr, SqlStr,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    connection::{Driver, Lease, Source},
    translate::translate,
    value::Value,
};
use crate::points;

/// A row of either database, read as a tuple.
pub(crate) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// A statement whose rows, if it has any, are not looked at.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    sql: SqlStr,
    values: Vec<Value<'q>>,
}

/// A statement whose rows are read as tuples.
#[derive(Debug)]
pub(crate) struct QueryAs<'q, T> {
    query: Query<'q>,
    row: PhantomData<fn() -> T>,
}

/// A statement whose rows have one column.
#[derive(Debug)]
pub(crate) struct QueryScalar<'q, T>(QueryAs<'q, (T,)>);

pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q> {
    Query {
        sql: sql.into_sql_str(),
        values: Vec::new(),
    }
}

pub(crate) fn query_as<'q, T>(sql: impl SqlSafeStr) -> QueryAs<'q, T> {
    QueryAs {
        query: query(sql),
        row: PhantomData,
    }
}

pub(crate) fn query_scalar<'q, T>(sql: impl SqlSafeStr) -> QueryScalar<'q, T> {
    QueryScalar(query_as(sql))
}

impl<'q> Query<'q> {
    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs the statement; returns how many rows it wrote.
    pub(crate) async fn execute(self, on: impl Into<Source<'_>>) -> Result<u64, sqlx::Error> {
        let mut lease = on.into().lease().await?;
        // What is run within a transaction is nothing before its end.
        let moment = matches!(lease, Lease::Own(_)).then(|| self.sql.clone());
        if let Some(sql) = &moment {
            points::pass(|| format!("{}: beginning", head(sql)));
        }
        let done = match &mut lease.driver {
            Driver::Sqlite(conn) => {
                let (sql, values) = self.for_sqlite()?;
                let done = sqlx::query_with(sql, values).execute(&mut **conn).await?;
                done.rows_affected()
            }
            Driver::Postgres(conn, silence) => {
                let (sql, values) = self.for_postgres()?;
                let asked = sqlx::query_with(sql, values).execute(&mut **conn);
                let done = silence.breaks(asked).await;
                let done = done.inspect_err(|error| lease.distrust_after(error))?;
                done.rows_affected()
            }
        };
        if let Some(sql) = &moment {
            points::pass(|| format!("{}: done", head(sql)));
        }
        Ok(done)
    }

    fn for_sqlite(self) -> Result<(SqlStr, SqliteArguments), sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            value
                .bind_sqlite(&mut arguments)
                .map_err(sqlx::Error::Encode)?;
        }
        Ok((self.sql, arguments))
    }

    fn for_postgres(self) -> Result<(SqlStr, PgArguments), sqlx::Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            value
                .bind_postgres(&mut arguments)
                .map_err(sqlx::Error::Encode)?;
        }
        let sql = AssertSqlSafe(translate(self.sql.as_str())).into_sql_str();
        Ok((sql, arguments))
    }
}

/// The first words of a statement.
fn head(sql: &SqlStr) -> String {
    let words: Vec<&str> = sql.as_str().split_whitespace().take(3).collect();
    words.join(" ")
}

impl<'q, T: Row> QueryAs<'q, T> {
    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.query = self.query.bind(value);
        self
    }

    /// All rows.
    pub(crate) async fn fetch_all(self, on: impl Into<Source<'_>>) -> Result<Vec<T>, sqlx::Error> {
        let mut lease = on.into().lease().await?;
        match &mut lease.driver {
            Driver::Sqlite(conn) => {
                let (sql, values) = self.query.for_sqlite()?;
                sqlx::query_as_with(sql, values)
                    .fetch_all(&mut **conn)
                    .await
            }
            Driver::Postgres(conn, silence) => {
                let (sql, values) = self.query.for_postgres()?;
                let asked = sqlx::query_as_with(sql, values).fetch_all(&mut **conn);
                let found = silence.breaks(asked).await;
                found.inspect_err(|error| lease.distrust_after(error))
            }
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn fetch_optional(
        self,
        on: impl Into<Source<'_>>,
    ) -> Result<Option<T>, sqlx::Error> {
        let mut lease = on.into().lease().await?;
        match &mut lease.driver {
            Driver::Sqlite(conn) => {
                let (sql, values) = self.query.for_sqlite()?;
                sqlx::query_as_with(sql, values)
                    .fetch_optional(&mut **conn)
                    .await
            }
            Driver::Postgres(conn, silence) => {
                let (sql, values) = self.query.for_postgres()?;
                let asked = sqlx::query_as_with(sql, values).fetch_optional(&mut **conn);
                let found = silence.breaks(asked).await;
                found.inspect_err(|error| lease.distrust_after(error))
            }
        }
    }

    /// The one row.
    pub(crate) async fn fetch_one(self, on: impl Into<Source<'_>>) -> Result<T, sqlx::Error> {
        let row = self.fetch_optional(on).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }
}

impl<'q, T> QueryScalar<'q, T>
where
    (T,): Row,
{
    /// Binds the next value.
    pub(crate) fn bind(self, value: impl Into<Value<'q>>) -> Self {
        Self(self.0.bind(value))
    }

    /// The column of all rows.
    pub(crate) async fn fetch_all(self, on: impl Into<Source<'_>>) -> Result<Vec<T>, sqlx::Error> {
        let rows = self.0.fetch_all(on).await?;
        Ok(rows.into_iter().map(|(value,)| value).collect())
    }

    /// The column of the first row, if there is one.
    pub(crate) async fn fetch_optional(
        self,
        on: impl Into<Source<'_>>,
    ) -> Result<Option<T>, sqlx::Error> {
        let row = self.0.fetch_optional(on).await?;
        Ok(row.map(|(value,)| value))
    }

    /// The column of the one row.
    pub(crate) async fn fetch_one(self, on: impl Into<Source<'_>>) -> Result<T, sqlx::Error> {
        self.0.fetch_one(on).await.map(|(value,)| value)
    }
}
