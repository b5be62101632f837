//! What is written, and what is made of lost answers.

use axum::http::Method;
use model::{Level, MetadataType};
use pendo::{Answer, Batch, Calls, Kind, NewField, Problem};
use serde_json::json;

use crate::stage::{Reply, Stage};

fn batch() -> Batch {
    let mut batch = Batch::new(Level::Visitor);
    batch.record("ada", |values| {
        values.put("plan", r#""gold plan""#);
        values.put("seats", "12.5");
    });
    batch.record("bob", |values| values.put("plan", "null"));
    batch
}

#[tokio::test]
async fn values_are_set_in_bulk_and_unknown_ids_come_back() {
    let stage = Stage::new().await;
    let partly = json!({
        "total": 2, "updated": 1, "failed": 1, "missing": ["bob"],
        "errors": ["ada: gold plan is no number"],
    });
    stage.replies([Reply::ok(partly)]);
    let answer = stage.client().set_values("custom", &batch(), false).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.total, answer.updated, answer.failed),
        (Some(2), Some(1), Some(1))
    );
    assert_eq!(answer.missing, ["bob"]);
    let problem = Problem {
        id: None,
        text: "[…]: […] is no number".into(),
    };
    assert_eq!(answer.errors, [problem]);
    let seen = &stage.seen()[0];
    assert_eq!(seen.method, Method::POST);
    assert_eq!(seen.target, "/eu/api/v1/metadata/visitor/custom/value");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(
        seen.json(),
        json!([
            { "visitorId": "ada", "values": { "plan": "gold plan", "seats": 12.5 } },
            { "visitorId": "bob", "values": { "plan": null } },
        ])
    );
}

#[tokio::test]
async fn records_are_created_only_if_asked() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({}))]);
    let answer = stage.client().set_values("custom", &batch(), true).await;
    assert_eq!(answer.unwrap(), Answer::default());
    let target = stage.seen().pop().unwrap().target;
    assert_eq!(
        target,
        "/eu/api/v1/metadata/visitor/custom/value?create=true"
    );
}

#[tokio::test]
async fn nothing_is_not_sent() {
    let stage = Stage::new().await;
    let (client, level) = (stage.client(), Level::Account);
    client
        .set_values("custom", &Batch::new(level), true)
        .await
        .unwrap();
    client.create_fields(level, "custom", &[]).await.unwrap();
    assert_eq!(client.calls(), Calls::default());
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_sent_again() {
    let stage = Stage::new().await;
    let client = stage.client();
    stage.replies([
        Reply::ok(r#"{ "total": 2"#).cut(),
        Reply::ok("<html>done</html>"),
        Reply::ok(json!({ "total": 2, "updated": 2 })),
    ]);
    let writer = client.clone();
    let answer = tokio::spawn(async move { writer.set_values("custom", &batch(), false).await });
    assert_eq!(answer.await.unwrap().unwrap().updated, Some(2));
    let seen = stage.seen();
    assert!(seen.iter().all(|request| request.body == seen[0].body));
    let calls = Calls {
        write: 3,
        ..Calls::default()
    };
    assert_eq!(client.calls(), calls);
    assert_eq!(stage.clock.waits().len(), 2);
}

#[tokio::test]
async fn fields_are_created_and_deleted_in_pendos_words() {
    let stage = Stage::new().await;
    let client = stage.client();
    // What is answered is not documented, so anything will do.
    stage.replies([Reply::ok("created"), Reply::new(204, "")]);
    let kinds = [
        MetadataType::String,
        MetadataType::Decimal,
        MetadataType::Time,
        MetadataType::Boolean,
    ];
    let fields = kinds.map(|kind| NewField {
        key: "plan".into(),
        display_name: "Plan".into(),
        kind,
    });
    let level = Level::Account;
    client
        .create_fields(level, "custom", &fields)
        .await
        .unwrap();
    client.delete_field(level, "custom", "plan").await.unwrap();
    let [created, deleted] = &stage.seen()[..] else {
        panic!("two calls");
    };
    assert_eq!(created.method, Method::POST);
    assert_eq!(created.target, "/eu/api/v1/metadata/schema/account/custom");
    let field = |word| json!({ "name": "plan", "displayname": "Plan", "type": word });
    let words = ["string", "number", "time", "boolean"];
    assert_eq!(created.json(), json!(words.map(field)));
    assert_eq!(deleted.method, Method::DELETE);
    assert_eq!(
        deleted.target,
        "/eu/api/v1/metadata/schema/account/custom/plan"
    );
    assert_eq!(client.calls().write, 2);
}

#[tokio::test]
async fn one_value_is_set_bare() {
    let stage = Stage::new().await;
    let (client, level) = (stage.client(), Level::Visitor);
    for value in [json!("pro"), json!(42), json!(["a"]), json!(null)] {
        stage.replies([Reply::ok("")]);
        let set = client.set_value(level, "custom", "a b", "plan", &value);
        set.await.unwrap();
        let seen = stage.seen().pop().unwrap();
        assert_eq!(seen.method, Method::PUT);
        assert_eq!(
            seen.target,
            "/eu/api/v1/metadata/visitor/custom/value/a%20b/plan"
        );
        assert_eq!(seen.json(), value);
    }
    stage.replies([Reply::new(404, "")]);
    let one = json!(1);
    let unknown = client.set_value(level, "custom", "x", "plan", &one).await;
    assert_eq!(unknown.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn the_members_of_an_answer_can_be_had() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({ "updated": 2, "kind": "visitor" }))]);
    let (answer, members) = stage
        .client()
        .raw_set_values("custom", &batch())
        .await
        .unwrap();
    assert_eq!(answer.updated, Some(2));
    assert_eq!(members, ["kind", "updated"]);
    assert_eq!(
        stage.seen()[0].target,
        "/eu/api/v1/metadata/visitor/custom/value"
    );
}
