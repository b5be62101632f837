//! When a subscription is synced by itself: windows, and the moment within each at which it starts.
//!
//! Pure: a [`Timetable`] is a function from moments to windows. Nothing here knows what was done before; what has become of
//! each window is kept by the store, and [`crate::planner`] holds the one against the other.

mod cron;
mod night;
mod rhythm;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use cron::Cron;
pub use rhythm::{BadRhythm, Rhythm};

/// How long after its moment a run that a cron expression asked for may still start.
const CATCH_UP: SignedDuration = SignedDuration::from_hours(6);

/// What is reserved at the end of a window is a multiple of this, so that a start does not move with every estimate.
const RESERVE_STEP: SignedDuration = SignedDuration::from_mins(15);

/// A span of time in which one run of each level shall start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub opens: Timestamp,
    /// When the run shall start.
    pub starts: Timestamp,
    /// The first moment after it: nothing starts any more.
    pub closes: Timestamp,
}

/// The windows of one subscription.
#[derive(Debug, Clone)]
pub struct Timetable {
    rhythm: Rhythm,
    zone: TimeZone,
    place: Place,
    reserve: SignedDuration,
}

impl Timetable {
    /// The windows of a rhythm in a zone. `estimate` is how long the runs are expected to take; their start leaves room for
    /// that before the window closes.
    pub fn new(rhythm: Rhythm, zone: TimeZone, place: Place, estimate: SignedDuration) -> Self {
        Self {
            rhythm,
            zone,
            place,
            reserve: reserve(estimate),
        }
    }

    /// The first window that is not over at a moment; `None` if there is none in the years that can be written.
    pub fn open_after(&self, moment: Timestamp) -> Option<Window> {
        match &self.rhythm {
            Rhythm::Nightly => {
                let mut night = night::not_over(&self.zone, moment)?;
                night.starts = self.start(night.opens, night.closes);
                Some(night)
            }
            Rhythm::Every(minutes) => self.interval(*minutes, moment),
            Rhythm::Cron(cron) => self.cron_window(cron, moment),
        }
    }

    /// All windows that are not over at a moment, in order.
    pub fn windows(&self, from: Timestamp) -> impl Iterator<Item = Window> + '_ {
        std::iter::successors(self.open_after(from), |window| {
            self.open_after(window.closes)
        })
    }

    /// Where within a window the runs start.
    fn start(&self, opens: Timestamp, closes: Timestamp) -> Timestamp {
        let room = closes.duration_since(opens) - self.reserve;
        opens + self.place.of(room.max(SignedDuration::ZERO))
    }

    /// Intervals are counted from the epoch, each subscription's moved by its place: no clock change touches them.
    fn interval(&self, minutes: u16, moment: Timestamp) -> Option<Window> {
        let length = SignedDuration::from_mins(minutes.into());
        let (every, moved) = (length.as_millis(), self.place.of(length).as_millis());
        let now = i128::from(moment.as_millisecond());
        let opens = now - (now - moved).rem_euclid(every);
        let opens = Timestamp::from_millisecond(i64::try_from(opens).ok()?).ok()?;
        Some(Window {
            opens,
            starts: opens,
            closes: opens.checked_add(length).ok()?,
        })
    }

    fn cron_window(&self, cron: &Cron, moment: Timestamp) -> Option<Window> {
        let at = |opens: Timestamp| {
            let next = cron.next(&self.zone, opens, false);
            let latest = opens.checked_add(CATCH_UP).ok()?;
            Some(Window {
                opens,
                starts: opens,
                closes: next.map_or(latest, |next| next.min(latest)),
            })
        };
        let last = cron.last(&self.zone, moment).and_then(at);
        match last {
            Some(window) if window.closes > moment => Some(window),
            _ => at(cron.next(&self.zone, moment, true)?),
        }
    }
}

/// What is kept free at the end of a window: the estimate and a quarter more, in whole quarters of an hour, one at least.
fn reserve(estimate: SignedDuration) -> SignedDuration {
    let needed = estimate.as_secs().clamp(0, 86_400).unsigned_abs() * 5 / 4;
    let steps = needed
        .div_ceil(RESERVE_STEP.as_secs().unsigned_abs())
        .max(1);
    RESERVE_STEP * i32::try_from(steps).expect("a day has few quarters")
}

/// Where a subscription stands among all: a fraction of one, in 2⁻³² steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// The place of a subscription, the same for good.
    ///
    /// Multiples of the golden ratio fill an interval more evenly than hashes: no two neighbours stand close, whichever
    /// subscriptions there are.
    pub fn of_subscription(id: store::SubscriptionId) -> Self {
        let turned = id.0.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(u32::try_from(turned >> 32).expect("half of 64 bits"))
    }

    /// The moment within a span that is at this place.
    fn of(self, span: SignedDuration) -> SignedDuration {
        let millis = (span.as_millis() * i128::from(self.0)) >> 32;
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}
