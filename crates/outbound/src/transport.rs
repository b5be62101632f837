//! The one place where bytes leave for somebody else's API and come back.

use std::time::Duration;

use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{Unusable, address};

/// The largest answer taken: far above a page of 200 records with 1,200 properties each, far below what would hurt.
const LARGEST: usize = 256 * 1024 * 1024;

/// How long to wait for the network before trying again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to be made.
    pub connect: Duration,
    /// For an answer to begin, and between two pieces of it.
    pub idle: Duration,
    /// For a whole call.
    pub total: Duration,
}

/// A pool of connections. Cheap to clone; one serves all clients of one API in a process.
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
    /// The answer is larger than any that is taken.
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
}

/// A request without its credential.
#[derive(Debug, Clone)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The whole address, encoded.
    pub url: String,
    /// What is sent.
    pub body: Body,
}

/// What is sent with a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// `application/json`.
    Json(Vec<u8>),
    /// `application/x-www-form-urlencoded`.
    Form(SecretString),
}

/// The header by which a service knows its caller, marked so that it is never printed.
#[derive(Debug, Clone)]
pub struct Credential {
    name: HeaderName,
    value: HeaderValue,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// Any status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// All bytes, decompressed.
    pub body: Vec<u8>,
}

impl Transport {
    /// A pool for the API at `base`.
    ///
    /// # Errors
    /// [`Unusable`] if the machine has no certificate authorities to verify the service with.
    pub fn new(timeouts: &Timeouts, base: &Url) -> Result<Self, Unusable> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(timeouts.total)
            // A redirect would carry credentials to an address nobody chose.
            .redirect(redirect::Policy::none())
            // Each client has its own table of retries, and counts every request.
            .retry(reqwest::retry::never())
            .gzip(true);
        if address::is_loopback(base) {
            // On one machine there is no bandwidth to save, no proxy to pass and no certificate to verify.
            builder = builder.gzip(false).no_proxy().tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| {
            Unusable::new(format!(
                "the HTTPS client cannot be set up; are CA certificates installed? {error}"
            ))
        })?;
        Ok(Self { http })
    }

    /// Sends once and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure`] when no complete answer came; the request may have been carried out all the same.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the governed transport that the lint points to"
    )]
    pub async fn send(
        &self,
        request: &Request,
        credential: Option<&Credential>,
    ) -> Result<Answer, Failure> {
        let mut builder = self
            .http
            .request(request.method.clone(), &request.url)
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
        if let Some(Credential { name, value }) = credential {
            builder = builder.header(name, value);
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

impl Request {
    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            url: url.into(),
            body: Body::None,
        }
    }

    /// A `POST`.
    pub fn post(url: impl Into<String>, body: Body) -> Self {
        Self {
            method: Method::POST,
            url: url.into(),
            body,
        }
    }

    /// A `PUT`.
    pub fn put(url: impl Into<String>, body: Body) -> Self {
        Self {
            method: Method::PUT,
            url: url.into(),
            body,
        }
    }

    /// A `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            url: url.into(),
            body: Body::None,
        }
    }
}

impl Credential {
    /// `Authorization: Bearer …`.
    ///
    /// # Errors
    /// [`Unusable`] if the token cannot stand in a header.
    pub fn bearer(token: &SecretString) -> Result<Self, Unusable> {
        let value = format!("Bearer {}", token.expose_secret().trim());
        Self::new(AUTHORIZATION, &value).ok_or_else(|| {
            Unusable::new("the token holds characters that cannot be sent; is it complete?")
        })
    }

    /// A header of the service's own, named in lower case, such as `x-pendo-integration-key`.
    ///
    /// # Errors
    /// [`Unusable`] if the key cannot stand in a header.
    pub fn header(name: &'static str, key: &SecretString) -> Result<Self, Unusable> {
        Self::new(HeaderName::from_static(name), key.expose_secret().trim()).ok_or_else(|| {
            Unusable::new("the key holds characters that cannot be sent; is it complete?")
        })
    }

    fn new(name: HeaderName, value: &str) -> Option<Self> {
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some(Self { name, value })
    }
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_never_printed_and_must_fit_a_header() {
        let bearer = Credential::bearer(&"pat-na1-xyz ".into()).unwrap();
        let header = Credential::header("x-key", &"xyz-key".into()).unwrap();
        let printed = format!("{bearer:?} {header:?}");
        assert!(!printed.contains("xyz"), "{printed}");
        for broken in ["a\nb", "\u{0}"] {
            let problem = Credential::header("x-key", &broken.into()).unwrap_err();
            assert!(!problem.problem.contains(broken));
        }
    }
}
