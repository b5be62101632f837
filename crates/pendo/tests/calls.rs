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

#[tokio::test]
async fn answers_can_be_had_as_they_came() {
    let stage = Stage::new().await;
    let (client, level) = (stage.client(), Level::Visitor);
    let schema = json!({ "custom": { "plan": { "Type": "float", "odd": [1] } } });
    let record = json!({ "visitorId": "ada", "metadata": {} });
    let missing = || Reply::new(404, "");
    stage.replies([
        Reply::ok(schema.clone()),
        Reply::ok(record.clone()),
        missing(),
    ]);
    assert_eq!(client.raw_schema(level).await.unwrap(), schema);
    assert_eq!(client.raw_record(level, "ada").await.unwrap(), Some(record));
    assert_eq!(client.raw_record(level, "a/b").await.unwrap(), None);
    stage.replies([Reply::ok(Value::Null), missing()]);
    let value = async || {
        client
            .raw_value(level, "custom", "ada", "plan")
            .await
            .unwrap()
    };
    assert_eq!((value().await, value().await), (Some(Value::Null), None));
    let targets: Vec<_> = stage.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets[2], "/eu/api/v1/visitor/a%2Fb");
    assert_eq!(
        targets[4],
        "/eu/api/v1/metadata/visitor/custom/value/ada/plan"
    );
}

#[tokio::test]
async fn the_values_of_one_id_are_asked_for_by_a_filter() {
    let stage = Stage::new().await;
    let (client, keys) = (stage.client(), ["plan".to_owned()]);
    let rows = |id: &str| json!({ "results": [{ "accountId": id, "v0": 12.50 }] });
    stage.replies([
        Reply::ok(rows("ac\"me")),
        Reply::ok(json!({ "results": [] })),
        Reply::ok(rows("other")),
    ]);
    let ask = async || {
        client
            .values_of(Level::Account, "custom", "ac\"me", &keys)
            .await
            .unwrap()
    };
    let held = ask().await.unwrap();
    assert_eq!(held.values[0].as_ref().unwrap().get(), "12.5");
    // Neither nothing nor somebody else.
    assert!(ask().await.is_none() && ask().await.is_none());
    let pipeline = stage.seen()[0].json()["request"]["pipeline"].clone();
    assert_eq!(pipeline[2], json!({ "filter": r#"accountId == "ac\"me""# }));
    assert_eq!(pipeline[4], json!({ "limit": 1 }));
}
