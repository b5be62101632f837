//! Reads what Pendo says when it refuses. There is no schema: JSON, plain text, a proxy's page, or nothing.

use std::{fmt, time::Duration};

use outbound::scrub;
use serde_json::Value;

use crate::{lenient, redact::Redact};

/// What Pendo said with a status other than success, without keys, ids, addresses and values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// What the body says, if it says something.
    pub message: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads any body.
    pub(crate) fn read(
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
        redact: &Redact<'_>,
    ) -> Self {
        let message = match serde_json::from_slice::<Value>(body) {
            Ok(json) => said(&json),
            Err(_) => scrub::title(body).map(Into::into).or_else(|| plain(body)),
        };
        Self {
            status,
            message: message.map(|text| redact.message(&text)),
            retry_after,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

/// The sentence in an error of any shape.
pub(crate) fn said(json: &Value) -> Option<String> {
    const NAMES: [&str; 8] = [
        "message",
        "error",
        "errormessage",
        "errordescription",
        "reason",
        "detail",
        "description",
        "errors",
    ];
    match json {
        Value::String(text) => Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(Into::into),
        Value::Array(items) => {
            let sentences: Vec<_> = items.iter().filter_map(said).take(5).collect();
            (!sentences.is_empty()).then(|| sentences.join("; "))
        }
        Value::Object(_) => NAMES
            .iter()
            .filter_map(|name| lenient::member(json, name))
            .find_map(said),
        _ => None,
    }
}

/// The body as text, unless it is a page or not text at all.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    (!text.is_empty() && !text.starts_with('<')).then(|| text.to_owned())
}
