//! Tokens: granted, refreshed, refused, kept.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hubspot::{
    Client, Credentials, Error, KeepError, Kind, OAuth, Query, Settings, TokenKeeper, Tokens,
};
use model::{Clock, ObjectType::Contacts, PortalId};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::stage::{Reply, Seen, Stage, found, kind, refusal};

/// Keeps tokens in memory, unless told to fail.
#[derive(Debug, Default)]
struct Kept {
    tokens: Mutex<Vec<String>>,
    fails: AtomicBool,
}

impl TokenKeeper for Kept {
    fn keep<'a>(
        &'a self,
        tokens: &'a Tokens,
    ) -> Pin<Box<dyn Future<Output = Result<(), KeepError>> + Send + 'a>> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err("the disk is full".into());
            }
            let token = tokens.access_token.expose_secret().to_owned();
            self.tokens.lock().unwrap().push(token);
            Ok(())
        })
    }
}

impl Kept {
    fn all(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }
}

fn tokens(access: &str) -> Reply {
    Reply::ok(json!({
        "token_type": "bearer",
        "refresh_token": "na1-1111-2222-3333-4444-555566667777",
        "access_token": access,
        "hub_id": 1_234_567,
        "scopes": ["oauth", "crm.objects.contacts.read"],
        "expires_in": 1800,
        "id_token": "unheard of",
    }))
}

fn is_token_call(seen: &Seen) -> bool {
    seen.path == "/oauth/2026-09/token"
}

struct Connection {
    stage: Stage,
    client: Client,
    kept: Arc<Kept>,
}

/// A connection whose access token expires in `lifetime`.
async fn connection(lifetime: Duration) -> Connection {
    let stage = Stage::new().await;
    let kept = Arc::new(Kept::default());
    let credentials = Credentials::OAuth {
        refresh_token: "na1-1111-2222-3333-4444-555566667777".into(),
        access_token: Some("access-0".into()),
        expires_at: Some(stage.clock.now() + lifetime),
    };
    let client = stage
        .builder(stage.settings(), credentials)
        .keeper(kept.clone())
        .build()
        .unwrap();
    Connection {
        stage,
        client,
        kept,
    }
}

fn app(stage: &Stage) -> OAuth {
    Client::oauth(stage.settings(), stage.clock.clone(), None).unwrap()
}

async fn total(client: &Client) -> Result<u64, Error> {
    client.total(Contacts, &Query::default()).await
}

#[tokio::test]
async fn the_authorize_url_names_app_scopes_and_state() {
    let stage = Stage::new().await;
    let url = app(&stage)
        .authorize_url("http://localhost:8585/oauth/callback", "st&te")
        .unwrap();
    assert_eq!(
        url,
        "https://app.hubspot.com/oauth/authorize?client_id=client-id\
         &redirect_uri=http%3A%2F%2Flocalhost%3A8585%2Foauth%2Fcallback\
         &scope=crm.objects.contacts.read%20crm.objects.companies.read\
         &optional_scope=crm.objects.owners.read&state=st%26te"
    );
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let stage = Stage::new().await;
    stage.replies([tokens("access-1")]);
    let tokens = app(&stage)
        .exchange_code("na1-code", "http://localhost/callback")
        .await
        .unwrap();
    assert_eq!(tokens.portal, Some(PortalId(1_234_567)));
    assert_eq!(tokens.scopes, ["oauth", "crm.objects.contacts.read"]);
    assert_eq!(tokens.expires_at.to_string(), "2026-11-20T00:30:00Z");
    let seen = &stage.seen()[0];
    assert!(is_token_call(seen));
    assert_eq!(seen.query, "", "nothing in the query");
    assert_eq!(
        seen.body,
        "grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%2Fcallback&code=na1-code\
         &client_id=client-id&client_secret=client-secret-5c1e"
    );
}

#[tokio::test]
async fn a_code_is_refused_for_good() {
    for (status, body) in [
        (
            400,
            json!({"status": "BAD_AUTH_CODE", "message": "missing or unknown auth code"}),
        ),
        (
            400,
            json!({"error": "invalid_grant", "status": "BAD_AUTH_CODE"}),
        ),
        (
            401,
            json!({"status": "BAD_CLIENT_SECRET", "message": "client-secret-5c1e is wrong"}),
        ),
    ] {
        let stage = Stage::new().await;
        stage.replies([Reply::new(status, body)]);
        let error = app(&stage).exchange_code("code", "http://localhost/").await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::App);
        assert!(!format!("{error:?} {error}").contains("5c1e"));
    }
}

#[tokio::test]
async fn a_token_is_refreshed_ahead_of_expiry_and_kept_before_it_is_used() {
    let Connection {
        stage,
        client,
        kept,
    } = connection(Duration::from_mins(11)).await;
    stage.replies([found(1, []), tokens("access-1"), found(2, []), found(3, [])]);
    assert_eq!(total(&client).await.unwrap(), 1);
    stage.clock.advance(Duration::from_mins(1));
    assert_eq!(total(&client).await.unwrap(), 2);
    assert_eq!(total(&client).await.unwrap(), 3);
    assert_eq!(kept.all(), ["access-1"]);
    let seen = stage.seen();
    assert_eq!(
        seen[1].body,
        "grant_type=refresh_token&refresh_token=na1-1111-2222-3333-4444-555566667777\
         &client_id=client-id&client_secret=client-secret-5c1e"
    );
    assert_eq!(seen[0].header("authorization"), "Bearer access-0");
    assert_eq!(seen[3].header("authorization"), "Bearer access-1");
    assert_eq!(client.calls().other, 1);
    assert_eq!(client.calls().search, 3);
}

#[tokio::test]
async fn a_short_lived_token_is_not_refreshed_all_the_time() {
    let Connection { stage, client, .. } = connection(Duration::ZERO).await;
    stage.replies([
        Reply::ok(json!({"access_token": "short", "expires_in": 300})),
        found(1, []),
        found(2, []),
    ]);
    total(&client).await.unwrap();
    stage.clock.advance(Duration::from_secs(190));
    total(&client).await.unwrap();
    assert_eq!(client.calls().other, 1);
}

#[tokio::test]
async fn an_unexpected_expiry_is_refreshed_once() {
    let expired = || refusal(401, "EXPIRED_AUTHENTICATION", "expired 75 second(s) ago");
    let Connection {
        stage,
        client,
        kept,
    } = connection(Duration::from_hours(5)).await;
    stage.replies([expired(), tokens("access-1"), found(5, [])]);
    assert_eq!(total(&client).await.unwrap(), 5);
    assert_eq!(kept.all(), ["access-1"]);

    stage.replies([expired(), tokens("access-2"), expired()]);
    assert_eq!(kind(total(&client).await), Kind::Expired);
    assert_eq!(stage.seen().len(), 6);
}

#[tokio::test]
async fn concurrent_callers_wait_for_one_refresh() {
    for lifetime in [Duration::ZERO, Duration::from_hours(5)] {
        let Connection { stage, client, .. } = connection(lifetime).await;
        stage.otherwise(|seen| {
            if is_token_call(seen) {
                tokens("access-1")
            } else if seen.header("authorization") == "Bearer access-1" {
                found(1, [])
            } else {
                refusal(401, "EXPIRED_AUTHENTICATION", "expired")
            }
        });
        let calls = (0..8).map(|_| total(&client));
        for result in futures::future::join_all(calls).await {
            assert_eq!(result.unwrap(), 1);
        }
        let refreshes = stage
            .seen()
            .iter()
            .filter(|seen| is_token_call(seen))
            .count();
        assert_eq!(refreshes, 1);
    }
}

#[tokio::test]
async fn a_revoked_grant_is_final() {
    for body in [
        json!({"error": "invalid_grant", "error_description": "refresh token is invalid, expired or revoked",
               "status": "BAD_REFRESH_TOKEN", "message": "refresh token is invalid, expired or revoked"}),
        json!({"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token", "correlationId": "x"}),
    ] {
        let Connection { stage, client, .. } = connection(Duration::ZERO).await;
        stage.replies([Reply::new(400, body)]);
        for _ in 0..3 {
            assert_eq!(kind(total(&client).await), Kind::Reauthorise);
        }
        assert_eq!(stage.seen().len(), 1, "it is asked once and never again");
    }
}

#[tokio::test]
async fn the_token_endpoint_is_retried_like_any_other() {
    let Connection { stage, client, .. } = connection(Duration::ZERO).await;
    stage.replies([
        Reply::new(503, ""),
        Reply::ok("{\"access_token\": \"never-comp").cut(),
        Reply::ok("{\"no\": \"token\"}"),
        tokens("access-1"),
        found(9, []),
    ]);
    assert_eq!(total(&client).await.unwrap(), 9);
    assert_eq!(client.calls().other, 4);
}

#[tokio::test]
async fn a_refresh_that_fails_ahead_of_need_does_not_end_the_run() {
    let Connection { stage, client, .. } = connection(Duration::from_mins(9)).await;
    stage.otherwise(|seen| {
        if is_token_call(seen) {
            Reply::new(503, "")
        } else {
            found(1, [])
        }
    });
    assert_eq!(total(&client).await.unwrap(), 1);
    let tried = client.calls().other;
    assert_eq!(total(&client).await.unwrap(), 1);
    assert_eq!(client.calls().other, tried, "not at every call");
    stage.clock.advance(Duration::from_mins(9));
    assert_eq!(kind(total(&client).await), Kind::Overloaded);
}

#[tokio::test]
async fn tokens_that_could_not_be_kept_are_neither_used_nor_lost() {
    let Connection {
        stage,
        client,
        kept,
    } = connection(Duration::ZERO).await;
    stage.replies([tokens("access-1")]);
    kept.fails.store(true, Ordering::SeqCst);
    let error = total(&client).await.unwrap_err();
    assert!(matches!(error, Error::Keep { .. }), "{error}");
    assert_eq!(kind(total(&client).await), Kind::Keep);
    assert_eq!(stage.seen().len(), 1);

    kept.fails.store(false, Ordering::SeqCst);
    stage.replies([found(3, [])]);
    assert_eq!(total(&client).await.unwrap(), 3);
    assert_eq!(kept.all(), ["access-1"]);
    assert_eq!(stage.seen()[1].header("authorization"), "Bearer access-1");
}

#[tokio::test]
async fn an_oauth_token_is_introspected_with_both_names_and_revoked() {
    let Connection { stage, client, .. } = connection(Duration::from_hours(5)).await;
    stage.replies([Reply::ok(json!({"active": true})), Reply::ok("")]);
    assert!(client.token_facts().await.unwrap().active);
    app(&stage)
        .revoke(&"the-refresh-token".into())
        .await
        .unwrap();
    let seen = stage.seen();
    assert_eq!(seen[0].path, "/oauth/2026-09/token/introspect");
    assert!(
        seen[0]
            .body
            .contains("&token=access-0&access_token=access-0&")
    );
    assert_eq!(seen[1].path, "/oauth/2026-09/token/revoke");
    assert!(
        seen[1]
            .body
            .starts_with("token=the-refresh-token&token_type_hint=refresh_token&")
    );
}

#[tokio::test]
async fn revoking_what_is_revoked_is_no_failure() {
    let stage = Stage::new().await;
    stage.replies([refusal(400, "INVALID_GRANT", "refresh token is invalid")]);
    app(&stage).revoke(&"gone".into()).await.unwrap();
}

#[tokio::test]
async fn oauth_needs_an_app() {
    let stage = Stage::new().await;
    let settings = Settings {
        client_secret: None,
        ..stage.settings()
    };
    let credentials = Credentials::OAuth {
        refresh_token: "r".into(),
        access_token: None,
        expires_at: None,
    };
    assert_eq!(
        kind(stage.builder(settings, credentials).build()),
        Kind::Settings
    );
}
