//! The search reader: pages by id, answers that are not what was asked for.

use std::collections::BTreeSet;

use hubspot::{Columns, Error, Query, SEARCH_PAGE, Walk};
use model::{
    ObjectType::{Companies, Contacts},
    PropertyName, RecordId,
};
use serde_json::{Value, json};

use crate::stage::{Reply, Seen, Stage, found, ids, key, many, record};

/// Every filter of a search, as `operator value`.
fn filters(seen: &Seen) -> Vec<String> {
    let groups = &seen.json()["filterGroups"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let filters = groups[0]["filters"].as_array().cloned().unwrap_or_default();
    filters
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                text(&f["propertyName"]),
                text(&f["operator"]),
                text(&f["value"])
            )
        })
        .collect()
}

/// Searches a portal that holds `ids`, as HubSpot does.
fn searched(seen: &Seen, ids: &BTreeSet<u64>) -> Reply {
    let mut low = 0;
    let mut high = u64::MAX;
    let descending = seen.json()["sorts"][0]["direction"] == "DESCENDING";
    for filter in filters(seen) {
        let mut words = filter.split(' ').skip(1);
        let (operator, value) = (words.next().unwrap(), words.next().unwrap_or_default());
        match operator {
            "GT" => low = value.parse::<u64>().unwrap() + 1,
            "GTE" => low = value.parse().unwrap(),
            "LTE" => high = value.parse().unwrap(),
            "LT" => high = value.parse::<u64>().unwrap() - 1,
            "HAS_PROPERTY" => {}
            other => panic!("{other}"),
        }
    }
    let limit = usize::try_from(seen.json()["limit"].as_u64().unwrap()).unwrap();
    let mut all: Vec<u64> = ids
        .range(low..=high.max(low))
        .copied()
        .filter(|id| *id <= high)
        .collect();
    if descending {
        all.reverse();
    }
    let results: Vec<_> = all.iter().take(limit).map(|id| record(*id)).collect();
    let mut body = json!({ "total": all.len(), "results": results });
    if all.len() > limit {
        body["paging"]["next"] =
            json!({"after": limit.to_string(), "link": "https://evil.example.com"});
    }
    Reply::ok(body)
}

#[tokio::test]
async fn search_goes_by_id_and_stops_without_an_extra_call() {
    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=400).map(|n| n * 3).collect();
    stage.otherwise(move |seen| searched(seen, &portal));
    let client = stage.client();
    let query = Query::having(PropertyName::new("visitor_id"));
    let (mut next, mut read) = (Some(Walk::Up(None)), Vec::new());
    while let Some(walk) = next {
        let page = client
            .search_page(Contacts, &query, &key(), walk, SEARCH_PAGE)
            .await
            .unwrap();
        read.extend(ids(page.records.iter()));
        next = page.next;
    }
    assert_eq!(read, (1..=400).map(|n| n * 3).collect::<Vec<_>>());
    let seen = stage.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(filters(&seen[0]), ["visitor_id HAS_PROPERTY "]);
    assert_eq!(
        filters(&seen[1]),
        ["visitor_id HAS_PROPERTY ", "hs_object_id GT 600"]
    );
    let asked = seen[1].json();
    assert!(asked.get("after").is_none());
    assert_eq!(asked["properties"], json!(["key"]));
    assert_eq!(
        asked["sorts"],
        json!([{"propertyName": "hs_object_id", "direction": "ASCENDING"}])
    );
}

#[tokio::test]
async fn a_range_of_ids_is_searched_and_counted() {
    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=100).collect();
    stage.otherwise(move |seen| searched(seen, &portal));
    let client = stage.client();
    let query = Query::default().within(RecordId(11), RecordId(20));
    assert_eq!(client.total(Companies, &query).await.unwrap(), 10);
    let page = client
        .search_page(Companies, &query, &key(), Walk::Up(Some(RecordId(15))), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [16, 17, 18, 19, 20]);
    assert_eq!(page.next, None);
    let first = client
        .search_page(Companies, &query, &key(), Walk::Up(Some(RecordId(2))), 3)
        .await
        .unwrap();
    assert_eq!(ids(first.records.iter()), [11, 12, 13]);
    assert_eq!(first.next, Some(Walk::Up(Some(RecordId(13)))));
    assert_eq!(stage.seen()[0].json()["limit"], 1);
}

#[tokio::test]
async fn a_search_goes_down_the_ids_as_well() {
    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=20).collect();
    stage.otherwise(move |seen| searched(seen, &portal));
    let client = stage.client();
    let query = Query::default().within(RecordId(4), RecordId(15));
    let (mut next, mut read) = (Some(Walk::Down(None)), Vec::new());
    while let Some(walk) = next {
        let page = client
            .search_page(Contacts, &query, &key(), walk, 5)
            .await
            .unwrap();
        read.push(ids(page.records.iter()));
        next = page.next;
    }
    assert_eq!(
        read,
        [vec![11, 12, 13, 14, 15], vec![6, 7, 8, 9, 10], vec![4, 5]]
    );
    let asked = filters(&stage.seen()[1]);
    assert_eq!(asked, ["hs_object_id GTE 4", "hs_object_id LT 11"]);

    stage.replies([found(4, [13, 14]), found(4, [11, 12])]);
    let page = client
        .search_page(Contacts, &query, &key(), Walk::Down(Some(RecordId(13))), 5)
        .await
        .unwrap();
    assert_eq!(
        ids(page.records.iter()),
        [11, 12],
        "the page before is not taken again"
    );
}

#[tokio::test]
async fn a_stale_total_costs_a_call_at_most() {
    let stage = Stage::new().await;
    stage.replies([found(9, [1, 2]), found(9, [])]);
    let client = stage.client();
    let page = |walk| {
        let client = client.clone();
        async move {
            let query = Query::default();
            let page = client
                .search_page(Contacts, &query, &key(), walk, 200)
                .await;
            page.unwrap()
        }
    };
    let first = page(Walk::Up(None)).await;
    assert_eq!(first.next, Some(Walk::Up(Some(RecordId(2)))));
    let second = page(first.next.unwrap()).await;
    assert_eq!((second.records.len(), second.next), (0, None));
}

#[tokio::test]
async fn a_page_answered_twice_is_asked_for_again() {
    let stage = Stage::new().await;
    stage.replies([found(4, [1, 2]), found(4, [3, 4])]);
    let client = stage.client();
    let query = Query::default();
    let page = client
        .search_page(Contacts, &query, &key(), Walk::Up(Some(RecordId(2))), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [3, 4]);
    assert_eq!(client.calls().search, 2);

    stage.replies([found(3, [2, 3, 4])]);
    let page = client
        .search_page(Contacts, &query, &key(), Walk::Up(Some(RecordId(2))), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [3, 4], "what is new is taken");

    stage.otherwise(|_| found(4, [1, 2]));
    let error = client
        .search_page(Contacts, &query, &key(), Walk::Up(Some(RecordId(2))), 200)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Stalled {
                after: Some(RecordId(2)),
                ..
            }
        ),
        "{error}"
    );
    assert!(client.calls().search < 10);
}

#[tokio::test]
async fn a_search_that_takes_too_long_asks_for_less() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(524, ""), Reply::new(524, ""), found(1, [1])]);
    let client = stage.client();
    client
        .search_page(Contacts, &Query::default(), &key(), Walk::Up(None), 200)
        .await
        .unwrap();
    let limits: Vec<_> = stage
        .seen()
        .iter()
        .map(|s| s.json()["limit"].clone())
        .collect();
    assert_eq!(limits, [200, 100, 50]);
}

#[tokio::test]
async fn twelve_hundred_properties_by_search_are_one_call() {
    let stage = Stage::new().await;
    stage.replies([found(1, [1])]);
    let client = stage.client();
    let columns: Columns = many().into_iter().collect();
    let page = client
        .search_page(Contacts, &Query::default(), &columns, Walk::Up(None), 200)
        .await
        .unwrap();
    assert_eq!(page.records.get(0).unwrap().wires().len(), 1_200);
    assert_eq!(
        stage.seen()[0].json()["properties"]
            .as_array()
            .unwrap()
            .len(),
        1_200
    );
}
