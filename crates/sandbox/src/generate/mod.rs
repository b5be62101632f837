//! Records as pure functions of (seed, object, index): a portal of ten million takes no memory until it is edited.

pub(crate) mod ids;
pub(crate) mod keys;
mod name_lists;
pub(crate) mod names;
mod odd;
mod texts;
pub(crate) mod values;

use crate::config::{PortalConfig, Profile};
use crate::hash::{below, mix, threshold};
use crate::instant::DAY;
use crate::object::Object;
use ids::Ids;
use keys::{EXTRA, Keys, Role};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Live,
    Archived,
    /// Merged into another record.
    Merged,
    /// Never made, or erased for good.
    Gone,
}

/// Where a record's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Null,
    Empty,
    /// Made from the record's own slot.
    Own(Role),
    /// Made from the id of another record that matches (or, for unknown duplicates, is unknown).
    Borrowed(u32, Role),
}

/// A place in a portal with its hash; everything else follows from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) index: u32,
    pub(crate) hash: u64,
}

/// Makes the records of one object type.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    pub(crate) object: Object,
    /// Records made from the seed; the ones created later follow.
    pub(crate) size: u32,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    pub(crate) start_ms: i64,
    pub(crate) owners: u32,
    /// Known ids without a record.
    pub(crate) extras: u32,
    company_ids: Ids,
    seed: u64,
    roles: [(u32, Role); 9],
    archived: u32,
    merged: u32,
    bad: u32,
    odd: u32,
    cleared: u32,
}

/// Portals are this old.
const SPAN: i64 = 6 * 365 * DAY;

/// Merges are dated this long before the portal's start.
const MERGED_BEFORE: i64 = 9 * DAY;

/// The company of a person: small companies are many, a few have a crowd.
pub(crate) fn company_of(person_hash: u64, companies: u64) -> u32 {
    let a = below(mix(person_hash ^ 0xc0), companies);
    let b = below(mix(person_hash ^ 0xc1), companies);
    a.min(b) as u32
}

impl Generator {
    pub(crate) fn new(config: &PortalConfig, object: Object, start_ms: i64) -> Self {
        let people_seed = mix(config.seed ^ 0x01);
        let company_seed = mix(config.seed ^ 0x02);
        let (seed, size, style) = match object {
            Object::Contacts => (people_seed, config.contacts, Some(config.visitor_ids)),
            Object::Companies => (company_seed, config.companies, None),
        };
        let keys = Keys::new(seed, style, people_seed, company_seed, config.companies);
        let dirt = &config.dirt;
        let letters = keys.has_letters();
        let duplicate = if config.unique_key {
            0.0
        } else {
            dirt.duplicate
        };
        let unknown_duplicate = if config.unique_key {
            0.0
        } else {
            dirt.unknown_duplicate
        };
        let mut sum = 0.0;
        let roles = [
            (dirt.key_null, Role::Null),
            (dirt.key_empty, Role::Empty),
            (if letters { dirt.case } else { 0.0 }, Role::Case),
            (
                dirt.space + if letters { 0.0 } else { dirt.case },
                Role::Space,
            ),
            (dirt.trailing_zero, Role::TrailingZero),
            (dirt.prefix, Role::Prefix),
            (dirt.unknown, Role::Unknown),
            (duplicate, Role::Duplicate),
            (unknown_duplicate, Role::UnknownDuplicate),
        ]
        .map(|(share, role)| {
            sum += share;
            (threshold(sum), role)
        });
        Self {
            object,
            size: size as u32,
            ids: Ids::new(size, seed),
            keys,
            start_ms,
            owners: config.owners.max(1),
            extras: (size as f64 * config.extra_known) as u32,
            company_ids: Ids::new(config.companies, company_seed),
            seed,
            roles,
            archived: threshold(dirt.archived),
            merged: threshold(dirt.archived + dirt.merged),
            bad: threshold(dirt.bad_values),
            odd: threshold(dirt.odd_text),
            cleared: threshold(dirt.cleared),
        }
    }

    /// How full the bench profile fills every property, in percent.
    pub(crate) fn fill_floor(profile: Profile) -> u32 {
        if profile == Profile::Bench { 92 } else { 0 }
    }

    pub(crate) fn record(&self, index: u32) -> Record {
        Record {
            index,
            hash: mix(self.seed ^ u64::from(index)),
        }
    }

    /// The ids of the companies that people belong to.
    pub(crate) fn company_ids(&self) -> &Ids {
        &self.company_ids
    }

    pub(crate) fn id(&self, record: Record) -> u64 {
        self.ids.id(record.index)
    }

    /// When the record was made; later records are younger.
    pub(crate) fn created(&self, record: Record) -> i64 {
        let size = i64::from(self.size.max(1));
        let step = SPAN / size;
        let jitter = below(mix(record.hash ^ 0xda7e), step.unsigned_abs().max(1)).cast_signed();
        self.start_ms - SPAN - 2 * DAY + i64::from(record.index) * SPAN / size + jitter
    }

    /// When the record was last modified: at or after its creation, before the portal's start.
    pub(crate) fn modified(&self, record: Record) -> i64 {
        let created = self.created(record);
        if self.roles[8].0 > self.roles[6].0
            && record.hash.is_multiple_of(4)
            && let Key::Borrowed(leader, Role::Duplicate) = self.key(record)
        {
            // An exact tie: only the id can decide between the two.
            let tie = self.drawn_modified(self.record(leader));
            if tie >= created {
                return tie;
            }
        }
        self.drawn_modified(record)
    }

    fn drawn_modified(&self, record: Record) -> i64 {
        let created = self.created(record);
        let hash = mix(record.hash ^ 0x0d1f);
        let reach = match hash & 0xff {
            0..=6 => DAY,
            7..=40 => 30 * DAY,
            41..=120 => 365 * DAY,
            _ => self.start_ms - created,
        };
        let back = 60_000
            + below(
                hash.rotate_left(9),
                reach.max(60_001).unsigned_abs() - 60_000,
            )
            .cast_signed();
        (self.start_ms - back).max(created)
    }

    pub(crate) fn life(&self, record: Record) -> Life {
        if self.merged == 0 || record.index == 0 {
            return Life::Live;
        }
        let draw = mix(record.hash ^ 0x11fe) as u32;
        if draw < self.archived {
            Life::Archived
        } else if draw < self.merged {
            Life::Merged
        } else {
            Life::Live
        }
    }

    /// When an archived record was archived.
    pub(crate) fn archived_at(&self, record: Record) -> i64 {
        self.modified(record)
    }

    /// The record that a merged one went into: the nearest live one before it.
    pub(crate) fn survivor(&self, index: u32) -> u32 {
        let mut at = index;
        while self.life(self.record(at)) != Life::Live {
            at -= 1;
        }
        at
    }

    /// The records that were merged into this one, oldest first, with the instant of the merge.
    pub(crate) fn losers(&self, record: Record) -> impl Iterator<Item = (u64, i64)> + '_ {
        (record.index + 1..self.size)
            .map(|i| self.record(i))
            .take_while(|r| self.merged != 0 && self.life(*r) != Life::Live)
            .filter(|r| self.life(*r) == Life::Merged)
            .map(|r| {
                (
                    self.id(r),
                    self.start_ms - MERGED_BEFORE + i64::from(r.index % 1_000),
                )
            })
    }

    fn role(&self, record: Record) -> Role {
        if self.roles[8].0 == 0 {
            return Role::Match;
        }
        let draw = mix(record.hash ^ 0x401e) as u32;
        self.roles
            .iter()
            .find(|(limit, _)| draw < *limit)
            .map_or(Role::Match, |(_, role)| *role)
    }

    /// Another live record with the wanted role, drawn by this record.
    fn other(&self, record: Record, wanted: Role) -> Option<u32> {
        (0..64_u64)
            .map(|n| {
                self.record(below(mix(record.hash ^ (0x07e4 + n)), u64::from(self.size)) as u32)
            })
            .find(|r| {
                r.index != record.index && self.role(*r) == wanted && self.life(*r) == Life::Live
            })
            .map(|r| r.index)
    }

    /// Where the record's key comes from.
    pub(crate) fn key(&self, record: Record) -> Key {
        let borrowed = |role, wanted| self.other(record, wanted).map(|i| Key::Borrowed(i, role));
        match self.role(record) {
            Role::Null => Key::Null,
            Role::Empty => Key::Empty,
            role @ (Role::Space | Role::Prefix) if record.hash & 0b100 == 0 => {
                borrowed(role, Role::Match).unwrap_or(Key::Own(role))
            }
            role @ Role::Duplicate => {
                borrowed(role, Role::Match).unwrap_or(Key::Own(Role::Unknown))
            }
            role @ Role::UnknownDuplicate => {
                borrowed(role, Role::Unknown).unwrap_or(Key::Own(Role::Unknown))
            }
            role => Key::Own(role),
        }
    }

    /// Whether the record's key is `null` or `""`, which is cheaper to say than what it is.
    pub(crate) fn key_fill(&self, record: Record) -> values::Fill {
        match self.role(record) {
            Role::Null => values::Fill::Null,
            Role::Empty => values::Fill::Empty,
            _ => values::Fill::Set,
        }
    }

    /// Writes the record's key as it is on the wire.
    pub(crate) fn write_key(&self, record: Record, out: &mut Vec<u8>) {
        let slot = u64::from(record.index);
        match self.key(record) {
            Key::Null | Key::Empty => {}
            Key::Own(role) => self.keys.write_near(slot, role, out),
            Key::Borrowed(leader, role) => {
                let leader = u64::from(leader);
                if role == Role::Prefix {
                    self.keys.write_prefix(slot, out);
                }
                self.keys.write_plain(leader, Role::Match, out);
                if role == Role::Space {
                    self.keys.write_space(slot, out);
                }
            }
        }
    }

    /// The role of a slot whose id the product knows; `None` when it does not know it.
    pub(crate) fn known_role(&self, slot: u64) -> Option<Role> {
        if slot >= EXTRA {
            return (slot - EXTRA < u64::from(self.extras)).then_some(Role::Match);
        }
        if slot >= u64::from(self.size) {
            return None;
        }
        let record = self.record(slot as u32);
        match self.key(record) {
            Key::Own(
                role @ (Role::Match | Role::Case | Role::Space | Role::TrailingZero | Role::Prefix),
            ) => Some(role),
            // Every other person without a key uses the product all the same.
            Key::Null if record.hash & 0b1000 == 0 => Some(Role::Match),
            _ => None,
        }
    }

    /// Writes the id the product knows a slot by; `false` when it knows none.
    pub(crate) fn write_known(&self, slot: u64, out: &mut Vec<u8>) -> bool {
        let Some(role) = self.known_role(slot) else {
            return false;
        };
        self.keys.write_known(slot, role, out);
        true
    }

    /// The slot of a known id.
    pub(crate) fn known_slot(&self, id: &str) -> Option<u64> {
        let slot = self.keys.slot(id)?;
        let mut out = Vec::new();
        (self.write_known(slot, &mut out) && out == id.as_bytes()).then_some(slot)
    }
}
