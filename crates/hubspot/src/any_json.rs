//! Whatever HubSpot sends, nothing panics and no secret gets out.

use jiff::Timestamp;
use model::{ObjectType, PropertyName};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    AccountDetails, Operation, RecordCounts, TokenFacts, catalogue, oauth, owners,
    refusal::{Head, Refusal},
};

/// The keys that some parser looks for.
const KEYS: &[&str] = &[
    "results",
    "paging",
    "next",
    "after",
    "id",
    "name",
    "label",
    "type",
    "fieldType",
    "options",
    "value",
    "status",
    "message",
    "category",
    "errorType",
    "policyName",
    "errors",
    "error",
    "code",
    "context",
    "propertyName",
    "requiredGranularScopes",
    "scopes",
    "portalId",
    "timeZone",
    "utcOffsetMilliseconds",
    "hub_id",
    "signed_access_token",
    "access_token",
    "refresh_token",
    "expires_in",
    "hubspotDefinedObjectTypes",
    "objectTypeId",
    "usage",
    "correlationId",
];

/// JSON of the right words in the wrong places.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "0-1",
            "Asia/Tokyo",
            "DAILY",
            "error",
            "MISSING_SCOPES",
            "secret-token-1"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(KEYS), inner), 0..6).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_panics(json in any_json()) {
        for json in [json.clone(), json!({ "results": [json] })] {
            let _ = catalogue::read(&json);
            let _ = owners::read(&json);
            let _ = AccountDetails::read(&json);
            let _ = RecordCounts::read(&json);
            let _ = TokenFacts::read(&json);
            let _ = oauth::read_tokens(&json, None, Timestamp::UNIX_EPOCH);
        }
    }

    #[test]
    fn a_refusal_of_any_shape_is_read_and_keeps_no_secret(
        json in any_json(),
        status in 300u16..600,
        retry_after in prop::option::of("\\PC{0,20}|[0-9]{1,30}"),
    ) {
        let head = Head { status, correlation_id: Some("secret-token-1".into()), retry_after };
        let body = json.to_string();
        let refusal = Refusal::read(&head, body.as_bytes(), Timestamp::UNIX_EPOCH, &["secret-token-1"]);
        let printed = format!("{refusal} {refusal:?}");
        prop_assert!(!printed.contains("secret-token-1"), "{}", printed);
        for operation in [Operation::Refresh, Operation::Search(ObjectType::Contacts)] {
            let _ = refusal.kind(operation);
        }
    }

    #[test]
    fn a_refusal_may_hold_any_bytes(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let refusal = Refusal::read(&Head { status: 502, ..Head::default() }, &body, Timestamp::MAX, &[]);
        prop_assert_eq!(refusal.status, 502);
    }

    #[test]
    fn the_catalogue_keeps_every_name_in_order(names in prop::collection::vec("\\PC{1,20}", 0..20)) {
        let results: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        let read = catalogue::read(&json!({ "results": results })).unwrap();
        let read: Vec<_> = read.into_iter().map(|property| property.name).collect();
        prop_assert_eq!(read, names.into_iter().map(PropertyName::new).collect::<Vec<_>>());
    }
}

#[test]
fn an_html_page_is_told_by_its_title() {
    let head = Head {
        status: 414,
        ..Head::default()
    };
    let page = b"<html>\n<head><title>414 Request-URI Too Large</title></head><body>pat-na1-abc</body></html>";
    let refusal = Refusal::read(&head, page, Timestamp::UNIX_EPOCH, &[]);
    assert_eq!(refusal.to_string(), "414: 414 Request-URI Too Large");
}
