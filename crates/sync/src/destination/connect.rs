//! From a key to a destination, and from what is stored about it to one that can be talked to.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ::pendo::{Client, ClientBuilder, Region};
use model::Clock;
use outbound::Transport;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::{Store, SubscriptionId, destination::Destination as Stored};

use super::{
    Destination, Error, Means,
    formats::{Choice, Formats},
    names,
    pendo::Pendo,
};

/// The stable name of Pendo as a kind of destination.
const PENDO: &str = "pendo";

/// How often a key is tried while somebody waits for it.
const TRIES: u32 = 2;

/// What the names of our fields begin with unless something else is wished.
pub const DEFAULT_PREFIX: &str = "hubspot_";

/// How destinations are talked to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Pendo is, and how long it is waited for.
    pub pendo: ::pendo::Settings,
    /// Changes in one call.
    pub batch: usize,
    /// Ids that Pendo does not know come into being there, instead of being missing.
    pub create: bool,
    /// The forms of values that the configuration chooses.
    pub formats: Choice,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pendo: ::pendo::Settings::default(),
            batch: 500,
            create: false,
            formats: Choice::default(),
        }
    }
}

/// What is known of a subscription's Pendo, without the key. As it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The region of the key, by name.
    pub region: String,
    /// What the names of our fields begin with.
    pub prefix: String,
    /// What a probe has found out about forms of values.
    #[serde(default)]
    pub found: Choice,
}

impl Connected {
    /// Reads what is stored about a destination.
    ///
    /// # Errors
    /// [`Error::Stored`].
    pub fn read(stored: &Stored) -> Result<Self, Error> {
        serde_json::from_str(&stored.settings).map_err(|_| Error::Stored)
    }

    fn written(&self) -> String {
        serde_json::to_string(self).expect("texts serialise")
    }

    fn region(&self) -> Result<Region, Error> {
        self.region.parse().map_err(|_| Error::Stored)
    }
}

/// Makes destinations from keys, and from what is stored about them. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Destinations {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    settings: Settings,
    clock: Arc<dyn Clock>,
    transport: Transport,
    /// The client of each subscription, so that all its users keep to one limit, with what it was made of.
    clients: Mutex<HashMap<SubscriptionId, (Stored, Client)>>,
}

impl Destinations {
    /// For a process. `settings` are those of the configuration.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(store: Store, settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let transport = settings.pendo.transport()?;
        let shared = Shared {
            store,
            settings,
            clock,
            transport,
            clients: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The destination of a subscription, if it has one besides the built-in store.
    ///
    /// # Errors
    /// When its key has to be entered again.
    pub async fn of(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<Arc<dyn Destination>>, Error> {
        let Some(stored) = self.shared.store.destination(subscription).await? else {
            return Ok(None);
        };
        match stored.kind.as_str() {
            PENDO => {
                let connected = Connected::read(&stored)?;
                let client = self.client_of(subscription, stored, &connected).await?;
                Ok(Some(Arc::new(self.pendo(client, &connected))))
            }
            _ => Err(Error::Stored),
        }
    }

    fn pendo(&self, client: Client, connected: &Connected) -> Pendo {
        let settings = &self.shared.settings;
        Pendo {
            client,
            prefix: connected.prefix.clone(),
            batch: settings.batch.max(1),
            in_flight: settings.pendo.in_flight.max(1),
            create: settings.create,
            formats: Formats::of(settings.formats, connected.found),
        }
    }

    /// What is known of a subscription's Pendo.
    ///
    /// # Errors
    /// [`Error::NotConnected`].
    pub(super) async fn connected(&self, subscription: SubscriptionId) -> Result<Connected, Error> {
        let stored = self.shared.store.destination(subscription).await?;
        let stored = stored.filter(|stored| stored.kind == PENDO);
        Connected::read(&stored.ok_or(Error::NotConnected)?)
    }

    /// The forms of values that the configuration chooses.
    pub fn configured_formats(&self) -> Choice {
        self.shared.settings.formats
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// The client of a subscription's Pendo, for what only Pendo can be asked.
    ///
    /// # Errors
    /// [`Error::NotConnected`]; when its key has to be entered again.
    pub async fn client(&self, subscription: SubscriptionId) -> Result<Client, Error> {
        let stored = self.shared.store.destination(subscription).await?;
        let stored = stored.filter(|stored| stored.kind == PENDO);
        let stored = stored.ok_or(Error::NotConnected)?;
        let connected = Connected::read(&stored)?;
        self.client_of(subscription, stored, &connected).await
    }

    async fn client_of(
        &self,
        subscription: SubscriptionId,
        stored: Stored,
        connected: &Connected,
    ) -> Result<Client, Error> {
        // Whether it works makes no other client.
        let stored = Stored {
            broken: None,
            ..stored
        };
        if let Some((_, client)) = self
            .clients()
            .get(&subscription)
            .filter(|(made_of, _)| *made_of == stored)
        {
            return Ok(client.clone());
        }
        let key = self.shared.store.destination_key(subscription).await?;
        let key = key.ok_or(Error::NotConnected)?;
        let client = self.builder(connected.region()?, key).build()?;
        self.clients()
            .insert(subscription, (stored, client.clone()));
        Ok(client)
    }

    fn builder(&self, region: Region, key: SecretString) -> ClientBuilder {
        let Shared {
            settings,
            clock,
            transport,
            ..
        } = &*self.shared;
        Client::builder(settings.pendo.clone(), region, key)
            .transport(transport.clone())
            .clock(Arc::clone(clock))
    }

    /// Tries a key, and makes it a subscription's destination: what is linked here is put in the outbox. A key in place of another
    /// for the same region and prefix changes nothing else. Without a prefix the present one stays, or it is [`DEFAULT_PREFIX`].
    ///
    /// # Errors
    /// [`Error::Prefix`]; [`Error::ReadOnly`]; what Pendo says of the key. Then nothing is changed.
    pub async fn connect_pendo(
        &self,
        subscription: SubscriptionId,
        region: Region,
        prefix: Option<&str>,
        key: SecretString,
        by: &str,
    ) -> Result<Connected, Error> {
        let store = &self.shared.store;
        let before = store.destination(subscription).await?;
        let before = before.and_then(|stored| Connected::read(&stored).ok());
        let present = before.as_ref().map(|before| before.prefix.clone());
        let prefix = prefix.map_or_else(
            || present.unwrap_or_else(|| DEFAULT_PREFIX.into()),
            Into::into,
        );
        if !names::is_prefix(&prefix) {
            return Err(Error::Prefix(prefix));
        }
        self.try_key(region, key.clone()).await?;
        let same = before.as_ref().is_some_and(|before| {
            before.prefix == prefix && before.region().is_ok_and(|before| before == region)
        });
        let connected = before.filter(|_| same).unwrap_or_else(|| Connected {
            region: region.to_string(),
            prefix,
            found: Choice::default(),
        });
        let now = self.shared.clock.now();
        let stored = Stored {
            kind: PENDO.into(),
            settings: connected.written(),
            connected_by: by.into(),
            connected_at: now,
            broken: None,
        };
        store.set_destination(subscription, &stored, &key).await?;
        self.clients().remove(&subscription);
        Ok(connected)
    }

    /// Tries the key of a subscription's destination, and remembers whether it works.
    ///
    /// # Errors
    /// [`Error::NotConnected`]; why it does not work.
    pub async fn check(&self, subscription: SubscriptionId) -> Result<(), Error> {
        let tried = self.try_stored_key(subscription).await;
        let why = match &tried {
            Ok(()) => None,
            Err(error) if error.means() == Means::Broken => Some(error.to_string()),
            Err(_) => return tried,
        };
        self.shared
            .store
            .set_destination_broken(subscription, why.as_deref())
            .await?;
        tried
    }

    async fn try_stored_key(&self, subscription: SubscriptionId) -> Result<(), Error> {
        let region = self.connected(subscription).await?.region()?;
        let key = self.shared.store.destination_key(subscription).await?;
        self.try_key(region, key.ok_or(Error::NotConnected)?).await
    }

    async fn try_key(&self, region: Region, key: SecretString) -> Result<(), Error> {
        // Somebody waits, and is there to try again.
        let client = self.builder(region, key).tries(TRIES).build()?;
        let access = client.verify().await?;
        access.write.then_some(()).ok_or(Error::ReadOnly)
    }

    /// Keeps what a probe has found out about forms of values.
    pub async fn keep_findings(
        &self,
        subscription: SubscriptionId,
        found: Choice,
    ) -> Result<(), Error> {
        let connected = Connected {
            found,
            ..self.connected(subscription).await?
        };
        self.shared
            .store
            .set_destination_settings(subscription, &connected.written())
            .await?;
        Ok(())
    }

    /// Forgets the destination and its key. What is there stays there. Says whether there was one.
    pub async fn disconnect(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        self.clients().remove(&subscription);
        Ok(self.shared.store.remove_destination(subscription).await?)
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<SubscriptionId, (Stored, Client)>> {
        let clients = self.shared.clients.lock();
        clients.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destinations").finish_non_exhaustive()
    }
}
