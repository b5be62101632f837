//! What processes on one database share: a connection's tokens, and a portal's quota.

use std::sync::Arc;

use hubspot::{Credentials, ManualClock, Settings};
use jiff::SignedDuration;
use model::{Clock, Level, ObjectType};
use sandbox::{Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Kind, PortalConfig, Sandbox};
use scratch::Scratch;
use store::{
    Scope, Store, SubscriptionId,
    run::{NewRun, Origin},
};
use sync::{Progress, ReaderChoice, Request, Runner, Stops, connect::Connector, runner};
use tokio::sync::watch;

use crate::{PORTAL, World, nights::destinations_at, settings};

/// A subscription that is connected through an OAuth app, and two processes that know it.
struct Shared {
    sandbox: Sandbox,
    connectors: [Connector; 2],
    subscription: SubscriptionId,
    store: Store,
    scratch: Scratch,
}

impl Shared {
    async fn new() -> Self {
        let sandbox = Sandbox::start(Config::with_portal(PortalConfig::small(PORTAL))).unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let other = scratch.open().await;
        let clock: Arc<dyn Clock> =
            Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let connectors = [&store, &other].map(|store| {
            let settings = Settings {
                client_id: Some(DEFAULT_CLIENT_ID.into()),
                client_secret: Some(DEFAULT_CLIENT_SECRET.into()),
                ..settings(sandbox.base_url())
            };
            Connector::new(store.clone(), settings, Arc::clone(&clock)).unwrap()
        });
        let made = store.create_subscription("Acme", "UTC", clock.now());
        let subscription = made.await.unwrap().id;
        let granted = sandbox.install(PORTAL, DEFAULT_CLIENT_ID, &[]).unwrap();
        let credentials = Credentials::OAuth {
            refresh_token: granted.refresh_token.into(),
            access_token: None,
            expires_at: None,
        };
        let granted = connectors[0].examine(credentials).await.unwrap();
        let accepted = connectors[0].accept(subscription, &granted, false).await;
        accepted.unwrap();
        Self {
            sandbox,
            connectors,
            subscription,
            store,
            scratch,
        }
    }

    /// Reads something through each process, at the same time.
    async fn read(&self) {
        let [one, other] = &self.connectors;
        let read = async |connector: &Connector| {
            let client = connector.client(self.subscription).await.unwrap();
            client.properties(ObjectType::Contacts).await.unwrap();
        };
        tokio::join!(read(one), read(other));
    }

    fn refreshes(&self) -> u64 {
        self.sandbox.tally(Kind::Token).calls
    }
}

#[tokio::test]
async fn tokens_are_refreshed_once_whoever_needs_them() {
    let shared = Shared::new().await;
    shared.read().await;
    let before = shared.refreshes();
    for round in 1..=3 {
        shared.sandbox.clock().advance_ms(3_600_000);
        shared.sandbox.expire_tokens();
        shared.read().await;
        assert_eq!(shared.refreshes() - before, round, "in round {round}");
    }
}

#[tokio::test]
async fn a_turn_to_refresh_is_one_process_s_until_it_is_given_back_or_the_process_is_gone() {
    let shared = Shared::new().await;
    let other = shared.scratch.open().await;
    let turn = async |store: &Store| {
        let turn = store.begin_refresh(shared.subscription).await.unwrap();
        turn.is_ok()
    };
    assert!(turn(&shared.store).await);
    assert!(!turn(&other).await);
    // Asked for again, as when a call was given up.
    assert!(turn(&shared.store).await);
    shared.store.end_refresh(shared.subscription).await.unwrap();
    assert!(turn(&other).await);
    assert!(!turn(&shared.store).await);
    other.close().await;
    assert!(turn(&shared.store).await);
}

#[tokio::test]
async fn a_portal_s_quota_is_shared_by_the_processes_that_sync_from_it() {
    let world = World::clean(300).await.mapped(&["plan_tier"]).await;
    let (store, clock) = (&world.context.store, &world.context.clock);
    let limited = Settings {
        base_url: world.sandbox.base_url(),
        ..Settings::default()
    };
    let connector = Connector::new(store.clone(), limited, Arc::clone(clock)).unwrap();
    let token = Credentials::Static(sandbox::static_token(PORTAL).into());
    let granted = connector.examine(token).await.unwrap();
    let second = store
        .create_subscription("Second", "UTC", clock.now())
        .await;
    let second = second.unwrap().id;
    for subscription in [world.subscription, second] {
        let accepted = connector.accept(subscription, &granted, false).await;
        accepted.unwrap();
    }
    let settings = runner::Settings {
        reader: ReaderChoice::Search,
        retention_days: 30,
    };
    let destinations = destinations_at(None, store, clock);
    let runner = Runner::new(
        store.clone(),
        connector,
        destinations,
        Arc::clone(clock),
        settings,
    );
    let rate = async || {
        let request = Request::command(world.scope(Level::Visitor), false);
        let (progress, _) = watch::channel(Progress::default());
        let stops = Stops::default();
        let report = runner.execute(request, &progress, &stops).await.unwrap();
        assert!(report.proved, "{report:#?}");
        let client = runner.connector().client(world.subscription).await;
        client.unwrap().quota().search_per_second.unwrap()
    };
    let alone = rate().await;

    let other = world.scratch.open().await;
    let new = NewRun {
        scope: Scope {
            subscription: second,
            level: Level::Visitor,
        },
        dry_run: false,
        origin: Origin::default(),
        job: None,
    };
    let session = other.begin_run(&new, clock.now()).await.unwrap();
    let shared = rate().await;
    assert!(
        (shared * 2.0 - alone).abs() < 0.01,
        "{alone}, and {shared} for each of two"
    );

    drop(session);
    other.close().await;
    let later = clock.now() + SignedDuration::from_mins(6);
    store.tidy_runs(later).await.unwrap();
    let alone_again = rate().await;
    assert!(
        (alone_again - alone).abs() < 0.01,
        "{alone} and {alone_again}"
    );
}
