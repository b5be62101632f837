//! What all requests share.

use std::{fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ipnet::IpNet;
use jiff::Timestamp;
use model::Clock;
use sha2::{Digest as _, Sha256};
use store::{Store, session::Hash};
use sync::Runner;
use url::Url;

use crate::{
    catalogue::Catalogues, counts::Counts, indexes::Indexes, password::Passwords, sample::Samples,
};

/// Fills a buffer with random bytes that nobody can guess.
pub type Random = fn(&mut [u8]);

/// Where the application is, and how it behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address by which browsers reach it. Cookies are marked secure when it is https, and HubSpot's redirect address
    /// follows from it.
    pub public_url: Url,
    /// Proxies whose word on the client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long details of runs are kept, in days.
    pub retention_days: u32,
}

/// What the application works with. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    runner: Runner,
    clock: Arc<dyn Clock>,
    random: Random,
    settings: Settings,
    passwords: Passwords,
    catalogues: Catalogues,
    samples: Samples,
    indexes: Indexes,
    counts: Counts,
}

impl App {
    /// For a process.
    pub fn new(
        store: Store,
        runner: Runner,
        clock: Arc<dyn Clock>,
        random: Random,
        settings: Settings,
    ) -> Self {
        let shared = Shared {
            store,
            runner,
            clock,
            random,
            settings,
            passwords: Passwords::new(),
            catalogues: Catalogues::default(),
            samples: Samples::default(),
            indexes: Indexes::default(),
            counts: Counts::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn runner(&self) -> &Runner {
        &self.shared.runner
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.shared.passwords
    }

    pub(crate) fn catalogues(&self) -> &Catalogues {
        &self.shared.catalogues
    }

    pub(crate) fn samples(&self) -> &Samples {
        &self.shared.samples
    }

    pub(crate) fn indexes(&self) -> &Indexes {
        &self.shared.indexes
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// A secret that nobody can guess, as it stands in cookies, forms and links.
    pub(crate) fn secret(&self) -> String {
        let mut bytes = [0; 32];
        (self.shared.random)(&mut bytes);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Random bytes for a password's salt.
    pub(crate) fn salt(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.shared.random)(&mut bytes);
        bytes
    }

    /// The address of a path, for links that leave the page.
    pub(crate) fn address(&self, path: &str) -> String {
        let base = self.shared.settings.public_url.as_str();
        format!("{}{path}", base.trim_end_matches('/'))
    }

    /// Whether browsers come by https.
    pub(crate) fn is_secure(&self) -> bool {
        self.shared.settings.public_url.scheme() == "https"
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// The hash by which a secret is found.
pub(crate) fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// The operating system's randomness.
///
/// # Panics
/// When it has none to give.
pub fn system_random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}
