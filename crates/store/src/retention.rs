//! Forgetting what is past retention.

use jiff::Timestamp;
use model::RunId;

use crate::{
    Error, Scope, Store, SubscriptionId,
    error::doing,
    level_of,
    sql::{self, Lock},
    staging::first_version,
};

impl Store {
    /// Deletes the details of runs that ended before `cutoff`: misses, quarantined values, ended links, and the versions
    /// they superseded. The reports and the present values stay, and so do the versions that are still to be sent somewhere. Says
    /// how many runs were pruned.
    pub async fn prune(&self, cutoff: Timestamp) -> Result<u64, Error> {
        const DOING: &str = "prune old runs";
        // The oldest first: what a version superseded is known by that version only.
        let due: Vec<(i64, i64, i64)> = sql::query_as(
            "SELECT id, subscription_id, level FROM run WHERE NOT pruned AND finished_at < ?
             AND id NOT IN (SELECT max(id) FROM run WHERE applied GROUP BY subscription_id, level)
             AND NOT EXISTS (SELECT 1 FROM outbox o
                             WHERE o.subscription_id = run.subscription_id AND o.level = run.level AND o.run_id <= run.id)
             ORDER BY id",
        )
        .bind(cutoff.as_millisecond())
        .fetch_all(&self.pool)
        .await
        .map_err(doing(DOING))?;
        for &(run, subscription, level) in &due {
            let scope = Scope {
                subscription: SubscriptionId(subscription),
                level: level_of(level),
            };
            let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
            for sql in [
                "DELETE FROM outcome WHERE run_id = ?",
                "DELETE FROM quarantine WHERE run_id = ?",
                "DELETE FROM ended_link WHERE run_id = ?",
                "DELETE FROM undelivered WHERE run_id = ?",
                "DELETE FROM delivery WHERE run_id = ?",
                "UPDATE run SET pruned = true WHERE id = ?",
            ] {
                sql::query(sql)
                    .bind(run)
                    .execute(&mut tx)
                    .await
                    .map_err(doing(DOING))?;
            }
            let run = RunId(run.cast_unsigned());
            sql::query("DELETE FROM version WHERE id IN (SELECT previous_id FROM version WHERE id BETWEEN ? AND ?)")
                .bind(first_version(run))
                .bind(first_version(RunId(run.0 + 1)) - 1)
                .execute(&mut tx)
                .await
                .map_err(doing(DOING))?;
            tx.commit().await?;
        }
        Ok(due.len() as u64)
    }

    /// How many superseded versions are kept, for tests and for the page that shows what is kept how long.
    pub async fn count_versions(&self, run: RunId) -> Result<u64, Error> {
        sql::query_scalar::<i64>("SELECT count(*) FROM version WHERE id BETWEEN ? AND ?")
            .bind(first_version(run))
            .bind(first_version(RunId(run.0 + 1)) - 1)
            .fetch_one(&self.pool)
            .await
            .map(i64::cast_unsigned)
            .map_err(doing("count versions"))
    }
}
