//! Nights: what a process does by itself, and what becomes of a night in which it cannot.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hubspot::Credentials;
use jiff::{SignedDuration, Timestamp};
use model::{Clock, Level, PropertyName};
use sandbox::{Action, Config, Object, PortalConfig, Rule, Sandbox};
use scratch::Scratch;
use store::{
    Scope, Store, Subscription,
    job::{self, Job, Only},
    mapping::EmptyPolicy,
    run::{State, Trigger},
    schedule::Missed,
};
use sync::{
    ReaderChoice, Request, Runner, Worker,
    connect::Connector,
    destination::{self, Destinations},
    runner, worker,
};
use tokio_util::sync::CancellationToken;

use crate::{PORTAL, import, key, settings};

/// A clock whose hands are moved in either direction. Waiting moves them too.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<Timestamp>);

impl Hands {
    pub(crate) fn at(moment: Timestamp) -> Self {
        Self(Mutex::new(moment))
    }

    pub(crate) fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.set(self.now() + duration);
            tokio::task::yield_now().await;
        })
    }
}

fn tokyo(text: &str) -> Timestamp {
    format!("{text}:00+09:00").parse().unwrap()
}

/// An installation at noon of 23 November in Tokyo: a subscription with a connection, a process that works.
struct Night {
    sandbox: Sandbox,
    store: Store,
    runner: Runner,
    worker: Worker,
    clock: Arc<Hands>,
    subscription: Subscription,
    scratch: Scratch,
}

impl Night {
    async fn new() -> Self {
        let sandbox = Sandbox::start(Config::with_portal(PortalConfig::small(PORTAL))).unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(Hands::at(tokyo("2026-11-23T12:00")));
        let made = store.create_subscription("Acme", "Asia/Tokyo", clock.now());
        let subscription = made.await.unwrap();
        let (runner, worker) = process(&store, sandbox.base_url(), &(clock.clone() as _));
        let token = Credentials::Static(sandbox::static_token(PORTAL).into());
        let granted = runner.connector().examine(token).await.unwrap();
        let accepted = runner
            .connector()
            .accept(subscription.id, &granted, false)
            .await;
        accepted.unwrap();
        Self {
            sandbox,
            store,
            runner,
            worker,
            clock,
            subscription,
            scratch,
        }
    }

    /// With visitors known and mapped.
    async fn mapped() -> Self {
        let night = Self::new().await;
        night.map(Level::Visitor).await;
        night
    }

    fn scope(&self, level: Level) -> Scope {
        Scope {
            subscription: self.subscription.id,
            level,
        }
    }

    async fn map(&self, level: Level) {
        let (scope, now) = (self.scope(level), self.clock.now());
        let object = match level {
            Level::Visitor => Object::Contacts,
            Level::Account => Object::Companies,
        };
        let known = self.sandbox.known(PORTAL, object).map(|known| known.id);
        import(&self.store, scope, known, now).await;
        let key = PropertyName::new(key(level));
        let mapped = self
            .store
            .set_mapping(scope, &key, &[], EmptyPolicy::Clear, now)
            .await;
        mapped.unwrap();
    }

    /// Works until nothing is due, at a moment.
    async fn at(&mut self, local: &str) {
        self.clock.set(tokyo(local));
        let stop = CancellationToken::new();
        while self.worker.turn(&stop).await.unwrap() {}
    }

    /// Works through a span of time, a look each quarter of an hour.
    async fn through(&mut self, from: &str, to: &str) {
        let (mut at, to) = (tokyo(from), tokyo(to));
        let stop = CancellationToken::new();
        self.clock.set(at);
        while at <= to {
            // What a run waits for may take it further.
            self.clock.set(at.max(self.clock.now()));
            while self.worker.turn(&stop).await.unwrap() {}
            at += SignedDuration::from_mins(15);
        }
    }

    async fn runs(&self) -> Vec<(Level, State, Trigger)> {
        let runs = self.store.runs(self.subscription.id, None, 100).await;
        let mut runs: Vec<_> = runs
            .unwrap()
            .into_iter()
            .map(|run| (run.level, run.state, run.origin.trigger))
            .collect();
        runs.reverse();
        runs
    }

    async fn missed(&self) -> Vec<Missed> {
        let missed = self.store.missed_windows(self.subscription.id, 100).await;
        missed.unwrap()
    }

    async fn jobs(&self) -> Vec<Job> {
        self.store.jobs(Only::default(), 100).await.unwrap()
    }

    async fn set_rhythm(&self, rhythm: &str, paused: bool) {
        let now = self.clock.now();
        let set = self
            .store
            .set_schedule(self.subscription.id, rhythm, paused, now)
            .await;
        set.unwrap();
    }

    /// HubSpot cannot be reached.
    fn cut(&self) {
        self.sandbox.script(Rule::any(Action::Drop).times(0));
    }

    fn mend(&self) {
        self.sandbox.clear_script();
    }
}

/// Destinations outside, which are at this address if anybody has connected them.
pub(crate) fn destinations_at(
    pendo: Option<String>,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Destinations {
    let settings = destination::Settings {
        pendo: pendo::Settings {
            base_url: pendo,
            ..pendo::Settings::default()
        },
        ..destination::Settings::default()
    };
    Destinations::new(store.clone(), settings, Arc::clone(clock)).unwrap()
}

/// A process that runs what is asked for.
pub(crate) fn process(store: &Store, base_url: String, clock: &Arc<dyn Clock>) -> (Runner, Worker) {
    process_with(destinations_at(None, store, clock), store, base_url, clock)
}

/// The same with destinations outside.
pub(crate) fn process_with(
    destinations: Destinations,
    store: &Store,
    base_url: String,
    clock: &Arc<dyn Clock>,
) -> (Runner, Worker) {
    let connector = Connector::new(store.clone(), settings(base_url), Arc::clone(clock)).unwrap();
    let settings = runner::Settings {
        reader: ReaderChoice::Auto,
        retention_days: 30,
    };
    let runner = Runner::new(
        store.clone(),
        connector,
        destinations,
        Arc::clone(clock),
        settings,
    );
    let settings = worker::Settings {
        at_once: 2,
        schedule: true,
    };
    (runner.clone(), Worker::new(runner, settings))
}

const SYNCED: (Level, State, Trigger) = (Level::Visitor, State::Success, Trigger::Schedule);
const ACCOUNTS: (Level, State, Trigger) = (Level::Account, State::Success, Trigger::Schedule);

#[tokio::test]
async fn every_level_that_is_mapped_is_synced_once_a_night() {
    let mut night = Night::mapped().await;
    night.map(Level::Account).await;
    night.through("2026-11-23T12:00", "2026-11-23T23:45").await;
    assert!(night.runs().await.is_empty());
    night.through("2026-11-24T00:00", "2026-11-24T12:00").await;
    let both = [SYNCED, ACCOUNTS];
    assert_eq!(night.runs().await, both);
    night.through("2026-11-24T12:00", "2026-11-25T12:00").await;
    assert_eq!(night.runs().await, [both, both].concat());
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn a_process_that_was_down_catches_up_as_long_as_the_night_lasts() {
    let mut night = Night::mapped().await;
    night.at("2026-11-24T05:55").await;
    assert_eq!(night.runs().await, [SYNCED]);
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn a_night_that_went_by_is_noted_and_not_made_up_for_by_day() {
    let mut night = Night::mapped().await;
    night.at("2026-11-26T12:00").await;
    assert!(night.runs().await.is_empty());
    let missed = Missed {
        opens: tokyo("2026-11-24T00:00"),
        closes: tokyo("2026-11-26T06:00"),
        windows: 3,
    };
    assert_eq!(night.missed().await, [missed]);
    // It stays as it is, and the next night is one like any other.
    night.through("2026-11-26T12:15", "2026-11-27T12:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
    assert_eq!(night.missed().await, [missed]);
}

#[tokio::test]
async fn what_is_paused_switched_off_or_not_mapped_is_not_missed() {
    let mut night = Night::new().await;
    night.at("2026-11-24T12:00").await;
    night.map(Level::Visitor).await;
    night.at("2026-11-24T13:00").await;
    night.set_rhythm("nightly", true).await;
    night.at("2026-11-25T12:00").await;
    night.set_rhythm("nightly", false).await;
    night.at("2026-11-25T13:00").await;
    let off = Subscription {
        hubspot_on: false,
        ..night.subscription.clone()
    };
    let now = night.clock.now();
    night.store.change_subscription(&off, now).await.unwrap();
    night.at("2026-11-26T12:00").await;
    let on = night.subscription.clone();
    night.store.change_subscription(&on, now).await.unwrap();
    night.at("2026-11-26T13:00").await;
    assert_eq!((night.runs().await, night.missed().await), (vec![], vec![]));
    night.through("2026-11-26T13:00", "2026-11-27T12:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
}

#[tokio::test]
async fn a_clock_that_jumps_neither_doubles_nor_loses_a_night() {
    let mut night = Night::mapped().await;
    // Into the night and back, over it and back, and then through it.
    night.at("2026-11-24T05:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
    night.through("2026-11-23T13:00", "2026-11-24T12:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
    night.at("2026-11-25T07:00").await;
    assert_eq!(night.missed().await.len(), 1);
    night.through("2026-11-24T13:00", "2026-11-25T12:00").await;
    assert_eq!(night.runs().await, [SYNCED, SYNCED]);
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn another_zone_holds_from_the_moment_it_is_set() {
    let mut night = Night::mapped().await;
    night.at("2026-11-24T05:00").await;
    // Noon in Tokyo is four in the morning in Berlin: that night has begun already, and its start lies before the change or
    // after it.
    let berlin = Subscription {
        time_zone: "Europe/Berlin".into(),
        ..night.subscription.clone()
    };
    night.clock.set(tokyo("2026-11-24T15:00"));
    let now = night.clock.now();
    night.store.change_subscription(&berlin, now).await.unwrap();
    night.through("2026-11-24T15:00", "2026-11-25T07:45").await;
    assert_eq!(night.runs().await, [SYNCED]);
    night.through("2026-11-25T08:00", "2026-11-25T14:00").await;
    assert_eq!(night.runs().await, [SYNCED, SYNCED]);
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn another_rhythm_holds_from_the_moment_it_is_set() {
    let mut night = Night::mapped().await;
    night.at("2026-11-24T05:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
    // Each of these moments lies in the window that was served before.
    for (from, rhythm, until) in [
        ("05:00", "cron 15 5 * * *", "05:15"),
        ("05:15", "cron 30 5 * * *", "05:30"),
    ] {
        let before = night.runs().await.len();
        night.set_rhythm(rhythm, false).await;
        let at = |time| format!("2026-11-24T{time}");
        night.through(&at(from), &at(until)).await;
        assert_eq!(night.runs().await.len(), before + 1, "{rhythm}");
    }
    // That night was served.
    night.set_rhythm("nightly", false).await;
    night.through("2026-11-24T05:30", "2026-11-24T12:00").await;
    assert_eq!(night.runs().await, [SYNCED; 3]);
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn an_hourly_rhythm_is_kept_day_and_night() {
    let mut night = Night::mapped().await;
    night.set_rhythm("hourly", false).await;
    night.through("2026-11-23T12:00", "2026-11-24T12:00").await;
    let runs = night.runs().await;
    assert_eq!(runs.len(), 24, "{runs:?}");
}

#[tokio::test]
async fn a_rhythm_that_cannot_be_read_is_a_night() {
    let mut night = Night::mapped().await;
    night.set_rhythm("by the moon", false).await;
    night.through("2026-11-23T12:00", "2026-11-24T12:00").await;
    assert_eq!(night.runs().await, [SYNCED]);
}

#[tokio::test]
async fn a_night_tries_again_what_passes() {
    let mut night = Night::mapped().await;
    night.cut();
    night.through("2026-11-24T00:00", "2026-11-24T04:30").await;
    let failed = night.runs().await;
    let is_failure = |run: &(Level, State, Trigger)| run.1 == State::Failed;
    assert!(
        failed.len() > 1 && failed.iter().all(is_failure),
        "{failed:?}"
    );
    let job = night.jobs().await.remove(0);
    assert_eq!(job.state, job::State::Waiting);
    assert!(job.note.unwrap().contains("TRB0"), "the reason is there");
    night.mend();
    night.through("2026-11-24T04:45", "2026-11-24T12:00").await;
    assert_eq!(night.runs().await[failed.len()..], [SYNCED]);
    assert_eq!(night.missed().await, []);
}

#[tokio::test]
async fn a_night_in_which_hubspot_is_not_there_is_a_missed_one() {
    let mut night = Night::mapped().await;
    night.cut();
    night.through("2026-11-24T00:00", "2026-11-24T12:00").await;
    assert_eq!(night.jobs().await[0].state, job::State::Expired);
    let missed = night.missed().await;
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].closes, tokyo("2026-11-24T06:00"));
    night.mend();
    night.through("2026-11-24T12:00", "2026-11-25T12:00").await;
    assert_eq!(night.runs().await.last(), Some(&SYNCED));
}

#[tokio::test]
async fn a_night_does_not_try_again_what_somebody_has_to_mend() {
    let mut night = Night::mapped().await;
    let revoked = Action::Respond {
        status: 401,
        body: None,
        headers: std::collections::BTreeMap::new(),
    };
    night.sandbox.script(Rule::any(revoked).times(0));
    night.through("2026-11-24T00:00", "2026-11-24T12:00").await;
    assert_eq!(night.runs().await.len(), 1);
    assert_eq!(night.jobs().await[0].state, job::State::Failed);
}

/// As after a restore without the keyring.
#[tokio::test]
async fn a_secret_that_cannot_be_opened_is_asked_for_again() {
    let mut night = Night::mapped().await;
    let sealed = "UPDATE connection SET sealed = 'sealed under another keyring'";
    night.scratch.execute(sealed).await;
    night.through("2026-11-24T00:00", "2026-11-24T12:00").await;
    assert!(night.runs().await.is_empty());
    let jobs = night.jobs().await;
    assert!(!jobs.is_empty());
    for job in jobs {
        assert_eq!((job.state, job.tries), (job::State::Failed, 1));
        assert!(job.note.unwrap().contains("TRB0188"));
    }
}

#[tokio::test]
async fn somebody_who_waits_is_told_at_once() {
    let mut night = Night::mapped().await;
    night.cut();
    let request = Request::page(night.scope(Level::Visitor), "mio");
    night.runner.ask(request).await.unwrap();
    night.at("2026-11-23T12:00").await;
    assert_eq!(night.jobs().await[0].state, job::State::Failed);
    assert_eq!(night.runs().await.len(), 1);
}

#[tokio::test]
async fn a_process_that_ends_hands_its_job_back() {
    let mut night = Night::mapped().await;
    let request = Request::page(night.scope(Level::Visitor), "mio");
    night.runner.ask(request).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(night.worker.turn(&stop).await.unwrap());
    let job = night.jobs().await.remove(0);
    assert_eq!((job.state, job.tries), (job::State::Waiting, 0));
    night.at("2026-11-23T12:00").await;
    let done = (Level::Visitor, State::Success, Trigger::Page);
    assert_eq!(night.runs().await.last(), Some(&done));
}

#[tokio::test]
async fn two_processes_do_one_night_once() {
    let mut night = Night::mapped().await;
    night.map(Level::Account).await;
    let store = night.scratch.open().await;
    let clock = night.clock.clone() as _;
    let (_, mut other) = process(&store, night.sandbox.base_url(), &clock);
    let stop = CancellationToken::new();
    for quarter in 0..48 {
        let at = tokyo("2026-11-24T00:00") + SignedDuration::from_mins(15 * quarter);
        night.clock.set(at.max(night.clock.now()));
        let (one, two) = tokio::join!(night.worker.turn(&stop), other.turn(&stop));
        one.unwrap();
        two.unwrap();
    }
    let mut runs = night.runs().await;
    runs.sort_by_key(|(level, ..)| *level);
    assert_eq!(runs, [SYNCED, ACCOUNTS]);
}
