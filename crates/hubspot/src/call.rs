//! One call: sent, counted, classified, and tried again by the table.

use std::{fmt, sync::Arc, time::Duration};

use model::Clock;
use outbound::{Answer, Credential, Jitter, Request, Transport, clock, scrub};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    CallCounter, Error, Governor, Kind, Operation, Settings,
    calls::CallKind,
    paths::Paths,
    refusal::{Head, Refusal},
    retry::{self, Retry},
};

/// What every call needs.
pub(crate) struct Caller {
    pub(crate) transport: Transport,
    pub(crate) paths: Paths,
    pub(crate) clock: Arc<dyn Clock>,
    jitter: Jitter,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

/// What a request is, besides its address and body.
pub(crate) struct Sending<'a> {
    pub(crate) operation: Operation,
    pub(crate) kind: CallKind,
    pub(crate) bearer: Option<&'a SecretString>,
    /// Must not turn up in an error; the bearer goes without saying.
    pub(crate) secrets: &'a [&'a SecretString],
    pub(crate) calls: &'a CallCounter,
    /// Learns from the answer's headers.
    pub(crate) governor: Option<&'a Governor>,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    GiveUp,
    Refresh,
    Wait(Duration),
}

/// The failures of one call so far.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    refreshed: bool,
}

impl Caller {
    pub(crate) fn new(
        settings: &Settings,
        transport: Transport,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            transport,
            paths: Paths::new(settings)?,
            clock,
            jitter: Jitter::new(seed),
        })
    }

    /// Sends once. Anything but a success is an error of its kind.
    pub(crate) async fn send(
        &self,
        sending: &Sending<'_>,
        request: &Request,
    ) -> Result<Answer, Error> {
        let operation = sending.operation;
        let bearer = sending.bearer.map(Credential::bearer).transpose()?;
        let started = self.clock.now();
        sending.calls.sent(sending.kind);
        let result = self.transport.send(request, bearer.as_ref()).await;
        let took = clock::until(started, self.clock.now());
        let result = match result {
            Ok(answer) => {
                if let Some(governor) = sending.governor {
                    governor.observe(&answer);
                }
                if answer.status.as_u16() == 429 {
                    sending.calls.refused();
                }
                if answer.status.is_success() {
                    Ok(answer)
                } else {
                    Err(self.refused(sending, &answer))
                }
            }
            Err(source) => Err(Error::Network { operation, source }),
        };
        trace(operation, took, &result);
        result
    }

    fn refused(&self, sending: &Sending<'_>, answer: &Answer) -> Error {
        let operation = sending.operation;
        let head = Head {
            status: answer.status.as_u16(),
            correlation_id: answer.header("x-hubspot-correlation-id").map(Into::into),
            retry_after: answer.header("retry-after").map(Into::into),
        };
        let secrets: Vec<&str> = sending
            .secrets
            .iter()
            .copied()
            .chain(sending.bearer)
            .map(|secret| secret.expose_secret().trim())
            .collect();
        let now = self.clock.now();
        let refusal = Box::new(Refusal::read(&head, &answer.body, now, &secrets));
        match refusal.kind(operation) {
            Kind::Reauthorise => Error::Reauthorise { operation },
            Kind::UnknownProperty => Error::UnknownProperty {
                operation,
                names: refusal.properties.clone(),
                refusal,
            },
            Kind::MissingScopes => Error::MissingScopes {
                operation,
                scopes: refusal.scopes.clone(),
                refusal,
            },
            Kind::Moving => Error::AccountMoving {
                operation,
                // Promised, and up to 24 hours; an hour is a guess for when the promise is not kept.
                until: clock::later(now, refusal.retry_after.unwrap_or(Duration::from_hours(1))),
            },
            kind => Error::Refused {
                operation,
                kind,
                refusal,
            },
        }
    }

    /// What the table says about this failure after those before it.
    pub(crate) fn next(&self, failures: &mut Failures, error: &Error) -> Next {
        failures.count += 1;
        match retry::rule(error.kind()).retry {
            Retry::Never | Retry::Later | Retry::Shorter => Next::GiveUp,
            Retry::Refreshed if failures.refreshed => Next::GiveUp,
            Retry::Refreshed => {
                failures.refreshed = true;
                Next::Refresh
            }
            Retry::Wait(backoff) => {
                let asked = error.refusal().and_then(|refusal| refusal.retry_after);
                backoff
                    .wait(failures.count, self.jitter.next(), asked)
                    .map_or(Next::GiveUp, Next::Wait)
            }
        }
    }

    /// A call without an access token and outside the portal's quota, as the token endpoint's are.
    pub(crate) async fn open_call<T>(
        &self,
        operation: Operation,
        request: &Request,
        secrets: &[&SecretString],
        calls: &CallCounter,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, Error> {
        let sending = Sending {
            operation,
            kind: CallKind::Other,
            bearer: None,
            secrets,
            calls,
            governor: None,
        };
        let mut failures = Failures::default();
        loop {
            let error = match self.send(&sending, request).await {
                Ok(answer) => match read(&answer.body) {
                    Ok(value) => return Ok(value),
                    Err(problem) => unreadable(operation, problem, &answer),
                },
                Err(error) => error,
            };
            match self.next(&mut failures, &error) {
                Next::Wait(wait) => self.clock.sleep(wait).await,
                Next::GiveUp | Next::Refresh => return Err(error),
            }
        }
    }
}

/// The error for a success that cannot be read.
pub(crate) fn unreadable(operation: Operation, problem: String, answer: &Answer) -> Error {
    let id = answer.header("x-hubspot-correlation-id");
    Error::Unreadable {
        operation,
        problem,
        correlation_id: id.and_then(|id| scrub::label(id, &[])),
    }
}

/// Structure only: no address, no header, no content.
fn trace(operation: Operation, took: Duration, result: &Result<Answer, Error>) {
    let milliseconds = took.as_millis();
    match result {
        Ok(answer) => tracing::debug!(
            %operation,
            status = answer.status.as_u16(),
            bytes = answer.body.len(),
            milliseconds,
            "HubSpot answered"
        ),
        Err(Error::Network { source, .. }) => tracing::debug!(
            %operation,
            failure = %source,
            milliseconds,
            "HubSpot did not answer"
        ),
        Err(error) => tracing::debug!(
            %operation,
            kind = ?error.kind(),
            status = error.refusal().map(|refusal| refusal.status),
            correlation_id = error.correlation_id(),
            milliseconds,
            "HubSpot refused"
        ),
    }
}
