//! Runs that another process goes on with: as if nothing had happened.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use hubspot::ManualClock;
use jiff::Timestamp;
use model::{Clock, Level};
use sandbox::{Command, Object, PortalConfig, VISITOR_KEY};
use store::run::State;
use sync::{Context, Progress, ReaderChoice, Request, RunReport, Stops};
use tokio::sync::watch;

use crate::{PORTAL, World};

const FIELDS: [&str; 4] = [
    "is_champion",
    "plan_tier",
    "trial_ends_on",
    "lifecyclestage",
];

/// A clock on which a run that is handed over has all the time it needs for its page.
#[derive(Debug)]
struct Patient(Arc<dyn Clock>);

impl Clock for Patient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if duration == Duration::from_secs(5) {
            return Box::pin(std::future::pending());
        }
        self.0.sleep(duration)
    }
}

impl World {
    /// A run that is handed over once it has read so many records.
    async fn handed_over(&self, records: u64, dry_run: bool) -> RunReport {
        let stops = Stops::default();
        let (progress, mut seen) = watch::channel(Progress::default());
        let stop = async {
            let read = |progress: &Progress| progress.records >= records;
            drop(seen.wait_for(read).await);
            stops.hand_over.cancel();
        };
        let context = Context {
            clock: Arc::new(Patient(Arc::clone(&self.context.clock))),
            ..self.context.clone()
        };
        let request = Request::command(self.scope(Level::Visitor), dry_run);
        let mut run = Box::pin(sync::run(&context, request, &progress, &stops));
        tokio::select! {
            report = &mut run => panic!("it ended before: {report:#?}"),
            () = stop => {}
        }
        run.await.unwrap()
    }
}

/// All of a report that does not tell who carried it out.
fn found(report: &RunReport) -> serde_json::Value {
    let mut found = serde_json::to_value(report).unwrap();
    for name in ["run", "calls", "wall_seconds", "takeovers", "refused"] {
        found.as_object_mut().unwrap().remove(name);
    }
    found
}

/// Twelve pages of records, some of which share their key, some match nothing and some have values that do not fit.
async fn world() -> World {
    let portal = PortalConfig {
        contacts: 2_400,
        ..PortalConfig::small(PORTAL)
    };
    let world = World::of(portal).await;
    // So that a run is not over before it hears that it is to be handed over.
    world.sandbox.knobs(PORTAL, |knobs| knobs.latency_ms = 5);
    world.mapped(&FIELDS).await
}

#[tokio::test]
async fn wherever_a_run_is_handed_over_it_ends_as_if_it_had_not_been() {
    let undisturbed = world().await;
    let expected = undisturbed.proved().await;
    let stored = undisturbed.stored().await;
    for records in [1, 400, 800, 1_200] {
        let world = world().await;
        let left = world.handed_over(records, false).await;
        assert_eq!((left.result, left.takeovers), (State::Running, 0));
        assert!(
            world
                .stored()
                .await
                .values()
                .all(|(record, _)| record.is_none()),
            "a run that is under way was seen"
        );
        let report = world.proved().await;
        assert_eq!((report.run, report.takeovers), (left.run, 1));
        assert_eq!(found(&report), found(&expected), "after {records} records");
        assert_eq!(world.stored().await, stored);
        assert!(
            report.calls.search < expected.calls.search,
            "{} searches, and {} without a handover",
            report.calls.search,
            expected.calls.search
        );
        world.assert_no_leftovers().await;
    }
}

#[tokio::test]
async fn a_run_that_goes_from_hand_to_hand_is_one_run() {
    let world = world().await;
    let first = world.handed_over(1, false).await;
    for takeovers in 1..=3 {
        let left = world
            .handed_over(100 + 200 * u64::from(takeovers), false)
            .await;
        assert_eq!((left.run, left.takeovers), (first.run, takeovers));
    }
    let report = world.proved().await;
    assert_eq!((report.run, report.takeovers), (first.run, 4));
    world.assert_holds_the_truth(Level::Visitor, &FIELDS).await;
}

#[tokio::test]
async fn a_second_run_is_handed_over_as_the_first_is() {
    let world = world().await;
    world.proved().await;
    world.set(world.contacts()[3].0, "plan_tier", "enterprise");
    world.handed_over(900, false).await;
    let report = world.proved().await;
    assert_eq!((report.takeovers, report.counts.changed), (1, 1));
    world.assert_holds_the_truth(Level::Visitor, &FIELDS).await;
}

#[tokio::test]
async fn what_changes_in_the_portal_meanwhile_is_found_or_told() {
    let world = world().await;
    let contacts = world.contacts();
    world.handed_over(1_000, false).await;
    // Records that go, come, and change their key, on either side of where it stopped.
    for (record, _) in [&contacts[5], &contacts[contacts.len() / 2]] {
        world.act(&Command::Archive {
            object: Object::Contacts,
            id: *record,
        });
    }
    world.create(&[(VISITOR_KEY, &contacts[5].1)]);
    let report = world.sync().await;
    assert_eq!(report.takeovers, 1);
    assert!(
        report.proved || report.result == State::Partial,
        "{report:#?}"
    );
    world.proved().await;
    world.assert_holds_the_truth(Level::Visitor, &FIELDS).await;
}

#[tokio::test]
async fn what_was_asked_for_otherwise_begins_anew() {
    // Another mapping.
    let remapped = world().await;
    let left = remapped.handed_over(1_000, false).await;
    remapped.map(Level::Visitor, &["plan_tier"]).await;
    let report = remapped.proved().await;
    assert!(report.run > left.run);
    assert_eq!(report.takeovers, 0);
    remapped.assert_no_leftovers().await;

    // For good, after it was to change nothing.
    let dry = world().await;
    let left = dry.handed_over(1_000, true).await;
    let report = dry.proved().await;
    assert!(report.run > left.run && report.takeovers == 0);

    // A dry run that goes on is still one.
    let left = dry.handed_over(1_000, true).await;
    let report = dry.run(Level::Visitor, true).await;
    assert_eq!((report.run, report.dry_run), (left.run, true));

    // Another reader.
    let relisted = world().await;
    relisted.handed_over(1_000, false).await;
    let relisted = relisted.reading(ReaderChoice::List);
    assert_eq!(relisted.proved().await.proof.reader, "list");
}

#[tokio::test]
async fn what_was_read_long_ago_is_read_anew() {
    let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
    let mut world = world().await;
    world.context.clock = clock.clone();
    let left = world.handed_over(1_000, false).await;
    clock.advance(Duration::from_mins(61));
    let report = world.proved().await;
    assert!(report.run > left.run && report.takeovers == 0);
    world.assert_no_leftovers().await;
}

#[tokio::test]
async fn a_list_is_read_anew_under_the_same_run() {
    let world = world().await.reading(ReaderChoice::List);
    let left = world.handed_over(1_000, false).await;
    let report = world.proved().await;
    assert_eq!((report.run, report.takeovers), (left.run, 1));
    world.assert_holds_the_truth(Level::Visitor, &FIELDS).await;
}

#[tokio::test]
async fn a_property_that_changes_its_type_meanwhile_makes_it_read_anew() {
    let world = world().await;
    world.handed_over(1_000, false).await;
    world.act(&Command::RetypeProperty {
        object: Object::Contacts,
        name: "plan_tier".into(),
        kind: "number".into(),
        field: "number".into(),
    });
    let report = world.sync().await;
    assert_eq!((report.result, report.takeovers), (State::Partial, 1));
    assert!(report.held.contains_key("plan_tier"), "{report:#?}");
    assert_eq!(report.counts.read, world.truth(Level::Visitor).with_key);
}
