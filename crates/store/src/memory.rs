//! What the last run of a level found, record by record, so that the next one can pass over what has not changed.
//!
//! When an applied run ends, its staging table becomes the level's memory. It stands in record order, as records arrive, so
//! asking it about a page reads neighbours; asking the id index and the links instead reads a million scattered rows. The
//! memory only ever saves work: what it says is used when HubSpot sent, to the byte, what it sent then, and the proof reads
//! every subject back all the same.

use model::{RecordId, RunId};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::{
    Error, Scope, Session,
    error::{corrupt, doing},
    matching::id_array,
    outcome::MATCHED,
    staging::{claims_index, staging_table},
};

/// A record that fed a subject when the level last ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Hash of what HubSpot sent for it, and of what it was translated with.
    pub wire: i64,
    /// The subject it fed.
    pub subject: i64,
    /// See [`crate::stage::Candidate::fingerprint`].
    pub fingerprint: u64,
    /// See [`crate::stage::Candidate::presence`].
    pub presence: Vec<u8>,
}

pub(crate) fn memory_table(scope: Scope) -> String {
    format!("memory_{}_{}", scope.subscription.0, scope.level_code())
}

impl Session {
    /// Decides whether the level's memory can be used: it is there, and as many links live as it has matches.
    pub(crate) async fn recall(&mut self) -> Result<(), Error> {
        const DOING: &str = "look at the level's memory";
        let table = memory_table(self.scope);
        if table_exists(&mut self.conn, &table)
            .await
            .map_err(doing(DOING))?
        {
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE kind = ?"));
            let matches: i64 = sqlx::query_scalar(sql)
                .bind(MATCHED)
                .fetch_one(&mut *self.conn)
                .await
                .map_err(doing(DOING))?;
            self.remembers = self.count_live_links().await? == matches.cast_unsigned();
        }
        Ok(())
    }

    /// What is remembered of these records. Empty without a memory.
    pub async fn remembered(
        &mut self,
        records: &[RecordId],
    ) -> Result<Vec<(RecordId, Remembered)>, Error> {
        if !self.remembers {
            return Ok(Vec::new());
        }
        let table = memory_table(self.scope);
        let sql = AssertSqlSafe(format!(
            "SELECT group_concat(m.record_id, ' '), group_concat(wire, ' '), group_concat(subject_pk, ' '),
                    group_concat(fingerprint, ' '), group_concat(hex(presence), ' ')
             FROM json_each(?) k CROSS JOIN {table} m ON m.record_id = k.value
             WHERE kind = ? AND wire IS NOT NULL"
        ));
        let lists: Option<[String; 5]> = sqlx::query_as::<
            _,
            (
                Option<String>,
                Option<String>,
                Option<String>,
                Option<String>,
                Option<String>,
            ),
        >(sql)
        .bind(id_array(records))
        .bind(MATCHED)
        .fetch_one(&mut *self.conn)
        .await
        .map(|(record, wire, subject, fingerprint, presence)| {
            Some([record?, wire?, subject?, fingerprint?, presence?])
        })
        .map_err(doing("remember records"))?;
        let Some(lists) = lists else {
            return Ok(Vec::new());
        };
        let mut lists = lists.each_ref().map(|list| list.split(' '));
        let mut remembered = Vec::new();
        while let Some(record) = lists[0].next() {
            let row = remember(record, &mut lists)
                .ok_or_else(|| corrupt("the level's memory")("a row has another form"))?;
            remembered.push(row);
        }
        Ok(remembered)
    }

    /// Stages records as the last run found them: each feeds the same subject, with the same values.
    pub(crate) async fn stage_remembered(
        &mut self,
        records: &[RecordId],
    ) -> Result<(), sqlx::Error> {
        if records.is_empty() {
            return Ok(());
        }
        let memory = memory_table(self.scope);
        let sql = format!(
            "INSERT INTO {{staged}} (record_id, kind, subject_pk, modified_at, fingerprint, presence, wire, written, cleared, relink)
             SELECT m.record_id, m.kind, m.subject_pk, m.modified_at, m.fingerprint, m.presence, m.wire, 0, 0, 0
             FROM json_each(?) k CROSS JOIN {memory} m ON m.record_id = k.value"
        );
        sqlx::query(self.sql(&sql))
            .bind(id_array(records))
            .execute(&mut *self.conn)
            .await
            .map(drop)
    }
}

fn remember<'a>(
    record: &str,
    lists: &mut [impl Iterator<Item = &'a str>; 5],
) -> Option<(RecordId, Remembered)> {
    let remembered = Remembered {
        wire: lists[1].next()?.parse().ok()?,
        subject: lists[2].next()?.parse().ok()?,
        fingerprint: lists[3].next()?.parse::<i64>().ok()?.cast_unsigned(),
        presence: bytes_of(lists[4].next()?)?,
    };
    Some((record.parse().ok()?, remembered))
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect()
}

/// Makes an applied run's staging table the level's memory.
pub(crate) async fn memorise(
    conn: &mut SqliteConnection,
    scope: Scope,
    run: RunId,
) -> Result<(), sqlx::Error> {
    forget_memory(conn, scope).await?;
    let (staged, memory) = (staging_table(run), memory_table(scope));
    let index = claims_index(run);
    sqlx::query(AssertSqlSafe(format!("DROP INDEX IF EXISTS {index}")))
        .execute(&mut *conn)
        .await?;
    sqlx::query(AssertSqlSafe(format!(
        "ALTER TABLE {staged} RENAME TO {memory}"
    )))
    .execute(conn)
    .await
    .map(drop)
}

/// Drops the level's memory: it no longer tells how the links stand.
pub(crate) async fn forget_memory(
    conn: &mut SqliteConnection,
    scope: Scope,
) -> Result<(), sqlx::Error> {
    let memory = memory_table(scope);
    sqlx::query(AssertSqlSafe(format!("DROP TABLE IF EXISTS {memory}")))
        .execute(conn)
        .await
        .map(drop)
}

/// Takes subjects that are being erased out of the level's memory. Numbers and ids come as JSON arrays.
pub(crate) async fn forget_in_memory(
    conn: &mut SqliteConnection,
    scope: Scope,
    pks: &str,
    ids: &str,
) -> Result<(), sqlx::Error> {
    let memory = memory_table(scope);
    if !table_exists(conn, &memory).await? {
        return Ok(());
    }
    sqlx::query(AssertSqlSafe(format!(
        "DELETE FROM {memory} WHERE subject_pk IN (SELECT value FROM json_each(?1))
         OR near_id IN (SELECT value FROM json_each(?2)) OR key_text IN (SELECT value FROM json_each(?2))"
    )))
    .bind(pks)
    .bind(ids)
    .execute(conn)
    .await
    .map(drop)
}

async fn table_exists(conn: &mut SqliteConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)")
        .bind(name)
        .fetch_one(conn)
        .await
}
