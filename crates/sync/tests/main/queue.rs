//! The schedule and the queue as they are, with two thousand subscriptions around the world.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::{Clock as _, Level, PropertyName};
use scratch::Scratch;
use secrecy::SecretString;
use store::{
    Scope, Store, SubscriptionId,
    connection::{Connection, ConnectionInfo, Kind, Portal},
    job::{End, Only, State},
    mapping::EmptyPolicy,
};
use sync::{
    planner::Planner,
    schedule::{Place, Rhythm, Timetable},
};

use crate::nights::Hands;

const SUBSCRIPTIONS: usize = 2_000;

/// One for each hour of the day, and some in between.
const ZONES: [&str; 24] = [
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
];

/// How far the clock goes at each step.
const STEP: SignedDuration = SignedDuration::from_mins(30);

/// A subscription that can be synced, as far as the schedule looks.
async fn subscribe(store: &Store, number: usize, now: Timestamp) -> SubscriptionId {
    let zone = ZONES[number % ZONES.len()];
    let name = format!("S{number}");
    let made = store.create_subscription(&name, zone, now);
    let subscription = made.await.unwrap().id;
    let connection = Connection {
        info: ConnectionInfo {
            portal: Portal {
                id: model::PortalId(number as u64),
                name: None,
                time_zone: zone.into(),
                ui_domain: "app.hubspot.com".into(),
            },
            kind: Kind::Static,
            scopes: Vec::new(),
            connected_by: None,
            connected_at: now,
            broken: None,
            sealed: false,
        },
        credentials: SecretString::from("none"),
    };
    store
        .set_connection(subscription, &connection)
        .await
        .unwrap();
    let scope = Scope {
        subscription,
        level: Level::Visitor,
    };
    let key = PropertyName::new("key");
    let mapped = store.set_mapping(scope, &key, &[], EmptyPolicy::Clear, now);
    mapped.await.unwrap();
    subscription
}

/// The windows of a subscription whose start lies in a span, by the schedule alone.
fn due(number: usize, id: SubscriptionId, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let zone = TimeZone::get(ZONES[number % ZONES.len()]).unwrap();
    let estimate = SignedDuration::from_mins(30);
    let table = Timetable::new(Rhythm::Nightly, zone, Place::of_subscription(id), estimate);
    let windows = table.windows(from).take_while(|window| window.starts <= to);
    let own = windows.filter(|window| window.starts >= from);
    own.map(|window| window.starts).collect()
}

#[tokio::test]
async fn two_thousand_subscriptions_go_through_three_nights() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let clock = Arc::new(Hands::at(Timestamp::UNIX_EPOCH));
    let mut subscriptions = Vec::new();
    for number in 0..SUBSCRIPTIONS {
        subscriptions.push(subscribe(&store, number, clock.now()).await);
    }
    // Clocks go back in Europe, nothing happens, clocks go forward there.
    for noon in [
        "2026-10-24T12:00:00Z",
        "2027-01-15T12:00:00Z",
        "2027-03-27T12:00:00Z",
    ] {
        let from: Timestamp = noon.parse().unwrap();
        let to = from + SignedDuration::from_hours(30);
        for id in &subscriptions {
            store
                .set_schedule(*id, "nightly", false, from)
                .await
                .unwrap();
        }
        store.forget_jobs(Timestamp::MAX).await.unwrap();
        clock.set(from);
        let mut planner = Planner::new(store.clone(), clock.clone());
        let mut begun: BTreeMap<SubscriptionId, Vec<Timestamp>> = BTreeMap::new();
        while clock.now() <= to {
            assert_eq!(planner.look().await.unwrap().missed, 0);
            while let Some(claim) = store.claim(clock.now()).await.unwrap() {
                let job = &claim.job;
                assert!(job.expires_at.unwrap() > clock.now(), "{job:?}");
                begun
                    .entry(job.scope.subscription)
                    .or_default()
                    .push(job.due_at);
                let ended = store.end_job(&claim, &End::Done, clock.now()).await;
                ended.unwrap().unwrap();
            }
            clock.set(clock.now() + STEP);
        }
        let last = clock.now() - STEP;
        for (number, id) in subscriptions.iter().enumerate() {
            let expected = due(number, *id, from, last);
            assert_eq!(
                begun.remove(id).unwrap_or_default(),
                expected,
                "{id:?} after {noon}"
            );
        }
        let jobs = store.jobs(Only::default(), 10_000).await.unwrap();
        assert!(jobs.len() >= SUBSCRIPTIONS);
        assert!(jobs.iter().all(|job| job.state == State::Done));
    }
}
