//! Several processes on one database, killed and started again at random through a night: it ends as if one had worked
//! undisturbed.
//!
//! Processes are this test's program, started anew; their clock is a file that the test writes.

use std::{
    collections::BTreeMap,
    env, fs,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    process::{Child, Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use hubspot::Credentials;
use jiff::{SignedDuration, Timestamp};
use model::{Clock, Level, PropertyName};
use sandbox::{Config, Object, PortalConfig, Sandbox};
use scratch::Scratch;
use store::{
    Scope, Store, SubscriptionId,
    import::NewSubject,
    job::{Only, State},
    mapping::EmptyPolicy,
    run,
};
use tokio_util::sync::CancellationToken;

use crate::{PORTAL, chaos, key, nights::process};

/// What a process is told: the sandbox's address, the data directory, the clock's file, and the database if it is a server.
const REPLICA: &str = "TRIBUTARY_TEST_REPLICA";

const SUBSCRIPTIONS: usize = 50;

/// A clock that several processes share.
#[derive(Debug)]
struct Shared(PathBuf);

impl Shared {
    fn set(&self, to: Timestamp) {
        let new = self.0.with_extension("new");
        fs::write(&new, to.as_millisecond().to_string()).unwrap();
        fs::rename(new, &self.0).unwrap();
    }
}

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        let millis = fs::read_to_string(&self.0).unwrap().parse().unwrap();
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration.min(Duration::from_millis(20))))
    }
}

/// A process that works until it is killed. Not a test: it is started by the one below.
#[tokio::test]
#[ignore = "the process that the next test kills"]
async fn replica() {
    let Ok(told) = env::var(REPLICA) else { return };
    let told: Vec<&str> = told.split(' ').collect();
    let &[base_url, dir, clock, ref url @ ..] = told.as_slice() else {
        panic!("the replica is told too little");
    };
    let options = scratch::options(Path::new(dir), url.first().copied());
    let store = Store::open_with(&options).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Shared(clock.into()));
    let (_, worker) = process(&store, base_url.to_owned(), &clock);
    worker.work(CancellationToken::new()).await;
}

/// An installation with many subscriptions to one portal, and no process yet.
struct Installation {
    sandbox: Sandbox,
    scratch: Scratch,
    store: Store,
    clock: Arc<Shared>,
    subscriptions: Vec<SubscriptionId>,
}

impl Installation {
    async fn new(subscriptions: usize) -> Self {
        let portal = PortalConfig {
            contacts: 300,
            companies: 0,
            ..PortalConfig::small(PORTAL)
        };
        let sandbox = Sandbox::start(Config::with_portal(portal)).unwrap();
        sandbox.knobs(PORTAL, |knobs| knobs.latency_ms = 10);
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(Shared(scratch.path().join("clock")));
        clock.set("2026-11-23T03:00:00Z".parse().unwrap());
        let shared: Arc<dyn Clock> = clock.clone();
        let (runner, _) = process(&store, sandbox.base_url(), &shared);
        let token = Credentials::Static(sandbox::static_token(PORTAL).into());
        let granted = runner.connector().examine(token).await.unwrap();
        let mut made = Vec::new();
        for number in 0..subscriptions {
            let name = format!("S{number}");
            let one = store.create_subscription(&name, "Asia/Tokyo", clock.now());
            let id = one.await.unwrap().id;
            let accepted = runner.connector().accept(id, &granted, false).await;
            accepted.unwrap();
            made.push(id);
        }
        let installation = Self {
            sandbox,
            scratch,
            store,
            clock,
            subscriptions: made,
        };
        for id in &installation.subscriptions {
            installation.map(*id).await;
        }
        installation
    }

    async fn map(&self, subscription: SubscriptionId) {
        let (scope, now) = (visitors(subscription), self.clock.now());
        let mut importer = self.store.import(scope, false, now).await.unwrap();
        for known in self.sandbox.known(PORTAL, Object::Contacts) {
            let subject = NewSubject {
                id: known.id,
                accounts: None,
                agent: None,
            };
            importer.push(subject).await.unwrap();
        }
        importer.finish().await.unwrap();
        let key = PropertyName::new(key(Level::Visitor));
        let mapped = self
            .store
            .set_mapping(scope, &key, &[], EmptyPolicy::Clear, now)
            .await;
        mapped.unwrap();
    }

    fn start(&self) -> Child {
        let told = format!(
            "{} {} {} {}",
            self.sandbox.base_url(),
            self.scratch.path().display(),
            self.clock.0.display(),
            self.scratch.url().unwrap_or_default()
        );
        Process::new(env::current_exe().unwrap())
            .args(["--exact", "replicas::replica", "--ignored"])
            .env(REPLICA, told.trim())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Lets time go to a moment; a little of ours goes by with each step.
    async fn go(&self, to: &str, mut each: impl FnMut()) {
        let to: Timestamp = to.parse().unwrap();
        while self.clock.now() < to {
            self.clock
                .set(self.clock.now() + SignedDuration::from_mins(10));
            tokio::time::sleep(Duration::from_millis(250)).await;
            each();
        }
    }

    /// Waits until nothing waits any more.
    async fn settle(&self) {
        let open = Only {
            open: true,
            ..Only::default()
        };
        let began = Instant::now();
        while !self.store.jobs(open, 1).await.unwrap().is_empty() {
            assert!(
                began.elapsed() < Duration::from_mins(3),
                "it does not settle"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every visitor of a subscription with the record that feeds it and what is stored.
    async fn stored(
        &self,
        subscription: SubscriptionId,
    ) -> BTreeMap<String, (Option<u64>, Option<String>)> {
        let subjects = self.store.subjects(visitors(subscription), "", 10_000);
        let subjects = subjects.await.unwrap().into_iter();
        subjects
            .map(|one| (one.id, (one.record.map(|record| record.0), one.hubspot)))
            .collect()
    }
}

fn visitors(subscription: SubscriptionId) -> Scope {
    Scope {
        subscription,
        level: Level::Visitor,
    }
}

/// Ends a process without warning.
fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_killed_replicas_ends_as_an_undisturbed_one() {
    let mut dice = chaos::Dice(chaos::seed());
    let undisturbed = Installation::new(1).await;
    let mut alone = undisturbed.start();
    undisturbed.go("2026-11-23T21:00:00Z", || ()).await;
    undisturbed.settle().await;
    kill(&mut alone);
    let expected = undisturbed.stored(undisturbed.subscriptions[0]).await;
    assert!(expected.values().any(|(record, _)| record.is_some()));

    let installation = Installation::new(SUBSCRIPTIONS).await;
    let mut replicas: Vec<Child> = (0..3).map(|_| installation.start()).collect();
    let mut killed = 0;
    let disturb = || {
        if dice.roll(3) == 0 {
            let victim = dice.roll(replicas.len());
            kill(&mut replicas[victim]);
            replicas[victim] = installation.start();
            killed += 1;
        }
    };
    installation.go("2026-11-23T20:50:00Z", disturb).await;
    installation.settle().await;
    assert!(killed > 5, "only {killed} were killed");
    for replica in &mut replicas {
        kill(replica);
    }

    let jobs = installation.store.jobs(Only::default(), 1_000).await;
    let jobs = jobs.unwrap();
    assert_eq!(jobs.len(), SUBSCRIPTIONS);
    for job in jobs {
        assert_eq!(job.state, State::Done, "{job:?}");
    }
    for id in &installation.subscriptions {
        let runs = installation.store.runs(*id, None, 100).await.unwrap();
        let proved = runs.iter().filter(|one| one.state == run::State::Success);
        assert_eq!(proved.count(), 1, "{runs:#?}");
        assert!(
            runs.iter().all(|one| one.finished_at.is_some()),
            "{runs:#?}"
        );
        assert_eq!(installation.stored(*id).await, expected);
        let missed = installation.store.missed_windows(*id, 10).await;
        assert_eq!(missed.unwrap(), []);
    }
}
