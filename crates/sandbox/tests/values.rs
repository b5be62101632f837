//! Values on the wire: strings and nulls, three kinds of nothing, and what does not fit.

use std::collections::BTreeSet;

use sandbox::{Dirt, Object, PortalConfig};
use serde_json::{Value, json};

use crate::client::{HUB, Hub};

fn values(hub: &Hub, name: &str) -> Vec<Value> {
    hub.sweep(&[], name).into_iter().map(|(_, v)| v).collect()
}

#[test]
fn every_value_is_a_string_or_null() {
    let hub = Hub::small();
    let names: Vec<Value> = hub.get("/crm/v3/properties/contacts").json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    let answer = hub
        .search(&json!({"properties": names, "limit": 200}))
        .expect(200)
        .json();
    for record in answer["results"].as_array().unwrap() {
        let properties = record["properties"].as_object().unwrap();
        assert_eq!(properties.len(), names.len());
        assert!(properties.values().all(|v| v.is_string() || v.is_null()));
    }
}

#[test]
fn never_set_is_null_and_cleared_is_empty() {
    let hub = Hub::small();
    let seen = values(&hub, "mobilephone");
    assert!(
        seen.iter().any(Value::is_null)
            && seen.iter().any(|v| v == "")
            && seen
                .iter()
                .any(|v| v.as_str().is_some_and(|s| !s.is_empty()))
    );
    assert!(values(&hub, "never_used").iter().all(Value::is_null));
    hub.sandbox.knobs(HUB, |k| k.omit_unset = true);
    let record = hub
        .search(&json!({"properties": ["never_used"], "limit": 1}))
        .json()["results"][0]
        .clone();
    assert!(record["properties"].get("never_used").is_none());
    assert!(record["properties"].get("hs_object_id").is_some());
}

#[test]
fn archived_and_sensitive_values_are_left_out() {
    let sensitive = "crm.objects.contacts.sensitive.read.v2";
    let mut portal = PortalConfig::small(HUB);
    portal.tokens.push(sandbox::StaticToken {
        token: "pat-sensitive".to_owned(),
        scopes: vec!["crm.objects.contacts.read".to_owned(), sensitive.to_owned()],
    });
    let hub = Hub::of(portal);
    let ask = json!({"properties": ["dietary_needs", "health_plan_number", "legacy_plan_code", "city"], "limit": 1});
    let names = |hub: &Hub| {
        hub.search(&ask).expect(200).json()["results"][0]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        names(&hub),
        ["city", "createdate", "hs_object_id", "lastmodifieddate"]
            .map(str::to_owned)
            .into()
    );
    let hub = hub.calling_as("pat-sensitive");
    assert!(names(&hub).contains("dietary_needs") && !names(&hub).contains("health_plan_number"));
}

#[test]
fn each_kind_of_bad_value_occurs() {
    let hub = Hub::of(PortalConfig {
        dirt: Dirt {
            bad_values: 0.3,
            ..Dirt::NONE
        },
        ..PortalConfig::small(HUB)
    });
    let texts = |name: &str| -> BTreeSet<String> {
        values(&hub, name)
            .iter()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    };
    let numbers = texts("hs_analytics_num_visits");
    for bad in ["N/A", "1234;5678", "1.5E7", "6.02e-3"] {
        assert!(numbers.contains(bad), "{bad}");
    }
    let whole = |s: &String| s.parse::<i64>().is_ok();
    let moments = texts("last_login_at");
    assert!(moments.iter().any(whole), "epoch ms");
    assert!(
        moments.iter().any(|s| s.ends_with(".0") && s.len() == 15),
        "float ms"
    );
    assert!(
        moments.iter().any(|s| s.len() == 20 && s.ends_with('Z')),
        "no fraction"
    );
    let dates = texts("trial_ends_on");
    assert!(
        dates.iter().any(whole)
            && dates.iter().any(|s| s.contains('T'))
            && dates.contains("2025-02-30")
    );
    assert!(texts("is_champion").contains("yes"));
    assert!(texts("plan_tier").contains("discontinued_option"));
}

#[test]
fn clean_values_fit_their_types() {
    let hub = Hub::clean(400);
    for value in values(&hub, "mrr").iter().filter_map(Value::as_str) {
        assert!(value.parse::<f64>().is_ok(), "{value}");
    }
    for value in values(&hub, "trial_ends_on")
        .iter()
        .filter_map(Value::as_str)
    {
        assert!(value.len() == 10 && value.as_bytes()[4] == b'-', "{value}");
    }
    for value in values(&hub, "last_login_at")
        .iter()
        .filter_map(Value::as_str)
    {
        assert!(value.len() == 24 && value.ends_with('Z'), "{value}");
    }
    assert!(
        values(&hub, "product_roles")
            .iter()
            .filter_map(Value::as_str)
            .any(|v| v.contains(';'))
    );
    let owners = hub.get("/crm/owners/2026-09?limit=500").json();
    let ids: BTreeSet<String> = owners["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        values(&hub, "hubspot_owner_id")
            .iter()
            .filter_map(Value::as_str)
            .any(|v| ids.contains(v))
    );
}

#[test]
fn odd_texts_survive_the_journey() {
    let hub = Hub::of(PortalConfig {
        dirt: Dirt {
            odd_text: 0.5,
            ..Dirt::NONE
        },
        ..PortalConfig::small(HUB)
    });
    let texts: Vec<String> = values(&hub, "message")
        .into_iter()
        .chain(values(&hub, "jobtitle"))
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    let any = |what: &str| assert!(texts.iter().any(|t| t.contains(what)), "{what:?}");
    any("<b>expo</b> &amp;");
    any("line one\nline two\r\n\ttabbed");
    any("C:\\temp\\\"quoted\" \\u0041");
    any("👩‍👩‍👧‍👦");
    any("\u{7}");
    assert!(texts.iter().any(|t| t.len() > 2_000), "a very long one");
}

#[test]
fn people_and_companies_have_names_from_several_languages() {
    let hub = Hub::small();
    let given: BTreeSet<String> = values(&hub, "firstname")
        .iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    assert!(given.contains("さくら") && given.contains("Zoë"));
    let japanese = hub
        .sandbox
        .live_ids(HUB, Object::Companies)
        .into_iter()
        .filter_map(|id| hub.sandbox.value(HUB, Object::Companies, id, "name"))
        .filter(|n| n.starts_with("株式会社"))
        .count();
    assert!(japanese > 20);
}

#[test]
fn the_same_seed_makes_the_same_portal() {
    let page = |seed: u64| {
        let hub = Hub::of(PortalConfig {
            seed,
            ..PortalConfig::small(HUB)
        });
        hub.get("/crm/v3/objects/contacts?limit=50&properties=email,city,mrr,product_user_id")
            .text()
    };
    assert_eq!(page(5), page(5));
    assert_ne!(page(5), page(6));
}

#[test]
fn fields_nobody_documented() {
    let hub = Hub::small();
    hub.sandbox.knobs(HUB, |k| k.extra_fields = true);
    let answer = hub.search(&json!({"limit": 1})).expect(200).json();
    assert!(answer["results"][0]["futureField"].is_object() && answer["resultsMeta"].is_object());
    hub.sandbox.knobs(HUB, |k| k.record_url = false);
    assert!(
        hub.search(&json!({"limit": 1})).json()["results"][0]
            .get("url")
            .is_none()
    );
}
