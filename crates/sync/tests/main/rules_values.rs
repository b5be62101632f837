//! What becomes of values: cleared, kept, quarantined, and every shape HubSpot sends.

use model::Level;
use sandbox::{Command, Object};
use store::mapping::EmptyPolicy;
use sync::ReaderChoice;

use crate::World;

#[tokio::test]
async fn an_emptied_property_clears_the_value() {
    let world = World::clean(5).await.mapped(&["mrr", "plan_tier"]).await;
    let (record, id) = world.contacts().remove(2);
    world.set(record, "mrr", "12.50");
    world.proved().await;
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("12.50"));
    world.set(record, "mrr", "");
    let report = world.proved().await;
    assert_eq!((report.values.written, report.values.cleared), (0, 1));
    assert_eq!((report.counts.changed, report.counts.unchanged), (1, 4));
    assert_eq!(world.value(&id, "mrr").await, None);
    assert!(world.value(&id, "plan_tier").await.is_some());
}

#[tokio::test]
async fn an_emptied_property_keeps_the_value_where_the_mapping_says_so() {
    let world = World::clean(5).await;
    world
        .map_with(Level::Visitor, &["mrr", "plan_tier"], EmptyPolicy::Keep)
        .await;
    let (record, id) = world.contacts().remove(2);
    world.set(record, "mrr", "12.50");
    world.proved().await;
    world.set(record, "mrr", "");
    for _ in 0..2 {
        let report = world.proved().await;
        assert_eq!((report.values.written, report.values.cleared), (0, 0));
        assert_eq!(report.counts.unchanged, 5);
    }
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("12.50"));
    world.set(record, "mrr", "13");
    world.proved().await;
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("13"));
    // With the other policy, what is empty goes at last.
    world.set(record, "mrr", "");
    world.map(Level::Visitor, &["mrr", "plan_tier"]).await;
    assert_eq!(world.proved().await.values.cleared, 1);
    assert_eq!(world.value(&id, "mrr").await, None);
}

#[tokio::test]
async fn a_bad_value_leaves_the_last_good_one_until_it_is_mended() {
    let world = World::clean(5).await.mapped(&["mrr", "plan_tier"]).await;
    let (record, id) = world.contacts().remove(2);
    world.set(record, "mrr", "12.50");
    world.proved().await;
    world.set(record, "mrr", "N/A");
    for _ in 0..2 {
        let report = world.proved().await;
        assert_eq!(report.quarantined["mrr"], 1);
        assert_eq!((report.values.written, report.values.cleared), (0, 0));
        assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("12.50"));
        let store = &world.context.store;
        let start = (model::RecordId(0), "");
        let kept_out = store
            .quarantined(report.run, &store::findings::Only::default(), start, 10)
            .await
            .unwrap();
        assert_eq!(
            (kept_out[0].record.0, kept_out[0].value.as_str()),
            (record, "N/A")
        );
    }
    world.set(record, "mrr", "14");
    let report = world.proved().await;
    assert_eq!((report.values.written, report.quarantined.len()), (1, 0));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("14"));
}

#[tokio::test]
async fn a_bad_value_of_a_new_visitor_is_just_absent() {
    let world = World::clean(3).await.mapped(&["mrr", "plan_tier"]).await;
    let (record, id) = world.contacts().remove(1);
    world.set(record, "mrr", "1234;5678");
    let report = world.proved().await;
    assert_eq!(report.quarantined["mrr"], 1);
    assert_eq!(world.value(&id, "mrr").await, None);
    assert!(world.value(&id, "plan_tier").await.is_some());
}

#[tokio::test]
async fn properties_without_a_value_may_be_missing_from_answers() {
    for reader in [ReaderChoice::Search, ReaderChoice::List] {
        let world = World::clean(4).await.reading(reader);
        world.define("note", "string", "text");
        let world = world.mapped(&["note", "plan_tier"]).await;
        world
            .sandbox
            .knobs(crate::PORTAL, |knobs| knobs.omit_unset = true);
        let contacts = world.contacts();
        world.set(contacts[0].0, "note", "hello");
        world.proved().await;
        assert_eq!(
            world.value(&contacts[0].1, "note").await.as_deref(),
            Some("\"hello\"")
        );
        assert_eq!(world.value(&contacts[1].1, "note").await, None);
        // Never set again by anybody: the visitor is fed by another record, which does not mention the note.
        world.set(contacts[0].0, sandbox::VISITOR_KEY, "nobody");
        world.create(&[(sandbox::VISITOR_KEY, &contacts[0].1)]);
        let report = world.proved().await;
        assert!(report.held.is_empty());
        assert_eq!(report.counts.changed, 1);
        assert_eq!(world.value(&contacts[0].1, "note").await, None);
    }
}

/// A property's type and field type, a wire value, and the JSON stored for it, if it is not kept out.
type Shape = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const SHAPES: &[Shape] = &[
    ("string", "text", "as typed ", Some("\"as typed \"")),
    ("string", "text", " ", Some("\" \"")),
    ("string", "text", "null", Some("\"null\"")),
    ("string", "text", "00123", Some("\"00123\"")),
    ("string", "text", "山田 👩‍💻", Some("\"山田 👩‍💻\"")),
    ("string", "text", "a\"b\\c\u{1}", Some(r#""a\"b\\c\u0001""#)),
    ("string", "text", "51;52", Some("\"51;52\"")),
    (
        "string",
        "text",
        "51:1700000000000",
        Some("\"51:1700000000000\""),
    ),
    ("string", "textarea", "one\r\ntwo", Some(r#""one\r\ntwo""#)),
    (
        "string",
        "html",
        "<p>a &amp; b</p>",
        Some("\"<p>a &amp; b</p>\""),
    ),
    (
        "string",
        "phonenumber",
        "+81 3 1234",
        Some("\"+81 3 1234\""),
    ),
    (
        "phone_number",
        "phonenumber",
        "call me",
        Some("\"call me\""),
    ),
    ("number", "number", "3039", Some("3039")),
    ("number", "number", "0.0", Some("0.0")),
    (
        "number",
        "number",
        "0.5596858859062195",
        Some("0.5596858859062195"),
    ),
    ("number", "number", "1.5E-7", Some("1.5E-7")),
    ("number", "number", "-12.50", Some("-12.50")),
    (
        "number",
        "number",
        "12345678901234567890.123",
        Some("12345678901234567890.123"),
    ),
    ("number", "number", "N/A", None),
    ("number", "number", "1234;5678", None),
    ("number", "number", "1e41", None),
    ("number", "calculation_equation", "42", Some("42")),
    ("number", "calculation_score", "7.5", Some("7.5")),
    ("bool", "booleancheckbox", "true", Some("true")),
    ("bool", "booleancheckbox", "false", Some("false")),
    ("bool", "booleancheckbox", "yes", None),
    ("enumeration", "booleancheckbox", "true", Some("true")),
    ("enumeration", "booleancheckbox", "1", None),
    (
        "date",
        "date",
        "2024-10-28",
        Some("\"2024-10-28T00:00:00.000Z\""),
    ),
    (
        "date",
        "date",
        "1730119140846",
        Some("\"2024-10-28T00:00:00.000Z\""),
    ),
    (
        "date",
        "date",
        "2024-10-28T16:39:00.846Z",
        Some("\"2024-10-28T00:00:00.000Z\""),
    ),
    ("date", "date", "28.10.2024", None),
    (
        "datetime",
        "date",
        "2024-10-28T16:39:00.846Z",
        Some("\"2024-10-28T16:39:00.846Z\""),
    ),
    (
        "datetime",
        "date",
        "2024-10-28T16:39:00Z",
        Some("\"2024-10-28T16:39:00.000Z\""),
    ),
    (
        "datetime",
        "date",
        "1730133540846",
        Some("\"2024-10-28T16:39:00.846Z\""),
    ),
    (
        "datetime",
        "date",
        "1730133540846.0",
        Some("\"2024-10-28T16:39:00.846Z\""),
    ),
    (
        "datetime",
        "date",
        "0",
        Some("\"1970-01-01T00:00:00.000Z\""),
    ),
    ("datetime", "date", "tomorrow", None),
    (
        "datetime",
        "calculation_rollup",
        "2024-10-28",
        Some("\"2024-10-28T00:00:00.000Z\""),
    ),
    (
        "enumeration",
        "select",
        "internal_value",
        Some("\"internal_value\""),
    ),
    (
        "enumeration",
        "select",
        "no option of it",
        Some("\"no option of it\""),
    ),
    ("enumeration", "radio", "true", Some("\"true\"")),
    ("enumeration", "checkbox", "A;B;C", Some("\"A;B;C\"")),
    ("enumeration", "checkbox", ";A", Some("\";A\"")),
];

#[tokio::test]
async fn every_shape_of_value_travels_through_a_whole_run() {
    for reader in [ReaderChoice::Search, ReaderChoice::List] {
        let world = World::clean(SHAPES.len() as u64).await.reading(reader);
        let name = |(kind, field, ..): Shape| format!("shape_{kind}_{field}");
        let mut names: Vec<String> = SHAPES.iter().map(|shape| name(*shape)).collect();
        names.dedup();
        for (kind, field, ..) in SHAPES {
            // Taken already, from the second shape of a kind on.
            let _ = world.sandbox.run(
                crate::PORTAL,
                &Command::AddProperty {
                    object: Object::Contacts,
                    name: format!("shape_{kind}_{field}"),
                    label: String::new(),
                    kind: (*kind).to_owned(),
                    field: (*field).to_owned(),
                },
            );
        }
        let contacts = world.contacts();
        for (shape, (record, _)) in SHAPES.iter().zip(&contacts) {
            world.set(*record, &name(*shape), shape.2);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let world = world.mapped(&names).await;
        let report = world.proved().await;
        let bad = SHAPES.iter().filter(|shape| shape.3.is_none()).count() as u64;
        assert_eq!(report.quarantined.values().sum::<u64>(), bad);
        assert_eq!(report.values.written, SHAPES.len() as u64 - bad);
        for (shape, (_, id)) in SHAPES.iter().zip(&contacts) {
            let expected = shape.3.map_or_else(
                || "null".to_owned(),
                |json| format!("{{\"{}\":{json}}}", name(*shape)),
            );
            let stored = world.hubspot(Level::Visitor, id).await;
            assert_eq!(stored.as_deref().unwrap_or("null"), expected, "{shape:?}");
        }
        assert_eq!(world.proved().await.counts.changed, 0);
    }
}

#[tokio::test]
async fn the_longest_text_and_an_owners_id_are_stored_as_they_are() {
    let fields = ["campaign", "hubspot_owner_id"];
    let world = World::clean(2).await.mapped(&fields).await;
    let (record, id) = world.contacts().remove(0);
    let longest = "あ".repeat(65_536);
    world.set(record, "campaign", &longest);
    world.set(record, "hubspot_owner_id", "70000001");
    world.proved().await;
    assert_eq!(
        world.value(&id, "campaign").await,
        Some(format!("\"{longest}\""))
    );
    assert_eq!(
        world.value(&id, "hubspot_owner_id").await.as_deref(),
        Some("\"70000001\"")
    );
}
