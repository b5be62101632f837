//! Key values: what the product calls a visitor or an account, and how a record comes near it or misses it.
//!
//! A *slot* is a place that an id is made from: the index of a record, or a number from [`EXTRA`] on for ids that no
//! record carries. Every id leads back to its slot ([`Keys::slot`]), so nothing needs a map of all ids. No id is a
//! suffix of another one, none holds white space, and none ends in `.0`, so that a near miss made on purpose has
//! exactly one reason.

use super::names::{Company, Person, write_number};
use crate::config::VisitorIds;
use crate::hash::{mix, pick, unmix};

/// Slots from here on belong to known ids without a record.
pub(crate) const EXTRA: u64 = 1 << 32;

/// Numeric ids live in `NUMBER_BASE .. NUMBER_BASE + 2^34`.
const NUMBER_BASE: u64 = 10_000_000;
const NUMBER_MASK: u64 = (1 << 34) - 1;
const NUMBER_FACTOR: u64 = 0x0002_4b3c_5d15;

/// What stands before an id in other systems.
const PREFIXES: [&str; 4] = ["crm:", "u-", "app/", "prod#"];

const BASE32: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How a record's key relates to the ids the product knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Match,
    Null,
    Empty,
    Case,
    Space,
    TrailingZero,
    Prefix,
    Unknown,
    Duplicate,
    UnknownDuplicate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Uuid,
    Number,
    Email,
    Code,
}

/// Makes ids from slots and slots from ids.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    seed: u64,
    style: Option<VisitorIds>,
    /// Seeds of the people and companies that e-mail addresses are made of.
    pub(crate) people_seed: u64,
    pub(crate) company_seed: u64,
    pub(crate) companies: u64,
}

impl Keys {
    /// `style` is `None` for account ids.
    pub(crate) fn new(
        seed: u64,
        style: Option<VisitorIds>,
        people_seed: u64,
        company_seed: u64,
        companies: u64,
    ) -> Self {
        Self {
            seed: mix(seed ^ 0x6b65_7973),
            style,
            people_seed,
            company_seed,
            companies: companies.max(1),
        }
    }

    /// The roles a portal of numbers only cannot have: digits have no case.
    pub(crate) fn has_letters(&self) -> bool {
        self.style != Some(VisitorIds::Numeric)
    }

    fn shape(&self, slot: u64, role: Role) -> Shape {
        let draw = mix(self.seed ^ slot ^ 0x5a17) & 0xff;
        match self.style {
            Some(VisitorIds::Uuid) => Shape::Uuid,
            Some(VisitorIds::Numeric) => Shape::Number,
            Some(VisitorIds::Email) => Shape::Email,
            Some(VisitorIds::Mixed) => match (role, draw) {
                (Role::TrailingZero, _) => Shape::Number,
                (_, 128..=179) => Shape::Email,
                (_, 0..=127) | (Role::Case, _) => Shape::Uuid,
                _ => Shape::Number,
            },
            None => match (role, draw) {
                (Role::TrailingZero, _) => Shape::Number,
                (_, 170..=209) => Shape::Uuid,
                (_, 0..=169) | (Role::Case, _) => Shape::Code,
                _ => Shape::Number,
            },
        }
    }

    fn scramble(&self, slot: u64) -> u64 {
        mix(slot ^ self.seed)
    }

    /// Writes the id that a slot with this role stands for, without any deviation.
    pub(crate) fn write_plain(&self, slot: u64, role: Role, out: &mut Vec<u8>) {
        match self.shape(slot, role) {
            Shape::Uuid => write_uuid(self.scramble(slot), out),
            Shape::Number => {
                let n = slot.wrapping_mul(NUMBER_FACTOR).wrapping_add(self.seed) & NUMBER_MASK;
                write_number(n + NUMBER_BASE, out);
            }
            Shape::Email => self.write_email(slot, out),
            Shape::Code => {
                out.extend_from_slice(b"acct_k");
                write_base32(self.scramble(slot), out);
            }
        }
    }

    /// The e-mail address of a slot: readable, unique, and leading back to the slot.
    pub(crate) fn write_email(&self, slot: u64, out: &mut Vec<u8>) {
        let hash = mix(self.people_seed ^ slot);
        let person = Person::new(hash);
        out.extend_from_slice(person.given().1.as_bytes());
        out.push(b'.');
        out.extend_from_slice(person.family().1.as_bytes());
        write_number(slot, out);
        out.push(b'@');
        let company = super::company_of(hash, self.companies);
        Company::new(mix(self.company_seed ^ u64::from(company)), company).write_domain(out);
    }

    /// The slot of an e-mail address, when it is one of ours in lower case.
    pub(crate) fn email_slot(&self, email: &str) -> Option<u64> {
        let (local, _) = email.split_once('@')?;
        let digits = local.trim_start_matches(|c: char| !c.is_ascii_digit());
        let slot = digits.parse().ok()?;
        let mut out = Vec::new();
        self.write_email(slot, &mut out);
        (out == email.as_bytes()).then_some(slot)
    }

    /// Two bits that decide which side of a near miss deviates, and how.
    fn variant(&self, slot: u64) -> u64 {
        mix(self.seed ^ slot ^ 0x7661_7269)
    }

    /// Writes the id as the product knows it.
    pub(crate) fn write_known(&self, slot: u64, role: Role, out: &mut Vec<u8>) {
        let variant = self.variant(slot);
        let from = out.len();
        match role {
            Role::Prefix if variant & 1 == 1 => {
                out.extend_from_slice(pick(variant.rotate_left(9), &PREFIXES).as_bytes());
                self.write_plain(slot, role, out);
            }
            Role::Case if variant & 1 == 1 => {
                self.write_plain(slot, role, out);
                out[from..].make_ascii_uppercase();
            }
            _ => self.write_plain(slot, role, out),
        }
    }

    /// Writes the key of a record whose deviation is its own (not borrowed from another record).
    pub(crate) fn write_near(&self, slot: u64, role: Role, out: &mut Vec<u8>) {
        let variant = self.variant(slot);
        let from = out.len();
        match role {
            Role::Case => {
                self.write_plain(slot, role, out);
                if variant & 1 == 0 {
                    out[from..].make_ascii_uppercase();
                }
            }
            Role::TrailingZero => {
                self.write_plain(slot, role, out);
                out.extend_from_slice(b".0");
            }
            Role::Prefix => {
                if variant & 1 == 0 {
                    out.extend_from_slice(pick(variant.rotate_left(9), &PREFIXES).as_bytes());
                }
                self.write_plain(slot, role, out);
            }
            Role::Space => {
                self.write_plain(slot, role, out);
                self.write_space(slot, out);
            }
            _ => self.write_plain(slot, role, out),
        }
    }

    /// White space as people and spreadsheets leave it behind. Only ever at the end: before an id it would also pass
    /// for a prefix.
    pub(crate) fn write_space(&self, slot: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(
            pick(
                self.variant(slot).rotate_left(21),
                &[" ", " ", "  ", "\t", "\u{3000}"],
            )
            .as_bytes(),
        );
    }

    /// A prefix for a key that deviates from another record's id.
    pub(crate) fn write_prefix(&self, slot: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(pick(self.variant(slot).rotate_left(9), &PREFIXES).as_bytes());
    }

    /// The slot an id would stem from; the caller checks that the slot's id really is this one.
    pub(crate) fn slot(&self, id: &str) -> Option<u64> {
        let plain = PREFIXES
            .iter()
            .find_map(|p| id.strip_prefix(p))
            .unwrap_or(id)
            .to_ascii_lowercase();
        if plain.contains('@') {
            return self.email_slot(&plain);
        }
        if let Some(code) = plain.strip_prefix("acct_k") {
            return read_base32(code).map(|v| unmix(v) ^ self.seed);
        }
        if plain.len() == 36 {
            return read_uuid(&plain).map(|v| unmix(v) ^ self.seed);
        }
        let n = plain.parse::<u64>().ok()?.checked_sub(NUMBER_BASE)?;
        (n <= NUMBER_MASK).then(|| {
            n.wrapping_sub(self.seed)
                .wrapping_mul(inverse(NUMBER_FACTOR))
                & NUMBER_MASK
        })
    }
}

/// The inverse of an odd number modulo 2^64 (Newton's iteration).
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x)));
        round += 1;
    }
    x
}

/// A version-4 UUID over 64 bits. Its last group begins with a letter, so that it always has one and never ends
/// in twelve digits.
pub(crate) fn write_uuid(value: u64, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let more = mix(value ^ 0x7575_6964);
    let digit = |v: u64, n: u32| HEX[(v >> (n * 4) & 0xf) as usize];
    let mut text = [b'-'; 36];
    for (n, place) in text.iter_mut().enumerate().take(8) {
        *place = digit(value, n as u32);
    }
    for n in 0..4 {
        text[9 + n] = digit(value, 8 + n as u32);
    }
    text[14] = b'4';
    for n in 0..3 {
        text[15 + n] = digit(value, 12 + n as u32);
    }
    text[19] = HEX[8 + (more & 3) as usize];
    text[20] = digit(value, 15);
    text[21] = digit(more, 1);
    text[22] = digit(more, 2);
    text[24] = b'a' + (more >> 12 & 0xff) as u8 % 6;
    for n in 0..11 {
        text[25 + n] = digit(more, 5 + n as u32);
    }
    out.extend_from_slice(&text);
}

pub(super) fn read_uuid(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let places = (0..8).chain(9..13).chain(15..18).chain(20..21);
    let mut value = 0;
    for (n, at) in places.enumerate() {
        value |= u64::from(char::from(bytes[at]).to_digit(16)?) << (n * 4);
    }
    Some(value)
}

fn write_base32(value: u64, out: &mut Vec<u8>) {
    for n in 0..13 {
        out.push(BASE32[(value >> (n * 5) & 0x1f) as usize]);
    }
}

fn read_base32(text: &str) -> Option<u64> {
    let mut value = 0;
    if text.len() != 13 {
        return None;
    }
    for (n, b) in text.bytes().enumerate() {
        value |= (BASE32.iter().position(|c| *c == b)? as u64) << (n * 5);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_leads_back_to_its_slot() {
        for style in [
            Some(VisitorIds::Mixed),
            Some(VisitorIds::Email),
            Some(VisitorIds::Numeric),
            None,
        ] {
            let keys = Keys::new(99, style, 5, 6, 300);
            for slot in (0..2_000).chain(EXTRA..EXTRA + 200) {
                for role in [Role::Match, Role::Case, Role::TrailingZero, Role::Prefix] {
                    let mut id = Vec::new();
                    keys.write_known(slot, role, &mut id);
                    let id = String::from_utf8(id).unwrap();
                    assert_eq!(keys.slot(&id), Some(slot), "{style:?} {role:?} {id}");
                }
            }
        }
    }

    #[test]
    fn no_id_ends_with_another_one() {
        let keys = Keys::new(3, Some(VisitorIds::Mixed), 5, 6, 300);
        let mut ids = std::collections::BTreeSet::new();
        for slot in 0..3_000 {
            let mut id = Vec::new();
            keys.write_plain(slot, Role::Match, &mut id);
            assert!(ids.insert(String::from_utf8(id).unwrap()));
        }
        for id in &ids {
            for at in 1..id.len() {
                assert!(!ids.contains(&id[at..]), "{id}");
            }
        }
    }
}
