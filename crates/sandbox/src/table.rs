//! The records of one object type as they are now: made by the generator, changed by an overlay of edits.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::catalogue::{Catalogue, Property, Source};
use crate::config::PortalConfig;
use crate::generate::values::Fill;
use crate::generate::{Generator, Life, Record};
use crate::instant::write_iso;
use crate::object::Object;
use crate::search::counts::Counts;

/// What edits made of a record; empty for an untouched one.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Set for records created at run time: nothing about them is generated.
    pub(crate) born: Option<i64>,
    pub(crate) life: Option<Life>,
    pub(crate) modified: Option<i64>,
    pub(crate) archived_at: Option<i64>,
    pub(crate) survivor: Option<u32>,
    pub(crate) values: HashMap<String, String>,
}

/// A record's state and, while the search index lags behind, the one before.
#[derive(Clone, Debug, Default)]
struct Change {
    now: State,
    before: Option<(i64, State)>,
}

/// Which state of the records to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// As they are.
    Live,
    /// As the search index knows them at this instant.
    Index(i64),
}

/// A write to one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: i64,
    pub(crate) index_delay: i64,
}

/// All records of one object type.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) object: Object,
    pub(crate) generator: Generator,
    pub(crate) catalogue: Catalogue,
    pub(crate) counts: Counts,
    changes: BTreeMap<u32, Change>,
    created: u32,
    /// Moves with every edit.
    pub(crate) version: u64,
}

impl Table {
    pub(crate) fn new(config: &PortalConfig, object: Object, start_ms: i64) -> Self {
        let floor = Generator::fill_floor(config.profile);
        Self {
            object,
            generator: Generator::new(config, object, start_ms),
            catalogue: Catalogue::new(
                object,
                config.extra_properties,
                config.unique_key,
                floor,
                start_ms,
            ),
            counts: Counts::default(),
            changes: BTreeMap::new(),
            created: 0,
            version: 0,
        }
    }

    /// How many records were ever made.
    pub(crate) fn len(&self) -> u32 {
        self.generator.size + self.created
    }

    /// Whether any record was edited.
    pub(crate) fn is_untouched(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn state(&self, index: u32, view: View) -> Option<&State> {
        if self.changes.is_empty() {
            return None;
        }
        let change = self.changes.get(&index)?;
        Some(match (view, &change.before) {
            (View::Index(now), Some((visible, before))) if now < *visible => before,
            _ => &change.now,
        })
    }

    pub(crate) fn record(&self, index: u32) -> Record {
        self.generator.record(index)
    }

    pub(crate) fn index(&self, id: u64) -> Option<u32> {
        self.generator.ids.index(id).filter(|i| *i < self.len())
    }

    pub(crate) fn life(&self, record: Record, view: View) -> Life {
        match self.state(record.index, view) {
            Some(State {
                life: Some(life), ..
            }) => *life,
            Some(State { born: Some(_), .. }) => Life::Live,
            _ if record.index >= self.generator.size => Life::Gone,
            _ => self.generator.life(record),
        }
    }

    pub(crate) fn created(&self, record: Record) -> i64 {
        match self.state(record.index, View::Live) {
            Some(State { born: Some(ms), .. }) => *ms,
            _ => self.generator.created(record),
        }
    }

    pub(crate) fn modified(&self, record: Record, view: View) -> i64 {
        match self.state(record.index, view) {
            Some(
                State {
                    modified: Some(ms), ..
                }
                | State { born: Some(ms), .. },
            ) => *ms,
            _ => self.generator.modified(record),
        }
    }

    pub(crate) fn archived_at(&self, record: Record) -> i64 {
        match self.state(record.index, View::Live) {
            Some(State {
                archived_at: Some(ms),
                ..
            }) => *ms,
            _ => self.generator.archived_at(record),
        }
    }

    /// The record an id stands for: itself, or the end of its chain of merges.
    pub(crate) fn resolve(&self, index: u32) -> u32 {
        let mut at = index;
        for _ in 0..1_000 {
            if self.life(self.record(at), View::Live) != Life::Merged {
                break;
            }
            at = match self.state(at, View::Live) {
                Some(State {
                    survivor: Some(next),
                    ..
                }) => *next,
                _ if at < self.generator.size => self.generator.survivor(at),
                _ => break,
            };
        }
        at
    }

    /// Whether a record has a value.
    pub(crate) fn fill(&self, record: Record, property: &Property, view: View) -> Fill {
        if let Some(state) = self.state(record.index, view) {
            if let Some(value) = state.values.get(property.name.as_ref()) {
                return if value.is_empty() {
                    Fill::Empty
                } else {
                    Fill::Set
                };
            }
            if state.born.is_some() {
                return match property.source {
                    Source::ObjectId | Source::Created | Source::Modified => Fill::Set,
                    _ => Fill::Null,
                };
            }
        }
        self.generator.fill(record, property)
    }

    /// Writes the raw text of a value; what comes back says whether there is one, and whether it needs no escaping.
    pub(crate) fn write_value(
        &self,
        record: Record,
        property: &Property,
        view: View,
        out: &mut Vec<u8>,
    ) -> (Fill, bool) {
        if let Some(state) = self.state(record.index, view) {
            match property.source {
                Source::Modified => {
                    write_iso(self.modified(record, view), true, out);
                    return (Fill::Set, true);
                }
                Source::Created => {
                    write_iso(self.created(record), true, out);
                    return (Fill::Set, true);
                }
                _ => {}
            }
            if let Some(value) = state.values.get(property.name.as_ref()) {
                out.extend_from_slice(value.as_bytes());
                return (
                    if value.is_empty() {
                        Fill::Empty
                    } else {
                        Fill::Set
                    },
                    false,
                );
            }
            if state.born.is_some() && property.source != Source::ObjectId {
                return (Fill::Null, true);
            }
        }
        match self.generator.fill(record, property) {
            Fill::Set => (Fill::Set, self.generator.write_value(record, property, out)),
            fill => (fill, true),
        }
    }

    /// A value as text: `None` when never set.
    pub(crate) fn value(&self, record: Record, property: &Property) -> Option<String> {
        let mut out = Vec::new();
        match self.write_value(record, property, View::Live, &mut out).0 {
            Fill::Null => None,
            _ => Some(String::from_utf8_lossy(&out).into_owned()),
        }
    }

    /// Changes a record; search sees it after the index delay.
    pub(crate) fn edit(&mut self, index: u32, at: Moment, edit: impl FnOnce(&mut State)) {
        let change = self.changes.entry(index).or_default();
        if at.index_delay > 0 {
            let visible = at.now + at.index_delay;
            match &mut change.before {
                Some((until, _)) if *until > at.now => *until = visible,
                before => *before = Some((visible, change.now.clone())),
            }
            self.counts.invalidate_at(visible, index);
        }
        edit(&mut change.now);
        self.counts.invalidate(index);
        self.version += 1;
    }

    /// Sets values; the modified date moves unless every one of them is calculated.
    pub(crate) fn set(
        &mut self,
        index: u32,
        values: &[(String, String)],
        moves_date: bool,
        at: Moment,
    ) {
        self.edit(index, at, |state| {
            for (name, value) in values {
                state.values.insert(name.clone(), value.clone());
            }
            if moves_date {
                state.modified = Some(at.now);
            }
        });
    }

    /// Makes a new record after all others.
    pub(crate) fn create(&mut self, values: &[(String, String)], at: Moment) -> u32 {
        let index = self.len();
        self.created += 1;
        self.counts.clear();
        let change = self.changes.entry(index).or_default();
        if at.index_delay > 0 {
            let absent = State {
                life: Some(Life::Gone),
                ..State::default()
            };
            change.before = Some((at.now + at.index_delay, absent));
            self.counts.invalidate_at(at.now + at.index_delay, index);
        }
        change.now = State {
            born: Some(at.now),
            values: values.iter().cloned().collect(),
            ..State::default()
        };
        self.version += 1;
        index
    }

    pub(crate) fn archive(&mut self, index: u32, at: Moment) -> bool {
        if self.life(self.record(index), View::Live) != Life::Live {
            return false;
        }
        self.edit(index, at, |state| {
            state.life = Some(Life::Archived);
            state.archived_at = Some(at.now);
        });
        true
    }

    pub(crate) fn restore(&mut self, index: u32, at: Moment) -> bool {
        if self.life(self.record(index), View::Live) != Life::Archived {
            return false;
        }
        self.edit(index, at, |state| {
            state.life = Some(Life::Live);
            state.modified = Some(at.now);
        });
        true
    }

    /// Erases a record for good.
    pub(crate) fn erase(&mut self, index: u32, at: Moment) {
        self.edit(index, at, |state| {
            *state = State {
                life: Some(Life::Gone),
                born: state.born,
                ..State::default()
            };
        });
    }

    /// Merges `loser` into `primary`.
    pub(crate) fn merge(&mut self, primary: u32, loser: u32, at: Moment) {
        let loser_id = self.generator.ids.id(loser);
        let names = ["hs_merged_object_ids", "hs_calculated_merged_vids"];
        let mut merged = Vec::new();
        for name in names {
            let Some(property) = self.catalogue.get(name) else {
                continue;
            };
            let mut value = self
                .value(self.record(primary), property)
                .unwrap_or_default();
            if !value.is_empty() {
                value.push(';');
            }
            value.push_str(&loser_id.to_string());
            if name == "hs_calculated_merged_vids" {
                value.push(':');
                value.push_str(&at.now.to_string());
            }
            merged.push((name.to_owned(), value));
        }
        self.set(primary, &merged, true, at);
        self.edit(loser, at, |state| {
            state.life = Some(Life::Merged);
            state.survivor = Some(primary);
        });
    }
}

impl Table {
    /// The place whose unique property has this value; e-mail addresses compare in lower case.
    pub(crate) fn lookup(&self, property: &Property, value: &str) -> Option<u32> {
        let email = property.source == Source::Email;
        let wanted = if email {
            value.to_lowercase()
        } else {
            value.to_owned()
        };
        let carries = |index: &u32| {
            let record = self.record(*index);
            self.life(record, View::Live) != Life::Gone
                && self.value(record, property).is_some_and(|v| {
                    if email {
                        v.to_lowercase() == wanted
                    } else {
                        v == wanted
                    }
                })
        };
        let made_from = match property.source {
            Source::Email => self
                .generator
                .keys
                .email_slot(&wanted)
                .and_then(|s| u32::try_from(s).ok()),
            Source::Unique => self.generator.unique_index(&wanted),
            Source::Key => self
                .generator
                .keys
                .slot(&wanted)
                .and_then(|s| u32::try_from(s).ok()),
            _ => None,
        };
        let edited = self
            .changes
            .iter()
            .filter(|(_, c)| c.now.values.contains_key(property.name.as_ref()));
        edited
            .map(|(i, _)| *i)
            .find(|i| carries(i))
            .or_else(|| made_from.filter(|i| *i < self.len()).filter(|i| carries(i)))
    }
}
