//! What is asked, and how answers are understood.

use axum::http::Method;
use model::Level;
use pendo::{Access, Calls, FieldType, Kind, KnownId, Settings};
use serde_json::{Value, json};

use crate::stage::{KEY, Reply, Stage};

#[tokio::test]
async fn a_key_is_checked_with_a_header_that_says_it() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({ "valid": true, "writeAccess": true }))]);
    assert_eq!(
        stage.client().verify().await.unwrap(),
        Access { write: true }
    );
    let seen = &stage.seen()[0];
    assert_eq!(seen.method, Method::GET);
    assert_eq!(seen.target, "/eu/api/v1/token/verify");
    assert_eq!(seen.header("x-pendo-integration-key"), KEY);
    assert_eq!(seen.header("accept"), "application/json");
    assert!(seen.header("user-agent").starts_with("tributary/"));
}

#[tokio::test]
async fn a_key_that_is_said_to_be_invalid_is_an_error() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({ "valid": false }))]);
    let error = stage.client().verify().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Key);
}

#[tokio::test]
async fn fields_are_read_by_level() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(
        json!({ "custom": { "plan": { "Type": "float" } } }),
    )]);
    let schema = stage.client().schema(Level::Account).await.unwrap();
    assert_eq!(stage.seen()[0].target, "/eu/api/v1/metadata/schema/account");
    let plan = schema.field("custom", "plan").unwrap();
    assert_eq!(plan.kind, FieldType::Float);
}

#[tokio::test]
async fn a_value_is_read_as_it_is() {
    let stage = Stage::new().await;
    let (client, level) = (stage.client(), Level::Visitor);
    for (body, value) in [
        (json!(12.5), Some(json!(12.5))),
        (Value::from("\"pro\""), Some(json!("pro"))),
        (json!(null), None),
    ] {
        stage.replies([Reply::ok(body)]);
        let read = client.value(level, "custom", "ada", "plan").await.unwrap();
        assert_eq!(read, value);
    }
}

#[tokio::test]
async fn any_id_can_be_asked_for_except_dots() {
    let stage = Stage::new().await;
    let client = stage.client();
    for (id, segment) in [
        ("a/../../b", "a%2F..%2F..%2Fb"),
        ("ü x@y.z?a=b#c", "%C3%BC%20x%40y.z%3Fa%3Db%23c"),
        ("%2e%2e", "%252e%252e"),
        ("..a", "..a"),
        ("a\tb\n", "a%09b%0A"),
        ("\\", "%5C"),
    ] {
        stage.replies([Reply::ok(1)]);
        let value = client.value(Level::Visitor, "custom", id, "plan").await;
        assert_eq!(value.unwrap(), Some(json!(1)));
        let target = stage.seen().pop().unwrap().target;
        let path = format!("/eu/api/v1/metadata/visitor/custom/value/{segment}/plan");
        assert_eq!(target, path);
    }
    let before = client.calls();
    for id in ["", ".", ".."] {
        let error = client.value(Level::Visitor, "custom", id, "plan").await;
        assert_eq!(error.unwrap_err().kind(), Kind::Invalid);
    }
    assert_eq!(client.calls(), before);
}

#[tokio::test]
async fn an_absent_value_is_told_from_an_unknown_id() {
    let stage = Stage::new().await;
    let client = stage.client();
    stage.replies([
        Reply::new(404, ""),
        Reply::ok(json!({ "visitorId": "ada" })),
    ]);
    let value = client.value(Level::Visitor, "custom", "ada", "plan").await;
    assert_eq!(value.unwrap(), None);
    assert_eq!(stage.seen()[1].target, "/eu/api/v1/visitor/ada");
    stage.replies([Reply::new(404, ""), Reply::new(404, "")]);
    let error = client.value(Level::Visitor, "custom", "bob", "plan").await;
    assert_eq!(error.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn ids_are_paged_and_counted_by_aggregation() {
    let stage = Stage::new().await;
    let client = stage.client();
    stage.replies([
        Reply::ok(json!({ "results": [{ "count": 3 }] })),
        Reply::ok(json!({ "results": [{ "accountId": "b", "v0": 1_463_547_077_029_i64 }] })),
        Reply::ok(json!({ "results": [] })),
        Reply::ok(json!({ "results": [{ "accountId": "b", "v0": "gold" }] })),
    ]);
    assert_eq!(client.count(Level::Account).await.unwrap(), 3);
    let known = KnownId {
        id: "b".into(),
        first_visit: Some(1_463_547_077_029),
    };
    let ids = client.ids(Level::Account, Some("a"), 10).await.unwrap();
    assert_eq!(ids, [known]);
    let fresh = client.ids_since(Level::Account, 12, None, 10).await;
    assert!(fresh.unwrap().is_empty());
    let keys = ["plan".to_owned()];
    let held = client
        .values(Level::Account, "custom", &keys, None, 10)
        .await;
    let held = held.unwrap();
    assert_eq!(held[0].values[0].as_deref().unwrap().get(), "\"gold\"");
    for seen in stage.seen() {
        assert_eq!(seen.method, Method::POST);
        assert_eq!(seen.target, "/eu/api/v1/aggregation");
        assert_eq!(seen.header("content-type"), "application/json");
    }
    let since = stage.seen()[2].json();
    let filter = &since["request"]["pipeline"][2]["filter"];
    assert_eq!(filter, "metadata.auto.firstvisit > 12");
    assert_eq!(client.calls().read, 4);
}

#[tokio::test]
async fn clones_share_the_limit_of_calls_at_once() {
    let stage = Stage::new().await;
    stage.delayed(std::time::Duration::from_millis(20));
    stage.replies(std::iter::repeat_n(Reply::ok(json!({})), 12));
    let settings = Settings {
        in_flight: 2,
        ..stage.settings()
    };
    let client = stage.builder(settings).build().unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let client = client.counted();
        calls.spawn(async move { client.schema(Level::Visitor).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(stage.most_under_way(), 2);
    assert_eq!(client.calls(), Calls::default());
}
