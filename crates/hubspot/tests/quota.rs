//! Budgets, through the client.

use std::{sync::Arc, time::Duration};

use hubspot::{
    Client, Columns, Credentials, Error, Governor, Governors, Kind, Query, QuotaSettings, Settings,
};
use model::{Clock, ObjectType::Contacts, PortalId, RecordId};
use serde_json::json;

use crate::stage::{Reply, Stage, found, kind};

async fn total(client: &Client) -> Result<u64, Error> {
    client.total(Contacts, &Query::default()).await
}

async fn batch(client: &Client) -> Result<(), Error> {
    let columns = Columns::new([]);
    client
        .batch_read(Contacts, &[RecordId(1)], &columns)
        .await
        .map(drop)
}

fn limited(limit: &str, policy: Option<&str>) -> Reply {
    let mut body = json!({
        "status": "error",
        "message": format!("You have reached your {limit} limit."),
        "correlationId": "c0ffee00-1111-2222-3333-444455556666",
    });
    match policy {
        Some(policy) => {
            body["errorType"] = "RATE_LIMIT".into();
            body["policyName"] = policy.into();
        }
        None => body["category"] = "RATE_LIMITS".into(),
    }
    Reply::new(429, body)
}

fn one() -> Reply {
    Reply::ok(json!({ "results": [crate::stage::record(1)] }))
}

#[tokio::test]
async fn a_refused_burst_waits_until_the_window_rolls() {
    let stage = Stage::new().await;
    stage.replies([
        one(),
        limited("ten_secondly_rolling", Some("TEN_SECONDLY_ROLLING")),
        one(),
    ]);
    let client = stage.client();
    batch(&client).await.unwrap();
    let before = stage.clock.now();
    batch(&client).await.unwrap();
    let waited = stage.clock.now().duration_since(before);
    assert!((9..=11).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(client.calls().batch_read, 3);
    assert_eq!(client.calls().refused, 1);
}

#[tokio::test]
async fn a_refused_search_halves_the_pace() {
    for refusal in [
        limited("secondly", None),
        limited("secondly", Some("SECONDLY")),
        Reply::new(429, "Too many requests"),
    ] {
        let stage = Stage::new().await;
        stage.replies([refusal, found(1, [])]);
        let client = stage.client();
        assert_eq!(client.quota().search_per_second, Some(4.0));
        total(&client).await.unwrap();
        assert_eq!(client.quota().search_per_second, Some(2.0));
        let waited: Duration = stage.clock.waits().iter().sum();
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
        stage.clock.advance(Duration::from_hours(1));
        assert_eq!(client.quota().search_per_second, Some(4.0));
    }
}

#[tokio::test]
async fn a_refused_day_ends_the_run_until_midnight_in_the_account() {
    let stage = Stage::new().await;
    stage.replies([
        Reply::ok(json!({ "portalId": 1, "timeZone": "Asia/Tokyo" })),
        limited("DAILY", Some("DAILY")),
    ]);
    let client = stage.client();
    client.account_details().await.unwrap();
    for _ in 0..2 {
        let error = total(&client).await.unwrap_err();
        let Error::DailyQuota { resets_at, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(resets_at.to_string(), "2026-11-20T15:00:00Z");
    }
    assert_eq!(stage.seen().len(), 2, "nothing is sent into a closed day");
    stage.clock.advance(Duration::from_hours(15));
    stage.replies([found(7, [])]);
    assert_eq!(total(&client).await.unwrap(), 7);
}

#[tokio::test]
async fn the_reserve_is_left_to_others() {
    let stage = Stage::new().await;
    let reply = found(1, [])
        .header("X-HubSpot-RateLimit-Daily", 1_000)
        .header("X-HubSpot-RateLimit-Daily-Remaining", 200);
    stage.replies([reply]);
    let client = stage.client();
    total(&client).await.unwrap();
    assert_eq!(client.quota().daily_limit, Some(1_000));
    assert_eq!(client.quota().daily_left, Some(0));
    assert_eq!(kind(total(&client).await), Kind::Daily);
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn searches_are_outside_the_window_and_the_window_is_learnt() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| {
        if seen.path.ends_with("/search") {
            found(1, [])
        } else {
            one()
                .header("X-HubSpot-RateLimit-Max", 5)
                .header("x-hubspot-ratelimit-interval-milliseconds", 10_000)
        }
    });
    let client = stage.client();
    batch(&client).await.unwrap();
    assert_eq!(client.quota().window_limit, Some(5));
    for _ in 0..3 {
        total(&client).await.unwrap();
    }
    assert_eq!(client.quota().window_left, Some(4));
    let before = stage.clock.now();
    for _ in 0..5 {
        batch(&client).await.unwrap();
    }
    let waited = stage.clock.now().duration_since(before);
    assert!((8..=10).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(client.calls().refused, 0);
}

#[tokio::test]
async fn introspection_tells_the_class() {
    for (private, expected) in [(true, 100), (false, 110)] {
        let stage = Stage::new().await;
        stage.replies([Reply::ok(json!({
            "active": true,
            "hub_id": 1_234_567,
            "user": "admin@example.com",
            "scopes": ["oauth", "crm.objects.contacts.read"],
            "is_private_distribution": private,
            "signed_access_token": { "hublet": "na1" },
        }))]);
        let client = stage.client();
        let facts = client.token_facts().await.unwrap();
        assert_eq!(facts.portal, Some(PortalId(1_234_567)));
        assert_eq!(facts.hublet.as_deref(), Some("na1"));
        assert!(!format!("{facts:?}").contains("admin"));
        assert_eq!(client.quota().window_limit, Some(expected));
    }
}

#[tokio::test]
async fn connections_to_one_portal_share_its_quota() {
    let stage = Stage::new().await;
    stage.otherwise(|_| found(1, []));
    let governors = Governors::new(QuotaSettings::default(), stage.clock.clone());
    let client = |portal| stage.client().under(governors.portal(PortalId(portal)));
    let (one, same, other) = (client(1), client(1), client(2));
    total(&one).await.unwrap();
    total(&other).await.unwrap();
    assert_eq!(stage.clock.waits(), [], "two portals, two budgets");
    total(&same).await.unwrap();
    assert_eq!(stage.clock.waits().len(), 1);
    assert_eq!((one.calls().search, same.calls().search), (1, 1));
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let stage = Stage::new().await;
    stage.otherwise(|_| one().unfinished());
    let settings = Settings {
        quota: QuotaSettings {
            in_flight: 2,
            ..QuotaSettings::default()
        },
        ..stage.settings()
    };
    let clock: Arc<dyn Clock> = stage.clock.clone();
    let governor = Arc::new(Governor::new(&settings.quota, clock));
    let token = Credentials::Static("pat".into());
    let client = stage
        .builder(settings, token)
        .governor(governor)
        .build()
        .unwrap();
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { batch(&client).await })
        })
        .collect();
    // The first two hang; the others must not be sent however long that lasts.
    while stage.seen().len() < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.seen().len(), 2);
    for call in calls {
        call.abort();
    }
}
