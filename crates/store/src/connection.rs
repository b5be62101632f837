//! Connections: the grant of a subscription to read a portal.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{ObjectType, PortalId, RecordId};
use secrecy::SecretString;

use crate::{
    Error, Store, SubscriptionId,
    error::{corrupt, doing},
    sql::{self, Lock, Source},
};

/// How a connection signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bearer token that neither expires nor refreshes.
    Static,
    /// OAuth tokens.
    OAuth,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::OAuth => "oauth",
        }
    }
}

/// Another process asks HubSpot for new tokens of a connection at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshing;

/// A HubSpot account as far as Tributary knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// Hub id.
    pub id: PortalId,
    /// Its domain, the nearest to a name that HubSpot tells.
    pub name: Option<String>,
    /// Time zone as HubSpot names it; daily limits reset at its midnight.
    pub time_zone: String,
    /// Host of the portal's own pages, for links to records.
    pub ui_domain: String,
}

/// A subscription's grant to read a portal, with its secret opened.
#[derive(Debug)]
pub struct Connection {
    /// All but the secret.
    pub info: ConnectionInfo,
    /// The credentials, in whatever form the client keeps them.
    pub credentials: SecretString,
}

impl Portal {
    /// What people know it by: its domain, or its number.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// The page of a record in HubSpot.
    pub fn record_url(&self, object: ObjectType, record: RecordId) -> String {
        let (domain, id, kind) = (&self.ui_domain, self.id, object.type_id());
        format!("https://{domain}/contacts/{id}/record/{kind}/{record}")
    }
}

/// A connection as pages show it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// What it reads.
    pub portal: Portal,
    /// How it signs in.
    pub kind: Kind,
    /// Scopes the grant covers, as far as known.
    pub scopes: Vec<String>,
    /// Who granted it, if HubSpot said so.
    pub connected_by: Option<String>,
    /// When it was made.
    pub connected_at: Timestamp,
    /// Why it stopped working, if it has.
    pub broken: Option<String>,
    /// That is because its secret was sealed under another keyring.
    pub sealed: bool,
}

const SEALED: &str = "SELECT sealed FROM connection WHERE subscription_id = ?";

fn place(subscription: SubscriptionId) -> String {
    format!("connection/{}", subscription.0)
}

impl Store {
    /// The connection of a subscription, if it has one.
    pub async fn connection(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<Connection>, Error> {
        // Info and secret of one and the same grant, should another take its place meanwhile.
        let mut tx = self.pool.snapshot("read the connection").await?;
        let Some(info) = info_of(&mut tx, subscription).await? else {
            tx.commit().await?;
            return Ok(None);
        };
        let sealed: Option<Vec<u8>> = sql::query_scalar(SEALED)
            .bind(subscription.0)
            .fetch_optional(&mut tx)
            .await
            .map_err(doing("read the connection"))?;
        tx.commit().await?;
        sealed
            .map(|sealed| {
                let credentials = self.open_sealed(subscription, &sealed)?;
                Ok(Connection { info, credentials })
            })
            .transpose()
    }

    /// The connection of a subscription, without its secret. One whose secret cannot be opened with this keyring is broken,
    /// until it is made again or the right keyring is put in place.
    pub async fn connection_info(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<ConnectionInfo>, Error> {
        const DOING: &str = "read the connection";
        let mut tx = self.pool.snapshot(DOING).await?;
        let info = info_of(&mut tx, subscription).await?;
        let sealed: Option<Vec<u8>> = sql::query_scalar(SEALED)
            .bind(subscription.0)
            .fetch_optional(&mut tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(info.zip(sealed).map(|(info, sealed)| {
            let opened = self.open_sealed(subscription, &sealed);
            let unopened = opened.err().map(|error| error.to_string());
            ConnectionInfo {
                sealed: unopened.is_some(),
                broken: unopened.or(info.broken),
                ..info
            }
        }))
    }

    fn open_sealed(
        &self,
        subscription: SubscriptionId,
        sealed: &[u8],
    ) -> Result<SecretString, Error> {
        let opened = self.keyring.open(&place(subscription), sealed);
        opened.map_err(|source| Error::Sealed {
            what: "the connection's secret",
            source,
        })
    }

    /// The portal a subscription is connected to, without opening the secret.
    pub async fn connected_portal(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<PortalId>, Error> {
        sql::query_scalar::<i64>("SELECT portal_id FROM connection WHERE subscription_id = ?")
            .bind(subscription.0)
            .fetch_optional(&self.pool)
            .await
            .map(|portal| portal.map(|id| PortalId(id.cast_unsigned())))
            .map_err(doing("read the connection"))
    }

    /// Stores a connection in place of the present one.
    ///
    /// When the portal is another than before, the links to the old portal's records end; values stay.
    pub async fn set_connection(
        &self,
        subscription: SubscriptionId,
        connection: &Connection,
    ) -> Result<(), Error> {
        let Connection { info, credentials } = connection;
        let mut tx = self
            .pool
            .begin(Lock::Levels(subscription), "store the connection")
            .await?;
        let portal = info.portal.id.0.cast_signed();
        sql::query(
            "INSERT INTO portal (id, name, time_zone, ui_domain, seen_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE
             SET name = coalesce(excluded.name, portal.name), time_zone = excluded.time_zone, ui_domain = excluded.ui_domain,
                 seen_at = excluded.seen_at",
        )
        .bind(portal)
        .bind(&info.portal.name)
        .bind(&info.portal.time_zone)
        .bind(&info.portal.ui_domain)
        .bind(info.connected_at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(doing("store the portal"))?;
        sql::query(
            "UPDATE link SET record_id = NULL
             WHERE subscription_id = ?1
               AND EXISTS (SELECT 1 FROM connection WHERE subscription_id = ?1 AND portal_id <> ?2)",
        )
        .bind(subscription.0)
        .bind(portal)
        .execute(&mut *tx)
        .await
        .map_err(doing("end the links to the portal before"))?;
        sql::query(
            "INSERT INTO connection (subscription_id, portal_id, kind, sealed, scopes, connected_by, connected_at, broken)
             VALUES (?, ?, ?, ?, ?, ?, ?, NULL)
             ON CONFLICT (subscription_id) DO UPDATE
             SET portal_id = excluded.portal_id, kind = excluded.kind, sealed = excluded.sealed, scopes = excluded.scopes,
                 connected_by = excluded.connected_by, connected_at = excluded.connected_at, broken = NULL",
        )
        .bind(subscription.0)
        .bind(portal)
        .bind(info.kind.name())
        .bind(self.keyring.seal(&place(subscription), credentials))
        .bind(serde_json::to_string(&info.scopes).expect("strings serialise"))
        .bind(&info.connected_by)
        .bind(info.connected_at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(doing("store the connection"))?;
        tx.commit().await
    }

    /// Takes the turn to ask HubSpot for new tokens of a connection, and returns the credentials that are stored then; or
    /// `Err` with the process that has the turn, for as long as it lives.
    pub async fn begin_refresh(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Result<Option<SecretString>, Refreshing>, Error> {
        const DOING: &str = "take the turn to refresh a connection";
        let name = self.process.name().await?;
        let mut conn = self.pool.acquire().await.map_err(doing(DOING))?;
        let present: Option<Option<String>> =
            sql::query_scalar("SELECT refreshing FROM connection WHERE subscription_id = ?")
                .bind(subscription.0)
                .fetch_optional(&mut conn)
                .await
                .map_err(doing(DOING))?;
        let Some(present) = present else {
            return Ok(Ok(None));
        };
        if let Some(other) = present.as_deref().filter(|other| *other != name)
            && self
                .process
                .lives(&mut conn, other)
                .await
                .map_err(doing(DOING))?
        {
            return Ok(Err(Refreshing));
        }
        // Of several that found it free, one takes it.
        let taken = sql::query(
            "UPDATE connection SET refreshing = ? WHERE subscription_id = ? AND coalesce(refreshing, '') = ?",
        )
        .bind(name)
        .bind(subscription.0)
        .bind(present.as_deref().unwrap_or_default())
        .execute(&mut conn)
        .await
        .map_err(doing(DOING))?;
        drop(conn);
        if taken == 0 {
            return Ok(Err(Refreshing));
        }
        let stored = self.connection(subscription).await?;
        Ok(Ok(stored.map(|stored| stored.credentials)))
    }

    /// How many other processes sync from each portal at present, where there are any.
    pub async fn portal_sharers(&self) -> Result<HashMap<PortalId, u32>, Error> {
        let rows: Vec<(i64, i64)> = sql::query_as(
            "SELECT c.portal_id, count(DISTINCT k.holder) FROM run_lock k
             JOIN connection c ON c.subscription_id = k.subscription_id
             WHERE k.holder NOT IN ('', ?) GROUP BY c.portal_id",
        )
        .bind(self.process.name().await?)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("count who shares a portal"))?;
        Ok(rows
            .into_iter()
            .map(|(portal, processes)| {
                let processes = u32::try_from(processes).unwrap_or(u32::MAX - 1);
                (PortalId(portal.cast_unsigned()), processes)
            })
            .collect())
    }

    /// Gives the turn back without new tokens.
    pub async fn end_refresh(&self, subscription: SubscriptionId) -> Result<(), Error> {
        sql::query(
            "UPDATE connection SET refreshing = NULL WHERE subscription_id = ? AND refreshing = ?",
        )
        .bind(subscription.0)
        .bind(self.process.name().await?)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("give the turn to refresh back"))
    }

    /// Replaces the credentials of a connection, after a refresh.
    pub async fn set_credentials(
        &self,
        subscription: SubscriptionId,
        credentials: &SecretString,
    ) -> Result<(), Error> {
        sql::query("UPDATE connection SET sealed = ?, refreshing = NULL WHERE subscription_id = ?")
            .bind(self.keyring.seal(&place(subscription), credentials))
            .bind(subscription.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("store the refreshed credentials"))
    }

    /// Notes why a connection stopped working, or that it works again.
    pub async fn set_connection_broken(
        &self,
        subscription: SubscriptionId,
        why: Option<&str>,
    ) -> Result<(), Error> {
        sql::query(
            "UPDATE connection SET broken = ? WHERE subscription_id = ? AND broken IS DISTINCT FROM ?",
        )
        .bind(why)
        .bind(subscription.0)
        .bind(why)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("note the state of the connection"))
    }

    /// Forgets the connection and its secret. Values, links and mappings stay. Says whether there was one.
    pub async fn remove_connection(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        sql::query("DELETE FROM connection WHERE subscription_id = ?")
            .bind(subscription.0)
            .execute(&self.pool)
            .await
            .map(|removed| removed > 0)
            .map_err(doing("remove the connection"))
    }
}

async fn info_of(
    on: impl Into<Source<'_>>,
    subscription: SubscriptionId,
) -> Result<Option<ConnectionInfo>, Error> {
    type Row = (
        i64,
        Option<String>,
        String,
        String,
        String,
        String,
        Option<String>,
        i64,
        Option<String>,
    );
    let row: Option<Row> = sql::query_as(
            "SELECT p.id, p.name, p.time_zone, p.ui_domain, c.kind, c.scopes, c.connected_by, c.connected_at, c.broken
             FROM connection c JOIN portal p ON p.id = c.portal_id WHERE c.subscription_id = ?",
        )
        .bind(subscription.0)
        .fetch_optional(on)
        .await
        .map_err(doing("read the connection"))?;
    row.map(
        |(id, name, time_zone, ui_domain, kind, scopes, connected_by, connected_at, broken)| {
            Ok(ConnectionInfo {
                portal: Portal {
                    id: PortalId(id.cast_unsigned()),
                    name,
                    time_zone,
                    ui_domain,
                },
                kind: if kind == Kind::Static.name() {
                    Kind::Static
                } else {
                    Kind::OAuth
                },
                scopes: serde_json::from_str(&scopes).map_err(corrupt("scopes"))?,
                connected_by,
                connected_at: Timestamp::from_millisecond(connected_at).map_err(corrupt("time"))?,
                broken,
                sealed: false,
            })
        },
    )
    .transpose()
}
