//! Each row of the error table, and what never gets as far as a status.

use std::time::Duration;

use hubspot::{Client, Credentials, Error, Kind, Query, Settings};
use model::{ObjectType::Contacts, PropertyName};
use serde_json::json;

use crate::stage::{Reply, Stage, found, kind, refusal};

async fn total(client: &Client) -> Result<u64, Error> {
    client.total(Contacts, &Query::default()).await
}

/// The longest wait in whole seconds, rounded down.
fn longest_wait(stage: &Stage) -> u64 {
    let longest = stage.clock.waits().into_iter().max();
    longest.unwrap_or_default().as_secs()
}

#[tokio::test]
async fn what_is_not_retried_is_sent_once() {
    for (reply, expected) in [
        (
            refusal(
                400,
                "VALIDATION_ERROR",
                "There was a problem with the request.",
            ),
            Kind::Invalid,
        ),
        (
            refusal(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found.",
            ),
            Kind::Unauthenticated,
        ),
        // A static token cannot be refreshed, and garbage may be reported as expired.
        (
            refusal(
                401,
                "EXPIRED_AUTHENTICATION",
                "The OAuth token used to make this call expired 20336 day(s) ago.",
            ),
            Kind::Expired,
        ),
        (refusal(403, "MISSING_SCOPES", "no"), Kind::MissingScopes),
        (refusal(403, "BANNED", "no"), Kind::Forbidden),
        (
            refusal(404, "OBJECT_NOT_FOUND", "resource not found"),
            Kind::NotFound,
        ),
        (Reply::new(404, ""), Kind::NotFound),
        (Reply::new(405, "<html></html>"), Kind::Misuse),
        (Reply::new(415, ""), Kind::Misuse),
        (refusal(409, "CONFLICT", "Existing ID: 123"), Kind::Conflict),
        (
            Reply::new(414, "<head><title>414 Request-URI Too Large</title></head>"),
            Kind::TooLong,
        ),
        (Reply::new(477, ""), Kind::Moving),
        (
            Reply::new(530, "<html>error code: 1016</html>"),
            Kind::Unauthenticated,
        ),
        (
            Reply::new(302, "").header("location", "https://elsewhere.example.com"),
            Kind::Unexpected,
        ),
        (Reply::new(418, "\u{0}garbage"), Kind::Unexpected),
    ] {
        let stage = Stage::new().await;
        let status = format!("{reply:?}");
        stage.replies([reply]);
        let client = stage.client();
        assert_eq!(kind(total(&client).await), expected, "{status}");
        assert_eq!(client.calls().search, 1, "{status}");
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn what_passes_is_waited_out() {
    for (reply, least_wait) in [
        (Reply::new(423, ""), 2),
        (refusal(500, "INTERNAL_ERROR", "internal error"), 1),
        (
            Reply::new(502, "<html><title>Bad gateway</title></html>"),
            3,
        ),
        (Reply::new(503, ""), 3),
        (Reply::new(504, ""), 3),
        (Reply::new(521, ""), 3),
        (Reply::new(523, ""), 3),
        (Reply::new(524, "<html>timeout</html>"), 3),
        (Reply::new(522, ""), 2),
        (Reply::new(525, ""), 2),
        (Reply::new(526, ""), 2),
        (Reply::new(599, "never heard of"), 1),
        (Reply::ok("{\"total\": 4").cut(), 1),
        (Reply::ok("<html>not JSON at all</html>"), 1),
        (Reply::ok("{\"results\":[]}"), 1),
        (Reply::new(503, "").header("Retry-After", "17"), 17),
        (
            Reply::new(503, "").header("Retry-After", "Fri, 20 Nov 2026 00:01:00 GMT"),
            59,
        ),
    ] {
        let stage = Stage::new().await;
        let fault = format!("{reply:?}");
        stage.replies([reply.clone(), reply, found(42, [])]);
        let client = stage.client();
        assert_eq!(total(&client).await.unwrap(), 42, "{fault}");
        assert_eq!(client.calls().search, 3, "{fault}");
        assert!(
            longest_wait(&stage) >= least_wait,
            "{fault}: {:?}",
            stage.clock.waits()
        );
    }
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_asked_for_again() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok("{\"total\": 4").unfinished(), found(42, [])]);
    let client = stage.impatient_client();
    assert_eq!(total(&client).await.unwrap(), 42);
    assert_eq!(client.calls().search, 2);
}

#[tokio::test]
async fn what_does_not_pass_is_given_up_on() {
    for (status, expected, most) in [
        (423, Kind::Locked, 6),
        (429, Kind::SearchBurst, 12),
        (500, Kind::Server, 4),
        (503, Kind::Overloaded, 6),
        (524, Kind::Slow, 6),
        (526, Kind::Edge, 4),
    ] {
        let stage = Stage::new().await;
        stage.otherwise(move |_| Reply::new(status, ""));
        let client = stage.client();
        let error = total(&client).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert!(error.is_retryable());
        assert_eq!(client.calls().search, most, "{status}");
        assert_eq!(client.calls().refused, if status == 429 { most } else { 0 });
    }
}

#[tokio::test]
async fn nobody_listening_is_a_network_failure() {
    let stage = Stage::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = Settings {
        base_url,
        ..stage.settings()
    };
    let token = Credentials::Static("pat".into());
    let client = stage.builder(settings, token).build().unwrap();
    let error = total(&client).await.unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(client.calls().search, 6);
}

#[tokio::test]
async fn a_moving_account_is_parked_until_hubspot_says() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(477, "").header("Retry-After", 86_400)]);
    let error = total(&stage.client()).await.unwrap_err();
    let Error::AccountMoving { until, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(until.to_string(), "2026-11-21T00:00:00Z");
}

#[tokio::test]
async fn an_unknown_property_is_named() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(
        400,
        json!({
            "status": "error",
            "message": "Property values were not valid: [...]",
            "category": "VALIDATION_ERROR",
            "errors": [{
                "message": "Property \"gone\" does not exist",
                "code": "PROPERTY_DOESNT_EXIST",
                "context": { "propertyName": ["gone"] },
            }],
        }),
    )]);
    let query = Query::having(PropertyName::new("gone"));
    let error = stage.client().total(Contacts, &query).await.unwrap_err();
    let Error::UnknownProperty { names, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(names, &[PropertyName::new("gone")]);
    assert!(error.to_string().starts_with(
        "counting contacts: the property gone is not defined in the portal; HubSpot answered 400 VALIDATION_ERROR"
    ));
}

#[tokio::test]
async fn missing_scopes_are_named() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(
        403,
        json!({
            "status": "error",
            "message": "This app hasn't been granted all required scopes to make this call.",
            "correlationId": "0badcafe-1111-2222-3333-444455556666",
            "errors": [{
                "message": "One or more of the following scopes are required.",
                "context": { "requiredGranularScopes": ["crm.objects.contacts.read"] },
            }],
            "category": "MISSING_SCOPES",
        }),
    )]);
    let error = total(&stage.client()).await.unwrap_err();
    let Error::MissingScopes { scopes, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(scopes, &["crm.objects.contacts.read"]);
    assert_eq!(
        error.correlation_id(),
        Some("0badcafe-1111-2222-3333-444455556666")
    );
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn counts_that_may_not_be_asked_for_are_none() {
    let stage = Stage::new().await;
    stage.replies([refusal(403, "MISSING_SCOPES", "no")]);
    assert_eq!(stage.client().record_counts().await.unwrap(), None);
}

#[tokio::test]
async fn secrets_and_addresses_stay_out_of_errors() {
    let stage = Stage::new().await;
    let message = "This oauth-token (pat-na1-the-static-token) of jane@example.com and client-secret-5c1e \
                   does not have proper permissions!";
    for status in [400, 403, 409, 418] {
        stage.replies([refusal(status, "pat-na1-the-static-token", message)
            .header("x-hubspot-correlation-id", "pat-na1-the-static-token")]);
        let client = stage.client();
        let error = total(&client).await.unwrap_err();
        let printed = format!("{error} {error:?} {client:?}");
        for secret in ["the-static-token", "jane", "5c1e"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("does not have proper permissions!"));
    }
}

#[tokio::test]
async fn requests_say_who_we_are_and_follow_no_redirect() {
    let stage = Stage::new().await;
    stage.replies([found(1, [1])]);
    total(&stage.client()).await.unwrap();
    let seen = &stage.seen()[0];
    assert_eq!(
        seen.header("authorization"),
        "Bearer pat-na1-the-static-token"
    );
    assert!(seen.header("user-agent").starts_with("tributary/"));
    assert_eq!(seen.path, "/crm/objects/2026-09/contacts/search");
}

#[test]
fn a_token_that_cannot_be_sent_is_a_setting_to_correct() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stage = Stage::new().await;
        let token = Credentials::Static("pat\nnewline".into());
        let client = stage.builder(stage.settings(), token).build().unwrap();
        assert_eq!(kind(total(&client).await), Kind::Settings);
    });
}

#[tokio::test]
async fn waits_differ_by_seed_and_repeat_by_seed() {
    let mut waits = Vec::new();
    for seed in [1, 1, 2] {
        let stage = Stage::new().await;
        stage.replies([Reply::new(503, ""), found(1, [])]);
        let token = Credentials::Static("pat".into());
        let client = stage.builder(stage.settings(), token).seed(seed);
        total(&client.build().unwrap()).await.unwrap();
        let longest: Option<Duration> = stage.clock.waits().into_iter().max();
        waits.push(longest.unwrap());
    }
    assert_eq!(waits[0], waits[1]);
    assert_ne!(waits[1], waits[2]);
}
