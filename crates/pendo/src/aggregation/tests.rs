//! Pipelines as they are sent, and rows of any form.

use serde_json::json;

use super::*;

fn page(after: Option<&str>) -> Page<'_> {
    Page {
        level: Level::Visitor,
        after,
        limit: 5_000,
    }
}

fn pipeline(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["response"]["mimeType"], "application/json");
    body["request"]["pipeline"].clone()
}

#[test]
fn ids_are_walked_by_the_last_one_seen() {
    assert_eq!(
        pipeline(&ids(page(Some("a\"b\\")), Some(1_463_547_077_029))),
        json!([
            { "source": { "visitors": { "identified": true } } },
            { "sort": ["visitorId"] },
            { "filter": r#"visitorId > "a\"b\\""# },
            { "filter": "metadata.auto.firstvisit > 1463547077029" },
            { "select": { "visitorId": "visitorId", "v0": "metadata.auto.firstvisit" } },
            { "limit": 5_000 },
        ])
    );
}

#[test]
fn values_are_asked_for_by_their_paths() {
    let accounts = Page {
        level: Level::Account,
        after: None,
        limit: 2,
    };
    let keys = ["plan".to_owned(), "seats_2".to_owned()];
    assert_eq!(
        pipeline(&values(accounts, "custom", &keys).unwrap()),
        json!([
            { "source": { "accounts": null } },
            { "sort": ["accountId"] },
            { "select": {
                "accountId": "accountId",
                "v0": "metadata.custom.plan",
                "v1": "metadata.custom.seats_2",
            } },
            { "limit": 2 },
        ])
    );
    assert_eq!(
        pipeline(&count(Level::Account)),
        json!([{ "source": { "accounts": null } }, { "count": null }])
    );
}

#[test]
fn an_expression_holds_names_only() {
    for bad in ["", "a b", "a.b", "a\"", "é"] {
        assert!(values(page(None), "custom", &[bad.to_owned()]).is_err());
        assert!(values(page(None), bad, &[]).is_err());
    }
}

#[test]
fn rows_keep_their_values_as_they_are_written() {
    let body = br#"{ "startTime": 0, "results": [
        { "visitorId": "ada", "v1": 12.50, "v0": "gold", "v9": 1, "other": {} },
        { "v0": null, "visitorId": 7 },
        { "visitorId": null, "v0": "nobody's" }
    ] }"#;
    let rows = read_rows(body, page(None), 2).unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|held| {
            let values = held.values.iter();
            let values = values.map(|value| value.as_deref().map(RawValue::get));
            (held.id.as_str(), values.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("ada", vec![Some("\"gold\""), Some("12.50")]),
            ("7", vec![None, None]),
        ]
    );
}

#[test]
fn nothing_may_be_null() {
    for nothing in [&br#"{ "results": null }"#[..], br#"{ "results": [] }"#] {
        assert!(read_rows(nothing, page(None), 1).unwrap().is_empty());
        assert_eq!(read_count(&serde_json::from_slice(nothing).unwrap()), Ok(0));
    }
}

#[test]
fn what_would_end_or_circle_a_walk_by_mistake_is_no_answer() {
    for bad in [
        "{}",
        "[]",
        r#"{ "results": {} }"#,
        r#"{ "results": [1] }"#,
        r#"{ "results": [{ "v0": 1 }] }"#,
        r#"{ "results": [{ "visitorId": null }] }"#,
        r#"{ "results": [{ "visitorId": ["secret"] }] }"#,
        r#"{ "results": [{ "visitorId": "secret" }] }"#,
    ] {
        let problem = read_rows(bad.as_bytes(), page(Some("secret")), 1).unwrap_err();
        assert!(!problem.contains("secret"), "{problem}");
    }
}

#[test]
fn first_visits_are_moments_of_any_form() {
    for (token, moment) in [
        ("1463547077029", Some(1_463_547_077_029)),
        ("\"1463547077029\"", Some(1_463_547_077_029)),
        ("1.463547077029e12", Some(1_463_547_077_029)),
        ("0", None),
        ("\"\"", None),
        ("true", None),
        ("1e300", None),
    ] {
        let body = format!(r#"{{ "results": [{{ "visitorId": "a", "v0": {token} }}] }}"#);
        let rows = read_rows(body.as_bytes(), page(None), 1).unwrap();
        let known = rows.into_iter().map(known).next().unwrap();
        assert_eq!(known.first_visit, moment, "{token}");
    }
}

#[test]
fn counts_are_found_whatever_they_look_like() {
    assert_eq!(read_count(&json!({ "results": [{ "count": 12 }] })), Ok(12));
    assert_eq!(
        read_count(&json!({ "results": [{ "Count": "12" }] })),
        Ok(12)
    );
    for bad in [
        json!({ "results": [{}] }),
        json!({ "results": [12] }),
        json!({ "results": 12 }),
        json!({}),
        json!(12),
    ] {
        assert!(read_count(&bad).is_err(), "{bad}");
    }
}
