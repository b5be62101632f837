//! Limits: windows, headers, bodies.

use sandbox::{App, Config, DEFAULT_CLIENT_ID, Distribution, PortalConfig, Quota};
use serde_json::json;

use crate::client::{Answer, HUB, Hub};

fn limited(quota: Quota) -> Hub {
    Hub::of(PortalConfig::bench(HUB, 50).limited(quota))
}

fn list(hub: &Hub) -> Answer {
    hub.get("/crm/objects/2026-09/contacts?limit=1")
}

fn number(answer: &Answer, header: &str) -> Option<u32> {
    answer.header(header).map(|v| v.parse().unwrap())
}

#[test]
fn ten_second_window() {
    let hub = limited(Quota {
        ten_secondly: 3,
        daily: 1_000,
        ..Quota::PROFESSIONAL
    });
    let first = list(&hub).expect(200);
    assert_eq!(number(&first, "X-HubSpot-RateLimit-Max"), Some(3));
    assert_eq!(number(&first, "X-HubSpot-RateLimit-Remaining"), Some(2));
    assert_eq!(
        number(&first, "x-hubspot-ratelimit-interval-milliseconds"),
        Some(10_000)
    );
    assert!(first.header("X-HubSpot-RateLimit-Secondly").is_some());
    assert!(first.header("X-HubSpot-Correlation-Id").is_some());
    hub.sandbox.clock().advance_ms(4_000);
    list(&hub).expect(200);
    list(&hub).expect(200);
    let refused = list(&hub).expect(429);
    assert!(refused.header("retry-after").is_none());
    let body = refused.json();
    assert_eq!(
        body["message"],
        "You have reached your ten_secondly_rolling limit."
    );
    assert_eq!(
        (&body["errorType"], &body["policyName"]),
        (&json!("RATE_LIMIT"), &json!("TEN_SECONDLY_ROLLING"))
    );
    // The window rolls: only the first call has left it after ten seconds.
    hub.sandbox.clock().advance_ms(6_000);
    list(&hub).expect(200);
    list(&hub).expect(429);
    assert_eq!(hub.sandbox.tally(sandbox::Kind::List).refused, 2);
}

#[test]
fn search_has_a_budget_of_its_own_and_no_window_headers() {
    let hub = limited(Quota {
        ten_secondly: 2,
        ..Quota::PROFESSIONAL
    });
    let first = hub.search(&json!({})).expect(200);
    for absent in [
        "X-HubSpot-RateLimit-Max",
        "X-HubSpot-RateLimit-Remaining",
        "X-HubSpot-RateLimit-Interval-Milliseconds",
        "X-HubSpot-RateLimit-Secondly",
    ] {
        assert!(first.header(absent).is_none(), "{absent}");
    }
    assert_eq!(number(&first, "X-HubSpot-RateLimit-Daily"), Some(625_000));
    for _ in 0..4 {
        hub.search(&json!({})).expect(200);
    }
    let left = number(
        &hub.search(&json!({})).expect(429),
        "X-HubSpot-RateLimit-Daily-Remaining",
    );
    let refused = hub.search(&json!({})).expect(429);
    let body = refused.json();
    assert_eq!(
        (&body["message"], &body["category"]),
        (
            &json!("You have reached your secondly limit."),
            &json!("RATE_LIMITS")
        )
    );
    assert!(body.get("policyName").is_none() && refused.header("retry-after").is_none());
    // A refused search lowers the day's remainder all the same.
    assert_eq!(
        number(&refused, "X-HubSpot-RateLimit-Daily-Remaining"),
        left.map(|n| n - 1)
    );
    list(&hub).expect(200);
    hub.sandbox.clock().advance_ms(1_000);
    hub.search(&json!({})).expect(200);
}

#[test]
fn refused_calls_can_be_free() {
    let hub = limited(Quota {
        refused_count: false,
        ..Quota::PROFESSIONAL
    });
    let left = |a: &Answer| number(a, "X-HubSpot-RateLimit-Daily-Remaining");
    let mut last = None;
    for _ in 0..5 {
        last = left(&hub.search(&json!({})).expect(200));
    }
    assert_eq!(left(&hub.search(&json!({})).expect(429)), last);
}

#[test]
fn a_day_ends_at_midnight_in_the_accounts_zone() {
    // 01:00 UTC is 10:00 in Tokyo: fourteen hours to go.
    let hub = limited(Quota {
        daily: 10,
        daily_used_elsewhere: 8,
        ..Quota::UNLIMITED
    });
    assert_eq!(
        number(
            &list(&hub).expect(200),
            "X-HubSpot-RateLimit-Daily-Remaining"
        ),
        Some(1)
    );
    hub.search(&json!({})).expect(200);
    let body = list(&hub).expect(429).json();
    assert_eq!(
        (&body["message"], &body["policyName"]),
        (
            &json!("You have reached your daily limit."),
            &json!("DAILY")
        )
    );
    hub.search(&json!({})).expect(429);
    hub.sandbox.clock().advance_ms(14 * 3_600_000 - 1);
    list(&hub).expect(429);
    hub.sandbox.clock().advance_ms(1);
    list(&hub).expect(200);
}

#[test]
fn marketplace_apps_have_no_day() {
    let hub = Hub::with(Config {
        apps: vec![App {
            distribution: Distribution::Marketplace,
            ..App::default()
        }],
        ..Config::with_portal(PortalConfig::bench(HUB, 50).limited(Quota {
            daily: 1,
            daily_used_elsewhere: 1,
            ..Quota::PROFESSIONAL
        }))
    });
    list(&hub).expect(429);
    let tokens = hub.sandbox.install(HUB, DEFAULT_CLIENT_ID, &[]).unwrap();
    let hub = hub.calling_as(&tokens.access_token);
    let answer = list(&hub).expect(200);
    assert!(
        answer.header("X-HubSpot-RateLimit-Daily").is_none()
            && answer
                .header("X-HubSpot-RateLimit-Daily-Remaining")
                .is_none()
    );
    assert_eq!(number(&answer, "X-HubSpot-RateLimit-Max"), Some(110));
    for _ in 0..109 {
        list(&hub).expect(200);
    }
    list(&hub).expect(429);
}

#[test]
fn associations_stay_out_of_the_window() {
    let hub = limited(Quota {
        ten_secondly: 1,
        ..Quota::PROFESSIONAL
    });
    let id = hub.sandbox.live_ids(HUB, sandbox::Object::Contacts)[0].to_string();
    for _ in 0..5 {
        let answer = hub
            .post(
                "/crm/associations/2026-09/contacts/companies/batch/read",
                &json!({"inputs": [{"id": id}]}),
            )
            .expect(200);
        assert!(answer.header("X-HubSpot-RateLimit-Max").is_none());
    }
    list(&hub).expect(200);
    list(&hub).expect(429);
}

#[test]
fn no_limits_no_headers() {
    let hub = limited(Quota::UNLIMITED);
    for _ in 0..300 {
        assert!(
            list(&hub)
                .expect(200)
                .header("X-HubSpot-RateLimit-Max")
                .is_none()
        );
    }
}

#[test]
fn usage_tells_what_was_called_today() {
    let hub = limited(Quota {
        daily_used_elsewhere: 1_000,
        ..Quota::PROFESSIONAL
    });
    list(&hub).expect(200);
    let usage = hub
        .get("/account-info/2026-09/api-usage/daily/private-apps")
        .expect(200)
        .json()["results"][0]
        .clone();
    assert_eq!(
        (&usage["usageLimit"], &usage["currentUsage"]),
        (&json!(625_000), &json!(1_002))
    );
    assert_eq!(usage["resetsAt"], "2026-11-20T15:00:00.000Z");
    assert_eq!(usage["fetchStatus"], "SUCCESS");
}

#[test]
fn the_days_count_can_be_set() {
    let hub = limited(Quota {
        daily: 100,
        ..Quota::UNLIMITED
    });
    list(&hub).expect(200);
    hub.sandbox
        .run(HUB, &sandbox::Command::UsedToday { calls: 98 })
        .unwrap();
    let last = list(&hub).expect(200);
    assert_eq!(
        number(&last, "X-HubSpot-RateLimit-Daily-Remaining"),
        Some(1)
    );
    list(&hub).expect(200);
    list(&hub).expect(429);
}
