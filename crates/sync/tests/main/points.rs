//! Processes that die at each moment between the steps of a night, or are held up there while another one goes on with their
//! work: nothing is lost, nothing is doubled, nothing stays locked.

use std::{
    collections::BTreeSet,
    env, fs,
    path::Path,
    process::Child,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use model::{Clock, RecordId};
use sandbox::{Command, Object};
use store::{
    job::{Job, Only, State},
    points, run,
};
use sync::Worker;
use tokio_util::sync::CancellationToken;

use crate::{
    LEFTOVERS, PORTAL,
    chaos::{Dice, seed},
    installation::{FIELD, Installation, kill},
    nights::process,
};

/// At which moment a process stops, and at which time of its coming: `2 stage records: committed`. At none: `0 `.
const POINT: &str = "TRIBUTARY_TEST_POINT";

/// The file that lists the moments a process has come through, and the one that says that it has stopped.
const PASSED: &str = "passed";
const REACHED: &str = "reached";

/// The file that lets it go on.
const GO_ON: &str = "go-on";

/// Has this process stop where it is told to.
pub(crate) fn obey(dir: &Path) {
    let Ok(told) = env::var(POINT) else { return };
    let (nth, name) = told.split_once(' ').unwrap();
    let (nth, name, dir) = (
        nth.parse::<usize>().unwrap(),
        name.to_owned(),
        dir.to_owned(),
    );
    let passed = Mutex::new(Vec::new());
    points::watch(Box::new(move |moment| {
        let mut passed = passed.lock().unwrap();
        passed.push(moment.to_owned());
        fs::write(dir.join(PASSED), passed.join("\n")).unwrap();
        let times = passed.iter().filter(|passed| **passed == name).count();
        if moment == name && times == nth {
            fs::write(dir.join(REACHED), "").unwrap();
            // Its only thread: all of the process stands still.
            while !dir.join(GO_ON).exists() {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }));
}

/// One subscription, whose nights come one after the other.
struct Nights {
    installation: Installation,
    /// A process that is never disturbed.
    other: Worker,
    dice: Dice,
}

impl Nights {
    async fn new() -> Self {
        let installation = Installation::new(1).await;
        let clock: Arc<dyn Clock> = installation.clock.clone();
        let (_, other) = process(&installation.store, installation.sandbox.base_url(), &clock);
        Self {
            installation,
            other,
            dice: Dice(seed()),
        }
    }

    /// The next night has come, and something has changed since the last one. Returns when.
    fn begin(&mut self) -> Timestamp {
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
        for file in [PASSED, REACHED, GO_ON] {
            drop(fs::remove_file(self.installation.scratch.path().join(file)));
        }
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

    /// A process that stops at the `nth` time it comes to a moment; whether it came there, and how long it took.
    async fn stopped_at(&self, nth: usize, moment: &str) -> (Child, bool) {
        let mut command = self.installation.command();
        let child = command
            .env(POINT, format!("{nth} {moment}"))
            .spawn()
            .unwrap();
        let reached = self.installation.scratch.path().join(REACHED);
        let began = Instant::now();
        while !reached.exists() {
            if self.is_over().await {
                return (child, false);
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{nth} {moment}");
            self.a_moment_later().await;
        }
        (child, true)
    }

    async fn a_moment_later(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let clock = &self.installation.clock;
        clock.set(clock.now() + SignedDuration::from_secs(10));
    }

    async fn latest(&self) -> Option<Job> {
        let jobs = self.installation.store.jobs(Only::default(), 1).await;
        jobs.unwrap().pop()
    }

    /// Whether this night's job is over.
    async fn is_over(&self) -> bool {
        let tonight = self.installation.clock.now() - SignedDuration::from_hours(6);
        self.latest().await.is_some_and(|job| {
            job.created_at > tonight && !matches!(job.state, State::Waiting | State::Running)
        })
    }

    /// Has the undisturbed process work until the night is over.
    async fn finish(&mut self) {
        let stop = CancellationToken::new();
        let began = Instant::now();
        while !self.is_over().await {
            // What was cut off may fail once.
            if !self.other.turn(&stop).await.unwrap_or(false) {
                self.a_moment_later().await;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the night does not end: {:#?}",
                self.latest().await
            );
        }
    }

    /// The night was synced once, whole, and all is as it is in the portal.
    async fn assert_done(&self, since: Timestamp, what: &str) {
        let Installation {
            store,
            sandbox,
            scratch,
            subscriptions,
            ..
        } = &self.installation;
        let jobs = store.jobs(Only::default(), 10).await.unwrap();
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
        }
    }

    /// Every moment of a night, with how often it comes.
    async fn moments(&mut self) -> Vec<(String, usize)> {
        let since = self.begin();
        let (mut child, _) = self.stopped_at(0, "").await;
        kill(&mut child);
        self.assert_done(since, "an undisturbed night").await;
        let passed = fs::read_to_string(self.installation.scratch.path().join(PASSED)).unwrap();
        let passed: Vec<&str> = passed.lines().collect();
        let names: BTreeSet<&str> = passed.iter().copied().collect();
        let times = |name: &str| passed.iter().filter(|passed| **passed == name).count();
        names
            .into_iter()
            .map(|name| (name.to_owned(), times(name)))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_moment_loses_and_doubles_nothing() {
    let mut nights = Nights::new().await;
    // The first night writes everything, and is not like the others.
    nights.begin();
    nights.finish().await;
    let moments = nights.moments().await;
    assert!(moments.len() > 30, "{moments:#?}");
    let mut died = 0;
    for (moment, times) in &moments {
        let nth = 1 + nights.dice.roll(*times);
        let what = format!("killed at {nth} {moment}");
        let since = nights.begin();
        let (mut child, reached) = nights.stopped_at(nth, moment).await;
        kill(&mut child);
        died += usize::from(reached);
        nights.finish().await;
        nights.assert_done(since, &what).await;
    }
    assert!(
        died * 10 > moments.len() * 8,
        "only {died} of {} died",
        moments.len()
    );
}

/// How many moments a process is held up at.
const HELD_UP: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_taken_for_dead_comes_back_and_changes_nothing() {
    let mut nights = Nights::new().await;
    if nights.installation.scratch.url().is_none() {
        // Beside an embedded database a process that stands still lives, and is waited for.
        return;
    }
    nights.begin();
    nights.finish().await;
    let moments = nights.moments().await;
    for _ in 0..HELD_UP {
        let (moment, times) = &moments[nights.dice.roll(moments.len())];
        let nth = 1 + nights.dice.roll(*times);
        let what = format!("held up at {nth} {moment}");
        println!("{what}");
        let since = nights.begin();
        let started = nights
            .installation
            .scratch
            .number("SELECT CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)")
            .await;
        let (mut child, _) = nights.stopped_at(nth, moment).await;
        // Its sessions are gone, and with them its transaction and its life sign; it does not know.
        let cut = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_start > to_timestamp({started} / 1000000.0)"
        );
        nights.installation.scratch.number(&cut).await;
        nights.finish().await;
        nights.assert_done(since, &what).await;
        fs::write(nights.installation.scratch.path().join(GO_ON), "").unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(child.try_wait().unwrap().is_none(), "{what}: it gave up");
        kill(&mut child);
        nights.assert_done(since, &what).await;
    }
}
