//! The truth about a portal, from how its records were made and not from comparing them: what a sync must find.
//!
//! Covered: generated records in any state of life, and every edit through the API or a command that archives,
//! restores, merges, erases, moves the modified date, clears a key, or sets a key to a known id or to one that is
//! nobody's. A key edited into the neighbourhood of a known id is counted as `unclassified`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::key_property;
use crate::generate::keys::Role;
use crate::generate::{Key, Life, Record};
use crate::object::Object;
use crate::portal::Portal;
use crate::table::{Table, View};

/// How many records of each fate a portal holds, at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Live records.
    pub records: u64,
    /// Live records whose key is neither `null` nor `""`.
    pub with_key: u64,
    /// Records that win a known id.
    pub matched: u64,
    /// Live records without a match, by the first reason that fits.
    pub missed: Missed,
    /// Live records whose key was edited to something near a known id.
    pub unclassified: u64,
    /// Ids the product knows.
    pub known: u64,
    /// Known ids without a winner.
    pub without_record: u64,
}

/// Misses by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Key never set: `null`. Search with `HAS_PROPERTY` never delivers these.
    pub null_key: u64,
    /// Key cleared: `""`. Nor these.
    pub empty_key: u64,
    /// Lost to another record with the same key, which is a known id.
    pub duplicate_key: u64,
    /// Differs from a known id in case.
    pub differs_by_case: u64,
    /// Differs from a known id by white space.
    pub differs_by_space: u64,
    /// Differs from a known id by `.0` at its end.
    pub differs_by_trailing_zero: u64,
    /// Differs from a known id by a prefix on either side.
    pub differs_by_prefix: u64,
    /// Nobody's id.
    pub unknown_id: u64,
}

/// What a live record's key leads to.
enum Fate {
    Null,
    Empty,
    /// A candidate for the known id of a slot.
    Candidate(u64),
    Case,
    Space,
    TrailingZero,
    Prefix,
    Unknown,
    Unclassified,
}

fn fate(table: &Table, record: Record) -> Fate {
    let key = key_property(table.object);
    if let Some(state) = table.state(record.index, View::Live) {
        match state.values.get(key).map(String::as_str) {
            Some("") => return Fate::Empty,
            Some(text) => {
                return match table.generator.known_slot(text) {
                    Some(slot) => Fate::Candidate(slot),
                    None if is_near(table, text) => Fate::Unclassified,
                    None => Fate::Unknown,
                };
            }
            None if state.born.is_some() => return Fate::Null,
            None => {}
        }
    }
    match table.generator.key(record) {
        Key::Null => Fate::Null,
        Key::Empty => Fate::Empty,
        Key::Own(Role::Match) => Fate::Candidate(u64::from(record.index)),
        Key::Borrowed(leader, Role::Duplicate) => Fate::Candidate(u64::from(leader)),
        Key::Own(role) | Key::Borrowed(_, role) => match role {
            Role::Case => Fate::Case,
            Role::Space => Fate::Space,
            Role::TrailingZero => Fate::TrailingZero,
            Role::Prefix => Fate::Prefix,
            _ => Fate::Unknown,
        },
    }
}

/// Whether an edited key leads to a known id once case, space, `.0` and a prefix are overlooked.
fn is_near(table: &Table, text: &str) -> bool {
    let bare = text.trim();
    let bare = bare.strip_suffix(".0").unwrap_or(bare);
    let after_prefix = bare
        .rfind(|c: char| !c.is_alphanumeric())
        .map(|at| &bare[at..]);
    let after_prefix =
        after_prefix.map(|rest| rest.trim_start_matches(|c: char| !c.is_alphanumeric()));
    [Some(bare), after_prefix].into_iter().flatten().any(|t| {
        table
            .generator
            .keys
            .slot(t)
            .is_some_and(|s| table.generator.known_role(s).is_some())
    })
}

/// Records that compete for the id of another record's slot, or of one that has no record.
fn rivals(table: &Table) -> BTreeMap<u64, Vec<u32>> {
    let mut rivals: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for index in 0..table.len() {
        let record = table.record(index);
        if table.life(record, View::Live) == Life::Live
            && let Fate::Candidate(slot) = fate(table, record)
            && slot != u64::from(index)
        {
            rivals.entry(slot).or_default().push(index);
        }
    }
    rivals
}

impl Truth {
    pub(crate) fn of(portal: &Portal, object: Object) -> Self {
        let table = portal.table(object);
        let mut truth = Self::default();
        let mut candidates = 0;
        let rivals = rivals(&table);
        let mut groups = rivals.len() as u64;
        for index in 0..table.len() {
            let record = table.record(index);
            if table.life(record, View::Live) != Life::Live {
                continue;
            }
            truth.records += 1;
            let missed = &mut truth.missed;
            match fate(&table, record) {
                Fate::Null => missed.null_key += 1,
                Fate::Empty => missed.empty_key += 1,
                Fate::Candidate(slot) => {
                    candidates += 1;
                    groups += u64::from(slot == u64::from(index) && !rivals.contains_key(&slot));
                }
                Fate::Case => missed.differs_by_case += 1,
                Fate::Space => missed.differs_by_space += 1,
                Fate::TrailingZero => missed.differs_by_trailing_zero += 1,
                Fate::Prefix => missed.differs_by_prefix += 1,
                Fate::Unknown => missed.unknown_id += 1,
                Fate::Unclassified => truth.unclassified += 1,
            }
        }
        truth.matched = groups;
        truth.missed.duplicate_key = candidates - groups;
        truth.with_key = truth.records - truth.missed.null_key - truth.missed.empty_key;
        let slots = (0..u64::from(table.generator.size))
            .filter(|slot| table.generator.known_role(*slot).is_some())
            .count();
        truth.known = slots as u64 + u64::from(table.generator.extras);
        truth.without_record = truth.known - truth.matched;
        truth
    }
}

/// A known id, the record that wins it, and the values asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// The known id.
    pub id: String,
    /// The record's id.
    pub record: String,
    /// Wire values by property; `null` when never set.
    pub values: BTreeMap<String, Option<String>>,
}

/// Streams the winners of a portal, ordered by slot and not by record.
#[derive(Debug)]
pub struct Winners {
    portal: Arc<Portal>,
    object: Object,
    properties: Vec<String>,
    rivals: BTreeMap<u64, Vec<u32>>,
    next: u32,
    ready: VecDeque<Winner>,
}

impl Winners {
    pub(crate) fn new(portal: Arc<Portal>, object: Object, properties: Vec<String>) -> Self {
        let rivals = rivals(&portal.table(object));
        Self {
            portal,
            object,
            properties,
            rivals,
            next: 0,
            ready: VecDeque::new(),
        }
    }

    fn winner(&self, table: &Table, slot: u64, candidates: &[u32]) -> Option<Winner> {
        let best = candidates.iter().copied().max_by_key(|i| {
            let record = table.record(*i);
            (
                table.modified(record, View::Live),
                table.generator.id(record),
            )
        })?;
        let mut id = Vec::new();
        table.generator.write_known(slot, &mut id);
        let record = table.record(best);
        let values = self
            .properties
            .iter()
            .filter_map(|name| table.catalogue.live(name))
            .map(|property| (property.name.to_string(), table.value(record, property)))
            .collect();
        Some(Winner {
            id: String::from_utf8_lossy(&id).into_owned(),
            record: table.generator.id(record).to_string(),
            values,
        })
    }

    /// Makes the next winners ready, some hundreds of places under one lock.
    fn refill(&mut self) {
        let portal = Arc::clone(&self.portal);
        let table = portal.table(self.object);
        while self.ready.len() < 256 && self.next < table.len() {
            let record = table.record(self.next);
            let slot = u64::from(self.next);
            self.next += 1;
            let mut candidates = self.rivals.remove(&slot).unwrap_or_default();
            if table.life(record, View::Live) == Life::Live
                && let Fate::Candidate(own) = fate(&table, record)
                && own == slot
            {
                candidates.push(record.index);
            }
            let winner = self.winner(&table, slot, &candidates);
            self.ready.extend(winner);
        }
        if self.next >= table.len() {
            while self.ready.len() < 256
                && let Some((slot, candidates)) = self.rivals.pop_first()
            {
                let winner = self.winner(&table, slot, &candidates);
                self.ready.extend(winner);
            }
        }
    }
}

impl Iterator for Winners {
    type Item = Winner;

    fn next(&mut self) -> Option<Winner> {
        if self.ready.is_empty() {
            self.refill();
        }
        self.ready.pop_front()
    }
}
