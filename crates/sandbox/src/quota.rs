//! Counting calls against a portal's limits, by the sandbox's clock.

use std::collections::{HashMap, VecDeque};

use crate::knobs::Quota;

/// Which limits a call falls under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A marketplace app: its own 10-second window, no daily limit.
    Marketplace,
    /// Static tokens and privately distributed apps.
    Private,
}

/// What a call is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Ordinary,
    /// Exempt from the 10-second window, limited per second.
    Search,
    /// Exempt from the 10-second window (associations).
    DailyOnly,
    Free,
}

/// The limit that refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    TenSecondly,
    Secondly,
    Daily,
}

/// What the rate-limit headers say; `None` leaves them out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Limit and remainder of the day.
    pub(crate) daily: Option<(u32, u32)>,
    /// Limit and remainder of the 10-second window.
    pub(crate) window: Option<(u32, u32)>,
}

/// The counters of one portal.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Calls of each app within the last 10 seconds.
    windows: HashMap<String, VecDeque<i64>>,
    searches: VecDeque<i64>,
    /// The day counted, as days since the epoch in the portal's zone.
    day: i64,
    pub(crate) today: u32,
}

impl Meter {
    /// Counts a call, or refuses it.
    pub(crate) fn take(
        &mut self,
        quota: &Quota,
        (app, class): (&str, Class),
        counted: Counted,
        now: i64,
        day: i64,
    ) -> (Standing, Result<(), Limit>) {
        if self.day != day {
            self.day = day;
            self.today = 0;
        }
        let window_limit = match class {
            Class::Marketplace => quota.marketplace_ten_secondly,
            Class::Private => quota.ten_secondly,
        };
        if counted == Counted::Free {
            return (Standing::default(), Ok(()));
        }
        let daily_limit = if class == Class::Private {
            quota.daily
        } else {
            0
        };
        let used = self.today + quota.daily_used_elsewhere;
        let verdict = if daily_limit > 0 && used >= daily_limit {
            Err(Limit::Daily)
        } else {
            match counted {
                Counted::Ordinary if window_limit > 0 => {
                    let window = self.windows.entry(app.to_owned()).or_default();
                    take(window, window_limit, 10_000, now)
                        .then_some(())
                        .ok_or(Limit::TenSecondly)
                }
                Counted::Search if quota.search_per_second > 0 => {
                    take(&mut self.searches, quota.search_per_second, 1_000, now)
                        .then_some(())
                        .ok_or(Limit::Secondly)
                }
                _ => Ok(()),
            }
        };
        if class == Class::Private && (verdict.is_ok() || quota.refused_count) {
            self.today = self.today.saturating_add(1);
        }
        let used = self.today.saturating_add(quota.daily_used_elsewhere);
        let standing = Standing {
            daily: (daily_limit > 0).then(|| (daily_limit, daily_limit.saturating_sub(used))),
            window: (counted == Counted::Ordinary && window_limit > 0).then(|| {
                let calls = self.windows.get(app).map_or(0, VecDeque::len) as u32;
                (window_limit, window_limit.saturating_sub(calls))
            }),
        };
        (standing, verdict)
    }
}

/// Admits a call to a rolling window.
fn take(window: &mut VecDeque<i64>, limit: u32, length: i64, now: i64) -> bool {
    while window.front().is_some_and(|at| *at <= now - length) {
        window.pop_front();
    }
    if window.len() >= limit as usize {
        return false;
    }
    window.push_back(now);
    true
}

/// The day in a time zone, as days since the epoch, and milliseconds until it ends. An unknown zone is UTC.
pub(crate) fn day_in(zone: &str, now: i64) -> (i64, i64) {
    use crate::instant::DAY;
    let local = now + i64::from(offset_seconds(zone, now)) * 1_000;
    (local.div_euclid(DAY), DAY - local.rem_euclid(DAY))
}

/// A zone's distance from UTC at an instant.
pub(crate) fn offset_seconds(zone: &str, now: i64) -> i32 {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(now).map_or(0, |at| zone.to_offset(at).seconds())
}
