//! All rows of a table, whatever its columns are, a batch at a time.

use std::borrow::Cow;

use futures::{StreamExt as _, stream::BoxStream};
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type, postgres::PgRow, sqlite::SqliteRow};

use super::{
    connection::{Connection, Driver},
    value::Value,
};

/// Rows that are held at once, at most.
const ROWS: usize = 2_000;

/// Bytes of texts that are held at once, about.
const BYTES: usize = 4 * 1024 * 1024;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Boolean,
    Text,
    Blob,
}

impl Kind {
    /// By the type that a column was declared with.
    pub(crate) fn of(declared: &str) -> Option<Self> {
        match declared.to_ascii_uppercase().as_str() {
            "INTEGER" | "BIGINT" => Some(Self::Integer),
            "BOOLEAN" => Some(Self::Boolean),
            "TEXT" => Some(Self::Text),
            "BLOB" | "BYTEA" => Some(Self::Blob),
            _ => None,
        }
    }

    /// A value as a column of this kind holds it: SQLite's truths are numbers.
    pub(crate) fn fit(self, value: Value<'static>) -> Value<'static> {
        match (self, value) {
            (Self::Boolean, Value::Integer(Some(number))) => Value::Boolean(Some(number != 0)),
            (Self::Boolean, Value::Integer(None)) => Value::Boolean(None),
            (Self::Integer, Value::Boolean(Some(truth))) => Value::Integer(Some(truth.into())),
            (Self::Integer, Value::Boolean(None)) => Value::Integer(None),
            (_, value) => value,
        }
    }
}

/// One row.
pub(crate) type Record = Vec<Value<'static>>;

/// The rows that a statement finds, as they come.
pub(crate) struct Rows<'c> {
    stream: Stream<'c>,
    kinds: Vec<Kind>,
}

enum Stream<'c> {
    Sqlite(BoxStream<'c, Result<SqliteRow, sqlx::Error>>),
    Postgres(BoxStream<'c, Result<PgRow, sqlx::Error>>),
}

impl Connection {
    /// Runs a statement without values, whose columns are of these kinds.
    pub(crate) fn rows(&mut self, sql: String, kinds: Vec<Kind>) -> Rows<'_> {
        let query = AssertSqlSafe(sql);
        let stream = match &mut self.driver {
            Driver::Sqlite(conn) => Stream::Sqlite(sqlx::query(query).fetch(&mut **conn)),
            Driver::Postgres(conn, _) => Stream::Postgres(sqlx::query(query).fetch(&mut **conn)),
        };
        Rows { stream, kinds }
    }
}

impl Rows<'_> {
    /// The next rows; none when there are no more.
    pub(crate) async fn batch(&mut self) -> Result<Vec<Record>, sqlx::Error> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < ROWS && bytes < BYTES {
            let Some(record) = self.record().await? else {
                break;
            };
            bytes += record.iter().map(size).sum::<usize>();
            batch.push(record);
        }
        Ok(batch)
    }

    async fn record(&mut self) -> Result<Option<Record>, sqlx::Error> {
        match &mut self.stream {
            Stream::Sqlite(stream) => {
                let row = stream.next().await.transpose()?;
                row.map(|row| values(&row, &self.kinds)).transpose()
            }
            Stream::Postgres(stream) => {
                let row = stream.next().await.transpose()?;
                row.map(|row| values(&row, &self.kinds)).transpose()
            }
        }
    }
}

/// The values of a row. One of another type than its column's, which SQLite does not forbid, is an error.
fn values<'r, R>(row: &'r R, kinds: &[Kind]) -> Result<Record, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let value = |(at, kind): (usize, &Kind)| {
        Ok(match kind {
            Kind::Integer => Value::Integer(row.try_get(at)?),
            Kind::Boolean => Value::Boolean(row.try_get(at)?),
            Kind::Text => Value::Text(row.try_get::<Option<String>, _>(at)?.map(Cow::Owned)),
            Kind::Blob => Value::Blob(row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cow::Owned)),
        })
    };
    kinds.iter().enumerate().map(value).collect()
}

fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Text(Some(text)) => text.len(),
        Value::Blob(Some(bytes)) => bytes.len(),
        _ => 0,
    }
}
