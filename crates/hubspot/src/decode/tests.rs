use model::Wire;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Undecodable;

fn decode(body: &str, names: &[&str]) -> Envelope {
    let columns: Columns = names.iter().collect();
    envelope(body.as_bytes().to_vec(), &columns, &columns).unwrap()
}

fn ids(records: &Records) -> Vec<u64> {
    records.iter().map(|record| record.id().0).collect()
}

fn texts(records: &Records, row: usize) -> Vec<Wire<'_>> {
    records.get(row).unwrap().wires().collect()
}

#[test]
fn a_page_as_documented() {
    let page = decode(
        r#"{"total":12345,"results":[
            {"id":"51","properties":{"createdate":"2024-01-17T19:55:04.281Z","email":"a@example.com",
              "hs_object_id":"51","plan_tier":null,"old_note":""},
             "createdAt":"2024-01-17T19:55:04.281Z","updatedAt":"2024-09-11T13:27:39.356Z","archived":false,
             "url":"https://app.hubspot.com/contacts/1234567/record/0-1/51"},
            {"id":"52","properties":{"email":"株\u5f0f \"b\"\n","plan_tier":"gold"},"archived":true}],
          "paging":{"next":{"after":"52","link":"https://api.hubapi.com/crm/v3/objects/contacts?after=9"}},
          "new":{"unheard":["of"]}}"#,
        &["email", "plan_tier", "old_note", "never_defined"],
    );
    assert_eq!(page.total, Some(12_345));
    assert_eq!(page.after.as_deref(), Some("52"));
    let records = &page.records;
    assert_eq!(ids(records), [51, 52]);
    assert_eq!(
        texts(records, 0),
        [
            Wire::Text("a@example.com"),
            Wire::Null,
            Wire::Text(""),
            Wire::Missing
        ]
    );
    assert_eq!(
        texts(records, 1),
        [
            Wire::Text("株式 \"b\"\n"),
            Wire::Text("gold"),
            Wire::Missing,
            Wire::Missing
        ]
    );
    let (first, second) = (records.get(0).unwrap(), records.get(1).unwrap());
    assert_eq!(first.updated_at_ms(), 1_726_061_259_356);
    assert!(!first.archived());
    assert_eq!(second.updated_at_ms(), 0);
    assert!(second.archived());
    assert!(records.get(2).is_none());
}

#[test]
fn the_modified_date_may_stand_among_the_properties() {
    for (properties, names, expected) in [
        (
            json!({"lastmodifieddate": "1970-01-01T00:00:01.000Z"}),
            vec![],
            1_000,
        ),
        (
            json!({"lastmodifieddate": "1970-01-01T00:00:01.000Z", "hs_lastmodifieddate": "9"}),
            vec!["lastmodifieddate"],
            1_000,
        ),
        (json!({"hs_lastmodifieddate": "7"}), vec![], 7),
        (
            json!({"hs_lastmodifieddate": "1970-01-01T00:00:01Z", "lastmodifieddate": null}),
            vec!["hs_lastmodifieddate", "lastmodifieddate"],
            1_000,
        ),
        (json!({"lastmodifieddate": "soon"}), vec![], 0),
    ] {
        let body = json!({"results": [{"id": "1", "properties": properties}]}).to_string();
        let page = decode(&body, &names);
        assert_eq!(
            page.records.get(0).unwrap().updated_at_ms(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn values_that_are_not_strings_are_taken_as_written() {
    let page = decode(
        r#"{"results":[{"id":1,"properties":{"a":1.10,"b":true,"c":12345678901234567890123,"d":-0,"e":false}},
                       {"id":"2","properties":{"a":"x"},"updatedAt":1000,"archived":null}]}"#,
        &["a", "b", "c", "d", "e"],
    );
    let expected = ["1.10", "true", "12345678901234567890123", "-0", "false"];
    assert_eq!(texts(&page.records, 0), expected.map(Wire::Text));
    assert_eq!(texts(&page.records, 1)[0], Wire::Text("x"));
    assert_eq!(page.records.get(1).unwrap().updated_at_ms(), 1_000);
    assert!(page.records.undecodable().is_empty());
}

#[test]
fn one_bad_record_does_not_take_its_page_with_it() {
    let page = decode(
        r#"{"total":6,"results":[
            {"id":"1","properties":{"a":"one"}},
            {"id":"2","properties":{"a":{"deep":"secret value"}}},
            {"properties":{"a":"x"}},
            {"id":"many","properties":{}},
            {"id":"5","properties":[]},
            "not even an object",
            {"id":"7","properties":{"a":"\ud800"}},
            {"id":"8","properties":null},
            {"id":"9","properties":{"other":{"deep":1},"a":"nine"}}]}"#,
        &["a"],
    );
    assert_eq!(ids(&page.records), [1, 8, 9]);
    assert_eq!(texts(&page.records, 2), [Wire::Text("nine")]);
    let bad = |id: Option<u64>, why: &str| Undecodable {
        id: id.map(RecordId),
        why: why.into(),
    };
    assert_eq!(
        page.records.undecodable(),
        [
            bad(Some(2), "the value of a is not text"),
            bad(None, "it has no id"),
            bad(None, "its id is not a number"),
            bad(Some(5), "its properties are not an object"),
            bad(None, "it is not a JSON object"),
            bad(Some(7), "the value of a is not text"),
        ]
    );
    assert_eq!(page.total, Some(6));
    assert_eq!(page.records.delivered(), 9);
}

#[test]
fn what_is_not_utf_8_costs_only_its_record() {
    let mut body =
        br#"{"results":[{"id":"1","properties":{"a":"x"}},{"id":"2","properties":{"a":"?"}}]}"#
            .to_vec();
    let at = body.iter().position(|b| *b == b'?').unwrap();
    body[at] = 0xff;
    let columns: Columns = ["a"].into_iter().collect();
    let page = envelope(body, &columns, &columns).unwrap();
    assert_eq!(ids(&page.records), [1]);
    assert_eq!(page.records.undecodable()[0].id, Some(RecordId(2)));
}

#[test]
fn an_answer_without_results_is_no_page() {
    let columns: Columns = ["a"].into_iter().collect();
    for body in [
        "",
        "{}",
        "null",
        "[]",
        r#"{"results":null}"#,
        r#"{"results":{}}"#,
        "<html><title>502</title></html>",
        r#"{"results":[{"id":"1"}"#,
        r#"{"results":[]} trailing"#,
    ] {
        let error = envelope(body.as_bytes().to_vec(), &columns, &columns).unwrap_err();
        assert!(!error.contains("html"), "{error}");
    }
}

#[test]
fn keys_may_come_in_any_order_and_be_left_out() {
    let page = decode(
        r#"{"results":[
            {"id":"1","properties":{"a":"1","x":"","b":"2","c":"3"}},
            {"id":"2","properties":{"c":"3"}},
            {"id":"3","properties":{"c":"3","b":"2","a":"1","y":null}},
            {"id":"4","properties":{}},
            {"id":"5","properties":{"a":"1","b":"2","\u0063":"3","a":"last"}}]}"#,
        &["c", "b", "a"],
    );
    let [one, two, three] = ["1", "2", "3"].map(Wire::Text);
    let missing = Wire::Missing;
    for (row, expected) in [
        [three, two, one],
        [three, missing, missing],
        [three, two, one],
        [missing; 3],
        [three, two, Wire::Text("last")],
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(texts(&page.records, row), expected, "row {row}");
    }
}

#[test]
fn moments_in_all_forms() {
    for (text, expected) in [
        ("1970-01-01T00:00:00.000Z", Some(0)),
        ("2024-02-29T23:59:59.999Z", Some(1_709_251_199_999)),
        ("2024-09-11T13:27:39.356Z", Some(1_726_061_259_356)),
        ("2024-09-11T13:27:39Z", Some(1_726_061_259_000)),
        ("1726061259356", Some(1_726_061_259_356)),
        ("2024-02-30T00:00:00.000Z", None),
        ("2024-09-11", None),
        ("", None),
    ] {
        assert_eq!(milliseconds(text), expected, "{text}");
    }
}

/// Three parts of one page, the second of which spells its values with escapes.
#[test]
fn parts_of_a_page_are_joined_by_id() {
    let all: Columns = ["a", "b", "c"].into_iter().collect();
    let part = |name: &str, body: &str| decode(body, &[name]).records;
    let a = part(
        "a",
        r#"{"results":[{"id":"1","properties":{"a":"a1\t"}},{"id":"2","properties":{"a":null}}]}"#,
    );
    let b = part(
        "b",
        r#"{"results":[{"id":"1","properties":{"b":"b1\n"}},{"id":"2","properties":{"b":"b2"}}]}"#,
    );
    let c = part(
        "c",
        r#"{"results":[{"id":"1","properties":{}},{"id":"2","properties":{"c":"c2"}}]}"#,
    );
    let joined = Records::beside(&all, vec![a.clone(), b.clone(), c.clone()]).unwrap();
    assert_eq!(
        texts(&joined, 0),
        [Wire::Text("a1\t"), Wire::Text("b1\n"), Wire::Missing]
    );
    assert_eq!(
        texts(&joined, 1),
        [Wire::Null, Wire::Text("b2"), Wire::Text("c2")]
    );

    let other = part(
        "b",
        r#"{"results":[{"id":"1","properties":{}},{"id":"3","properties":{}}]}"#,
    );
    assert!(Records::beside(&all, vec![a.clone(), other, c.clone()]).is_none());
    let bad = part(
        "b",
        r#"{"results":[{"id":"1","properties":{"b":[]}},{"id":"2","properties":{"b":"b2"}}]}"#,
    );
    let joined = Records::beside(&all, vec![a, bad, c]).unwrap();
    assert_eq!(ids(&joined), [2]);
    assert_eq!(joined.undecodable()[0].id, Some(RecordId(1)));
}

#[test]
fn records_delivered_before_are_dropped_and_answers_appended() {
    let page = |first: u64| {
        let record =
            |id: u64| json!({"id": id.to_string(), "properties": {"a": format!("\t{id}")}});
        let body = json!({"results": [record(first), record(first + 1), record(first + 2)]});
        decode(&body.to_string(), &["a"]).records
    };
    let mut records = page(10);
    assert_eq!(records.keep(|id| id > RecordId(11)), 2);
    assert_eq!(ids(&records), [12]);
    records.append(page(20));
    assert_eq!(ids(&records), [12, 20, 21, 22]);
    assert_eq!(texts(&records, 0), [Wire::Text("\t12")]);
    assert_eq!(texts(&records, 3), [Wire::Text("\t22")]);
}

/// A value in every shape a record may hold it in.
fn value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        4 => any::<String>().prop_map(serde_json::Value::from),
        2 => Just(serde_json::Value::Null),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_what_is_read(
        records in prop::collection::vec(
            (any::<u64>(), prop::collection::btree_map("[a-e]|\\PC{0,4}", value(), 0..6)),
            0..20,
        ),
        pretty: bool,
    ) {
        let results: Vec<_> = records
            .iter()
            .map(|(id, properties)| json!({"id": id.to_string(), "properties": properties}))
            .collect();
        let body = json!({"results": results});
        let body = if pretty { format!("{body:#}") } else { body.to_string() };
        let names = ["a", "b", "c", "d", "e"];
        let page = decode(&body, &names);
        prop_assert_eq!(page.records.len(), records.len());
        for (record, (id, properties)) in page.records.iter().zip(&records) {
            prop_assert_eq!(record.id().0, *id);
            for (name, wire) in names.iter().zip(record.wires()) {
                let expected = properties.get(*name).map(|value| match value {
                    serde_json::Value::String(text) => Some(text.clone()),
                    serde_json::Value::Null => None,
                    other => Some(other.to_string()),
                });
                match (wire, expected) {
                    (Wire::Missing, None) | (Wire::Null, Some(None)) => {}
                    (Wire::Text(text), Some(Some(expected))) => prop_assert_eq!(text, expected),
                    (wire, expected) => prop_assert!(false, "{wire:?} for {expected:?}"),
                }
            }
        }
    }

    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let columns: Columns = ["a"].into_iter().collect();
        let _ = envelope(body, &columns, &columns);
    }

    /// A good page with some bytes changed or cut off: the mistakes that a parser is most likely to stumble over.
    #[test]
    fn a_damaged_page_is_read_as_it_is_or_not_at_all(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        keep: bool,
    ) {
        let mut body = br#"{"total":2,"results":[{"id":"51","properties":{"a":"x\u00e9","b":null},
            "updatedAt":"2024-09-11T13:27:39.356Z","archived":false},{"id":"52","properties":{"a":"\\"}}],
            "paging":{"next":{"after":"52"}}}"#.to_vec();
        for (index, byte) in changes {
            let at = index.index(body.len());
            body[at] = byte;
        }
        if !keep {
            body.truncate(cut.index(body.len()));
        }
        let columns: Columns = ["a", "b"].into_iter().collect();
        let general: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let Ok(page) = envelope(body, &columns, &columns) else {
            return Ok(());
        };
        for record in page.records.iter() {
            prop_assert_eq!(record.wires().len(), 2);
            // What a general parser makes of it, if it can, is the same.
            let id = record.id().to_string();
            let same = |json: &&serde_json::Value| json["id"].as_str() == Some(&id);
            let results = general.as_ref().and_then(|json| json["results"].as_array());
            let Some(json) = results.and_then(|results| results.iter().find(same)) else {
                continue;
            };
            for (name, wire) in ["a", "b"].into_iter().zip(record.wires()) {
                let value = json["properties"].get(name);
                let agrees = match wire {
                    Wire::Missing => value.is_none(),
                    Wire::Null => value.is_some_and(serde_json::Value::is_null),
                    Wire::Text(text) => value.is_some_and(|v| v.as_str().is_none_or(|v| v == text)),
                };
                prop_assert!(agrees, "{}: {:?} for {:?}", name, wire, value);
            }
        }
    }

    #[test]
    fn the_quick_parser_of_moments_agrees_with_the_general_one(ms in -62_135_596_800_000i64..253_402_300_799_999) {
        let moment = Timestamp::from_millisecond(ms).unwrap();
        let text = format!("{moment:.3}");
        prop_assert_eq!(milliseconds(&text), Some(ms), "{}", text);
    }
}
