//! The three budgets of a portal, as pure state: what may be sent now, and if not, when.
//!
//! Limits: <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>.

use std::{collections::VecDeque, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::QuotaSettings;
use outbound::clock;

/// Calls per window of the smallest class, until HubSpot has said which one the portal is in.
const SMALLEST_WINDOW: u32 = 100;
/// No class allows more than 250; a header that claims more is not believed.
const LARGEST_WINDOW: u32 = 10_000;
/// Calls per window of an app distributed on the marketplace.
const PUBLIC_WINDOW: u32 = 110;

/// The calls of the last 10 seconds.
#[derive(Debug)]
pub(crate) struct Window {
    configured: Option<u32>,
    learned: Option<u32>,
    /// From introspection; weaker than what a header says.
    class: Option<u32>,
    interval: Duration,
    sent: VecDeque<Timestamp>,
    paused_until: Timestamp,
    sharers: u32,
}

impl Window {
    pub(crate) fn new(settings: &QuotaSettings) -> Self {
        Self {
            configured: settings.ten_secondly,
            learned: None,
            class: None,
            interval: Duration::from_secs(10),
            sent: VecDeque::new(),
            paused_until: Timestamp::MIN,
            sharers: 1,
        }
    }

    /// Calls per window that are ours; `None` is unlimited.
    pub(crate) fn limit(&self) -> Option<u32> {
        let portal = self.learned.or(self.class);
        let whole = match self.configured {
            Some(0) => return None,
            Some(set) => portal.map_or(set, |portal| set.min(portal)),
            None => portal.unwrap_or(SMALLEST_WINDOW),
        };
        Some((whole / self.sharers).max(1))
    }

    /// Among so many processes the window is divided.
    pub(crate) fn share(&mut self, sharers: u32) {
        self.sharers = sharers.max(1);
    }

    /// Counts a call at `now`, or says how long to wait.
    pub(crate) fn admit(&mut self, now: Timestamp) -> Result<(), Duration> {
        if now < self.paused_until {
            return Err(clock::until(now, self.paused_until));
        }
        let Some(limit) = self.limit() else {
            return Ok(());
        };
        self.roll(now);
        // A limit of 0 from a header would stop everything for ever.
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        if self.sent.len() >= limit {
            let first = self.sent[self.sent.len() - limit];
            return Err(clock::until(now, clock::later(first, self.interval)));
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// Takes in the headers of an answer. Calls of the app from elsewhere are counted as if they were ours.
    pub(crate) fn observe(
        &mut self,
        now: Timestamp,
        max: Option<u32>,
        remaining: Option<u32>,
        interval: Option<Duration>,
    ) {
        if let Some(interval) = interval.filter(|interval| !interval.is_zero()) {
            self.interval = interval.min(Duration::from_mins(1));
        }
        let Some(max) = max.filter(|max| *max > 0) else {
            return;
        };
        let max = max.min(LARGEST_WINDOW);
        self.learned = Some(max);
        if self.limit().is_none() {
            return;
        }
        self.roll(now);
        if let Some(remaining) = remaining {
            // What all have used counts against each by its share.
            let used = max.saturating_sub(remaining) / self.sharers;
            let used = usize::try_from(used).unwrap_or(usize::MAX);
            // The log never holds more than the limit, whatever a header claims.
            let cap = usize::try_from(self.limit().unwrap_or(max)).unwrap_or(usize::MAX);
            for _ in self.sent.len()..used.min(cap) {
                self.sent.push_back(now);
            }
        }
    }

    /// After a refusal: nothing for `wait`, and not before the window has rolled past our oldest call.
    pub(crate) fn refused(&mut self, now: Timestamp, wait: Duration) {
        self.roll(now);
        let rolled = self
            .sent
            .front()
            .map_or(now, |first| clock::later(*first, self.interval));
        let until = rolled.max(clock::later(now, wait));
        self.paused_until = self.paused_until.max(until);
    }

    pub(crate) fn learn_class(&mut self, private: bool) {
        // The private classes differ by edition (100, 190, 250); only a header tells.
        self.class = (!private).then_some(PUBLIC_WINDOW);
    }

    /// Calls left in this window; `None` is unlimited.
    pub(crate) fn left(&mut self, now: Timestamp) -> Option<u32> {
        self.roll(now);
        let sent = u32::try_from(self.sent.len()).unwrap_or(u32::MAX);
        self.limit().map(|limit| limit.saturating_sub(sent))
    }

    fn roll(&mut self, now: Timestamp) {
        while let Some(first) = self.sent.front()
            && clock::later(*first, self.interval) <= now
        {
            self.sent.pop_front();
        }
    }
}

/// The pace of searches.
///
/// HubSpot's 5 per second belong to the account, all its apps together, so a refusal halves the pace, which then
/// recovers slowly.
#[derive(Debug)]
pub(crate) struct SearchPace {
    /// Searches per second at most; `None` is unlimited.
    ceiling: Option<f64>,
    /// Searches per second now; `None` is unlimited.
    rate: Option<f64>,
    next: Timestamp,
    changed: Timestamp,
    sharers: u32,
}

impl SearchPace {
    const SLOWEST: f64 = 0.5;
    /// Where an unlimited pace starts from when it is refused after all.
    const USUAL: f64 = 4.0;
    const RECOVERY: Duration = Duration::from_secs(30);

    pub(crate) fn new(settings: &QuotaSettings) -> Self {
        let ceiling =
            (settings.search_per_second > 0).then(|| f64::from(settings.search_per_second));
        Self {
            ceiling,
            rate: ceiling,
            next: Timestamp::MIN,
            changed: Timestamp::MIN,
            sharers: 1,
        }
    }

    /// Among so many processes the pace is divided.
    pub(crate) fn share(&mut self, sharers: u32) {
        self.sharers = sharers.max(1);
    }

    /// This process's searches per second at `now`; `None` is unlimited.
    pub(crate) fn pace(&mut self, now: Timestamp) -> Option<f64> {
        let rate = self.rate(now)?;
        Some(rate / f64::from(self.sharers))
    }

    /// Everybody's searches per second at `now`; `None` is unlimited.
    fn rate(&mut self, now: Timestamp) -> Option<f64> {
        while let Some(rate) = self.rate
            && self.ceiling.is_none_or(|ceiling| rate < ceiling)
            && clock::later(self.changed, Self::RECOVERY) <= now
        {
            self.changed = clock::later(self.changed, Self::RECOVERY);
            let faster = rate * 1.25;
            self.rate = match self.ceiling {
                Some(ceiling) => Some(faster.min(ceiling)),
                None => (faster < Self::USUAL).then_some(faster),
            };
        }
        self.rate
    }

    pub(crate) fn admit(&mut self, now: Timestamp) -> Result<(), Duration> {
        if now < self.next {
            return Err(clock::until(now, self.next));
        }
        if let Some(pace) = self.pace(now) {
            let gap = Duration::from_secs_f64(1.0 / pace);
            // A timer wakes a little late; the slack keeps that from adding up.
            let due = self.next.max(now.checked_sub(gap / 8).unwrap_or(now));
            self.next = clock::later(due, gap);
        }
        Ok(())
    }

    pub(crate) fn refused(&mut self, now: Timestamp, wait: Duration) {
        // Several searches refused together are one refusal.
        if clock::later(self.changed, Duration::from_secs(1)) <= now {
            let rate = self.rate(now).unwrap_or(Self::USUAL);
            self.rate = Some((rate / 2.0).max(Self::SLOWEST));
            self.changed = now;
        }
        self.next = self
            .next
            .max(clock::later(now, wait.max(Duration::from_secs(1))));
    }
}

/// The calls of a day in the account's time zone.
#[derive(Debug)]
pub(crate) struct Daily {
    configured: Option<u32>,
    reserve: f64,
    zone: TimeZone,
    resets_at: Timestamp,
    used: u64,
    /// Limit and remainder by the last header, less what was sent since.
    seen: Option<(u64, u64)>,
    refused: bool,
}

impl Daily {
    pub(crate) fn new(settings: &QuotaSettings) -> Self {
        Self {
            configured: settings.daily,
            reserve: settings.daily_reserve,
            zone: TimeZone::UTC,
            resets_at: Timestamp::MIN,
            used: 0,
            seen: None,
            refused: false,
        }
    }

    /// Counts a call at `now`, or says when the next day begins.
    pub(crate) fn admit(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.roll(now);
        if self.refused || self.left(now) == Some(0) {
            return Err(self.resets_at);
        }
        self.used += 1;
        if let Some((_, remaining)) = &mut self.seen {
            *remaining = remaining.saturating_sub(1);
        }
        Ok(())
    }

    /// Calls that may still be sent today, the reserve taken off; `None` is unlimited or unknown.
    pub(crate) fn left(&mut self, now: Timestamp) -> Option<u64> {
        self.roll(now);
        if self.refused {
            return Some(0);
        }
        if self.configured == Some(0) {
            return None;
        }
        let by_header = self
            .seen
            .map(|(limit, remaining)| remaining.saturating_sub(self.reserved(limit)));
        let by_setting = self.configured.map(|set| {
            let set = u64::from(set);
            (set - self.reserved(set)).saturating_sub(self.used)
        });
        match (by_header, by_setting) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// Calls per day of the portal; `None` is unlimited or unknown.
    pub(crate) fn limit(&self) -> Option<u64> {
        match self.configured {
            Some(0) => None,
            Some(set) => Some(u64::from(set)),
            None => self.seen.map(|(limit, _)| limit),
        }
    }

    pub(crate) fn observe(&mut self, now: Timestamp, limit: Option<u64>, remaining: Option<u64>) {
        self.roll(now);
        if let Some((limit, remaining)) = limit.zip(remaining) {
            self.seen = Some((limit, remaining.min(limit)));
        }
    }

    pub(crate) fn refused(&mut self, now: Timestamp) -> Timestamp {
        self.roll(now);
        self.refused = true;
        self.resets_at
    }

    pub(crate) fn set_zone(&mut self, now: Timestamp, zone: TimeZone) {
        self.zone = zone;
        self.resets_at = self.midnight_after(now);
    }

    fn roll(&mut self, now: Timestamp) {
        if self.resets_at == Timestamp::MIN {
            self.resets_at = self.midnight_after(now);
        } else if self.resets_at <= now {
            self.resets_at = self.midnight_after(now);
            self.used = 0;
            self.seen = None;
            self.refused = false;
        }
    }

    fn midnight_after(&self, now: Timestamp) -> Timestamp {
        let today = self.zone.to_datetime(now).date();
        let midnight = today
            .tomorrow()
            .and_then(|day| day.to_zoned_datetime(self.zone.clone()));
        // Only at the end of the calendar is there no tomorrow.
        midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a call count: non-negative, far below 2^52, and at most the count itself"
    )]
    fn reserved(&self, limit: u64) -> u64 {
        ((limit as f64 * self.reserve).ceil() as u64).min(limit)
    }
}

#[cfg(test)]
mod tests;
