//! What the destination has answered, and what becomes of runs then.

use model::{RecordId, RunId};

use super::{Cause, MISSING};
use crate::{
    Error, Scope, Store,
    error::{corrupt, doing},
    job::Claim,
    run::State,
    sql::{self, Connection, Lock, Transaction},
};

/// A change that the destination has not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The subject's internal number.
    pub subject: i64,
    /// The destination does not know the id; otherwise it does not take the values.
    pub missing: bool,
    /// What it said.
    pub detail: Option<String>,
}

/// A refused change, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The subject's internal number.
    pub subject: i64,
    /// Its id.
    pub id: String,
    /// The record that feeds it.
    pub record: Option<RecordId>,
    /// The destination does not know the id; otherwise it does not take the values.
    pub missing: bool,
    /// What it said.
    pub detail: Option<String>,
}

/// What came of the changes of one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Changes that were put in the outbox.
    pub queued: u64,
    /// The destination has taken them.
    pub acknowledged: u64,
    /// It does not know the id.
    pub missing: u64,
    /// It does not take the values.
    pub errors: u64,
}

impl Delivery {
    /// Changes that were not answered yet.
    pub const fn pending(&self) -> u64 {
        self.queued
            .saturating_sub(self.acknowledged + self.missing + self.errors)
    }
}

impl Store {
    /// Takes changes out of the outbox that the destination has answered: those of the cause about these subjects, and no others,
    /// as more may have come in between. With the last change of a run the run is what its delivery makes of it.
    ///
    /// # Errors
    /// [`Error::JobLost`] when another process delivers by now.
    pub async fn settle(
        &self,
        claim: &Claim,
        cause: Cause,
        subjects: &[i64],
        refused: &[Refused],
    ) -> Result<(), Error> {
        const DOING: &str = "note what was delivered";
        let scope = claim.job.scope;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        let taken = sql::query(
            "DELETE FROM outbox WHERE subscription_id = ? AND level = ? AND run_id = ?
               AND subject_pk IN (SELECT value FROM json_each(?))",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(cause.number())
        .bind(subjects)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        let mut counts = Delivery::default();
        for one in refused {
            let noted = sql::query(
                "INSERT INTO undelivered (subscription_id, level, run_id, subject_pk, reason, detail)
                 SELECT ?, ?, ?, pk, ?, ? FROM subject WHERE pk = ?
                 ON CONFLICT (subscription_id, level, run_id, subject_pk) DO UPDATE
                 SET reason = excluded.reason, detail = excluded.detail, settled = false",
            )
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(cause.number())
            .bind(if one.missing { MISSING } else { "error" })
            .bind(&one.detail)
            .bind(one.subject)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
            if one.missing {
                counts.missing += noted;
            } else {
                counts.errors += noted;
            }
        }
        counts.acknowledged = taken.saturating_sub(counts.missing + counts.errors);
        sql::query(
            "UPDATE delivery SET acknowledged = acknowledged + ?, missing = missing + ?, errors = errors + ?
             WHERE subscription_id = ? AND level = ? AND run_id = ?",
        )
        .bind(counts.acknowledged.cast_signed())
        .bind(counts.missing.cast_signed())
        .bind(counts.errors.cast_signed())
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(cause.number())
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        if let Cause::Run(run) = cause {
            conclude(&mut tx, scope, run).await?;
        }
        tx.commit().await
    }

    /// What came of the changes of a cause. `None` when there was no destination outside.
    pub async fn delivery(&self, scope: Scope, cause: Cause) -> Result<Option<Delivery>, Error> {
        let mut conn = self
            .pool
            .acquire()
            .await
            .map_err(doing("read what was delivered"))?;
        delivery(&mut conn, scope, cause).await
    }

    /// Makes runs what their delivery makes of them whose last changes were erased before they were sent.
    pub async fn conclude_deliveries(&self, scope: Scope) -> Result<(), Error> {
        const DOING: &str = "look for deliveries that are over";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        conclude_all(&mut tx, scope).await?;
        tx.commit().await
    }

    /// The changes of a cause that the destination has not taken, in the order of subjects, after the given one.
    pub async fn undelivered(
        &self,
        scope: Scope,
        cause: Cause,
        missing: bool,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Undelivered>, Error> {
        let rows: Vec<(i64, String, Option<i64>, Option<String>)> = sql::query_as(
            "SELECT u.subject_pk, s.id, l.record_id, u.detail FROM undelivered u
             JOIN subject s ON s.pk = u.subject_pk LEFT JOIN link l ON l.subject_pk = u.subject_pk
             WHERE u.subscription_id = ? AND u.level = ? AND u.run_id = ? AND (u.reason = ?) = ? AND u.subject_pk > ?
             ORDER BY u.subject_pk LIMIT ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(cause.number())
        .bind(MISSING)
        .bind(missing)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read what was not delivered"))?;
        Ok(rows
            .into_iter()
            .map(|(subject, id, record, detail)| Undelivered {
                subject,
                id,
                record: record.map(|record| RecordId(record.cast_unsigned())),
                missing,
                detail,
            })
            .collect())
    }
}

async fn delivery(
    conn: &mut Connection,
    scope: Scope,
    cause: Cause,
) -> Result<Option<Delivery>, Error> {
    let row: Option<(i64, i64, i64, i64)> = sql::query_as(
        "SELECT queued, acknowledged, missing, errors FROM delivery
         WHERE subscription_id = ? AND level = ? AND run_id = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(cause.number())
    .fetch_optional(conn)
    .await
    .map_err(doing("read what was delivered"))?;
    Ok(row.map(|(queued, acknowledged, missing, errors)| Delivery {
        queued: queued.cast_unsigned(),
        acknowledged: acknowledged.cast_unsigned(),
        missing: missing.cast_unsigned(),
        errors: errors.cast_unsigned(),
    }))
}

/// Makes a run what its delivery makes of it, if nothing of it waits any more. One that has proved all the rest is proved once
/// the destination has taken every change.
async fn conclude(tx: &mut Transaction<'_>, scope: Scope, run: RunId) -> Result<(), Error> {
    const DOING: &str = "end the delivery of a run";
    let waits: bool = sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE subscription_id = ? AND level = ? AND run_id = ?)",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(run.0.cast_signed())
    .fetch_one(&mut *tx)
    .await
    .map_err(doing(DOING))?;
    if waits {
        return Ok(());
    }
    let row: Option<(String, Option<String>)> =
        sql::query_as("SELECT state, report FROM run WHERE id = ?")
            .bind(run.0.cast_signed())
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing(DOING))?;
    let Some((state, Some(report))) = row else {
        return Ok(());
    };
    let held: Vec<(String, String)> = sql::query_as(
        "SELECT name, held FROM destination_field WHERE subscription_id = ? AND level = ? AND held IS NOT NULL ORDER BY name",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_all(&mut *tx)
    .await
    .map_err(doing(DOING))?;
    let counts = delivery(tx, scope, Cause::Run(run)).await?;
    // Without any counts they went with a destination that was disconnected.
    let counted = counts.is_some();
    let counts = counts.unwrap_or_default();
    let whole = counted
        && counts.missing == 0
        && counts.errors == 0
        && counts.queued == counts.acknowledged
        && held.is_empty();
    let mut report: serde_json::Value =
        serde_json::from_str(&report).map_err(corrupt("a run's report"))?;
    report["delivery"] = counts.shown(&held);
    let state = if state == State::Delivering.name() {
        let state = if whole {
            State::Success
        } else {
            State::Partial
        };
        report["result"] = state.name().into();
        report["proved"] = whole.into();
        state.name().to_owned()
    } else {
        state
    };
    sql::query("UPDATE run SET state = ?, report = ? WHERE id = ?")
        .bind(state)
        .bind(report.to_string())
        .bind(run.0.cast_signed())
        .execute(&mut *tx)
        .await
        .map(drop)
        .map_err(doing(DOING))
}

impl Delivery {
    /// As it stands in reports. Fields that are not sent are named with the reason.
    pub fn shown(&self, held: &[(String, String)]) -> serde_json::Value {
        let mut shown = serde_json::json!({
            "queued": self.queued,
            "acknowledged": self.acknowledged,
            "missing": self.missing,
            "errors": self.errors,
            "pending": self.pending(),
        });
        if !held.is_empty() {
            shown["held"] = held.iter().cloned().collect();
        }
        shown
    }
}

/// Makes all runs of a level that wait for their delivery what it makes of them.
pub(super) async fn conclude_all(tx: &mut Transaction<'_>, scope: Scope) -> Result<(), Error> {
    let runs: Vec<i64> = sql::query_scalar(
        "SELECT id FROM run WHERE subscription_id = ? AND level = ? AND state = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(State::Delivering.name())
    .fetch_all(&mut *tx)
    .await
    .map_err(doing("look for runs that wait for their delivery"))?;
    for run in runs {
        conclude(tx, scope, RunId(run.cast_unsigned())).await?;
    }
    Ok(())
}
