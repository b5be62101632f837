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
use hubspot::{
    Client, ClientBuilder, Columns, Credentials, Kind, ManualClock, QuotaSettings, Settings,
    Timeouts,
};
use serde_json::{Value, json};

/// What a request looked like when it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
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

    /// The names in the query's `properties`.
    pub(crate) fn properties(&self) -> Vec<String> {
        let named = self
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("properties="));
        let names = named.unwrap_or_default().split(',');
        names.filter(|n| !n.is_empty()).map(Into::into).collect()
    }
}

/// One scripted answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Proper,
    Cut,
    Never,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Value>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: text(body.into()),
            end: End::Proper,
        }
    }

    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.headers.push((name.into(), text(value.into())));
        self
    }

    /// The connection breaks after the body given.
    pub(crate) fn cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// The connection stays open after the body given, and nothing more comes.
    pub(crate) fn unfinished(mut self) -> Self {
        self.end = End::Never;
        self
    }

    fn response(self) -> Response<Body> {
        let body = Bytes::from(self.body);
        let body = match self.end {
            End::Proper => Body::from(body),
            End::Cut => Body::from_stream(stream::iter([
                Ok(body),
                Err(std::io::Error::other("cut on purpose")),
            ])),
            End::Never => Body::from_stream(futures::StreamExt::chain(
                stream::iter([Ok::<_, std::io::Error>(body)]),
                stream::pending(),
            )),
        };
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(body).unwrap()
    }
}

/// A string as it is, anything else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        json => json.to_string(),
    }
}

type Handler = Box<dyn FnMut(&Seen) -> Reply + Send>;

struct Script {
    replies: VecDeque<Reply>,
    otherwise: Handler,
    seen: Vec<Seen>,
}

/// The server. Answers the queued replies first, then as its handler says.
#[derive(Clone)]
pub(crate) struct Stage {
    script: Arc<Mutex<Script>>,
    pub(crate) base_url: String,
    pub(crate) clock: Arc<ManualClock>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let script = Arc::new(Mutex::new(Script {
            replies: VecDeque::new(),
            otherwise: Box::new(|_| Reply::new(599, "nothing left in the script")),
            seen: Vec::new(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
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

    /// Answers when nothing is queued.
    pub(crate) fn otherwise(&self, handler: impl FnMut(&Seen) -> Reply + Send + 'static) -> &Self {
        self.script.lock().unwrap().otherwise = Box::new(handler);
        self
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            base_url: self.base_url.clone(),
            client_id: Some("client-id".into()),
            client_secret: Some("client-secret-5c1e".into()),
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                idle: Duration::from_secs(20),
                total: Duration::from_mins(1),
            },
            quota: QuotaSettings::default(),
            ..Settings::default()
        }
    }

    /// A client that waits for the next piece of an answer no longer than it must.
    pub(crate) fn impatient_client(&self) -> Client {
        let mut settings = self.settings();
        settings.timeouts.idle = Duration::from_millis(100);
        let token = Credentials::Static("pat-na1-the-static-token".into());
        self.builder(settings, token).build().unwrap()
    }

    pub(crate) fn builder(&self, settings: Settings, credentials: Credentials) -> ClientBuilder {
        Client::builder(settings, credentials)
            .clock(self.clock.clone())
            .seed(7)
    }

    /// A client with a static token.
    pub(crate) fn client(&self) -> Client {
        let token = Credentials::Static("pat-na1-the-static-token".into());
        self.builder(self.settings(), token).build().unwrap()
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
        path: uri.path().into(),
        query: uri.query().unwrap_or_default().into(),
        headers,
        body,
    };
    let mut script = script.lock().unwrap();
    let reply = match script.replies.pop_front() {
        Some(reply) => reply,
        None => (script.otherwise)(&seen),
    };
    script.seen.push(seen);
    reply.response()
}

/// A record without properties worth naming.
pub(crate) fn record(id: u64) -> Value {
    json!({
        "id": id.to_string(),
        "properties": { "key": format!("v{id}") },
        "updatedAt": "2026-11-19T00:00:00.000Z",
        "archived": false,
    })
}

/// The answer to a search that finds `total` records, of which these come first.
pub(crate) fn found(total: u64, ids: impl IntoIterator<Item = u64>) -> Reply {
    let results: Vec<_> = ids.into_iter().map(record).collect();
    Reply::ok(json!({ "total": total, "results": results }))
}

/// HubSpot's usual error body.
pub(crate) fn refusal(status: u16, category: &str, message: &str) -> Reply {
    Reply::new(
        status,
        json!({
            "status": "error",
            "message": message,
            "correlationId": "0badcafe-1111-2222-3333-444455556666",
            "category": category,
        }),
    )
}

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, hubspot::Error>) -> Kind {
    result.unwrap_err().kind()
}

pub(crate) fn key() -> Columns {
    ["key"].into_iter().collect()
}

pub(crate) fn ids<'a>(records: impl IntoIterator<Item = hubspot::Record<'a>>) -> Vec<u64> {
    records.into_iter().map(|record| record.id().0).collect()
}

/// 1,200 names that take about 29 KB.
pub(crate) fn many() -> Vec<String> {
    (0..1_200)
        .map(|n| format!("custom_property_number_{n:04}"))
        .collect()
}
