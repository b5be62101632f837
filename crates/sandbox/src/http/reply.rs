//! Answers, and the bodies of refusals in HubSpot's shapes.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::fault::Refusal;
use crate::instant::iso;
use crate::quota::Limit;
use crate::search::parse::Refusal as SearchRefusal;

/// An answer before it becomes HTTP, so that faults can still work on it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// For the journal.
    pub(crate) records: usize,
    pub(crate) summary: Option<String>,
}

pub(crate) const JSON: &str = "application/json;charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

impl Reply {
    pub(crate) fn bytes(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
            records: 0,
            summary: None,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, JSON, body.to_string())
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn html(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, HTML, body.into())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::bytes(status, JSON, Bytes::new())
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Makes correlation ids and the bodies that carry them.
#[derive(Clone, Debug)]
pub(crate) struct Refuser {
    pub(crate) correlation: String,
}

impl Refuser {
    /// The common shape.
    pub(crate) fn error(&self, status: u16, category: &str, message: &str) -> Reply {
        Reply::json(
            status,
            &json!({"status": "error", "message": message, "correlationId": self.correlation, "category": category}),
        )
    }

    pub(crate) fn validation(&self, message: &str) -> Reply {
        self.error(400, "VALIDATION_ERROR", message)
    }

    pub(crate) fn no_such_property(&self, name: &str) -> Reply {
        self.invalid(
            "PROPERTY_DOESNT_EXIST",
            name,
            &format!("Property \"{name}\" does not exist"),
        )
    }

    /// A refused value or name.
    pub(crate) fn invalid(&self, code: &str, name: &str, message: &str) -> Reply {
        Reply::json(
            400,
            &json!({
                "status": "error",
                "message": format!("Property values were not valid: [{{\"isValid\":false,\"message\":{},\"error\":\"{code}\",\"name\":\"{name}\"}}]", json!(message)),
                "correlationId": self.correlation,
                "category": "VALIDATION_ERROR",
                "errors": [{"message": message, "code": code, "context": {"propertyName": [name]}}],
            }),
        )
    }

    pub(crate) fn search(&self, refusal: &SearchRefusal) -> Reply {
        if refusal.status != 200 && refusal.status != 400 {
            return Reply::json(
                refusal.status,
                &json!({"status": "error", "message": refusal.message, "correlationId": self.correlation}),
            );
        }
        match &refusal.detail {
            Some((code, name)) => self.invalid(code, name, &refusal.message),
            None => self.validation(&refusal.message),
        }
    }

    pub(crate) fn not_found(&self) -> Reply {
        self.error(404, "OBJECT_NOT_FOUND", "resource not found")
            .header("X-HubSpot-NotFound", "true")
    }

    /// A token that is no longer, or never was, valid.
    pub(crate) fn expired(&self, expired_at: i64, now: i64) -> Reply {
        let seconds = (now - expired_at).max(0) / 1_000;
        let ago = if seconds < 3_600 {
            format!("{seconds} second(s)")
        } else if seconds < 86_400 {
            format!("{} hour(s)", seconds / 3_600)
        } else {
            format!("{} day(s)", seconds / 86_400)
        };
        Reply::json(
            401,
            &json!({
                "status": "error",
                "message": format!("The OAuth token used to make this call expired {ago} ago."),
                "correlationId": self.correlation,
                "category": "EXPIRED_AUTHENTICATION",
                "context": {"expire time": [iso(expired_at)]},
            }),
        )
    }

    pub(crate) fn unauthenticated(&self) -> Reply {
        self.error(
            401,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
             details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        )
    }

    pub(crate) fn missing_scopes(&self, scopes: &[&str]) -> Reply {
        Reply::json(
            403,
            &json!({
                "status": "error",
                "message": "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
                "correlationId": self.correlation,
                "errors": [{
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": scopes},
                }],
                "links": {"scopes": "https://developers.hubspot.com/scopes"},
                "category": "MISSING_SCOPES",
            }),
        )
    }

    pub(crate) fn limited(&self, limit: Limit) -> Reply {
        let body = match limit {
            Limit::TenSecondly => json!({
                "status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT",
                "correlationId": self.correlation, "policyName": "TEN_SECONDLY_ROLLING", "requestId": self.correlation,
            }),
            Limit::Daily => json!({
                "status": "error", "message": "You have reached your daily limit.", "errorType": "RATE_LIMIT",
                "correlationId": self.correlation, "policyName": "DAILY", "requestId": self.correlation,
            }),
            Limit::Secondly => json!({
                "status": "error", "message": "You have reached your secondly limit.",
                "correlationId": self.correlation, "category": "RATE_LIMITS",
            }),
        };
        Reply::json(429, &body)
    }

    /// A refusal that a rule asked for.
    pub(crate) fn refusal(&self, refusal: Refusal, token: &str, now: i64) -> Reply {
        match refusal {
            Refusal::Expired => self.expired(now - 75_000, now),
            Refusal::Unauthenticated => self.unauthenticated(),
            Refusal::MissingScopes => self.missing_scopes(&["crm.objects.contacts.read"]),
            Refusal::EchoToken => self.error(
                403,
                "MISSING_SCOPES",
                &format!("This oauth-token ({token}) does not have proper permissions! (requires any of [contacts-access])"),
            ),
            Refusal::TenSecondly => self.limited(Limit::TenSecondly),
            Refusal::Secondly => self.limited(Limit::Secondly),
            Refusal::SecondlyPolicy => Reply::json(
                429,
                &json!({
                    "status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT",
                    "correlationId": self.correlation, "policyName": "SECONDLY",
                }),
            ),
            Refusal::Daily => self.limited(Limit::Daily),
            Refusal::Moving { retry_after } => {
                self.by_status(477).header("Retry-After", retry_after.to_string())
            }
        }
    }

    /// What arrives with a status when nothing more is said: JSON from HubSpot, HTML from the proxies before it.
    pub(crate) fn by_status(&self, status: u16) -> Reply {
        let proxy = |title: &str| {
            let page = format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
                 <hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
            );
            Reply::html(status, page)
        };
        match status {
            401 => self.unauthenticated(),
            403 => self.missing_scopes(&["crm.objects.contacts.read"]),
            404 => self.not_found(),
            409 => self.error(409, "CONFLICT", "Contact already exists. Existing ID: 51"),
            414 => too_long(),
            423 => self.error(
                423,
                "LOCKED",
                "The resource is locked by too many writes at once",
            ),
            429 => self.limited(Limit::TenSecondly),
            477 => self.error(
                477,
                "MIGRATION_IN_PROGRESS",
                "This account is being moved between data centers",
            ),
            500 => Reply::json(
                500,
                &json!({"status": "error", "message": "internal error", "correlationId": self.correlation}),
            ),
            502 => proxy("502 Bad Gateway"),
            503 => proxy("503 Service Temporarily Unavailable"),
            504 => Reply::json(
                504,
                &json!({"status": "error", "message": "Timed out waiting for a response", "correlationId": self.correlation}),
            ),
            521 => proxy("521: Web server is down"),
            522 => proxy("522: Connection timed out"),
            523 => proxy("523: Origin is unreachable"),
            524 => proxy("524: A timeout occurred"),
            525 => proxy("525: SSL handshake failed"),
            526 => proxy("526: Invalid SSL certificate"),
            530 => proxy("530: Origin DNS error"),
            204 => Reply::empty(204),
            other => self.error(
                other,
                "ERROR",
                StatusCode::from_u16(other)
                    .ok()
                    .and_then(|s| s.canonical_reason())
                    .unwrap_or("error"),
            ),
        }
    }
}

/// The web server's own answer to a long address.
pub(crate) fn too_long() -> Reply {
    Reply::html(
        414,
        "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n<center><h1>414 Request-URI Too \
         Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
    )
}
