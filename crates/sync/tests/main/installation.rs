//! An installation with several processes on one database.
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

use ::pendo::Region;
use hubspot::Credentials;
use jiff::{SignedDuration, Timestamp};
use model::{Clock, Level, MetadataType, PropertyName};
use sandbox::{
    Config, Object, PortalConfig, Sandbox,
    pendo::{self, Names, Pendo, WRITE_KEY},
};
use scratch::Scratch;
use store::{
    Scope, Store, SubscriptionId,
    job::Only,
    mapping::{EmptyPolicy, MappedField},
};
use sync::destination::Destinations;
use tokio_util::sync::CancellationToken;

use crate::{
    PORTAL, import, key,
    nights::{destinations_at, process, process_with},
    points,
};

/// What a process is told: the sandbox's address, the data directory, the clock's file, and the database if it is a server.
const REPLICA: &str = "TRIBUTARY_TEST_REPLICA";

/// Where Pendo is, for a process whose values go there as well.
const PENDO: &str = "TRIBUTARY_TEST_PENDO";

/// The field that is synced.
pub(crate) const FIELD: &str = "plan_tier";

/// A clock that several processes share.
#[derive(Debug)]
pub(crate) struct Shared(PathBuf);

impl Shared {
    pub(crate) fn set(&self, to: Timestamp) {
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

/// A process that works until it is killed. Not a test: others start it.
#[tokio::test]
#[ignore = "the process that other tests kill"]
async fn replica() {
    let Ok(told) = env::var(REPLICA) else { return };
    let told: Vec<&str> = told.split(' ').collect();
    let &[base_url, dir, clock, ref url @ ..] = told.as_slice() else {
        panic!("the replica is told too little");
    };
    points::obey(Path::new(dir));
    let options = scratch::options(Path::new(dir), url.first().copied());
    let store = Store::open_with(&options).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Shared(clock.into()));
    let outside = destinations_at(env::var(PENDO).ok(), &store, &clock);
    let (_, worker) = process_with(outside, &store, base_url.to_owned(), &clock);
    worker.work(CancellationToken::new()).await;
}

/// An installation with many subscriptions to one portal, and no process yet.
pub(crate) struct Installation {
    pub(crate) sandbox: Sandbox,
    pub(crate) scratch: Scratch,
    pub(crate) store: Store,
    pub(crate) clock: Arc<Shared>,
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// To where values go as well.
    pub(crate) pendo: Option<Pendo>,
}

impl Installation {
    pub(crate) async fn new(subscriptions: usize) -> Self {
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
            pendo: None,
        };
        for id in &installation.subscriptions {
            installation.map(*id).await;
        }
        installation
    }

    /// One whose only subscription is connected to Pendo.
    pub(crate) async fn with_pendo() -> Self {
        let mut installation = Self::new(1).await;
        let config = pendo::Config {
            keep_writes: true,
            ..pendo::Config::default()
        };
        let pendo = Pendo::start(config).unwrap();
        pendo.switches(|switches| switches.names = Names::Kept);
        pendo.add_known("main", &installation.sandbox, PORTAL);
        installation.pendo = Some(pendo);
        let connected = installation.destinations();
        let subscription = installation.subscriptions[0];
        connected
            .connect_pendo(subscription, Region::Us, Some(""), WRITE_KEY.into(), "yui")
            .await
            .unwrap();
        installation
    }

    /// Destinations outside, for a process in this program.
    pub(crate) fn destinations(&self) -> Destinations {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let pendo = self.pendo.as_ref().map(Pendo::base_url);
        destinations_at(pendo, &self.store, &clock)
    }

    async fn map(&self, subscription: SubscriptionId) {
        let (scope, now) = (visitors(subscription), self.clock.now());
        let known = self
            .sandbox
            .known(PORTAL, Object::Contacts)
            .map(|known| known.id);
        import(&self.store, scope, known, now).await;
        let key = PropertyName::new(key(Level::Visitor));
        let field = MappedField {
            property: PropertyName::new(FIELD),
            kind: MetadataType::String,
            display_name: FIELD.into(),
        };
        let mapped = self
            .store
            .set_mapping(scope, &key, &[field], EmptyPolicy::Clear, now)
            .await;
        mapped.unwrap();
    }

    /// Starts a process.
    pub(crate) fn start(&self) -> Child {
        self.command().spawn().unwrap()
    }

    /// How to start one.
    pub(crate) fn command(&self) -> Process {
        let told = format!(
            "{} {} {} {}",
            self.sandbox.base_url(),
            self.scratch.path().display(),
            self.clock.0.display(),
            self.scratch.url().unwrap_or_default()
        );
        let mut command = Process::new(env::current_exe().unwrap());
        command
            .args(["--exact", "installation::replica", "--ignored"])
            .env(REPLICA, told.trim())
            .envs(self.pendo.as_ref().map(|pendo| (PENDO, pendo.base_url())))
            .stdout(Stdio::null());
        command
    }

    /// Lets time go to a moment; a little of ours goes by with each step.
    pub(crate) async fn go(&self, to: &str, mut each: impl AsyncFnMut()) {
        let to: Timestamp = to.parse().unwrap();
        while self.clock.now() < to {
            self.clock
                .set(self.clock.now() + SignedDuration::from_mins(10));
            tokio::time::sleep(Duration::from_millis(250)).await;
            each().await;
        }
    }

    /// Waits until nothing waits any more; up to a moment, time goes by slowly.
    pub(crate) async fn settle(&self, until: &str) {
        let until: Timestamp = until.parse().unwrap();
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
            let later = self.clock.now() + SignedDuration::from_secs(2);
            self.clock.set(later.min(until));
        }
    }

    /// Every visitor of a subscription with the record that feeds it and what is stored.
    pub(crate) async fn stored(
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

pub(crate) fn visitors(subscription: SubscriptionId) -> Scope {
    Scope {
        subscription,
        level: Level::Visitor,
    }
}

/// Ends a process without warning.
pub(crate) fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
