//! What a probe finds out about Pendo's stand-in, whichever way its open questions are answered.

use std::{collections::BTreeMap, sync::Arc};

use ::pendo::Region;
use hubspot::ManualClock;
use model::{Clock as _, Level};
use sandbox::pendo::{
    Action, Config, Decimals, EmptyText, Group, Kind, Names, Null, NumberType, Operation, Outcome,
    Pendo, READ_KEY, Rule, Subscription, Switches, Times, Type, UnknownFields, WRITE_KEY,
    WrongTypes,
};
use scratch::Scratch;
use serde_json::{Value, json};
use store::{SubscriptionId, destination::Destination as Stored};
use sync::{
    Explain as _,
    destination::{
        self, Connected, Destinations, Error,
        formats::{self, Choice, Cleared, Integers},
        probe::{Because, Ended, Probed, Test, Verdict, probe},
    },
};
use tokio_util::sync::CancellationToken;

const MAIN: &str = "main";

const VISITORS: [&str; 5] = ["ann", "Bob", "cem", "dan/1", "eve"];

/// A subscription connected to Pendo's stand-in.
struct Desk {
    pendo: Pendo,
    clock: Arc<ManualClock>,
    subscription: SubscriptionId,
    destinations: Destinations,
    scratch: Scratch,
}

impl Desk {
    async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    async fn with(switches: Switches) -> Self {
        Self::of(switches, known(), Choice::default()).await
    }

    async fn of(switches: Switches, subscription: Subscription, formats: Choice) -> Self {
        let pendo = Pendo::start(Config {
            keep_writes: true,
            switches,
            ..Config::with_subscription(subscription)
        })
        .unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let subscription = store
            .create_subscription("Acme", "Asia/Tokyo", clock.now())
            .await;
        let subscription = subscription.unwrap().id;
        let settings = destination::Settings {
            pendo: ::pendo::Settings {
                base_url: Some(pendo.base_url()),
                ..::pendo::Settings::default()
            },
            formats,
            ..destination::Settings::default()
        };
        let destinations = Destinations::new(store, settings, clock.clone()).unwrap();
        let desk = Self {
            pendo,
            clock,
            subscription,
            destinations,
            scratch,
        };
        let connecting = desk.destinations.connect_pendo(
            desk.subscription,
            Region::Us,
            "hubspot_",
            WRITE_KEY.into(),
            "yui",
        );
        connecting.await.unwrap();
        desk.pendo.clear_journal();
        desk
    }

    async fn try_probe(&self, test: Option<&Test>) -> Result<Probed, Error> {
        let stop = CancellationToken::new();
        probe(&self.destinations, self.subscription, test, &stop, &|_| {}).await
    }

    async fn read(&self) -> Probed {
        self.try_probe(None).await.unwrap()
    }

    async fn write(&self) -> Probed {
        let probed = self.try_probe(Some(&bob())).await.unwrap();
        assert!(matches!(probed.ended, Ended::Whole), "{probed:#?}");
        self.assert_clean(&probed);
        probed
    }

    async fn stored(&self) -> Stored {
        let store = self.scratch.open().await;
        store.destination(self.subscription).await.unwrap().unwrap()
    }

    async fn kept(&self) -> Choice {
        Connected::read(&self.stored().await).unwrap().found
    }

    /// What there is to be seen: live fields, and values.
    fn state(&self) -> Value {
        let of = |kind| {
            let fields: Vec<_> = self
                .pendo
                .fields(MAIN, kind, Group::Custom)
                .into_iter()
                .filter(|field| !field.is_deleted)
                .map(|field| format!("{field:?}"))
                .collect();
            let values: BTreeMap<_, _> = self
                .pendo
                .values(MAIN, kind, Group::Custom)
                .into_iter()
                .collect();
            json!({ "fields": fields, "values": values, "ids": self.pendo.ids(MAIN, kind) })
        };
        json!([of(Kind::Visitor), of(Kind::Account)])
    }

    /// Nothing is left of a probe, and nobody but the test visitor was written to, in nothing but its fields.
    fn assert_clean(&self, probed: &Probed) {
        assert_eq!(self.state(), self::state_before(), "{probed:#?}");
        let fields = probed.fields.as_ref().unwrap();
        assert!(fields.left.is_empty(), "{:?}", fields.left);
        self.assert_only_the_test();
    }

    fn assert_only_the_test(&self) {
        let journal = self.pendo.journal();
        for write in journal.iter().flat_map(|call| &call.writes) {
            assert_eq!(write.id, "Bob");
            let bare = |key: &str| key.replace('_', "").to_lowercase();
            let ours = |key: &String| bare(key).starts_with("tributaryprobe");
            assert!(write.values.keys().all(ours), "{write:?}");
            assert_ne!(write.outcome, Outcome::Missing);
        }
    }
}

fn known() -> Subscription {
    Subscription::default()
        .knowing(&VISITORS, &["acme", "beta", "corp"])
        .field(Kind::Visitor, Group::Custom, "plan", Type::String)
        .field(Kind::Visitor, Group::Custom, "Plan_Tier", Type::Float)
}

/// What a desk looks like before anything is probed.
fn state_before() -> Value {
    let pendo = Pendo::start(Config::with_subscription(known())).unwrap();
    let of = |kind| {
        let fields: Vec<_> = pendo
            .fields(MAIN, kind, Group::Custom)
            .into_iter()
            .map(|field| format!("{field:?}"))
            .collect();
        json!({ "fields": fields, "values": {}, "ids": pendo.ids(MAIN, kind) })
    };
    json!([of(Kind::Visitor), of(Kind::Account)])
}

fn bob() -> Test {
    Test {
        level: Level::Visitor,
        id: "Bob".into(),
    }
}

#[track_caller]
fn value<'a>(probed: &'a Probed, name: &str) -> &'a Value {
    let finding = probed.findings.iter().find(|finding| finding.name == name);
    let finding = finding.unwrap_or_else(|| panic!("no finding {name} in {probed:#?}"));
    finding
        .value()
        .unwrap_or_else(|| panic!("{name} is open: {finding:?}"))
}

#[track_caller]
fn assert_open(probed: &Probed, name: &str) {
    let finding = probed.findings.iter().find(|finding| finding.name == name);
    let verdict = finding.map(|finding| &finding.verdict);
    assert!(
        matches!(verdict, Some(Verdict::Unknown(_))),
        "{name}: {verdict:?}"
    );
}

fn words(probed: &Probed) -> [(&str, Because); 3] {
    probed
        .forms
        .each_ref()
        .map(|form| (form.used.as_str(), form.because))
}

#[tokio::test]
async fn reading_answers_what_reading_can_and_writes_nothing() {
    let desk = Desk::new().await;
    let probed = desk.read().await;
    assert!(matches!(probed.ended, Ended::Whole) && probed.fields.is_none());
    assert_eq!(value(&probed, "key"), &json!({ "write": true }));
    assert_eq!(value(&probed, "region"), "us");
    assert_eq!(value(&probed, "schema_casing")["casing"], "mixed");
    assert!(value(&probed, "field_types")["time"].as_u64().unwrap() >= 6);
    assert_eq!(
        value(&probed, "field_names"),
        &json!({ "fields": 2, "capitals": 1, "underscores": 1, "others": 0 })
    );
    assert_eq!(
        (value(&probed, "visitors"), value(&probed, "accounts")),
        (&json!(5), &json!(3))
    );
    let asked = |rows| json!({ "rows": rows, "sorted": true, "filtered": true, "limited": true });
    assert_eq!(value(&probed, "visitor_pages"), &asked(5));
    assert_eq!(value(&probed, "account_pages"), &asked(3));
    for level in ["visitor_first_visit", "account_first_visit"] {
        assert_eq!(value(&probed, level)["filter"], true);
    }
    assert_eq!(
        value(&probed, "times_read"),
        &json!({ "aggregation": "number", "single": "number" })
    );
    assert_eq!(
        words(&probed).map(|(_, because)| because),
        [Because::Default; 3]
    );

    let journal = desk.pendo.journal();
    assert_eq!(
        (probed.calls.read, probed.calls.write),
        (journal.len() as u64, 0)
    );
    assert!(journal.len() <= 14, "{journal:#?}");
    let reads = [
        Operation::Verify,
        Operation::SchemaRead,
        Operation::Aggregation,
        Operation::GetOne,
    ];
    assert!(journal.iter().all(|call| reads.contains(&call.operation)));
    assert_eq!(desk.state(), state_before());
    assert_eq!(desk.kept().await, Choice::default());
}

#[tokio::test]
async fn what_reading_cannot_answer_stays_open() {
    let desk = Desk::of(
        Switches::default(),
        Subscription::default(),
        Choice::default(),
    )
    .await;
    let probed = desk.read().await;
    assert_eq!(value(&probed, "visitors"), 0);
    for name in [
        "field_names",
        "visitor_pages",
        "account_first_visit",
        "times_read",
    ] {
        assert_open(&probed, name);
    }

    let accounts = Switches {
        account_first_visit: false,
        ..Switches::default()
    };
    let probed = Desk::with(accounts).await.read().await;
    let visits = value(&probed, "account_first_visit");
    assert_eq!(
        (&visits["have"], &visits["looked_at"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(value(&probed, "visitor_first_visit")["filter"], true);
}

#[tokio::test]
async fn a_page_that_does_not_come_as_asked_is_noticed() {
    let desk = Desk::new().await;
    let rows = |ids: &[&str]| {
        let rows: Vec<_> = ids.iter().map(|id| json!({ "visitorId": id })).collect();
        Action::Respond {
            status: 200,
            body: Some(json!({ "results": rows }).to_string()),
            headers: BTreeMap::default(),
        }
    };
    let page = |action| Rule::next(Operation::Aggregation, action);
    desk.pendo
        .script(page(rows(&["a", "c", "b", "d"])).after(1));
    desk.pendo.script(page(rows(&["e", "c"])).after(1));
    let probed = desk.read().await;
    assert_eq!(
        value(&probed, "visitor_pages"),
        &json!({ "rows": 6, "sorted": false, "filtered": false, "limited": false })
    );
    // A stage that is not understood leaves its question open, and the others are looked at.
    desk.pendo.script(
        page(Action::Respond {
            status: 400,
            body: Some(r#"{"error":"no such stage"}"#.into()),
            headers: BTreeMap::default(),
        })
        .after(1),
    );
    let probed = desk.read().await;
    assert_open(&probed, "visitor_pages");
    assert_eq!(value(&probed, "account_pages")["sorted"], true);
}

#[tokio::test]
async fn by_default_null_clears_and_both_times_are_taken() {
    let desk = Desk::new().await;
    let probed = desk.write().await;
    let names = value(&probed, "names");
    assert_eq!(names["how"], "stripped");
    assert_eq!(
        names["keys"]["Tributary_Probe_String"],
        "tributaryprobestring"
    );
    assert_eq!(value(&probed, "number_type"), "float");
    assert_eq!(value(&probed, "decimals")["survives"], true);
    for form in ["times_epoch_ms", "times_iso8601"] {
        let time = value(&probed, form);
        assert_eq!(
            (&time["taken"], &time["reads"]),
            (&json!(true), &json!("number"))
        );
    }
    assert_eq!(value(&probed, "wrong_type")["effect"], "stored");
    assert_eq!(
        value(&probed, "unknown_field")["effect"],
        "created_as_string"
    );
    assert_eq!(value(&probed, "empty_text")["effect"], "stored");
    assert_eq!(
        value(&probed, "null"),
        &json!({ "effect": "clears", "clears": true })
    );
    let shape = value(&probed, "answer_shape");
    assert_eq!(
        [
            &shape["kind"],
            &shape["missing_when_empty"],
            &shape["errors_when_empty"]
        ],
        [&json!(false), &json!(true), &json!(true)]
    );
    assert_eq!(value(&probed, "read_back")["differed"], 0);

    let found = Choice {
        times: Some(formats::Times::EpochMs),
        cleared: Some(Cleared::Null),
        integers: None,
    };
    assert_eq!(desk.kept().await, found);
    assert_eq!(
        words(&probed),
        [
            ("epoch_ms", Because::Found),
            ("null", Because::Found),
            ("hold", Because::Default)
        ]
    );
    let journal = desk.pendo.journal();
    assert_eq!(probed.calls.read + probed.calls.write, journal.len() as u64);
    let deleted = probed.fields.unwrap().deleted;
    assert_eq!(deleted.len(), 5, "{deleted:?}");
    assert!(desk.clock.waits().is_empty());
    // Another time the fields come back, with what they were.
    desk.write().await;
}

#[tokio::test]
async fn every_switch_is_noticed() {
    let default = Switches::default;
    for (switches, name, found) in [
        (
            Switches {
                null: Null::Stored,
                ..default()
            },
            "null",
            json!({ "effect": "stored", "clears": true }),
        ),
        (
            Switches {
                null: Null::Ignored,
                ..default()
            },
            "null",
            json!({ "effect": "ignored", "clears": false }),
        ),
        (
            Switches {
                empty_text: EmptyText::Clears,
                ..default()
            },
            "empty_text",
            json!({ "effect": "clears", "every_type": true }),
        ),
        (
            Switches {
                number: NumberType::Integer,
                ..default()
            },
            "number_type",
            json!("integer"),
        ),
        (
            Switches {
                number: NumberType::Integer,
                decimals: Decimals::Truncated,
                ..default()
            },
            "decimals",
            json!({ "survives": false, "effect": "changed", "held": 12 }),
        ),
        (
            Switches {
                times: Times::EpochMs,
                ..default()
            },
            "times_iso8601",
            json!({ "taken": false, "reads": "number", "effect": "record_fails" }),
        ),
        (
            Switches {
                times: Times::Iso8601,
                ..default()
            },
            "times_epoch_ms",
            json!({ "taken": false, "reads": "nothing", "effect": "record_fails" }),
        ),
        (
            Switches {
                wrong_types: WrongTypes::Refused,
                ..default()
            },
            "wrong_type",
            json!({ "effect": "record_fails", "beside_arrives": false, "held": 12.5 }),
        ),
    ] {
        let probed = Desk::with(switches).await.write().await;
        assert_eq!(value(&probed, name), &found, "{switches:?}");
    }
    for (names, how) in [(Names::Lowercased, "lowercased"), (Names::Kept, "kept")] {
        let probed = Desk::with(Switches { names, ..default() })
            .await
            .write()
            .await;
        assert_eq!(value(&probed, "names")["how"], how);
    }
    for (unknown_fields, effect, beside) in [
        (UnknownFields::RecordFails, "record_fails", false),
        (UnknownFields::Ignored, "ignored", true),
        (UnknownFields::RequestRefused, "request_refused", false),
    ] {
        let probed = Desk::with(Switches {
            unknown_fields,
            ..default()
        })
        .await
        .write()
        .await;
        let found = value(&probed, "unknown_field");
        assert_eq!(
            (&found["effect"], &found["beside_arrives"]),
            (&json!(effect), &json!(beside))
        );
    }
    let shape = Switches {
        kind_key: true,
        omit_empty_lists: true,
        ..default()
    };
    let probed = Desk::with(shape).await.write().await;
    let shape = value(&probed, "answer_shape");
    assert_eq!(
        [
            &shape["kind"],
            &shape["missing_when_empty"],
            &shape["errors_when_empty"]
        ],
        [&json!(true), &json!(false), &json!(false)]
    );
}

#[tokio::test]
async fn what_is_found_is_used_from_then_on() {
    use Because::{Default, Found};
    let default = Switches::default;
    let without_null = Switches {
        null: Null::Ignored,
        ..default()
    };
    let integers = Switches {
        number: NumberType::Integer,
        ..default()
    };
    for (switches, used) in [
        (
            without_null,
            [("epoch_ms", Found), ("keep", Found), ("hold", Default)],
        ),
        (
            Switches {
                empty_text: EmptyText::Clears,
                ..without_null
            },
            [("epoch_ms", Found), ("empty", Found), ("hold", Default)],
        ),
        (
            Switches {
                times: Times::Iso8601,
                ..default()
            },
            [("iso8601", Found), ("null", Found), ("hold", Default)],
        ),
        (
            integers,
            [("epoch_ms", Found), ("null", Found), ("send", Found)],
        ),
        (
            Switches {
                decimals: Decimals::Truncated,
                ..integers
            },
            [("epoch_ms", Found), ("null", Found), ("hold", Found)],
        ),
    ] {
        let desk = Desk::with(switches).await;
        let probed = desk.write().await;
        assert_eq!(words(&probed), used, "{switches:?}");
    }
}

#[tokio::test]
async fn the_configuration_wins_and_says_so() {
    let configured = Choice {
        cleared: Some(Cleared::Keep),
        integers: Some(Integers::Send),
        times: None,
    };
    let desk = Desk::of(Switches::default(), known(), configured).await;
    let probed = desk.write().await;
    let cleared = &probed.forms[1];
    assert_eq!(
        (
            cleared.used.as_str(),
            cleared.because,
            cleared.found.as_deref()
        ),
        ("keep", Because::Configured, Some("null"))
    );
    assert_eq!(desk.kept().await.cleared, Some(Cleared::Null));
}

#[tokio::test]
async fn accounts_can_be_written_to() {
    let desk = Desk::new().await;
    let test = Test {
        level: Level::Account,
        id: "acme".into(),
    };
    let probed = desk.try_probe(Some(&test)).await.unwrap();
    assert_eq!(value(&probed, "null")["clears"], true);
    assert_eq!(desk.state(), state_before());
    let journal = desk.pendo.journal();
    let mut writes = journal.iter().flat_map(|call| &call.writes);
    assert!(writes.all(|write| write.id == "acme"));
}

#[tokio::test]
async fn nobody_is_written_to_who_is_not_known_or_may_not_be() {
    let desk = Desk::new().await;
    for id in ["bob", "", ".."] {
        let test = Test {
            level: Level::Visitor,
            id: id.into(),
        };
        let error = desk.try_probe(Some(&test)).await.unwrap_err();
        if id == "bob" {
            assert!(matches!(error, Error::UnknownId { .. }), "{error:?}");
            assert_eq!(error.explain().code, "TRB0061");
        }
    }
    let connecting = desk.scratch.open().await;
    let stored = desk.stored().await;
    connecting
        .set_destination(desk.subscription, &stored, &READ_KEY.into())
        .await
        .unwrap();
    let destinations = Destinations::new(
        connecting,
        destination::Settings {
            pendo: ::pendo::Settings {
                base_url: Some(desk.pendo.base_url()),
                ..::pendo::Settings::default()
            },
            ..destination::Settings::default()
        },
        desk.clock.clone(),
    )
    .unwrap();
    let stop = CancellationToken::new();
    let tell = |_: &str| {};
    let error = probe(&destinations, desk.subscription, Some(&bob()), &stop, &tell)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ReadOnly), "{error:?}");
    let probed = probe(&destinations, desk.subscription, None, &stop, &tell)
        .await
        .unwrap();
    assert_eq!(value(&probed, "key"), &json!({ "write": false }));
    let journal = desk.pendo.journal();
    assert!(
        journal
            .iter()
            .all(|call| call.method == "GET" || call.operation == Operation::Aggregation)
    );
    assert_eq!(desk.state(), state_before());
}

#[tokio::test]
async fn whatever_goes_wrong_in_the_middle_the_fields_are_deleted() {
    let whole = Desk::new().await.write().await.calls;
    let whole = u32::try_from(whole.read + whole.write).unwrap();
    let mut failed = 0;
    // From the first write on: a call that Pendo refuses for good, and one whose work is done and whose answer is lost.
    for at in 15..whole {
        let desk = Desk::new().await;
        let refuse = Action::Respond {
            status: 403,
            body: None,
            headers: BTreeMap::default(),
        };
        let action = if at % 2 == 0 {
            Action::DropAnswer
        } else {
            refuse
        };
        desk.pendo.script(Rule::any(action).after(at));
        let probed = desk.try_probe(Some(&bob())).await.unwrap();
        failed += u32::from(matches!(probed.ended, Ended::Failed(_)));
        desk.assert_only_the_test();
        let left = probed.fields.as_ref().map_or(0, |fields| fields.left.len());
        let live = desk.state() != state_before();
        assert_eq!(live, left > 0, "call {at}: {probed:#?}");
        // Only a refused deletion leaves something, and it is named.
        assert!(left <= 1, "call {at}: {probed:#?}");
    }
    assert!(failed > 10, "{failed}");
}

#[tokio::test]
async fn what_cannot_be_deleted_is_named() {
    let desk = Desk::new().await;
    let refuse = Action::Respond {
        status: 400,
        body: Some(r#"{"error":"in use"}"#.into()),
        headers: BTreeMap::default(),
    };
    desk.pendo
        .script(Rule::next(Operation::FieldDelete, refuse).times(2));
    let probed = desk.try_probe(Some(&bob())).await.unwrap();
    let fields = probed.fields.unwrap();
    assert_eq!((fields.deleted.len(), fields.left.len()), (3, 2));
    assert!(fields.left.iter().all(|left| left.why.contains("in use")));
    // What was found is kept all the same, and another probe takes the rest away.
    assert_eq!(desk.kept().await.cleared, Some(Cleared::Null));
    desk.write().await;
}

#[tokio::test]
async fn a_probe_that_is_stopped_deletes_its_fields() {
    for at in [
        "making",
        "an empty text",
        "reading two small pages of account",
    ] {
        let desk = Desk::new().await;
        let stop = CancellationToken::new();
        let tell = |step: &str| {
            if step.contains(at) {
                stop.cancel();
            }
        };
        let test = bob();
        let probing = probe(
            &desk.destinations,
            desk.subscription,
            Some(&test),
            &stop,
            &tell,
        );
        let probed = probing.await.unwrap();
        assert!(matches!(probed.ended, Ended::Stopped));
        assert_eq!(desk.state(), state_before());
        assert_eq!(probed.fields.is_some(), !at.starts_with("reading"));
        assert_eq!(desk.kept().await.cleared, None);
    }
}
