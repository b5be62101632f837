//! What people look for in lists, and which columns they want to see.

use jiff::Timestamp;

use crate::{Error, Scope, Store, error::doing, member::MemberId, sql};

impl Store {
    /// Remembers what somebody looks for under a name of its own.
    pub async fn put_view(
        &self,
        scope: Scope,
        id: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        sql::query(
            "INSERT INTO list_view (id, subscription_id, level, state, used_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, used_at = excluded.used_at",
        )
        .bind(id)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(state)
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("remember what is looked for"))
    }

    /// What was looked for under a name.
    pub async fn view(&self, scope: Scope, id: &str) -> Result<Option<String>, Error> {
        sql::query_scalar(
            "SELECT state FROM list_view WHERE id = ? AND subscription_id = ? AND level = ?",
        )
        .bind(id)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read what is looked for"))
    }

    /// Forgets what nobody has looked for since a moment.
    pub async fn sweep_views(&self, before: Timestamp) -> Result<(), Error> {
        sql::query("DELETE FROM list_view WHERE used_at < ?")
            .bind(before.as_millisecond())
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("forget what was looked for"))
    }

    /// The columns a person wants to see, as `group.name`; `None` if nothing was chosen.
    pub async fn columns(
        &self,
        member: MemberId,
        scope: Scope,
    ) -> Result<Option<Vec<String>>, Error> {
        let stored: Option<String> = sql::query_scalar(
            "SELECT columns FROM list_columns WHERE member_id = ? AND subscription_id = ? AND level = ?",
        )
        .bind(member.0)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the chosen columns"))?;
        Ok(stored.and_then(|stored| serde_json::from_str(&stored).ok()))
    }

    /// Remembers which columns a person wants to see.
    pub async fn set_columns(
        &self,
        member: MemberId,
        scope: Scope,
        columns: &[String],
    ) -> Result<(), Error> {
        sql::query(
            "INSERT INTO list_columns (member_id, subscription_id, level, columns) VALUES (?, ?, ?, ?)
             ON CONFLICT (member_id, subscription_id, level) DO UPDATE SET columns = excluded.columns",
        )
        .bind(member.0)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(serde_json::to_string(columns).expect("strings serialise"))
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(doing("remember the chosen columns"))
    }
}
