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
    /// Not by the client: the error says when to come back.
    Later,
    /// Once, with a refreshed access token.
    Refreshed,
    /// With a shorter URL.
    Shorter,
    /// After waiting, longer each time.
    Wait(Backoff),
}

/// The table. Statuses and waits follow HubSpot's error guide,
/// <https://developers.hubspot.com/docs/api-reference/error-handling>.
pub const fn rule(kind: Kind) -> Rule {
    use Retry::{Later, Never, Refreshed, Shorter, Wait};
    const fn row(retry: Retry, hint: &'static str) -> Rule {
        Rule { retry, hint }
    }
    const REPORT: &str =
        "This is a fault in Tributary or a change at HubSpot; report it with the correlation id.";
    const PASSING: &str = "HubSpot or the network had trouble and did not recover in time; the next run tries again. See status.hubspot.com.";
    match kind {
        Kind::Settings => row(Never, "Correct the setting and start again."),
        Kind::Invalid | Kind::Misuse | Kind::Conflict | Kind::Unexpected => row(Never, REPORT),
        Kind::UnknownProperty => row(
            Never,
            "The property was archived or deleted in HubSpot; choose another one in the mapping.",
        ),
        Kind::App => row(
            Never,
            "Check the OAuth app's client id, client secret and redirect address, then connect again.",
        ),
        Kind::Expired => row(
            Refreshed,
            "The token has expired and could not be renewed; connect HubSpot again.",
        ),
        Kind::Unauthenticated => row(
            Never,
            "HubSpot does not accept the token; connect HubSpot again, or replace the static token.",
        ),
        Kind::Reauthorise => row(
            Never,
            "The app was uninstalled or its access revoked in HubSpot; connect HubSpot again.",
        ),
        Kind::MissingScopes => row(
            Never,
            "Grant the scope: connect HubSpot again, or add it to the service key or private app.",
        ),
        Kind::Forbidden => row(
            Never,
            "The user who connected HubSpot may not do this; ask a Super Admin to connect it.",
        ),
        Kind::NotFound => row(
            Never,
            "The record is gone, or this API version has been retired; check the version setting.",
        ),
        Kind::TooLong => row(
            Shorter,
            "Lower hubspot.url_budget in the settings; a proxy on the way may allow less than HubSpot does.",
        ),
        Kind::Locked => row(
            Wait(Backoff::new(2, 2, 30, 6)),
            "The portal is being written to heavily; run again later.",
        ),
        Kind::Burst => row(
            Wait(Backoff::new(1, 2, 10, 12)),
            "Other integrations use up the portal's 10-second quota; lower the quota settings or run at another time.",
        ),
        Kind::SearchBurst => row(
            Wait(Backoff::new(1, 2, 10, 12)),
            "Other integrations use up the portal's search quota; lower the search quota or run at another time.",
        ),
        Kind::Daily => row(
            Later,
            "The day's calls are used up; the next run after midnight in the account's time zone goes on.",
        ),
        Kind::Moving => row(
            Later,
            "Nothing to do: HubSpot is moving the account and says when it is done.",
        ),
        Kind::Server => row(Wait(Backoff::new(1, 2, 10, 4)), PASSING),
        Kind::Overloaded | Kind::Slow => row(Wait(Backoff::new(3, 2, 60, 6)), PASSING),
        Kind::Edge => row(Wait(Backoff::new(2, 2, 10, 4)), PASSING),
        Kind::Network => row(
            Wait(Backoff::new(1, 2, 30, 6)),
            "HubSpot could not be reached; check the network, the proxy and the base URL.",
        ),
        Kind::Unreadable => row(Wait(Backoff::new(1, 2, 10, 4)), REPORT),
        Kind::Stalled | Kind::Torn => row(
            Wait(Backoff::new(1, 2, 10, 4)),
            "HubSpot's answers contradict each other, as happens while it is being written to; the next run tries again.",
        ),
        Kind::Keep => row(
            Wait(Backoff::new(1, 2, 10, 1)),
            "Check that the data directory can be written to and has room.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_is_waited_for_two_seconds_at_least() {
        let Retry::Wait(backoff) = rule(Kind::Locked).retry else {
            panic!("a lock passes");
        };
        assert!(backoff.wait(1, 0.0, None) >= Some(Duration::from_secs(2)));
    }
}
