//! Time as a parameter.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use jiff::Timestamp;

/// A source of time and of waiting.
///
/// Everything that expires, retries or happens at night takes one, so that a test can move time by hand.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Resolves once `duration` has passed on this clock.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
