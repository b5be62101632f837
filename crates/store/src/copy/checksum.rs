//! What a table holds, as a number of rows and a sum that does not depend on their order.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::sql::Value;

/// Rows, and the wrapping sum of their hashes. A value that moved to another row or column, or that changed by a byte, makes
/// another sum; in which order a database hands out its rows does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checksum {
    /// How many rows.
    pub rows: u64,
    /// The sum.
    pub sum: u64,
}

impl Checksum {
    /// Adds a row, written into `buffer` for that.
    pub(super) fn add(&mut self, record: &[Value<'_>], buffer: &mut Vec<u8>) {
        buffer.clear();
        for value in record {
            write(value, buffer);
        }
        self.rows += 1;
        self.sum = self.sum.wrapping_add(xxh3_64(buffer));
    }
}

/// Writes a value so that no two rows of a table are written alike: a mark of what it is, its length, itself. A truth is
/// written as the number that it is in SQLite.
fn write(value: &Value<'_>, buffer: &mut Vec<u8>) {
    match value {
        Value::Integer(Some(number)) => integer(*number, buffer),
        Value::Boolean(Some(truth)) => integer((*truth).into(), buffer),
        Value::Text(Some(text)) => bytes(2, text.as_bytes(), buffer),
        Value::Blob(Some(blob)) => bytes(3, blob, buffer),
        Value::Integer(None) | Value::Boolean(None) | Value::Text(None) | Value::Blob(None) => {
            buffer.push(0);
        }
        Value::Integers(_) | Value::Texts(_) => unreachable!("no column holds a list"),
    }
}

fn integer(number: i64, buffer: &mut Vec<u8>) {
    buffer.push(1);
    buffer.extend(number.to_le_bytes());
}

fn bytes(mark: u8, bytes: &[u8], buffer: &mut Vec<u8>) {
    buffer.push(mark);
    buffer.extend((bytes.len() as u64).to_le_bytes());
    buffer.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[Value<'_>]]) -> Checksum {
        let mut checksum = Checksum::default();
        for row in rows {
            checksum.add(row, &mut Vec::new());
        }
        checksum
    }

    #[test]
    fn the_order_does_not_matter_and_all_else_does() {
        let (one, two): (&[Value<'_>], &[Value<'_>]) =
            (&[1.into(), "a".into()], &[2.into(), "b".into()]);
        assert_eq!(of(&[one, two]), of(&[two, one]));
        assert_eq!(
            of(&[&[true.into(), "a".into()]]),
            of(&[&[1.into(), "a".into()]])
        );
        let seen = of(&[one, two]);
        let others: [&[&[Value<'_>]]; 6] = [
            &[one],
            &[one, two, two],
            &[&[1.into(), "b".into()], &[2.into(), "a".into()]],
            &[&["1".into(), "a".into()], two],
            &[&[1.into(), None::<&str>.into()], two],
            &[&[1.into(), b"a".as_slice().into()], two],
        ];
        for other in others {
            assert_ne!(of(other), seen, "{other:?}");
        }
        assert_ne!(
            of(&[&["ab".into(), "c".into()]]),
            of(&[&["a".into(), "bc".into()]])
        );
    }
}
