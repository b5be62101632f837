//! Dates and times as HubSpot sends them: nearly always canonical, now and then whatever an old import left behind.

use jiff::fmt::temporal::DateTimeParser;

use super::Quarantine;
use crate::{
    Decimal, Moment, decimal,
    moment::{Civil, parse_canonical},
};

static PARSER: DateTimeParser = DateTimeParser::new();

/// The midnight UTC of a date, or of the day in UTC on which a moment falls.
pub(super) fn date(text: &str) -> Result<Moment, Quarantine> {
    moment(text, Quarantine::NotADate).map(Moment::midnight)
}

/// The moment itself; the midnight UTC of a date.
pub(super) fn date_time(text: &str) -> Result<Moment, Quarantine> {
    moment(text, Quarantine::NotATime)
}

fn moment(text: &str, otherwise: Quarantine) -> Result<Moment, Quarantine> {
    if let Some(moment) = parse_canonical(text) {
        return Ok(moment);
    }
    match Decimal::read(text) {
        Ok(number) if number.is_verbatim() => number
            .floor()
            .and_then(Moment::from_millis)
            .ok_or(Quarantine::TimeOutOfRange),
        Err(decimal::Refusal::OutOfRange) => Err(Quarantine::TimeOutOfRange),
        Err(decimal::Refusal::NotANumber) => iso(text, otherwise),
        Ok(_) | Err(decimal::Refusal::TooManyDigits) => Err(otherwise),
    }
}

/// All that ISO 8601 and RFC 3339 allow and jiff reads. A zone in brackets is refused: to resolve it would take a
/// database of zones, whose answers change.
fn iso(text: &str, otherwise: Quarantine) -> Result<Moment, Quarantine> {
    let pieces = PARSER.parse_pieces(text).map_err(|_| otherwise)?;
    if pieces.time_zone_annotation().is_some() {
        return Err(otherwise);
    }
    let date = pieces.date();
    let time = pieces.time().unwrap_or_default();
    let civil = Civil {
        year: date.year().into(),
        month: date.month().into(),
        day: date.day().into(),
        hour: time.hour().into(),
        minute: time.minute().into(),
        second: time.second().into(),
        millisecond: time.millisecond().into(),
        offset_seconds: pieces
            .to_numeric_offset()
            .map_or(0, |offset| offset.seconds().into()),
    };
    civil.moment().ok_or(Quarantine::TimeOutOfRange)
}
