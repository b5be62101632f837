//! A record's values in one piece of memory: a million records of twenty values must not be twenty million boxes.
//!
//! Each value is its field's number, its length, and its JSON text.

use std::borrow::Cow;

/// Lengths from here on take four bytes more.
const LONG: u8 = u8::MAX;

/// The values of one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Row(Box<[u8]>);

/// What a write does to one field of a record.
#[derive(Clone, Debug)]
pub(super) struct Change<'a> {
    /// The field's number.
    pub(super) field: u16,
    /// JSON text, or nothing to clear it.
    pub(super) text: Option<Cow<'a, str>>,
}

impl Row {
    /// Field numbers and JSON texts, in no particular order.
    pub(super) fn values(&self) -> Values<'_> {
        Values { rest: &self.0 }
    }

    pub(super) fn get(&self, field: u16) -> Option<&str> {
        self.values().find(|(f, _)| *f == field).map(|(_, t)| t)
    }

    /// Applies changes; of several for one field the last counts. `scratch` saves an allocation per record.
    pub(super) fn apply(&mut self, changes: &[Change<'_>], scratch: &mut Vec<u8>) {
        scratch.clear();
        for (field, text) in self.values() {
            if changes.iter().all(|c| c.field != field) {
                push(field, text, scratch);
            }
        }
        for (at, change) in changes.iter().enumerate() {
            let is_last = changes[at + 1..].iter().all(|c| c.field != change.field);
            if let Some(text) = change.text.as_ref().filter(|_| is_last) {
                push(change.field, text, scratch);
            }
        }
        if scratch.len() == self.0.len() {
            self.0.copy_from_slice(scratch);
        } else {
            self.0 = Box::from(scratch.as_slice());
        }
    }
}

fn push(field: u16, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&field.to_le_bytes());
    if let Some(length) = u8::try_from(text.len()).ok().filter(|n| *n < LONG) {
        out.push(length);
    } else {
        out.push(LONG);
        let length = u32::try_from(text.len()).expect("a body is shorter than 4 GiB");
        out.extend_from_slice(&length.to_le_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

/// Walks the values of a row.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = (u16, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[a, b, short], mut rest) = self.rest.split_first_chunk::<3>()?;
        let mut length = usize::from(short);
        if short == LONG {
            let (long, behind) = rest.split_first_chunk::<4>()?;
            length = u32::from_le_bytes(*long) as usize;
            rest = behind;
        }
        let (text, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((
            u16::from_le_bytes([a, b]),
            std::str::from_utf8(text).expect("only whole texts are stored"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(field: u16, text: Option<&str>) -> Change<'_> {
        Change {
            field,
            text: text.map(Cow::Borrowed),
        }
    }

    #[test]
    fn changes_replace_add_clear_and_the_last_counts() {
        let long = format!("\"{}\"", "x".repeat(70_000));
        let exactly = format!("\"{}\"", "x".repeat(253));
        let (mut row, mut scratch) = (Row::default(), Vec::new());
        row.apply(
            &[
                change(1, Some("1")),
                change(2, Some(&long)),
                change(3, Some(&exactly)),
            ],
            &mut scratch,
        );
        row.apply(
            &[
                change(1, None),
                change(4, Some("4")),
                change(4, Some("true")),
            ],
            &mut scratch,
        );
        assert_eq!(row.get(1), None);
        assert_eq!(row.get(2), Some(long.as_str()));
        assert_eq!(row.get(3), Some(exactly.as_str()));
        assert_eq!(row.get(4), Some("true"));
        assert_eq!(row.values().count(), 3);
    }
}
