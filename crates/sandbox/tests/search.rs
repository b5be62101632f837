//! Search: caps, operators, case, dates, the ceiling, and the index that lags behind.

use std::collections::BTreeSet;

use sandbox::{Command, Object, PortalConfig, SearchOrder, VISITOR_KEY};
use serde_json::{Value, json};

use crate::client::{HUB, Hub};

fn filter(property: &str, operator: &str, value: &str) -> Value {
    json!({"propertyName": property, "operator": operator, "value": value})
}

fn only(filters: &[Value]) -> Value {
    json!({"filterGroups": [{"filters": filters}], "limit": 200, "properties": [VISITOR_KEY, "email", "plan_tier", "mrr"]})
}

fn total(hub: &Hub, filters: &[Value]) -> u64 {
    hub.search(&only(filters)).expect(200).json()["total"]
        .as_u64()
        .unwrap()
}

#[test]
fn pages_of_ten_by_default_and_two_hundred_at_most() {
    let hub = Hub::clean(500);
    assert_eq!(hub.search(&json!({})).ids().len(), 10);
    assert_eq!(hub.search(&json!({"limit": 200})).ids().len(), 200);
    hub.search(&json!({"limit": 201})).expect(400);
    assert_eq!(hub.search(&json!({"limit": "20"})).ids().len(), 20);
}

#[test]
fn after_is_an_offset() {
    let hub = Hub::clean(500);
    let first = hub.search(&json!({"limit": 100})).expect(200);
    assert_eq!(first.json()["paging"]["next"]["after"], "100");
    assert_eq!(first.json()["total"], 500);
    let last = hub
        .search(&json!({"limit": 100, "after": "400"}))
        .expect(200);
    assert!(last.json().get("paging").is_none());
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert_eq!(last.ids(), ids[400..]);
    assert_eq!(
        hub.search(&json!({"limit": 7, "after": 243})).ids(),
        ids[243..250]
    );
}

#[test]
fn ten_thousand_results_and_no_more() {
    let hub = Hub::of(PortalConfig::bench(HUB, 12_000).sized(12_000, 10));
    let last = hub
        .search(&json!({"limit": 200, "after": "9800"}))
        .expect(200)
        .json();
    assert_eq!(last["total"], 12_000);
    assert_eq!(last["paging"]["next"]["after"], "10000");
    let refused = hub
        .search(&json!({"limit": 200, "after": "10000"}))
        .expect(400)
        .json();
    assert_eq!(refused["category"], "VALIDATION_ERROR");
    hub.search(&json!({"limit": 200, "after": 9_801}))
        .expect(400);
}

#[test]
fn an_id_keyset_reaches_every_record_with_the_key() {
    let hub = Hub::small();
    let found: Vec<u64> = hub
        .sweep(
            &[json!({"propertyName": VISITOR_KEY, "operator": "HAS_PROPERTY"})],
            VISITOR_KEY,
        )
        .into_iter()
        .map(|r| r.0)
        .collect();
    let expected: Vec<u64> = hub
        .sandbox
        .live_ids(HUB, Object::Contacts)
        .into_iter()
        .filter(|id| {
            hub.sandbox
                .value(HUB, Object::Contacts, *id, VISITOR_KEY)
                .is_some_and(|v| !v.is_empty())
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        found.len() as u64,
        hub.sandbox.truth(HUB, Object::Contacts).with_key
    );
}

#[test]
fn id_bounds_count_exactly() {
    let hub = Hub::clean(3_000);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let at = |n: usize| ids[n].to_string();
    for (filters, expected) in [
        (vec![filter("hs_object_id", "GT", &at(9))], 2_990),
        (vec![filter("hs_object_id", "GTE", &at(9))], 2_991),
        (vec![filter("hs_object_id", "LT", &at(2_000))], 2_000),
        (vec![filter("hs_object_id", "LTE", &at(2_000))], 2_001),
        (vec![filter("hs_object_id", "EQ", &at(5))], 1),
        (
            vec![
                filter("hs_object_id", "GT", &at(5)),
                filter("hs_object_id", "LT", &at(6)),
            ],
            0,
        ),
        (
            vec![
                json!({"propertyName": "hs_object_id", "operator": "BETWEEN", "value": at(100), "highValue": at(1_499)}),
            ],
            1_400,
        ),
    ] {
        assert_eq!(total(&hub, &filters), expected, "{filters:?}");
    }
    let backwards = hub.search(&json!({"limit": 5, "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]}));
    let mut last = ids[2_995..].to_vec();
    last.reverse();
    assert_eq!(backwards.ids(), last);
}

#[test]
fn five_groups_six_filters_eighteen_in_all_one_sort() {
    let hub = Hub::clean(20);
    let has = json!({"propertyName": "email", "operator": "HAS_PROPERTY"});
    let groups = |sizes: &[usize]| -> Value {
        json!({"filterGroups": sizes.iter().map(|n| json!({"filters": vec![has.clone(); *n]})).collect::<Vec<_>>()})
    };
    hub.search(&groups(&[6, 6, 6])).expect(200);
    hub.search(&groups(&[4, 4, 4, 4, 2])).expect(200);
    hub.search(&groups(&[1; 6])).expect(400);
    hub.search(&groups(&[7])).expect(400);
    hub.search(&groups(&[6, 6, 6, 1])).expect(400);
    hub.search(&json!({"sorts": [{"propertyName": "email"}, {"propertyName": "city"}]}))
        .expect(400);
}

#[test]
fn filters_without_groups_and_groups_with_or() {
    let hub = Hub::clean(300);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let first = filter("hs_object_id", "EQ", &ids[0].to_string());
    let second = filter("hs_object_id", "EQ", &ids[1].to_string());
    assert_eq!(hub.search(&json!({"filters": [first]})).ids(), [ids[0]]);
    let either =
        hub.search(&json!({"filterGroups": [{"filters": [first]}, {"filters": [second]}]}));
    assert_eq!(either.ids(), [ids[0], ids[1]]);
}

#[test]
fn equality_ignores_case_and_lists_need_lower_case() {
    let hub = Hub::clean(300);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[7];
    hub.sandbox
        .run(
            HUB,
            &Command::Set {
                object: Object::Contacts,
                id,
                values: [("campaign".to_owned(), "MixedCase".to_owned())].into(),
                moves_date: true,
            },
        )
        .unwrap();
    for text in ["MixedCase", "mixedcase", "MIXEDCASE"] {
        assert_eq!(total(&hub, &[filter("campaign", "EQ", text)]), 1, "{text}");
    }
    let list =
        |values: &[&str]| json!({"propertyName": "campaign", "operator": "IN", "values": values});
    assert_eq!(total(&hub, &[list(&["mixedcase", "other"])]), 1);
    assert_eq!(total(&hub, &[list(&["MixedCase"])]), 0);
    // Enumerations are exact.
    let all = total(&hub, &[filter("plan_tier", "EQ", "growth")]);
    assert!(all > 0);
    assert_eq!(total(&hub, &[filter("plan_tier", "EQ", "Growth")]), 0);
    assert_eq!(
        total(
            &hub,
            &[json!({"propertyName": "plan_tier", "operator": "IN", "values": ["growth"]})]
        ),
        all
    );
}

#[test]
fn the_remaining_operators() {
    let hub = Hub::clean(400);
    let has = json!({"propertyName": "mrr", "operator": "HAS_PROPERTY"});
    let not = json!({"propertyName": "mrr", "operator": "NOT_HAS_PROPERTY"});
    let (with, without) = (total(&hub, std::slice::from_ref(&has)), total(&hub, &[not]));
    assert_eq!(with + without, 400);
    assert!(with >= 320 && without > 0);
    let (low, high) = (
        total(&hub, &[filter("mrr", "LT", "1000")]),
        total(&hub, &[filter("mrr", "GTE", "1000")]),
    );
    assert_eq!(low + high, with);
    assert_eq!(total(&hub, &[filter("mrr", "NEQ", "-5")]), with);
    let not_in =
        json!({"propertyName": "plan_tier", "operator": "NOT_IN", "values": ["growth", "free"]});
    let inside =
        json!({"propertyName": "plan_tier", "operator": "IN", "values": ["growth", "free"]});
    let plans = total(
        &hub,
        &[json!({"propertyName": "plan_tier", "operator": "HAS_PROPERTY"})],
    );
    assert_eq!(total(&hub, &[not_in]) + total(&hub, &[inside]), plans);
    let token = total(&hub, &[filter("campaign", "CONTAINS_TOKEN", "webinar")]);
    assert!(token > 0 && token == total(&hub, &[filter("campaign", "CONTAINS_TOKEN", "WEBI*")]));
    assert_eq!(
        total(&hub, &[filter("campaign", "NOT_CONTAINS_TOKEN", "webinar")]),
        400 - token
    );
    hub.search(&only(&[filter("campaign", "LIKE", "x")]))
        .expect(400);
}

#[test]
fn a_cleared_value_is_no_property() {
    let hub = Hub::clean(50);
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[3];
    let has = json!({"propertyName": VISITOR_KEY, "operator": "HAS_PROPERTY"});
    assert_eq!(total(&hub, std::slice::from_ref(&has)), 50);
    hub.call(
        "PATCH",
        &format!("/crm/v3/objects/contacts/{id}"),
        &json!({"properties": {VISITOR_KEY: ""}}).to_string(),
    )
    .expect(200);
    assert_eq!(total(&hub, &[has]), 49);
    let record = hub
        .get(&format!(
            "/crm/v3/objects/contacts/{id}?properties={VISITOR_KEY}"
        ))
        .json();
    assert_eq!(record["properties"][VISITOR_KEY], "");
}

#[test]
fn archived_and_merged_records_are_never_found() {
    let hub = Hub::small();
    let found: BTreeSet<u64> = hub.sweep(&[], "email").into_iter().map(|r| r.0).collect();
    let archived = hub
        .get("/crm/v3/objects/contacts?limit=100&archived=true")
        .ids();
    assert!(!archived.is_empty() && archived.iter().all(|id| !found.contains(id)));
    let before = total(&hub, &[]);
    let id = *found.first().unwrap();
    hub.call("DELETE", &format!("/crm/v3/objects/contacts/{id}"), "")
        .expect(204);
    assert_eq!(total(&hub, &[]), before - 1);
}

#[test]
fn refusals_name_the_property() {
    let hub = Hub::clean(20);
    let refused = hub
        .search(&only(&[filter("no_such", "EQ", "x")]))
        .expect(400)
        .json();
    assert_eq!(refused["errors"][0]["code"], "PROPERTY_DOESNT_EXIST");
    assert_eq!(
        refused["errors"][0]["context"]["propertyName"][0],
        "no_such"
    );
    let refused = hub
        .search(&only(&[filter("mrr", "GT", "many")]))
        .expect(400)
        .json();
    assert_eq!(refused["errors"][0]["code"], "INVALID_INTEGER");
    let refused = hub
        .search(&only(&[json!({"operator": "EQ"})]))
        .expect(400)
        .json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("[propertyName, operator]")
    );
    let refused = hub
        .call("POST", "/crm/v3/objects/contacts/search", "{\"limit\": ")
        .expect(400)
        .json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .starts_with("Invalid input JSON on line 1, column ")
    );
    // A highly sensitive property cannot be searched.
    hub.search(&only(&[filter("health_plan_number", "EQ", "x")]))
        .expect(400);
    // Unknown names among the properties are ignored.
    hub.search(&json!({"properties": ["no_such"]})).expect(200);
}

#[test]
fn a_type_mismatch_is_refused_without_a_reason() {
    let hub = Hub::clean(20);
    let refused = hub
        .search(&only(&[filter("campaign", "GT", "1795000000000")]))
        .expect(400)
        .json();
    assert_eq!(refused["message"], "There was a problem with the request.");
}

#[test]
fn dates_are_instants_and_the_epoch_breaks_it() {
    let hub = Hub::clean(300);
    let now = hub.sandbox.clock().now_ms();
    assert_eq!(
        total(&hub, &[filter("lastmodifieddate", "LTE", &now.to_string())]),
        300
    );
    assert_eq!(
        total(&hub, &[filter("lastmodifieddate", "GT", &now.to_string())]),
        0
    );
    assert_eq!(
        total(
            &hub,
            &[filter("lastmodifieddate", "GT", "2000-01-01T00:00:00.000Z")]
        ),
        300
    );
    hub.search(&only(&[filter("lastmodifieddate", "GT", "0")]))
        .expect(500);
    hub.search(&only(&[filter("lastmodifieddate", "GT", "1000")]))
        .expect(200);
    let upside_down = json!({"propertyName": "lastmodifieddate", "operator": "BETWEEN", "value": "2000", "highValue": "1000"});
    hub.search(&only(&[upside_down])).expect(400);
    // To the millisecond.
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[0];
    hub.call(
        "PATCH",
        &format!("/crm/v3/objects/contacts/{id}"),
        "{\"properties\":{\"city\":\"Nara\"}}",
    )
    .expect(200);
    assert_eq!(
        total(&hub, &[filter("lastmodifieddate", "EQ", &now.to_string())]),
        1
    );
    assert_eq!(
        total(
            &hub,
            &[filter("lastmodifieddate", "GTE", &(now + 1).to_string())]
        ),
        0
    );
}

#[test]
fn fifteen_thousand_records_on_one_millisecond() {
    let hub = Hub::clean(15_500);
    let now = hub.sandbox.clock().now_ms();
    let touch = Command::BulkSet {
        object: Object::Contacts,
        from: 0,
        count: 15_000,
        values: [("campaign".to_owned(), "mass".to_owned())].into(),
    };
    hub.sandbox.run(HUB, &touch).unwrap();
    let window = json!({"propertyName": "lastmodifieddate", "operator": "BETWEEN", "value": now.to_string(), "highValue": now.to_string()});
    assert_eq!(total(&hub, std::slice::from_ref(&window)), 15_000);
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    assert_eq!(
        total(
            &hub,
            &[
                window,
                filter("hs_object_id", "GT", &ids[13_999].to_string())
            ]
        ),
        1_000
    );
}

#[test]
fn search_lags_behind_by_the_index_delay() {
    let hub = Hub::clean(100);
    hub.sandbox.knobs(HUB, |k| k.index_delay_ms = 60_000);
    let now = hub.sandbox.clock().now_ms();
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[42];
    hub.call(
        "PATCH",
        &format!("/crm/v3/objects/contacts/{id}"),
        "{\"properties\":{\"campaign\":\"brandnew\"}}",
    )
    .expect(200);
    let new = [filter("campaign", "EQ", "brandnew")];
    assert_eq!(total(&hub, &new), 0);
    assert_eq!(
        total(&hub, &[filter("lastmodifieddate", "GTE", &now.to_string())]),
        0
    );
    // Results carry what the record holds now, whatever the filter saw.
    let seen = hub.search(&json!({"filters": [filter("hs_object_id", "EQ", &id.to_string())], "properties": ["campaign"]})).json();
    assert_eq!(seen["results"][0]["properties"]["campaign"], "brandnew");
    let created = hub
        .post(
            "/crm/v3/objects/contacts",
            &json!({"properties": {"campaign": "brandnew"}}),
        )
        .expect(201);
    assert_eq!(total(&hub, &[]), 100);
    hub.sandbox.clock().advance_ms(60_000);
    assert_eq!(total(&hub, &new), 2);
    assert_eq!(total(&hub, &[]), 101);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    hub.get(&format!("/crm/v3/objects/contacts/{id}"))
        .expect(200);
}

#[test]
fn a_stale_total_counts_what_was_just_archived() {
    let hub = Hub::clean(100);
    hub.sandbox.knobs(HUB, |k| {
        k.index_delay_ms = 60_000;
        k.stale_total = true;
    });
    let id = hub.sandbox.live_ids(HUB, Object::Contacts)[1];
    hub.call("DELETE", &format!("/crm/v3/objects/contacts/{id}"), "")
        .expect(204);
    let answer = hub
        .search(&only(&[filter("hs_object_id", "EQ", &id.to_string())]))
        .expect(200)
        .json();
    assert_eq!(
        (
            answer["total"].as_u64(),
            answer["results"].as_array().unwrap().len()
        ),
        (Some(1), 0)
    );
    hub.sandbox.clock().advance_ms(60_001);
    assert_eq!(
        total(&hub, &[filter("hs_object_id", "EQ", &id.to_string())]),
        0
    );
}

#[test]
fn a_result_can_be_newer_than_the_window_asked_for() {
    let hub = Hub::clean(200);
    hub.sandbox.knobs(HUB, |k| k.newer_values = 0.5);
    let now = hub.sandbox.clock().now_ms();
    let answer = hub
        .search(&only(&[filter(
            "lastmodifieddate",
            "LT",
            &(now - 1).to_string(),
        )]))
        .json();
    let newest = sandbox_iso(now);
    let newer = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["updatedAt"] == newest)
        .count();
    assert!((50..150).contains(&newer), "{newer}");
}

/// The default start of the sandbox's clock, as written in answers.
fn sandbox_iso(ms: i64) -> String {
    assert_eq!(ms, sandbox::DEFAULT_START_MS);
    "2026-11-20T01:00:00.000Z".to_owned()
}

#[test]
fn order_by_modified_date_is_kept_only_as_far_as_the_knob_allows() {
    let hub = Hub::clean(700);
    let ask = |after: u64| {
        hub.search(&json!({"limit": 200, "after": after, "sorts": [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}]}))
    };
    let dates = |after: u64| -> Vec<String> {
        ask(after).json()["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["updatedAt"].as_str().unwrap().to_owned())
            .collect()
    };
    let all: Vec<String> = (0..4).flat_map(|n| dates(n * 200)).collect();
    assert!(all.len() == 700 && all.windows(2).all(|w| w[0] >= w[1]));
    hub.sandbox
        .knobs(HUB, |k| k.search_order = SearchOrder::LooseDates);
    let loose: Vec<String> = (0..4).flat_map(|n| dates(n * 200)).collect();
    assert!(loose != all && loose.windows(2).any(|w| w[0] < w[1]));
    let set = |dates: &[String]| dates.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(set(&loose), set(&all));
    hub.sandbox
        .knobs(HUB, |k| k.search_order = SearchOrder::ShuffledPages);
    let page = hub.search(&json!({"limit": 50})).ids();
    assert!(!page.is_sorted());
    let mut sorted = page.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, hub.sandbox.live_ids(HUB, Object::Contacts)[..50]);
}

#[test]
fn milliseconds_can_be_cut_off_answers_but_not_off_filters() {
    let hub = Hub::clean(10);
    let exact = hub
        .get("/crm/v3/objects/contacts?limit=1&properties=last_login_at")
        .json();
    hub.sandbox.knobs(HUB, |k| k.truncate_ms = true);
    let cut = hub
        .get("/crm/v3/objects/contacts?limit=1&properties=last_login_at")
        .json();
    let (exact, cut) = (
        exact["results"][0]["updatedAt"].as_str().unwrap(),
        cut["results"][0]["updatedAt"].as_str().unwrap(),
    );
    assert_eq!(cut.len(), 20);
    assert_eq!(exact[..19], cut[..19]);
    assert_eq!(total(&hub, &[filter("lastmodifieddate", "EQ", exact)]), 1);
}

#[test]
fn free_text_and_the_limit_on_it() {
    let hub = Hub::clean(300);
    let email = hub
        .get("/crm/v3/objects/contacts?limit=1&properties=email")
        .json()["results"][0]["properties"]["email"]
        .clone();
    let found = hub
        .search(&json!({"query": email.as_str().unwrap_or("sato"), "limit": 100}))
        .expect(200)
        .json();
    assert!(found["total"].as_u64().unwrap() >= 1);
    hub.search(&json!({"query": "x".repeat(3_001)})).expect(400);
    // The body may be longer than that, unless the knob reads the documentation literally.
    let long = json!({"properties": vec!["x".repeat(30); 200]});
    hub.search(&long).expect(200);
    hub.sandbox.knobs(HUB, |k| k.search_body_max = 3_000);
    hub.search(&long).expect(400);
}

#[test]
fn lists_of_values_have_a_limit_of_their_own() {
    let hub = Hub::clean(20);
    let list = |n: usize| {
        only(&[json!({"propertyName": "email", "operator": "IN", "values": vec!["x"; n]})])
    };
    hub.search(&list(100)).expect(200);
    hub.search(&list(101)).expect(400);
    hub.sandbox.knobs(HUB, |k| k.in_list_max = 0);
    hub.search(&list(500)).expect(200);
}

#[test]
fn companies_are_searched_alike_by_their_own_modified_date() {
    let hub = Hub::small();
    let ids = hub.sandbox.live_ids(HUB, Object::Companies);
    let ask = |filters: &[Value]| {
        hub.post(
            "/crm/objects/2026-09/0-2/search",
            &json!({"filterGroups": [{"filters": filters}], "limit": 200, "properties": ["name", sandbox::ACCOUNT_KEY]}),
        )
        .expect(200)
    };
    assert_eq!(ask(&[]).ids(), ids);
    let has = json!({"propertyName": sandbox::ACCOUNT_KEY, "operator": "HAS_PROPERTY"});
    let truth = hub.sandbox.truth(HUB, Object::Companies);
    assert_eq!(ask(&[has]).json()["total"], truth.with_key);
    let now = hub.sandbox.clock().now_ms().to_string();
    assert!(
        ask(&[filter("hs_lastmodifieddate", "GTE", &now)])
            .ids()
            .is_empty()
    );
    let touched = Command::Set {
        object: Object::Companies,
        id: ids[3],
        values: [("arr".to_owned(), "12.5".to_owned())].into(),
        moves_date: true,
    };
    hub.sandbox.run(HUB, &touched).unwrap();
    let record = ask(&[filter("hs_lastmodifieddate", "GTE", &now)]);
    assert_eq!(record.ids(), [ids[3]]);
    assert!(record.json()["results"][0]["properties"]["hs_lastmodifieddate"].is_string());
}

#[test]
fn totals_of_any_id_range_are_those_of_counting_one_by_one() {
    let hub = Hub::of(PortalConfig::small(HUB).sized(5_000, 100));
    let ids = hub.sandbox.live_ids(HUB, Object::Contacts);
    let with_key: Vec<u64> = ids
        .iter()
        .copied()
        .filter(|id| {
            let key = hub.sandbox.value(HUB, Object::Contacts, *id, VISITOR_KEY);
            key.is_some_and(|k| !k.is_empty())
        })
        .collect();
    let has = json!({"propertyName": VISITOR_KEY, "operator": "HAS_PROPERTY"});
    // Steps that share no factor with the number of records reach all kinds of edges.
    for n in 0..60 {
        let (a, b) = (ids[n * 1_237 % ids.len()], ids[n * 3_571 % ids.len()]);
        let (low, high) = (a.min(b), a.max(b));
        let bounds = [
            filter("hs_object_id", "GTE", &low.to_string()),
            filter("hs_object_id", "LT", &high.to_string()),
            has.clone(),
        ];
        let answer = hub.search(&only(&bounds)).expect(200);
        let expected: Vec<u64> = with_key
            .iter()
            .copied()
            .filter(|id| (low..high).contains(id))
            .collect();
        assert_eq!(answer.json()["total"], expected.len(), "{low}..{high}");
        assert_eq!(answer.ids(), expected[..expected.len().min(200)]);
        let tail = json!({"filters": bounds, "limit": 3, "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]});
        let mut last = expected[expected.len().saturating_sub(3)..].to_vec();
        last.reverse();
        assert_eq!(hub.search(&tail).ids(), last);
    }
}
