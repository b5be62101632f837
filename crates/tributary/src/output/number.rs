//! Numbers as people read them.

/// With thousands separators: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 record`, `2,000 records`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{} {stem}ies", grouped(number)),
        _ => format!("{} {noun}s", grouped(number)),
    }
}

/// Seconds: `0.4 s`, `12 s`, `3 min 20 s`.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = std::time::Duration::try_from_secs_f64(seconds).map_or(0, |time| time.as_secs());
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (20_000, "20,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn nouns_agree() {
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(1_000, "company"), "1,000 companies");
        assert_eq!(counted(0, "key"), "0 keys");
    }

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(0.42), "0.4 s");
        assert_eq!(seconds(59.9), "59 s");
        assert_eq!(seconds(200.0), "3 min 20 s");
        assert_eq!(seconds(7_260.0), "2 h 1 min");
    }
}
