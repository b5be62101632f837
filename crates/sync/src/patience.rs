//! Waiting for a database that is away: restarted, failing over, or cut off for a while.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// The first wait. Each further one is twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// The longest.
const LONGEST: Duration = Duration::from_secs(15);

/// How long a database may be away before those who wait for it are told.
const LIMIT: Duration = Duration::from_mins(10);

/// How long somebody has waited, and may still.
#[derive(Debug)]
pub(crate) struct Patience {
    ends: Instant,
    next: Duration,
}

impl Patience {
    /// Begins now.
    pub(crate) fn begin() -> Self {
        Self {
            ends: Instant::now() + LIMIT,
            next: FIRST,
        }
    }

    /// Waits after a failure that may pass, unless `stop` comes first. Says whether another try is worth it.
    pub(crate) async fn outlasts(
        &mut self,
        error: &store::Error,
        stop: impl Future<Output = ()>,
    ) -> bool {
        if !error.passes() || Instant::now() >= self.ends {
            return false;
        }
        tracing::warn!(
            error = crate::chain(error),
            again_in = ?self.next,
            "the database cannot be used at the moment"
        );
        let wait = sleep(self.next);
        self.next = (self.next * 2).min(LONGEST);
        tokio::select! {
            () = wait => true,
            () = stop => false,
        }
    }
}

/// Tries until the database is back, until `stop`, or for so long that whoever waits should be told.
pub(crate) async fn patiently<T, F>(
    stop: &CancellationToken,
    attempt: impl Fn() -> F,
) -> Result<T, store::Error>
where
    F: Future<Output = Result<T, store::Error>>,
{
    let mut patience = Patience::begin();
    loop {
        match attempt().await {
            Err(error) if patience.outlasts(&error, stop.cancelled()).await => {}
            ended => return ended,
        }
    }
}
