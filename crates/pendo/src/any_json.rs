//! Whatever Pendo sends, nothing panics and no secret gets out.

use model::Level;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Access, Answer, Batch, Kind, Refusal, Schema,
    aggregation::{self, Page},
    redact::{Private, Redact},
};

/// The keys that some reader looks for.
const KEYS: &[&str] = &[
    "results",
    "count",
    "visitorId",
    "accountId",
    "id",
    "v0",
    "v1",
    "valid",
    "writeAccess",
    "Type",
    "DisplayName",
    "isDeleted",
    "total",
    "updated",
    "failed",
    "missing",
    "errors",
    "error",
    "message",
    "ada-7",
];

const KEY: &str = "0f1e2d3c-4b5a.us";

/// What must not be said: the key, an id, a value, an address.
const SECRETS: [&str; 4] = [KEY, "ada-7", "gold plan", "a.b@example.com"];

/// JSON of the right words in the wrong places.
fn any_json() -> impl Strategy<Value = Value> {
    let quoted = prop::sample::select(&SECRETS[..]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        ("[ -~]{0,20}", quoted, "\\PC{0,20}")
            .prop_map(|(before, secret, after)| format!("{before} \"{secret}\" {after}").into()),
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

fn batch() -> Batch {
    let mut batch = Batch::new(Level::Visitor);
    batch.record("ada-7", |values| values.put("plan", r#""gold plan""#));
    batch
}

proptest! {
    #[test]
    fn no_answer_panics(json in any_json()) {
        let page = Page { level: Level::Account, after: Some("a"), limit: 1 };
        for json in [json.clone(), json!({ "results": [json] })] {
            let _ = Access::read(&json);
            let _ = Schema::read(&json);
            let _ = aggregation::read_count(&json);
            if let Ok(rows) = aggregation::read_rows(json.to_string().as_bytes(), page, 2) {
                rows.into_iter().map(aggregation::known).for_each(drop);
            }
        }
    }

    #[test]
    fn an_answer_of_any_shape_is_read_and_its_problems_tell_nothing(json in any_json()) {
        let (batch, key) = (batch(), SecretString::from(KEY));
        let redact = Redact::new(&key, Private::Batch(&batch));
        for json in [json.clone(), json!({ "errors": json, "missing": json })] {
            let answer = Answer::read(&json, &batch, &redact).unwrap_or_default();
            for problem in answer.errors {
                for secret in SECRETS {
                    prop_assert!(!problem.text.contains(secret), "{}", problem.text);
                }
            }
        }
    }

    #[test]
    fn a_refusal_of_any_shape_is_read_and_tells_nothing(json in any_json(), status in 100u16..1_000) {
        let (batch, key) = (batch(), SecretString::from(KEY));
        let redact = Redact::new(&key, Private::Batch(&batch));
        let mut bodies = vec![json.to_string()];
        bodies.extend(SECRETS.iter().map(|secret| format!("no: {secret}!")));
        bodies.extend(SECRETS.iter().map(|secret| format!("<title>no {secret}</title>")));
        for body in bodies {
            let refusal = Refusal::read(status, None, body.as_bytes(), &redact);
            let printed = format!("{refusal} {refusal:?} {:?}", Kind::of(status));
            for secret in SECRETS {
                prop_assert!(!printed.contains(secret), "{}", printed);
            }
        }
    }

    #[test]
    fn any_bytes_will_do(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let key = SecretString::from(KEY);
        let redact = Redact::new(&key, Private::Nothing);
        prop_assert_eq!(Refusal::read(502, None, &body, &redact).status, 502);
        let page = Page { level: Level::Visitor, after: None, limit: 1 };
        prop_assert!(aggregation::read_rows(&body, page, 1).is_err());
    }
}
