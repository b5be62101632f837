//! Forgetting what is past retention.

use jiff::Timestamp;
use model::RunId;

use crate::{Error, Store, error::doing, staging::first_version};

impl Store {
    /// Deletes the details of runs that ended before `cutoff`: misses, quarantined values, ended links, and the versions
    /// they superseded. The reports and the present values stay. Says how many runs were pruned.
    pub async fn prune(&self, cutoff: Timestamp) -> Result<u64, Error> {
        const DOING: &str = "prune old runs";
        let due: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM run WHERE NOT pruned AND finished_at < ?
             AND id NOT IN (SELECT max(id) FROM run WHERE applied GROUP BY subscription_id, level)",
        )
        .bind(cutoff.as_millisecond())
        .fetch_all(&self.pool)
        .await
        .map_err(doing(DOING))?;
        for &run in &due {
            let mut tx = self
                .pool
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map_err(doing(DOING))?;
            for sql in [
                "DELETE FROM outcome WHERE run_id = ?",
                "DELETE FROM quarantine WHERE run_id = ?",
                "DELETE FROM ended_link WHERE run_id = ?",
                "UPDATE run SET pruned = 1 WHERE id = ?",
            ] {
                sqlx::query(sql)
                    .bind(run)
                    .execute(&mut *tx)
                    .await
                    .map_err(doing(DOING))?;
            }
            let run = RunId(run.cast_unsigned());
            sqlx::query("DELETE FROM version WHERE id IN (SELECT previous_id FROM version WHERE id BETWEEN ? AND ?)")
                .bind(first_version(run))
                .bind(first_version(RunId(run.0 + 1)) - 1)
                .execute(&mut *tx)
                .await
                .map_err(doing(DOING))?;
            tx.commit().await.map_err(doing(DOING))?;
        }
        Ok(due.len() as u64)
    }

    /// How many superseded versions are kept, for tests and for the page that shows what is kept how long.
    pub async fn count_versions(&self, run: RunId) -> Result<u64, Error> {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM version WHERE id BETWEEN ? AND ?")
            .bind(first_version(run))
            .bind(first_version(RunId(run.0 + 1)) - 1)
            .fetch_one(&self.pool)
            .await
            .map(i64::cast_unsigned)
            .map_err(doing("count versions"))
    }
}
