//! What is known of a level's fields beside their values: how many subjects have one, and since when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Group, payload};

use crate::{
    Error, Scope, Store,
    error::doing,
    sql::{self, Connection, Lock},
};

/// Subjects that are counted by one statement.
const STEP: i64 = 500;

/// How full a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Subjects that have a value.
    pub filled: u64,
    /// Of how many.
    pub of: u64,
    /// When that was counted.
    pub at: Timestamp,
}

/// Notes that ids or agent or custom values of a level have changed. The level is locked, so that nobody adds ids meanwhile.
pub(crate) async fn note_change(
    conn: &mut Connection,
    scope: Scope,
    now: i64,
) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO level_state (subscription_id, level, changed_at, newest_pk)
         VALUES (?, ?, ?, (SELECT coalesce(max(pk), 0) FROM subject))
         ON CONFLICT (subscription_id, level) DO UPDATE
         SET newest_pk = excluded.newest_pk,
             changed_at = CASE WHEN excluded.changed_at > level_state.changed_at THEN excluded.changed_at
                               ELSE level_state.changed_at END",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

impl Store {
    /// How full the fields of a level are, by group and name, as far as it was counted.
    pub async fn fills(&self, scope: Scope) -> Result<BTreeMap<(Group, String), Fill>, Error> {
        let rows: Vec<(String, String, i64, i64, i64)> = sql::query_as(
            "SELECT grp, name, filled, filled_of, refreshed_at FROM field
             WHERE subscription_id = ? AND level = ? AND filled IS NOT NULL",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read how full fields are"))?;
        Ok(rows
            .into_iter()
            .filter_map(|(group, name, filled, of, at)| {
                let fill = Fill {
                    filled: filled.cast_unsigned(),
                    of: of.cast_unsigned(),
                    at: Timestamp::from_millisecond(at).ok()?,
                };
                Some(((Group::from_name(&group)?, name), fill))
            })
            .collect())
    }

    /// When ids or agent or custom values of a level last changed, and whether their fields were counted since.
    pub async fn level_state(&self, scope: Scope) -> Result<Option<(Timestamp, bool)>, Error> {
        let row: Option<(i64, bool)> = sql::query_as(
            "SELECT changed_at, coalesce(counted_at >= changed_at, false) FROM level_state
             WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("read the level's state"))?;
        Ok(row.map(|(at, counted)| (Timestamp::from_millisecond(at).unwrap_or_default(), counted)))
    }

    /// Notes how full the fields of a run are.
    pub async fn note_fills(&self, scope: Scope, fills: &[(String, Fill)]) -> Result<(), Error> {
        const DOING: &str = "note how full fields are";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        for (name, fill) in fills {
            set_fill(&mut tx, scope, Group::Hubspot, name, *fill)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// Counts how many subjects have a value in each agent and custom field, reading all of them once.
    pub async fn count_fields(&self, scope: Scope, now: Timestamp) -> Result<(), Error> {
        const DOING: &str = "count the values of fields";
        let mut counts: BTreeMap<(Group, String), u64> = BTreeMap::new();
        let (mut after, mut subjects) = (0, 0_u64);
        loop {
            // The index by id would be gone through from its beginning each time.
            let rows: Vec<(i64, Option<String>, Option<String>)> = sql::query_as(
                "SELECT pk, agent, custom FROM subject NOT INDEXED
                 WHERE subscription_id = ? AND level = ? AND pk > ? ORDER BY pk LIMIT ?",
            )
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(after)
            .bind(STEP)
            .fetch_all(&self.pool)
            .await
            .map_err(doing(DOING))?;
            let Some((last, ..)) = rows.last() else {
                break;
            };
            after = *last;
            for (_, agent, custom) in &rows {
                subjects += 1;
                for (group, stored) in [(Group::Agent, agent), (Group::Custom, custom)] {
                    let entries = payload::entries(stored.as_deref().unwrap_or("{}")).flatten();
                    for (name, _) in entries.filter(|(_, token)| *token != "null") {
                        *counts.entry((group, name.into_owned())).or_default() += 1;
                    }
                }
            }
        }
        let fields = self.fields(scope).await?;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        for field in fields.iter().filter(|field| field.group != Group::Hubspot) {
            let fill = Fill {
                filled: counts
                    .get(&(field.group, field.name.clone()))
                    .copied()
                    .unwrap_or_default(),
                of: subjects,
                at: now,
            };
            set_fill(&mut tx, scope, field.group, &field.name, fill)
                .await
                .map_err(doing(DOING))?;
        }
        sql::query("UPDATE level_state SET counted_at = ? WHERE subscription_id = ? AND level = ?")
            .bind(now.as_millisecond())
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }
}

async fn set_fill(
    conn: &mut Connection,
    scope: Scope,
    group: Group,
    name: &str,
    fill: Fill,
) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE field SET filled = ?, filled_of = ?, refreshed_at = ?
         WHERE subscription_id = ? AND level = ? AND grp = ? AND name = ?",
    )
    .bind(fill.filled.cast_signed())
    .bind(fill.of.cast_signed())
    .bind(fill.at.as_millisecond())
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(group.name())
    .bind(name)
    .execute(conn)
    .await
    .map(drop)
}
