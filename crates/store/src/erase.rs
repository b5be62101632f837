//! Erasing visitors and accounts, with every trace of them.

use crate::{
    Error, Scope,
    error::doing,
    lock::Process,
    matching::texts,
    memory::forget_in_memory,
    near::forget_near,
    outbox::forget_subjects,
    run::under_way,
    sql::{self, Connection},
};

/// Refuses to erase while a level is synced: what a run holds in memory cannot be erased from outside.
///
/// # Errors
/// [`Error::Busy`].
pub(crate) async fn refuse_while_synced(
    conn: &mut Connection,
    process: &Process,
    scope: Scope,
    now: i64,
) -> Result<(), Error> {
    let run = under_way(conn, process, scope, now).await;
    match run.map_err(doing("look for runs that are under way"))? {
        None => Ok(()),
        Some(run) => Err(Error::Busy {
            level: scope.level,
            run,
        }),
    }
}

/// Deletes everything kept about subjects of one level, what runs noted about their records included.
///
/// What runs noted is gone through once for all of them, because nothing finds it by subject.
pub(crate) async fn erase(
    conn: &mut Connection,
    scope: Scope,
    subjects: &[(i64, String)],
) -> Result<(), sqlx::Error> {
    for (pk, id) in subjects {
        forget_near(conn, scope, *pk, id).await?;
    }
    let (pks, ids): (Vec<i64>, Vec<&str>) =
        subjects.iter().map(|(pk, id)| (*pk, id.as_str())).unzip();
    forget_in_memory(conn, scope, &pks, &ids).await?;
    // The records that ever fed them, so that what runs noted about those goes as well.
    let records: Vec<i64> = sql::query_scalar(
        "WITH gone AS MATERIALIZED (SELECT value AS pk FROM json_each(?1))
         SELECT record_id FROM version WHERE subject_pk IN (SELECT pk FROM gone)
         UNION SELECT record_id FROM outcome WHERE subject_pk IN (SELECT pk FROM gone)
         UNION SELECT record_id FROM ended_link WHERE subject_pk IN (SELECT pk FROM gone)",
    )
    .bind(&pks)
    .fetch_all(&mut *conn)
    .await?;
    sql::query(
        "DELETE FROM quarantine WHERE record_id IN (SELECT value FROM json_each(?1))
         AND run_id IN (SELECT id FROM run WHERE subscription_id = ?2 AND level = ?3)",
    )
    .bind(records)
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .execute(&mut *conn)
    .await?;
    sql::query(
        "DELETE FROM outcome
         WHERE (near_id IN (SELECT value FROM json_each(?1)) OR key_text IN (SELECT value FROM json_each(?1)))
           AND run_id IN (SELECT id FROM run WHERE subscription_id = ?2 AND level = ?3)",
    )
    .bind(texts(&ids))
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .execute(&mut *conn)
    .await?;
    forget_subjects(conn, &pks).await?;
    for sql in [
        "DELETE FROM outcome WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM ended_link WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM version WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM pin_value WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM upload_unseen WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM link WHERE subject_pk IN (SELECT value FROM json_each(?))",
        "DELETE FROM subject WHERE pk IN (SELECT value FROM json_each(?))",
    ] {
        sql::query(sql).bind(&pks).execute(&mut *conn).await?;
    }
    Ok(())
}
