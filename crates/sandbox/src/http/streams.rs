//! Long answers of the control API, one JSON object a line.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};

use crate::known::Known;
use crate::truth::Winners;

/// Bytes per piece.
const PIECE: usize = 64 * 1_024;

fn ndjson(pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Response {
    let stream = futures::stream::iter(pieces.map(Ok::<_, std::convert::Infallible>));
    (
        [("content-type", "application/x-ndjson")],
        Body::from_stream(stream),
    )
        .into_response()
}

pub(super) fn known(mut known: Known) -> Response {
    ndjson(std::iter::from_fn(move || {
        let mut out = Vec::with_capacity(PIECE + 1_024);
        known.fill(&mut out, PIECE);
        (!out.is_empty()).then(|| Bytes::from(out))
    }))
}

pub(super) fn winners(mut winners: Winners) -> Response {
    ndjson(std::iter::from_fn(move || {
        let mut out = Vec::with_capacity(PIECE + 1_024);
        while out.len() < PIECE {
            let Some(winner) = winners.next() else { break };
            out.extend_from_slice(serde_json::json!(winner).to_string().as_bytes());
            out.push(b'\n');
        }
        (!out.is_empty()).then(|| Bytes::from(out))
    }))
}
