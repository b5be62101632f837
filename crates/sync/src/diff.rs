//! Translating one record and comparing it with what its subject holds. Pure; what a dry run shows is made here.

use std::{borrow::Cow, iter::Peekable};

use model::{
    Outcome, Quarantine, Wire,
    payload::{Entries, SubjectSeed, Writer, entries},
};
use store::{mapping::EmptyPolicy, matching::Link, stage::Change};

use crate::layout::Layout;

/// What a record says about the fields of its subject.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The values, as a payload.
    pub(crate) payload: String,
    /// Fingerprint of those values.
    pub(crate) fingerprint: u64,
    /// A bit per field that has a value.
    pub(crate) presence: Vec<u8>,
    /// What it says per field.
    says: Vec<Says>,
    /// Some field keeps its last value, so the payload is not the whole truth.
    keeps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Value,
    Clear,
    Keep,
}

/// What shall be stored for a subject.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Fingerprint of all selected values.
    pub(crate) fingerprint: u64,
    /// A bit per selected field that has a value.
    pub(crate) presence: Vec<u8>,
    /// The new state, if it differs from the present one.
    pub(crate) change: Option<Change>,
}

/// Translates a record's cells for the subject with the given internal number. `quarantine` is told of every value that is
/// kept out, with the number of its field.
pub(crate) fn translate<'a>(
    layout: &Layout,
    writer: &mut Writer,
    subject: i64,
    cell: impl Fn(usize) -> Wire<'a>,
    mut quarantine: impl FnMut(usize, Quarantine, &'a str),
) -> Translated {
    let seed = SubjectSeed::of(subject);
    let mut translated = Translated {
        payload: String::new(),
        fingerprint: 0,
        presence: vec![0; layout.fields.len().div_ceil(8)],
        says: vec![Says::Keep; layout.fields.len()],
        keeps: false,
    };
    writer.start();
    for (at, field) in layout.fields.iter().enumerate() {
        let Ok(translator) = field.pull else {
            translated.keeps = true;
            continue;
        };
        let wire = cell(at);
        match translator.translate(wire) {
            Outcome::Value(value) => {
                let token = writer.push(&field.key, &value);
                translated.add(at, field.key.fingerprint(seed, token));
                translated.says[at] = Says::Value;
            }
            Outcome::Empty if layout.empty == EmptyPolicy::Clear => {
                translated.says[at] = Says::Clear;
            }
            Outcome::Empty => translated.keeps = true,
            Outcome::Quarantined(reason) => {
                translated.keeps = true;
                if let Wire::Text(text) = wire {
                    quarantine(at, reason, text);
                }
            }
        }
    }
    writer.finish().clone_into(&mut translated.payload);
    translated
}

impl Translated {
    fn add(&mut self, field: usize, fingerprint: u64) {
        self.fingerprint = self.fingerprint.wrapping_add(fingerprint);
        self.presence[field / 8] |= 1 << (field % 8);
    }

    /// Whether the values are all there is to say: no field keeps what it had.
    pub(crate) fn is_whole(&self) -> bool {
        !self.keeps
    }

    /// Whether the link's fingerprint alone shows that nothing changes.
    pub(crate) fn is_known_to(&self, link: &Link, layout: &Layout) -> bool {
        !self.keeps
            && link.mapping_version == layout.mapping_version
            && link.fingerprint == self.fingerprint
    }

    /// The target for a subject that holds nothing yet.
    pub(crate) fn onto_nothing(self) -> Target {
        let written: u32 = self.presence.iter().map(|bits| bits.count_ones()).sum();
        let Self {
            payload,
            fingerprint,
            presence,
            ..
        } = self;
        let change = (written > 0).then_some(Change {
            payload,
            previous: None,
            written,
            cleared: 0,
        });
        Target {
            fingerprint,
            presence,
            change,
        }
    }

    /// The target for a subject that holds `before`, which is version `previous`.
    ///
    /// Fields that are not selected stay as they are. A payload that cannot be read is replaced.
    pub(crate) fn onto(
        &self,
        layout: &Layout,
        subject: i64,
        before: &str,
        previous: i64,
    ) -> Target {
        let seed = SubjectSeed::of(subject);
        let mut merged = Merged::default();
        merged.writer.start();
        let mut fields = layout.fields.iter().enumerate().peekable();
        let mut new = entries(&self.payload).flatten().peekable();
        for old in readable(before) {
            // Fields that stand before this one and are new.
            while let Some((at, field)) =
                fields.next_if(|(_, field)| field.property.as_str() < &*old.0)
            {
                merged.take_new(at, field, seed, &mut new, self.says[at]);
            }
            let selected = fields.next_if(|(_, field)| field.property.as_str() == old.0);
            merged.meet(&old, selected, seed, &mut new, &self.says);
        }
        for (at, field) in fields {
            merged.take_new(at, field, seed, &mut new, self.says[at]);
        }
        let payload = merged.writer.finish();
        let change = (payload != before).then(|| Change {
            payload: payload.to_owned(),
            previous: Some(previous),
            written: merged.written,
            cleared: merged.cleared,
        });
        let mut presence = vec![0; self.presence.len()];
        for field in merged.present {
            presence[field / 8] |= 1 << (field % 8);
        }
        Target {
            fingerprint: merged.fingerprint,
            presence,
            change,
        }
    }
}

type Entry<'a> = (Cow<'a, str>, &'a str);
type New<'a> = Peekable<std::iter::Flatten<Entries<'a>>>;

/// The entries of a stored payload, or none if any of it is damaged.
fn readable(payload: &str) -> Vec<Entry<'_>> {
    entries(payload)
        .collect::<Result<_, _>>()
        .unwrap_or_default()
}

#[derive(Default)]
struct Merged {
    writer: Writer,
    fingerprint: u64,
    present: Vec<usize>,
    written: u32,
    cleared: u32,
}

impl Merged {
    /// A selected field that the subject does not hold.
    fn take_new(
        &mut self,
        at: usize,
        field: &crate::layout::Field,
        seed: SubjectSeed,
        new: &mut New<'_>,
        says: Says,
    ) {
        if says == Says::Value {
            let token = new
                .next()
                .expect("a field that says a value is in the payload")
                .1;
            self.keep(at, field, seed, token);
            self.written += 1;
        }
    }

    /// A field that the subject holds; `selected` if the mapping selects it.
    fn meet(
        &mut self,
        old: &Entry<'_>,
        selected: Option<(usize, &crate::layout::Field)>,
        seed: SubjectSeed,
        new: &mut New<'_>,
        says: &[Says],
    ) {
        let Some((at, field)) = selected else {
            self.writer.push_token(&old.0, old.1);
            return;
        };
        match says[at] {
            Says::Value => {
                let token = new
                    .next()
                    .expect("a field that says a value is in the payload")
                    .1;
                self.written += u32::from(token != old.1);
                self.keep(at, field, seed, token);
            }
            Says::Keep if field.pull.is_ok() => self.keep(at, field, seed, old.1),
            // A held field is outside the fingerprint: it is not this run's to vouch for.
            Says::Keep => self.writer.push_token(&old.0, old.1),
            Says::Clear => self.cleared += 1,
        }
    }

    fn keep(&mut self, at: usize, field: &crate::layout::Field, seed: SubjectSeed, token: &str) {
        self.writer.push_token(field.key.name(), token);
        self.fingerprint = self
            .fingerprint
            .wrapping_add(field.key.fingerprint(seed, token));
        self.present.push(at);
    }
}

/// Fingerprint and presence of the selected, not held fields of a stored payload; `None` if it is damaged.
pub(crate) fn examine(
    layout: &Layout,
    subject: i64,
    payload: &str,
    presence: &mut [u8],
) -> Option<u64> {
    let seed = SubjectSeed::of(subject);
    presence.fill(0);
    let mut sum = 0_u64;
    let mut fields = layout.fields.iter().enumerate().peekable();
    let mut entries = entries(payload);
    let mut count = |at: usize, field: &crate::layout::Field, token| {
        if field.pull.is_ok() {
            sum = sum.wrapping_add(field.key.fingerprint(seed, token));
            presence[at / 8] |= 1 << (at % 8);
        }
    };
    loop {
        // Nearly always the next entry is the next field's.
        if let Some((at, field)) = fields.peek()
            && let Some(token) = entries.next_of(&field.key)
        {
            count(*at, field, token);
            fields.next();
            continue;
        }
        let Some(entry) = entries.next() else {
            return Some(sum);
        };
        let (name, token) = entry.ok()?;
        while fields
            .next_if(|(_, field)| field.property.as_str() < &*name)
            .is_some()
        {}
        if let Some((at, field)) = fields.next_if(|(_, field)| field.property.as_str() == name) {
            count(at, field, token);
        }
    }
}
