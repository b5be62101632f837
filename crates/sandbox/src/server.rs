//! The HTTP server: connections, and the ways an answer can be kept from arriving.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use futures::StreamExt as _;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::http::{self, Delivery, Outcome, Request, control, screens};
use crate::journal::{Call, Kind};
use crate::world::World;

/// Longest request body read.
const LONGEST_BODY: usize = 64 * 1_024 * 1_024;

/// Marks an answer that must never arrive.
#[derive(Clone, Copy, Debug)]
struct Dropped;

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed without an answer, as scripted")
    }
}

impl std::error::Error for Closed {}

/// Accepts connections until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    let router: Router = control::router().fallback(api).with_state(world);
    loop {
        // A failed accept (a client gone again, no file handles left) concerns that client only.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        tokio::spawn(connection(stream, router.clone()));
    }
}

pub(crate) async fn connection(stream: TcpStream, router: Router) {
    // Small answers should not wait for more to come.
    drop(stream.set_nodelay(true));
    let inner = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request| {
        let answer = hyper::service::Service::call(&inner, request);
        async move {
            match answer.await {
                Ok(response) if response.extensions().get::<Dropped>().is_some() => Err(Closed),
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    // An error here is a client that went away or a connection cut on purpose.
    drop(
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}

async fn api(State(world): State<Arc<World>>, request: HttpRequest) -> Response<Body> {
    let arrived = Instant::now();
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    if request.path == "/oauth/authorize" {
        let reply = screens::authorize(&world, &request);
        world.journal().push(Call {
            number: 0,
            at_ms: world.clock.now_ms(),
            method: request.method,
            path: request.path,
            url_length: request.query.len(),
            kind: Kind::Authorize,
            portal: None,
            status: reply.status,
            summary: None,
            records: 0,
        });
        return respond(Outcome {
            reply,
            delivery: Delivery::Whole,
            delay_ms: 0,
        });
    }
    let outcome = http::answer(&world, &request);
    outcome.is_due(arrived).await;
    respond(outcome)
}

pub(crate) fn respond(outcome: Outcome) -> Response<Body> {
    let Outcome {
        reply, delivery, ..
    } = outcome;
    let length = reply.body.len();
    let body = match delivery {
        Delivery::Whole => Body::from(reply.body),
        Delivery::Cut(after) => {
            let first = reply.body.slice(..after.min(length.saturating_sub(1)));
            let end = futures::stream::once(async {
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            // The pause lets the first part leave before the connection closes under it.
            let pause = futures::stream::once(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(Bytes::new())
            });
            Body::from_stream(
                futures::stream::once(async move { Ok(first) })
                    .chain(pause)
                    .chain(end),
            )
        }
        Delivery::Slow(piece, pause_ms) => {
            let pieces: Vec<Bytes> = (0..length)
                .step_by(piece)
                .map(|at| reply.body.slice(at..(at + piece).min(length)))
                .collect();
            Body::from_stream(futures::stream::iter(pieces).then(move |piece| async move {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                Ok::<_, Infallible>(piece)
            }))
        }
        Delivery::Nothing => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Dropped);
            return response;
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if length > 0 {
        headers.insert("content-type", HeaderValue::from_static(reply.content_type));
        // A cut answer still promises its full length.
        headers.insert("content-length", HeaderValue::from(length));
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    response
}
