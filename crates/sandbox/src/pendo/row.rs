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

    /// Applies changes; of several for one field the last counts.
    pub(super) fn apply(&mut self, changes: &[Change<'_>], scratch: &mut Scratch) {
        scratch.bytes.clear();
        for (at, change) in changes.iter().enumerate() {
            let field = usize::from(change.field);
            if scratch.last.len() <= field {
                scratch.last.resize(field + 1, 0);
            }
            scratch.last[field] = at + 1;
        }
        let mut values = self.values();
        let mut before = values.rest;
        while let Some((field, _)) = values.next_bytes() {
            let (whole, _) = before.split_at(before.len() - values.rest.len());
            before = values.rest;
            if scratch.last.get(usize::from(field)).is_none_or(|l| *l == 0) {
                scratch.bytes.extend_from_slice(whole);
            }
        }
        for (at, change) in changes.iter().enumerate() {
            let is_last = scratch.last[usize::from(change.field)] == at + 1;
            if let Some(text) = change.text.as_ref().filter(|_| is_last) {
                push(change.field, text, &mut scratch.bytes);
            }
        }
        for change in changes {
            scratch.last[usize::from(change.field)] = 0;
        }
        if scratch.bytes.len() == self.0.len() {
            self.0.copy_from_slice(&scratch.bytes);
        } else {
            self.0 = Box::from(scratch.bytes.as_slice());
        }
    }
}

/// What [`Row::apply`] needs for a while; kept from record to record, it costs nothing.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
    /// By field: the place after its last change in the record at hand, 0 without one.
    last: Vec<usize>,
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

impl<'a> Values<'a> {
    fn next_bytes(&mut self) -> Option<(u16, &'a [u8])> {
        let (&[a, b, short], mut rest) = self.rest.split_first_chunk::<3>()?;
        let mut length = usize::from(short);
        if short == LONG {
            let (long, behind) = rest.split_first_chunk::<4>()?;
            length = u32::from_le_bytes(*long) as usize;
            rest = behind;
        }
        let (text, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((u16::from_le_bytes([a, b]), text))
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = (u16, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (field, text) = self.next_bytes()?;
        let text = std::str::from_utf8(text).expect("only whole texts are stored");
        Some((field, text))
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
        let (mut row, mut scratch) = (Row::default(), Scratch::default());
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
