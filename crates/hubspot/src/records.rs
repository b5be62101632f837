//! A page of records, decoded once, owning the text its cells point into.

use model::{RecordId, Wire};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Columns;

/// Records of one answer (or several joined), in the order HubSpot sent them.
///
/// The cells are positions in the answer's own bytes, so that a value costs nothing until it is looked at, and the
/// whole can be sent to another task.
#[derive(Clone)]
pub struct Records {
    columns: Columns,
    /// Cells per row: the columns, and those asked for on the client's own account.
    stride: usize,
    /// The answer.
    body: String,
    /// Text that does not stand in the answer as it is (it was escaped) or that came with another answer; addressed
    /// as if it followed the body.
    more: String,
    rows: Vec<Row>,
    cells: Vec<Span>,
    undecodable: Vec<Undecodable>,
}

/// One record of a [`Records`].
#[derive(Clone, Copy)]
pub struct Record<'a> {
    records: &'a Records,
    row: usize,
}

/// A record that was delivered but cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undecodable {
    /// Its id, if that much can be made out.
    pub id: Option<RecordId>,
    /// What is wrong with it, without any of its values.
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: RecordId,
    pub(crate) updated_at_ms: i64,
    pub(crate) archived: bool,
}

/// Where a cell's text stands. Answers are far smaller than 4 GiB (`transport` sees to that).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    pub(crate) const MISSING: Self = Self {
        start: u32::MAX,
        len: 0,
    };
    pub(crate) const NULL: Self = Self {
        start: u32::MAX - 1,
        len: 0,
    };

    /// # Panics
    /// Never: positions are below the largest answer.
    pub(crate) fn new(start: usize, len: usize) -> Self {
        let small = |n| u32::try_from(n).expect("answers are limited to far less than 4 GiB");
        Self {
            start: small(start),
            len: small(len),
        }
    }

    fn is_text(self) -> bool {
        self.start < Self::NULL.start
    }

    fn shifted(self, by: usize) -> Self {
        if self.is_text() {
            Self::new(self.start as usize + by, self.len as usize)
        } else {
            self
        }
    }
}

/// What a decoder found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) more: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) cells: Vec<Span>,
    pub(crate) undecodable: Vec<Undecodable>,
}

impl Records {
    /// `decoded` are the columns that were decoded, of which `columns` are the first.
    pub(crate) fn new(columns: &Columns, decoded: &Columns, body: String, found: Found) -> Self {
        Self {
            columns: columns.clone(),
            stride: decoded.len(),
            body,
            more: found.more,
            rows: found.rows,
            cells: found.cells,
            undecodable: found.undecodable,
        }
    }

    pub(crate) fn none(columns: &Columns, decoded: &Columns) -> Self {
        Self::new(columns, decoded, String::new(), Found::default())
    }

    /// The columns of every record.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// How many records were decoded.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was decoded.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The records, in the order HubSpot sent them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        (0..self.rows.len()).map(|row| Record { records: self, row })
    }

    /// One record by its place on the page.
    pub fn get(&self, row: usize) -> Option<Record<'_>> {
        (row < self.rows.len()).then_some(Record { records: self, row })
    }

    /// Delivered, but not understood.
    pub fn undecodable(&self) -> &[Undecodable] {
        &self.undecodable
    }

    /// How many records were delivered, understood or not.
    pub fn delivered(&self) -> usize {
        self.rows.len() + self.undecodable.len()
    }

    /// The ids delivered, as far as they could be made out.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RecordId> {
        let bad = self.undecodable.iter().filter_map(|record| record.id);
        self.rows.iter().map(|row| row.id).chain(bad)
    }

    /// Keeps the records whose ids pass the test; returns how many did not.
    pub fn keep(&mut self, test: impl Fn(RecordId) -> bool) -> usize {
        let before = self.delivered();
        self.retain(&test);
        self.undecodable
            .retain(|record| record.id.is_none_or(&test));
        before - self.delivered()
    }

    /// Puts the records in the order of their ids; search may shuffle a page.
    pub(crate) fn sort(&mut self) {
        if self.rows.is_sorted_by_key(|row| row.id) {
            return;
        }
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|row| self.rows[*row].id);
        let cells = |row: &usize| &self.cells[row * self.stride..(row + 1) * self.stride];
        self.cells = order.iter().flat_map(cells).copied().collect();
        self.rows = order.iter().map(|row| self.rows[*row]).collect();
    }

    fn retain(&mut self, keep: impl Fn(RecordId) -> bool) {
        if self.rows.iter().all(|row| keep(row.id)) {
            return;
        }
        let (rows, cells) = (
            std::mem::take(&mut self.rows),
            std::mem::take(&mut self.cells),
        );
        for (index, row) in rows.into_iter().enumerate() {
            if keep(row.id) {
                self.rows.push(row);
                let start = index * self.stride;
                self.cells
                    .extend_from_slice(&cells[start..start + self.stride]);
            }
        }
    }

    /// Adds the records of another answer with the same columns.
    pub(crate) fn append(&mut self, other: Self) {
        if self.rows.is_empty() && self.undecodable.is_empty() {
            *self = other;
            return;
        }
        let shift = self.take_text(&other);
        self.rows.extend(other.rows);
        self.cells
            .extend(other.cells.iter().map(|cell| cell.shifted(shift)));
        self.undecodable.extend(other.undecodable);
    }

    /// Joins answers that hold the same records with different columns; `None` if they do not hold the same records.
    ///
    /// A record that one of them could not be decoded from is undecodable as a whole.
    pub(crate) fn beside(columns: &Columns, mut parts: Vec<Self>) -> Option<Self> {
        let mut undecodable: Vec<Undecodable> = Vec::new();
        for record in parts.iter().flat_map(|part| &part.undecodable) {
            if !undecodable.iter().any(|known| known.id == record.id) {
                undecodable.push(record.clone());
            }
        }
        for part in &mut parts {
            part.retain(|id| !undecodable.iter().any(|record| record.id == Some(id)));
        }
        let mut parts = parts.into_iter();
        let mut joined = parts.next()?;
        joined.columns = columns.clone();
        joined.undecodable = undecodable;
        for part in parts {
            let same = |(a, b): (&Row, &Row)| a.id == b.id;
            if joined.rows.len() != part.rows.len() || !joined.rows.iter().zip(&part.rows).all(same)
            {
                return None;
            }
            let shift = joined.take_text(&part);
            let mut cells = Vec::with_capacity(joined.cells.len() + part.cells.len());
            for (row, newer) in part.rows.iter().enumerate() {
                let old = &mut joined.rows[row];
                old.updated_at_ms = old.updated_at_ms.max(newer.updated_at_ms);
                old.archived |= newer.archived;
                cells.extend_from_slice(
                    &joined.cells[row * joined.stride..(row + 1) * joined.stride],
                );
                let added = &part.cells[row * part.stride..(row + 1) * part.stride];
                cells.extend(added.iter().map(|cell| cell.shifted(shift)));
            }
            joined.cells = cells;
            joined.stride += part.stride;
        }
        Some(joined)
    }

    /// Whether the parts of a page agree on when each record was last changed.
    pub(crate) fn same_moment(parts: &[Self]) -> bool {
        parts
            .windows(2)
            .all(|pair| pair[0].rows.iter().eq(&pair[1].rows))
    }

    /// Makes the text of `other` part of this one; returns how far its cells shift.
    fn take_text(&mut self, other: &Self) -> usize {
        let shift = self.body.len() + self.more.len();
        self.more.push_str(&other.body);
        self.more.push_str(&other.more);
        shift
    }

    fn wire(&self, cell: Span) -> Wire<'_> {
        match cell {
            Span::MISSING => Wire::Missing,
            Span::NULL => Wire::Null,
            Span { start, len } => {
                let (start, len) = (start as usize, len as usize);
                Wire::Text(match start.checked_sub(self.body.len()) {
                    Some(start) => &self.more[start..start + len],
                    None => &self.body[start..start + len],
                })
            }
        }
    }
}

/// Leaves out the values.
impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records")
            .field("len", &self.rows.len())
            .field("undecodable", &self.undecodable)
            .finish_non_exhaustive()
    }
}

impl<'a> Record<'a> {
    /// Its id.
    pub fn id(self) -> RecordId {
        self.records.rows[self.row].id
    }

    /// When it was last changed, in milliseconds since the epoch; 0 if HubSpot did not say.
    ///
    /// Calculated properties change without moving it.
    pub fn updated_at_ms(self) -> i64 {
        self.records.rows[self.row].updated_at_ms
    }

    /// Deleted in HubSpot, where it can still be restored.
    pub fn archived(self) -> bool {
        self.records.rows[self.row].archived
    }

    /// What HubSpot sent for one column.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn wire(self, column: usize) -> Wire<'a> {
        self.cells()[..self.records.columns.len()]
            .get(column)
            .map(|cell| self.records.wire(*cell))
            .expect("a column of these records")
    }

    /// What HubSpot sent for each column, in order.
    pub fn wires(self) -> impl ExactSizeIterator<Item = Wire<'a>> {
        let records = self.records;
        self.cells()[..records.columns.len()]
            .iter()
            .map(|cell| records.wire(*cell))
    }

    /// Whether HubSpot left a column out.
    pub fn is_missing(self, column: usize) -> bool {
        self.cells()[column] == Span::MISSING
    }

    /// Whether HubSpot sent null for a column.
    pub fn is_null(self, column: usize) -> bool {
        self.cells()[column] == Span::NULL
    }

    /// A hash of what HubSpot sent: when the record was changed, and the stretch of the answer that holds its values.
    ///
    /// Equal hashes of two answers to the same question mean equal values. Equal values may have different hashes, as when
    /// properties that were not asked for differ.
    pub fn hash(self, seed: u64) -> u64 {
        let Records { body, more, .. } = self.records;
        let mut hash = seed ^ self.updated_at_ms().cast_unsigned();
        let (mut from, mut to) = (body.len(), 0);
        for (column, cell) in self
            .cells()
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.is_text())
        {
            let (start, end) = (cell.start as usize, (cell.start + cell.len) as usize);
            if let Some(start) = start.checked_sub(body.len()) {
                let text = &more.as_bytes()[start..end - body.len()];
                hash = xxh3_64_with_seed(text, hash.rotate_left(1) ^ column as u64);
            } else {
                from = from.min(start);
                to = to.max(end);
            }
        }
        if from < to {
            hash = xxh3_64_with_seed(&body.as_bytes()[from..to], hash);
        }
        hash
    }

    /// A cell asked for on the client's own account, after the columns.
    pub(crate) fn hidden(self, index: usize) -> Wire<'a> {
        self.cells()
            .get(self.records.columns.len() + index)
            .map_or(Wire::Missing, |cell| self.records.wire(*cell))
    }

    fn cells(self) -> &'a [Span] {
        let start = self.row * self.records.stride;
        &self.records.cells[start..start + self.records.stride]
    }
}

/// The cursor in a `paging` object. Its `link` names another API version and is never followed.
pub(crate) fn after(paging: Option<&Value>) -> Option<String> {
    match paging?.get("next")?.get("after")? {
        Value::String(after) if !after.is_empty() => Some(after.clone()),
        Value::Number(after) => Some(after.to_string()),
        _ => None,
    }
}
