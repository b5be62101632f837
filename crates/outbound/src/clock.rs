//! The two clocks: the world's, and one that a test moves.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
pub use model::Clock;

/// The machine's clock, and waiting in real time. The only place where the product asks what time it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one real implementation of `Clock`; everything else is handed one"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock for tests: waiting moves it forward and returns at once.
///
/// Several tasks waiting at the same time each move it by their own wait, so it never runs slower than a real one.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<Manual>,
}

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    waits: Vec<Duration>,
}

impl ManualClock {
    /// A clock standing at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            state: Mutex::new(Manual {
                now,
                waits: Vec::new(),
            }),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.now = later(state.now, by));
    }

    /// Every wait asked of this clock so far, in order.
    pub fn waits(&self) -> Vec<Duration> {
        self.with(|state| state.waits.clone())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Manual) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for ManualClock {
    /// Stands at 2026-11-20T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_795_132_800, 0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.with(|state| state.now)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.with(|state| {
                state.now = later(state.now, duration);
                state.waits.push(duration);
            });
            // A real wait lets others run; so does this one.
            tokio::task::yield_now().await;
        })
    }
}

/// `from` plus `by`, stopping at the end of time instead of overflowing.
pub fn later(from: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long from `now` until `then`; zero when it has passed.
pub fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_on_the_manual_clock_takes_no_time_but_moves_it() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.sleep(Duration::from_hours(1)).await;
        assert_eq!(until(start, clock.now()), Duration::from_hours(1));
        assert_eq!(clock.waits(), [Duration::from_hours(1)]);
    }

    #[test]
    fn time_does_not_overflow() {
        assert_eq!(later(Timestamp::MAX, Duration::MAX), Timestamp::MAX);
        assert_eq!(until(Timestamp::MAX, Timestamp::MIN), Duration::ZERO);
    }
}
