//! A moment in UTC, to the millisecond: what a time is once it is stored.

use std::fmt;

use jiff::Timestamp;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// The calendar repeats itself after 400 years.
const DAYS_PER_ERA: u32 = 146_097;

/// 1970-01-01, counted in days from 1 March of the year −400, before which no moment lies.
const EPOCH_DAY: i64 = 719_468 + 146_097;

/// A moment in UTC, to the millisecond, in the years 0000 to 9999.
///
/// The bounds are those of RFC 3339, so every moment has exactly one text of 24 characters:
/// `2024-10-28T16:39:00.846Z`. Texts sort as the moments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// `0000-01-01T00:00:00.000Z`.
    pub const MIN: Self = Self(-62_167_219_200_000);

    /// `9999-12-31T23:59:59.999Z`.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// How many characters the text of any moment has.
    pub const TEXT_LENGTH: usize = 24;

    /// Takes milliseconds since 1970-01-01T00:00:00Z; `None` outside the years 0000 to 9999.
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 {
            None
        } else {
            Some(Self(millis))
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The midnight UTC with which this moment's day in UTC begins.
    #[must_use]
    pub const fn midnight(self) -> Self {
        Self(self.0 - self.0.rem_euclid(MILLIS_PER_DAY))
    }

    /// Reads the form that [`Moment::push_to`] writes, and no other.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == Self::TEXT_LENGTH {
            parse_canonical(text)
        } else {
            None
        }
    }

    /// Appends the moment as RFC 3339 in UTC with exactly three digits of milliseconds.
    pub fn push_to(self, text: &mut String) {
        text.push_str(as_text(&self.to_ascii()));
    }

    /// The same text as [`Moment::push_to`] appends, as ASCII bytes on the stack.
    pub fn to_ascii(self) -> [u8; Self::TEXT_LENGTH] {
        let (year, month, day) = civil(small(self.0.div_euclid(MILLIS_PER_DAY) + EPOCH_DAY));
        let time = small(self.0.rem_euclid(MILLIS_PER_DAY));
        let (second, millisecond) = (time / 1_000, time % 1_000);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], second / 3_600);
        put(&mut text[14..16], second / 60 % 60);
        put(&mut text[17..19], second % 60);
        put(&mut text[20..23], millisecond);
        text
    }

    /// The same moment for jiff; `None` for the last 26 hours of the year 9999, which jiff leaves out so that every
    /// timestamp has a civil time in every offset.
    pub fn to_timestamp(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.0).ok()
    }

    /// The millisecond in which `timestamp` falls; `None` outside the years 0000 to 9999.
    pub fn from_timestamp(timestamp: Timestamp) -> Option<Self> {
        let floor = timestamp.as_nanosecond().div_euclid(1_000_000);
        i64::try_from(floor).ok().and_then(Self::from_millis)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(as_text(&self.to_ascii()))
    }
}

/// A civil date and time with the offset from UTC it is meant in.
///
/// It may be any day that a parser lets through; only [`Civil::moment`] decides whether it is in range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) millisecond: i64,
    pub(crate) offset_seconds: i64,
}

impl Civil {
    /// The moment; `None` if its year in UTC is not one of 0000 to 9999.
    pub(crate) const fn moment(self) -> Option<Moment> {
        let day = days_since_epoch(self.year, self.month, self.day);
        let second = self.hour * 3_600 + self.minute * 60 + self.second - self.offset_seconds;
        Moment::from_millis(day * MILLIS_PER_DAY + second * 1_000 + self.millisecond)
    }
}

/// Reads `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SSZ` and `YYYY-MM-DDTHH:MM:SS.sssZ`: the shapes HubSpot sends nearly always.
///
/// `None` only means "none of these": a slower parser may know the text.
pub(crate) fn parse_canonical(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    let mut civil = match bytes {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, ..] => Civil {
            year: number([*y1, *y2, *y3, *y4])?,
            month: number([*m1, *m2])?,
            day: number([*d1, *d2])?,
            hour: 0,
            minute: 0,
            second: 0,
            millisecond: 0,
            offset_seconds: 0,
        },
        _ => return None,
    };
    match &bytes[10..] {
        [] => {}
        [
            b'T',
            h1,
            h2,
            b':',
            m1,
            m2,
            b':',
            s1,
            s2,
            fraction @ ..,
            b'Z',
        ] => {
            civil.hour = number([*h1, *h2])?;
            civil.minute = number([*m1, *m2])?;
            civil.second = number([*s1, *s2])?;
            civil.millisecond = match fraction {
                [] => 0,
                [b'.', f1, f2, f3] => number([*f1, *f2, *f3])?,
                _ => return None,
            };
        }
        _ => return None,
    }
    let valid = (1..=12).contains(&civil.month)
        && (1..=days_in(civil.year, civil.month)).contains(&civil.day)
        && civil.hour < 24
        && civil.minute < 60
        && civil.second < 60;
    if valid { civil.moment() } else { None }
}

/// The number that `digits` spell; `None` if one of them is not a digit.
fn number<const N: usize>(digits: [u8; N]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        number = number * 10 + i64::from(value);
    }
    Some(number)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar, counting years from March so that the leap day
/// comes last. Howard Hinnant's `days_from_civil`, <https://howardhinnant.github.io/date_algorithms.html>.
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day in the years 0000 to 9999, counted as [`EPOCH_DAY`] is: `civil_from_days` by the same
/// author.
const fn civil(days: u32) -> (u32, u32, u32) {
    let era = days / DAYS_PER_ERA;
    let day_of_era = days % DAYS_PER_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, years) = if month_from_march < 10 {
        (month_from_march + 3, 0)
    } else {
        (month_from_march - 9, 1)
    };
    (era * 400 + year_of_era + years - 400, month, day)
}

/// A count of days or of milliseconds in a day, which the bounds of a moment keep small and not negative.
fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or_default()
}

/// Writes `number` in decimal, filling all of `digits`.
fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

fn as_text(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).expect("digits and separators are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_years_0000_and_9999() {
        assert_eq!(Moment::MIN.to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Moment::MAX.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Moment::from_millis(Moment::MIN.0 - 1), None);
        assert_eq!(Moment::from_millis(Moment::MAX.0 + 1), None);
        assert_eq!(Moment::from_millis(i64::MIN), None);
        assert_eq!(Moment::from_millis(i64::MAX), None);
    }

    #[test]
    fn known_moments_have_their_known_text() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_730_133_540_846, "2024-10-28T16:39:00.846Z"),
        ] {
            let moment = Moment::from_millis(millis).unwrap();
            assert_eq!(moment.to_string(), text);
            assert_eq!(Moment::parse(text), Some(moment));
        }
    }

    #[test]
    fn only_its_own_form_is_read_back() {
        for text in [
            "",
            "2024-10-28",
            "2024-10-28T16:39:00Z",
            "2024-10-28T16:39:00.846",
            "2024-10-28T16:39:00.846z",
            "2024-10-28t16:39:00.846Z",
            "2024-10-28 16:39:00.846Z",
            "2024-10-28T24:39:00.846Z",
            "2024-10-28T16:60:00.846Z",
            "2024-10-28T16:39:60.846Z",
            "2024-02-30T16:39:00.846Z",
            "2023-02-29T16:39:00.846Z",
            "1900-02-29T16:39:00.846Z",
            "2024-00-28T16:39:00.846Z",
            "2024-13-28T16:39:00.846Z",
            "2024-10-00T16:39:00.846Z",
            "2024-10-28T16:39:0é.84Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn display_honours_width() {
        assert_eq!(format!("{:>26}", Moment::MIN), "  0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn jiff_knows_all_but_the_last_hours() {
        assert!(Moment::MIN.to_timestamp().is_some());
        assert_eq!(Moment::MAX.to_timestamp(), None);
        let before_epoch = Timestamp::from_nanosecond(-1).unwrap();
        assert_eq!(
            Moment::from_timestamp(before_epoch),
            Moment::from_millis(-1)
        );
        assert_eq!(Moment::from_timestamp(Timestamp::MIN), None);
    }
}
