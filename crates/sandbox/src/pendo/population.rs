//! The records of one kind in one subscription, found by id and walked in the order of ids.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::kind::{Group, Kind};
use super::row::{Change, Row, Scratch};
use super::schema::{Schema, Type};

/// Ids of visitors who never said who they are begin with this.
pub(super) const ANONYMOUS: &str = "_PENDO_T_";

/// A visitor or an account.
#[derive(Debug)]
pub(super) struct Record {
    /// Shared with the index.
    pub(super) id: Arc<str>,
    pub(super) row: Row,
    /// Whether the product was ever opened; not so for a record that a write made.
    pub(super) has_visited: bool,
}

/// All records of a kind.
#[derive(Debug)]
pub(super) struct Population {
    pub(super) kind: Kind,
    pub(super) schema: Schema,
    records: Vec<Record>,
    places: HashMap<Arc<str>, u32>,
    /// Places in the order of ids, as far as `is_sorted` says so.
    sorted: Vec<u32>,
    is_sorted: bool,
}

impl Population {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            schema: Schema::new(kind),
            records: Vec::new(),
            places: HashMap::new(),
            sorted: Vec::new(),
            is_sorted: true,
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.find(id).map(|place| self.record(place))
    }

    pub(super) fn record(&self, place: u32) -> &Record {
        &self.records[place as usize]
    }

    /// The place of a record, which comes into being when it is missing.
    pub(super) fn find_or_add(&mut self, id: &str, has_visited: bool) -> u32 {
        if let Some(place) = self.find(id) {
            return place;
        }
        let place = u32::try_from(self.records.len()).expect("fewer than 4 billion records");
        let id: Arc<str> = Arc::from(id);
        // Ids that arrive in order keep the index in order.
        self.is_sorted &= self
            .sorted
            .last()
            .is_none_or(|last| self.record(*last).id < id);
        self.places.insert(Arc::clone(&id), place);
        self.records.push(Record {
            id,
            row: Row::default(),
            has_visited,
        });
        self.sorted.push(place);
        place
    }

    pub(super) fn change(&mut self, place: u32, changes: &[Change<'_>], scratch: &mut Scratch) {
        self.records[place as usize].row.apply(changes, scratch);
    }

    /// Values as somebody else would set them: fields come into being with the values' types.
    pub(super) fn set(&mut self, id: &str, group: Group, values: &Map<String, Value>) {
        let changes: Vec<Change<'_>> = values
            .iter()
            .map(|(name, value)| Change {
                field: self.schema.find_or_put(group, name, Type::of(value)),
                text: Some(value.to_string().into()),
            })
            .collect();
        let place = self.find_or_add(id, true);
        self.change(place, &changes, &mut Scratch::default());
    }

    /// Puts the index in order after records were added.
    pub(super) fn sort(&mut self) {
        if !self.is_sorted {
            // Stable on purpose: it takes an index that is in order but for its end in little more than one pass.
            let records = &self.records;
            self.sorted
                .sort_by(|a, b| records[*a as usize].id.cmp(&records[*b as usize].id));
            self.is_sorted = true;
        }
    }

    /// Places in the order of ids.
    pub(super) fn by_id(&self) -> &[u32] {
        debug_assert!(self.is_sorted, "whoever walks by id sorts first");
        &self.sorted
    }

    /// Records in the order in which they came into being.
    pub(super) fn by_age(&self) -> &[Record] {
        &self.records
    }
}
