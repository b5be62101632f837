//! Whether the process works, for whoever watches it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Json, Response},
};
use serde_json::json;

use crate::visit::Visit;

/// `GET /healthz`: 200 when the database answers, 503 otherwise. Says nothing about what is in it.
pub(crate) async fn check(visit: Visit) -> Response {
    match visit.app.store().has_members().await {
        Ok(_) => Json(json!({ "status": "ok" })).into_response(),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "database" })),
        )
            .into_response(),
    }
}
