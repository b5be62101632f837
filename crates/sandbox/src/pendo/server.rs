//! The Pendo side's HTTP server: connections, outages, and the journal's word on what was delivered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::world::World;
use super::{answer, control};
use crate::http::{Delivery, Request};
use crate::server::{connection, respond};

/// Longest request body read.
const LONGEST_BODY: usize = 256 * 1_024 * 1_024;

/// Accepts connections until the task is dropped.
pub(super) async fn serve(listener: TcpListener, world: Arc<World>) {
    let router: Router = control::router()
        .fallback(api)
        .with_state(Arc::clone(&world));
    loop {
        // A failed accept (a client gone again, no file handles left) concerns that client only.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        tokio::spawn(guarded(stream, router.clone(), Arc::clone(&world)));
    }
}

/// Serves a connection until it ends or an outage begins; what is under way then loses its answer.
///
/// A connection that begins with the control API outlives outages: something must be able to end them.
async fn guarded(stream: TcpStream, router: Router, world: Arc<World>) {
    if begins_with_control(&stream).await {
        return connection(stream, router).await;
    }
    let mut outage = world.outage.subscribe();
    tokio::select! {
        biased;
        _ = outage.wait_for(|is_on| *is_on) => {}
        () = connection(stream, router) => {}
    }
}

async fn begins_with_control(stream: &TcpStream) -> bool {
    let mut first = [0; 32];
    let read = stream.peek(&mut first).await.unwrap_or(0);
    let mut words = first[..read].splitn(3, |b| *b == b' ');
    words
        .nth(1)
        .is_some_and(|target| target.starts_with(b"/_sandbox"))
}

/// Counts a call as under way until it is dropped, also by a caller that hangs up.
struct UnderWay(Arc<World>);

impl UnderWay {
    fn begin(world: Arc<World>) -> Self {
        world.journal().begin();
        Self(world)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.journal().end();
    }
}

async fn api(State(world): State<Arc<World>>, request: HttpRequest) -> Response<Body> {
    let arrived = Instant::now();
    let _under_way = UnderWay::begin(Arc::clone(&world));
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    let answered = answer::answer(&world, &request);
    drop(request);
    answered.outcome.is_due(arrived).await;
    // Past every wait: a caller that hung up during one never gets here.
    if matches!(answered.outcome.delivery, Delivery::Whole) {
        world.journal().deliver(answered.number, answered.operation);
    }
    respond(answered.outcome)
}
