//! Property values of a record, as raw wire text.

use super::names::{Company, Person, city, country, write_number, write_street};
use super::odd::{write_bad, write_odd_text};
use super::texts::{write_amount, write_options, write_text};
use super::{Generator, Record, company_of, keys};
use crate::catalogue::{Property, Source, Type};
use crate::hash::{below, mix, pick};
use crate::instant::{DAY, write_date, write_iso};
use crate::object::Object;

/// The three states of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Never set.
    Null,
    /// Set and cleared.
    Empty,
    Set,
}

impl Source {
    /// Whether values never need escaping in JSON.
    fn is_plain(self) -> bool {
        !matches!(
            self,
            Self::Words
                | Self::Sentence
                | Self::Note
                | Self::Html
                | Self::Json
                | Self::JobTitle
                | Self::Slug
                | Self::Key
        )
    }

    /// Values of the record itself, which never go bad.
    fn is_system(self) -> bool {
        matches!(
            self,
            Self::ObjectId
                | Self::Created
                | Self::Modified
                | Self::Key
                | Self::Email
                | Self::Unique
                | Self::MergedIds
                | Self::MergedVids
                | Self::AssociatedCompany
                | Self::Nothing
        )
    }
}

impl Generator {
    fn draw(record: Record, property: &Property) -> u64 {
        mix(record.hash ^ property.salt)
    }

    /// Whether the record has a value for the property; does not make the value.
    pub(crate) fn fill(&self, record: Record, property: &Property) -> Fill {
        match property.source {
            Source::Key => return self.key_fill(record),
            Source::Nothing => return Fill::Null,
            Source::Unique => return Fill::Set,
            Source::MergedIds | Source::MergedVids => {
                return if self.losers(record).next().is_some() {
                    Fill::Set
                } else {
                    Fill::Null
                };
            }
            _ => {}
        }
        let draw = Self::draw(record, property);
        if (draw & 1_023) < u64::from(property.fill) {
            Fill::Set
        } else if self.cleared > 0 && ((draw >> 10) as u32) < self.cleared {
            Fill::Empty
        } else {
            Fill::Null
        }
    }

    /// Writes the raw text of a value that [`fill`](Self::fill) calls set. Says whether it is free of characters
    /// that JSON would escape.
    pub(crate) fn write_value(
        &self,
        record: Record,
        property: &Property,
        out: &mut Vec<u8>,
    ) -> bool {
        let hash = Self::draw(record, property).rotate_left(31);
        let source = property.source;
        if (self.bad | self.odd) > 0 && !source.is_system() {
            let luck = mix(hash) as u32;
            match property.kind {
                Type::Number | Type::Bool | Type::Date | Type::Datetime | Type::Enumeration
                    if luck < self.bad =>
                {
                    write_bad(&property.kind, mix(hash ^ 1), self.created(record), out);
                    return true;
                }
                Type::String if luck < self.odd && !source.is_plain() => {
                    write_odd_text(mix(hash ^ 2), out);
                    return false;
                }
                _ => {}
            }
        }
        self.write_source(record, property, hash, out);
        source.is_plain()
    }

    fn write_source(&self, record: Record, property: &Property, hash: u64, out: &mut Vec<u8>) {
        match property.source {
            Source::ObjectId => write_number(self.id(record), out),
            Source::Created => write_iso(self.created(record), true, out),
            Source::Modified => write_iso(self.modified(record), true, out),
            Source::Key => self.write_key(record, out),
            Source::Email => self.keys.write_email(u64::from(record.index), out),
            Source::Unique => {
                keys::write_uuid(mix(u64::from(record.index) ^ self.unique_seed()), out);
            }
            Source::MergedIds => self.write_losers(record, false, out),
            Source::MergedVids => self.write_losers(record, true, out),
            Source::AssociatedCompany => {
                write_number(
                    self.company_ids()
                        .id(company_of(record.hash, self.keys.companies)),
                    out,
                );
            }
            Source::Owner => write_number(
                super::super::owners::owner_id(below(hash, u64::from(self.owners)) as u32),
                out,
            ),
            Source::Bool => {
                out.extend_from_slice(if hash.is_multiple_of(4) {
                    b"true"
                } else {
                    b"false"
                });
            }
            Source::Option => {
                if let Some(choice) = property
                    .choices
                    .get(below(hash, property.choices.len().max(1) as u64) as usize)
                {
                    out.extend_from_slice(choice.value.as_bytes());
                }
            }
            Source::Options => write_options(property, hash, out),
            Source::External(list) => out.extend_from_slice(pick(hash, list).as_bytes()),
            Source::Int(..) | Source::Decimal(..) | Source::Score => {
                write_amount(property.source, hash, out);
            }
            Source::Date(from, to) => write_date(self.day(hash, from, to), out),
            Source::Datetime(from, to) => write_iso(self.day(hash, from, to), true, out),
            Source::Lifetime => write_iso(self.lifetime(record, hash), true, out),
            Source::GivenName
            | Source::FamilyName
            | Source::FullName
            | Source::CompanyName
            | Source::Domain
            | Source::Website
            | Source::City
            | Source::Country
            | Source::Street
            | Source::Zip
            | Source::Phone
            | Source::CanonicalPhone
            | Source::Language => self.write_who(record, property.source, hash, out),
            source => write_text(source, record, hash, out),
        }
    }

    fn write_who(&self, record: Record, source: Source, hash: u64, out: &mut Vec<u8>) {
        let (company, japanese) = match self.object {
            Object::Contacts => {
                let at = company_of(record.hash, self.keys.companies);
                (
                    Company::new(mix(self.keys.company_seed ^ u64::from(at)), at),
                    Person::new(record.hash).is_japanese(),
                )
            }
            Object::Companies => {
                let company = Company::new(record.hash, record.index);
                (company, company.is_japanese())
            }
        };
        let person = Person::new(record.hash);
        // One place per record, so that city and country agree.
        let place = mix(record.hash ^ 0x9_1ace);
        match source {
            Source::GivenName => out.extend_from_slice(person.given().0.as_bytes()),
            Source::FamilyName => out.extend_from_slice(person.family().0.as_bytes()),
            Source::FullName => {
                out.extend_from_slice(person.given().0.as_bytes());
                out.push(b' ');
                out.extend_from_slice(person.family().0.as_bytes());
            }
            Source::CompanyName => company.write_name(out),
            Source::Domain => company.write_domain(out),
            Source::Website => {
                out.extend_from_slice(b"https://www.");
                company.write_domain(out);
                out.push(b'/');
            }
            Source::City => out.extend_from_slice(city(place, japanese).as_bytes()),
            Source::Country => out.extend_from_slice(country(place, japanese).as_bytes()),
            Source::Street => write_street(place, japanese, out),
            Source::Zip => {
                write_number(100 + below(hash, 899), out);
                if japanese {
                    out.push(b'-');
                    write_number(1_000 + below(hash.rotate_left(11), 8_999), out);
                } else {
                    write_number(10 + below(hash.rotate_left(11), 89), out);
                }
            }
            Source::Phone => {
                out.extend_from_slice(if japanese { b"03-" } else { b"+1 (555) " });
                write_number(1_000 + below(hash, 8_999), out);
                out.push(b'-');
                write_number(1_000 + below(hash.rotate_left(11), 8_999), out);
            }
            Source::CanonicalPhone => {
                out.extend_from_slice(if japanese { b"+813" } else { b"+1555" });
                write_number(10_000_000 + below(hash, 89_999_999), out);
            }
            _ => out.extend_from_slice(person.language().as_bytes()),
        }
    }

    fn write_losers(&self, record: Record, with_instant: bool, out: &mut Vec<u8>) {
        let from = out.len();
        for (id, ms) in self.losers(record) {
            if out.len() > from {
                out.push(b';');
            }
            write_number(id, out);
            if with_instant {
                out.push(b':');
                write_number(ms.unsigned_abs(), out);
            }
        }
    }

    fn day(&self, hash: u64, from: i32, to: i32) -> i64 {
        let days = u64::from((to - from).max(1).unsigned_abs());
        self.start_ms
            + i64::from(from) * DAY
            + below(hash, days).cast_signed() * DAY
            + below(hash.rotate_left(23), DAY.unsigned_abs()).cast_signed()
    }

    fn lifetime(&self, record: Record, hash: u64) -> i64 {
        let created = self.created(record);
        created + below(hash, (self.start_ms - created).max(1).unsigned_abs()).cast_signed()
    }

    fn unique_seed(&self) -> u64 {
        mix(self.keys.people_seed ^ self.keys.company_seed ^ self.object as u64)
    }

    /// The record a value of the unique property leads to.
    pub(crate) fn unique_index(&self, value: &str) -> Option<u32> {
        let index = crate::hash::unmix(keys::read_uuid(value)?) ^ self.unique_seed();
        (index < u64::from(self.size)).then_some(index as u32)
    }
}
