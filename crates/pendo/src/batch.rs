//! The body of a bulk write, built as bytes.

use std::fmt;

use model::Level;
use serde_json::value::RawValue;

/// Values of many visitors or accounts, to be set by one call of [`Client::set_values`](crate::Client::set_values).
///
/// It is the JSON itself that grows, without a tree of values, since there may be millions of records to send. Pendo
/// documents no limit; in practice 500 records a call are used
/// (<https://github.com/RedHatInsights/insights-host-inventory>, `jobs/pendo_syncher.py`).
#[derive(Clone)]
pub struct Batch {
    level: Level,
    /// The array without its closing bracket.
    json: Vec<u8>,
    /// All ids, one after the other, and where each ends.
    ids: String,
    ends: Vec<usize>,
}

/// The values of one record.
#[derive(Debug)]
pub struct Values<'a> {
    json: &'a mut Vec<u8>,
    first: bool,
}

impl Batch {
    /// One without records.
    pub fn new(level: Level) -> Self {
        Self {
            level,
            json: vec![b'['],
            ids: String::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a record. An id that is there already is sent twice; the later values win, as far as is known.
    pub fn record(&mut self, id: &str, fill: impl FnOnce(&mut Values<'_>)) {
        if !self.ends.is_empty() {
            self.json.push(b',');
        }
        let member: &[u8] = match self.level {
            Level::Visitor => b"{\"visitorId\":",
            Level::Account => b"{\"accountId\":",
        };
        self.json.extend_from_slice(member);
        write_string(&mut self.json, id);
        self.json.extend_from_slice(b",\"values\":{");
        fill(&mut Values {
            json: &mut self.json,
            first: true,
        });
        self.json.extend_from_slice(b"}}");
        self.ids.push_str(id);
        self.ends.push(self.ids.len());
    }

    /// Whether the records are visitors or accounts.
    pub fn level(&self) -> Level {
        self.level
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of the body in bytes.
    pub fn bytes(&self) -> usize {
        self.json.len() + 1
    }

    /// The ids of the records, in the order they were added.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let id = &self.ids[start..*end];
            start = *end;
            id
        })
    }

    /// The JSON to send.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes());
        body.extend_from_slice(&self.json);
        body.push(b']');
        body
    }
}

impl fmt::Debug for Batch {
    /// Without ids and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("level", &self.level)
            .field("records", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl Values<'_> {
    /// Adds a value. `token` is its JSON text, such as `"gold"` with its quotes, `12.5`, `true` or `null`, and is sent
    /// as it is: what is no JSON spoils the whole call.
    pub fn put(&mut self, key: &str, token: &str) {
        debug_assert!(
            serde_json::from_str::<&RawValue>(token).is_ok(),
            "a value that is no JSON"
        );
        if !self.first {
            self.json.push(b',');
        }
        self.first = false;
        write_string(self.json, key);
        self.json.push(b':');
        self.json.extend_from_slice(token.as_bytes());
    }
}

fn write_string(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("text is JSON, and memory takes it");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_body_is_what_the_api_documents() {
        let mut batch = Batch::new(Level::Visitor);
        batch.record("a\"b\\ü\n", |values| {
            values.put("plan", r#""gold""#);
            values.put("seats", "12.50");
        });
        batch.record("", |_| {});
        let body = batch.body();
        assert_eq!(body.len(), batch.bytes());
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!([
                { "visitorId": "a\"b\\ü\n", "values": { "plan": "gold", "seats": 12.5 } },
                { "visitorId": "", "values": {} },
            ])
        );
        assert!(batch.ids().eq(["a\"b\\ü\n", ""]));
        assert_eq!(batch.len(), 2);
    }

    #[test]
    fn accounts_are_called_so() {
        let mut batch = Batch::new(Level::Account);
        assert_eq!(batch.body(), b"[]");
        batch.record("acme", |values| values.put("hosts", "17"));
        assert_eq!(
            batch.body(),
            br#"[{"accountId":"acme","values":{"hosts":17}}]"#
        );
    }

    #[test]
    fn what_it_holds_is_not_printed() {
        let mut batch = Batch::new(Level::Account);
        batch.record("acme", |values| values.put("plan", r#""gold""#));
        let printed = format!("{batch:?}");
        assert!(
            !printed.contains("acme") && !printed.contains("gold"),
            "{printed}"
        );
    }
}
