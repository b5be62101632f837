//! Holding what a destination has against what was sent: what it should hold, and what it was found to hold otherwise.

use jiff::Timestamp;

use crate::{
    Error, Scope, Store,
    error::doing,
    matching::texts,
    outbox::forget_drift,
    sql::{self, Lock},
};

/// What a subject's values shall be in the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The subject's internal number.
    pub subject: i64,
    /// Its id.
    pub id: String,
    /// Its hubspot metadata.
    pub payload: String,
}

/// A value that the destination was found to hold otherwise than it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The subject's internal number.
    pub subject: i64,
    /// Its id.
    pub id: String,
    /// Name of the field in group hubspot.
    pub name: String,
    /// What was sent, as JSON; `None` for no value.
    pub expected: Option<String>,
    /// What was found, as JSON; `None` for no value.
    pub found: Option<String>,
}

impl Store {
    /// Of these ids, those whose values a destination should hold by now: a record has fed them, nothing of them waits to be sent,
    /// and what was sent last was taken.
    pub async fn sent(&self, scope: Scope, ids: &[&str]) -> Result<Vec<Sent>, Error> {
        let rows: Vec<(i64, String, String)> = sql::query_as(
            "SELECT s.pk, s.id, v.payload FROM json_each(?1) k
             CROSS JOIN subject s ON s.subscription_id = ?2 AND s.level = ?3 AND s.id = k.value
             JOIN link l ON l.subject_pk = s.pk
             JOIN version v ON v.id = l.version_id
             WHERE NOT EXISTS (SELECT 1 FROM delivery d JOIN outbox o
                               ON o.subscription_id = ?2 AND o.level = ?3 AND o.run_id = d.run_id AND o.subject_pk = s.pk
                               WHERE d.subscription_id = ?2 AND d.level = ?3)
               AND NOT EXISTS (SELECT 1 FROM undelivered u WHERE u.subject_pk = s.pk AND NOT u.settled)",
        )
        .bind(texts(ids))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read what was sent"))?;
        Ok(rows
            .into_iter()
            .map(|(subject, id, payload)| Sent {
                subject,
                id,
                payload,
            })
            .collect())
    }

    /// How many subjects have values that a record has fed.
    pub async fn count_fed(&self, scope: Scope) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
            "SELECT count(*) FROM link WHERE subscription_id = ? AND level = ? AND version_id IS NOT NULL",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&self.pool)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the subjects with values"))
    }

    /// The id of the subject at a place among those, counted from 0.
    pub async fn fed_at(&self, scope: Scope, place: u64) -> Result<Option<String>, Error> {
        sql::query_scalar(
            "SELECT s.id FROM link l JOIN subject s ON s.pk = l.subject_pk
             WHERE l.subscription_id = ? AND l.level = ? AND l.version_id IS NOT NULL
             ORDER BY l.subject_pk LIMIT 1 OFFSET ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(place.cast_signed())
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("find a subject with values"))
    }

    /// Notes what came of a comparison, with the differences in place of those that were found before.
    pub async fn note_comparison(
        &self,
        scope: Scope,
        result: &str,
        found: &[Drift],
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "note what came of a comparison";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        forget_drift(&mut tx, scope).await.map_err(doing(DOING))?;
        for one in found {
            sql::query(
                "INSERT INTO drift (subscription_id, level, subject_pk, name, expected, found)
                 SELECT ?, ?, pk, ?, ?, ? FROM subject WHERE pk = ?",
            )
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(&one.name)
            .bind(&one.expected)
            .bind(&one.found)
            .bind(one.subject)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        }
        sql::query(
            "INSERT INTO destination_level (subscription_id, level, compared_at, comparison) VALUES (?, ?, ?, ?)
             ON CONFLICT (subscription_id, level) DO UPDATE
             SET compared_at = excluded.compared_at, comparison = excluded.comparison",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(now.as_millisecond())
        .bind(result)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// The values that a destination was last found to hold otherwise, in the order of subjects and fields, after the given one.
    pub async fn drift(
        &self,
        scope: Scope,
        after: (i64, &str),
        limit: i64,
    ) -> Result<Vec<Drift>, Error> {
        type Row = (i64, String, String, Option<String>, Option<String>);
        let rows: Vec<Row> = sql::query_as(
            "SELECT d.subject_pk, s.id, d.name, d.expected, d.found FROM drift d JOIN subject s ON s.pk = d.subject_pk
             WHERE d.subscription_id = ?1 AND d.level = ?2 AND (d.subject_pk, d.name) > (?3, ?4)
             ORDER BY d.subject_pk, d.name LIMIT ?5",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the differences"))?;
        Ok(rows
            .into_iter()
            .map(|(subject, id, name, expected, found)| Drift {
                subject,
                id,
                name,
                expected,
                found,
            })
            .collect())
    }
}
