//! Every way in which a call can fail, met in mid-run: the run ends proved, or failed with its number and nothing changed.

use std::{collections::BTreeMap, time::Duration};

use hubspot::{Client, Credentials, QuotaSettings, Settings};
use model::Level;
use sandbox::{Action, Command, Kind, PortalConfig, Quota, Refusal, Rule, VISITOR_KEY};
use serde_json::json;
use store::run::{NewRun, Origin, State};
use sync::{Phase, Progress, ReaderChoice, Request, RunReport, Stops};
use tokio::sync::watch;

use crate::{PORTAL, World};

fn respond(status: u16, body: &str) -> Action {
    Action::Respond {
        status,
        body: (!body.is_empty()).then(|| body.to_owned()),
        headers: BTreeMap::new(),
    }
}

/// What passes when it is tried again.
fn passing() -> Vec<Action> {
    let statuses = [
        423, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526, 429, 507,
    ];
    let mut all: Vec<Action> = statuses.map(|status| respond(status, "")).into();
    all.extend(
        [
            Refusal::TenSecondly,
            Refusal::Secondly,
            Refusal::SecondlyPolicy,
        ]
        .map(Action::Refuse),
    );
    all.extend([
        respond(429, "<html>slow down</html>"),
        respond(200, "<html>all is well</html>"),
        respond(200, "[]"),
        respond(200, r#"{"results":5}"#),
        respond(200, r#"{"total":1,"results":[{"id":"#),
        Action::CutBody { after: 0 },
        Action::CutBody { after: 150 },
        Action::SlowBody {
            piece: 20_000,
            pause_ms: 1,
        },
        Action::Delay { ms: 5 },
        Action::Drop,
        Action::DropAnswer,
        Action::ExtraFields,
    ]);
    all
}

/// What ends a run at once, with its number.
fn ending() -> Vec<(Action, &'static str)> {
    vec![
        (Action::Refuse(Refusal::Expired), "TRB0024"),
        (Action::Refuse(Refusal::Unauthenticated), "TRB0024"),
        (respond(530, ""), "TRB0024"),
        (Action::Refuse(Refusal::MissingScopes), "TRB0026"),
        (Action::Refuse(Refusal::EchoToken), "TRB0026"),
        (respond(403, r#"{"category":"FORBIDDEN"}"#), "TRB0027"),
        (respond(400, ""), "TRB0021"),
        (respond(404, ""), "TRB0028"),
        (respond(405, ""), "TRB0029"),
        (respond(415, ""), "TRB0029"),
        (respond(409, ""), "TRB0029"),
        (respond(418, "I am a teapot"), "TRB0039"),
    ]
}

/// What ends a run when it does not pass.
fn lasting() -> Vec<(Action, &'static str)> {
    vec![
        (respond(423, ""), "TRB0030"),
        (Action::Refuse(Refusal::TenSecondly), "TRB0031"),
        (Action::Refuse(Refusal::Secondly), "TRB0031"),
        (respond(500, ""), "TRB0034"),
        (respond(502, ""), "TRB0034"),
        (respond(524, ""), "TRB0034"),
        (respond(525, ""), "TRB0034"),
        (Action::CutBody { after: 150 }, "TRB0035"),
        (Action::Drop, "TRB0035"),
        (respond(200, "<html>"), "TRB0036"),
    ]
}

/// Changes are waiting in the portal, and one linked record that the index has lost.
async fn waiting(reader: ReaderChoice) -> World {
    let world = World::clean(450).await.reading(reader);
    let world = world.mapped(&["mrr", "plan_tier"]).await;
    world.proved().await;
    let contacts = world.contacts();
    let (lost, key) = &contacts[7];
    world.set(*lost, VISITOR_KEY, "");
    world
        .sandbox
        .knobs(PORTAL, |knobs| knobs.index_delay_ms = 36_000_000_000);
    world.set(*lost, VISITOR_KEY, key);
    for (record, _) in contacts.iter().step_by(50) {
        world.set(*record, "mrr", "77");
    }
    world
}

const CALLS: [(ReaderChoice, Kind, u32); 5] = [
    (ReaderChoice::Search, Kind::Search, 0),
    (ReaderChoice::Search, Kind::Search, 3),
    (ReaderChoice::Search, Kind::Properties, 0),
    (ReaderChoice::Search, Kind::BatchRead, 0),
    (ReaderChoice::List, Kind::List, 2),
];

#[tokio::test]
async fn what_passes_is_tried_again_and_the_run_is_proved() {
    for (reader, kind, after) in CALLS {
        let world = waiting(reader).await;
        for action in passing() {
            let what = format!("{kind:?} {action:?}");
            world.sandbox.script(Rule::next(kind, action).after(after));
            world.proved().await;
            assert_eq!(world.sandbox.rules_left(), 0, "{what} did not happen");
        }
        world
            .assert_holds_the_truth(Level::Visitor, &["mrr", "plan_tier"])
            .await;
    }
}

#[tokio::test]
async fn what_does_not_pass_fails_the_run_and_changes_nothing() {
    for (reader, kind, after) in CALLS {
        let world = waiting(reader).await;
        for (times, (action, code)) in ending()
            .into_iter()
            .map(|one| (1, one))
            .chain(lasting().into_iter().map(|one| (0, one)))
        {
            let rule = Rule::next(kind, action).after(after);
            world.sandbox.script(rule.times(times));
            let report = world.failed(code).await;
            let error = report.error.unwrap();
            assert!(!error.message.contains(&sandbox::static_token(PORTAL)));
            assert!(!error.hint.is_empty());
            world.sandbox.clear_script();
        }
        world.proved().await;
        world
            .assert_holds_the_truth(Level::Visitor, &["mrr", "plan_tier"])
            .await;
    }
}

#[tokio::test]
async fn an_account_on_the_move_is_left_alone_until_it_has_moved() {
    let world = waiting(ReaderChoice::Search).await;
    let moving = Action::Refuse(Refusal::Moving { retry_after: 7_200 });
    world
        .sandbox
        .script(Rule::next(Kind::Search, moving).after(3));
    world.failed("TRB0033").await;
    world.context.clock.sleep(Duration::from_hours(2)).await;
    world.proved().await;
}

#[tokio::test]
async fn refusals_are_counted() {
    let world = waiting(ReaderChoice::Search).await;
    let refused = Action::Refuse(Refusal::Secondly);
    world
        .sandbox
        .script(Rule::next(Kind::Search, refused).after(3).times(4));
    world.sandbox.clear_journal();
    let report = world.proved().await;
    assert_eq!(report.refused, 4);
    assert_eq!(
        report.calls.search,
        world.sandbox.tally(Kind::Search).calls,
        "retries count as calls"
    );
}

#[tokio::test]
async fn a_days_quota_that_ends_in_mid_run_ends_the_run_and_the_next_day_goes_on() {
    let portal = PortalConfig::bench(PORTAL, 450).limited(Quota {
        daily: 10_000,
        ..Quota::UNLIMITED
    });
    let world = World::of(portal).await.mapped(&["plan_tier"]).await;
    let used_up = Action::Run {
        portal: None,
        command: Command::UsedToday { calls: 10_000 },
    };
    world
        .sandbox
        .script(Rule::next(Kind::Search, used_up).after(3));
    let report = world.failed("TRB0032").await;
    assert_eq!(report.refused, 1);
    world.failed("TRB0032").await;
    world.sandbox.clock().advance_ms(86_400_000);
    world.context.clock.sleep(Duration::from_hours(24)).await;
    world.proved().await;
}

/// A client whose tokens were granted to the sandbox's app.
fn oauth(world: &mut World) {
    let app = sandbox::DEFAULT_CLIENT_ID;
    let tokens = world.sandbox.install(PORTAL, app, &[]).unwrap();
    let now = world.context.clock.now();
    let credentials = Credentials::OAuth {
        refresh_token: tokens.refresh_token.into(),
        access_token: Some(tokens.access_token.into()),
        expires_at: Some(now + jiff::SignedDuration::from_mins(30)),
    };
    let settings = Settings {
        base_url: world.sandbox.base_url(),
        client_id: Some(app.to_owned()),
        client_secret: Some(sandbox::DEFAULT_CLIENT_SECRET.into()),
        quota: QuotaSettings {
            search_per_second: 0,
            ten_secondly: Some(0),
            daily: Some(0),
            ..QuotaSettings::default()
        },
        ..Settings::default()
    };
    let clock = world.context.clock.clone();
    let client = Client::builder(settings, credentials).clock(clock).seed(1);
    world.context.client = client.build().unwrap();
}

#[tokio::test]
async fn a_token_that_expires_in_mid_run_is_refreshed_once() {
    for (reader, kind, after) in CALLS {
        let mut world = waiting(reader).await;
        oauth(&mut world);
        let half_an_hour = Action::Run {
            portal: None,
            command: Command::Advance { ms: 1_800_001 },
        };
        // The rule sees the call after the token was looked at: the next one is refused.
        let expired = Action::Refuse(Refusal::Expired);
        world
            .sandbox
            .script(Rule::next(kind, half_an_hour).after(after));
        world.sandbox.script(Rule::next(kind, expired).after(after));
        world.sandbox.clear_journal();
        world.proved().await;
        assert_eq!(world.sandbox.rules_left(), 0);
        assert_eq!(world.sandbox.tally(Kind::Token).calls, 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_refreshed_ends_the_run() {
    let mut world = waiting(ReaderChoice::Search).await;
    oauth(&mut world);
    let expired = Action::Refuse(Refusal::Expired);
    world
        .sandbox
        .script(Rule::next(Kind::Search, expired.clone()).after(3).times(2));
    world.failed("TRB0024").await;
    let dead = r#"{"status":"BAD_REFRESH_TOKEN","error":"invalid_grant","error_description":"missing or unknown"}"#;
    world
        .sandbox
        .script(Rule::next(Kind::Search, expired).after(3));
    world
        .sandbox
        .script(Rule::next(Kind::Token, respond(400, dead)));
    world.failed("TRB0025").await;
    oauth(&mut world);
    world.proved().await;
}

/// A run that is cancelled as soon as it is in this phase and has read something.
async fn cancelled_in(world: &World, phase: Phase) -> RunReport {
    let (progress, mut seen) = watch::channel(Progress::default());
    let request = Request::command(world.scope(Level::Visitor), false);
    let stops = Stops::default();
    let stop = async {
        let there = |progress: &Progress| progress.phase == phase;
        seen.wait_for(there).await.unwrap();
        stops.cancel.cancel();
    };
    let (report, ()) = tokio::join!(sync::run(&world.context, request, &progress, &stops), stop);
    report.unwrap()
}

#[tokio::test]
async fn a_cancelled_run_changes_nothing_and_gives_its_level_free() {
    for phase in [Phase::Plan, Phase::Read, Phase::Reconcile] {
        let world = waiting(ReaderChoice::Search).await;
        let before = world.stored().await;
        let report = cancelled_in(&world, phase).await;
        assert_eq!(
            (report.result, report.proved),
            (State::Cancelled, false),
            "{phase:?}"
        );
        assert_eq!(world.stored().await, before, "{phase:?}");
        world.assert_no_leftovers().await;
        world.proved().await;
        world
            .assert_holds_the_truth(Level::Visitor, &["mrr", "plan_tier"])
            .await;
    }
}

#[tokio::test]
async fn a_run_that_is_being_applied_is_carried_through() {
    for phase in [Phase::Apply, Phase::Prove] {
        let world = waiting(ReaderChoice::Search).await;
        let report = cancelled_in(&world, phase).await;
        assert_eq!((report.result, report.proved), (State::Success, true));
        world.assert_no_leftovers().await;
        world
            .assert_holds_the_truth(Level::Visitor, &["mrr", "plan_tier"])
            .await;
    }
}

#[tokio::test]
async fn a_level_takes_one_run_at_a_time() {
    let world = waiting(ReaderChoice::Search).await;
    let (store, now) = (&world.context.store, world.context.clock.now());
    let scope = world.scope(Level::Visitor);
    let new = NewRun {
        scope,
        dry_run: false,
        origin: Origin::default(),
        job: None,
    };
    let first = store.begin_run(&new, now).await.unwrap();
    let second = world.try_run(Level::Visitor, false).await;
    assert!(matches!(
        second,
        Err(sync::Error::Store(store::Error::Busy { .. }))
    ));
    let run = first.run();
    first.close().await.unwrap();
    store
        .finish_run(run, State::Cancelled, &json!({}), now)
        .await
        .unwrap();
    world.proved().await;
    world.assert_no_leftovers().await;
}

#[tokio::test]
async fn a_page_that_comes_empty_is_read_again() {
    for after in [2, 3, 4] {
        let world = waiting(ReaderChoice::Search).await;
        let empty = respond(200, r#"{"total":450,"results":[]}"#);
        world
            .sandbox
            .script(Rule::next(Kind::Search, empty).after(after));
        world.proved().await;
        world
            .assert_holds_the_truth(Level::Visitor, &["mrr", "plan_tier"])
            .await;
    }
}

/// A page of search with all contacts, of which some are spoiled.
fn page(world: &World, spoil: impl Fn(usize, &mut serde_json::Value)) -> String {
    let contacts = world.contacts();
    let results = contacts.iter().enumerate().map(|(at, (record, key))| {
        let mut record = json!({
            "id": record.to_string(), "archived": false,
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-02T00:00:00Z",
            "properties": { VISITOR_KEY: key, "mrr": "5" },
        });
        spoil(at, &mut record);
        record
    });
    let results: Vec<_> = results.collect();
    json!({"total": results.len(), "results": results}).to_string()
}

#[tokio::test]
async fn a_record_that_cannot_be_decoded_is_counted_and_keeps_its_link() {
    let world = World::clean(5).await.mapped(&["mrr"]).await;
    world.proved().await;
    let before = world.stored().await;
    let contacts = world.contacts();
    for (field, rubbish) in [
        ("properties", json!("none")),
        ("properties", json!({ VISITOR_KEY: ["x"] })),
    ] {
        let body = page(&world, |at, record| {
            if at == 2 {
                record[field] = rubbish.clone();
            }
        });
        world
            .sandbox
            .script(Rule::next(Kind::Search, respond(200, &body)).after(2));
        let report = world.sync().await;
        let counts = report.counts;
        assert_eq!(
            (report.result, report.proved, counts.failed, counts.unread),
            (State::Partial, false, 1, 0),
            "{rubbish}: {}",
            serde_json::to_string_pretty(&report).unwrap()
        );
        assert_eq!((counts.read, counts.matched, counts.links_ended), (5, 4, 0));
        let stored = world.stored().await;
        assert_eq!(stored[&contacts[2].1], before[&contacts[2].1]);
    }
    world.proved().await;
    world.assert_holds_the_truth(Level::Visitor, &["mrr"]).await;
}

#[tokio::test]
async fn fields_that_nobody_documented_change_nothing() {
    let plain = World::small().await.mapped(&["mrr", "plan_tier"]).await;
    let mut portal = PortalConfig::small(PORTAL);
    portal.knobs.extra_fields = true;
    let odd = World::of(portal).await.mapped(&["mrr", "plan_tier"]).await;
    assert_eq!(plain.proved().await.counts, odd.proved().await.counts);
    assert_eq!(plain.stored().await, odd.stored().await);
}
