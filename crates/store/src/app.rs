//! The OAuth app that was entered on the page, for all subscriptions of the installation.

use secrecy::SecretString;

use crate::{Error, Store, error::doing, sql};

const PLACE: &str = "hubspot_app";

/// The client id and secret of an OAuth app.
#[derive(Debug)]
pub struct HubspotApp {
    /// Its id.
    pub client_id: String,
    /// Its secret, opened.
    pub client_secret: SecretString,
}

impl Store {
    /// The OAuth app, if one was entered.
    ///
    /// # Errors
    /// [`Error::Sealed`] when its secret has to be entered again.
    pub async fn hubspot_app(&self) -> Result<Option<HubspotApp>, Error> {
        let row: Option<(String, Vec<u8>)> =
            sql::query_as("SELECT client_id, sealed FROM hubspot_app")
                .fetch_optional(&self.pool)
                .await
                .map_err(doing("read the OAuth app"))?;
        row.map(|(client_id, sealed)| {
            let opened = self.keyring.open(PLACE, &sealed);
            let client_secret = opened.map_err(|source| Error::Sealed {
                what: "the secret of HubSpot's app",
                source,
            })?;
            Ok(HubspotApp {
                client_id,
                client_secret,
            })
        })
        .transpose()
    }

    /// The OAuth app's client id, without opening its secret.
    pub async fn hubspot_client_id(&self) -> Result<Option<String>, Error> {
        sql::query_scalar("SELECT client_id FROM hubspot_app")
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read the OAuth app"))
    }

    /// Stores the OAuth app in place of the one before.
    pub async fn set_hubspot_app(&self, app: &HubspotApp) -> Result<(), Error> {
        sql::query(
            "INSERT INTO hubspot_app (id, client_id, sealed) VALUES (1, ?, ?)
             ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, sealed = excluded.sealed",
        )
        .bind(&app.client_id)
        .bind(self.keyring.seal(PLACE, &app.client_secret))
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("store the OAuth app"))
    }

    /// Forgets the OAuth app.
    pub async fn remove_hubspot_app(&self) -> Result<(), Error> {
        sql::query("DELETE FROM hubspot_app")
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("remove the OAuth app"))
    }
}
