//! What a run found: the records and subjects behind each of its numbers.

use model::{PropertyName, RecordId, RunId};

use crate::{
    Error, Miss, OutcomeKind, Scope, Store,
    error::doing,
    memory::{memory_table, table_exists},
    outcome::{EXCLUDED, FAILED, MATCHED},
    sql,
    staging::first_version,
};

/// What is wanted of a list; by default all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Missed for this reason.
    pub reason: Option<Miss>,
    /// A value of this property.
    pub property: Option<PropertyName>,
    /// This record.
    pub record: Option<RecordId>,
    /// This text, to the letter: the key as it came, the id it nearly is, or the subject's id.
    pub text: Option<String>,
}

/// A record that matched nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedRecord {
    /// The record.
    pub record: RecordId,
    /// Why.
    pub reason: Miss,
    /// Its key as it came.
    pub key: Option<String>,
    /// The known id it nearly is, or for a duplicate the id it lost.
    pub near: Option<String>,
}

/// A value that was kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedValue {
    /// Of which record.
    pub record: RecordId,
    /// Of which property.
    pub property: String,
    /// Code of the reason.
    pub reason: String,
    /// The wire text, shortened.
    pub value: String,
}

/// A subject that a run changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSubject {
    /// Its place in the run, for paging.
    pub position: i64,
    /// Its internal number.
    pub number: i64,
    /// Visitor or account id.
    pub id: String,
    /// The record the values came from.
    pub record: RecordId,
    /// Hubspot metadata before; `None` when there was none, or when it is past retention.
    pub before: Option<String>,
    /// Hubspot metadata after.
    pub after: String,
}

/// A record that feeds a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedRecord {
    /// The record.
    pub record: RecordId,
    /// The subject's internal number.
    pub number: i64,
    /// Visitor or account id.
    pub id: String,
}

/// A link that a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLink {
    /// The subject's internal number.
    pub number: i64,
    /// Visitor or account id, which keeps its values.
    pub id: String,
    /// The record that fed it.
    pub record: RecordId,
    /// Why it ended.
    pub reason: String,
}

fn record(id: i64) -> RecordId {
    RecordId(id.cast_unsigned())
}

impl Store {
    /// The records of a run that matched nothing, in record order, after the given record.
    pub async fn missed(
        &self,
        run: RunId,
        only: &Only,
        after: RecordId,
        limit: i64,
    ) -> Result<Vec<MissedRecord>, Error> {
        let rows: Vec<(i64, i64, Option<String>, Option<String>)> = sql::query_as(
            "SELECT o.record_id, o.kind, coalesce(o.key_text, s.id), coalesce(o.near_id, s.id)
             FROM outcome o LEFT JOIN subject s ON s.pk = o.subject_pk
             WHERE o.run_id = ?1 AND o.record_id > ?2 AND o.kind BETWEEN 1 AND 7
               AND (?3 IS NULL OR o.kind = ?3) AND (?4 IS NULL OR o.record_id = ?4)
               AND (?5 IS NULL OR o.key_text = ?5 OR o.near_id = ?5 OR s.id = ?5)
             ORDER BY o.record_id LIMIT ?6",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.cast_signed())
        .bind(
            only.reason
                .map(|reason| OutcomeKind::Missed(reason).number()),
        )
        .bind(only.record.map(|record| record.0.cast_signed()))
        .bind(&only.text)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the misses"))?;
        Ok(rows
            .into_iter()
            .filter_map(
                |(id, kind, key, near)| match OutcomeKind::from_number(kind) {
                    OutcomeKind::Missed(reason) => Some(MissedRecord {
                        record: record(id),
                        reason,
                        key,
                        near,
                    }),
                    _ => None,
                },
            )
            .collect())
    }

    /// The records of a run that were excluded, or that failed, in record order, after the given record.
    pub async fn set_aside(
        &self,
        run: RunId,
        failed: bool,
        only: &Only,
        after: RecordId,
        limit: i64,
    ) -> Result<Vec<RecordId>, Error> {
        let rows: Vec<i64> = sql::query_scalar(
            "SELECT record_id FROM outcome WHERE run_id = ?1 AND record_id > ?2 AND kind = ?3
               AND (?4 IS NULL OR record_id = ?4)
             ORDER BY record_id LIMIT ?5",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.cast_signed())
        .bind(if failed { FAILED } else { EXCLUDED })
        .bind(only.record.map(|record| record.0.cast_signed()))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the records that were set aside"))?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// The values a run kept out, in record order, after the given record and property.
    pub async fn quarantined(
        &self,
        run: RunId,
        only: &Only,
        after: (RecordId, &str),
        limit: i64,
    ) -> Result<Vec<QuarantinedValue>, Error> {
        let rows: Vec<(i64, String, String, String)> = sql::query_as(
            "SELECT record_id, property, reason, value FROM quarantine
             WHERE run_id = ?1 AND (record_id, property) > (?2, ?3)
               AND (?4 IS NULL OR property = ?4) AND (?5 IS NULL OR record_id = ?5)
             ORDER BY record_id, property LIMIT ?6",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.0.cast_signed())
        .bind(after.1)
        .bind(only.property.as_ref().map(PropertyName::as_str))
        .bind(only.record.map(|record| record.0.cast_signed()))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the quarantined values"))?;
        Ok(rows
            .into_iter()
            .map(|(id, property, reason, value)| QuarantinedValue {
                record: record(id),
                property,
                reason,
                value,
            })
            .collect())
    }

    /// The subjects a run changed, in the order it found them, after the given position (-1 for the first page).
    pub async fn changed(
        &self,
        run: RunId,
        only: &Only,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ChangedSubject>, Error> {
        let rows: Vec<(i64, i64, String, i64, Option<String>, String)> = sql::query_as(
            "SELECT v.id, s.pk, s.id, v.record_id, b.payload, v.payload FROM version v
             JOIN subject s ON s.pk = v.subject_pk
             LEFT JOIN version b ON b.id = v.previous_id
             WHERE v.id BETWEEN ?1 AND ?2
               AND (?3 IS NULL OR v.record_id = ?3) AND (?4 IS NULL OR s.id = ?4)
             ORDER BY v.id LIMIT ?5",
        )
        .bind(first_version(run) + after + 1)
        .bind(first_version(RunId(run.0 + 1)) - 1)
        .bind(only.record.map(|record| record.0.cast_signed()))
        .bind(&only.text)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the changes"))?;
        Ok(rows
            .into_iter()
            .map(
                |(version, number, id, from, before, after)| ChangedSubject {
                    position: version - first_version(run),
                    number,
                    id,
                    record: record(from),
                    before,
                    after,
                },
            )
            .collect())
    }

    /// The records that feed a subject since the level's latest applied run, in record order, after the given record:
    /// all, or only those that run found changed, or unchanged.
    ///
    /// Of runs before that one it is not kept.
    pub async fn matched(
        &self,
        scope: Scope,
        changed: Option<bool>,
        only: &Only,
        after: RecordId,
        limit: i64,
    ) -> Result<Vec<MatchedRecord>, Error> {
        const DOING: &str = "read the matched records";
        let memory = memory_table(scope);
        let mut conn = self.pool.acquire().await.map_err(doing(DOING))?;
        if !table_exists(&mut conn, &memory)
            .await
            .map_err(doing(DOING))?
        {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT m.record_id, s.pk, s.id FROM {memory} m JOIN subject s ON s.pk = m.subject_pk
             WHERE m.kind = {MATCHED} AND m.record_id > ?1
               AND (?2 IS NULL OR (m.version_id IS NOT NULL) = ?2)
               AND (?3 IS NULL OR m.record_id = ?3) AND (?4 IS NULL OR s.id = ?4)
             ORDER BY m.record_id LIMIT ?5"
        );
        let rows: Vec<(i64, i64, String)> = sql::query_as(sqlx::AssertSqlSafe(sql))
            .bind(after.0.cast_signed())
            .bind(changed)
            .bind(only.record.map(|record| record.0.cast_signed()))
            .bind(&only.text)
            .bind(limit)
            .fetch_all(&mut conn)
            .await
            .map_err(doing(DOING))?;
        Ok(rows
            .into_iter()
            .map(|(from, number, id)| MatchedRecord {
                record: record(from),
                number,
                id,
            })
            .collect())
    }

    /// The links a run ended, in the order of subjects, after the given one.
    pub async fn ended_links(
        &self,
        run: RunId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<EndedLink>, Error> {
        let rows: Vec<(i64, String, i64, String)> = sql::query_as(
            "SELECT s.pk, s.id, e.record_id, e.reason FROM ended_link e JOIN subject s ON s.pk = e.subject_pk
             WHERE e.run_id = ? AND e.subject_pk > ? ORDER BY e.subject_pk LIMIT ?",
        )
        .bind(run.0.cast_signed())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the ended links"))?;
        Ok(rows
            .into_iter()
            .map(|(number, id, from, reason)| EndedLink {
                number,
                id,
                record: record(from),
                reason,
            })
            .collect())
    }
}
