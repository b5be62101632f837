//! Taking in the ids a subscription knows: visitors and accounts, with the metadata their product sends along.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Sqlite, pool::PoolConnection};

use crate::{
    Error, Scope, Store,
    bulk::{Bulk, BulkQuery, begin, commit, rollback},
    erase::erase,
    error::doing,
    mapping::{MappedField, put_field},
    run::under_way,
    state::note_change,
};
use model::{Group, MetadataType, PropertyName};

/// The longest id of a visitor or account, in bytes.
pub const MAX_ID_BYTES: usize = 1024;

/// Subjects written per transaction. Sorted by id, so that a batch walks the id index once; each batch rewrites most of
/// that index, so that few large ones cost less than many small ones.
const BATCH: usize = 100_000;

/// Subjects per statement. Each statement is a round trip to the database's thread.
const ROWS: usize = 1_000;

/// Subjects erased per transaction, each of which goes through all that runs have noted.
const ERASED: i64 = 20_000;

/// A visitor or account as a file gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewSubject {
    /// Its id, at most [`MAX_ID_BYTES`] long and without NUL.
    pub id: String,
    /// A JSON array of account ids; `None` leaves what is there.
    pub accounts: Option<String>,
    /// A JSON object of agent metadata to merge in; null clears a value.
    pub agent: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Ids that were not known before.
    pub created: u64,
    /// Ids that were known: updated where the file says something new.
    pub known: u64,
    /// Ids removed, because they were not in the file and it was said to be complete.
    pub removed: u64,
}

/// An import under way. What is written stays, also when it is not finished.
#[derive(Debug)]
pub struct Importer {
    store: Store,
    conn: PoolConnection<Sqlite>,
    scope: Scope,
    now: i64,
    pending: Vec<NewSubject>,
    written: u64,
    before: i64,
    mirror: bool,
    /// For [`ROWS`] subjects, and for one.
    upsert: [Arc<str>; 2],
    seen: Bulk,
}

impl Store {
    /// Starts an import. With `mirror`, ids that the file does not hold can be removed at its end.
    pub async fn import(
        &self,
        scope: Scope,
        mirror: bool,
        now: Timestamp,
    ) -> Result<Importer, Error> {
        const DOING: &str = "start the import";
        let mut conn = self.working_connection(DOING).await?;
        if mirror {
            for sql in [
                "CREATE TEMP TABLE IF NOT EXISTS import_seen (id TEXT PRIMARY KEY) WITHOUT ROWID",
                "DELETE FROM import_seen",
            ] {
                sqlx::query(sql)
                    .execute(&mut *conn)
                    .await
                    .map_err(doing(DOING))?;
            }
        }
        let before = count(&mut conn, scope).await?;
        Ok(Importer {
            store: self.clone(),
            conn,
            scope,
            now: now.as_millisecond(),
            pending: Vec::with_capacity(BATCH),
            written: 0,
            before,
            mirror,
            upsert: [upsert(ROWS), upsert(1)],
            seen: Bulk::new("INSERT OR IGNORE INTO import_seen (id) VALUES ", 1),
        })
    }

    /// Makes agent fields that an import found, or leaves them if they are there.
    pub async fn add_agent_fields(
        &self,
        scope: Scope,
        fields: &[(String, MetadataType)],
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "store the agent fields";
        let mut tx = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(doing(DOING))?;
        for (name, kind) in fields {
            let field = MappedField {
                property: PropertyName::new(name),
                kind: *kind,
                display_name: name.clone(),
            };
            put_field(&mut tx, scope, Group::Agent, &field, now).await?;
        }
        tx.commit().await.map_err(doing(DOING))
    }
}

/// The statement that takes in `rows` subjects: subscription, level and the time twice, then id, accounts and agent of
/// each.
fn upsert(rows: usize) -> Arc<str> {
    // None is numbered: finding thousands of them by their number takes longer than writing the rows.
    let values = vec!["(?, ?, ?)"; rows].join(", ");
    format!(
        "INSERT INTO subject (subscription_id, level, id, accounts, agent, created_at, updated_at)
         SELECT ?, ?, column1, column2, column3, ?, ? FROM (VALUES {values}) WHERE true
         ON CONFLICT (subscription_id, level, id) DO UPDATE
         SET accounts = coalesce(excluded.accounts, accounts),
             agent = CASE WHEN excluded.agent IS NULL THEN agent
                          ELSE json_patch(coalesce(agent, '{{}}'), excluded.agent) END,
             updated_at = excluded.updated_at
         WHERE (excluded.accounts IS NOT NULL AND excluded.accounts IS NOT accounts)
            OR (excluded.agent IS NOT NULL
                AND json_patch(coalesce(agent, '{{}}'), excluded.agent) IS NOT agent)"
    )
    .into()
}

impl Importer {
    /// Takes one subject. Later lines for the same id add to earlier ones.
    pub async fn push(&mut self, subject: NewSubject) -> Result<(), Error> {
        self.pending.push(subject);
        if self.pending.len() >= BATCH {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        const DOING: &str = "import ids";
        let mut batch = std::mem::replace(&mut self.pending, Vec::with_capacity(BATCH));
        // Stable, so that two lines for one id keep their order.
        batch.sort_by(|one, other| one.id.cmp(&other.id));
        self.written += batch.len() as u64;
        let (subscription, level, now) =
            (self.scope.subscription.0, self.scope.level_code(), self.now);
        let seen: Vec<String> = if self.mirror {
            batch.iter().map(|one| one.id.clone()).collect()
        } else {
            Vec::new()
        };
        begin(&mut self.conn, DOING).await?;
        let mut batch = batch.into_iter();
        while batch.len() > 0 {
            let [many, one] = &self.upsert;
            let (sql, rows) = if batch.len() < ROWS {
                (one, 1)
            } else {
                (many, ROWS)
            };
            let query = sqlx::query(AssertSqlSafe(Arc::clone(sql)))
                .bind(subscription)
                .bind(level)
                .bind(now)
                .bind(now);
            batch
                .by_ref()
                .take(rows)
                .fold(query, |query, one| {
                    query.bind(one.id).bind(one.accounts).bind(one.agent)
                })
                .execute(&mut *self.conn)
                .await
                .map_err(doing(DOING))?;
        }
        self.seen
            .insert(&mut self.conn, seen, BulkQuery::bind)
            .await
            .map_err(doing(DOING))?;
        commit(&mut self.conn, DOING).await
    }

    /// Writes what is pending and says what the import did so far.
    pub async fn finish(&mut self) -> Result<Imported, Error> {
        self.flush().await?;
        note_change(&mut self.conn, self.scope, self.now)
            .await
            .map_err(doing("note the import"))?;
        self.store.refresh_pins(self.scope, self.now).await?;
        let created = count(&mut self.conn, self.scope).await? - self.before;
        Ok(Imported {
            created: created.cast_unsigned(),
            known: self.written - created.cast_unsigned(),
            removed: 0,
        })
    }

    /// How many known ids were not in the file. Only for an import that mirrors, after [`Importer::finish`].
    pub async fn count_unseen(&mut self) -> Result<u64, Error> {
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ? AND id NOT IN (SELECT id FROM import_seen)",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut *self.conn)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the ids that were not in the file"))
    }

    /// Erases the known ids that were not in the file, and says how many there were.
    ///
    /// # Errors
    /// [`Error::Busy`] while the level is synced.
    pub async fn remove_unseen(&mut self) -> Result<u64, Error> {
        const DOING: &str = "remove ids that were not in the file";
        let mut removed = 0;
        loop {
            let gone: Vec<(i64, String)> = sqlx::query_as(
                "SELECT pk, id FROM subject
                 WHERE subscription_id = ? AND level = ? AND id NOT IN (SELECT id FROM import_seen) LIMIT ?",
            )
            .bind(self.scope.subscription.0)
            .bind(self.scope.level_code())
            .bind(ERASED)
            .fetch_all(&mut *self.conn)
            .await
            .map_err(doing(DOING))?;
            if gone.is_empty() {
                note_change(&mut self.conn, self.scope, self.now)
                    .await
                    .map_err(doing(DOING))?;
                return Ok(removed);
            }
            begin(&mut self.conn, DOING).await?;
            if let Some(run) = under_way(&mut self.conn, &self.store.process, self.scope)
                .await
                .map_err(doing(DOING))?
            {
                rollback(&mut self.conn, DOING).await?;
                return Err(Error::Busy {
                    level: self.scope.level,
                    run,
                });
            }
            erase(&mut self.conn, self.scope, &gone)
                .await
                .map_err(doing(DOING))?;
            commit(&mut self.conn, DOING).await?;
            removed += gone.len() as u64;
        }
    }
}

async fn count(conn: &mut PoolConnection<Sqlite>, scope: Scope) -> Result<i64, Error> {
    sqlx::query_scalar("SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&mut **conn)
        .await
        .map_err(doing("count the known ids"))
}
