//! From a grant to a connection, and from a connection to a client.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hubspot::{
    Client, Credentials, Governors, KeepError, Kind, OAuth, Settings, TokenKeeper, Tokens,
    Transport,
};
use jiff::Timestamp;
use model::{Clock, ObjectType, PortalId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::{
    Store, SubscriptionId,
    connection::{self, Connection, ConnectionInfo, Portal},
};

/// What each level needs to be read.
pub const NEEDED: [&str; 2] = ["crm.objects.contacts.read", "crm.objects.companies.read"];

/// Why there is no connection, or none that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The subscription has no connection.
    #[error("not connected to HubSpot")]
    NotConnected,
    /// The grant opens another portal than the one before, and nobody agreed to that.
    #[error("connected to portal {before} until now, but this is portal {now}")]
    OtherPortal {
        /// The portal so far.
        before: PortalId,
        /// The portal of the grant.
        now: PortalId,
    },
    /// There is no OAuth app to ask through.
    #[error("no OAuth app is configured: {missing} is not set")]
    NoOAuthApp {
        /// The setting.
        missing: &'static str,
    },
    /// The grant opens neither contacts nor companies.
    #[error("the connection lacks the scopes {}", .0.join(", "))]
    LacksScopes(Vec<String>),
    /// What is stored is not what this release writes.
    #[error("the stored credentials cannot be read")]
    Credentials,
    /// HubSpot did not accept the grant.
    #[error(transparent)]
    Hubspot(#[from] hubspot::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A grant that has been tried.
#[derive(Debug)]
pub struct Granted {
    /// How it signs in.
    pub kind: connection::Kind,
    /// What it opens.
    pub portal: Portal,
    /// Scopes it covers, as far as HubSpot says.
    pub scopes: Vec<String>,
    /// The HubSpot user who granted it, if HubSpot says so.
    pub user: Option<String>,
    credentials: Credentials,
}

impl Granted {
    /// Scopes that are needed and, as far as HubSpot says, not granted: that level cannot be synced.
    pub fn lacking(&self) -> Vec<&'static str> {
        lacking(&self.scopes).collect()
    }
}

/// Which of [`NEEDED`] are not among scopes. Without any scope, HubSpot did not say.
pub fn lacking(scopes: &[String]) -> impl Iterator<Item = &'static str> {
    NEEDED
        .into_iter()
        .filter(|needed| !scopes.is_empty() && !scopes.iter().any(|scope| scope == needed))
}

/// The scope that reading an object needs.
pub fn scope_of(object: ObjectType) -> &'static str {
    match object {
        ObjectType::Contacts => NEEDED[0],
        ObjectType::Companies => NEEDED[1],
    }
}

/// Makes connections from grants, and clients from connections. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    settings: Settings,
    clock: Arc<dyn Clock>,
    transport: Transport,
    governors: Governors,
    /// The client of each connection, so that all its users share one token and one refresh.
    clients: Mutex<HashMap<SubscriptionId, (Timestamp, Client)>>,
}

impl Connector {
    /// For a process. `settings` are those of the configuration.
    ///
    /// # Errors
    /// [`hubspot::Error::Settings`].
    pub fn new(
        store: Store,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, hubspot::Error> {
        let transport = settings.transport()?;
        let governors = Governors::new(settings.quota.clone(), Arc::clone(&clock));
        let shared = Shared {
            store,
            settings,
            clock,
            transport,
            governors,
            clients: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The settings that hold: those of the configuration, and the OAuth app that was entered on the page where the
    /// configuration has none.
    pub async fn settings(&self) -> Result<Settings, store::Error> {
        let mut settings = self.shared.settings.clone();
        if settings.client_id.is_some() {
            return Ok(settings);
        }
        match self.shared.store.hubspot_app().await {
            Ok(Some(app)) => {
                settings.client_id = Some(app.client_id);
                settings.client_secret = Some(app.client_secret);
            }
            Ok(None) => {}
            // All but signing in through the app works without; `oauth` says what is wrong.
            Err(store::Error::Sealed { .. }) => {
                settings.client_id = self.shared.store.hubspot_client_id().await?;
            }
            Err(error) => return Err(error),
        }
        Ok(settings)
    }

    /// Where people agree to a connection, as an origin.
    pub fn authorize_origin(&self) -> Option<String> {
        let url = url::Url::parse(&self.shared.settings.authorize_url).ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// Whether the configuration names the OAuth app, so that it cannot be entered on the page.
    pub fn is_app_configured(&self) -> bool {
        self.shared.settings.client_id.is_some()
    }

    /// The OAuth app, to ask for a grant through.
    ///
    /// # Errors
    /// [`store::Error::Sealed`] when the secret of the one that was entered on the page has to be entered again.
    pub async fn oauth(&self) -> Result<OAuth, Error> {
        if !self.is_app_configured() {
            self.shared.store.hubspot_app().await?;
        }
        let settings = self.settings().await?;
        let missing = match (&settings.client_id, &settings.client_secret) {
            (None, _) => Some("hubspot.client_id"),
            (_, None) => Some("hubspot.client_secret"),
            _ => None,
        };
        match missing {
            Some(missing) => Err(Error::NoOAuthApp { missing }),
            None => Ok(self.app(settings)?),
        }
    }

    /// An OAuth app that is not configured yet, to be tried.
    ///
    /// # Errors
    /// [`hubspot::Error::Settings`].
    pub fn app(&self, settings: Settings) -> Result<OAuth, hubspot::Error> {
        let Shared {
            clock, transport, ..
        } = &*self.shared;
        Client::oauth(settings, Arc::clone(clock), Some(transport.clone()))
    }

    /// Asks HubSpot what credentials open.
    pub async fn examine(&self, credentials: Credentials) -> Result<Granted, Error> {
        let kind = match credentials {
            Credentials::Static(_) => connection::Kind::Static,
            Credentials::OAuth { .. } => connection::Kind::OAuth,
        };
        let client = self.builder(credentials.clone()).await?.build()?;
        let facts = match client.token_facts().await {
            Ok(facts) => Some(facts),
            // Not every kind of static token can describe itself.
            Err(error)
                if kind == connection::Kind::Static
                    && matches!(
                        error.kind(),
                        Kind::NotFound | Kind::Invalid | Kind::Forbidden
                    ) =>
            {
                None
            }
            Err(error) => return Err(error.into()),
        };
        let account = client.account_details().await?;
        let scopes = facts.as_ref().map(|facts| facts.scopes.clone());
        let granted = Granted {
            kind,
            credentials,
            portal: Portal {
                id: account.portal,
                name: facts.as_ref().and_then(|facts| facts.domain.clone()),
                time_zone: account.time_zone.unwrap_or_else(|| "UTC".into()),
                ui_domain: account
                    .ui_domain
                    .unwrap_or_else(|| "app.hubspot.com".into()),
            },
            scopes: scopes.unwrap_or_default(),
            user: facts.and_then(|facts| facts.user),
        };
        let lacking = granted.lacking();
        if lacking.len() == NEEDED.len() {
            return Err(Error::LacksScopes(
                lacking.into_iter().map(str::to_owned).collect(),
            ));
        }
        Ok(granted)
    }

    /// Makes a grant the connection of a subscription, in place of the present one.
    ///
    /// # Errors
    /// [`Error::OtherPortal`] when the portal is another than before and `replace_portal` does not allow it: the links to
    /// the former portal's records would end.
    pub async fn accept(
        &self,
        subscription: SubscriptionId,
        granted: &Granted,
        replace_portal: bool,
    ) -> Result<(), Error> {
        let store = &self.shared.store;
        let now = granted.portal.id;
        match store.connected_portal(subscription).await? {
            Some(before) if before != now && !replace_portal => {
                return Err(Error::OtherPortal { before, now });
            }
            _ => {}
        }
        let info = ConnectionInfo {
            portal: granted.portal.clone(),
            kind: granted.kind,
            scopes: granted.scopes.clone(),
            connected_by: granted.user.clone(),
            connected_at: self.shared.clock.now(),
            broken: None,
            sealed: false,
        };
        let connection = Connection {
            info,
            credentials: encode(&granted.credentials),
        };
        store.set_connection(subscription, &connection).await?;
        self.forget(subscription);
        Ok(())
    }

    /// Takes its share of each portal's quota: processes that sync from one portal get equal parts.
    pub(crate) async fn share_quotas(&self) -> Result<(), store::Error> {
        let others = self.shared.store.portal_sharers().await?;
        self.shared.governors.share(&others);
        Ok(())
    }

    /// The connection of a subscription, with its credentials.
    pub async fn connection(
        &self,
        subscription: SubscriptionId,
    ) -> Result<(Connection, Credentials), Error> {
        let connection = self.shared.store.connection(subscription).await?;
        let connection = connection.ok_or(Error::NotConnected)?;
        let credentials = decode(&connection.credentials).ok_or(Error::Credentials)?;
        Ok((connection, credentials))
    }

    /// A client that reads through the connection of a subscription, with a call counter of its own. All clients of a
    /// connection share its token, all of a portal its quota.
    pub async fn client(&self, subscription: SubscriptionId) -> Result<Client, Error> {
        let (connection, credentials) = self.connection(subscription).await?;
        let made = connection.info.connected_at;
        if let Some((_, client)) = self
            .clients()
            .get(&subscription)
            .filter(|(at, _)| *at == made)
        {
            return Ok(client.counted());
        }
        let keeper = Keeper {
            store: self.shared.store.clone(),
            clock: Arc::clone(&self.shared.clock),
            subscription,
        };
        let client = self
            .builder(credentials)
            .await?
            .keeper(Arc::new(keeper))
            .governor(self.shared.governors.portal(connection.info.portal.id))
            .build()?;
        let counted = client.counted();
        self.clients().insert(subscription, (made, client));
        Ok(counted)
    }

    /// Ends the grant at HubSpot, for all who use it. Says whether there was anything to end: a static token can only be
    /// deleted in HubSpot itself.
    pub async fn revoke(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        match self.connection(subscription).await? {
            (_, Credentials::OAuth { refresh_token, .. }) => {
                self.oauth().await?.revoke(&refresh_token).await?;
                Ok(true)
            }
            (_, Credentials::Static(_)) => Ok(false),
        }
    }

    /// Notes that HubSpot does not accept the connection any more, if that is what an error of its says.
    pub async fn note_refused(
        &self,
        subscription: SubscriptionId,
        error: &hubspot::Error,
    ) -> Result<(), store::Error> {
        if !matches!(error.kind(), Kind::Unauthenticated | Kind::Reauthorise) {
            return Ok(());
        }
        self.shared
            .store
            .set_connection_broken(subscription, Some(&error.to_string()))
            .await
    }

    /// Forgets the connection and its secret. Values, links and mappings stay. Says whether there was one.
    pub async fn disconnect(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        self.forget(subscription);
        Ok(self.shared.store.remove_connection(subscription).await?)
    }

    /// Forgets the clients that were made: what they were made of has changed.
    pub fn forget_all(&self) {
        self.clients().clear();
    }

    async fn builder(
        &self,
        credentials: Credentials,
    ) -> Result<hubspot::ClientBuilder, store::Error> {
        let settings = self.settings().await?;
        let Shared {
            clock, transport, ..
        } = &*self.shared;
        Ok(Client::builder(settings, credentials)
            .clock(Arc::clone(clock))
            .transport(transport.clone()))
    }

    fn forget(&self, subscription: SubscriptionId) {
        self.clients().remove(&subscription);
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<SubscriptionId, (Timestamp, Client)>> {
        let clients = self.shared.clients.lock();
        clients.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

/// The form in which credentials are sealed.
fn encode(credentials: &Credentials) -> SecretString {
    let json = match credentials {
        Credentials::Static(token) => json!({ "token": token.expose_secret() }),
        Credentials::OAuth {
            refresh_token,
            access_token,
            expires_at,
        } => json!({
            "refresh_token": refresh_token.expose_secret(),
            "access_token": access_token.as_ref().map(ExposeSecret::expose_secret),
            "expires_at": expires_at.map(Timestamp::as_millisecond),
        }),
    };
    json.to_string().into()
}

/// Reads what [`encode`] made.
fn decode(sealed: &SecretString) -> Option<Credentials> {
    let json: Value = serde_json::from_str(sealed.expose_secret()).ok()?;
    let secret = |key: &str| Some(SecretString::from(json.get(key)?.as_str()?));
    if let Some(token) = secret("token") {
        return Some(Credentials::Static(token));
    }
    let expires_at = json.get("expires_at").and_then(Value::as_i64);
    Some(Credentials::OAuth {
        refresh_token: secret("refresh_token")?,
        access_token: secret("access_token"),
        expires_at: expires_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
    })
}

/// Keeps refreshed tokens in the connection of a subscription.
#[derive(Debug)]
struct Keeper {
    store: Store,
    clock: Arc<dyn Clock>,
    subscription: SubscriptionId,
}

/// How often a process looks whether another one has refreshed, and how often at most before it does so itself.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 150;

impl TokenKeeper for Keeper {
    fn keep<'a>(
        &'a self,
        tokens: &'a Tokens,
    ) -> Pin<Box<dyn Future<Output = Result<(), KeepError>> + Send + 'a>> {
        Box::pin(async move {
            let credentials = encode(&tokens.credentials());
            let kept = self.store.set_credentials(self.subscription, &credentials);
            kept.await.map_err(Into::into)
        })
    }

    fn turn(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, KeepError>> + Send + '_>> {
        Box::pin(async move {
            for _ in 0..LOOKS {
                if let Ok(stored) = self.store.begin_refresh(self.subscription).await? {
                    return Ok(stored.and_then(|stored| decode(&stored)));
                }
                self.clock.sleep(LOOK).await;
            }
            // Whoever had the turn has been at it for half a minute.
            Ok(None)
        })
    }

    fn pass(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if let Err(error) = self.store.end_refresh(self.subscription).await {
                tracing::warn!(
                    error = crate::chain(&error),
                    "others wait longer than they need to"
                );
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_sealing() {
        let read = decode(&encode(&Credentials::Static("pat-x".into()))).unwrap();
        assert!(matches!(read, Credentials::Static(token) if token.expose_secret() == "pat-x"));

        let oauth = Credentials::OAuth {
            refresh_token: "r".into(),
            access_token: Some("a".into()),
            expires_at: Some(Timestamp::constant(7, 0)),
        };
        let Some(Credentials::OAuth {
            refresh_token,
            access_token,
            expires_at,
        }) = decode(&encode(&oauth))
        else {
            panic!("OAuth credentials came back as something else");
        };
        assert_eq!(refresh_token.expose_secret(), "r");
        assert_eq!(access_token.unwrap().expose_secret(), "a");
        assert_eq!(expires_at, Some(Timestamp::constant(7, 0)));

        assert!(decode(&"{}".into()).is_none());
        assert!(decode(&"".into()).is_none());
    }
}
