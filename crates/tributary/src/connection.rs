//! From a stored connection to a client of HubSpot, and back to the store when tokens are refreshed.

use std::{future::Future, pin::Pin, sync::Arc};

use hubspot::{Client, Credentials, KeepError, TokenKeeper, Tokens};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use store::{Store, SubscriptionId, connection::Connection};

use crate::{app::App, failure::Failure, trouble::Trouble};

/// The form in which credentials are sealed.
pub(crate) fn encode(credentials: &Credentials) -> SecretString {
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
    subscription: SubscriptionId,
}

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
}

impl App {
    /// The connection of the subscription, with its credentials.
    pub(crate) async fn connection(
        &self,
        store: &Store,
        subscription: SubscriptionId,
    ) -> Result<(Connection, Credentials), Failure> {
        let connection = store
            .connection(subscription)
            .await?
            .ok_or(Trouble::NotConnected)?;
        let credentials = decode(&connection.credentials).ok_or(Trouble::Credentials)?;
        Ok((connection, credentials))
    }

    /// A client that reads through the connection of the subscription.
    pub(crate) async fn client(
        &self,
        store: &Store,
        subscription: SubscriptionId,
    ) -> Result<Client, Failure> {
        let (connection, credentials) = self.connection(store, subscription).await?;
        let keeper = Keeper {
            store: store.clone(),
            subscription,
        };
        let client = Client::builder(self.config.hubspot.clone(), credentials)
            .clock(Arc::clone(&self.clock))
            .keeper(Arc::new(keeper))
            .build()?;
        Ok(client.under(self.governors.portal(connection.portal.id)))
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
