//! What Pendo says about a key and about a bulk write.

use std::collections::HashSet;

use serde_json::Value;

use crate::{Batch, lenient, redact::Redact, refusal::said};

/// What an integration key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether it may write; keys are made without.
    pub write: bool,
}

impl Access {
    /// `None` when the key is said not to be valid.
    pub(crate) fn read(json: &Value) -> Result<Option<Self>, String> {
        if !json.is_object() {
            return Err("it is no object".into());
        }
        let says = |name| lenient::member(json, name).and_then(lenient::truth);
        // A key that is not valid is refused by status; only an explicit word to the contrary counts.
        Ok((says("valid") != Some(false)).then(|| Self {
            write: says("writeaccess").unwrap_or(false),
        }))
    }
}

/// What became of a bulk write. Pendo answers 200 even when records failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Records that were sent.
    pub total: Option<u64>,
    /// Records that were written.
    pub updated: Option<u64>,
    /// Records that were not, those of unknown ids included.
    pub failed: Option<u64>,
    /// Ids that Pendo does not know.
    pub missing: Vec<String>,
    /// What else went wrong.
    pub errors: Vec<Problem>,
}

/// Something that Pendo says went wrong within a bulk write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The record it is about, if it is said in a member of its own.
    pub id: Option<String>,
    /// What Pendo says, without keys, ids, addresses and values.
    pub text: String,
}

/// The members that hold the id of what an error is about.
const IDS: [&str; 3] = ["visitorid", "accountid", "id"];

impl Answer {
    /// The shape of `errors` is not documented: a text, a list of texts or objects, or an object by id.
    pub(crate) fn read(json: &Value, batch: &Batch, redact: &Redact<'_>) -> Result<Self, String> {
        if !json.is_object() {
            return Err("it is no object".into());
        }
        let count = |name| lenient::member(json, name).and_then(lenient::count);
        let missing = lenient::member(json, "missing").map(ids);
        let mut answer = Self {
            total: count("total"),
            updated: count("updated"),
            failed: count("failed"),
            missing: missing.unwrap_or_default(),
            errors: Vec::new(),
        };
        match lenient::member(json, "errors") {
            Some(Value::Array(errors)) => {
                answer
                    .errors
                    .extend(errors.iter().map(|error| problem(error, redact)));
            }
            Some(Value::Object(errors)) if !errors.is_empty() => {
                let sent: HashSet<_> = batch.ids().collect();
                if errors.keys().all(|key| sent.contains(key.as_str())) {
                    answer
                        .errors
                        .extend(errors.iter().map(|(id, error)| Problem {
                            id: Some(id.clone()),
                            text: problem(error, redact).text,
                        }));
                } else {
                    let whole = Value::Object(errors.clone());
                    answer.errors.push(problem(&whole, redact));
                }
            }
            None | Some(Value::Object(_)) => {}
            Some(error) => answer.errors.push(problem(error, redact)),
        }
        Ok(answer)
    }
}

fn ids(json: &Value) -> Vec<String> {
    match json {
        Value::Array(items) => items.iter().filter_map(id).collect(),
        one => id(one).into_iter().collect(),
    }
}

fn id(json: &Value) -> Option<String> {
    let named = |name: &&str| lenient::member(json, name).and_then(lenient::text);
    lenient::text(json).or_else(|| IDS.iter().find_map(named))
}

fn problem(json: &Value, redact: &Redact<'_>) -> Problem {
    let (id, text) = match json {
        Value::Object(members) => {
            let whole = || {
                let about = |key: &str| IDS.contains(&key.to_ascii_lowercase().as_str());
                let rest = members.iter().filter(|(key, _)| !about(key));
                let rest = rest.map(|(key, value)| (key.clone(), value.clone()));
                Value::Object(rest.collect()).to_string()
            };
            (id(json), said(json).unwrap_or_else(whole))
        }
        Value::String(text) => (None, text.clone()),
        other => (None, other.to_string()),
    };
    Problem {
        text: redact.message(&text),
        id,
    }
}

#[cfg(test)]
mod tests {
    use model::Level;
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use crate::redact::Private;

    fn read(json: &Value) -> Result<Answer, String> {
        let mut batch = Batch::new(Level::Visitor);
        for id in ["ada", "bob-7"] {
            batch.record(id, |values| values.put("plan", r#""gold plan""#));
        }
        let key = SecretString::from("0f1e2d3c-key");
        Answer::read(json, &batch, &Redact::new(&key, Private::Batch(&batch)))
    }

    fn problems(errors: &Value) -> Vec<(Option<String>, String)> {
        let answer = read(&json!({ "errors": errors })).unwrap();
        let pairs = answer.errors.into_iter();
        pairs.map(|problem| (problem.id, problem.text)).collect()
    }

    #[test]
    fn the_documented_answer_is_read() {
        let answer = json!({ "total": 2, "updated": 1, "failed": 1, "missing": ["unknown"], "errors": ["…"] });
        let read = read(&answer).unwrap();
        assert_eq!(
            (read.total, read.updated, read.failed),
            (Some(2), Some(1), Some(1))
        );
        assert_eq!(read.missing, ["unknown"]);
        assert_eq!(
            read.errors,
            [Problem {
                id: None,
                text: "…".into()
            }]
        );
    }

    #[test]
    fn anything_may_be_absent_or_text() {
        assert_eq!(read(&json!({})).unwrap(), Answer::default());
        let sparse = json!({ "Total": "2", "missing": null, "errors": null, "kind": ["?"] });
        let read_sparse = read(&sparse).unwrap();
        assert_eq!(read_sparse.total, Some(2));
        assert!(read_sparse.missing.is_empty() && read_sparse.errors.is_empty());
        let numbers = json!({ "missing": [7, "8", { "visitorId": 9 }, null, []] });
        assert_eq!(read(&numbers).unwrap().missing, ["7", "8", "9"]);
        for unreadable in [json!([]), json!("ok"), json!(null), json!(1)] {
            assert!(read(&unreadable).is_err(), "{unreadable}");
        }
    }

    #[test]
    fn errors_of_any_shape_are_kept() {
        let ada = || Some("ada".to_owned());
        for (errors, kept) in [
            (
                json!("plan: no gold plan"),
                vec![(None, "plan: no […]".into())],
            ),
            (
                json!([{ "visitorId": "ada", "error": "ada is odd" }, { "accountId": 7, "Message": "no" }]),
                vec![
                    (ada(), "[…] is odd".into()),
                    (Some("7".into()), "no".into()),
                ],
            ),
            (
                json!({ "id": "ada", "message": "odd" }),
                vec![(ada(), "odd".into())],
            ),
            (
                json!({ "ada": "odd", "bob-7": { "error": "even" } }),
                vec![(ada(), "odd".into()), (Some("bob-7".into()), "even".into())],
            ),
            (
                json!([{ "id": "ada", "code": 3 }, 4]),
                vec![(ada(), r#"{"code":3}"#.into()), (None, "4".into())],
            ),
            (json!({}), vec![]),
            (json!([]), vec![]),
        ] {
            assert_eq!(problems(&errors), kept, "{errors}");
        }
    }

    #[test]
    fn a_key_may_write_only_if_it_is_said() {
        let access = |json| Access::read(&json).unwrap().map(|access| access.write);
        assert_eq!(
            access(json!({ "valid": true, "writeAccess": true })),
            Some(true)
        );
        assert_eq!(
            access(json!({ "Valid": "true", "writeaccess": "false" })),
            Some(false)
        );
        assert_eq!(access(json!({})), Some(false));
        assert_eq!(access(json!({ "valid": false, "writeAccess": true })), None);
        assert!(Access::read(&json!(true)).is_err());
    }
}
