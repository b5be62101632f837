//! Rows as the stream of bytes that PostgreSQL's `COPY … FROM STDIN (FORMAT binary)` reads.
//!
//! The form: <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>

use sqlx::PgConnection;

use super::value::Value;

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// A row of so many columns ends the stream.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// A length that says null.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Bytes that are sent at once.
const CHUNK: usize = 256 * 1024;

/// Rows that are not sent yet.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<u8>);

impl Rows {
    /// Begins a row of so many columns.
    pub(super) fn begin(&mut self, columns: usize) {
        let columns = i16::try_from(columns).expect("tables have few columns");
        self.0.extend(columns.to_be_bytes());
    }

    /// Adds the next column.
    pub(super) fn put(&mut self, value: Value<'_>) {
        match value {
            Value::Integer(number) => self.field(number.map(i64::to_be_bytes).as_ref()),
            Value::Boolean(truth) => self.field(truth.map(|truth| [u8::from(truth)]).as_ref()),
            Value::Text(text) => self.field(text.as_deref()),
            Value::Blob(bytes) => self.field(bytes.as_deref()),
            Value::Integers(_) | Value::Texts(_) => unreachable!("no column holds a list"),
        }
    }

    fn field(&mut self, bytes: Option<&(impl AsRef<[u8]> + ?Sized)>) {
        match bytes.map(AsRef::as_ref) {
            Some(bytes) => {
                let length = i32::try_from(bytes.len()).expect("values are shorter than 2 GB");
                self.0.extend(length.to_be_bytes());
                self.0.extend(bytes);
            }
            None => self.0.extend(NULL),
        }
    }
}

/// Runs a `COPY` statement with rows; `write` writes the next one, and returns `None` when there is none.
pub(super) async fn copy_in(
    conn: &mut PgConnection,
    statement: &str,
    mut write: impl FnMut(&mut Rows) -> Option<()>,
) -> Result<(), sqlx::Error> {
    let mut stream = conn.copy_in_raw(statement).await?;
    let mut rows = Rows(HEADER.to_vec());
    while write(&mut rows).is_some() {
        if rows.0.len() >= CHUNK {
            stream.send(rows.0.as_slice()).await?;
            rows.0.clear();
        }
    }
    rows.0.extend(TRAILER);
    stream.send(rows.0.as_slice()).await?;
    stream.finish().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_counted_and_measured() {
        let mut rows = Rows::default();
        rows.begin(4);
        rows.put(7.into());
        rows.put("ab".into());
        rows.put(true.into());
        rows.put(None::<&str>.into());
        let expected: [&[u8]; 5] = [
            &[0, 4],
            &[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7],
            &[0, 0, 0, 2, b'a', b'b'],
            &[0, 0, 0, 1, 1],
            &NULL,
        ];
        assert_eq!(rows.0, expected.concat());
    }
}
