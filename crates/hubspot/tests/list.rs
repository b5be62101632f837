//! The list reader: pages in parts, URLs found too long.

use std::collections::{BTreeMap, BTreeSet};

use hubspot::{Columns, Cursor, Kind, LIST_PAGE, Settings};
use model::{ObjectType::Contacts, Wire};
use serde_json::json;

use crate::stage::{Reply, Seen, Stage, ids, key, kind, many, record};

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
    assert_eq!(client.list_calls_per_page(&columns), 5);
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

#[tokio::test]
async fn a_part_of_a_page_that_takes_too_long_makes_all_parts_smaller() {
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
