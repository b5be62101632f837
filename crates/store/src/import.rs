//! Taking in the ids a subscription knows: visitors and accounts, with the metadata their product sends along.

mod batch;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use self::batch::Writer;
use crate::{
    Error, Scope, Store,
    erase::erase,
    error::doing,
    mapping::{MappedField, put_field},
    run::under_way,
    sql::{self, Bulk, Connection, Lock},
    state::note_change,
};
use model::{Group, MetadataType, PropertyName};

/// The longest id of a visitor or account, in bytes.
pub const MAX_ID_BYTES: usize = 1024;

/// Subjects written per transaction. Sorted by id, so that a batch walks the id index once; each batch rewrites most of
/// that index, so that few large ones cost less than many small ones.
const BATCH: usize = 100_000;

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
    conn: Connection,
    scope: Scope,
    now: i64,
    pending: Vec<NewSubject>,
    written: u64,
    before: i64,
    mirror: bool,
    writer: Writer,
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
            let make = conn.dialect().either(
                "CREATE TEMP TABLE import_seen (id TEXT PRIMARY KEY) WITHOUT ROWID",
                "CREATE TEMP TABLE import_seen (id TEXT COLLATE \"C\" PRIMARY KEY)",
            );
            conn.run(make).await.map_err(doing(DOING))?;
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
            writer: Writer::new(scope, now.as_millisecond()),
            seen: Bulk::of_missing("import_seen", &["id"]),
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
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        for (name, kind) in fields {
            let field = MappedField {
                property: PropertyName::new(name),
                kind: *kind,
                display_name: name.clone(),
            };
            put_field(&mut tx, scope, Group::Agent, &field, now).await?;
        }
        tx.commit().await
    }
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
        let seen: Vec<String> = if self.mirror {
            batch.iter().map(|one| one.id.clone()).collect()
        } else {
            Vec::new()
        };
        let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
        self.writer.write(&mut tx, batch).await?;
        self.seen
            .insert(&mut tx, seen, |columns, id| {
                columns.put(id);
            })
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// Writes what is pending and says what the import did so far.
    pub async fn finish(&mut self) -> Result<Imported, Error> {
        self.flush().await?;
        self.note().await?;
        let told = self.conn.analyze("subject", self.written).await;
        told.map_err(doing("look at the ids"))?;
        self.store.refresh_pins(self.scope, self.now).await?;
        let created = count(&mut self.conn, self.scope).await? - self.before;
        // Somebody else may have added ids meanwhile, or erased some.
        let created = u64::try_from(created).unwrap_or(0).min(self.written);
        Ok(Imported {
            created,
            known: self.written - created,
            removed: 0,
        })
    }

    async fn note(&mut self) -> Result<(), Error> {
        const DOING: &str = "note the import";
        let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
        note_change(&mut tx, self.scope, self.now)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// How many known ids were not in the file. Only for an import that mirrors, after [`Importer::finish`].
    pub async fn count_unseen(&mut self) -> Result<u64, Error> {
        sql::query_scalar::<i64>(AssertSqlSafe(format!(
            "SELECT count(*) FROM subject s WHERE {UNSEEN}"
        )))
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut self.conn)
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
            let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
            if let Some(run) = under_way(&mut tx, &self.store.process, self.scope, self.now)
                .await
                .map_err(doing(DOING))?
            {
                tx.rollback().await?;
                return Err(Error::Busy {
                    level: self.scope.level,
                    run,
                });
            }
            let sql = format!("SELECT s.pk, s.id FROM subject s WHERE {UNSEEN} LIMIT ?");
            let gone: Vec<(i64, String)> = sql::query_as(AssertSqlSafe(sql))
                .bind(self.scope.subscription.0)
                .bind(self.scope.level_code())
                .bind(ERASED)
                .fetch_all(&mut tx)
                .await
                .map_err(doing(DOING))?;
            if gone.is_empty() {
                note_change(&mut tx, self.scope, self.now)
                    .await
                    .map_err(doing(DOING))?;
                tx.commit().await?;
                return Ok(removed);
            }
            erase(&mut tx, self.scope, &gone)
                .await
                .map_err(doing(DOING))?;
            tx.commit().await?;
            removed += gone.len() as u64;
        }
    }
}

/// A subject of a level that was not in the file.
const UNSEEN: &str = "s.subscription_id = ? AND s.level = ?
    AND NOT EXISTS (SELECT 1 FROM import_seen i WHERE i.id = s.id)";

async fn count(conn: &mut Connection, scope: Scope) -> Result<i64, Error> {
    sql::query_scalar("SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(conn)
        .await
        .map_err(doing("count the known ids"))
}
