//! How a batch of subjects gets into the database.

use std::sync::Arc;

use sqlx::AssertSqlSafe;

use super::NewSubject;
use crate::{
    Error, Scope,
    error::{corrupt, doing},
    matching::{index, texts},
    patch::merge,
    sql::{self, Bulk, Connection, Dialect},
};

const DOING: &str = "import ids";

/// Subjects per statement of SQLite's. Each statement is a round trip to the database's thread.
const ROWS: usize = 1_000;

/// Writes batches of subjects of one level.
#[derive(Debug)]
pub(super) struct Writer {
    scope: Scope,
    now: i64,
    /// For [`ROWS`] subjects, and for one.
    upsert: [Arc<str>; 2],
    aside: Bulk,
}

impl Writer {
    pub(super) fn new(scope: Scope, now: i64) -> Self {
        Self {
            scope,
            now,
            upsert: [upsert(ROWS), upsert(1)],
            aside: Bulk::new("import_batch", &["id", "accounts", "agent"]),
        }
    }

    /// Writes subjects that are sorted by id; of two with the same id, the later one adds to the earlier one.
    pub(super) async fn write(
        &self,
        conn: &mut Connection,
        batch: Vec<NewSubject>,
    ) -> Result<(), Error> {
        match conn.dialect() {
            Dialect::Sqlite => self
                .write_by_statements(conn, batch)
                .await
                .map_err(doing(DOING)),
            Dialect::Postgres => {
                for wave in waves(batch) {
                    self.write_aside(conn, wave).await?;
                }
                Ok(())
            }
        }
    }

    async fn write_by_statements(
        &self,
        conn: &mut Connection,
        batch: Vec<NewSubject>,
    ) -> Result<(), sqlx::Error> {
        let mut batch = batch.into_iter();
        while batch.len() > 0 {
            let [many, one] = &self.upsert;
            let (sql, rows) = if batch.len() < ROWS {
                (one, 1)
            } else {
                (many, ROWS)
            };
            let query = sql::query(AssertSqlSafe(Arc::clone(sql)))
                .bind(self.scope.subscription.0)
                .bind(self.scope.level_code())
                .bind(self.now)
                .bind(self.now);
            batch
                .by_ref()
                .take(rows)
                .fold(query, |query, one| {
                    query.bind(one.id).bind(one.accounts).bind(one.agent)
                })
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }

    /// Streams subjects into a table of their own and takes them over from there. Ids that are known are looked for first:
    /// an insertion that finds a row there already would use up one of the numbers that subjects are counted by.
    async fn write_aside(
        &self,
        conn: &mut Connection,
        mut batch: Vec<NewSubject>,
    ) -> Result<(), Error> {
        self.merge_agents(conn, &mut batch).await?;
        let says_more = batch
            .iter()
            .any(|one| one.accounts.is_some() || one.agent.is_some());
        self.take_over(conn, batch, says_more)
            .await
            .map_err(doing(DOING))
    }

    /// Merges the agent metadata of known ids into what they have.
    async fn merge_agents(
        &self,
        conn: &mut Connection,
        batch: &mut [NewSubject],
    ) -> Result<(), Error> {
        let (places, ids): (Vec<usize>, Vec<&str>) = batch
            .iter()
            .enumerate()
            .filter(|(_, one)| one.agent.is_some())
            .map(|(at, one)| (at, one.id.as_str()))
            .unzip();
        if ids.is_empty() {
            return Ok(());
        }
        let stored: Vec<(i64, String)> = sql::query_as(
            "SELECT k.key, coalesce(s.agent, '{}') FROM json_each(?1) k
             JOIN subject s ON s.subscription_id = ?2 AND s.level = ?3 AND s.id = k.value",
        )
        .bind(texts(&ids))
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_all(conn)
        .await
        .map_err(doing(DOING))?;
        for (at, stored) in stored {
            let agent = &mut batch[places[index(at)]].agent;
            let patch = agent.as_deref().unwrap_or("{}");
            *agent = Some(merge(&stored, patch).map_err(corrupt("a subject's metadata"))?);
        }
        Ok(())
    }

    async fn take_over(
        &self,
        conn: &mut Connection,
        batch: Vec<NewSubject>,
        says_more: bool,
    ) -> Result<(), sqlx::Error> {
        conn.run(
            "CREATE TEMP TABLE IF NOT EXISTS import_batch (id TEXT COLLATE \"C\", accounts TEXT, agent TEXT)
             ON COMMIT DELETE ROWS",
        )
        .await?;
        self.aside
            .insert(conn, batch, |columns, one| {
                columns.put(one.id).put(one.accounts).put(one.agent);
            })
            .await?;
        if says_more {
            sql::query(
                "UPDATE subject s SET accounts = coalesce(b.accounts, s.accounts), agent = coalesce(b.agent, s.agent),
                        updated_at = ?3
                 FROM import_batch b WHERE s.subscription_id = ?1 AND s.level = ?2 AND s.id = b.id
                   AND ((b.accounts IS NOT NULL AND b.accounts IS DISTINCT FROM s.accounts)
                     OR (b.agent IS NOT NULL AND b.agent IS DISTINCT FROM s.agent))",
            )
            .bind(self.scope.subscription.0)
            .bind(self.scope.level_code())
            .bind(self.now)
            .execute(&mut *conn)
            .await?;
        }
        sql::query(
            "INSERT INTO subject (subscription_id, level, id, accounts, agent, created_at, updated_at)
             SELECT ?1, ?2, b.id, b.accounts, b.agent, ?3, ?3 FROM import_batch b
             WHERE NOT EXISTS (
                 SELECT 1 FROM subject s WHERE s.subscription_id = ?1 AND s.level = ?2 AND s.id = b.id)
             ORDER BY b.id",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .bind(self.now)
        .execute(&mut *conn)
        .await?;
        conn.run("TRUNCATE import_batch").await
    }
}

/// The statement that takes in `rows` subjects: subscription, level and the time twice, then id, accounts and agent of
/// each.
fn upsert(rows: usize) -> Arc<str> {
    // None is numbered: finding thousands of them by their number takes longer than writing the rows.
    let values = vec!["(?, ?, ?)"; rows].join(", ");
    format!(
        "INSERT INTO subject (subscription_id, level, id, accounts, agent, created_at, updated_at)
         SELECT ?, ?, column1, column2, column3, ?, ? FROM (VALUES {values}) WHERE true
         ON CONFLICT (subscription_id, level, id) DO UPDATE
         SET accounts = coalesce(excluded.accounts, accounts),
             agent = CASE WHEN excluded.agent IS NULL THEN agent
                          ELSE json_patch(coalesce(agent, '{{}}'), excluded.agent) END,
             updated_at = excluded.updated_at
         WHERE (excluded.accounts IS NOT NULL AND excluded.accounts IS NOT accounts)
            OR (excluded.agent IS NOT NULL
                AND json_patch(coalesce(agent, '{{}}'), excluded.agent) IS NOT agent)"
    )
    .into()
}

/// Subjects sorted by id, parted so that no part has an id twice: usually there is one part.
fn waves(batch: Vec<NewSubject>) -> Vec<Vec<NewSubject>> {
    let mut waves: Vec<Vec<NewSubject>> = Vec::new();
    let mut at = 0;
    for subject in batch {
        let again = waves
            .get(at)
            .and_then(|wave| wave.last())
            .is_some_and(|last| last.id == subject.id);
        at = if again { at + 1 } else { 0 };
        match waves.get_mut(at) {
            Some(wave) => wave.push(subject),
            None => waves.push(vec![subject]),
        }
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wave_has_an_id_twice() {
        let batch = ["a", "b", "b", "b", "c", "d", "d"].map(|id| NewSubject {
            id: id.into(),
            accounts: None,
            agent: None,
        });
        let waves = waves(batch.to_vec());
        let waves: Vec<String> = waves
            .iter()
            .map(|wave| wave.iter().map(|one| one.id.as_str()).collect())
            .collect();
        assert_eq!(waves, ["abcd", "bd", "b"]);
    }
}
