//! Who we are to HubSpot: tokens, kept fresh.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use jiff::Timestamp;
use model::PortalId;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{CallCounter, Error, Operation, oauth::OAuth};
use outbound::clock;

/// Refresh so long before expiry, as production connectors do.
const AHEAD: Duration = Duration::from_mins(10);

/// After a refresh ahead of expiry has failed, try again so much later.
const AGAIN: Duration = Duration::from_mins(1);

/// What a connection signs in with.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A service key or private-app token: one bearer token that does not expire by itself.
    Static(SecretString),
    /// Tokens granted to an OAuth app.
    OAuth {
        /// The long-lived token.
        refresh_token: SecretString,
        /// The last access token, if it was kept.
        access_token: Option<SecretString>,
        /// When that access token expires; without it the token is renewed at once.
        expires_at: Option<Timestamp>,
    },
}

/// What the token endpoint grants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Tokens {
    /// For calls. Of unbounded length.
    pub access_token: SecretString,
    /// For the next access token.
    pub refresh_token: SecretString,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// How long the access token lives from when it was granted.
    pub lifetime: Duration,
    /// The portal it opens, if the answer said so.
    pub portal: Option<PortalId>,
    /// The scopes granted, if the answer said so; optional scopes may be missing.
    pub scopes: Vec<String>,
}

impl Tokens {
    /// As credentials for a client.
    pub fn credentials(&self) -> Credentials {
        Credentials::OAuth {
            refresh_token: self.refresh_token.clone(),
            access_token: Some(self.access_token.clone()),
            expires_at: Some(self.expires_at),
        }
    }
}

/// Why tokens could not be stored.
pub type KeepError = Box<dyn std::error::Error + Send + Sync>;

/// Stores new tokens. They are used only once this has succeeded, so that a crash never loses a grant.
pub trait TokenKeeper: fmt::Debug + Send + Sync {
    /// Stores `tokens` durably in place of the connection's former ones.
    fn keep<'a>(
        &'a self,
        tokens: &'a Tokens,
    ) -> Pin<Box<dyn Future<Output = Result<(), KeepError>> + Send + 'a>>;

    /// Waits until no other process refreshes the tokens of this connection, and returns what is stored then. Others wait
    /// from here on, until [`keep`](Self::keep) or [`pass`](Self::pass).
    ///
    /// Where no other process knows the tokens there is nothing to wait for.
    fn turn(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, KeepError>> + Send + '_>> {
        Box::pin(async { Ok(None) })
    }

    /// Lets others refresh: this process has not got any tokens.
    fn pass(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// The tokens of one connection. Refreshes wait for each other.
#[derive(Debug)]
pub(crate) struct Auth {
    grant: Grant,
}

#[derive(Debug)]
enum Grant {
    Static(SecretString),
    OAuth(Box<Renewed>),
}

/// An access token and what renews it.
#[derive(Debug)]
struct Renewed {
    oauth: OAuth,
    keeper: Option<Arc<dyn TokenKeeper>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    refresh_token: SecretString,
    access: Option<Access>,
    /// The access token that this process had last, good or not.
    last: Option<SecretString>,
    /// Granted, but not stored yet.
    unkept: Option<Tokens>,
    /// HubSpot has refused the refresh token for good; asking again would only annoy it.
    dead: bool,
}

#[derive(Debug, Clone)]
struct Access {
    token: SecretString,
    renew_at: Timestamp,
    expires_at: Timestamp,
}

impl Auth {
    pub(crate) fn fixed(token: SecretString) -> Self {
        Self {
            grant: Grant::Static(token),
        }
    }

    pub(crate) fn oauth(
        oauth: OAuth,
        keeper: Option<Arc<dyn TokenKeeper>>,
        refresh_token: SecretString,
        access_token: Option<SecretString>,
        expires_at: Option<Timestamp>,
    ) -> Self {
        let access = access_token
            .zip(expires_at)
            .map(|(token, expires_at)| Access {
                token,
                renew_at: earlier(expires_at, AHEAD),
                expires_at,
            });
        let state = Mutex::new(State {
            refresh_token,
            last: access.as_ref().map(|access| access.token.clone()),
            access,
            unkept: None,
            dead: false,
        });
        Self {
            grant: Grant::OAuth(Box::new(Renewed {
                oauth,
                keeper,
                state,
            })),
        }
    }

    /// Whether the token comes from an OAuth app.
    pub(crate) fn is_oauth(&self) -> bool {
        matches!(self.grant, Grant::OAuth(_))
    }

    /// A token that is good for now, refreshed if it is about to expire.
    pub(crate) async fn token(
        &self,
        operation: Operation,
        calls: &CallCounter,
    ) -> Result<SecretString, Error> {
        match &self.grant {
            Grant::Static(token) => Ok(token.clone()),
            Grant::OAuth(renewed) => {
                let mut state = renewed.state.lock().await;
                let now = renewed.oauth.now();
                match &state.access {
                    Some(access) if now < access.renew_at => return Ok(access.token.clone()),
                    _ => {}
                }
                let error = match renewed.renew(&mut state, operation, calls).await {
                    Ok(token) => return Ok(token),
                    Err(error) => error,
                };
                // Renewed ahead of need: what has not worked now may work before the old token ends.
                let now = renewed.oauth.now();
                match &mut state.access {
                    Some(access) if error.is_retryable() && now < access.expires_at => {
                        access.renew_at = clock::later(now, AGAIN);
                        Ok(access.token.clone())
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// After HubSpot called `refused` expired: whether a newer token is there now.
    pub(crate) async fn replace(
        &self,
        refused: &SecretString,
        operation: Operation,
        calls: &CallCounter,
    ) -> Result<bool, Error> {
        match &self.grant {
            Grant::Static(_) => Ok(false),
            Grant::OAuth(renewed) => {
                let mut state = renewed.state.lock().await;
                let current = state.access.as_ref();
                let same = current
                    .is_none_or(|access| access.token.expose_secret() == refused.expose_secret());
                if same {
                    state.access = None;
                    renewed.renew(&mut state, operation, calls).await?;
                }
                Ok(true)
            }
        }
    }
}

impl Renewed {
    /// Gets a new access token, and stores it before anyone uses it. The caller holds the lock, so that others wait.
    async fn renew(
        &self,
        state: &mut State,
        operation: Operation,
        calls: &CallCounter,
    ) -> Result<SecretString, Error> {
        if state.dead {
            return Err(Error::Reauthorise { operation });
        }
        let unkept = state.unkept.take();
        let tokens = match (unkept, &self.keeper) {
            (Some(tokens), _) => tokens,
            (None, None) => self.refresh(state, calls).await?,
            (None, Some(keeper)) => {
                let stored = keeper.turn().await;
                let stored = stored.map_err(|source| Error::Keep { operation, source })?;
                if let Some(token) = stored.and_then(|stored| self.adopt(state, stored)) {
                    keeper.pass().await;
                    return Ok(token);
                }
                let refreshed = self.refresh(state, calls).await;
                if refreshed.is_err() {
                    keeper.pass().await;
                }
                refreshed?
            }
        };
        if let Some(keeper) = &self.keeper
            && let Err(source) = keeper.keep(&tokens).await
        {
            state.unkept = Some(tokens);
            return Err(Error::Keep { operation, source });
        }
        state.refresh_token = tokens.refresh_token;
        state.last = Some(tokens.access_token.clone());
        let token = tokens.access_token.clone();
        state.access = Some(Access {
            token: tokens.access_token,
            renew_at: earlier(tokens.expires_at, AHEAD.min(tokens.lifetime / 3)),
            expires_at: tokens.expires_at,
        });
        Ok(token)
    }
}

impl Renewed {
    /// Asks HubSpot for new tokens.
    async fn refresh(&self, state: &mut State, calls: &CallCounter) -> Result<Tokens, Error> {
        let refreshed = self
            .oauth
            .refresh_counted(&state.refresh_token, calls)
            .await;
        if let Err(error) = &refreshed {
            state.dead = matches!(error, Error::Reauthorise { .. });
        }
        refreshed
    }

    /// Takes over what another process has stored. Returns its access token if that is another than ours, and good.
    fn adopt(&self, state: &mut State, stored: Credentials) -> Option<SecretString> {
        let Credentials::OAuth {
            refresh_token,
            access_token,
            expires_at,
        } = stored
        else {
            return None;
        };
        state.refresh_token = refresh_token;
        let (token, expires_at) = access_token.zip(expires_at)?;
        let renew_at = earlier(expires_at, AHEAD);
        let known = state
            .last
            .as_ref()
            .is_some_and(|last| last.expose_secret() == token.expose_secret());
        if known || self.oauth.now() >= renew_at {
            return None;
        }
        state.last = Some(token.clone());
        state.access = Some(Access {
            token: token.clone(),
            renew_at,
            expires_at,
        });
        Some(token)
    }
}

fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Seconds that a token lives, as a moment.
pub(crate) fn expiry(now: Timestamp, lifetime: Duration) -> Timestamp {
    clock::later(now, lifetime)
}
