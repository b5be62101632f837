//! Instants as milliseconds since the epoch, and the ways HubSpot writes them.

/// A day, in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

const TWO: &[u8; 200] = b"00010203040506070809101112131415161718192021222324\
2526272829303132333435363738394041424344454647484950515253545556575859606162636465666768697071727374\
75767778798081828384858687888990919293949596979899";

fn two(n: u32, out: &mut Vec<u8>) {
    let at = (n as usize % 100) * 2;
    out.extend_from_slice(&TWO[at..at + 2]);
}

/// Year, month and day of a count of days since the epoch (Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since the epoch of a civil date (Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Writes `2024-10-28`.
pub(crate) fn write_date(ms: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let year = year.clamp(0, 9_999) as u32;
    two(year / 100, out);
    two(year % 100, out);
    out.push(b'-');
    two(month, out);
    out.push(b'-');
    two(day, out);
}

/// Writes `2024-10-28T16:39:00.846Z`, or without the fraction.
pub(crate) fn write_iso(ms: i64, fraction: bool, out: &mut Vec<u8>) {
    write_date(ms, out);
    let rest = ms.rem_euclid(DAY) as u32;
    let (seconds, millis) = (rest / 1_000, rest % 1_000);
    out.push(b'T');
    two(seconds / 3_600, out);
    out.push(b':');
    two(seconds / 60 % 60, out);
    out.push(b':');
    two(seconds % 60, out);
    if fraction {
        out.push(b'.');
        out.push(b'0' + (millis / 100) as u8);
        two(millis % 100, out);
    }
    out.push(b'Z');
}

/// `2024-10-28T16:39:00.846Z` as a string.
pub(crate) fn iso(ms: i64) -> String {
    let mut out = Vec::with_capacity(24);
    write_iso(ms, true, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads epoch milliseconds, a date, or an ISO instant in UTC; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(ms) = text.parse::<i64>() {
        return Some(ms);
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        if part.bytes().all(|b| b.is_ascii_digit()) {
            part.parse().ok()
        } else {
            None
        }
    };
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (month, day) = (number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days(number(0..4)?, month, day) * DAY;
    if bytes.len() == 10 {
        return Some(midnight);
    }
    if bytes.len() < 20 || bytes[10] != b'T' || bytes[bytes.len() - 1] != b'Z' {
        return None;
    }
    let mut ms = ((number(11..13)? * 60 + number(14..16)?) * 60 + number(17..19)?) * 1_000;
    if bytes[19] == b'.' {
        let digits = text.get(20..bytes.len() - 1)?;
        let mut padded = digits.to_owned();
        padded.push_str("000");
        ms += padded.get(..3)?.parse::<i64>().ok()?;
    }
    Some(midnight + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back() {
        for ms in [
            0,
            1_730_133_540_846,
            951_782_399_999,
            1_795_132_800_000,
            1_709_164_800_000,
        ] {
            assert_eq!(parse(&iso(ms)), Some(ms));
        }
        assert_eq!(iso(1_730_133_540_846), "2024-10-28T16:39:00.846Z");
        assert_eq!(parse("2024-10-28"), Some(1_730_073_600_000));
        assert_eq!(parse("2024-10-28T16:39:00Z"), Some(1_730_133_540_000));
        assert_eq!(parse("N/A"), None);
        assert_eq!(parse("2024-13-01"), None);
    }
}
