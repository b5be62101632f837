//! When a service asks to be called again.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock;

/// Reads a `Retry-After`: seconds, or an HTTP date, as an edge in front of a service may send
/// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>). Anything else is no wish.
pub fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(clock::until(now, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_wishes() {
        let now = "2026-11-20T00:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Fri, 20 Nov 2026 00:01:00 GMT", Some(60)),
            ("Thu, 19 Nov 2026 00:00:00 GMT", Some(0)),
            ("soon", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(
                parse(text, now),
                seconds.map(Duration::from_secs),
                "{text:?}"
            );
        }
    }
}
