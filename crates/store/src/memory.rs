//! What the last run of a level found, record by record, so that the next one can pass over what has not changed.
//!
//! When an applied run ends, its staging table becomes the level's memory. It stands in record order, as records arrive, so
//! asking it about a page reads neighbours; asking the id index and the links instead reads a million scattered rows. The
//! memory only ever saves work: what it says is used when HubSpot sent, to the byte, what it sent then, and the proof reads
//! every subject back all the same.

use model::{RecordId, RunId};
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Session,
    error::{corrupt, doing},
    lists::Numbers,
    matching::{ids, texts},
    outcome::MATCHED,
    sql::{self, Connection, Dialect},
    staging::{Staged, claims_index},
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

/// What the names of memories begin with.
const PREFIX: &str = "memory_";

pub(crate) fn memory_table(scope: Scope) -> String {
    format!("{PREFIX}{}_{}", scope.subscription.0, scope.level_code())
}

/// Whether a table is some level's memory.
pub(crate) fn is_memory(table: &str) -> bool {
    let scope = table
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('_'));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    scope.is_some_and(|(subscription, level)| number(subscription) && number(level))
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
            let matches: i64 = sql::query_scalar(sql)
                .bind(MATCHED)
                .fetch_one(&mut self.conn)
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
        let dialect = self.conn.dialect();
        let numbers = ["record_id", "wire", "subject_pk", "fingerprint"]
            .map(|column| dialect.numbers(column))
            .join(", ");
        let presences = dialect.either(
            "group_concat(hex(presence), ' ')",
            "string_agg(encode(presence, 'hex'), ' ')",
        );
        let sql = AssertSqlSafe(format!(
            "SELECT {numbers}, {presences}
             FROM (SELECT record_id, wire, subject_pk, fingerprint, presence FROM {table}
                   WHERE record_id BETWEEN ? AND ? AND {RELIABLE} ORDER BY record_id LIMIT ?) one"
        ));
        let lists: Lists = sql::query_as(sql)
            .bind(first.0.cast_signed())
            .bind(last.0.cast_signed())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(&mut self.conn)
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
}

/// Stages records as the last run found them: each feeds the same subject, with the same values.
pub(crate) async fn stage_unchanged(
    conn: &mut Connection,
    scope: Scope,
    staged: &Staged,
    unchanged: &Unchanged,
) -> Result<(), sqlx::Error> {
    let memory = memory_table(scope);
    sql::query(staged.sql(&format!(
        "INSERT INTO {{staged}} (record_id, kind, subject_pk, modified_at, fingerprint, presence, wire, written, cleared, relink)
         SELECT record_id, kind, subject_pk, modified_at, fingerprint, presence, wire, 0, 0, false
         FROM {memory} WHERE record_id BETWEEN ? AND ? AND {RELIABLE}
         AND record_id NOT IN (SELECT value FROM json_each(?))"
    )))
    .bind(unchanged.first.0.cast_signed())
    .bind(unchanged.last.0.cast_signed())
    .bind(ids(&unchanged.except))
    .execute(conn)
    .await
    .map(drop)
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
    conn: &mut Connection,
    scope: Scope,
    run: RunId,
) -> Result<(), sqlx::Error> {
    forget_memory(conn, scope).await?;
    let (staged, memory) = (Staged::of(run), memory_table(scope));
    let index = claims_index(run);
    conn.run(&format!("DROP INDEX IF EXISTS {index}")).await?;
    let rename = format!("ALTER TABLE {} RENAME TO {memory}", staged.name());
    conn.run(&rename).await
}

/// Drops the level's memory: it no longer tells how the links stand.
pub(crate) async fn forget_memory(conn: &mut Connection, scope: Scope) -> Result<(), sqlx::Error> {
    let memory = memory_table(scope);
    conn.run(&format!("DROP TABLE IF EXISTS {memory}")).await
}

/// Takes subjects that are being erased out of the level's memory.
pub(crate) async fn forget_in_memory(
    conn: &mut Connection,
    scope: Scope,
    pks: &[i64],
    ids: &[&str],
) -> Result<(), sqlx::Error> {
    let memory = memory_table(scope);
    if !table_exists(conn, &memory).await? {
        return Ok(());
    }
    sql::query(AssertSqlSafe(format!(
        "DELETE FROM {memory} WHERE subject_pk IN (SELECT value FROM json_each(?1))
         OR near_id IN (SELECT value FROM json_each(?2)) OR key_text IN (SELECT value FROM json_each(?2))"
    )))
    .bind(pks)
    .bind(texts(ids))
    .execute(conn)
    .await
    .map(drop)
}

/// Whether there is a table of a run or a level.
pub(crate) async fn table_exists(conn: &mut Connection, name: &str) -> Result<bool, sqlx::Error> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)",
        Dialect::Postgres => "SELECT to_regclass(?) IS NOT NULL",
    };
    sql::query_scalar(sql).bind(name).fetch_one(conn).await
}
