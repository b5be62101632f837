//! The owners of a portal: its users, some of whom have left.

use crate::generate::names::Person;
use crate::hash::mix;
use crate::instant::{DAY, iso};

/// The id of the n-th owner.
pub(crate) const fn owner_id(n: u32) -> u64 {
    70_000_001 + n as u64 * 37
}

/// One owner, as listed.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) id: u64,
    pub(crate) user_id: u64,
    pub(crate) email: String,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) queue: bool,
    pub(crate) created: String,
    pub(crate) archived: bool,
}

/// The n-th owner of a portal; every seventh has left, every eleventh is a queue.
pub(crate) fn owner(seed: u64, n: u32, domain: &str, start_ms: i64) -> Owner {
    let person = Person::new(mix(seed ^ 0x0e2e ^ u64::from(n)));
    Owner {
        id: owner_id(n),
        user_id: 2_000_000 + u64::from(n) * 13,
        email: format!("{}.{}@{domain}", person.given().1, person.family().1),
        first_name: person.given().0,
        last_name: person.family().0,
        queue: n % 11 == 10,
        created: iso(start_ms - i64::from(n + 40) * DAY),
        archived: n % 7 == 6,
    }
}
