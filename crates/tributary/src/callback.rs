//! The address on this machine to which HubSpot sends the browser back.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sync::Explanation;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{failure::Failure, trouble::Trouble};

const PATH: &str = "/oauth/callback";

/// How long the browser may take to fetch its page after everything is settled.
const LAST_PAGE: Duration = Duration::from_secs(5);

/// A secret that comes back with HubSpot's answer: whoever does not know it did not come from our address.
///
/// # Panics
/// When the operating system has no randomness to give.
pub(crate) fn state() -> String {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Tries to open an address in the user's browser. The address is printed too, so nothing depends on it.
pub(crate) fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = Command::new(program)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        tracing::debug!(program, %error, "no browser was opened");
    }
}

/// Listens on both loopback addresses, because `localhost` may mean either.
#[derive(Debug)]
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
}

/// HubSpot's answer, with the browser waiting for a page.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: String,
    page: oneshot::Sender<Page>,
    _servers: JoinSet<()>,
}

/// What the browser is shown in the end.
#[derive(Debug)]
enum Page {
    Connected,
    Failed(String),
}

/// The parameters HubSpot comes back with.
#[derive(Debug, serde::Deserialize)]
struct Parameters {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// What the handler hands over.
#[derive(Debug)]
enum Arrival {
    Code(String, oneshot::Sender<Page>),
    Refused(String),
}

#[derive(Debug)]
struct Expecting {
    state: String,
    arrivals: mpsc::Sender<Arrival>,
    /// A code is good once; a page that is reloaded must not come twice.
    answered: Mutex<bool>,
}

impl Listener {
    /// Takes the port; 0 takes a free one.
    pub(crate) async fn bind(port: u16) -> Result<Self, Trouble> {
        let failed = |source| Trouble::CallbackPort { port, source };
        let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .map_err(failed)?;
        let port = first.local_addr().map_err(failed)?.port();
        let mut sockets = vec![first];
        match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
            Ok(second) => sockets.push(second),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(failed(error)),
            // A machine without IPv6.
            Err(error) => tracing::debug!(%error, "not listening on [::1]"),
        }
        Ok(Self { sockets, port })
    }

    /// The address to register with the OAuth app.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}{PATH}", self.port)
    }

    /// Waits for HubSpot's answer to the address that carried `state`.
    pub(crate) async fn wait(
        self,
        state: &str,
        patience: Duration,
        interrupt: &CancellationToken,
    ) -> Result<Answer, Failure> {
        let (sender, mut arrivals) = mpsc::channel(1);
        let expecting = Arc::new(Expecting {
            state: state.to_owned(),
            arrivals: sender,
            answered: Mutex::new(false),
        });
        let router = Router::new()
            .route(PATH, get(receive))
            .with_state(expecting);
        let mut servers = JoinSet::new();
        for socket in self.sockets {
            let router = router.clone();
            servers.spawn(async move {
                if let Err(error) = axum::serve(socket, router).await {
                    tracing::warn!(%error, "the callback address stopped listening");
                }
            });
        }
        let arrival = tokio::select! {
            arrival = arrivals.recv() => arrival,
            () = tokio::time::sleep(patience) => {
                let minutes = patience.as_secs() / 60;
                return Err(Trouble::NoAnswer { minutes }.into());
            }
            () = interrupt.cancelled() => return Err(Trouble::Interrupted.into()),
        };
        match arrival {
            Some(Arrival::Code(code, page)) => Ok(Answer {
                code,
                page,
                _servers: servers,
            }),
            Some(Arrival::Refused(problem)) => {
                // The page is on its way already; let it arrive.
                tokio::time::sleep(Duration::from_millis(200)).await;
                Err(Trouble::NotGranted { problem }.into())
            }
            None => Err(Trouble::NotGranted {
                problem: "the callback address stopped listening".into(),
            }
            .into()),
        }
    }
}

impl Answer {
    /// Shows the browser how it ended.
    pub(crate) async fn conclude(self, failure: Option<&Explanation>) {
        let page = failure.map_or(Page::Connected, |failure| {
            Page::Failed(format!("{} ({})", failure.message, failure.code))
        });
        if self.page.send(page).is_ok() {
            // Long enough for a page on this machine; a browser that is gone needs none.
            tokio::time::sleep(Duration::from_millis(200).min(LAST_PAGE)).await;
        }
    }
}

async fn receive(
    State(expecting): State<Arc<Expecting>>,
    Query(parameters): Query<Parameters>,
) -> Response {
    if parameters.state.as_deref() != Some(expecting.state.as_str()) {
        return page(
            StatusCode::BAD_REQUEST,
            "Not connected",
            "This answer does not belong to the sign-in that is under way. Open the address that the terminal shows, and agree there.",
        );
    }
    let mut answered = expecting.answered.lock().await;
    if std::mem::replace(&mut *answered, true) {
        return page(
            StatusCode::CONFLICT,
            "Already answered",
            "The terminal says how it ended. You can close this page.",
        );
    }
    drop(answered);
    if let Some(code) = parameters.code.filter(|code| !code.is_empty()) {
        let (sender, shown) = oneshot::channel();
        let handed = expecting.arrivals.send(Arrival::Code(code, sender)).await;
        let ended = match handed {
            Ok(()) => shown.await.ok(),
            Err(_) => None,
        };
        return match ended {
            Some(Page::Connected) => page(
                StatusCode::OK,
                "Connected",
                "Tributary can read this HubSpot account now. You can close this page and go back to the terminal.",
            ),
            Some(Page::Failed(problem)) => page(StatusCode::BAD_GATEWAY, "Not connected", &problem),
            None => page(
                StatusCode::GONE,
                "Not connected",
                "The terminal stopped waiting. Repeat the command there.",
            ),
        };
    }
    let problem = parameters
        .error_description
        .or(parameters.error)
        .unwrap_or_else(|| "the answer holds no code".into());
    let problem: String = problem
        .chars()
        .filter(|one| !one.is_control())
        .take(300)
        .collect();
    let shown = format!("HubSpot did not grant access: {problem}. Nothing was changed.");
    // The terminal may have stopped waiting; the page is the same.
    drop(expecting.arrivals.send(Arrival::Refused(problem)).await);
    page(StatusCode::FORBIDDEN, "Not connected", &shown)
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let mark = if status.is_success() { "✓" } else { "✕" };
    let colour = if status.is_success() {
        "#0a7f5a"
    } else {
        "#b3261e"
    };
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Tributary: {title}</title><style>\
         :root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;\
         min-height:90vh;margin:0}}main{{max-width:28rem;padding:2rem}}h1{{font-size:1.4rem;margin:.2em 0}}\
         b{{font-size:2.5rem;color:{colour}}}</style><main><b aria-hidden=true>{mark}</b><h1>{title}</h1><p>{}</p></main></html>",
        escaped(text)
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
