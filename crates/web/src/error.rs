//! What can go wrong with a request, and how the page says it.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sync::{Explain, Explanation};

/// Why a request is not answered as it was meant.
#[derive(Debug, Clone)]
pub(crate) enum Error {
    /// There is no such page, or nothing by that name.
    NotFound,
    /// It takes an admin.
    Forbidden,
    /// It did not come from a page of this application, or from one that is out of date.
    Forged,
    /// What was sent cannot be read; the name of a message says why.
    Invalid(&'static str),
    /// Something failed, with a number.
    Failed(Arc<Explanation>),
}

impl Error {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Forged => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Failed(explanation) => status_of(explanation),
        }
    }

    /// A failure with its number, for the log once and for the page.
    pub(crate) fn of(error: &impl Explain) -> Self {
        let explanation = error.explain();
        let status = status_of(&explanation);
        if status.is_server_error() {
            tracing::error!(
                code = explanation.code,
                error = explanation.message,
                "a request failed"
            );
        } else {
            tracing::debug!(
                code = explanation.code,
                error = explanation.message,
                "a request was refused"
            );
        }
        Self::Failed(Arc::new(explanation))
    }
}

/// Whose fault it is: ours, HubSpot's or Pendo's, or that of what was asked for.
fn status_of(explanation: &Explanation) -> StatusCode {
    let number: u16 = explanation
        .code
        .strip_prefix("TRB")
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    match number {
        3 => StatusCode::CONFLICT,
        1 | 2 | 10 | 12 | 50..=52 | 60 | 130..150 | 188 => StatusCode::UNPROCESSABLE_ENTITY,
        20..40 | 53..60 => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

macro_rules! explained {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::of(&error)
            }
        })*
    };
}

explained!(
    store::Error,
    hubspot::Error,
    sync::Error,
    sync::connect::Error,
    sync::destination::Error,
    sync::mapping::Error
);

/// The guard of the route finds the error here, and makes the page.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
