//! What a run found: misses, values kept out, changes and ended links.

use model::{RecordId, RunId};

use crate::{Error, Miss, OutcomeKind, Store, error::doing, staging::first_version};

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
    /// Visitor or account id.
    pub id: String,
    /// The record the values came from.
    pub record: RecordId,
    /// Hubspot metadata before; `None` when there was none, or when it is past retention.
    pub before: Option<String>,
    /// Hubspot metadata after.
    pub after: String,
}

/// A link that a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLink {
    /// Visitor or account id, which keeps its values.
    pub id: String,
    /// The record that fed it.
    pub record: RecordId,
    /// Why it ended.
    pub reason: String,
}

impl Store {
    /// The records of a run that matched nothing, in record order, after the given record.
    pub async fn missed(
        &self,
        run: RunId,
        after: RecordId,
        limit: i64,
    ) -> Result<Vec<MissedRecord>, Error> {
        let rows: Vec<(i64, i64, Option<String>, Option<String>)> = sqlx::query_as(
            "SELECT o.record_id, o.kind, coalesce(o.key_text, s.id), coalesce(o.near_id, s.id)
             FROM outcome o LEFT JOIN subject s ON s.pk = o.subject_pk
             WHERE o.run_id = ? AND o.record_id > ? AND o.kind BETWEEN 1 AND 7 ORDER BY o.record_id LIMIT ?",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.cast_signed())
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the misses"))?;
        Ok(rows
            .into_iter()
            .filter_map(
                |(record, kind, key, near)| match OutcomeKind::from_number(kind) {
                    OutcomeKind::Missed(reason) => Some(MissedRecord {
                        record: RecordId(record.cast_unsigned()),
                        reason,
                        key,
                        near,
                    }),
                    _ => None,
                },
            )
            .collect())
    }

    /// The values a run kept out, in record order, after the given record and property.
    pub async fn quarantined(
        &self,
        run: RunId,
        after: (RecordId, &str),
        limit: i64,
    ) -> Result<Vec<QuarantinedValue>, Error> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT record_id, property, reason, value FROM quarantine
             WHERE run_id = ? AND (record_id, property) > (?, ?) ORDER BY record_id, property LIMIT ?",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.0.cast_signed())
        .bind(after.1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the quarantined values"))?;
        Ok(rows
            .into_iter()
            .map(|(record, property, reason, value)| QuarantinedValue {
                record: RecordId(record.cast_unsigned()),
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
        after: i64,
        limit: i64,
    ) -> Result<Vec<ChangedSubject>, Error> {
        let rows: Vec<(i64, String, i64, Option<String>, String)> = sqlx::query_as(
            "SELECT v.id, s.id, v.record_id, b.payload, v.payload FROM version v
             JOIN subject s ON s.pk = v.subject_pk
             LEFT JOIN version b ON b.id = v.previous_id
             WHERE v.id BETWEEN ? AND ? ORDER BY v.id LIMIT ?",
        )
        .bind(first_version(run) + after + 1)
        .bind(first_version(RunId(run.0 + 1)) - 1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the changes"))?;
        Ok(rows
            .into_iter()
            .map(|(version, id, record, before, after)| ChangedSubject {
                position: version - first_version(run),
                id,
                record: RecordId(record.cast_unsigned()),
                before,
                after,
            })
            .collect())
    }

    /// The links a run ended.
    pub async fn ended_links(&self, run: RunId) -> Result<Vec<EndedLink>, Error> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT s.id, e.record_id, e.reason FROM ended_link e JOIN subject s ON s.pk = e.subject_pk
             WHERE e.run_id = ? ORDER BY s.id",
        )
        .bind(run.0.cast_signed())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the ended links"))?;
        Ok(rows
            .into_iter()
            .map(|(id, record, reason)| EndedLink {
                id,
                record: RecordId(record.cast_unsigned()),
                reason,
            })
            .collect())
    }
}
