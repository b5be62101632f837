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
    lists::Numbers,
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

/// Records that are as the level's last run found them: all it can be relied on for in a range, with exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged {
    /// The first one.
    pub first: RecordId,
    /// The last one.
    pub last: RecordId,
    /// Remembered records in between that are not unchanged.
    pub except: Vec<RecordId>,
    /// How many there are, without the exceptions.
    pub records: usize,
}

/// The rows of a memory that say what a record fed.
const RELIABLE: &str = "kind = 0 AND wire IS NOT NULL";

/// Columns as lists of numbers. Null when there are no rows.
type Lists = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

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

    /// What is remembered of the records from `first` to `last`, in their order, up to `limit` records. Empty without a
    /// memory.
    ///
    /// A page's records stand together in the memory, so that reading a range finds them without looking up each.
    pub async fn remembered(
        &mut self,
        (first, last): (RecordId, RecordId),
        limit: usize,
    ) -> Result<Vec<(RecordId, Remembered)>, Error> {
        if !self.remembers {
            return Ok(Vec::new());
        }
        let table = memory_table(self.scope);
        let sql = AssertSqlSafe(format!(
            "SELECT group_concat(record_id, ' '), group_concat(wire, ' '), group_concat(subject_pk, ' '),
                    group_concat(fingerprint, ' '), group_concat(hex(presence), ' ')
             FROM (SELECT record_id, wire, subject_pk, fingerprint, presence FROM {table}
                   WHERE record_id BETWEEN ? AND ? AND {RELIABLE} ORDER BY record_id LIMIT ?)"
        ));
        let lists: Lists = sqlx::query_as(sql)
            .bind(first.0.cast_signed())
            .bind(last.0.cast_signed())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(&mut *self.conn)
            .await
            .map_err(doing("remember records"))?;
        let (Some(records), Some(wires), Some(subjects), Some(fingerprints), Some(presences)) =
            lists
        else {
            return Ok(Vec::new());
        };
        remember([&*records, &*wires, &*subjects, &*fingerprints], &presences)
            .ok_or_else(|| corrupt("the level's memory")("a row has another form"))
    }

    /// Stages records as the last run found them: each feeds the same subject, with the same values.
    pub(crate) async fn stage_unchanged(
        &mut self,
        unchanged: &Unchanged,
    ) -> Result<(), sqlx::Error> {
        let memory = memory_table(self.scope);
        let sql = format!(
            "INSERT INTO {{staged}} (record_id, kind, subject_pk, modified_at, fingerprint, presence, wire, written, cleared, relink)
             SELECT record_id, kind, subject_pk, modified_at, fingerprint, presence, wire, 0, 0, 0
             FROM {memory} WHERE record_id BETWEEN ? AND ? AND {RELIABLE}
             AND record_id NOT IN (SELECT value FROM json_each(?))"
        );
        sqlx::query(self.sql(&sql))
            .bind(unchanged.first.0.cast_signed())
            .bind(unchanged.last.0.cast_signed())
            .bind(id_array(&unchanged.except))
            .execute(&mut *self.conn)
            .await
            .map(drop)
    }
}

/// Puts columns together: records, wires, subjects and fingerprints as lists of numbers, presences in hexadecimal. `None` if
/// they do not fit each other.
fn remember(numbers: [&str; 4], presences: &str) -> Option<Vec<(RecordId, Remembered)>> {
    let [mut records, mut wires, mut subjects, mut fingerprints] = numbers.map(Numbers::new);
    let mut presences = presences.as_bytes().split(|byte| *byte == b' ');
    let mut remembered = Vec::new();
    for record in records.by_ref() {
        let row = Remembered {
            wire: wires.next()?,
            subject: subjects.next()?,
            fingerprint: fingerprints.next()?.cast_unsigned(),
            presence: bytes_of(presences.next()?)?,
        };
        remembered.push((RecordId(record.cast_unsigned()), row));
    }
    records.is_done().then_some(remembered)
}

fn bytes_of(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok();
    let (pairs, rest) = hex.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
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
