//! The ids that the product analytics subscription knows: mostly the records' keys, in an order of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::generate::keys::EXTRA;
use crate::generate::names::Person;
use crate::generate::{Generator, company_of};
use crate::hash::{below, mix, pick};
use crate::instant::{DAY, iso};
use crate::object::Object;

/// One visitor or account as the product knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownId {
    /// The id, byte for byte.
    pub id: String,
    /// What the product's agent has seen.
    pub agent: Map<String, Value>,
    /// For visitors: the ids of their accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
}

/// Streams the known ids of one object type without holding them. The order is a permutation of the records' order.
#[derive(Clone, Debug)]
pub struct Known {
    generator: Generator,
    companies: Generator,
    mask: u64,
    factor: u64,
    next: u64,
}

impl Known {
    pub(crate) fn new(generator: Generator, companies: Generator) -> Self {
        let slots = u64::from(generator.size) + u64::from(generator.extras);
        let factor = mix(generator.keys.people_seed ^ 0x0bde) | 1;
        Self {
            mask: slots.max(1).next_power_of_two() - 1,
            factor,
            next: 0,
            generator,
            companies,
        }
    }

    /// The next slot with a known id, whose id is left in `id`.
    fn next_slot(&mut self, id: &mut Vec<u8>) -> Option<u64> {
        let size = u64::from(self.generator.size);
        while self.next <= self.mask {
            let at = self
                .next
                .wrapping_mul(self.factor)
                .wrapping_add(self.factor >> 32)
                & self.mask;
            self.next += 1;
            let slot = if at < size { at } else { at - size + EXTRA };
            id.clear();
            if self.generator.write_known(slot, id) {
                return Some(slot);
            }
        }
        None
    }

    fn accounts(&self, slot: u64) -> Vec<String> {
        if self.generator.object == Object::Companies {
            return Vec::new();
        }
        let hash = mix(self.generator.keys.people_seed ^ slot);
        let mut accounts = Vec::new();
        let own = company_of(hash, self.companies.keys.companies);
        // One person in twenty works for two customers.
        let other = (hash >> 7)
            .is_multiple_of(32)
            .then(|| company_of(mix(hash), self.companies.keys.companies));
        for company in std::iter::once(own).chain(other) {
            let mut id = Vec::new();
            if self.companies.write_known(u64::from(company), &mut id) {
                let id = String::from_utf8_lossy(&id).into_owned();
                if !accounts.contains(&id) {
                    accounts.push(id);
                }
            }
        }
        accounts
    }

    fn agent(&self, slot: u64) -> Map<String, Value> {
        let hash = mix(self.generator.keys.people_seed ^ slot);
        let draw = mix(hash ^ 0xa6e2);
        let since = self.generator.start_ms - below(draw.rotate_left(5), 1_800).cast_signed() * DAY;
        let agent = match self.generator.object {
            Object::Contacts => json!({
                "role": pick(draw, &["admin", "editor", "viewer", "viewer", "billing"]),
                "language": Person::new(hash).language(),
                "plan": pick(draw.rotate_left(11), &["free", "starter", "growth", "business", "enterprise"]),
                "signed_up_at": iso(since),
                "beta": (draw >> 21).is_multiple_of(8),
            }),
            Object::Companies => json!({
                "plan": pick(draw.rotate_left(11), &["free", "starter", "growth", "business", "enterprise"]),
                "seats": 1 + below(draw.rotate_left(19), 400),
                "region": pick(draw, &["apac", "emea", "amer"]),
                "created_at": iso(since),
            }),
        };
        match agent {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Appends lines of NDJSON until the buffer holds `target` bytes; `false` at the end.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, target: usize) -> bool {
        let mut id = Vec::new();
        while out.len() < target {
            let Some(slot) = self.next_slot(&mut id) else {
                return false;
            };
            out.extend_from_slice(b"{\"id\":");
            crate::wire::write_string(&String::from_utf8_lossy(&id), out);
            out.extend_from_slice(b",\"agent\":");
            out.extend_from_slice(Value::Object(self.agent(slot)).to_string().as_bytes());
            if self.generator.object == Object::Contacts {
                out.extend_from_slice(b",\"accounts\":");
                out.extend_from_slice(json!(self.accounts(slot)).to_string().as_bytes());
            }
            out.extend_from_slice(b"}\n");
        }
        true
    }
}

impl Iterator for Known {
    type Item = KnownId;

    fn next(&mut self) -> Option<KnownId> {
        let mut id = Vec::new();
        let slot = self.next_slot(&mut id)?;
        Some(KnownId {
            id: String::from_utf8_lossy(&id).into_owned(),
            agent: self.agent(slot),
            accounts: self.accounts(slot),
        })
    }
}
