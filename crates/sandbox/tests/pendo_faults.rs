//! Faults by script, outages, slow answers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use sandbox::pendo::{Action, Command, Group, Kind, Operation, Rule};
use serde_json::json;

use crate::pendo_client::{Caller, MANY};

fn write() -> serde_json::Value {
    json!([{"visitorId": "ann", "values": {"plan": "pro"}}])
}

#[test]
fn any_answer_can_come_instead() {
    let caller = Caller::new();
    caller.pendo.script(
        Rule::next(
            Operation::SetMany,
            Action::Respond {
                status: 503,
                body: Some("<h1>busy</h1>".to_owned()),
                headers: [("retry-after".to_owned(), "2".to_owned())].into(),
            },
        )
        .after(1)
        .times(2),
    );
    caller.post(MANY, &write()).expect(200);
    for _ in 0..2 {
        let answer = caller.post(MANY, &write()).expect(503);
        assert_eq!(answer.header("retry-after"), Some("2"));
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
    }
    caller.post(MANY, &write()).expect(200);
    assert_eq!(caller.pendo.rules_left(), 0);
}

#[test]
fn rules_pick_calls_by_sort_kind_and_subscription() {
    let caller = Caller::new();
    let refuse = || Action::Respond {
        status: 500,
        body: None,
        headers: [].into(),
    };
    caller
        .pendo
        .script(Rule::any(refuse()).of_kind(Kind::Account).times(0));
    caller
        .pendo
        .script(Rule::any(refuse()).of_subscription("other").times(0));
    caller.post(MANY, &write()).expect(200);
    caller.get("/us/api/v1/token/verify").expect(200);
    let answer = caller.get("/us/api/v1/account/acme").expect(500);
    assert_eq!(answer.text(), "");
    caller.pendo.clear_script();
    caller.get("/us/api/v1/account/acme").expect(200);
}

#[test]
fn an_answer_can_be_lost_after_the_work_was_done() {
    let caller = Caller::keeping();
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, Action::DropAnswer));
    assert!(caller.try_post(MANY, &write()).is_none());
    assert_eq!(caller.value("plan"), Some(json!("pro")));
    let call = &caller.pendo.journal()[0];
    assert_eq!((call.status, call.delivered, call.updated), (200, false, 1));
}

#[test]
fn a_connection_can_close_before_the_work() {
    let caller = Caller::keeping();
    caller
        .pendo
        .script(Rule::next(Operation::SetMany, Action::Drop));
    assert!(caller.try_post(MANY, &write()).is_none());
    assert_eq!(caller.value("plan"), None);
    let call = &caller.pendo.journal()[0];
    assert_eq!((call.status, call.delivered, call.updated), (0, false, 0));
    assert!(call.writes.is_empty());
}

#[test]
fn a_body_can_be_cut() {
    let caller = Caller::new();
    let cut = Action::CutBody { after: 10 };
    caller.pendo.script(Rule::next(Operation::SetMany, cut));
    let answer = caller.post(MANY, &write());
    assert!(answer.is_cut());
    assert_eq!(answer.text(), "{\"errors\":");
    assert_eq!(caller.value("plan"), Some(json!("pro")));
    assert!(!caller.pendo.journal()[0].delivered);
}

#[test]
fn records_can_fail_by_id_and_by_place() {
    let caller = Caller::new();
    let records: Vec<_> = (0..7)
        .map(|n| json!({"visitorId": format!("v{n}"), "values": {"plan": "pro"}}))
        .collect();
    let fail = Action::FailRecords {
        ids: vec!["v1".to_owned()],
        every: 3,
        text: "shard is moving".to_owned(),
    };
    caller.pendo.script(Rule::next(Operation::SetMany, fail));
    let target = format!("{MANY}?create=true");
    let answer = caller.post(&target, &json!(records)).expect(200).json();
    assert_eq!(
        (&answer["updated"], &answer["failed"]),
        (&json!(4), &json!(3))
    );
    let errors = ["v1", "v2", "v5"].map(|id| format!("{id}: shard is moving"));
    assert_eq!(answer["errors"], json!(errors));
    let answer = caller.post(&target, &json!(records)).expect(200).json();
    assert_eq!(answer["updated"], 7);
}

#[test]
fn things_happen_between_two_calls() {
    let caller = Caller::new();
    let run = |command: Command| {
        let run = Action::Run {
            subscription: None,
            command,
        };
        caller.pendo.script(Rule::next(Operation::SetMany, run));
    };
    run(Command::AddIds {
        kind: Kind::Visitor,
        ids: vec!["eve".to_owned()],
    });
    run(Command::Set {
        kind: Kind::Visitor,
        group: Group::Custom,
        id: "ann".to_owned(),
        field: "city".to_owned(),
        value: json!("Oslo"),
    });
    let eve = json!([{"visitorId": "eve", "values": {"plan": "pro"}}]);
    assert_eq!(caller.post(MANY, &eve).expect(200).json()["updated"], 1);
    assert_eq!(caller.value("city"), Some(json!("Oslo")));
    run(Command::DeleteField {
        kind: Kind::Visitor,
        group: Group::Custom,
        field: "plan".to_owned(),
    });
    assert_eq!(caller.post(MANY, &eve).expect(200).json()["failed"], 1);
    run(Command::RevokeKey {
        key: sandbox::pendo::WRITE_KEY.to_owned(),
    });
    caller.post(MANY, &eve).expect(403);
}

#[test]
fn answers_can_be_late() {
    let caller = Caller::new();
    let delay = Action::Delay { ms: 40 };
    caller.pendo.script(Rule::next(Operation::Verify, delay));
    // Rules after a delay are still asked.
    caller
        .pendo
        .script(Rule::next(Operation::Verify, Action::DropAnswer));
    caller.pendo.latency_ms(30);
    let begun = Instant::now();
    let target = "/us/api/v1/token/verify";
    let headers = [("x-pendo-integration-key", sandbox::pendo::WRITE_KEY)];
    assert!(caller.raw("GET", target, &headers, "").is_none());
    assert!(begun.elapsed().as_millis() >= 70);
}

#[test]
fn an_outage_closes_new_and_old_connections() {
    let caller = Caller::new();
    let request = format!(
        "GET /us/api/v1/token/verify HTTP/1.1\r\nhost: pendo\r\nx-pendo-integration-key: {}\r\n\r\n",
        sandbox::pendo::WRITE_KEY
    );
    let mut old = TcpStream::connect(caller.pendo.address()).unwrap();
    old.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 15];
    old.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    caller.pendo.outage(true);
    // The old connection ends by itself, without being asked anything.
    let _ = old.read_to_end(&mut Vec::new());
    assert!(caller.try_post(MANY, &write()).is_none());
    assert_eq!(caller.pendo.tally(Operation::SetMany).calls, 0);
    caller.pendo.outage(false);
    caller.post(MANY, &write()).expect(200);
}

#[test]
fn work_under_way_when_an_outage_begins_loses_its_answer() {
    let caller = Caller::new();
    caller.pendo.latency_ms(60_000);
    std::thread::scope(|scope| {
        let lost = scope.spawn(|| caller.try_post(MANY, &write()));
        while caller.pendo.tally(Operation::SetMany).calls == 0 {
            std::thread::yield_now();
        }
        caller.pendo.outage(true);
        assert!(lost.join().unwrap().is_none());
    });
    assert_eq!(caller.value("plan"), Some(json!("pro")));
    assert!(!caller.pendo.journal()[0].delivered);
}
