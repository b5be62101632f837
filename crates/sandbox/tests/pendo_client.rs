//! A caller of the Pendo side.

use sandbox::pendo::{Config, Group, Kind, Pendo, Subscription, Switches, WRITE_KEY};
use serde_json::{Value, json};

use crate::client::{Answer, send_to};

/// Two visitors and an account, and who calls.
pub(crate) struct Caller {
    pub(crate) pendo: Pendo,
}

pub(crate) const MANY: &str = "/us/api/v1/metadata/visitor/custom/value";
pub(crate) const SCHEMA: &str = "/us/api/v1/metadata/schema/visitor/custom";

impl Caller {
    pub(crate) fn new() -> Self {
        Self::with(Config::with_subscription(known()))
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            pendo: Pendo::start(config).unwrap(),
        }
    }

    /// With switches turned before anything happens.
    pub(crate) fn turned(turn: impl FnOnce(&mut Switches)) -> Self {
        let caller = Self::new();
        caller.pendo.switches(turn);
        caller
    }

    /// Keeps everything that is written.
    pub(crate) fn keeping() -> Self {
        Self::with(Config {
            keep_writes: true,
            ..Config::with_subscription(known())
        })
    }

    pub(crate) fn raw(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        send_to(self.pendo.address(), method, target, headers, body)
    }

    pub(crate) fn keyed(&self, key: &str, method: &str, target: &str, body: &Value) -> Answer {
        let headers = [
            ("x-pendo-integration-key", key),
            ("content-type", "application/json"),
        ];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.raw(method, target, &headers, &body)
            .expect("an answer")
    }

    pub(crate) fn try_post(&self, target: &str, body: &Value) -> Option<Answer> {
        let headers = [("x-pendo-integration-key", WRITE_KEY)];
        self.raw("POST", target, &headers, &body.to_string())
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.keyed(WRITE_KEY, "GET", target, &Value::Null)
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.keyed(WRITE_KEY, "POST", target, body)
    }

    pub(crate) fn put(&self, target: &str, body: &str) -> Answer {
        let headers = [("x-pendo-integration-key", WRITE_KEY)];
        self.raw("PUT", target, &headers, body).expect("an answer")
    }

    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.keyed(WRITE_KEY, "DELETE", target, &Value::Null)
    }

    /// Sets values of the visitor `ann`.
    pub(crate) fn set(&self, values: &Value) -> Value {
        self.post(MANY, &json!([{"visitorId": "ann", "values": values}]))
            .expect(200)
            .json()
    }

    /// A custom value of the visitor `ann`.
    pub(crate) fn value(&self, field: &str) -> Option<Value> {
        self.pendo
            .value("main", Kind::Visitor, Group::Custom, "ann", field)
    }

    /// Makes custom fields of visitors.
    pub(crate) fn create(&self, fields: &[(&str, &str)]) {
        let fields: Vec<Value> = fields
            .iter()
            .map(|(name, of)| json!({"name": name, "displayname": name, "type": of}))
            .collect();
        self.post(SCHEMA, &json!(fields)).expect(200);
    }

    /// Rows of an aggregation.
    pub(crate) fn rows(&self, pipeline: &Value) -> Vec<Value> {
        let body = json!({
            "response": {"mimeType": "application/json"},
            "request": {"requestId": "test", "pipeline": pipeline},
        });
        let answer = self
            .post("/us/api/v1/aggregation", &body)
            .expect(200)
            .json();
        answer["results"].as_array().unwrap().clone()
    }
}

pub(crate) fn known() -> Subscription {
    Subscription::default().knowing(&["ann", "bob"], &["acme"])
}
