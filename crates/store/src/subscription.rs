//! Subscriptions: one product's analytics space each.

use jiff::Timestamp;

use crate::{
    Error, Store,
    error::doing,
    schedule::DEFAULT_RHYTHM,
    sql::{self, Lock},
};

/// The number of a subscription within an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub i64);

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its number.
    pub id: SubscriptionId,
    /// Its name, unique within the installation.
    pub name: String,
    /// IANA name of its time zone, in which its night lies.
    pub time_zone: String,
    /// The HubSpot integration is switched on. Off keeps grant, mapping and values, and syncs nothing.
    pub hubspot_on: bool,
}

impl Store {
    /// Makes a subscription.
    ///
    /// # Errors
    /// [`Error::NameTaken`] when there is one of that name.
    pub async fn create_subscription(
        &self,
        name: &str,
        time_zone: &str,
        now: Timestamp,
    ) -> Result<Subscription, Error> {
        let made = sql::query_scalar(
            "INSERT INTO subscription (name, time_zone, created_at) VALUES (?, ?, ?) RETURNING id",
        )
        .bind(name)
        .bind(time_zone)
        .bind(now.as_millisecond())
        .fetch_one(&self.pool)
        .await;
        match made {
            Ok(id) => Ok(Subscription {
                id: SubscriptionId(id),
                name: name.into(),
                time_zone: time_zone.into(),
                hubspot_on: true,
            }),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Err(Error::NameTaken(name.into()))
            }
            Err(source) => Err(doing("create the subscription")(source)),
        }
    }

    /// All subscriptions, by name.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let rows = sql::query_as::<(i64, String, String, bool)>(
            "SELECT id, name, time_zone, hubspot_on FROM subscription ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(doing("list the subscriptions"))?;
        Ok(rows
            .into_iter()
            .map(|(id, name, time_zone, hubspot_on)| Subscription {
                id: SubscriptionId(id),
                name,
                time_zone,
                hubspot_on,
            })
            .collect())
    }

    /// Changes name, time zone and switch of a subscription. Says whether it is there. In another zone, windows that should
    /// have been served before count no more.
    ///
    /// # Errors
    /// [`Error::NameTaken`] when another one has the name.
    pub async fn change_subscription(
        &self,
        changed: &Subscription,
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "change the subscription";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        sql::query(
            "INSERT INTO schedule (subscription_id, rhythm, paused, since, served_to)
             SELECT id, ?, false, ?, 0 FROM subscription WHERE id = ? AND time_zone <> ?
             ON CONFLICT (subscription_id) DO UPDATE SET since = excluded.since",
        )
        .bind(DEFAULT_RHYTHM)
        .bind(now.as_millisecond())
        .bind(changed.id.0)
        .bind(&changed.time_zone)
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        let done = sql::query(
            "UPDATE subscription SET name = ?, time_zone = ?, hubspot_on = ? WHERE id = ?",
        )
        .bind(&changed.name)
        .bind(&changed.time_zone)
        .bind(changed.hubspot_on)
        .bind(changed.id.0)
        .execute(&mut *tx)
        .await;
        match done {
            Ok(changed) => {
                tx.commit().await?;
                Ok(changed > 0)
            }
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Err(Error::NameTaken(changed.name.clone()))
            }
            Err(source) => Err(doing(DOING)(source)),
        }
    }
}
