//! The sandbox's own clock: tokens, quotas and dates follow it, so tests move time instead of waiting.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::Instant;

/// Milliseconds since the epoch, flowing with real time or standing still until moved.
#[derive(Debug)]
pub struct Clock {
    base: AtomicI64,
    flowing: AtomicBool,
    since: Instant,
}

impl Clock {
    /// A clock that shows `start_ms`; `flowing` lets real time move it on.
    pub(crate) fn new(start_ms: i64, flowing: bool) -> Self {
        Self {
            base: AtomicI64::new(start_ms),
            flowing: AtomicBool::new(flowing),
            since: Instant::now(),
        }
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Now, in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.base.load(Relaxed)
            + if self.flowing.load(Relaxed) {
                self.elapsed()
            } else {
                0
            }
    }

    /// Moves the clock on (or back, when negative).
    pub fn advance_ms(&self, by: i64) {
        self.base.fetch_add(by, Relaxed);
    }

    /// Sets the clock.
    pub fn set_ms(&self, ms: i64) {
        self.base.store(
            ms - if self.flowing.load(Relaxed) {
                self.elapsed()
            } else {
                0
            },
            Relaxed,
        );
    }

    /// Stops the clock, or lets it flow on from where it stands.
    pub fn set_flowing(&self, flowing: bool) {
        let now = self.now_ms();
        self.flowing.store(flowing, Relaxed);
        self.set_ms(now);
    }

    /// Whether real time moves this clock.
    pub fn is_flowing(&self) -> bool {
        self.flowing.load(Relaxed)
    }
}

/// The machine's time, for a sandbox that is asked to start today.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the sandbox meets the machine's clock"
)]
pub(crate) fn machine_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
