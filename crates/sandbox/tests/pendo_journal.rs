//! What was called and written, and whether the caller can know.

use std::collections::BTreeMap;

use sandbox::pendo::{
    Action, Config, Group, Kind, Operation, Outcome, Pendo, Region, Rule, Subscription, Tally,
};
use sandbox::{Object, PortalConfig, Sandbox};
use serde_json::{Value, json};

use crate::pendo_client::{Caller, MANY};

#[test]
fn calls_are_entered_with_what_they_were_about() {
    let caller = Caller::new();
    caller.get("/us/api/v1/token/verify").expect(200);
    caller.set(&json!({"plan": "pro"}));
    caller.get("/eu/api/v1/visitor/ann").expect(403);
    let calls = caller.pendo.journal();
    let facts: Vec<_> = calls
        .iter()
        .map(|c| (c.number, c.operation, c.region, c.status, c.records))
        .collect();
    assert_eq!(
        facts,
        [
            (1, Operation::Verify, Some(Region::Us), 200, 0),
            (2, Operation::SetMany, Some(Region::Us), 200, 1),
            (3, Operation::Record, Some(Region::Eu), 403, 0),
        ]
    );
    assert_eq!(calls[1].subscription.as_deref(), Some("main"));
    assert_eq!(
        (calls[1].kind, calls[1].group),
        (Some(Kind::Visitor), Some(Group::Custom))
    );
    assert_eq!(calls[2].subscription, None);
    assert!(calls.iter().all(|c| c.delivered && c.writes.is_empty()));
}

#[test]
fn writes_are_kept_in_order_with_their_outcome() {
    let caller = Caller::keeping();
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, Action::DropAnswer));
    let body = json!([
        {"visitorId": "bob", "values": {"Plan": "pro"}},
        {"visitorId": "ann", "values": {"Plan": "free"}},
        {"visitorId": "nobody", "values": {}},
    ]);
    assert!(caller.try_post(MANY, &body).is_none());
    caller.post(MANY, &body).expect(200);
    caller
        .put(&format!("{MANY}/ann/plan"), "\"pro\"")
        .expect(200);
    let calls = caller.pendo.journal();
    let delivered: Vec<bool> = calls.iter().map(|c| c.delivered).collect();
    assert_eq!(delivered, [false, true, true]);
    assert_eq!(calls[0].writes, calls[1].writes);
    let written: Vec<_> = calls[1]
        .writes
        .iter()
        .map(|w| (w.id.as_str(), json!(w.values), w.outcome))
        .collect();
    assert_eq!(
        written,
        [
            ("bob", json!({"Plan": "pro"}), Outcome::Updated),
            ("ann", json!({"Plan": "free"}), Outcome::Updated),
            ("nobody", json!({}), Outcome::Missing),
        ]
    );
    let sent: BTreeMap<String, Value> = [("plan".to_owned(), json!("pro"))].into();
    assert_eq!(calls[2].writes[0].values, sent);
}

#[test]
fn tallies_never_forget() {
    let caller = Caller::with(Config {
        journal_capacity: 1,
        ..Config::default()
    });
    let refuse = |status| Action::Respond {
        status,
        body: None,
        headers: [].into(),
    };
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, refuse(429)));
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, refuse(500)));
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, Action::Drop));
    let body = json!([{"visitorId": "ann", "values": {}}, {"visitorId": "bob", "values": {}}]);
    for _ in 0..3 {
        caller.try_post(MANY, &body);
    }
    caller
        .post(&format!("{MANY}?create=true"), &body)
        .expect(200);
    assert_eq!(caller.pendo.journal().len(), 1);
    assert_eq!(
        caller.pendo.tally(Operation::SetMany),
        Tally {
            calls: 4,
            refused: 1,
            failed: 2,
            undelivered: 1,
            records: 2,
            updated: 2,
        }
    );
    caller.pendo.clear_journal();
    assert_eq!(caller.pendo.tally(Operation::SetMany), Tally::default());
}

#[test]
fn calls_under_way_at_once_are_counted() {
    let caller = Caller::new();
    caller.get("/us/api/v1/token/verify").expect(200);
    assert_eq!(caller.pendo.most_at_once(), 1);
    caller.pendo.latency_ms(50);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| caller.get("/us/api/v1/token/verify").expect(200));
        }
    });
    assert_eq!(caller.pendo.most_at_once(), 3);
}

#[test]
fn a_subscription_knows_what_a_portals_product_knows() {
    let sandbox = Sandbox::start(sandbox::Config::with_portal(PortalConfig::small(1))).unwrap();
    let pendo = Pendo::start(Config::with_subscription(Subscription {
        anonymous: 0,
        ..Subscription::default()
    }))
    .unwrap();
    pendo.add_known("main", &sandbox, 1);
    for object in [Object::Contacts, Object::Companies] {
        let kind = Kind::from(object);
        let mut ids: Vec<String> = sandbox.known(1, object).map(|k| k.id).collect();
        ids.sort_unstable();
        assert_eq!(pendo.ids("main", kind), ids);
        let known = sandbox.known(1, object).next().unwrap();
        let plan = pendo.value("main", kind, Group::Agent, &known.id, "plan");
        assert_eq!(plan, known.agent.get("plan").cloned());
    }
    let visitor = sandbox
        .known(1, Object::Contacts)
        .find(|k| !k.accounts.is_empty());
    let visitor = visitor.unwrap();
    let accounts = pendo.value(
        "main",
        Kind::Visitor,
        Group::Auto,
        &visitor.id,
        "accountids",
    );
    assert_eq!(accounts, Some(json!(visitor.accounts)));
}
