//! Makes clients.

use std::sync::{Arc, Mutex, atomic::AtomicUsize};

use model::Clock;

use crate::{
    Client, Credentials, Error, Governor, Settings, SystemClock, TokenKeeper, Transport,
    auth::Auth, call::Caller, client::Shared, oauth::OAuth,
};

/// Collects what a [`Client`] is made of. Begins with [`Client::builder`].
#[derive(Debug)]
pub struct ClientBuilder {
    settings: Settings,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    seed: Option<u64>,
    keeper: Option<Arc<dyn TokenKeeper>>,
    governor: Option<Arc<Governor>>,
    transport: Option<Transport>,
}

impl ClientBuilder {
    pub(crate) fn new(settings: Settings, credentials: Credentials) -> Self {
        Self {
            settings,
            credentials,
            clock: Arc::new(SystemClock),
            seed: None,
            keeper: None,
            governor: None,
            transport: None,
        }
    }

    /// The clock for expiry, quota and waits. Default: the system's.
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

    /// Stores refreshed tokens. Needed with OAuth wherever a connection outlives the process.
    #[must_use]
    pub fn keeper(mut self, keeper: Arc<dyn TokenKeeper>) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// The portal's shared quota, from [`Governors::portal`](crate::Governors::portal). Default: one of its own.
    #[must_use]
    pub fn governor(mut self, governor: Arc<Governor>) -> Self {
        self.governor = Some(governor);
        self
    }

    /// The process's pool of connections. Default: one of its own.
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
        let caller = self.caller()?;
        let app = OAuth::new(&self.settings, caller.clone());
        let (auth, oauth) = match self.credentials {
            Credentials::Static(token) => (Auth::fixed(token), app.ok()),
            Credentials::OAuth {
                refresh_token,
                access_token,
                expires_at,
            } => {
                let app = app?;
                let auth = Auth::oauth(
                    app.clone(),
                    self.keeper,
                    refresh_token,
                    access_token,
                    expires_at,
                );
                (auth, Some(app))
            }
        };
        let governor = self
            .governor
            .unwrap_or_else(|| Arc::new(Governor::new(&self.settings.quota, self.clock.clone())));
        let shared = Shared {
            caller,
            auth,
            oauth,
            url_budget: AtomicUsize::new(self.settings.url_budget),
            scopes: Mutex::default(),
        };
        Ok(Client::new(shared, governor))
    }

    /// The OAuth app of the settings, whatever the credentials.
    pub(crate) fn app(&self) -> Result<OAuth, Error> {
        OAuth::new(&self.settings, self.caller()?)
    }

    fn caller(&self) -> Result<Arc<Caller>, Error> {
        self.settings.check()?;
        let transport = match &self.transport {
            Some(transport) => transport.clone(),
            None => self.settings.transport()?,
        };
        let seed = self.seed.unwrap_or_else(|| {
            // Only so that many installations do not wait in step.
            self.clock.now().subsec_nanosecond().unsigned_abs().into()
        });
        let clock = self.clock.clone();
        Caller::new(&self.settings, transport, clock, seed).map(Arc::new)
    }
}
