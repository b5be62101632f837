//! From an answer's bytes to [`Records`], in one pass and without copying values.

use jiff::Timestamp;
use model::RecordId;
use serde_json::Value;

use crate::{
    Columns, Records,
    columns::Slot,
    records::{self, Found, Row, Span},
    salvage,
    scan::Scanner,
};

/// An answer of list, search or batch read.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) records: Records,
    pub(crate) total: Option<u64>,
    /// `paging.next.after`.
    pub(crate) after: Option<String>,
    /// `errors` of a batch.
    pub(crate) errors: Value,
}

/// Everything in an answer but its records.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) total: Value,
    pub(crate) paging: Value,
    pub(crate) errors: Value,
}

/// Decodes an answer whose records were asked for with `decoded`, of which `columns` are the first.
///
/// # Errors
/// What is wrong with the answer as a whole, without any of its content.
pub(crate) fn envelope(
    body: Vec<u8>,
    columns: &Columns,
    decoded: &Columns,
) -> Result<Envelope, String> {
    let (body, exact) = match String::from_utf8(body) {
        Ok(body) => (body, true),
        Err(error) => (
            String::from_utf8_lossy(error.as_bytes()).into_owned(),
            false,
        ),
    };
    let quick = exact.then(|| quick(&body, decoded)).flatten();
    let (found, rest) = match quick {
        Some(read) => read,
        None => salvage::read(&body, decoded, exact)?,
    };
    Ok(Envelope {
        total: crate::account::number(Some(&rest.total)),
        after: records::after(Some(&rest.paging)),
        errors: rest.errors,
        records: Records::new(columns, decoded, body, found),
    })
}

/// The common case: every record is as documented.
fn quick(body: &str, columns: &Columns) -> Option<(Found, Rest)> {
    let mut sink = Sink::new(body, columns);
    let rest = Scanner::new(body).answer(&mut sink)?;
    Some((sink.found, rest))
}

/// Collects rows; `'b` is the body.
pub(crate) struct Sink<'b> {
    body: &'b str,
    columns: &'b Columns,
    pub(crate) found: Found,
    /// The keys seen so far, in order, and what they mean. HubSpot sends the same keys in the same order for every
    /// record, so that nearly every lookup is one comparison.
    learned: Vec<(&'b str, Slot)>,
    /// Where in that order the present record is.
    position: usize,
    /// Unasked modified dates of the present record.
    modified: [Option<i64>; 2],
}

impl<'b> Sink<'b> {
    pub(crate) fn new(body: &'b str, columns: &'b Columns) -> Self {
        Self {
            body,
            columns,
            found: Found::default(),
            learned: Vec::new(),
            position: 0,
            modified: [None; 2],
        }
    }

    /// Reads one record, which is part of the body, if it is as documented. Otherwise nothing of it is left.
    pub(crate) fn record(&mut self, json: &'b str) -> Option<()> {
        let (rows, cells) = (self.found.rows.len(), self.found.cells.len());
        let read = Scanner::new(json).whole_record(self);
        if read.is_none() {
            self.found.rows.truncate(rows);
            self.found.cells.truncate(cells);
        }
        read
    }

    pub(crate) fn begin(&mut self) {
        let cells = self.found.cells.len() + self.columns.len();
        self.found.cells.resize(cells, Span::MISSING);
        self.position = 0;
        self.modified = [None; 2];
    }

    pub(crate) fn end(&mut self, id: RecordId, updated_at_ms: Option<i64>, archived: bool) {
        let updated_at_ms = updated_at_ms
            .or_else(|| self.modified_property())
            .unwrap_or(0);
        self.found.rows.push(Row {
            id,
            updated_at_ms,
            archived,
        });
    }

    /// The modified date from the record's properties, asked for or not.
    fn modified_property(&self) -> Option<i64> {
        let asked = self.columns.modified();
        (0..asked.len()).find_map(|index| match asked[index] {
            Some(column) => milliseconds(self.text(*self.cell(column))?),
            None => self.modified[index],
        })
    }

    /// What a key means that does not stand in the body as it is.
    pub(crate) fn slot(&self, key: &str) -> Slot {
        self.columns.slot(key)
    }

    /// The key that should come next, and what it means.
    pub(crate) fn expected(&self) -> Option<(&'b str, Slot)> {
        self.learned.get(self.position).copied()
    }

    /// The expected key came.
    pub(crate) fn advance(&mut self) {
        self.position += 1;
    }

    /// What a key means that was not expected.
    pub(crate) fn slot_learning(&mut self, key: &'b str) -> Slot {
        // Some answers leave out unset properties, so the key may be one of the next few.
        let ahead = self.learned.iter().skip(self.position).take(8);
        for (skipped, (known, slot)) in ahead.enumerate() {
            if *known == key {
                self.position += skipped + 1;
                return *slot;
            }
        }
        let slot = self.columns.slot(key);
        if self.learned.len() < 4_096 {
            self.learned.insert(self.position, (key, slot));
            self.position += 1;
        }
        slot
    }

    /// Text that stands in the body.
    pub(crate) fn borrowed(&mut self, slot: Slot, text: &'b str) {
        let start = text.as_ptr().addr() - self.body.as_ptr().addr();
        self.put(slot, Span::new(start, text.len()), text);
    }

    /// Text that does not.
    pub(crate) fn owned(&mut self, slot: Slot, text: &str) {
        let start = self.body.len() + self.found.more.len();
        self.found.more.push_str(text);
        self.put(slot, Span::new(start, text.len()), text);
    }

    pub(crate) fn null(&mut self, slot: Slot) {
        self.put(slot, Span::NULL, "");
    }

    fn put(&mut self, slot: Slot, span: Span, text: &str) {
        match slot {
            Slot::Column(column) => *self.cell_mut(column) = span,
            Slot::Modified(index) => self.modified[index] = milliseconds(text),
            Slot::Skip => {}
        }
    }

    fn cell(&self, column: usize) -> &Span {
        &self.found.cells[self.found.cells.len() - self.columns.len() + column]
    }

    fn cell_mut(&mut self, column: usize) -> &mut Span {
        let start = self.found.cells.len() - self.columns.len();
        &mut self.found.cells[start + column]
    }

    fn text(&self, span: Span) -> Option<&str> {
        if span == Span::MISSING || span == Span::NULL {
            return None;
        }
        let (start, len) = (span.start as usize, span.len as usize);
        match start.checked_sub(self.body.len()) {
            Some(start) => self.found.more.get(start..start + len),
            None => self.body.get(start..start + len),
        }
    }
}

/// A moment in any of HubSpot's forms, as milliseconds since the epoch.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    usual_milliseconds(text.as_bytes())
        .or_else(|| text.parse::<i64>().ok())
        .or_else(|| {
            text.parse::<Timestamp>()
                .ok()
                .map(Timestamp::as_millisecond)
        })
}

/// `2024-09-11T13:27:39.356Z` and nothing else: every record has one, so it is worth not being general.
fn usual_milliseconds(text: &[u8]) -> Option<i64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    for (at, expected) in [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ] {
        if text[at] != expected {
            return None;
        }
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0i64, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // The rest of the calendar's rules are left to the general parser.
    if !(1..=12).contains(&month)
        || !(1..=28).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    // Days since the epoch, counting years from March: http://howardhinnant.github.io/date_algorithms.html
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + number(20..23)?)
}

/// Digits only, where the standard library would also take a `+`.
pub(crate) fn record_id(text: &str) -> Option<RecordId> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
