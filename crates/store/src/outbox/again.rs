//! What is sent once more: everything, what was found to differ, or what an id was missing for.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::{AGAIN, MISSING, forget};
use crate::{
    Error, Scope, Store,
    error::doing,
    matching::texts,
    sql::{self, Connection, Lock},
};

/// What is to be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend<'a> {
    /// All that a record has ever fed.
    All,
    /// Those that were found to differ.
    Drifted,
    /// Those of these ids that the destination did not know when they were sent.
    Missed(&'a [&'a str]),
    /// Those with a value for a field that was not sent until now, unless a change that waits brings it.
    With(&'a str),
}

impl Store {
    /// Puts values in the outbox once more, as they will stand when they are sent. Says how many subjects' were put there.
    pub async fn resend(
        &self,
        scope: Scope,
        what: Resend<'_>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "put values in the outbox again";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let put = send_again(&mut tx, scope, what, now)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(put)
    }
}

/// The same within a transaction.
pub(crate) async fn send_again(
    conn: &mut Connection,
    scope: Scope,
    what: Resend<'_>,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let put = put_again(conn, scope, what).await?;
    if put > 0 {
        note_again(conn, scope, now).await?;
    }
    Ok(put)
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
        Resend::With(_) => format!(
            "{PUT} AND EXISTS (SELECT 1 FROM version v WHERE v.id = l.version_id AND v.payload LIKE ?4)
               AND NOT EXISTS (
                 SELECT 1 FROM outbox o LEFT JOIN version b ON b.id = o.previous_id
                 WHERE o.subscription_id = ?1 AND o.level = ?2 AND o.run_id <> ?3 AND o.subject_pk = l.subject_pk
                   AND o.version_id = l.version_id AND (o.whole OR b.payload IS NULL OR b.payload NOT LIKE ?4)) {ONCE}"
        ),
    };
    // A little too much does no harm: an underscore stands for any letter, and a value may read like a name.
    let pattern = |name: &str| format!("%\"{name}\":%");
    let query = sql::query(AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(AGAIN);
    let put = match what {
        Resend::Missed(ids) => query.bind(texts(ids)).execute(&mut *conn).await?,
        Resend::With(name) => query.bind(pattern(name)).execute(&mut *conn).await?,
        Resend::All | Resend::Drifted => query.execute(&mut *conn).await?,
    };
    match what {
        Resend::All => settle_undelivered(conn, scope, "true").await?,
        Resend::Missed(_) if put > 0 => settle_undelivered(conn, scope, &waits_in(AGAIN)).await?,
        Resend::Missed(_) | Resend::Drifted | Resend::With(_) => {}
    }
    if matches!(what, Resend::All | Resend::Drifted) {
        forget_drift(conn, scope).await?;
    }
    Ok(put)
}

/// Changes that the destination has not taken are settled once their subjects are in the outbox again.
pub(super) async fn settle_undelivered(
    conn: &mut Connection,
    scope: Scope,
    which: &str,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "UPDATE undelivered SET settled = true WHERE subscription_id = ?1 AND level = ?2 AND NOT settled AND {which}"
    );
    sql::query(AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(conn)
        .await
        .map(drop)
}

/// Subjects of a level about which something waits in the name of one cause.
pub(super) fn waits_in(run: i64) -> String {
    format!(
        "subject_pk IN (SELECT subject_pk FROM outbox WHERE subscription_id = ?1 AND level = ?2 AND run_id = {run})"
    )
}

/// Forgets what was found to differ of a level.
pub(crate) async fn forget_drift(conn: &mut Connection, scope: Scope) -> Result<(), sqlx::Error> {
    forget(conn, "drift", scope).await
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
    sql::query(AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(AGAIN)
        .bind(now.as_millisecond())
        .execute(conn)
        .await
        .map(drop)
}
