//! The table of a run's own: how it is made, and what is kept of it when the run ends.

use model::RunId;
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::OutcomeKind;

/// The name of a run's own table.
pub(crate) fn staging_table(run: RunId) -> String {
    format!("staged_{run}")
}

/// The name of the index that finds the matches of a subject in a run's own table.
pub(crate) fn claims_index(run: RunId) -> String {
    format!("claims_{run}")
}

/// The id of a run's first version; see the schema.
pub(crate) fn first_version(run: RunId) -> i64 {
    run.0.cast_signed() << 32
}

/// Makes the table in which a run notes what became of every record.
pub(crate) async fn make_staging_table(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    let table = staging_table(run);
    sqlx::query(AssertSqlSafe(format!(
            "CREATE TABLE {table} (
                 record_id   INTEGER PRIMARY KEY,
                 kind        INTEGER NOT NULL, -- see store::outcome
                 subject_pk  INTEGER,          -- matched, and a duplicate's contested subject
                 modified_at INTEGER NOT NULL,
                 fingerprint INTEGER,          -- matched: of the values the subject shall hold
                 presence    BLOB,             -- matched: a bit per selected field that has a value
                 version_id  INTEGER,          -- matched and changed: the new state
                 written     INTEGER NOT NULL,
                 cleared     INTEGER NOT NULL,
                 relink      INTEGER NOT NULL, -- the link row must be written
                 key_text    TEXT,             -- missed: the key as it came
                 near_id     TEXT,             -- missed by little: the id it nearly is
                 wire        INTEGER           -- matched: hash of what HubSpot sent; null when not to be relied on
             )"
        )))
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes everything a run has staged and not applied.
pub(crate) async fn forget_staged(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    drop_staging_table(&mut *conn, run).await?;
    forget_details(conn, run).await
}

/// Keeps the records that fed nobody.
pub(crate) async fn keep_outcomes(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    let table = staging_table(run);
    sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO outcome (run_id, record_id, kind, subject_pk, key_text, near_id)
         SELECT ?, record_id, kind, subject_pk, key_text, near_id FROM {table} WHERE kind <> ? ORDER BY record_id"
    )))
    .bind(run.0.cast_signed())
    .bind(OutcomeKind::Matched.number())
    .execute(conn)
    .await
    .map(drop)
}

pub(crate) async fn drop_staging_table(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    let table = staging_table(run);
    sqlx::query(AssertSqlSafe(format!("DROP TABLE IF EXISTS {table}")))
        .execute(conn)
        .await
        .map(drop)
}

/// Deletes a run's outcomes, quarantined values and those versions that no link points to.
pub(crate) async fn forget_details(
    conn: &mut SqliteConnection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    let id = run.0.cast_signed();
    for sql in [
        "DELETE FROM outcome WHERE run_id = ?",
        "DELETE FROM quarantine WHERE run_id = ?",
        "DELETE FROM ended_link WHERE run_id = ?",
    ] {
        sqlx::query(sql).bind(id).execute(&mut *conn).await?;
    }
    sqlx::query(
        "DELETE FROM version WHERE id BETWEEN ?1 AND ?2
         AND id NOT IN (SELECT version_id FROM link WHERE version_id BETWEEN ?1 AND ?2)",
    )
    .bind(first_version(run))
    .bind(first_version(RunId(run.0 + 1)) - 1)
    .execute(conn)
    .await
    .map(drop)
}
