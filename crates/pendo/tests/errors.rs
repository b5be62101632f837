//! Refusals, waits, and what errors say.

use std::{error::Error as _, time::Duration};

use model::Level;
use pendo::{Batch, Calls, Client, Error, Kind, Region, Settings};
use serde_json::json;

use crate::stage::{KEY, Reply, Stage};

/// The error with all its causes, in both ways of printing.
fn printed(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} {cause}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn each_status_has_its_kind_and_its_number_of_tries() {
    for (status, kind, tries) in [
        (302, Kind::Unexpected, 1),
        (400, Kind::Invalid, 1),
        (401, Kind::Key, 1),
        (403, Kind::Key, 1),
        (404, Kind::NotFound, 1),
        (405, Kind::Unexpected, 1),
        (408, Kind::Slow, 6),
        (409, Kind::Busy, 6),
        (413, Kind::TooLarge, 1),
        (422, Kind::Invalid, 1),
        (429, Kind::Limited, 6),
        (500, Kind::Server, 6),
        (504, Kind::Server, 6),
    ] {
        let stage = Stage::new().await;
        stage.replies(std::iter::repeat_n(Reply::new(status, ""), 9));
        let client = stage.client();
        let error = client.schema(Level::Visitor).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.is_retryable(), tries > 1, "{status}");
        assert!(!error.hint().is_empty());
        let calls = Calls {
            read: tries,
            write: 0,
            refused: if status == 429 { tries } else { 0 },
        };
        assert_eq!(client.calls(), calls, "{status}");
    }
}

#[tokio::test]
async fn waits_double_and_heed_retry_after_within_reason() {
    let stage = Stage::new().await;
    stage.replies([
        Reply::new(429, ""),
        Reply::new(503, ""),
        Reply::new(429, "").retry_after("90"),
        Reply::new(429, "").retry_after("Fri, 20 Nov 2026 00:30:00 GMT"),
        Reply::new(409, "").retry_after("whenever"),
        Reply::ok(json!({})),
    ]);
    stage.client().schema(Level::Visitor).await.unwrap();
    let waits = stage.clock.waits();
    // By chance up to a half longer.
    for (wait, least) in [(waits[0], 1), (waits[1], 2), (waits[4], 16)] {
        let least = Duration::from_secs(least);
        assert!(wait >= least && wait <= least * 3 / 2, "{wait:?}");
    }
    assert_eq!(waits[2], Duration::from_secs(90));
    assert_eq!(waits[3], Duration::from_mins(5));
}

#[tokio::test]
async fn the_caller_may_say_how_often() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(500, ""), Reply::new(500, "")]);
    let client = stage.builder(stage.settings()).tries(1).build().unwrap();
    assert!(client.count(Level::Visitor).await.is_err());
    assert_eq!(client.calls().read, 1);
    assert!(stage.clock.waits().is_empty());
}

#[tokio::test]
async fn a_refused_key_is_explained() {
    let stage = Stage::new().await;
    let client = stage.client();
    stage.replies([Reply::new(403, ""), Reply::new(403, "")]);
    let reading = client.verify().await.unwrap_err().to_string();
    assert!(
        reading.ends_with("missing, wrong, revoked, or of another region"),
        "{reading}"
    );
    let deleting = client.delete_field(Level::Visitor, "custom", "plan").await;
    let writing = deleting.unwrap_err().to_string();
    assert!(writing.ends_with("or it may only read"), "{writing}");
}

#[tokio::test]
async fn errors_tell_neither_key_nor_id_nor_value_nor_address() {
    let stage = Stage::new().await;
    let client = stage.client();
    let told = format!("ada-7 of a.b@example.com has 'gold plan', says {KEY}");
    let mut batch = Batch::new(Level::Visitor);
    batch.record("ada-7", |values| values.put("plan", r#""gold plan""#));
    for body in [
        json!(told),
        json!({ "message": told }),
        json!({ "errors": [{ "visitorId": "ada-7", "error": told }] }),
        json!(format!("<html><head><title>{told}</title></head></html>")),
    ] {
        stage.replies([Reply::new(400, body.clone()), Reply::new(400, body)]);
        let value = json!("gold plan");
        let errors = [
            client
                .set_values("custom", &batch, false)
                .await
                .unwrap_err(),
            client
                .set_value(Level::Visitor, "custom", "ada-7", "plan", &value)
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let printed = printed(&error);
            for secret in ["ada-7", "gold", "example.com", KEY] {
                assert!(!printed.contains(secret), "{printed}");
            }
            assert!(printed.contains("has"), "{printed}");
        }
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_asked_for_again_and_not_quoted() {
    let stage = Stage::new().await;
    let client = stage.builder(stage.settings()).tries(2).build().unwrap();
    stage.replies([Reply::ok("gold"), Reply::ok("[\"gold\"]")]);
    let error = client.count(Level::Visitor).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    assert!(!printed(&error).contains("gold"));
    assert_eq!(client.calls().read, 2);
}

#[tokio::test]
async fn nobody_listening_is_a_network_failure_without_an_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let settings = Settings {
        base_url: Some(format!("http://{address}/somewhere")),
        ..Settings::default()
    };
    let client = Client::builder(settings, Region::Us, KEY.into()).tries(1);
    let client = client.build().unwrap();
    let value = client
        .value(Level::Visitor, "custom", "ada-7", "plan")
        .await;
    let error = value.unwrap_err();
    assert_eq!(error.kind(), Kind::Network);
    let printed = printed(&error);
    for secret in ["somewhere", "ada-7", KEY] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_a_setting_to_correct() {
    for key in ["", "  ", "two\nlines"] {
        let client = Client::builder(Settings::default(), Region::Us, key.into()).build();
        assert_eq!(client.unwrap_err().kind(), Kind::Settings);
    }
}
