//! Destinations outside: where a subscription's values go besides the built-in store, and what is known of them there.
//!
//! What is to be sent stands in the outbox; see [`crate::outbox`].

use jiff::Timestamp;
use model::Level;
use secrecy::SecretString;

use crate::{
    Error, Scope, Store, SubscriptionId,
    error::{corrupt, doing},
    job::{Claim, begin_outside_anew},
    outbox::{Resend, forget_outbox, send_again},
    sql::{self, Lock},
};

/// A destination, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What it is, such as `pendo`.
    pub kind: String,
    /// JSON: what whoever talks to it needs to know.
    pub settings: String,
    /// Who connected it, as shown.
    pub connected_by: String,
    /// When.
    pub connected_at: Timestamp,
    /// Why nothing can be sent until somebody does something, if that is so.
    pub broken: Option<String>,
}

/// What is known of the ids that a destination has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listing {
    /// How many it had when all were last listed, with those that have come since. `None` when they never were.
    pub listed: Option<u64>,
    /// When all were last listed.
    pub listed_at: Option<Timestamp>,
    /// The latest first visit that was seen, in epoch milliseconds.
    pub newest: Option<i64>,
}

/// A field of ours under the destination's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationField {
    /// Name of the field in group hubspot.
    pub name: String,
    /// What the destination calls it.
    pub key: String,
    /// The type it has there, in the destination's words.
    pub kind: String,
    /// Why its values are not sent, if they are not.
    pub held: Option<String>,
}

/// What came of holding a destination's values against what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// When.
    pub at: Timestamp,
    /// JSON, in words of whoever compared.
    pub result: String,
}

fn place(subscription: SubscriptionId) -> String {
    format!("destination/{}", subscription.0)
}

impl Store {
    /// The destination of a subscription, if it has one besides the built-in store.
    pub async fn destination(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<Destination>, Error> {
        let row: Option<(String, String, String, i64, Option<String>)> = sql::query_as(
            "SELECT kind, settings, connected_by, connected_at, broken FROM destination WHERE subscription_id = ?",
        )
        .bind(subscription.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the destination"))?;
        row.map(|(kind, settings, connected_by, connected_at, broken)| {
            Ok(Destination {
                kind,
                settings,
                connected_by,
                connected_at: Timestamp::from_millisecond(connected_at)
                    .map_err(corrupt("a destination's time"))?,
                broken,
            })
        })
        .transpose()
    }

    /// The key of a subscription's destination.
    ///
    /// # Errors
    /// [`Error::Sealed`] when it has to be entered again.
    pub async fn destination_key(
        &self,
        subscription: SubscriptionId,
    ) -> Result<Option<SecretString>, Error> {
        let sealed: Option<Vec<u8>> =
            sql::query_scalar("SELECT sealed FROM destination WHERE subscription_id = ?")
                .bind(subscription.0)
                .fetch_optional(&self.pool)
                .await
                .map_err(doing("read the destination's key"))?;
        let opened = sealed.map(|sealed| self.keyring.open(&place(subscription), &sealed));
        opened.transpose().map_err(|source| Error::Sealed {
            what: "the destination's key",
            source,
        })
    }

    /// Stores a destination in place of the present one. Unless it is the same one under another key, what is known of its fields
    /// and ids is forgotten, and all that a record has ever fed is put in the outbox.
    pub async fn set_destination(
        &self,
        subscription: SubscriptionId,
        destination: &Destination,
        key: &SecretString,
    ) -> Result<(), Error> {
        const DOING: &str = "store the destination";
        let mut tx = self.pool.begin(Lock::Levels(subscription), DOING).await?;
        let same: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM destination WHERE subscription_id = ? AND kind = ? AND settings = ?)",
        )
        .bind(subscription.0)
        .bind(&destination.kind)
        .bind(&destination.settings)
        .fetch_one(&mut tx)
        .await
        .map_err(doing(DOING))?;
        if !same {
            for table in ["destination_field", "destination_level"] {
                let sql = format!("DELETE FROM {table} WHERE subscription_id = ?");
                sql::query(sqlx::AssertSqlSafe(sql))
                    .bind(subscription.0)
                    .execute(&mut tx)
                    .await
                    .map_err(doing(DOING))?;
            }
        }
        sql::query(
            "INSERT INTO destination (subscription_id, kind, settings, sealed, connected_by, connected_at, broken)
             VALUES (?, ?, ?, ?, ?, ?, NULL)
             ON CONFLICT (subscription_id) DO UPDATE
             SET kind = excluded.kind, settings = excluded.settings, sealed = excluded.sealed,
                 connected_by = excluded.connected_by, connected_at = excluded.connected_at, broken = NULL",
        )
        .bind(subscription.0)
        .bind(&destination.kind)
        .bind(&destination.settings)
        .bind(self.keyring.seal(&place(subscription), key))
        .bind(&destination.connected_by)
        .bind(destination.connected_at.as_millisecond())
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        for level in Level::ALL.into_iter().filter(|_| !same) {
            let scope = Scope {
                subscription,
                level,
            };
            send_again(&mut tx, scope, Resend::All, destination.connected_at)
                .await
                .map_err(doing(DOING))?;
        }
        begin_outside_anew(&mut tx, subscription)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// Changes what whoever talks to the destination needs to know, such as what a probe has found out.
    pub async fn set_destination_settings(
        &self,
        subscription: SubscriptionId,
        settings: &str,
    ) -> Result<(), Error> {
        sql::query("UPDATE destination SET settings = ? WHERE subscription_id = ?")
            .bind(settings)
            .bind(subscription.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("store the destination's settings"))
    }

    /// Notes why nothing can be sent, or that it can again.
    pub async fn set_destination_broken(
        &self,
        subscription: SubscriptionId,
        why: Option<&str>,
    ) -> Result<(), Error> {
        sql::query(
            "UPDATE destination SET broken = ? WHERE subscription_id = ? AND broken IS DISTINCT FROM ?",
        )
        .bind(why)
        .bind(subscription.0)
        .bind(why)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("note the state of the destination"))
    }

    /// Forgets the destination, its key, and what waits to be sent there. Runs that wait for it are partial then. Values here
    /// and there stay. Says whether there was one.
    pub async fn remove_destination(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        const DOING: &str = "remove the destination";
        let mut tx = self.pool.begin(Lock::Levels(subscription), DOING).await?;
        let removed = sql::query("DELETE FROM destination WHERE subscription_id = ?")
            .bind(subscription.0)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        if removed > 0 {
            for level in Level::ALL {
                let scope = Scope {
                    subscription,
                    level,
                };
                forget_outbox(&mut tx, scope).await?;
            }
            begin_outside_anew(&mut tx, subscription)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        Ok(removed > 0)
    }

    /// What is known of the ids that a destination has of a level.
    pub async fn listing(&self, scope: Scope) -> Result<Listing, Error> {
        let row: Option<(Option<i64>, Option<i64>, Option<i64>)> = sql::query_as(
            "SELECT listed, listed_at, newest FROM destination_level WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read what is known of the destination's ids"))?;
        let (listed, listed_at, newest) = row.unwrap_or_default();
        Ok(Listing {
            listed: listed.map(i64::cast_unsigned),
            listed_at: listed_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            newest,
        })
    }

    /// Notes what is known of the ids that a destination has of a level.
    pub async fn set_listing(&self, scope: Scope, listing: &Listing) -> Result<(), Error> {
        sql::query(
            "INSERT INTO destination_level (subscription_id, level, listed, listed_at, newest) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (subscription_id, level) DO UPDATE
             SET listed = excluded.listed, listed_at = excluded.listed_at, newest = excluded.newest",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(listing.listed.map(u64::cast_signed))
        .bind(listing.listed_at.map(Timestamp::as_millisecond))
        .bind(listing.newest)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("note what is known of the destination's ids"))
    }

    /// Our fields of a level under the destination's names, in the order of ours.
    pub async fn destination_fields(&self, scope: Scope) -> Result<Vec<DestinationField>, Error> {
        let rows: Vec<(String, String, String, Option<String>)> = sql::query_as(
            "SELECT name, key, kind, held FROM destination_field WHERE subscription_id = ? AND level = ? ORDER BY name",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the destination's fields"))?;
        Ok(rows
            .into_iter()
            .map(|(name, key, kind, held)| DestinationField {
                name,
                key,
                kind,
                held,
            })
            .collect())
    }

    /// Notes our fields of a level under the destination's names, in place of those that were noted.
    ///
    /// # Errors
    /// [`Error::JobLost`] when another process delivers by now, or there is another destination.
    pub async fn set_destination_fields(
        &self,
        claim: &Claim,
        fields: &[DestinationField],
    ) -> Result<(), Error> {
        const DOING: &str = "note the destination's fields";
        let scope = claim.job.scope;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        sql::query("DELETE FROM destination_field WHERE subscription_id = ? AND level = ?")
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        for field in fields {
            sql::query(
                "INSERT INTO destination_field (subscription_id, level, name, key, kind, held) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(&field.name)
            .bind(&field.key)
            .bind(&field.kind)
            .bind(&field.held)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// What came of the last comparison of a level's values with what was sent.
    pub async fn comparison(&self, scope: Scope) -> Result<Option<Comparison>, Error> {
        let row: Option<(Option<i64>, Option<String>)> = sql::query_as(
            "SELECT compared_at, comparison FROM destination_level WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the last comparison"))?;
        let Some((Some(at), Some(result))) = row else {
            return Ok(None);
        };
        let at = Timestamp::from_millisecond(at).map_err(corrupt("a comparison's time"))?;
        Ok(Some(Comparison { at, result }))
    }
}
