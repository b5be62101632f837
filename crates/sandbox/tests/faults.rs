//! Faults and lies by script.

use std::time::{Duration, Instant};

use sandbox::{Action, Command, Kind, Object, Refusal, Rule};
use serde_json::json;

use crate::client::{HUB, Hub};

fn respond(status: u16) -> Action {
    Action::Respond {
        status,
        body: None,
        headers: [].into(),
    }
}

#[test]
fn every_status_comes_with_the_body_it_has_in_the_wild() {
    let hub = Hub::clean(50);
    for (status, html) in [
        (401, false),
        (403, false),
        (404, false),
        (423, false),
        (429, false),
        (500, false),
        (502, true),
        (503, true),
        (504, false),
        (521, true),
        (522, true),
        (523, true),
        (524, true),
        (525, true),
        (526, true),
        (530, true),
    ] {
        hub.sandbox
            .script(Rule::next(Kind::Search, respond(status)));
        let answer = hub.search(&json!({})).expect(status);
        assert_eq!(
            answer.header("content-type").unwrap().contains("html"),
            html,
            "{status}"
        );
        if !html {
            assert_eq!(answer.json()["status"], "error");
        }
    }
    hub.search(&json!({})).expect(200);
}

#[test]
fn refusals_by_name() {
    let hub = Hub::clean(50);
    for (refusal, status, key, value) in [
        (Refusal::Expired, 401, "category", "EXPIRED_AUTHENTICATION"),
        (
            Refusal::Unauthenticated,
            401,
            "category",
            "INVALID_AUTHENTICATION",
        ),
        (Refusal::MissingScopes, 403, "category", "MISSING_SCOPES"),
        (
            Refusal::TenSecondly,
            429,
            "policyName",
            "TEN_SECONDLY_ROLLING",
        ),
        (Refusal::Secondly, 429, "category", "RATE_LIMITS"),
        (Refusal::SecondlyPolicy, 429, "policyName", "SECONDLY"),
        (Refusal::Daily, 429, "policyName", "DAILY"),
    ] {
        hub.sandbox.script(Rule::any(Action::Refuse(refusal)));
        let answer = hub.search(&json!({})).expect(status);
        assert_eq!(answer.json()[key], value);
        assert!(answer.header("retry-after").is_none());
    }
    hub.sandbox
        .script(Rule::any(Action::Refuse(Refusal::Moving {
            retry_after: 3_600,
        })));
    assert_eq!(
        hub.search(&json!({})).expect(477).header("retry-after"),
        Some("3600")
    );
    hub.sandbox
        .script(Rule::any(Action::Refuse(Refusal::EchoToken)));
    let message = hub.search(&json!({})).expect(403).json()["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains(&sandbox::static_token(HUB)),
        "old bodies repeat the token"
    );
}

#[test]
fn rules_pick_their_calls() {
    let hub = Hub::clean(50);
    hub.sandbox.script(
        Rule::next(Kind::Search, respond(500))
            .after(1)
            .times(2)
            .of_object(Object::Contacts),
    );
    hub.sandbox.script(
        Rule::any(respond(418))
            .on_path("/crm/*/companies")
            .of_portal(HUB),
    );
    hub.sandbox.script(Rule::any(respond(419)).of_portal(1));
    let statuses: Vec<u16> = (0..4).map(|_| hub.search(&json!({})).status).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
    hub.get("/crm/v3/objects/companies").expect(418);
    hub.get("/crm/v3/objects/companies").expect(200);
    assert_eq!(hub.sandbox.rules_left(), 1);
    hub.sandbox.clear_script();
    hub.sandbox
        .script(Rule::next(Kind::Search, respond(503)).times(0));
    for _ in 0..10 {
        hub.search(&json!({})).expect(503);
    }
    let own = Action::Respond {
        status: 200,
        body: Some("{\"results\": 7}".to_owned()),
        headers: [("X-Odd".to_owned(), "1".to_owned())].into(),
    };
    hub.sandbox.script(Rule::next(Kind::List, own));
    let answer = hub.get("/crm/v3/objects/contacts");
    assert_eq!(
        (answer.text().as_str(), answer.header("x-odd")),
        ("{\"results\": 7}", Some("1"))
    );
}

#[test]
fn a_body_can_be_cut_and_can_be_slow() {
    let hub = Hub::clean(300);
    hub.sandbox
        .script(Rule::next(Kind::Search, Action::CutBody { after: 1_000 }));
    let cut = hub.search(&json!({"limit": 200})).expect(200);
    assert!(cut.is_cut());
    assert_eq!(cut.body.len(), 1_000);
    hub.sandbox.script(Rule::next(
        Kind::Search,
        Action::SlowBody {
            piece: 20_000,
            pause_ms: 5,
        },
    ));
    let begun = Instant::now();
    let slow = hub.search(&json!({"limit": 200})).expect(200);
    assert!(!slow.is_cut() && slow.ids().len() == 200);
    assert!(begun.elapsed() >= Duration::from_millis(10));
    hub.sandbox
        .script(Rule::next(Kind::Search, Action::Delay { ms: 20 }));
    let begun = Instant::now();
    hub.search(&json!({})).expect(200);
    assert!(begun.elapsed() >= Duration::from_millis(20));
}

#[test]
fn an_answer_can_be_lost_after_the_work_was_done() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    let target = format!("/crm/v3/objects/contacts/{id}");
    let body = json!({"properties": {"campaign": "written"}}).to_string();
    hub.sandbox.script(Rule::next(Kind::Update, Action::Drop));
    assert!(hub.try_call("PATCH", &target, &body).is_none());
    assert_ne!(
        hub.sandbox
            .value(HUB, Object::Contacts, id, "campaign")
            .as_deref(),
        Some("written")
    );
    hub.sandbox
        .script(Rule::next(Kind::Update, Action::DropAnswer));
    assert!(hub.try_call("PATCH", &target, &body).is_none());
    assert_eq!(
        hub.sandbox
            .value(HUB, Object::Contacts, id, "campaign")
            .as_deref(),
        Some("written")
    );
    let statuses: Vec<u16> = hub.sandbox.journal().iter().map(|c| c.status).collect();
    assert_eq!(statuses, [0, 0]);
}

#[test]
fn unknown_categories_and_unknown_fields() {
    let hub = Hub::clean(10);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0].to_string();
    hub.sandbox
        .script(Rule::next(Kind::BatchRead, Action::UnknownCategory));
    let answer = hub.batch_read(&json!({"inputs": [{"id": id}]})).expect(207);
    assert_eq!(answer.ids().len(), 1);
    assert_eq!(answer.json()["errors"][0]["category"], "SHARD_ON_HOLIDAY");
    assert!(answer.json()["errors"][0].get("status").is_none());
    hub.sandbox.script(Rule::any(Action::ExtraFields).times(2));
    assert!(hub.search(&json!({})).json()["results"][0]["futureField"].is_object());
    assert!(hub.get("/crm/v3/properties/contacts").json()["results"][0]["governance"].is_object());
}

#[test]
fn a_record_can_be_left_out_of_a_page() {
    let hub = Hub::clean(300);
    let honest = hub.search(&json!({"limit": 100})).ids();
    hub.sandbox.script(Rule::next(
        Kind::Search,
        Action::OmitRecord {
            id: Some(honest[7]),
        },
    ));
    let lie = hub.search(&json!({"limit": 100})).expect(200);
    assert_eq!(lie.json()["total"], 300);
    assert_eq!(lie.json()["paging"]["next"]["after"], "100");
    assert_eq!(
        lie.ids(),
        honest
            .iter()
            .copied()
            .filter(|id| *id != honest[7])
            .collect::<Vec<_>>()
    );
    hub.sandbox
        .script(Rule::next(Kind::List, Action::OmitRecord { id: None }));
    assert_eq!(
        hub.get("/crm/v3/objects/contacts?limit=100").ids().len(),
        99
    );
    assert_eq!(hub.search(&json!({"limit": 100})).ids(), honest);
}

#[test]
fn a_page_can_be_answered_twice() {
    let hub = Hub::clean(300);
    hub.sandbox
        .script(Rule::next(Kind::Search, Action::RepeatPage).after(1));
    let ask = |after: u64| hub.search(&json!({"limit": 100, "after": after})).ids();
    let (first, second, third) = (ask(0), ask(100), ask(200));
    assert_eq!(first, second);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert_eq!(third, ids[200..]);
    assert_eq!(ask(100), ids[100..200]);
}

#[test]
fn a_total_can_be_wrong_once_or_always() {
    let hub = Hub::clean(300);
    let total = || hub.search(&json!({})).json()["total"].as_u64().unwrap();
    hub.sandbox
        .script(Rule::next(Kind::Search, Action::WrongTotal { by: -3 }));
    assert_eq!((total(), total()), (297, 300));
    hub.sandbox
        .script(Rule::next(Kind::Search, Action::WrongTotal { by: 5 }).times(0));
    assert_eq!((total(), total()), (305, 305));
}

#[test]
fn a_record_edited_between_two_pages() {
    let hub = Hub::clean(300);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let edit = Command::Set {
        object: Object::Contacts,
        id: ids[250],
        values: [("campaign".to_owned(), "late".to_owned())].into(),
        moves_date: true,
    };
    hub.sandbox.script(
        Rule::next(
            Kind::Search,
            Action::Run {
                portal: None,
                command: edit,
            },
        )
        .after(1),
    );
    let value = |after: u64, n: usize| {
        hub.search(&json!({"limit": 200, "after": after, "properties": ["campaign"]}))
            .json()["results"][n]["properties"]["campaign"]
            .clone()
    };
    assert_ne!(value(0, 0), "late");
    assert_eq!(value(200, 50), "late");
}

#[test]
fn tokens_can_end_in_mid_run() {
    let hub = Hub::clean(300);
    let tokens = hub
        .sandbox
        .install(HUB, sandbox::DEFAULT_CLIENT_ID, &[])
        .unwrap();
    let hub = hub.calling_as(&tokens.access_token);
    let later = Action::Run {
        portal: None,
        command: Command::Advance { ms: 1_900_000 },
    };
    hub.sandbox.script(Rule::next(Kind::Search, later).after(1));
    hub.search(&json!({})).expect(200);
    // The call itself was already identified; the next one is too late.
    hub.search(&json!({}));
    assert_eq!(
        hub.search(&json!({})).expect(401).json()["category"],
        "EXPIRED_AUTHENTICATION"
    );
}

#[test]
fn every_call_can_be_slow() {
    let hub = Hub::clean(10);
    hub.sandbox.knobs(HUB, |k| k.latency_ms = 15);
    let begun = Instant::now();
    hub.search(&json!({})).expect(200);
    assert!(begun.elapsed() >= Duration::from_millis(15));
}
