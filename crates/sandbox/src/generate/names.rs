//! Invented people and companies: Japanese and other names, written as their bearers would and in Latin letters.

use super::name_lists::{
    CITIES, CITIES_JA, FAMILY, FIRST, GIVEN, JA_FAMILY, JA_FIRST, JA_GIVEN, JA_TRADE, STREETS,
    TRADE,
};
use crate::hash::{below, mix, pick};

/// A person, drawn from a record's hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    hash: u64,
}

impl Person {
    pub(crate) fn new(record_hash: u64) -> Self {
        Self {
            hash: mix(record_hash ^ 0x9e11),
        }
    }

    pub(crate) fn is_japanese(self) -> bool {
        self.hash & 0xff < 115
    }

    /// Given name as written, and in Latin letters.
    pub(crate) fn given(self) -> (&'static str, &'static str) {
        pick(
            self.hash.rotate_left(13),
            if self.is_japanese() {
                &JA_GIVEN
            } else {
                &GIVEN
            },
        )
    }

    /// Family name as written, and in Latin letters.
    pub(crate) fn family(self) -> (&'static str, &'static str) {
        pick(
            self.hash.rotate_left(29),
            if self.is_japanese() {
                &JA_FAMILY
            } else {
                &FAMILY
            },
        )
    }

    /// The language a browser of this person would ask for.
    pub(crate) fn language(self) -> &'static str {
        if self.is_japanese() {
            "ja"
        } else {
            pick(
                self.hash.rotate_left(41),
                &["en", "en", "en-gb", "de", "fr", "es", "pt-br"],
            )
        }
    }
}

/// A company, drawn from its hash; `index` keeps its domain its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    hash: u64,
    index: u32,
}

impl Company {
    pub(crate) fn new(record_hash: u64, index: u32) -> Self {
        Self {
            hash: mix(record_hash ^ 0xc0_c0),
            index,
        }
    }

    pub(crate) fn is_japanese(self) -> bool {
        self.hash & 0xff < 128
    }

    fn words(self) -> ((&'static str, &'static str), (&'static str, &'static str)) {
        if self.is_japanese() {
            (
                pick(self.hash.rotate_left(11), &JA_FIRST),
                pick(self.hash.rotate_left(23), &JA_TRADE),
            )
        } else {
            (
                pick(self.hash.rotate_left(11), &FIRST),
                pick(self.hash.rotate_left(23), &TRADE),
            )
        }
    }

    pub(crate) fn write_name(self, out: &mut Vec<u8>) {
        let (first, trade) = self.words();
        if self.is_japanese() {
            if self.hash & 0x100 == 0 {
                out.extend_from_slice("株式会社".as_bytes());
            }
            out.extend_from_slice(first.0.as_bytes());
            out.extend_from_slice(trade.0.as_bytes());
        } else {
            out.extend_from_slice(first.0.as_bytes());
            out.push(b' ');
            out.extend_from_slice(trade.0.as_bytes());
        }
    }

    pub(crate) fn write_domain(self, out: &mut Vec<u8>) {
        let (first, trade) = self.words();
        out.extend_from_slice(first.1.as_bytes());
        out.push(b'-');
        out.extend_from_slice(trade.1.as_bytes());
        out.push(b'-');
        write_number(u64::from(self.index) + 1, out);
        out.extend_from_slice(b".example");
    }
}

/// A city; Japanese ones for Japanese people and companies.
pub(crate) fn city(hash: u64, japanese: bool) -> &'static str {
    if japanese {
        pick(hash, &CITIES_JA)
    } else {
        pick(hash, &CITIES).0
    }
}

/// The country of [`city`] for the same hash.
pub(crate) fn country(hash: u64, japanese: bool) -> &'static str {
    if japanese {
        "Japan"
    } else {
        pick(hash, &CITIES).1
    }
}

pub(crate) fn write_street(hash: u64, japanese: bool, out: &mut Vec<u8>) {
    if japanese {
        out.extend_from_slice(
            pick(
                hash,
                &["丸の内", "神南", "梅田", "みなとみらい", "栄", "駅前通り"],
            )
            .as_bytes(),
        );
        write_number(1 + below(hash.rotate_left(7), 9), out);
        out.push(b'-');
        write_number(1 + below(hash.rotate_left(17), 30), out);
        out.push(b'-');
        write_number(1 + below(hash.rotate_left(27), 20), out);
    } else {
        write_number(1 + below(hash.rotate_left(7), 400), out);
        out.push(b' ');
        out.extend_from_slice(pick(hash, &STREETS).as_bytes());
    }
}

/// Writes a number in decimal.
pub(crate) fn write_number(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
