//! Aggregations: paging, filters, counts.

use sandbox::pendo::{Config, Group, Kind, Subscription};
use serde_json::{Map, Value, json};

use crate::pendo_client::{Caller, known};

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .map(|row| row["visitorId"].as_str().unwrap())
        .collect()
}

/// Visitors `v0` … in an order that is not theirs.
fn crowd(count: usize) -> Caller {
    let caller = Caller::with(Config::default());
    let shuffled = (0..count).map(|n| (format!("v{:06}", (n * 7_919) % count), Map::new()));
    caller.pendo.add_ids("main", Kind::Visitor, shuffled);
    caller
}

#[test]
fn pages_by_id_reach_every_identified_visitor_once() {
    let caller = crowd(1_000);
    let (mut all, mut last) = (Vec::new(), String::new());
    loop {
        let rows = caller.rows(&json!([
            {"source": {"visitors": {"identified": true}}},
            {"sort": ["visitorId"]},
            {"filter": format!("visitorId > {}", json!(last))},
            {"select": {"visitorId": "visitorId", "lastvisit": "metadata.auto.lastvisit"}},
            {"limit": 300},
        ]));
        assert!(rows.iter().all(|row| row["lastvisit"].is_i64()));
        let Some(end) = ids(&rows).last().map(|id| (*id).to_owned()) else {
            break;
        };
        last = end;
        all.extend(ids(&rows).into_iter().map(str::to_owned));
    }
    let expected: Vec<String> = (0..1_000).map(|n| format!("v{n:06}")).collect();
    assert_eq!(all, expected);
}

#[test]
fn anonymous_visitors_come_unless_identified_ones_are_asked_for() {
    let caller = Caller::with(Config::with_subscription(Subscription {
        anonymous: 3,
        ..known()
    }));
    let of = |source: Value| {
        caller.rows(&json!([{"source": {"visitors": source}}, {"sort": ["visitorId"]}]))
    };
    assert_eq!(ids(&of(json!({"identified": true}))), ["ann", "bob"]);
    let all = of(json!({}));
    assert_eq!(all.len(), 5);
    assert!(ids(&all)[0].starts_with("_PENDO_T_"));
    assert_eq!(of(Value::Null).len(), 5);
}

#[test]
fn a_count_is_one_row() {
    let caller = crowd(50);
    let count = |stages: &[Value]| {
        let source = json!({"source": {"visitors": {"identified": true}}});
        let all: Vec<&Value> = std::iter::once(&source).chain(stages).collect();
        caller.rows(&json!(all))
    };
    assert_eq!(count(&[json!({"count": null})]), [json!({"count": 50})]);
    let filter = json!({"filter": "visitorId >= \"v000040\""});
    assert_eq!(
        count(&[filter, json!({"count": null})]),
        [json!({"count": 10})]
    );
}

#[test]
fn without_a_sort_there_is_no_order() {
    let caller = crowd(100);
    let rows = caller.rows(&json!([{"source": {"visitors": {"identified": true}}}, {"limit": 10}]));
    let mut sorted = ids(&rows);
    sorted.sort_unstable();
    assert_ne!(ids(&rows), sorted);
}

#[test]
fn pages_by_skip_and_limit_and_sorts_by_value() {
    let caller = crowd(10);
    for (n, plan) in ["b", "a", "c"].into_iter().enumerate() {
        let id = format!("v{n:06}");
        caller
            .pendo
            .set("main", Kind::Visitor, Group::Custom, &id, "plan", plan);
    }
    let rows = caller.rows(&json!([
        {"source": {"visitors": {"identified": true}}},
        {"sort": ["-metadata.custom.plan", "visitorId"]},
        {"skip": 1}, {"limit": 3},
        {"select": {"visitorId": "visitorId", "plan": "metadata.custom.plan"}},
    ]));
    assert_eq!(ids(&rows), ["v000000", "v000001", "v000003"]);
    assert_eq!(rows[0]["plan"], "b");
    assert_eq!(rows[2]["plan"], Value::Null);
}

#[test]
fn filters_compare_fields_with_texts_and_numbers() {
    let caller = crowd(6);
    for n in 0..6 {
        let id = format!("v{n:06}");
        let custom = |field: &str, value: Value| {
            caller
                .pendo
                .set("main", Kind::Visitor, Group::Custom, &id, field, value);
        };
        custom("seats", json!(n));
        custom("plan", json!(if n % 2 == 0 { "pro" } else { "free" }));
    }
    let find = |filter: &str| {
        let rows = caller.rows(&json!([
            {"source": {"visitors": {"identified": true}}}, {"sort": ["visitorId"]}, {"filter": filter},
            {"select": {"visitorId": "visitorId"}},
        ]));
        ids(&rows)
            .iter()
            .map(|id| id[6..].parse::<u32>().unwrap())
            .collect::<Vec<_>>()
    };
    let (seats, plan) = ("metadata.custom.seats", "metadata.custom.plan");
    assert_eq!(find(&format!("{seats} == 3")), [3]);
    assert_eq!(find(&format!("{seats} != 3")), [0, 1, 2, 4, 5]);
    assert_eq!(find(&format!("{seats} < 1.5")), [0, 1]);
    assert_eq!(find(&format!("{seats}>=4")), [4, 5]);
    assert_eq!(find(&format!("{plan} == \"pro\" && {seats} > 0")), [2, 4]);
    assert_eq!(
        find(&format!(
            "{seats} == 1 || {seats} <= 4 && visitorId > \"v000003\""
        )),
        [1, 4]
    );
    assert_eq!(
        find("visitorId < \"v000004\" && visitorId >= \"v000002\""),
        [2, 3]
    );
    assert_eq!(
        find("visitorId == \"v000002\" || visitorId == \"v000005\""),
        [2, 5]
    );
}

#[test]
fn a_filter_after_a_select_sees_its_names() {
    let caller = Caller::new();
    caller.set(&json!({"seats": 3}));
    let rows = caller.rows(&json!([
        {"source": {"visitors": {"identified": true}}},
        {"select": {"who": "visitorId", "seats": "metadata.custom.seats"}},
        {"filter": "seats == 3"},
    ]));
    assert_eq!(rows, [json!({"who": "ann", "seats": 3})]);
}

#[test]
fn accounts_are_a_source_and_rows_are_whole_records_without_a_select() {
    let caller = Caller::new();
    let rows = caller.rows(&json!([{"source": {"accounts": null}}]));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["accountId"], "acme");
    assert_eq!(rows[0]["metadata"]["auto"]["id"], "acme");
}

#[test]
fn what_is_not_understood_is_refused() {
    let caller = Caller::new();
    for pipeline in [
        json!([]),
        json!([{"source": {"planets": null}}]),
        json!([{"source": {"visitors": null}}, {"bake": 3}]),
        json!([{"source": {"visitors": null}}, {"limit": "three"}]),
        json!([{"source": {"visitors": null}}, {"filter": "visitorId >"}]),
    ] {
        let body = json!({"request": {"pipeline": pipeline}});
        caller.post("/us/api/v1/aggregation", &body).expect(400);
    }
}

#[test]
fn a_visitor_that_appears_between_pages_is_found_in_its_place() {
    let caller = crowd(20);
    let page = |last: &str| {
        caller.rows(&json!([
            {"source": {"visitors": {"identified": true}}}, {"sort": ["visitorId"]},
            {"filter": format!("visitorId > {}", json!(last))}, {"limit": 5},
            {"select": {"visitorId": "visitorId"}},
        ]))
    };
    assert_eq!(ids(&page("")).last(), Some(&"v000004"));
    let new = ("v000004b".to_owned(), Map::new());
    caller.pendo.add_ids("main", Kind::Visitor, [new]);
    assert_eq!(ids(&page("v000004"))[0], "v000004b");
}
