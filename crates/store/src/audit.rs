//! Who changed what.

use jiff::Timestamp;

use crate::{Error, Store, SubscriptionId, error::doing, sql};

/// A change to be noted.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    /// Who, as shown.
    pub who: &'a str,
    /// In which subscription, if in one.
    pub subscription: Option<SubscriptionId>,
    /// What was done: a stable word such as `mapping.saved`.
    pub action: &'a str,
    /// To what, as a JSON object. No property values, no secrets.
    pub details: serde_json::Value,
}

/// A change that was noted.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, for paging.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// In which subscription.
    pub subscription: Option<SubscriptionId>,
    /// What was done.
    pub action: String,
    /// To what.
    pub details: serde_json::Value,
}

impl Store {
    /// Notes a change.
    pub async fn note_change(&self, change: &Change<'_>, now: Timestamp) -> Result<(), Error> {
        sql::query(
            "INSERT INTO audit (at, who, subscription_id, action, details) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(now.as_millisecond())
        .bind(change.who)
        .bind(change.subscription.map(|subscription| subscription.0))
        .bind(change.action)
        .bind(change.details.to_string())
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("note the change"))
    }

    /// Changes, newest first, before the given one.
    pub async fn changes(&self, before: i64, limit: i64) -> Result<Vec<Entry>, Error> {
        let rows: Vec<(i64, i64, String, Option<i64>, String, String)> = sql::query_as(
            "SELECT id, at, who, subscription_id, action, details FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
        )
        .bind(before)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the changes"))?;
        Ok(rows
            .into_iter()
            .map(|(id, at, who, subscription, action, details)| Entry {
                id,
                at: Timestamp::from_millisecond(at).unwrap_or_default(),
                who,
                subscription: subscription.map(SubscriptionId),
                action,
                details: serde_json::from_str(&details).unwrap_or_default(),
            })
            .collect())
    }
}
