//! One table: kind of failure → whether and how to try again → what the operator can do.

use std::time::Duration;

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

/// Waits that grow by a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// Each next wait is so many times longer.
    pub factor: u32,
    /// But never longer than this.
    pub most: Duration,
    /// Calls in all, the first included.
    pub tries: u32,
}

/// A `Retry-After` longer than this on anything but a 477 is not waited for in full.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(5);

impl Backoff {
    const fn new(first: u64, factor: u32, most: u64, tries: u32) -> Self {
        Self {
            first: Duration::from_secs(first),
            factor,
            most: Duration::from_secs(most),
            tries,
        }
    }

    /// How long to wait after `failed` failures, or `None` when that was the last try.
    ///
    /// `jitter` in 0 to 1 lengthens the wait by up to a half, so that many clients do not come back together.
    /// `asked` is HubSpot's `Retry-After`.
    pub fn wait(&self, failed: u32, jitter: f64, asked: Option<Duration>) -> Option<Duration> {
        if failed >= self.tries {
            return None;
        }
        let growth = self.factor.saturating_pow(failed.saturating_sub(1));
        let wait = self.first.saturating_mul(growth).min(self.most);
        let wait = wait.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0);
        Some(wait.max(asked.unwrap_or_default().min(LONGEST_WAIT)))
    }
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
    use super::*;

    #[test]
    fn waits_grow_up_to_a_limit_and_end() {
        let backoff = Backoff::new(3, 2, 20, 5);
        let waits: Vec<_> = (1..=5)
            .map(|failed| backoff.wait(failed, 0.0, None).map(|wait| wait.as_secs()))
            .collect();
        assert_eq!(waits, [Some(3), Some(6), Some(12), Some(20), None]);
    }

    #[test]
    fn a_longer_retry_after_is_honoured_up_to_a_limit() {
        let backoff = Backoff::new(3, 2, 20, 5);
        let asked = |seconds| backoff.wait(1, 1.0, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(1), Some(Duration::from_millis(4_500)));
        assert_eq!(asked(9), Some(Duration::from_secs(9)));
        assert_eq!(asked(90_000), Some(LONGEST_WAIT));
    }

    #[test]
    fn a_lock_is_waited_for_two_seconds_at_least() {
        let Retry::Wait(backoff) = rule(Kind::Locked).retry else {
            panic!("a lock passes");
        };
        assert!(backoff.wait(1, 0.0, None) >= Some(Duration::from_secs(2)));
    }
}
