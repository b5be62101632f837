//! What is found out by writing to an id made for that.

use model::Level;
use sandbox::pendo::{
    Decimals, EmptyText, Names, Null, NumberType, Switches, Times, UnknownFields, WrongTypes,
};
use serde_json::json;
use sync::destination::{
    formats::{self, Choice, Cleared},
    probe::{Because, Test},
};

use super::{Desk, state_before, value, words};

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
async fn what_becomes_of_values_is_noticed() {
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
}

#[tokio::test]
async fn names_unknown_fields_and_the_shape_of_answers_are_noticed() {
    let default = Switches::default;
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
