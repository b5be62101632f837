//! Cron expressions in a time zone, by the `croner` library.
//!
//! At clock changes it keeps to what Vixie cron does: a fixed time that is left out comes right after the gap, one that comes
//! twice is taken once, and intervals follow the clock's hands.

use std::{cmp::Ordering, fmt, str::FromStr};

use croner::{
    errors::CronError,
    parser::{CronParser, Seconds, Year},
    time::{CivilDateTime, CronDateTime, Resolution, Weekday},
};
use jiff::{
    SignedDuration, Timestamp, ZonedDateTime,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

use super::rhythm::{BadRhythm, SHORTEST};

/// How many occurrences are looked at to tell whether an expression asks for runs too close to each other: those of a day
/// with the shortest interval.
const LOOKED_AT: usize = 24 * 60 / SHORTEST as usize;

/// A cron expression of five fields: minute, hour, day of month, month, day of week.
#[derive(Debug, Clone)]
pub struct Cron {
    written: String,
    parsed: Box<croner::Cron>,
}

impl Cron {
    /// The next moment it names after another one, or at it if that is `included`.
    pub(super) fn next(
        &self,
        zone: &TimeZone,
        after: Timestamp,
        included: bool,
    ) -> Option<Timestamp> {
        let from = Local(after.to_zoned_datetime(zone.clone()));
        let found = self.parsed.find_next_occurrence(&from, included).ok()?;
        Some(found.0.timestamp())
    }

    /// The last moment it names that is not after another one.
    pub(super) fn last(&self, zone: &TimeZone, until: Timestamp) -> Option<Timestamp> {
        let until = Local(until.to_zoned_datetime(zone.clone()));
        let found = self.parsed.find_previous_occurrence(&until, true).ok()?;
        Some(found.0.timestamp())
    }
}

impl FromStr for Cron {
    type Err = BadRhythm;

    fn from_str(text: &str) -> Result<Self, BadRhythm> {
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let parsed = parser
            .parse(text)
            .map_err(|error| BadRhythm::Cron(error.to_string()))?;
        let cron = Self {
            written: text.split_whitespace().collect::<Vec<_>>().join(" "),
            parsed: Box::new(parsed),
        };
        // Which moment is looked from changes nothing: what an expression names repeats.
        let mut at = cron
            .next(&TimeZone::UTC, Timestamp::UNIX_EPOCH, true)
            .ok_or(BadRhythm::Never)?;
        for _ in 0..LOOKED_AT {
            let Some(next) = cron.next(&TimeZone::UTC, at, false) else {
                break;
            };
            if next.duration_since(at) < SignedDuration::from_mins(SHORTEST.into()) {
                return Err(BadRhythm::TooOften);
            }
            at = next;
        }
        Ok(cron)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Cron {}

/// A moment in a zone, as `croner` looks at it.
#[derive(Debug, Clone)]
struct Local(ZonedDateTime);

impl CronDateTime for Local {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.0.datetime();
        let part = |part: i8| u32::from(part.unsigned_abs());
        CivilDateTime::from_ymd_hms_opt(
            at.year().into(),
            part(at.month()),
            part(at.day()),
            part(at.hour()),
            part(at.minute()),
            part(at.second()),
        )
        .expect("what a calendar shows is a date and a time")
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let at = civil_of(civil).ok_or(CronError::InvalidDate)?;
        let found = self.0.time_zone().to_ambiguous_zoned_datetime(at);
        let local = |zoned: Result<ZonedDateTime, jiff::Error>| {
            zoned.map(Self).map_err(|_| CronError::InvalidTime)
        };
        Ok(match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(local(found.unambiguous())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(local(found.clone().earlier())?, local(found.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        let moved = self.0.checked_add(SignedDuration::from_secs(seconds));
        moved.ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

/// `None` beyond the years that can be written.
fn civil_of(civil: CivilDateTime) -> Option<DateTime> {
    let part = |part: u32| i8::try_from(part).ok();
    DateTime::new(
        i16::try_from(civil.year()).ok()?,
        part(civil.month())?,
        part(civil.day())?,
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
        0,
    )
    .ok()
}
