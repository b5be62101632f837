//! From staged to true: ending links, and the one transaction that applies a run.

use model::RecordId;

use crate::{
    Error, OutcomeKind, Session,
    database::sqlite::{WORKING_CACHE_KIB, set_cache},
    error::doing,
    outbox::put_changes,
    outcome::MATCHED,
    sql,
};

/// A link whose subject no record of this run feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclaimedLink {
    /// The subject's internal number.
    pub subject: i64,
    /// The subject's id.
    pub id: String,
    /// The record that fed it until now.
    pub record: RecordId,
    /// What became of the record in this run, if it was delivered.
    pub outcome: Option<OutcomeKind>,
}

impl Session {
    /// How many subjects of this level are fed by a record at present.
    pub async fn count_live_links(&mut self) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
            "SELECT count(*) FROM link WHERE subscription_id = ? AND level = ? AND record_id IS NOT NULL",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut self.conn)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the links"))
    }

    /// Up to `limit` links, of subjects after `after` and up to `last`, whose subject no record of this run feeds.
    pub async fn unclaimed_links(
        &mut self,
        after: i64,
        last: i64,
        limit: i64,
    ) -> Result<Vec<UnclaimedLink>, Error> {
        self.index_claims().await?;
        let rows: Vec<(i64, String, i64, Option<i64>)> = sql::query_as(self.staged.sql(&format!(
            "SELECT l.subject_pk, s.id, l.record_id,
                        (SELECT d.kind FROM {{staged}} d WHERE d.record_id = l.record_id)
                 FROM link l JOIN subject s ON s.pk = l.subject_pk
                 WHERE l.subscription_id = ?1 AND l.level = ?2 AND l.record_id IS NOT NULL
                   AND l.subject_pk > ?3 AND l.subject_pk <= ?4
                   AND NOT EXISTS (SELECT 1 FROM {{staged}} c WHERE c.kind = {MATCHED} AND c.subject_pk = l.subject_pk)
                 ORDER BY l.subject_pk LIMIT ?5",
        )))
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .bind(after)
        .bind(last)
        .bind(limit)
        .fetch_all(&mut self.conn)
        .await
        .map_err(doing("find links that end"))?;
        Ok(rows
            .into_iter()
            .map(|(subject, id, record, kind)| UnclaimedLink {
                subject,
                id,
                record: RecordId(record.cast_unsigned()),
                outcome: kind.map(OutcomeKind::from_number),
            })
            .collect())
    }

    /// Notes that a link ends with this run; [`Session::apply`] carries it out.
    pub async fn stage_ended_links(
        &mut self,
        ended: &[(UnclaimedLink, &'static str)],
    ) -> Result<(), Error> {
        const DOING: &str = "stage links that end";
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        for (link, reason) in ended {
            sql::query(
                "INSERT INTO ended_link (run_id, subject_pk, record_id, reason) VALUES (?, ?, ?, ?)
                 ON CONFLICT (run_id, subject_pk) DO UPDATE
                 SET record_id = excluded.record_id, reason = excluded.reason",
            )
            .bind(self.run.0.cast_signed())
            .bind(link.subject)
            .bind(link.record.0.cast_signed())
            .bind(*reason)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// Makes the staged outcome of this run true, whole or not at all: links point to the new versions, ended links end.
    ///
    /// `mapping_version` is what the staged fingerprints were made for.
    pub async fn apply(&mut self, mapping_version: i64) -> Result<(), Error> {
        const DOING: &str = "apply the run";
        let run = self.run.0.cast_signed();
        // Sorting may take as much memory as the page cache has; together they would be twice of what is needed.
        set_cache(&mut self.conn, SORT_KIB).await?;
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        put_changes(&mut tx, self.scope, self.run, &self.staged)
            .await
            .map_err(doing(DOING))?;
        let linked = sql::query(
            self.staged.sql(
                "INSERT INTO link (
                     subscription_id, level, subject_pk, record_id, version_id, fingerprint, mapping_version, run_id)
                 SELECT ?1, ?2, subject_pk, record_id, version_id, fingerprint, ?3, ?4
                 FROM {staged} WHERE kind = ?5 AND relink ORDER BY subject_pk
                 ON CONFLICT (subject_pk) DO UPDATE
                 SET record_id = excluded.record_id, version_id = coalesce(excluded.version_id, link.version_id),
                     fingerprint = excluded.fingerprint, mapping_version = excluded.mapping_version,
                     run_id = excluded.run_id",
            ),
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .bind(mapping_version)
        .bind(run)
        .bind(MATCHED)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        sql::query(
            "UPDATE link SET record_id = NULL, run_id = ?3
             WHERE subscription_id = ?1 AND level = ?2
               AND subject_pk IN (SELECT subject_pk FROM ended_link WHERE run_id = ?3)",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .bind(run)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        sql::query("UPDATE run SET applied = true WHERE id = ?")
            .bind(run)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        let told = self.conn.analyze("link", linked).await;
        told.map_err(doing(DOING))?;
        set_cache(&mut self.conn, WORKING_CACHE_KIB).await
    }
}

/// Memory for sorting the links of a run, in the unit of [`WORKING_CACHE_KIB`].
const SORT_KIB: &str = "-12000";
