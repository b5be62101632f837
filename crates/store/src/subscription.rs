//! Subscriptions: one product's analytics space each.

use jiff::Timestamp;

use crate::{Error, Store, error::doing};

/// The number of a subscription within an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
        let made =
            sqlx::query("INSERT INTO subscription (name, time_zone, created_at) VALUES (?, ?, ?)")
                .bind(name)
                .bind(time_zone)
                .bind(now.as_millisecond())
                .execute(&self.pool)
                .await;
        match made {
            Ok(made) => Ok(Subscription {
                id: SubscriptionId(made.last_insert_rowid()),
                name: name.into(),
                time_zone: time_zone.into(),
            }),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Err(Error::NameTaken(name.into()))
            }
            Err(source) => Err(doing("create the subscription")(source)),
        }
    }

    /// All subscriptions, by name.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let rows = sqlx::query_as::<_, (i64, String, String)>(
            "SELECT id, name, time_zone FROM subscription ORDER BY name",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(doing("list the subscriptions"))?;
        Ok(rows
            .into_iter()
            .map(|(id, name, time_zone)| Subscription {
                id: SubscriptionId(id),
                name,
                time_zone,
            })
            .collect())
    }
}
