//! The batch reader: what became of each id.

use std::collections::BTreeMap;

use hubspot::BatchRead;
use model::{ObjectType::Contacts, RecordId, Wire};
use serde_json::json;

use crate::stage::{Reply, Seen, Stage, ids, key, record};

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
async fn a_batch_that_takes_too_long_is_read_in_parts() {
    let stage = Stage::new().await;
    stage.replies([Reply::new(524, "")]);
    stage.otherwise(|seen| batch_answer(seen, &[], &[], &[], true));
    let read = read(&stage, 1..=80).await;
    assert_eq!(sorted(read.records.iter()), (1..=80).collect::<Vec<_>>());
    let sizes: Vec<_> = stage.seen().iter().map(|seen| inputs(seen).len()).collect();
    assert_eq!(sizes, [80, 40, 40]);
}
