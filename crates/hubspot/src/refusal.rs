//! Reads what HubSpot says when it refuses, whatever it says: JSON of several generations, HTML, nothing.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use model::PropertyName;
use outbound::{retry_after, scrub};
use serde_json::Value;

use crate::{Kind, Operation};

/// What HubSpot said with a status other than success, scrubbed of secrets and addresses.
///
/// Every key of HubSpot's error body is optional in practice
/// (<https://developers.hubspot.com/docs/api-reference/error-handling>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// HubSpot's id of the call.
    pub correlation_id: Option<String>,
    /// `category`, `errorType`, `error` or a telling `status`, such as `MISSING_SCOPES`.
    pub category: Option<String>,
    /// `message` or `error_description`, scrubbed.
    pub message: Option<String>,
    /// `errors[].code`.
    pub codes: Vec<String>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The limit that a 429 is about.
    pub(crate) limit: Option<Limit>,
    pub(crate) properties: Vec<PropertyName>,
    pub(crate) scopes: Vec<String>,
    /// Every identifier that may name the kind, in upper case.
    marks: Vec<String>,
}

/// The limits a 429 speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    TenSecondly,
    Secondly,
    Daily,
}

/// The facts of an answer's head that matter here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) correlation_id: Option<String>,
    pub(crate) retry_after: Option<String>,
}

impl Refusal {
    /// Reads any body; `secrets` never appear in the result.
    pub(crate) fn read(head: &Head, body: &[u8], now: Timestamp, secrets: &[&str]) -> Self {
        let mut refusal = Self {
            status: head.status,
            correlation_id: head
                .correlation_id
                .as_deref()
                .and_then(|id| scrub::label(id, secrets)),
            retry_after: head
                .retry_after
                .as_deref()
                .and_then(|text| retry_after::parse(text, now)),
            ..Self::default()
        };
        match serde_json::from_slice(body) {
            Ok(Value::Object(json)) => refusal.take(&Value::Object(json), secrets),
            _ => refusal.message = scrub::title(body).map(|title| scrub::message(title, secrets)),
        }
        refusal
    }

    fn take(&mut self, json: &Value, secrets: &[&str]) {
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let label = |key: &str| text(key).and_then(|text| scrub::label(text, secrets));
        if self.correlation_id.is_none() {
            self.correlation_id = label("correlationId");
        }
        let message = text("message").or_else(|| text("error_description"));
        self.message = message.map(|text| scrub::message(text, secrets));
        self.limit = limit(text("policyName")).or_else(|| limit(message));
        self.category = ["category", "errorType", "error", "subCategory"]
            .into_iter()
            .find_map(label)
            .or_else(|| label("status").filter(|status| !status.eq_ignore_ascii_case("error")));
        for key in ["category", "errorType", "error", "subCategory", "status"] {
            self.marks
                .extend(label(key).map(|mark| mark.to_ascii_uppercase()));
        }
        let none = Vec::new();
        let errors = json
            .get("errors")
            .and_then(Value::as_array)
            .unwrap_or(&none);
        for error in errors {
            for key in ["code", "subCategory", "category"] {
                let code = error.get(key).and_then(Value::as_str);
                if let Some(code) = code.and_then(|code| scrub::label(code, secrets)) {
                    self.marks.push(code.to_ascii_uppercase());
                    if key == "code" {
                        self.codes.push(code);
                    }
                }
            }
        }
        for context in errors.iter().chain([json]).filter_map(|e| e.get("context")) {
            self.take_context(context, secrets);
        }
    }

    fn take_context(&mut self, context: &Value, secrets: &[&str]) {
        for (key, values) in context.as_object().into_iter().flatten() {
            let key = key.to_ascii_lowercase();
            let values = match values {
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let labels = values
                .iter()
                .filter_map(Value::as_str)
                .filter_map(|text| scrub::label(text, secrets));
            if key.contains("scope") {
                self.scopes.extend(labels);
            } else if key.contains("propertyname") {
                self.properties.extend(labels.map(PropertyName::new));
            }
        }
    }

    /// The kind of failure, by status, then by what the body says, then by what was asked.
    pub(crate) fn kind(&self, operation: Operation) -> Kind {
        let says = |mark: &str| self.marks.iter().any(|m| m == mark);
        match self.status {
            400 | 401
                if matches!(operation, Operation::Refresh | Operation::Revoke)
                    && (says("BAD_REFRESH_TOKEN") || says("INVALID_GRANT")) =>
            {
                Kind::Reauthorise
            }
            400 | 401
                if matches!(
                    operation,
                    Operation::Refresh | Operation::ExchangeCode | Operation::Revoke
                ) =>
            {
                Kind::App
            }
            400 if says("PROPERTY_DOESNT_EXIST") => Kind::UnknownProperty,
            400 | 422 => Kind::Invalid,
            401 if says("EXPIRED_AUTHENTICATION") => Kind::Expired,
            401 | 530 => Kind::Unauthenticated,
            403 if says("MISSING_SCOPES") => Kind::MissingScopes,
            403 => Kind::Forbidden,
            404 | 410 => Kind::NotFound,
            405 | 415 => Kind::Misuse,
            409 => Kind::Conflict,
            414 => Kind::TooLong,
            423 => Kind::Locked,
            429 => match self.limit {
                Some(Limit::Daily) => Kind::Daily,
                Some(Limit::Secondly) => Kind::SearchBurst,
                None if matches!(operation, Operation::Search(_) | Operation::Total(_)) => {
                    Kind::SearchBurst
                }
                Some(Limit::TenSecondly) | None => Kind::Burst,
            },
            477 => Kind::Moving,
            408 | 502 | 503 | 504 | 521 | 523 => Kind::Overloaded,
            524 => Kind::Slow,
            522 | 525 | 526 => Kind::Edge,
            500..=599 => Kind::Server,
            _ => Kind::Unexpected,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(category) = &self.category {
            write!(f, " {category}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        match &self.correlation_id {
            Some(id) => write!(f, " (correlation id {id})"),
            None => Ok(()),
        }
    }
}

/// Three bodies are known; the class stands in `policyName`, in the message, or in both, in either case.
fn limit(text: Option<&str>) -> Option<Limit> {
    let text = text?.to_ascii_lowercase();
    let says = |word: &str| text.contains(word);
    if says("ten_secondly") || says("ten secondly") {
        Some(Limit::TenSecondly)
    } else if says("daily") {
        Some(Limit::Daily)
    } else if says("secondly") {
        Some(Limit::Secondly)
    } else {
        None
    }
}
