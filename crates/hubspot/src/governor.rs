//! Keeps all calls to one portal within its quota, whichever client sends them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use model::{Clock, PortalId};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    Error, Operation, QuotaSettings,
    budget::{Daily, SearchPace, Window},
};
use outbound::Answer;

/// The governors of a process, one per portal: connections to the same portal share one quota.
#[derive(Debug)]
pub struct Governors {
    settings: QuotaSettings,
    clock: Arc<dyn Clock>,
    portals: Mutex<HashMap<PortalId, Arc<Governor>>>,
}

impl Governors {
    /// None yet; each portal gets its own under the same settings.
    pub fn new(settings: QuotaSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            portals: Mutex::default(),
        }
    }

    /// The governor of `portal`, the same one each time.
    pub fn portal(&self, portal: PortalId) -> Arc<Governor> {
        let mut portals = self.portals();
        let new = || Arc::new(Governor::new(&self.settings, self.clock.clone()));
        portals.entry(portal).or_insert_with(new).clone()
    }

    /// Shares the quota of each portal with as many other processes as draw on it; see [`Governor::share`].
    pub fn share(&self, others: &HashMap<PortalId, u32>) {
        for (portal, governor) in self.portals().iter() {
            governor.share(1 + others.get(portal).copied().unwrap_or(0));
        }
    }

    fn portals(&self) -> MutexGuard<'_, HashMap<PortalId, Arc<Governor>>> {
        self.portals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The quota of one portal.
pub struct Governor {
    clock: Arc<dyn Clock>,
    in_flight: Option<Semaphore>,
    budgets: Mutex<Budgets>,
}

#[derive(Debug)]
struct Budgets {
    window: Window,
    search: SearchPace,
    daily: Daily,
}

/// What is left of a portal's quota.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Quota {
    /// Calls allowed in 10 seconds; `None` is unlimited.
    pub window_limit: Option<u32>,
    /// Of these, calls left now.
    pub window_left: Option<u32>,
    /// Searches per second at present; `None` is unlimited.
    pub search_per_second: Option<f64>,
    /// The portal's calls per day; `None` is unlimited, or not known before the first answer.
    pub daily_limit: Option<u64>,
    /// Of these, calls left to us today, the reserve taken off.
    pub daily_left: Option<u64>,
}

/// Which budgets a call draws on besides the daily one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    /// The 10-second window.
    Window,
    /// The searches, which are outside the window.
    Search,
}

enum Refusal {
    Wait(Duration),
    Daily(Timestamp),
}

impl Governor {
    /// A portal's quota of which nothing is known yet.
    pub fn new(settings: &QuotaSettings, clock: Arc<dyn Clock>) -> Self {
        let permits = usize::try_from(settings.in_flight).unwrap_or(usize::MAX);
        Self {
            clock,
            in_flight: (permits > 0).then(|| Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            budgets: Mutex::new(Budgets {
                window: Window::new(settings),
                search: SearchPace::new(settings),
                daily: Daily::new(settings),
            }),
        }
    }

    /// What is left at this moment.
    pub fn quota(&self) -> Quota {
        let now = self.clock.now();
        self.with(|budgets| Quota {
            window_limit: budgets.window.limit(),
            window_left: budgets.window.left(now),
            search_per_second: budgets.search.pace(now),
            daily_limit: budgets.daily.limit(),
            daily_left: budgets.daily.left(now),
        })
    }

    /// Waits until a call may be sent. The permit stands for the call under way.
    pub(crate) async fn admit(
        &self,
        operation: Operation,
        budget: Budget,
    ) -> Result<Option<SemaphorePermit<'_>>, Error> {
        loop {
            let permit = match &self.in_flight {
                // Never closed, so never an error.
                Some(semaphore) => semaphore.acquire().await.ok(),
                None => None,
            };
            let now = self.clock.now();
            match self.with(|budgets| budgets.admit(now, budget)) {
                Ok(()) => return Ok(permit),
                Err(Refusal::Daily(resets_at)) => {
                    return Err(Error::DailyQuota {
                        operation,
                        resets_at,
                    });
                }
                Err(Refusal::Wait(wait)) => {
                    // Whoever waits for one budget must not keep out a call that draws on another.
                    drop(permit);
                    self.clock.sleep(wait).await;
                }
            }
        }
    }

    /// Takes in what an answer's headers say about the quota. Names of headers: the usage guide's table.
    pub(crate) fn observe(&self, answer: &Answer) {
        let number = |name: &str| answer.header(name)?.trim().parse::<u64>().ok();
        let small = |name: &str| number(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let now = self.clock.now();
        let max = small("x-hubspot-ratelimit-max");
        let remaining = small("x-hubspot-ratelimit-remaining");
        let interval =
            number("x-hubspot-ratelimit-interval-milliseconds").map(Duration::from_millis);
        let daily = number("x-hubspot-ratelimit-daily");
        let daily_remaining = number("x-hubspot-ratelimit-daily-remaining");
        self.with(|budgets| {
            budgets.window.observe(now, max, remaining, interval);
            budgets.daily.observe(now, daily, daily_remaining);
        });
    }

    /// After a 429 for too many calls: everyone pauses.
    pub(crate) fn burst_refused(&self, wait: Duration) {
        let now = self.clock.now();
        self.with(|budgets| budgets.window.refused(now, wait));
    }

    /// After a 429 for too many searches: all searches pause, then go slower.
    pub(crate) fn search_refused(&self, wait: Duration) {
        let now = self.clock.now();
        self.with(|budgets| budgets.search.refused(now, wait));
    }

    /// After a 429 for the day: nothing until midnight, which is returned.
    pub(crate) fn daily_refused(&self) -> Timestamp {
        let now = self.clock.now();
        self.with(|budgets| budgets.daily.refused(now))
    }

    /// So many processes draw on the portal's quota, this one included: each gets an equal part of what can be sent in a
    /// second or in ten. Of the day's calls HubSpot tells each what all have left.
    pub fn share(&self, sharers: u32) {
        self.with(|budgets| {
            budgets.window.share(sharers);
            budgets.search.share(sharers);
        });
    }

    /// The account's time zone, in which its day ends.
    pub(crate) fn learn_zone(&self, zone: TimeZone) {
        let now = self.clock.now();
        self.with(|budgets| budgets.daily.set_zone(now, zone));
    }

    /// Whether the app is distributed privately, which decides its window.
    pub(crate) fn learn_class(&self, private: bool) {
        self.with(|budgets| budgets.window.learn_class(private));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Budgets) -> T) -> T {
        change(&mut self.budgets.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Budgets {
    fn admit(&mut self, now: Timestamp, budget: Budget) -> Result<(), Refusal> {
        if self.daily.left(now) != Some(0) {
            match budget {
                Budget::Window => self.window.admit(now),
                Budget::Search => self.search.admit(now),
            }
            .map_err(Refusal::Wait)?;
        }
        self.daily.admit(now).map_err(Refusal::Daily)
    }
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governor")
            .field("budgets", &self.budgets)
            .finish_non_exhaustive()
    }
}
