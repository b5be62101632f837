//! Server-sent events: a part of a page, again whenever it changes.

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderValue, header::CACHE_CONTROL},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// How often a part is drawn again at most. Faster than anybody reads costs only work.
const PACE: Duration = Duration::from_millis(250);

/// How long a silent connection is left alone before a sign of life.
const ALIVE: Duration = Duration::from_secs(15);

/// Draws a part at each step of something, until it is over; then says `done`, upon which the page asks for the rest.
///
/// `draw` returns the part, and whether that was the last.
pub(crate) fn stream<T, F>(steps: watch::Receiver<T>, draw: F) -> Response
where
    T: Clone + Send + Sync + 'static,
    F: FnMut(&T) -> (String, bool) + Send + 'static,
{
    let start = Some((WatchStream::new(steps), draw, false));
    let events = stream::unfold(start, |state| async {
        let (mut steps, mut draw, over) = state?;
        let next = if over { None } else { steps.next().await };
        let Some(step) = next else {
            // Also when whoever took the steps is gone.
            return Some((Event::default().event("done").data("over"), None));
        };
        let (part, last) = draw(&step);
        if last && part.is_empty() {
            return Some((Event::default().event("done").data("over"), None));
        }
        if !last {
            tokio::time::sleep(PACE).await;
        }
        Some((Event::default().data(part), Some((steps, draw, last))))
    });
    answer(events.map(Ok))
}

/// What a page asks to follow may be over when it does so: then it is told that.
pub(crate) fn over() -> Response {
    let done = Event::default().event("done").data("over");
    answer(stream::iter([Ok(done)]))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let alive = KeepAlive::new().interval(ALIVE);
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    // A proxy that waits for more before it passes anything on would show nothing.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
