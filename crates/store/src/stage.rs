//! The write side of a run, up to but without its application.
//!
//! A run stages what it finds while it reads: what becomes of each record in a table of the run's own, a new version per
//! changed subject, a row per quarantined value. Nothing of that is seen by anyone until [`Session::apply`] points the links
//! to the new versions in one transaction. The run's table goes when the run ends; only records that fed nobody are kept, in
//! `outcome`. A table of its own is appended to in record order and dropped whole, which costs a fraction of writing rows
//! to a shared one and deleting them again.

use std::sync::Arc;

use model::{PropertyName, RecordId, RunId};
use sqlx::{
    AssertSqlSafe, Sqlite, SqliteConnection, pool::PoolConnection, query::Query,
    sqlite::SqliteArguments,
};

use crate::{
    Error, OutcomeKind, Scope, Store,
    apply::{Withdrawn, withdrawn},
    error::doing,
    matching::id_array,
};

/// The working connection of one run.
#[derive(Debug)]
pub struct Session {
    pub(crate) conn: PoolConnection<Sqlite>,
    pub(crate) scope: Scope,
    pub(crate) run: RunId,
    /// What the level's last run found can be relied on.
    pub(crate) remembers: bool,
    /// Its table, as `{staged}` in statements.
    table: String,
    next_version: i64,
    staged: Bulk,
    versions: Bulk,
    quarantines: Bulk,
}

/// A record with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedRecord {
    /// The record.
    pub record: RecordId,
    /// When HubSpot last changed it, in epoch milliseconds; decides between duplicates.
    pub modified_at: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What is staged in one step.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records with what became of them.
    pub records: Vec<StagedRecord>,
    /// Records that are as the level's last run found them; see [`Session::remembered`].
    pub remembered: Vec<RecordId>,
    /// Values that were kept out.
    pub quarantined: Vec<QuarantinedValue>,
}

impl Batch {
    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.records.len() + self.remembered.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of a record, with what the store must remember of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is a candidate to feed a subject; the only one unless the key is contested.
    Matched(Box<Candidate>),
    /// It matched nothing.
    Missed {
        /// Why.
        reason: crate::Miss,
        /// The key as it came.
        key: Option<String>,
        /// The known id it nearly equals.
        near: Option<String>,
    },
    /// Archived or gone.
    Excluded,
    /// Not usable.
    Failed,
}

/// What a matched record would make of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whom it matched.
    pub subject: i64,
    /// Fingerprint of the selected values the subject shall hold.
    pub fingerprint: u64,
    /// A bit per selected field, in name order: has it a value.
    pub presence: Vec<u8>,
    /// The new state, if it differs from the present one.
    pub change: Option<Change>,
    /// Whether the link must be written although the values may be the same.
    pub relink: bool,
    /// Hash of what HubSpot sent; `None` when the next run must look at the record even if it is sent again.
    pub wire: Option<i64>,
}

/// A change of a subject's hubspot metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// All hubspot metadata after the change.
    pub payload: String,
    /// The version before, if there was one.
    pub previous: Option<i64>,
    /// Values that are new or different.
    pub written: u32,
    /// Values that went.
    pub cleared: u32,
}

/// A value that was kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedValue {
    /// Of which record.
    pub record: RecordId,
    /// Of which property.
    pub property: PropertyName,
    /// Code of the reason.
    pub reason: &'static str,
    /// The wire text, shortened by the caller.
    pub value: String,
}

/// The name of a run's own table.
pub(crate) fn staging_table(run: RunId) -> String {
    format!("staged_{run}")
}

/// The id of a run's first version; see the schema.
pub(crate) fn first_version(run: RunId) -> i64 {
    run.0.cast_signed() << 32
}

impl Session {
    pub(crate) async fn begin(store: &Store, scope: Scope, run: RunId) -> Result<Self, Error> {
        let mut conn = store
            .working_connection("take a connection for the run")
            .await?;
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
        .execute(&mut *conn)
        .await
        .map_err(doing("make the run's table"))?;
        let mut session = Self {
            conn,
            scope,
            run,
            remembers: false,
            next_version: first_version(run),
            staged: Bulk::new(
                &format!(
                    "INSERT INTO {table} (record_id, kind, subject_pk, modified_at, fingerprint, presence, version_id, \
                     written, cleared, relink, key_text, near_id, wire) VALUES "
                ),
                13,
            ),
            table,
            versions: Bulk::new(
                "INSERT INTO version (id, subject_pk, record_id, previous_id, payload) VALUES ",
                5,
            ),
            quarantines: Bulk::new(
                "INSERT OR REPLACE INTO quarantine (run_id, record_id, property, reason, value) VALUES ",
                5,
            ),
        };
        session.recall().await?;
        Ok(session)
    }

    /// Ends the connection, undoing whatever statement or transaction was under way.
    pub async fn close(self) -> Result<(), Error> {
        self.conn
            .close()
            .await
            .map_err(doing("close the run's connection"))
    }

    /// A statement about this run's table, which it calls `{staged}`.
    pub(crate) fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace("{staged}", &self.table))
    }

    /// The run this session writes for.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Stages records that were not staged before, with their quarantined values, in one durable step.
    ///
    /// A dry run stages outcomes without new versions.
    pub async fn stage(&mut self, batch: Batch, dry_run: bool) -> Result<(), Error> {
        const DOING: &str = "stage records";
        let run = self.run.0.cast_signed();
        let Batch {
            records,
            remembered,
            quarantined,
        } = batch;
        let mut outcomes = Vec::with_capacity(records.len());
        let mut versions = Vec::new();
        for record in records {
            let (outcome, version) = self.rows_of(record);
            outcomes.push(outcome);
            versions.extend(version.filter(|_| !dry_run));
        }
        begin(&mut self.conn, DOING).await?;
        self.versions
            .insert(&mut self.conn, versions, |query, row| {
                query
                    .bind(row.id)
                    .bind(row.subject)
                    .bind(row.record)
                    .bind(row.previous)
                    .bind(row.payload)
            })
            .await
            .map_err(doing(DOING))?;
        self.staged
            .insert(&mut self.conn, outcomes, |query, row| {
                query
                    .bind(row.record)
                    .bind(row.kind)
                    .bind(row.subject)
                    .bind(row.modified_at)
                    .bind(row.fingerprint)
                    .bind(row.presence)
                    .bind(row.version)
                    .bind(row.written)
                    .bind(row.cleared)
                    .bind(row.relink)
                    .bind(row.key)
                    .bind(row.near)
                    .bind(row.wire)
            })
            .await
            .map_err(doing(DOING))?;
        self.stage_remembered(&remembered)
            .await
            .map_err(doing(DOING))?;
        self.quarantines
            .insert(&mut self.conn, quarantined, |query, value| {
                query
                    .bind(run)
                    .bind(value.record.0.cast_signed())
                    .bind(value.property.as_str().to_owned())
                    .bind(value.reason)
                    .bind(value.value)
            })
            .await
            .map_err(doing(DOING))?;
        commit(&mut self.conn, DOING).await
    }

    /// The row of a record, and of the version it makes.
    fn rows_of(&mut self, record: StagedRecord) -> (OutcomeRow, Option<VersionRow>) {
        let StagedRecord {
            record,
            modified_at,
            fate,
        } = record;
        let record = record.0.cast_signed();
        let mut row = OutcomeRow {
            record,
            modified_at,
            ..OutcomeRow::default()
        };
        let mut version = None;
        match fate {
            Fate::Matched(candidate) => {
                row.kind = OutcomeKind::Matched.number();
                row.subject = Some(candidate.subject);
                row.fingerprint = Some(candidate.fingerprint.cast_signed());
                row.presence = Some(candidate.presence);
                row.wire = candidate.wire;
                row.relink = candidate.relink || candidate.change.is_some();
                if let Some(change) = candidate.change {
                    let id = self.next_version;
                    self.next_version += 1;
                    row.version = Some(id);
                    row.written = change.written.into();
                    row.cleared = change.cleared.into();
                    version = Some(VersionRow {
                        id,
                        subject: candidate.subject,
                        record,
                        previous: change.previous,
                        payload: change.payload,
                    });
                }
            }
            Fate::Missed { reason, key, near } => {
                row.kind = OutcomeKind::Missed(reason).number();
                row.key = key;
                row.near = near;
            }
            Fate::Excluded => row.kind = OutcomeKind::Excluded.number(),
            Fate::Failed => row.kind = OutcomeKind::Failed.number(),
        }
        (row, version)
    }

    /// Turns staged records into excluded ones: they were delivered, but are gone. Returns those that were matched.
    pub async fn exclude(&mut self, records: &[RecordId]) -> Result<Vec<Withdrawn>, Error> {
        const DOING: &str = "exclude records";
        let ids = id_array(records);
        begin(&mut self.conn, DOING).await?;
        let matched: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(self.sql(
            "SELECT record_id, fingerprint, presence FROM {staged}
                 WHERE kind = ? AND record_id IN (SELECT value FROM json_each(?))",
        ))
        .bind(OutcomeKind::Matched.number())
        .bind(&ids)
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing(DOING))?;
        sqlx::query(
            self.sql(
                "UPDATE {staged} SET kind = ?, relink = 0, version_id = NULL, written = 0, cleared = 0, subject_pk = NULL
                 WHERE record_id IN (SELECT value FROM json_each(?))",
            ),
        )
        .bind(OutcomeKind::Excluded.number())
        .bind(&ids)
        .execute(&mut *self.conn)
        .await
        .map_err(doing(DOING))?;
        commit(&mut self.conn, DOING).await?;
        Ok(matched.into_iter().map(withdrawn).collect())
    }

    /// Forgets everything this run has staged, to start reading anew.
    pub async fn unstage(&mut self) -> Result<(), Error> {
        const DOING: &str = "clear what was staged";
        begin(&mut self.conn, DOING).await?;
        sqlx::query(self.sql("DELETE FROM {staged}"))
            .execute(&mut *self.conn)
            .await
            .map_err(doing(DOING))?;
        forget_details(&mut self.conn, self.run)
            .await
            .map_err(doing(DOING))?;
        self.next_version = first_version(self.run);
        commit(&mut self.conn, DOING).await
    }
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
async fn forget_details(conn: &mut SqliteConnection, run: RunId) -> Result<(), sqlx::Error> {
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

pub(crate) async fn begin(conn: &mut SqliteConnection, intent: &'static str) -> Result<(), Error> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}

pub(crate) async fn rollback(
    conn: &mut SqliteConnection,
    intent: &'static str,
) -> Result<(), Error> {
    sqlx::query("ROLLBACK")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}

pub(crate) async fn commit(conn: &mut SqliteConnection, intent: &'static str) -> Result<(), Error> {
    sqlx::query("COMMIT")
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(intent))
}

#[derive(Default)]
struct OutcomeRow {
    record: i64,
    kind: i64,
    subject: Option<i64>,
    modified_at: i64,
    fingerprint: Option<i64>,
    presence: Option<Vec<u8>>,
    version: Option<i64>,
    written: i64,
    cleared: i64,
    relink: bool,
    key: Option<String>,
    near: Option<String>,
    wire: Option<i64>,
}

struct VersionRow {
    id: i64,
    subject: i64,
    record: i64,
    previous: Option<i64>,
    payload: String,
}

/// A prepared insertion of many rows by few statements: rows go in by the hundred, the rest one by one.
#[derive(Debug)]
pub(crate) struct Bulk {
    many: Arc<str>,
    one: Arc<str>,
}

/// Rows per statement. More gains nothing measurable.
const ROWS: usize = 100;

pub(crate) type BulkQuery = Query<'static, Sqlite, SqliteArguments>;

impl Bulk {
    /// `head` is the statement up to and with `VALUES `.
    pub(crate) fn new(head: &str, columns: usize) -> Self {
        Self::with_tail(head, columns, "")
    }

    /// As [`Bulk::new`], with what follows the rows.
    pub(crate) fn with_tail(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let many = format!("{head}{}{tail}", vec![row.as_str(); ROWS].join(","));
        Self {
            many: many.into(),
            one: format!("{head}{row}{tail}").into(),
        }
    }

    /// Inserts `rows`; `bind` binds the columns of one.
    pub(crate) async fn insert<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: Vec<T>,
        bind: impl Fn(BulkQuery, T) -> BulkQuery,
    ) -> Result<(), sqlx::Error> {
        let whole = rows.len() / ROWS * ROWS;
        let mut rows = rows.into_iter();
        for _ in 0..whole / ROWS {
            let query = sqlx::query(AssertSqlSafe(Arc::clone(&self.many)));
            rows.by_ref()
                .take(ROWS)
                .fold(query, &bind)
                .execute(&mut *conn)
                .await?;
        }
        for row in rows {
            bind(sqlx::query(AssertSqlSafe(Arc::clone(&self.one))), row)
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }
}
