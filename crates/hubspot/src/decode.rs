//! From an answer's bytes to [`Records`], in one pass and without copying values.

use std::fmt;

use jiff::Timestamp;
use model::RecordId;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{
    Columns, Records,
    columns::Slot,
    records::{self, Found, Row, Span},
    salvage,
};

/// An answer of list, search or batch read.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) records: Records,
    pub(crate) total: Option<u64>,
    /// `paging.next.after`.
    pub(crate) after: Option<String>,
    /// `errors` of a batch.
    pub(crate) errors: Value,
}

/// Everything in an answer but its records.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) total: Value,
    pub(crate) paging: Value,
    pub(crate) errors: Value,
}

/// Decodes an answer whose records were asked for with `decoded`, of which `columns` are the first.
///
/// # Errors
/// What is wrong with the answer as a whole, without any of its content.
pub(crate) fn envelope(
    body: Vec<u8>,
    columns: &Columns,
    decoded: &Columns,
) -> Result<Envelope, String> {
    let (body, exact) = match String::from_utf8(body) {
        Ok(body) => (body, true),
        Err(error) => (
            String::from_utf8_lossy(error.as_bytes()).into_owned(),
            false,
        ),
    };
    let quick = exact.then(|| quick(&body, decoded)).flatten();
    let (found, rest) = match quick {
        Some(read) => read,
        None => salvage::read(&body, decoded, exact)?,
    };
    Ok(Envelope {
        total: crate::account::number(Some(&rest.total)),
        after: records::after(Some(&rest.paging)),
        errors: rest.errors,
        records: Records::new(columns, decoded, body, found),
    })
}

/// The common case: every record is as documented.
fn quick(body: &str, columns: &Columns) -> Option<(Found, Rest)> {
    let mut sink = Sink::new(body, columns);
    let mut rest = Rest::default();
    let mut json = serde_json::Deserializer::from_str(body);
    let seen = EnvelopeSeed {
        sink: &mut sink,
        rest: &mut rest,
    }
    .deserialize(&mut json)
    .ok()?;
    json.end().ok()?;
    seen.then_some((sink.found, rest))
}

/// Collects rows; `'b` is the body.
pub(crate) struct Sink<'b> {
    body: &'b str,
    columns: &'b Columns,
    pub(crate) found: Found,
    /// The keys seen so far, in order, and what they mean. HubSpot sends the same keys in the same order for every
    /// record, so that nearly every lookup is one comparison.
    learned: Vec<(&'b str, Slot)>,
    /// Where in that order the present record is.
    position: usize,
    /// Unasked modified dates of the present record.
    modified: [Option<i64>; 2],
}

impl<'b> Sink<'b> {
    pub(crate) fn new(body: &'b str, columns: &'b Columns) -> Self {
        Self {
            body,
            columns,
            found: Found::default(),
            learned: Vec::new(),
            position: 0,
            modified: [None; 2],
        }
    }

    /// Reads one record, which is part of the body. After an error nothing of it is left.
    pub(crate) fn record(&mut self, json: &'b str) -> Result<(), serde_json::Error> {
        let (rows, cells) = (self.found.rows.len(), self.found.cells.len());
        let result = RecordSeed(self).deserialize(&mut serde_json::Deserializer::from_str(json));
        if result.is_err() {
            self.found.rows.truncate(rows);
            self.found.cells.truncate(cells);
        }
        result
    }

    pub(crate) fn begin(&mut self) {
        let cells = self.found.cells.len() + self.columns.len();
        self.found.cells.resize(cells, Span::MISSING);
        self.position = 0;
        self.modified = [None; 2];
    }

    pub(crate) fn end(&mut self, id: RecordId, updated_at_ms: Option<i64>, archived: bool) {
        let updated_at_ms = updated_at_ms
            .or_else(|| self.modified_property())
            .unwrap_or(0);
        self.found.rows.push(Row {
            id,
            updated_at_ms,
            archived,
        });
    }

    /// The modified date from the record's properties, asked for or not.
    fn modified_property(&self) -> Option<i64> {
        let asked = self.columns.modified();
        (0..asked.len()).find_map(|index| match asked[index] {
            Some(column) => milliseconds(self.text(*self.cell(column))?),
            None => self.modified[index],
        })
    }

    /// What a key means that does not stand in the body as it is.
    pub(crate) fn slot(&self, key: &str) -> Slot {
        self.columns.slot(key)
    }

    /// What a key means, guessed from the records before.
    fn slot_learning(&mut self, key: &'b str) -> Slot {
        // Some answers leave out unset properties, so the key may be one of the next few.
        let ahead = self.learned.iter().skip(self.position).take(8);
        for (skipped, (known, slot)) in ahead.enumerate() {
            if *known == key {
                self.position += skipped + 1;
                return *slot;
            }
        }
        let slot = self.columns.slot(key);
        if self.learned.len() < 4_096 {
            self.learned.insert(self.position, (key, slot));
            self.position += 1;
        }
        slot
    }

    /// Text that stands in the body.
    pub(crate) fn borrowed(&mut self, slot: Slot, text: &'b str) {
        let start = text.as_ptr().addr() - self.body.as_ptr().addr();
        self.put(slot, Span::new(start, text.len()), text);
    }

    /// Text that does not.
    pub(crate) fn owned(&mut self, slot: Slot, text: &str) {
        let start = self.body.len() + self.found.more.len();
        self.found.more.push_str(text);
        self.put(slot, Span::new(start, text.len()), text);
    }

    pub(crate) fn null(&mut self, slot: Slot) {
        self.put(slot, Span::NULL, "");
    }

    fn put(&mut self, slot: Slot, span: Span, text: &str) {
        match slot {
            Slot::Column(column) => *self.cell_mut(column) = span,
            Slot::Modified(index) => self.modified[index] = milliseconds(text),
            Slot::Skip => {}
        }
    }

    fn cell(&self, column: usize) -> &Span {
        &self.found.cells[self.found.cells.len() - self.columns.len() + column]
    }

    fn cell_mut(&mut self, column: usize) -> &mut Span {
        let start = self.found.cells.len() - self.columns.len();
        &mut self.found.cells[start + column]
    }

    fn text(&self, span: Span) -> Option<&str> {
        if span == Span::MISSING || span == Span::NULL {
            return None;
        }
        let (start, len) = (span.start as usize, span.len as usize);
        match start.checked_sub(self.body.len()) {
            Some(start) => self.found.more.get(start..start + len),
            None => self.body.get(start..start + len),
        }
    }
}

/// A moment in any of HubSpot's forms, as milliseconds since the epoch.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    usual_milliseconds(text.as_bytes())
        .or_else(|| text.parse::<i64>().ok())
        .or_else(|| {
            text.parse::<Timestamp>()
                .ok()
                .map(Timestamp::as_millisecond)
        })
}

/// `2024-09-11T13:27:39.356Z` and nothing else: every record has one, so it is worth not being general.
fn usual_milliseconds(text: &[u8]) -> Option<i64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    for (at, expected) in [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ] {
        if text[at] != expected {
            return None;
        }
    }
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0i64, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // The rest of the calendar's rules are left to the general parser.
    if !(1..=12).contains(&month)
        || !(1..=28).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    // Days since the epoch, counting years from March: http://howardhinnant.github.io/date_algorithms.html
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + number(20..23)?)
}

struct EnvelopeSeed<'s, 'b> {
    sink: &'s mut Sink<'b>,
    rest: &'s mut Rest,
}

impl<'b> DeserializeSeed<'b> for EnvelopeSeed<'_, 'b> {
    /// Whether there was a list of results.
    type Value = bool;

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for EnvelopeSeed<'_, 'b> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut seen = false;
        while let Some(key) = map.next_key()? {
            match key {
                EnvelopeKey::Results => {
                    map.next_value_seed(ResultsSeed(self.sink))?;
                    seen = true;
                }
                EnvelopeKey::Total => self.rest.total = map.next_value()?,
                EnvelopeKey::Paging => self.rest.paging = map.next_value()?,
                EnvelopeKey::Errors => self.rest.errors = map.next_value()?,
                EnvelopeKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(seen)
    }
}

enum EnvelopeKey {
    Results,
    Total,
    Paging,
    Errors,
    Other,
}

enum RecordKey {
    Id,
    Properties,
    UpdatedAt,
    Archived,
    Other,
}

/// Reads a key as one of an enum's variants, whether or not it was escaped.
macro_rules! keys {
    ($key:ident { $($text:literal => $variant:ident),* $(,)? }) => {
        impl<'de> Deserialize<'de> for $key {
            fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                struct Key;
                impl Visitor<'_> for Key {
                    type Value = $key;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a key")
                    }

                    fn visit_str<E>(self, key: &str) -> Result<$key, E> {
                        Ok(match key {
                            $($text => $key::$variant,)*
                            _ => $key::Other,
                        })
                    }
                }
                json.deserialize_str(Key)
            }
        }
    };
}

keys!(EnvelopeKey { "results" => Results, "total" => Total, "paging" => Paging, "errors" => Errors });
keys!(RecordKey { "id" => Id, "properties" => Properties, "updatedAt" => UpdatedAt, "archived" => Archived });

struct ResultsSeed<'s, 'b>(&'s mut Sink<'b>);

impl<'b> DeserializeSeed<'b> for ResultsSeed<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'b> Visitor<'b> for ResultsSeed<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut records: A) -> Result<(), A::Error> {
        while records.next_element_seed(RecordSeed(self.0))?.is_some() {}
        Ok(())
    }
}

struct RecordSeed<'s, 'b>(&'s mut Sink<'b>);

impl<'b> DeserializeSeed<'b> for RecordSeed<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for RecordSeed<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<(), A::Error> {
        let sink = self.0;
        sink.begin();
        let mut id = None;
        let mut updated_at_ms = None;
        let mut archived = false;
        while let Some(key) = map.next_key()? {
            match key {
                RecordKey::Id => id = Some(map.next_value::<Id>()?.0),
                RecordKey::Properties => map.next_value_seed(PropertiesSeed(sink))?,
                RecordKey::UpdatedAt => updated_at_ms = map.next_value::<Moment>()?.0,
                RecordKey::Archived => archived = map.next_value()?,
                RecordKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let id = id.ok_or_else(|| A::Error::custom("no id"))?;
        sink.end(id, updated_at_ms, archived);
        Ok(())
    }
}

struct PropertiesSeed<'s, 'b>(&'s mut Sink<'b>);

impl<'b> DeserializeSeed<'b> for PropertiesSeed<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for PropertiesSeed<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<(), A::Error> {
        let sink = self.0;
        while let Some(slot) = map.next_key_seed(SlotSeed(sink))? {
            if slot == Slot::Skip {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(CellSeed { sink, slot })?;
            }
        }
        Ok(())
    }
}

struct SlotSeed<'s, 'b>(&'s mut Sink<'b>);

impl<'b> DeserializeSeed<'b> for SlotSeed<'_, 'b> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<Slot, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'b> Visitor<'b> for SlotSeed<'_, 'b> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_borrowed_str<E>(self, key: &'b str) -> Result<Slot, E> {
        Ok(self.0.slot_learning(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Slot, E> {
        Ok(self.0.slot(key))
    }
}

struct CellSeed<'s, 'b> {
    sink: &'s mut Sink<'b>,
    slot: Slot,
}

impl<'b> DeserializeSeed<'b> for CellSeed<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// Every value is a string or `null`. Numbers are refused here, and so salvaged with the digits they were written with.
impl<'b> Visitor<'b> for CellSeed<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'b str) -> Result<(), E> {
        self.sink.borrowed(self.slot, text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.sink.owned(self.slot, text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.sink.null(self.slot);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.sink
            .owned(self.slot, if value { "true" } else { "false" });
        Ok(())
    }
}

/// A record id: digits in a string, or a number.
struct Id(RecordId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct AnId;
        impl Visitor<'_> for AnId {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                record_id(text)
                    .map(Id)
                    .ok_or_else(|| E::custom("not an id"))
            }

            fn visit_u64<E>(self, id: u64) -> Result<Id, E> {
                Ok(Id(RecordId(id)))
            }
        }
        json.deserialize_any(AnId)
    }
}

/// Digits only, where the standard library would also take a `+`.
pub(crate) fn record_id(text: &str) -> Option<RecordId> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A moment, or something else that says nothing about when.
struct Moment(Option<i64>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct AMoment;
        impl Visitor<'_> for AMoment {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment")
            }

            fn visit_str<E>(self, text: &str) -> Result<Moment, E> {
                Ok(Moment(milliseconds(text)))
            }

            fn visit_u64<E>(self, milliseconds: u64) -> Result<Moment, E> {
                Ok(Moment(i64::try_from(milliseconds).ok()))
            }

            fn visit_unit<E>(self) -> Result<Moment, E> {
                Ok(Moment(None))
            }
        }
        json.deserialize_any(AMoment)
    }
}

#[cfg(test)]
mod tests;
