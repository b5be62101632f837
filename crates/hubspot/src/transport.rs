//! The one place where bytes leave for HubSpot and come back.

use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Settings};

/// The largest answer taken: far above a page of 200 records with 1,200 properties each, far below what would hurt.
const LARGEST: usize = 256 * 1024 * 1024;

/// A pool of connections to HubSpot. Cheap to clone; one serves all clients of a process.
#[derive(Debug, Clone)]
pub struct Transport {
    http: reqwest::Client,
}

/// Why no complete answer came. Never holds an address or a header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect(#[source] reqwest::Error),
    /// It took longer than the settings allow.
    #[error("it took too long")]
    Timeout(#[source] reqwest::Error),
    /// The connection broke before the answer was complete.
    #[error("the answer was cut short")]
    Cut(#[source] reqwest::Error),
    /// The answer is larger than any that HubSpot gives.
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
}

/// A request without credentials.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) body: Body,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// A `GET`.
    None,
    /// A `POST` of JSON.
    Json(Vec<u8>),
    /// A `POST` of `application/x-www-form-urlencoded`.
    Form(SecretString),
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Transport {
    /// A pool with the settings' time-outs.
    ///
    /// # Errors
    /// [`Error::Settings`] if the machine has no certificate authorities to verify HubSpot with.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let timeouts = &settings.timeouts;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(timeouts.total)
            // A redirect would carry credentials to an address nobody chose.
            .redirect(redirect::Policy::none())
            // The retry table is in `retry`, and every request is counted.
            .retry(reqwest::retry::never())
            .gzip(true);
        if settings.is_local() {
            // On one machine there is no bandwidth to save, no proxy to pass and no certificate to verify.
            builder = builder.gzip(false).no_proxy().tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| {
            Error::settings(format!(
                "the HTTPS client cannot be set up; are CA certificates installed? {error}"
            ))
        })?;
        Ok(Self { http })
    }

    /// Sends once and reads the whole answer, whatever its status.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the governed transport that the lint points to"
    )]
    pub(crate) async fn send(
        &self,
        request: &Request,
        bearer: Option<&HeaderValue>,
    ) -> Result<Answer, Failure> {
        let method = match request.body {
            Body::None => Method::GET,
            Body::Json(_) | Body::Form(_) => Method::POST,
        };
        let mut builder = self
            .http
            .request(method, &request.url)
            .header(ACCEPT, "application/json");
        builder = match &request.body {
            Body::None => builder,
            Body::Json(json) => builder
                .header(CONTENT_TYPE, "application/json")
                .body(json.clone()),
            Body::Form(form) => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose_secret().to_owned()),
        };
        if let Some(bearer) = bearer {
            builder = builder.header(AUTHORIZATION, bearer);
        }
        let mut response = builder.send().await.map_err(Failure::from)?;
        let promised = response.content_length().unwrap_or(0);
        let mut body = Vec::with_capacity(usize::try_from(promised).unwrap_or(0).min(LARGEST / 16));
        while let Some(chunk) = response.chunk().await.map_err(Failure::from)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            Self::Timeout(error)
        } else if error.is_connect() {
            Self::Connect(error)
        } else {
            Self::Cut(error)
        }
    }
}

/// `Bearer …`, marked so that it is never printed.
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret().trim()))
        .map_err(|_| {
            Error::settings("the token holds characters that cannot be sent; is it complete?")
        })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
