//! One call: sent, counted, classified, and tried again by the table.

use std::{fmt, sync::Arc, time::Duration};

use model::Clock;
use outbound::{Answer, Credential, Jitter, Request, Transport, clock, retry_after};
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::{
    Error, Kind, Operation,
    calls::CallCounter,
    redact::{Private, Redact},
    refusal::Refusal,
    retry::{self, Retry},
};

/// What every call needs.
pub(crate) struct Caller {
    transport: Transport,
    credential: Credential,
    key: SecretString,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    permits: Semaphore,
    /// In place of the table's.
    pub(crate) tries: Option<u32>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

/// What is asked, and what of it must not turn up in an error.
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    pub(crate) request: Request,
    pub(crate) private: Private<'a>,
}

impl Caller {
    pub(crate) fn new(
        transport: Transport,
        credential: Credential,
        key: SecretString,
        clock: Arc<dyn Clock>,
        seed: u64,
        in_flight: usize,
    ) -> Self {
        Self {
            transport,
            credential,
            key,
            clock,
            jitter: Jitter::new(seed),
            permits: Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS)),
            tries: None,
        }
    }

    /// Sends until it is answered in a way that `read` understands, or the table says to give up.
    pub(crate) async fn run<T>(
        &self,
        call: &Call<'_>,
        calls: &CallCounter,
        read: impl Fn(&Answer, &Redact<'_>) -> Result<T, String>,
    ) -> Result<T, Error> {
        let operation = call.operation;
        let redact = Redact::new(&self.key, call.private);
        let mut failed = 0;
        loop {
            let error = match self.send(call, calls, &redact).await {
                Ok(answer) => match read(&answer, &redact) {
                    Ok(value) => return Ok(value),
                    Err(problem) => Error::Unreadable { operation, problem },
                },
                Err(error) => error,
            };
            failed += 1;
            match self.wait(failed, &error) {
                // Nobody is kept from calling meanwhile: the permit is given back.
                Some(wait) => self.clock.sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Sends once. Anything but a success is an error of its kind.
    async fn send(
        &self,
        call: &Call<'_>,
        calls: &CallCounter,
        redact: &Redact<'_>,
    ) -> Result<Answer, Error> {
        let operation = call.operation;
        let _permit = self.permits.acquire().await;
        let started = self.clock.now();
        calls.sent(operation.writes());
        let result = self
            .transport
            .send(&call.request, Some(&self.credential))
            .await;
        let took = clock::until(started, self.clock.now());
        let result = match result {
            Ok(answer) if answer.status.is_success() => Ok(answer),
            Ok(answer) => {
                if answer.status.as_u16() == 429 {
                    calls.refused();
                }
                Err(self.refused(operation, &answer, redact))
            }
            Err(source) => Err(Error::Network { operation, source }),
        };
        trace(operation, took, &result);
        result
    }

    fn refused(&self, operation: Operation, answer: &Answer, redact: &Redact<'_>) -> Error {
        let status = answer.status.as_u16();
        match Kind::of(status) {
            Kind::Key => Error::Key { operation },
            kind => {
                let asked = answer
                    .header("retry-after")
                    .and_then(|text| retry_after::parse(text, self.clock.now()));
                let refusal = Refusal::read(status, asked, &answer.body, redact);
                Error::Refused {
                    operation,
                    kind,
                    refusal: Box::new(refusal),
                }
            }
        }
    }

    /// How long to wait before the next try, if there is to be one.
    fn wait(&self, failed: u32, error: &Error) -> Option<Duration> {
        let Retry::Wait(mut backoff) = retry::rule(error.kind()).retry else {
            return None;
        };
        backoff.tries = self.tries.unwrap_or(backoff.tries);
        let asked = error.refusal().and_then(|refusal| refusal.retry_after);
        backoff.wait(failed, self.jitter.next(), asked)
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
            "Pendo answered"
        ),
        Err(Error::Network { source, .. }) => tracing::debug!(
            %operation,
            failure = %source,
            milliseconds,
            "Pendo did not answer"
        ),
        Err(error) => tracing::debug!(
            %operation,
            kind = ?error.kind(),
            status = error.refusal().map(|refusal| refusal.status),
            milliseconds,
            "Pendo refused"
        ),
    }
}
