//! A server that answers from a script and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri},
};
use futures::stream;
use outbound::ManualClock;
use pendo::{Client, ClientBuilder, Region, Settings};
use serde_json::Value;

/// What a request looked like when it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    /// As it came, not decoded.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// One scripted answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    retry_after: Option<String>,
    body: String,
    cut: bool,
}

impl Reply {
    /// A string is sent as it is, anything else as JSON.
    pub(crate) fn new(status: u16, body: impl Into<Value>) -> Self {
        Self {
            status,
            retry_after: None,
            body: match body.into() {
                Value::String(text) => text,
                json => json.to_string(),
            },
            cut: false,
        }
    }

    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn retry_after(mut self, text: &str) -> Self {
        self.retry_after = Some(text.into());
        self
    }

    /// The connection breaks after the body given.
    pub(crate) fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    fn response(self) -> Response<Body> {
        let body = Bytes::from(self.body);
        let body = if self.cut {
            let broken = std::io::Error::other("cut on purpose");
            Body::from_stream(stream::iter([Ok(body), Err(broken)]))
        } else {
            Body::from(body)
        };
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        if let Some(text) = self.retry_after {
            response = response.header("retry-after", text);
        }
        response.body(body).unwrap()
    }
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    seen: Vec<Seen>,
    /// How long an answer takes.
    delay: Duration,
    under_way: usize,
    most_under_way: usize,
}

/// The server. What is not in its script it answers with 599.
#[derive(Clone)]
pub(crate) struct Stage {
    script: Arc<Mutex<Script>>,
    pub(crate) base_url: String,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) const KEY: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.us";

impl Stage {
    pub(crate) async fn new() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/{{region}}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            script,
            base_url,
            clock: Arc::default(),
        }
    }

    /// Queues answers to the next requests, whatever they ask.
    pub(crate) fn replies(&self, replies: impl IntoIterator<Item = Reply>) -> &Self {
        self.script.lock().unwrap().replies.extend(replies);
        self
    }

    /// Makes every answer take so long.
    pub(crate) fn delayed(&self, delay: Duration) -> &Self {
        self.script.lock().unwrap().delay = delay;
        self
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    /// How many requests were under way at the same time, at most.
    pub(crate) fn most_under_way(&self) -> usize {
        self.script.lock().unwrap().most_under_way
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            base_url: Some(self.base_url.clone()),
            ..Settings::default()
        }
    }

    pub(crate) fn builder(&self, settings: Settings) -> ClientBuilder {
        Client::builder(settings, Region::Eu, KEY.into())
            .clock(self.clock.clone())
            .seed(7)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder(self.settings()).build().unwrap()
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response<Body> {
    let seen = Seen {
        method,
        target: uri.to_string(),
        headers,
        body,
    };
    let delay = {
        let mut script = script.lock().unwrap();
        script.seen.push(seen);
        script.under_way += 1;
        script.most_under_way = script.most_under_way.max(script.under_way);
        script.delay
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut script = script.lock().unwrap();
    script.under_way -= 1;
    let reply = script.replies.pop_front();
    let reply = reply.unwrap_or_else(|| Reply::new(599, "nothing left in the script"));
    reply.response()
}
