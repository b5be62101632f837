//! Makes clients.

use std::sync::Arc;

use model::Clock;
use outbound::{Credential, SystemClock, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::{Client, Error, Region, Settings, call::Caller, paths::Paths};

/// Collects what a [`Client`] is made of. Begins with [`Client::builder`].
#[derive(Debug)]
pub struct ClientBuilder {
    settings: Settings,
    region: Region,
    key: SecretString,
    clock: Arc<dyn Clock>,
    seed: Option<u64>,
    tries: Option<u32>,
    transport: Option<Transport>,
}

impl ClientBuilder {
    pub(crate) fn new(settings: Settings, region: Region, key: SecretString) -> Self {
        Self {
            settings,
            region,
            key,
            clock: Arc::new(SystemClock),
            seed: None,
            tries: None,
            transport: None,
        }
    }

    /// The clock for waits. Default: the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Seeds the jitter of waits. Default: from the clock.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Calls in all for one request that fails in a way that passes, the first included; 1 never tries again.
    /// Default: as [`retry::rule`](crate::retry::rule) says.
    #[must_use]
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = Some(tries);
        self
    }

    /// The process's pool of connections, from [`Settings::transport`]. Default: one of its own.
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Checks the settings and makes the client. Sends nothing.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn build(self) -> Result<Client, Error> {
        self.settings.check()?;
        if self.key.expose_secret().trim().is_empty() {
            return Err(Error::settings("there is no integration key"));
        }
        let credential = Credential::header("x-pendo-integration-key", &self.key)?;
        let paths = Paths::new(&self.settings.base(self.region)?);
        let transport = match self.transport {
            Some(transport) => transport,
            None => self.settings.transport()?,
        };
        let seed = self.seed.unwrap_or_else(|| {
            // Only so that many installations do not wait in step.
            self.clock.now().subsec_nanosecond().unsigned_abs().into()
        });
        let in_flight = self.settings.in_flight;
        let mut caller = Caller::new(transport, credential, self.key, self.clock, seed, in_flight);
        caller.tries = self.tries;
        Ok(Client::new(caller, paths))
    }
}
