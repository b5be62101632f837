//! What a client of somebody else's HTTP API needs, whoever that is: a transport that leaks nothing, waits that grow,
//! clocks, and messages without secrets.
//!
//! It knows no API. Which failures are tried again, what a refusal means and how many calls may be made is the
//! client's own, because there the services differ: see `hubspot` and `pendo`.

pub mod address;
pub mod backoff;
pub mod clock;
pub mod retry_after;
pub mod scrub;
pub mod transport;

pub use backoff::{Backoff, Jitter};
pub use clock::{ManualClock, SystemClock};
pub use transport::{Answer, Body, Credential, Failure, Request, Timeouts, Transport};

/// A setting that cannot be used: which, and why. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Unusable {
    /// A clause without a full stop.
    pub problem: String,
}

impl Unusable {
    /// Says what is wrong.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
        }
    }
}
