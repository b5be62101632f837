//! What waits to be sent to a destination outside, and what came of it.
//!
//! The outbox is filled by the transaction that applies a run, so that no change is in one and not in the other. A row names
//! the states before and after a change; what differs is sent. The rows of a run go out once the run has ended, before those of
//! later runs, so that the changes of one subject keep their order. What is sent once more goes last, as it stands then.

mod again;
mod answered;

use jiff::Timestamp;
use model::RunId;
use sqlx::AssertSqlSafe;

pub(crate) use self::again::{forget_drift, send_again};
pub use self::{
    again::Resend,
    answered::{Delivery, Refused, Undelivered},
};
use crate::{
    Error, Scope, Store, SubscriptionId,
    error::{corrupt, doing},
    level_of,
    outcome::MATCHED,
    run::State,
    sql::{self, Connection, Transaction},
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

/// The reason of changes whose ids the destination does not know.
const MISSING: &str = "missing";

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
                    scope: scope_of((subscription, level)),
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
             WHERE (r.state = 'delivering' OR d.queued > d.acknowledged + d.missing + d.errors)
               AND coalesce(r.state, '') <> 'running'
               AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'deliver' AND j.state IN ('waiting', 'running')
                               AND j.subscription_id = d.subscription_id AND j.level = d.level)
             ORDER BY d.subscription_id, d.level",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(doing("look for what nobody sends"))?;
        Ok(rows.into_iter().map(scope_of).collect())
    }
}

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
    // it is relied on. Nor is it when the destination has not taken the last change: all is sent then.
    sql::query(staged.sql(
        "INSERT INTO outbox (subscription_id, level, run_id, subject_pk, version_id, previous_id, whole)
         SELECT ?1, ?2, ?3, n.subject_pk, n.version_id, l.version_id, coalesce(l.mapping_version = -1, false)
                OR n.subject_pk IN (SELECT u.subject_pk FROM undelivered u
                                    WHERE u.subscription_id = ?1 AND u.level = ?2 AND NOT u.settled)
         FROM {staged} n LEFT JOIN link l ON l.subject_pk = n.subject_pk
         WHERE n.kind = ?4 AND n.version_id IS NOT NULL AND (l.version_id IS NULL OR l.version_id <> n.version_id)
         ORDER BY n.subject_pk
         ON CONFLICT (subscription_id, level, run_id, subject_pk) DO UPDATE
         SET version_id = excluded.version_id, whole = outbox.whole OR excluded.whole",
    ))
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(run.0.cast_signed())
    .bind(MATCHED)
    .execute(&mut *conn)
    .await?;
    let put = again::waits_in(run.0.cast_signed());
    again::settle_undelivered(conn, scope, &put).await?;
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

/// Forgets what waits to be sent of a level, and ends the runs that wait for it.
pub(crate) async fn forget_outbox(tx: &mut Transaction<'_>, scope: Scope) -> Result<(), Error> {
    const DOING: &str = "clear the outbox";
    forget(tx, "outbox", scope).await.map_err(doing(DOING))?;
    forget(tx, "drift", scope).await.map_err(doing(DOING))?;
    answered::conclude_all(tx, scope).await?;
    forget(tx, "delivery", scope).await.map_err(doing(DOING))
}

/// Deletes what a table holds of a level.
async fn forget(conn: &mut Connection, table: &str, scope: Scope) -> Result<(), sqlx::Error> {
    let sql = format!("DELETE FROM {table} WHERE subscription_id = ? AND level = ?");
    sql::query(AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(conn)
        .await
        .map(drop)
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

fn scope_of((subscription, level): (i64, i64)) -> Scope {
    Scope {
        subscription: SubscriptionId(subscription),
        level: level_of(level),
    }
}
