//! One request: who asks, in which language, and for which subscription.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, RawPathParams},
    http::{HeaderMap, Method, Uri, header, request::Parts},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::Level;
use store::{
    Scope, Subscription, SubscriptionId,
    member::{Member, Role},
    session::{BrowserSession, Hash},
};

use crate::{
    app::{self, App},
    error::Error,
    locale::{Language, Locale},
};

/// A session that nobody uses ends after this.
pub(crate) const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Any session ends after this.
const OLDEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The use of a session is noted this often.
const SEEN: SignedDuration = SignedDuration::from_mins(1);

const LANGUAGE: &str = "tributary-language";

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) locale: Arc<Locale>,
    /// `light`, `dark`, or empty: as the system says.
    pub(crate) theme: &'static str,
    pub(crate) session: Option<Arc<Current>>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// A part of a page is asked for, by a script.
    pub(crate) partial: bool,
    pub(crate) client: IpAddr,
    pub(crate) agent: String,
    pub(crate) now: Timestamp,
}

/// The session of a signed-in browser.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) hash: Hash,
    pub(crate) browser: BrowserSession,
}

impl Visit {
    /// Finds out who asks.
    pub(crate) async fn new(app: &App, parts: &Parts) -> Result<Self, Error> {
        let now = app.now();
        let session = session(app, &parts.headers, now).await?;
        let chosen = session
            .as_ref()
            .and_then(|current| current.browser.member.language.as_deref())
            .or_else(|| cookie(&parts.headers, LANGUAGE))
            .and_then(Language::from_tag);
        let text = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
        };
        let language = chosen.unwrap_or_else(|| {
            Language::accepted(text(header::ACCEPT_LANGUAGE).unwrap_or_default())
        });
        let theme = session
            .as_ref()
            .and_then(|current| current.browser.member.theme.as_deref());
        Ok(Self {
            app: app.clone(),
            locale: Locale::of(language),
            theme: match theme {
                Some("dark") => "dark",
                Some("light") => "light",
                _ => "",
            },
            session: session.map(Arc::new),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            partial: parts
                .headers
                .get("hx-request-type")
                .is_some_and(|kind| kind == "partial"),
            client: client(app, parts),
            agent: text(header::USER_AGENT)
                .unwrap_or_default()
                .chars()
                .take(200)
                .collect(),
            now,
        })
    }

    /// The member who asks.
    pub(crate) fn member(&self) -> Option<&Member> {
        self.session.as_ref().map(|current| &current.browser.member)
    }

    /// Whether whoever asks may configure.
    pub(crate) fn is_admin(&self) -> bool {
        self.member()
            .is_some_and(|member| member.role == Role::Admin)
    }

    /// Who asks, as the audit trail shows it.
    pub(crate) fn who(&self) -> &str {
        self.member().map_or("–", |member| member.email.as_str())
    }

    /// What forms carry against forgery.
    pub(crate) fn guard(&self) -> &str {
        self.session
            .as_ref()
            .map_or("", |current| current.browser.guard.as_str())
    }

    /// Notes a change in the audit trail.
    pub(crate) async fn note(
        &self,
        subscription: Option<SubscriptionId>,
        action: &str,
        details: serde_json::Value,
    ) -> Result<(), Error> {
        let change = store::audit::Change {
            who: self.who(),
            subscription,
            action,
            details,
        };
        self.app.store().note_change(&change, self.now).await?;
        Ok(())
    }
}

async fn session(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<Option<Current>, Error> {
    let Some(secret) = cookie(headers, session_cookie(app)) else {
        return Ok(None);
    };
    let hash = app::hash(secret);
    let browser = app.store().session(&hash, now - IDLE, now - OLDEST).await?;
    if let Some(browser) = &browser
        && browser.seen_at + SEEN <= now
    {
        app.store().see_session(&hash, now).await?;
    }
    Ok(browser.map(|browser| Current { hash, browser }))
}

/// The session's cookie. The prefix makes browsers refuse it from anywhere but this host over https.
pub(crate) fn session_cookie(app: &App) -> &'static str {
    if app.is_secure() {
        "__Host-tributary"
    } else {
        "tributary"
    }
}

/// A cookie for the browser to keep; an empty value takes it back.
pub(crate) fn set_cookie(app: &App, name: &str, value: &str, http_only: bool) -> String {
    let age = if value.is_empty() {
        0
    } else {
        OLDEST.as_secs()
    };
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let hidden = if http_only { "; HttpOnly" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{hidden}{secure}")
}

/// The cookie of a language that was chosen without signing in.
pub(crate) fn language_cookie(app: &App, language: Language) -> String {
    set_cookie(app, LANGUAGE, language.tag(), true)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// The client's address: the last one that a trusted proxy names, or the peer's own.
fn client(app: &App, parts: &Parts) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    let trusted = |ip: &IpAddr| {
        let proxies = &app.settings().trusted_proxies;
        proxies.iter().any(|proxy| proxy.contains(ip))
    };
    if !trusted(&peer) {
        return peer;
    }
    let named: Vec<IpAddr> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|ip| ip.trim().parse().ok())
        .collect();
    named
        .into_iter()
        .rev()
        .find(|ip| !trusted(ip))
        .unwrap_or(peer)
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        // Every route has a guard, which puts it there.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Error::NotFound)
    }
}

/// What a path names.
#[derive(Debug)]
pub(crate) struct Parameters(RawPathParams);

impl Parameters {
    /// The text in the place of that name, if the route has one.
    pub(crate) fn get(&self, wanted: &str) -> Option<&str> {
        let mut parameters = self.0.iter();
        parameters.find_map(|(name, text)| (name == wanted).then_some(text))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        parameters.map(Self).map_err(|_| Error::NotFound)
    }
}

/// A request for a page of a subscription.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    pub(crate) visit: Visit,
    pub(crate) subscription: Subscription,
    pub(crate) all: Vec<Subscription>,
    pub(crate) zone: TimeZone,
}

impl Here {
    /// A level of the subscription.
    pub(crate) fn scope(&self, level: Level) -> Scope {
        Scope {
            subscription: self.subscription.id,
            level,
        }
    }

    /// The address of a page of the subscription.
    pub(crate) fn path(&self, rest: &str) -> String {
        path(self.subscription.id, rest)
    }

    /// Notes a change in the audit trail.
    pub(crate) async fn note(&self, action: &str, details: serde_json::Value) -> Result<(), Error> {
        self.visit
            .note(Some(self.subscription.id), action, details)
            .await
    }
}

/// The address of a page of a subscription.
pub(crate) fn path(subscription: SubscriptionId, rest: &str) -> String {
    format!("/s/{}/{rest}", subscription.0)
}

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let parameters = Parameters::from_request_parts(parts, state).await?;
        let id: i64 = parameters
            .get("subscription")
            .and_then(|id| id.parse().ok())
            .ok_or(Error::NotFound)?;
        let all = visit.app.store().subscriptions().await?;
        let subscription = all
            .iter()
            .find(|one| one.id.0 == id)
            .cloned()
            .ok_or(Error::NotFound)?;
        let zone = TimeZone::get(&subscription.time_zone).unwrap_or(TimeZone::UTC);
        Ok(Self {
            visit,
            subscription,
            all,
            zone,
        })
    }
}

/// The level that a path names: as `visitor` or `account`, or by its page of the data, `visitors` or `accounts`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtLevel(pub(crate) Level);

impl<S: Send + Sync> FromRequestParts<S> for AtLevel {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let parameters = Parameters::from_request_parts(parts, state).await?;
        parameters
            .get("level")
            .and_then(|level| level.parse().ok())
            .or_else(|| level_of(parts.uri.path()))
            .map(Self)
            .ok_or(Error::NotFound)
    }
}

/// The level of a page of the data: `/s/1/visitors/…`.
fn level_of(path: &str) -> Option<Level> {
    match path.split('/').nth(3)? {
        "visitors" => Some(Level::Visitor),
        "accounts" => Some(Level::Account),
        _ => None,
    }
}
