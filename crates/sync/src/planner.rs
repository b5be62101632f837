//! Holds schedules against the clock: windows whose moment has come get their jobs, windows that went by are noted.
//!
//! Any number of processes may do so at once. A window is served in one transaction that only one of them wins.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::Clock;
use store::{
    Scope, Store, SubscriptionId,
    job::{Kind, NewJob, Priority},
    run::{Origin, Trigger},
    schedule::{Missed, Schedule, Scheduled},
};

use crate::schedule::{Place, Rhythm, Timetable, Window};

/// How long runs are expected to take of which nothing is known.
const UNKNOWN: SignedDuration = SignedDuration::from_mins(30);

/// How far back runs tell how long the next ones will take.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How long what is known of durations serves.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// How long the planner may rest: a schedule that is changed by another process is seen after that.
const REST: SignedDuration = SignedDuration::from_secs(30);

/// Missed windows that an outlook shows.
const MISSED_SHOWN: i64 = 10;

/// Windows further back than this are not looked for.
const FORGIVEN: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Plans for all subscriptions.
#[derive(Debug)]
pub struct Planner {
    store: Store,
    clock: Arc<dyn Clock>,
    estimates: Estimates,
}

/// How long the syncs of subscriptions are expected to take.
#[derive(Debug, Default)]
struct Estimates {
    known: HashMap<SubscriptionId, SignedDuration>,
    at: Option<Timestamp>,
}

/// What one look has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When the next one is due.
    pub next: Timestamp,
    /// Windows that were served.
    pub served: u32,
    /// Windows that were found to have gone by.
    pub missed: u32,
}

impl Planner {
    /// A planner that has not looked yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            estimates: Estimates::default(),
        }
    }

    /// Looks at all schedules once.
    ///
    /// # Errors
    /// When the store fails. What was served before stays served; the next look goes on.
    pub async fn look(&mut self) -> Result<Look, store::Error> {
        let now = self.clock.now();
        self.estimates.refresh(&self.store, None, now).await?;
        let mut look = Look {
            next: now + REST,
            served: 0,
            missed: 0,
        };
        for scheduled in self.store.schedules().await? {
            if scheduled.schedule.paused {
                continue;
            }
            let table = timetable(&scheduled, self.estimates.of(scheduled.subscription.id));
            let standing = Standing::at(&table, &scheduled, now);
            if scheduled.levels.is_empty() || !scheduled.subscription.hubspot_on {
                // There was nothing to be done in windows that went by: once there is, they are not missed.
                if let Some(missed) = standing.missed {
                    self.serve(&scheduled, (missed.opens, missed.closes), &[], now)
                        .await?;
                }
                continue;
            }
            if let Some(missed) = standing.missed {
                look.missed += self.miss(&scheduled, missed, now).await?;
            }
            match standing.next {
                Some(window) if window.starts <= now => {
                    let jobs: Vec<_> = jobs(&scheduled, window).collect();
                    let span = (window.opens, window.closes);
                    look.served += u32::from(self.serve(&scheduled, span, &jobs, now).await?);
                }
                Some(window) => look.next = look.next.min(window.starts),
                None => {}
            }
        }
        Ok(look)
    }

    async fn serve(
        &self,
        scheduled: &Scheduled,
        span: (Timestamp, Timestamp),
        jobs: &[NewJob],
        now: Timestamp,
    ) -> Result<bool, store::Error> {
        let served = self.store.serve_window(scheduled, span, jobs, now).await?;
        if served && !jobs.is_empty() {
            tracing::info!(
                subscription = scheduled.subscription.id.0,
                window = %span.0,
                jobs = jobs.len(),
                "a window's runs are in the queue"
            );
        }
        Ok(served)
    }

    async fn miss(
        &self,
        scheduled: &Scheduled,
        missed: Missed,
        now: Timestamp,
    ) -> Result<u32, store::Error> {
        let subscription = scheduled.subscription.id;
        if !self.store.note_missed(subscription, missed, now).await? {
            return Ok(0);
        }
        tracing::error!(
            subscription = subscription.0,
            from = %missed.opens,
            to = %missed.closes,
            windows = missed.windows,
            "no process was there to sync: windows were missed"
        );
        Ok(missed.windows)
    }
}

impl Estimates {
    async fn refresh(
        &mut self,
        store: &Store,
        only: Option<SubscriptionId>,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        // Also when the clock was set back.
        if self
            .at
            .is_none_or(|at| now.duration_since(at).abs() > FRESH)
        {
            let since = now.checked_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
            self.known = store
                .sync_durations(only, since)
                .await?
                .into_iter()
                .collect();
            self.at = Some(now);
        }
        Ok(())
    }

    fn of(&self, subscription: SubscriptionId) -> SignedDuration {
        self.known.get(&subscription).copied().unwrap_or(UNKNOWN)
    }
}

/// What is to be expected of a subscription's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The schedule as it is kept.
    pub schedule: Schedule,
    /// Why nothing starts by itself, if nothing does.
    pub idle: Option<Idle>,
    /// The windows to come, as they would be if nothing kept them from it; those that are open now first.
    pub next: Vec<Window>,
    /// Windows that went by without a run, newest first.
    pub missed: Vec<Missed>,
}

/// Why a subscription is not synced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Somebody paused it.
    Paused,
    /// The HubSpot integration is switched off.
    SwitchedOff,
    /// No level is mapped under a connection.
    NotMapped,
}

impl Outlook {
    /// The outlook of a subscription, on so many windows; `None` if there is no such subscription.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        store: &Store,
        subscription: SubscriptionId,
        windows: usize,
        now: Timestamp,
    ) -> Result<Option<Self>, store::Error> {
        let Some(scheduled) = store.scheduled(subscription).await? else {
            return Ok(None);
        };
        let mut estimates = Estimates::default();
        estimates.refresh(store, Some(subscription), now).await?;
        let table = timetable(&scheduled, estimates.of(subscription));
        let next = own_windows(&table, &scheduled.schedule, now);
        Ok(Some(Self {
            next: next
                .filter(|window| window.closes > now)
                .take(windows)
                .collect(),
            idle: if scheduled.schedule.paused {
                Some(Idle::Paused)
            } else if !scheduled.subscription.hubspot_on {
                Some(Idle::SwitchedOff)
            } else if scheduled.levels.is_empty() {
                Some(Idle::NotMapped)
            } else {
                None
            },
            missed: store.missed_windows(subscription, MISSED_SHOWN).await?,
            schedule: scheduled.schedule,
        }))
    }
}

/// The windows of a schedule that are not served, from the oldest that could still be missed.
fn own_windows(
    table: &Timetable,
    schedule: &Schedule,
    now: Timestamp,
) -> impl Iterator<Item = Window> {
    let forgiven = now.checked_sub(FORGIVEN).unwrap_or(Timestamp::MIN);
    let from = schedule.since.max(schedule.served_to).max(forgiven);
    table
        .windows(from)
        .filter(|window| window.starts >= schedule.since && window.opens >= schedule.served_to)
}

/// What cannot be read any more, because a release went back, is the default: a night too many is better than none.
fn timetable(scheduled: &Scheduled, estimate: SignedDuration) -> Timetable {
    let subscription = &scheduled.subscription;
    let rhythm = scheduled.schedule.rhythm.parse().unwrap_or_else(|error| {
        tracing::error!(subscription = subscription.id.0, %error, "the rhythm cannot be read; nightly holds");
        Rhythm::Nightly
    });
    let zone = TimeZone::get(&subscription.time_zone).unwrap_or_else(|error| {
        tracing::error!(subscription = subscription.id.0, %error, "the time zone is not known; UTC holds");
        TimeZone::UTC
    });
    let place = Place::of_subscription(subscription.id);
    Timetable::new(rhythm, zone, place, estimate)
}

/// How a schedule stands at a moment.
struct Standing {
    /// Windows that went by and were not served.
    missed: Option<Missed>,
    /// The first window that is not over.
    next: Option<Window>,
}

impl Standing {
    fn at(table: &Timetable, scheduled: &Scheduled, now: Timestamp) -> Self {
        let mut missed: Option<Missed> = None;
        let mut next = None;
        for window in own_windows(table, &scheduled.schedule, now) {
            if window.closes > now {
                next = Some(window);
                break;
            }
            let missed = missed.get_or_insert(Missed {
                opens: window.opens,
                closes: window.closes,
                windows: 0,
            });
            missed.closes = window.closes;
            missed.windows += 1;
        }
        Self { missed, next }
    }
}

fn jobs(scheduled: &Scheduled, window: Window) -> impl Iterator<Item = NewJob> {
    scheduled.levels.iter().map(move |level| NewJob {
        scope: Scope {
            subscription: scheduled.subscription.id,
            level: *level,
        },
        kind: Kind::Sync,
        origin: Origin {
            trigger: Trigger::Schedule,
            by: None,
        },
        priority: Priority::Schedule,
        due_at: window.starts,
        expires_at: Some(window.closes),
    })
}
