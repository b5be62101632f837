//! Nights of one subscription in which something goes wrong.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use model::{Clock, RecordId};
use sandbox::{
    Command, Object,
    pendo::{self, Group},
};
use store::{
    job::{Job, Kind, Only, State},
    run,
};
use sync::Worker;
use tokio_util::sync::CancellationToken;

use crate::{
    LEFTOVERS, PORTAL,
    chaos::{Dice, seed},
    installation::{FIELD, Installation},
    nights::process_with,
};

/// One subscription, whose nights come one after the other.
pub(crate) struct Nights {
    pub(crate) installation: Installation,
    pub(crate) dice: Dice,
}

impl Nights {
    pub(crate) async fn new() -> Self {
        Self::of(Installation::new(1).await)
    }

    pub(crate) fn of(installation: Installation) -> Self {
        Self {
            installation,
            dice: Dice(seed()),
        }
    }

    /// The next night has come, and something has changed since the last one. Returns when.
    pub(crate) fn begin(&mut self) -> Timestamp {
        let sandbox = &self.installation.sandbox;
        let live = sandbox.live_ids(PORTAL, Object::Contacts);
        let value = ["free", "team", "business", ""][self.dice.roll(4)];
        sandbox.clock().advance_ms(1_000);
        let change = Command::BulkSet {
            object: Object::Contacts,
            from: live[self.dice.roll(live.len())],
            count: 100,
            values: [(FIELD.to_owned(), value.to_owned())].into(),
        };
        sandbox.run(PORTAL, &change).unwrap();
        let clock = &self.installation.clock;
        // Five in the morning of Tokyo.
        let now = clock.now();
        let day = 24 * 60 * 60;
        let today = Timestamp::from_second(now.as_second() / day * day).unwrap();
        let mut begun = today + SignedDuration::from_hours(20);
        if begun <= now {
            begun += SignedDuration::from_hours(24);
        }
        clock.set(begun);
        begun
    }

    pub(crate) async fn a_moment_later(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let clock = &self.installation.clock;
        clock.set(clock.now() + SignedDuration::from_secs(10));
    }

    /// Syncs that were asked for, newest first, and whether nothing is to be sent any more.
    async fn syncs(&self) -> (Vec<Job>, bool) {
        let store = &self.installation.store;
        let jobs = store.jobs(Only::default(), 30).await.unwrap();
        let sent = jobs
            .iter()
            .all(|job| job.kind != Kind::Deliver || !job.state.is_open());
        let sent = sent && store.undelivered_levels().await.unwrap().is_empty();
        let syncs = jobs.into_iter().filter(|job| job.kind == Kind::Sync);
        (syncs.collect(), sent)
    }

    pub(crate) async fn latest(&self) -> Option<Job> {
        self.syncs().await.0.into_iter().next()
    }

    /// Whether this night's job is over, and what it has changed is sent.
    pub(crate) async fn is_over(&self) -> bool {
        // The clock runs ahead while a process waits for an answer that was lost. The night before began a day earlier.
        let tonight = self.installation.clock.now() - SignedDuration::from_hours(12);
        let (syncs, sent) = self.syncs().await;
        sent && syncs.first().is_some_and(|job| {
            job.created_at > tonight && !matches!(job.state, State::Waiting | State::Running)
        })
    }

    /// A process that nothing happens to.
    pub(crate) fn process(&self) -> Worker {
        let clock: Arc<dyn Clock> = self.installation.clock.clone();
        let base_url = self.installation.sandbox.base_url();
        let destinations = self.installation.destinations();
        process_with(destinations, &self.installation.store, base_url, &clock).1
    }

    /// Has a process work until the night is over.
    pub(crate) async fn finish(&self, worker: &mut Worker) {
        let stop = CancellationToken::new();
        self.wait(async || {
            // What was cut off may fail once.
            if !worker.turn(&stop).await.unwrap_or(false) {
                self.a_moment_later().await;
            }
        })
        .await;
    }

    /// Waits until the night is over.
    pub(crate) async fn wait(&self, mut meanwhile: impl AsyncFnMut()) {
        let began = Instant::now();
        while !self.is_over().await {
            meanwhile().await;
            assert!(
                began.elapsed() < Duration::from_mins(2),
                "the night does not end: {:#?}",
                self.latest().await
            );
        }
    }

    /// The night was synced once, whole, and all is as it is in the portal.
    pub(crate) async fn assert_done(&self, since: Timestamp, what: &str) {
        let Installation {
            store,
            sandbox,
            scratch,
            subscriptions,
            ..
        } = &self.installation;
        let (jobs, sent) = self.syncs().await;
        assert!(sent, "{what}");
        let tonight: Vec<_> = jobs.iter().filter(|job| job.created_at >= since).collect();
        assert_eq!(tonight.len(), 1, "{what}: {jobs:#?}");
        assert_eq!(tonight[0].state, State::Done, "{what}: {jobs:#?}");
        let runs = store.runs(subscriptions[0], None, 10).await.unwrap();
        let tonight = runs.iter().filter(|run| run.started_at >= since);
        let proved: Vec<_> = tonight
            .filter(|run| run.state == run::State::Success)
            .collect();
        assert_eq!(proved.len(), 1, "{what}: {runs:#?}");
        assert_eq!(jobs[0].run, Some(proved[0].id), "{what}: {runs:#?}");
        let missed = store.missed_windows(subscriptions[0], 10).await;
        assert_eq!(missed.unwrap(), [], "{what}");
        for (left, sql) in LEFTOVERS {
            assert_eq!(scratch.number(sql).await, 0, "{what}: {left} were left");
        }
        let stored = self.installation.stored(subscriptions[0]).await;
        for winner in sandbox.winners(PORTAL, Object::Contacts, &[FIELD]) {
            let (record, values) = &stored[&winner.id];
            assert_eq!(
                record.map(RecordId),
                Some(winner.record.parse().unwrap()),
                "{what}"
            );
            let expected = winner.values[FIELD]
                .as_deref()
                .filter(|value| !value.is_empty());
            let values = values.as_deref().unwrap_or("{}");
            let values: serde_json::Value = serde_json::from_str(values).unwrap();
            assert_eq!(values[FIELD].as_str(), expected, "{what}: {winner:?}");
            if let Some(pendo) = &self.installation.pendo {
                let held = pendo.value(
                    "main",
                    pendo::Kind::Visitor,
                    Group::Custom,
                    &winner.id,
                    FIELD,
                );
                let held = held.filter(|held| !held.is_null());
                assert_eq!(held, expected.map(Into::into), "{what}: {winner:?}");
            }
        }
    }
}
