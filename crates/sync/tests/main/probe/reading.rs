//! What is found out without writing.

use std::collections::BTreeMap;

use sandbox::pendo::{Action, Operation, Rule, Subscription, Switches};
use serde_json::json;
use sync::destination::{
    formats::Choice,
    probe::{Because, Ended},
};

use super::{Desk, assert_open, state_before, value, words};

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
