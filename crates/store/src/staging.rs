//! The table of a run's own: how it is made, and what is kept of it when the run ends.

use model::RunId;
use sqlx::AssertSqlSafe;

use crate::{
    OutcomeKind,
    sql::{self, Connection},
};

/// A run's own table, `{staged}` in statements.
#[derive(Debug)]
pub(crate) struct Staged(String);

impl Staged {
    pub(crate) fn of(run: RunId) -> Self {
        Self(format!("staged_{run}"))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// A statement about this table.
    pub(crate) fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace("{staged}", &self.0))
    }
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
    conn: &mut Connection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    make_record_table(conn, Staged::of(run).name()).await
}

/// Makes a table of records: a run's own, or a level's memory.
pub(crate) async fn make_record_table(
    conn: &mut Connection,
    table: &str,
) -> Result<(), sqlx::Error> {
    let dialect = conn.dialect();
    let number = dialect.either("INTEGER", "BIGINT");
    let truth = dialect.either("INTEGER", "BOOLEAN");
    let bytes = dialect.either("BLOB", "BYTEA");
    let text = dialect.either("TEXT", "TEXT COLLATE \"C\"");
    conn.run(&format!(
        "CREATE TABLE IF NOT EXISTS {table} (
             record_id   {number} PRIMARY KEY,
             kind        {number} NOT NULL, -- see store::outcome
             subject_pk  {number},          -- matched, and a duplicate's contested subject
             modified_at {number} NOT NULL,
             fingerprint {number},          -- matched: of the values the subject shall hold
             presence    {bytes},           -- matched: a bit per selected field that has a value
             version_id  {number},          -- matched and changed: the new state
             written     {number} NOT NULL,
             cleared     {number} NOT NULL,
             relink      {truth} NOT NULL,  -- the link row must be written
             key_text    {text},            -- missed: the key as it came
             near_id     {text},            -- missed by little: the id it nearly is
             wire        {number}           -- matched: hash of what HubSpot sent; null when not to be relied on
         )"
    ))
    .await
}

/// The id of the next version of a run.
pub(crate) async fn next_version(conn: &mut Connection, run: RunId) -> Result<i64, sqlx::Error> {
    let first = first_version(run);
    let newest: Option<i64> =
        sql::query_scalar("SELECT max(id) FROM version WHERE id BETWEEN ? AND ?")
            .bind(first)
            .bind(first_version(RunId(run.0 + 1)) - 1)
            .fetch_one(conn)
            .await?;
    Ok(newest.map_or(first, |newest| newest + 1))
}

/// Deletes everything a run has staged and not applied.
pub(crate) async fn forget_staged(conn: &mut Connection, run: RunId) -> Result<(), sqlx::Error> {
    drop_staging_table(&mut *conn, run).await?;
    forget_details(conn, run).await
}

/// Keeps the records that fed nobody.
pub(crate) async fn keep_outcomes(conn: &mut Connection, run: RunId) -> Result<(), sqlx::Error> {
    sql::query(Staged::of(run).sql(
        "INSERT INTO outcome (run_id, record_id, kind, subject_pk, key_text, near_id)
         SELECT ?, record_id, kind, subject_pk, key_text, near_id FROM {staged} WHERE kind <> ? ORDER BY record_id",
    ))
    .bind(run.0.cast_signed())
    .bind(OutcomeKind::Matched.number())
    .execute(conn)
    .await
    .map(drop)
}

pub(crate) async fn drop_staging_table(
    conn: &mut Connection,
    run: RunId,
) -> Result<(), sqlx::Error> {
    let table = Staged::of(run);
    conn.run(&format!("DROP TABLE IF EXISTS {}", table.name()))
        .await
}

/// Deletes a run's outcomes, quarantined values and those versions that no link points to.
pub(crate) async fn forget_details(conn: &mut Connection, run: RunId) -> Result<(), sqlx::Error> {
    let id = run.0.cast_signed();
    for sql in [
        "DELETE FROM outcome WHERE run_id = ?",
        "DELETE FROM quarantine WHERE run_id = ?",
        "DELETE FROM ended_link WHERE run_id = ?",
    ] {
        sql::query(sql).bind(id).execute(&mut *conn).await?;
    }
    sql::query(
        "DELETE FROM version WHERE id BETWEEN ?1 AND ?2
         AND NOT EXISTS (SELECT 1 FROM link l WHERE l.subject_pk = version.subject_pk AND l.version_id = version.id)",
    )
    .bind(first_version(run))
    .bind(first_version(RunId(run.0 + 1)) - 1)
    .execute(conn)
    .await
    .map(drop)
}
