//! What waits to be sent to a destination outside, and what came of it.
//!
//! The outbox is filled by the transaction that applies a run, so that no change is in one and not in the other. A row names
//! the states before and after a change; what differs is sent. The rows of a run go out once the run has ended, before those of
//! later runs, so that the changes of one subject keep their order. What is sent once more goes last, as it stands then.

use jiff::Timestamp;
use model::{RecordId, RunId};

use crate::{
    Error, Scope, Store, SubscriptionId,
    error::{corrupt, doing},
    job::Claim,
    level_of,
    matching::texts,
    run::State,
    sql::{self, Connection, Lock, Transaction},
    staging::Staged,
};

/// In whose name changes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A run changed them.
    Run(RunId),
    /// They are sent once more, whatever was sent before.
    Again,
}

/// The number in place of a run's for what is sent once more: it goes last.
const AGAIN: i64 = i64::MAX;

impl Cause {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Run(run) => run.0.cast_signed(),
            Self::Again => AGAIN,
        }
    }

    const fn of(number: i64) -> Self {
        if number == AGAIN {
            Self::Again
        } else {
            Self::Run(RunId(number.cast_unsigned()))
        }
    }
}

/// A change that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The subject's internal number.
    pub subject: i64,
    /// Its id.
    pub id: String,
    /// Its hubspot metadata after the change.
    pub payload: String,
    /// Before the change; `None` when there was none.
    pub before: Option<String>,
    /// All of it is to be sent, also that fields have no value.
    pub whole: bool,
}

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

/// What waits in the outbox of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which level.
    pub scope: Scope,
    /// How many changes.
    pub changes: u64,
    /// Since when the oldest of them.
    pub since: Timestamp,
}

/// What is to be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend<'a> {
    /// All that a record has ever fed.
    All,
    /// Those that were found to differ.
    Drifted,
    /// Those of these ids that the destination did not know when they were sent.
    Missed(&'a [&'a str]),
}

impl Store {
    /// In whose name there is something to be sent of a level, whoever goes first. Changes of a run that is under way wait until
    /// it has ended.
    pub async fn next_cause(&self, scope: Scope) -> Result<Option<Cause>, Error> {
        sql::query_scalar::<i64>(
            "SELECT d.run_id FROM delivery d LEFT JOIN run r ON r.id = d.run_id
             WHERE d.subscription_id = ?1 AND d.level = ?2 AND coalesce(r.state, '') <> ?3
               AND EXISTS (SELECT 1 FROM outbox o
                           WHERE o.subscription_id = ?1 AND o.level = ?2 AND o.run_id = d.run_id)
             ORDER BY d.run_id LIMIT 1",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(State::Running.name())
        .fetch_optional(&self.pool)
        .await
        .map(|number| number.map(Cause::of))
        .map_err(doing("look for what is to be sent"))
    }

    /// Changes of a cause that wait to be sent, in the order of subjects, after the given one.
    pub async fn outgoing(
        &self,
        scope: Scope,
        cause: Cause,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Outgoing>, Error> {
        type Row = (i64, String, Option<String>, Option<String>, bool);
        let rows: Vec<Row> = sql::query_as(
            "SELECT o.subject_pk, s.id, v.payload, b.payload, o.whole FROM outbox o
             JOIN subject s ON s.pk = o.subject_pk
             LEFT JOIN link l ON l.subject_pk = o.subject_pk
             LEFT JOIN version v ON v.id = coalesce(o.version_id, l.version_id)
             LEFT JOIN version b ON b.id = o.previous_id
             WHERE o.subscription_id = ? AND o.level = ? AND o.run_id = ? AND o.subject_pk > ?
             ORDER BY o.subject_pk LIMIT ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(cause.number())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read what is to be sent"))?;
        Ok(rows
            .into_iter()
            .map(|(subject, id, payload, before, whole)| Outgoing {
                subject,
                id,
                payload: payload.unwrap_or_else(|| "{}".into()),
                before,
                whole,
            })
            .collect())
    }

    /// Takes changes out of the outbox that the destination has answered: all of the cause whose subjects lie within the range.
    /// With the last change of a run the run is what its delivery makes of it.
    ///
    /// # Errors
    /// [`Error::JobLost`] when another process delivers by now.
    pub async fn settle(
        &self,
        claim: &Claim,
        cause: Cause,
        (first, last): (i64, i64),
        refused: &[Refused],
    ) -> Result<(), Error> {
        const DOING: &str = "note what was delivered";
        let scope = claim.job.scope;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        let taken = sql::query(
            "DELETE FROM outbox WHERE subscription_id = ? AND level = ? AND run_id = ? AND subject_pk BETWEEN ? AND ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(cause.number())
        .bind(first)
        .bind(last)
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

    /// What waits in the outboxes of a subscription, or of all.
    pub async fn waiting(&self, of: Option<SubscriptionId>) -> Result<Vec<Waiting>, Error> {
        let rows: Vec<(i64, i64, i64, i64)> = sql::query_as(
            "SELECT subscription_id, level, CAST(sum(queued - acknowledged - missing - errors) AS BIGINT), min(queued_at)
             FROM delivery
             WHERE queued > acknowledged + missing + errors AND (?1 IS NULL OR subscription_id = ?1)
             GROUP BY subscription_id, level ORDER BY subscription_id, level",
        )
        .bind(of.map(|subscription| subscription.0))
        .fetch_all(&self.pool)
        .await
        .map_err(doing("look at what waits to be sent"))?;
        rows.into_iter()
            .map(|(subscription, level, changes, since)| {
                Ok(Waiting {
                    scope: Scope {
                        subscription: SubscriptionId(subscription),
                        level: level_of(level),
                    },
                    changes: changes.cast_unsigned(),
                    since: Timestamp::from_millisecond(since).map_err(corrupt("a time"))?,
                })
            })
            .collect()
    }

    /// The levels of which something waits to be sent to a destination that works, and that no job is there to send.
    pub async fn undelivered_levels(&self) -> Result<Vec<Scope>, Error> {
        let rows: Vec<(i64, i64)> = sql::query_as(
            "SELECT DISTINCT d.subscription_id, d.level FROM delivery d
             JOIN destination t ON t.subscription_id = d.subscription_id AND t.broken IS NULL
             LEFT JOIN run r ON r.id = d.run_id
             WHERE (r.state = 'delivering' OR EXISTS (
                       SELECT 1 FROM outbox o
                       WHERE o.subscription_id = d.subscription_id AND o.level = d.level AND o.run_id = d.run_id))
               AND coalesce(r.state, '') <> 'running'
               AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'deliver' AND j.state IN ('waiting', 'running')
                               AND j.subscription_id = d.subscription_id AND j.level = d.level)
             ORDER BY d.subscription_id, d.level",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(doing("look for what nobody sends"))?;
        Ok(rows
            .into_iter()
            .map(|(subscription, level)| Scope {
                subscription: SubscriptionId(subscription),
                level: level_of(level),
            })
            .collect())
    }

    /// Makes runs what their delivery makes of them whose last changes were erased before they were sent.
    pub async fn conclude_deliveries(&self, scope: Scope) -> Result<(), Error> {
        const DOING: &str = "look for deliveries that are over";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let runs: Vec<i64> = sql::query_scalar(
            "SELECT id FROM run WHERE subscription_id = ? AND level = ? AND state = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(State::Delivering.name())
        .fetch_all(&mut tx)
        .await
        .map_err(doing(DOING))?;
        for run in runs {
            conclude(&mut tx, scope, RunId(run.cast_unsigned())).await?;
        }
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

    /// Puts values in the outbox once more, as they will stand when they are sent. Says how many subjects' were put there.
    pub async fn resend(
        &self,
        scope: Scope,
        what: Resend<'_>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "put values in the outbox again";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let put = put_again(&mut tx, scope, what)
            .await
            .map_err(doing(DOING))?;
        if put > 0 {
            note_again(&mut tx, scope, now)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        Ok(put)
    }
}

/// The reason of changes whose ids the destination does not know.
const MISSING: &str = "missing";

/// Fills the outbox with what a run is about to change, if the subscription has a destination outside: staged versions that no
/// link points to yet. Within the transaction that points the links to them, before it does.
pub(crate) async fn put_changes(
    conn: &mut Connection,
    scope: Scope,
    run: RunId,
    staged: &Staged,
) -> Result<(), sqlx::Error> {
    let there: bool =
        sql::query_scalar("SELECT EXISTS (SELECT 1 FROM destination WHERE subscription_id = ?)")
            .bind(scope.subscription.0)
            .fetch_one(&mut *conn)
            .await?;
    if !there {
        return Ok(());
    }
    // A subject that lost values is changed once more by the same run: what it was before the first time counts, and nothing of
    // it is relied on.
    sql::query(staged.sql(
        "INSERT INTO outbox (subscription_id, level, run_id, subject_pk, version_id, previous_id, whole)
         SELECT ?1, ?2, ?3, n.subject_pk, n.version_id, l.version_id, coalesce(l.mapping_version = -1, false)
         FROM {staged} n LEFT JOIN link l ON l.subject_pk = n.subject_pk
         WHERE n.kind = ?4 AND n.version_id IS NOT NULL AND (l.version_id IS NULL OR l.version_id <> n.version_id)
         ORDER BY n.subject_pk
         ON CONFLICT (subscription_id, level, run_id, subject_pk) DO UPDATE
         SET version_id = excluded.version_id, whole = excluded.whole",
    ))
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(run.0.cast_signed())
    .bind(crate::outcome::MATCHED)
    .execute(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO delivery (subscription_id, level, run_id, queued, queued_at)
         SELECT ?1, ?2, r.id, (SELECT count(*) FROM outbox o
                               WHERE o.subscription_id = ?1 AND o.level = ?2 AND o.run_id = ?3), r.started_at
         FROM run r WHERE r.id = ?3
         ON CONFLICT (subscription_id, level, run_id) DO UPDATE SET queued = excluded.queued",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(run.0.cast_signed())
    .execute(conn)
    .await
    .map(drop)
}

async fn put_again(
    conn: &mut Connection,
    scope: Scope,
    what: Resend<'_>,
) -> Result<u64, sqlx::Error> {
    const PUT: &str = "INSERT INTO outbox (subscription_id, level, run_id, subject_pk, version_id, previous_id, whole)
         SELECT l.subscription_id, l.level, ?3, l.subject_pk, NULL, NULL, true FROM link l
         WHERE l.subscription_id = ?1 AND l.level = ?2 AND l.version_id IS NOT NULL";
    const ONCE: &str =
        "ORDER BY l.subject_pk ON CONFLICT (subscription_id, level, run_id, subject_pk) DO NOTHING";
    let sql = match what {
        Resend::All => format!("{PUT} {ONCE}"),
        Resend::Drifted => format!(
            "{PUT} AND l.subject_pk IN (SELECT subject_pk FROM drift WHERE subscription_id = ?1 AND level = ?2) {ONCE}"
        ),
        Resend::Missed(_) => format!(
            "{PUT} AND l.subject_pk IN (
                 SELECT u.subject_pk FROM undelivered u JOIN subject s ON s.pk = u.subject_pk
                 WHERE u.subscription_id = ?1 AND u.level = ?2 AND u.reason = '{MISSING}' AND NOT u.settled
                   AND s.id IN (SELECT value FROM json_each(?4))) {ONCE}"
        ),
    };
    let query = sql::query(sqlx::AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(AGAIN);
    let put = match what {
        Resend::Missed(ids) => query.bind(texts(ids)).execute(&mut *conn).await?,
        Resend::All | Resend::Drifted => query.execute(&mut *conn).await?,
    };
    match what {
        Resend::All => {
            settle_undelivered(conn, scope, "").await?;
            forget_drift(conn, scope).await?;
        }
        Resend::Drifted => forget_drift(conn, scope).await?,
        Resend::Missed(_) if put > 0 => {
            settle_undelivered(
                conn,
                scope,
                "AND subject_pk IN (SELECT subject_pk FROM outbox WHERE subscription_id = ?1 AND level = ?2 AND run_id = ?3)",
            )
            .await?;
        }
        Resend::Missed(_) => {}
    }
    Ok(put)
}

/// Changes that the destination has not taken are settled once they are in the outbox again.
async fn settle_undelivered(
    conn: &mut Connection,
    scope: Scope,
    which: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "UPDATE undelivered SET settled = true WHERE subscription_id = ?1 AND level = ?2 AND run_id <= ?3 {which}"
    );
    sql::query(sqlx::AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(AGAIN)
        .execute(conn)
        .await
        .map(drop)
}

pub(crate) async fn forget_drift(conn: &mut Connection, scope: Scope) -> Result<(), sqlx::Error> {
    sql::query("DELETE FROM drift WHERE subscription_id = ? AND level = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(conn)
        .await
        .map(drop)
}

/// Counts what is sent once more: anew, if nothing of it waited any more.
async fn note_again(
    conn: &mut Connection,
    scope: Scope,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let waiting =
        "SELECT count(*) FROM outbox WHERE subscription_id = ?1 AND level = ?2 AND run_id = ?3";
    let sql = format!(
        "INSERT INTO delivery (subscription_id, level, run_id, queued, queued_at) VALUES (?1, ?2, ?3, ({waiting}), ?4)
         ON CONFLICT (subscription_id, level, run_id) DO UPDATE
         SET queued_at = CASE WHEN delivery.queued = delivery.acknowledged + delivery.missing + delivery.errors
                              THEN excluded.queued_at ELSE delivery.queued_at END,
             queued = excluded.queued, acknowledged = 0, missing = 0, errors = 0"
    );
    sql::query(sqlx::AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(AGAIN)
        .bind(now.as_millisecond())
        .execute(conn)
        .await
        .map(drop)
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
    let counts = delivery(tx, scope, Cause::Run(run))
        .await?
        .unwrap_or_default();
    let whole = counts.missing == 0
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
            let held = held.iter().cloned();
            shown["held"] = held
                .collect::<std::collections::BTreeMap<_, _>>()
                .into_iter()
                .collect();
        }
        shown
    }
}

/// Forgets what waits to be sent of a level, and ends the runs that wait for it.
pub(crate) async fn forget_outbox(tx: &mut Transaction<'_>, scope: Scope) -> Result<(), Error> {
    const DOING: &str = "clear the outbox";
    for sql in [
        "DELETE FROM outbox WHERE subscription_id = ? AND level = ?",
        "DELETE FROM drift WHERE subscription_id = ? AND level = ?",
    ] {
        sql::query(sql)
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
    }
    let runs: Vec<i64> = sql::query_scalar(
        "SELECT id FROM run WHERE subscription_id = ? AND level = ? AND state = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(State::Delivering.name())
    .fetch_all(&mut *tx)
    .await
    .map_err(doing(DOING))?;
    for run in runs {
        conclude(tx, scope, RunId(run.cast_unsigned())).await?;
    }
    sql::query("DELETE FROM delivery WHERE subscription_id = ? AND level = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(&mut *tx)
        .await
        .map(drop)
        .map_err(doing(DOING))
}

/// Forgets subjects in what is to be sent and what was not taken. What was not sent yet of a run is not counted any more.
pub(crate) async fn forget_subjects(
    conn: &mut Connection,
    subjects: &[i64],
) -> Result<(), sqlx::Error> {
    let causes: Vec<(i64, i64, i64, i64)> = sql::query_as(
        "SELECT subscription_id, level, run_id, count(*) FROM outbox
         WHERE subject_pk IN (SELECT value FROM json_each(?)) GROUP BY subscription_id, level, run_id",
    )
    .bind(subjects)
    .fetch_all(&mut *conn)
    .await?;
    for (subscription, level, run, changes) in causes {
        sql::query(
            "UPDATE delivery SET queued = queued - ? WHERE subscription_id = ? AND level = ? AND run_id = ?",
        )
        .bind(changes)
        .bind(subscription)
        .bind(level)
        .bind(run)
        .execute(&mut *conn)
        .await?;
    }
    for sql in [
        "DELETE FROM outbox WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM undelivered WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM drift WHERE subject_pk IN (SELECT value FROM json_each(?))",
    ] {
        sql::query(sql).bind(subjects).execute(&mut *conn).await?;
    }
    Ok(())
}
