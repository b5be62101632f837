//! One table: kind of failure → whether and how to try again → what the operator can do.

pub use outbound::Backoff;

use crate::Kind;

/// What to do about one kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Whether and how the client tries again.
    pub retry: Retry,
    /// What the operator can do, in one sentence or two.
    pub hint: &'static str,
}

/// Whether and how to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same call would fail again.
    Never,
    /// After waiting, longer each time.
    Wait(Backoff),
}

/// Six calls within about a minute: Pendo publishes neither limits nor how long its troubles last.
const PATIENTLY: Retry = Retry::Wait(Backoff::new(1, 2, 30, 6));

/// The table. Writes are tried again like reads, even when they may have been carried out: values are absolute, and a
/// field that is there already is created again without harm.
pub const fn rule(kind: Kind) -> Rule {
    use Retry::Never;
    const fn row(retry: Retry, hint: &'static str) -> Rule {
        Rule { retry, hint }
    }
    const REPORT: &str = "This is a fault in Tributary or a change at Pendo; report it.";
    match kind {
        Kind::Settings => row(Never, "Correct the setting and start again."),
        Kind::Key => row(
            Never,
            "Check the integration key and the region. In Pendo, under Settings > Integrations > Integration Keys, a key must be active and have write access.",
        ),
        Kind::Invalid | Kind::Unexpected => row(Never, REPORT),
        Kind::TooLarge => row(
            Never,
            "Lower the number of records in a request; a proxy on the way may allow less than Pendo does.",
        ),
        Kind::NotFound => row(
            Never,
            "The visitor, account or field is not in Pendo, or the base URL does not lead to Pendo's API.",
        ),
        Kind::Busy => row(
            PATIENTLY,
            "Pendo is busy with another write; run again later.",
        ),
        Kind::Limited => row(
            PATIENTLY,
            "Pendo takes no more calls for now; lower pendo.in_flight or run at another time.",
        ),
        Kind::Slow | Kind::Server => row(
            PATIENTLY,
            "Pendo had trouble and did not recover in time; the next run tries again. See status.pendo.io.",
        ),
        Kind::Network => row(
            PATIENTLY,
            "Pendo could not be reached; check the network, the proxy and the base URL.",
        ),
        Kind::Unreadable => row(PATIENTLY, REPORT),
    }
}
