//! A Pendo that is away, busy, or not ours any more.

use std::time::Duration;

use ::pendo::Region;
use sandbox::pendo::{Action, Command, Config, Operation, Pendo, Rule, Subscription, WRITE_KEY};
use serde_json::{Value, json};
use store::{
    job::{Kind as Job, Only},
    run::State,
};
use sync::destination;
use tokio_util::sync::CancellationToken;

use super::{MAIN, Outside, runner};
use crate::PORTAL;

#[tokio::test]
async fn an_outage_costs_nothing_but_time_and_runs_keep_their_order() {
    let outside = Outside::clean(60).await;
    outside.proved().await;
    let (record, id) = outside.world.contacts()[0].clone();
    outside.pendo.outage(true);
    let mut runs = Vec::new();
    for mrr in ["1001", "1002", "1003"] {
        outside.world.set(record, "mrr", mrr);
        let report = outside.sync().await;
        assert_eq!(report.result, State::Delivering);
        assert!(report.listing.as_ref().unwrap().error.is_some());
        runs.push(report);
        outside.clock.advance(Duration::from_hours(8));
    }
    let store = &outside.world.context.store;
    let waiting = store.waiting(None).await.unwrap();
    assert_eq!(waiting[0].changes, 3);
    let jobs = store
        .jobs(
            Only {
                open: true,
                ..Only::default()
            },
            9,
        )
        .await
        .unwrap();
    assert_eq!(
        jobs.iter().filter(|job| job.kind == Job::Deliver).count(),
        1,
        "{jobs:#?}"
    );

    outside.pendo.outage(false);
    outside.pendo.clear_journal();
    outside.clock.advance(Duration::from_hours(1));
    outside.deliver().await;
    for mut report in runs {
        outside.settle(&mut report).await;
        assert_eq!((report.result, report.proved), (State::Success, true));
    }
    let journal = outside.pendo.journal();
    let writes = journal.iter().flat_map(|call| &call.writes);
    let sent: Vec<&Value> = writes
        .filter(|write| write.id == id)
        .map(|write| &write.values["hubspotmrr"])
        .collect();
    assert_eq!(sent, [&json!(1001), &json!(1002), &json!(1003)]);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_a_busy_pendo_is_waited_for() {
    let outside = Outside::clean(60).await;
    let respond = |status, after: Option<&str>| Action::Respond {
        status,
        body: None,
        headers: after
            .map(|after| ("Retry-After".to_owned(), after.to_owned()))
            .into_iter()
            .collect(),
    };
    for action in [
        Action::DropAnswer,
        Action::CutBody { after: 5 },
        Action::Drop,
        respond(409, None),
        respond(429, Some("7")),
        respond(503, None),
        respond(408, None),
    ] {
        let (record, _) = outside.world.contacts()[3].clone();
        outside.world.set(record, "plan_tier", "free");
        outside.world.set(record, "mrr", &action_number(&action));
        outside.pendo.script(Rule::next(Operation::SetMany, action));
        outside.proved().await;
        assert_eq!(outside.pendo.rules_left(), 0);
        outside.assert_truth().await;
    }
}

/// A number that differs from action to action.
fn action_number(action: &Action) -> String {
    let text = format!("{action:?}");
    let sum: u32 = text.bytes().map(u32::from).sum();
    sum.to_string()
}

#[tokio::test]
async fn a_key_that_ends_breaks_the_destination_until_there_is_another() {
    let outside = Outside::clean(30).await;
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.world.set(record, "mrr", "1001");
    let revoke = Command::RevokeKey {
        key: WRITE_KEY.into(),
    };
    outside.pendo.run(MAIN, &revoke).unwrap();
    let mut report = outside.sync().await;
    assert_eq!(report.result, State::Delivering);
    let store = &outside.world.context.store;
    let broken = store
        .destination(outside.world.subscription)
        .await
        .unwrap()
        .unwrap()
        .broken;
    assert!(broken.is_some_and(|why| !why.contains(WRITE_KEY)));
    assert!(store.undelivered_levels().await.unwrap().is_empty());

    for (key, number) in [
        ("nonsense", "TRB0051"),
        (sandbox::pendo::READ_KEY, "TRB0052"),
    ] {
        let refused = outside.connect(key).await.unwrap_err();
        assert_eq!(sync::Explain::explain(&refused).code, number);
    }
    // Somebody makes it valid again.
    let other = Pendo::start(Config::with_subscription(Subscription::default())).unwrap();
    other.add_known(MAIN, &outside.world.sandbox, PORTAL);
    let runner = runner(
        &outside.world,
        &other,
        destination::Settings::default(),
        &outside.clock,
    );
    let connected = runner.destinations().connect_pendo(
        outside.world.subscription,
        Region::Us,
        Some("hubspot_"),
        WRITE_KEY.into(),
        "yui",
    );
    connected.await.unwrap();
    runner.ask_for_deliveries().await.unwrap();
    runner
        .see_to_outside(outside.scope(), &CancellationToken::new())
        .await
        .unwrap();
    outside.settle(&mut report).await;
    assert_eq!(report.result, State::Success);
}
