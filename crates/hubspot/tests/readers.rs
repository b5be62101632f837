//! The readers: what they ask for, and how they take answers that are not what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use hubspot::{BatchRead, Columns, Cursor, Error, Kind, LIST_PAGE, Query, SEARCH_PAGE, Settings};
use model::{
    ObjectType::{Companies, Contacts},
    PropertyName, RecordId, Wire,
};
use serde_json::{Value, json};

use crate::stage::{Reply, Seen, Stage, found, kind, record, refusal};

fn key() -> Columns {
    ["key"].into_iter().collect()
}

fn ids<'a>(records: impl IntoIterator<Item = hubspot::Record<'a>>) -> Vec<u64> {
    records.into_iter().map(|record| record.id().0).collect()
}

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
    for filter in filters(seen) {
        let mut words = filter.split(' ').skip(1);
        let (operator, value) = (words.next().unwrap(), words.next().unwrap_or_default());
        match operator {
            "GT" => low = value.parse::<u64>().unwrap() + 1,
            "GTE" => low = value.parse().unwrap(),
            "LTE" => high = value.parse().unwrap(),
            "HAS_PROPERTY" => {}
            other => panic!("{other}"),
        }
    }
    let limit = usize::try_from(seen.json()["limit"].as_u64().unwrap()).unwrap();
    let all: Vec<u64> = ids
        .range(low..=high.max(low))
        .copied()
        .filter(|id| *id <= high)
        .collect();
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
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let page = client
            .search_page(Contacts, &query, &key(), after, SEARCH_PAGE)
            .await
            .unwrap();
        read.extend(ids(page.records.iter()));
        after = page.next;
        if after.is_none() {
            break;
        }
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
        .search_page(Companies, &query, &key(), Some(RecordId(15)), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [16, 17, 18, 19, 20]);
    assert_eq!(page.next, None);
    let first = client
        .search_page(Companies, &query, &key(), Some(RecordId(2)), 3)
        .await
        .unwrap();
    assert_eq!(ids(first.records.iter()), [11, 12, 13]);
    assert_eq!(first.next, Some(RecordId(13)));
    assert_eq!(stage.seen()[0].json()["limit"], 1);
}

#[tokio::test]
async fn a_stale_total_costs_a_call_at_most() {
    let stage = Stage::new().await;
    stage.replies([found(9, [1, 2]), found(9, [])]);
    let client = stage.client();
    let page = |after| {
        let client = client.clone();
        async move {
            let query = Query::default();
            let page = client
                .search_page(Contacts, &query, &key(), after, 200)
                .await;
            page.unwrap()
        }
    };
    let first = page(None).await;
    assert_eq!(first.next, Some(RecordId(2)));
    let second = page(first.next).await;
    assert_eq!((second.records.len(), second.next), (0, None));
}

#[tokio::test]
async fn a_page_answered_twice_is_asked_for_again() {
    let stage = Stage::new().await;
    stage.replies([found(4, [1, 2]), found(4, [3, 4])]);
    let client = stage.client();
    let query = Query::default();
    let page = client
        .search_page(Contacts, &query, &key(), Some(RecordId(2)), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [3, 4]);
    assert_eq!(client.calls().search, 2);

    stage.replies([found(3, [2, 3, 4])]);
    let page = client
        .search_page(Contacts, &query, &key(), Some(RecordId(2)), 200)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [3, 4], "what is new is taken");

    stage.otherwise(|_| found(4, [1, 2]));
    let error = client
        .search_page(Contacts, &query, &key(), Some(RecordId(2)), 200)
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
        .search_page(Contacts, &Query::default(), &key(), None, 200)
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
async fn other_readers_that_take_too_long_ask_for_less_too() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(524, "")]);
    stage.otherwise(|seen| batch_answer(seen, &[], &[], &[], true));
    let read = read(&stage, 1..=80).await;
    assert_eq!(sorted(read.records.iter()), (1..=80).collect::<Vec<_>>());
    let sizes: Vec<_> = stage.seen().iter().map(|seen| inputs(seen).len()).collect();
    assert_eq!(sizes, [80, 40, 40]);

    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=100).collect();
    let mut calls = 0;
    stage.otherwise(move |seen| {
        calls += 1;
        if calls == 2 {
            return Reply::new(524, "");
        }
        listed(seen, &portal, usize::MAX)
    });
    let columns: Columns = many().into_iter().collect();
    let client = stage.client();
    let page = client
        .list_page(Contacts, &columns, None, 100)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), (1..=50).collect::<Vec<_>>());
    assert_eq!(page.next, Some(Cursor::new("51")));
}

/// Lists a portal that holds `ids`, each property of a record being its own name and id.
fn listed(seen: &Seen, ids: &BTreeSet<u64>, longest: usize) -> Reply {
    if seen.query.len() > longest {
        return Reply::new(
            414,
            "<html><head><title>414 Request-URI Too Large</title></head></html>",
        );
    }
    let field = |name: &str| {
        let pairs = seen.query.split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, v)| v.to_owned())
    };
    let after: u64 = field("after").map_or(0, |after| after.parse().unwrap());
    let limit: usize = field("limit").unwrap().parse().unwrap();
    let names = seen.properties();
    let page: Vec<u64> = ids.range(after..).copied().take(limit + 1).collect();
    let results: Vec<_> = page
        .iter()
        .take(limit)
        .map(|id| {
            let properties: BTreeMap<_, _> = names.iter().map(|n| (n, format!("{n}/{id}"))).collect();
            json!({"id": id.to_string(), "properties": properties, "updatedAt": "2026-11-19T00:00:00.000Z"})
        })
        .collect();
    let mut body = json!({ "results": results });
    if let Some(next) = page.get(limit) {
        body["paging"]["next"] =
            json!({"after": next.to_string(), "link": "https://evil.example.com"});
    }
    Reply::ok(body)
}

/// 1,200 names that take about 29 KB.
fn many() -> Vec<String> {
    (0..1_200)
        .map(|n| format!("custom_property_number_{n:04}"))
        .collect()
}

#[tokio::test]
async fn twelve_hundred_properties_by_list_lose_none() {
    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=150).collect();
    stage.otherwise(move |seen| listed(seen, &portal, 8_000));
    let client = stage.client();
    let columns: Columns = many().into_iter().collect();
    let (mut after, mut read) = (None::<Cursor>, 0);
    loop {
        let page = client
            .list_page(Contacts, &columns, after.as_ref(), LIST_PAGE)
            .await
            .unwrap();
        for record in page.records.iter() {
            read += 1;
            assert_eq!(record.id().0, read);
            for (name, wire) in columns.names().iter().zip(record.wires()) {
                assert_eq!(wire, Wire::Text(&format!("{name}/{read}")));
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, 150);
    assert_eq!(client.calls().list, 2 * 5, "two pages in five parts");
}

#[tokio::test]
async fn a_url_found_too_long_is_cut_smaller_for_good() {
    let stage = Stage::new().await;
    let portal: BTreeSet<u64> = (1..=3).collect();
    stage.otherwise(move |seen| listed(seen, &portal, 2_000));
    let client = stage.client();
    let columns: Columns = many().into_iter().take(300).collect();
    let page = client
        .list_page(Contacts, &columns, None, 100)
        .await
        .unwrap();
    assert_eq!(page.records.len(), 3);
    for record in page.records.iter() {
        assert!(record.wires().all(|wire| matches!(wire, Wire::Text(_))));
    }
    let before = client.calls().list;
    client
        .list_page(Contacts, &columns, None, 100)
        .await
        .unwrap();
    let parts = client.calls().list - before;
    assert!(
        stage
            .seen()
            .iter()
            .rev()
            .take(usize::try_from(parts).unwrap())
            .all(|s| s.query.len() <= 2_000)
    );
}

#[tokio::test]
async fn a_url_that_is_always_too_long_is_given_up_on() {
    let stage = Stage::new().await;
    stage.otherwise(|_| Reply::new(414, ""));
    let client = stage.client();
    assert_eq!(
        kind(client.list_page(Contacts, &key(), None, 100).await),
        Kind::TooLong
    );
    assert!(client.calls().list < 20);
}

#[tokio::test]
async fn twelve_hundred_properties_by_search_are_one_call() {
    let stage = Stage::new().await;
    stage.replies([found(1, [1])]);
    let client = stage.client();
    let columns: Columns = many().into_iter().collect();
    let page = client
        .search_page(Contacts, &Query::default(), &columns, None, 200)
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

#[tokio::test]
async fn parts_that_disagree_are_read_again() {
    let stage = Stage::new().await;
    let mut calls = 0;
    stage.otherwise(move |seen| {
        calls += 1;
        // A record comes up while the first page is being read.
        let last = if calls == 2 { 4 } else { 3 };
        listed(seen, &(1..=last).collect(), usize::MAX)
    });
    let client = stage.builder(
        Settings {
            url_budget: 100,
            ..stage.settings()
        },
        hubspot::Credentials::Static("pat".into()),
    );
    let client = client.build().unwrap();
    let columns: Columns = (0..4)
        .map(|n| format!("a_property_of_some_length_{n}"))
        .collect();
    let page = client
        .list_page(Contacts, &columns, None, 100)
        .await
        .unwrap();
    assert_eq!(ids(page.records.iter()), [1, 2, 3]);
    let parts = columns.len() as u64 / 2;
    assert!(client.calls().list > parts);

    let mut calls = 0;
    stage.otherwise(move |seen| {
        calls += 1;
        listed(seen, &(1..=calls).collect(), usize::MAX)
    });
    assert_eq!(
        kind(client.list_page(Contacts, &columns, None, 100).await),
        Kind::Torn
    );
}

#[tokio::test]
async fn a_cursor_that_does_not_move_is_noticed() {
    let stage = Stage::new().await;
    stage.otherwise(|_| {
        Reply::ok(json!({"results": [record(7)], "paging": {"next": {"after": "7"}}}))
    });
    let client = stage.client();
    let cursor = Cursor::new("7");
    let result = client.list_page(Contacts, &key(), Some(&cursor), 100).await;
    assert_eq!(kind(result), Kind::Stalled);
}

/// The ids of a batch read's request.
fn inputs(seen: &Seen) -> Vec<u64> {
    let inputs = seen.json()["inputs"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    inputs
        .iter()
        .map(|i| i["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// Answers a batch read: `merged` maps ids to survivors; `gone` are reported; `silent` are left out without a word.
fn batch_answer(
    seen: &Seen,
    merged: &[(u64, u64)],
    gone: &[u64],
    silent: &[u64],
    attributed: bool,
) -> Reply {
    let mut results = BTreeMap::new();
    let mut missing = Vec::new();
    for id in inputs(seen) {
        if gone.contains(&id) {
            missing.push(id.to_string());
        } else if !silent.contains(&id) {
            let survivor = merged
                .iter()
                .find(|(loser, _)| *loser == id)
                .map_or(id, |(_, s)| *s);
            let mut record = record(survivor);
            let losers: Vec<_> = merged
                .iter()
                .filter(|(_, s)| *s == survivor)
                .map(|(loser, _)| loser.to_string())
                .collect();
            if attributed && !losers.is_empty() {
                record["properties"]["hs_merged_object_ids"] = losers.join(";").into();
            }
            results.insert(survivor, record);
        }
    }
    // No particular order.
    let results: Vec<_> = results.into_values().rev().collect();
    let mut body = json!({ "status": "COMPLETE", "results": results });
    if missing.is_empty() {
        return Reply::ok(body);
    }
    body["numErrors"] = 1.into();
    body["errors"] = json!([{
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist.",
        "context": { "ids": missing },
    }]);
    Reply::new(207, body)
}

async fn read(stage: &Stage, asked: impl IntoIterator<Item = u64>) -> BatchRead {
    let asked: Vec<_> = asked.into_iter().map(RecordId).collect();
    stage
        .client()
        .batch_read(Contacts, &asked, &key())
        .await
        .unwrap()
}

fn sorted<'a>(records: impl IntoIterator<Item = hubspot::Record<'a>>) -> Vec<u64> {
    let mut ids = ids(records);
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn both_halves_of_a_207_are_taken_whatever_the_status() {
    for status in [200, 207] {
        let stage = Stage::new().await;
        stage.replies([Reply::new(
            status,
            json!({
                "results": [record(1), record(3)],
                "numErrors": 1,
                "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2", "99"]}}],
            }),
        )]);
        let read = read(&stage, [1, 2, 3]).await;
        assert_eq!(sorted(read.records.iter()), [1, 3]);
        assert_eq!(read.missing, [RecordId(2)]);
        assert!(read.merged.is_empty() && read.unanswered.is_empty());
        assert_eq!(stage.seen().len(), 1);
        let record = read.records.get(0).unwrap();
        assert_eq!(record.wires().collect::<Vec<_>>(), [Wire::Text("v1")]);
    }
}

#[tokio::test]
async fn merged_ids_answer_under_their_survivor() {
    for attributed in [true, false] {
        let stage = Stage::new().await;
        let merged = [(1, 50), (2, 50), (3, 4), (5, 60)];
        stage.otherwise(move |seen| batch_answer(seen, &merged, &[6], &[], attributed));
        let read = read(&stage, 1..=7).await;
        assert_eq!(sorted(read.records.iter()), [4, 7, 50, 60]);
        assert_eq!(
            read.merged,
            merged.map(|(loser, survivor)| (RecordId(loser), RecordId(survivor)))
        );
        assert_eq!(read.missing, [RecordId(6)]);
        assert!(read.unanswered.is_empty());
        let calls = stage.seen().len();
        assert_eq!(calls == 1, attributed, "{calls}");
        assert!(calls <= 6);
    }
}

#[tokio::test]
async fn ids_left_without_a_word_are_not_called_missing() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| batch_answer(seen, &[], &[], &(1..=40).collect::<Vec<_>>(), true));
    let read = read(&stage, 1..=45).await;
    assert_eq!(sorted(read.records.iter()), [41, 42, 43, 44, 45]);
    assert_eq!(read.unanswered.len(), 40);
    assert!(read.missing.is_empty());
    assert!(stage.seen().len() <= 12, "{}", stage.seen().len());
}

#[tokio::test]
async fn an_unknown_category_does_not_make_a_record_missing() {
    let stage = Stage::new().await;
    stage.otherwise(|_| {
        Reply::new(207, json!({
            "results": [],
            "errors": [{"category": "SOMETHING_NEW", "context": {"ids": ["1"]}}, 17, {"context": null}],
        }))
    });
    let read = read(&stage, [1]).await;
    assert_eq!(read.unanswered, [RecordId(1)]);
    assert!(read.missing.is_empty());
}

#[tokio::test]
async fn more_ids_than_a_call_takes_are_read_in_several() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| batch_answer(seen, &[], &[], &[], true));
    let read = read(&stage, (1..=250).chain([1, 2])).await;
    assert_eq!(sorted(read.records.iter()), (1..=250).collect::<Vec<_>>());
    let sizes: Vec<_> = stage.seen().iter().map(|seen| inputs(seen).len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(
        stage.seen()[0].json()["properties"],
        json!(["key", "hs_merged_object_ids"])
    );
    assert!(stage.seen()[0].json().get("idProperty").is_none());
}

#[tokio::test]
async fn the_catalogue_takes_what_comes() {
    let stage = Stage::new().await;
    stage.replies([Reply::ok(json!({"results": [
        {"name": "hubspot_owner_id", "label": "Contact owner", "type": "enumeration", "fieldType": "select",
         "groupName": "sales", "options": [{"label": "A", "value": "a", "new": 1}, {"label": "no value"}, 3],
         "referencedObjectType": "OWNER", "calculated": false, "externalOptions": true, "hasUniqueValue": true},
        {"name": "bare"},
        {"label": "no name"},
        null,
        {"name": "odd", "label": "", "type": 7, "hidden": "yes", "options": {}},
    ], "unheard": "of"}))]);
    let properties = stage.client().properties(Contacts).await.unwrap();
    let names: Vec<_> = properties.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["hubspot_owner_id", "bare", "odd"]);
    assert_eq!(properties[0].options.len(), 1);
    assert_eq!(properties[0].referenced_object.as_deref(), Some("OWNER"));
    assert!(properties[0].unique);
    assert_eq!(
        (properties[1].kind.as_str(), properties[1].label.as_str()),
        ("", "bare")
    );
    let seen = &stage.seen()[0];
    assert_eq!(seen.path, "/crm/properties/2026-09/contacts");
    assert_eq!(seen.method, "GET");
}

#[tokio::test]
async fn sensitive_definitions_are_read_where_their_values_may_be() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| {
        if seen.path.starts_with("/oauth") {
            let scopes = ["oauth", "crm.objects.contacts.sensitive.read.v2"];
            return Reply::ok(json!({ "active": true, "scopes": scopes }));
        }
        let class = seen.query.rsplit('=').next().unwrap();
        Reply::ok(json!({ "results": [{ "name": class }] }))
    });
    let client = stage.client();
    let names = async || {
        let properties = client.properties(Contacts).await.unwrap();
        properties
            .into_iter()
            .map(|p| p.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["non_sensitive"]);
    client.token_facts().await.unwrap();
    assert_eq!(names().await, ["non_sensitive", "sensitive"]);
    assert_eq!(client.properties(Companies).await.unwrap().len(), 1);
}

#[tokio::test]
async fn owners_are_read_page_by_page_archived_ones_too() {
    let stage = Stage::new().await;
    stage.otherwise(|seen| {
        let archived = seen.query.contains("archived=true");
        let last = archived || seen.query.contains("after=2");
        let id = match (archived, last) {
            (true, _) => "3",
            (false, true) => "2",
            (false, false) => "1",
        };
        let mut body = json!({"results": [
            {"id": id, "email": "o@example.com", "firstName": "太郎", "lastName": "山田", "userId": null,
             "archived": archived, "teams": []},
            {"email": "no id"},
        ]});
        if !last {
            body["paging"] = json!({"next": {"after": "2", "link": "https://evil.example.com"}});
        }
        Reply::ok(body)
    });
    let client = stage.client();
    let owners = client.owners().await.unwrap();
    let ids: Vec<_> = owners.iter().map(|o| (o.id.as_str(), o.archived)).collect();
    assert_eq!(ids, [("1", false), ("2", false), ("3", true)]);
    assert_eq!(owners[0].name(), "太郎 山田");
    assert!(!format!("{owners:?}").contains("example.com"));
    assert_eq!(client.calls().other, 3);
}

#[tokio::test]
async fn account_and_counts() {
    let stage = Stage::new().await;
    stage.replies([
        Reply::ok(json!({"portalId": 62_515, "timeZone": "No/Where", "utcOffsetMilliseconds": -18_000_000})),
        Reply::ok(json!({"hubspotDefinedObjectTypes": [
            {"objectTypeId": "0-1", "usage": 123_456, "limit": 15_000_000, "percentage": 0.8},
            {"objectTypeId": "0-5"}, null,
        ]})),
    ]);
    let client = stage.client();
    let account = client.account_details().await.unwrap();
    assert_eq!(account.portal.0, 62_515);
    assert_eq!(account.time_zone.as_deref(), Some("No/Where"));
    let counts = client.record_counts().await.unwrap().unwrap();
    assert_eq!(counts.of(Contacts), Some(123_456));
    assert_eq!(counts.of(Companies), None);
}

#[tokio::test]
async fn v3_paths_serve_as_well() {
    let stage = Stage::new().await;
    stage.replies([found(1, []), refusal(404, "OBJECT_NOT_FOUND", "no")]);
    let settings = Settings {
        version: "v3".into(),
        ..stage.settings()
    };
    let client = stage.builder(settings, hubspot::Credentials::Static("pat".into()));
    let client = client.build().unwrap();
    client.total(Contacts, &Query::default()).await.unwrap();
    assert_eq!(kind(client.properties(Companies).await), Kind::NotFound);
    let paths: Vec<_> = stage.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(
        paths,
        [
            "/crm/v3/objects/contacts/search",
            "/crm/v3/properties/companies"
        ]
    );
}
