//! Taking in the ids a subscription knows: visitors and accounts, with the metadata their product sends along.

mod batch;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use self::batch::Writer;
use crate::{
    Error, Scope, Store,
    erase::{erase, refuse_while_synced},
    error::doing,
    job::{Claim, Ticket},
    mapping::{MappedField, put_field},
    sql::{self, Bulk, Connection, Lock},
    state::note_change,
    upload::{UploadId, note_fields},
};
use model::{Group, MetadataType, PropertyName};

/// The longest id of a visitor or account, in bytes.
pub const MAX_ID_BYTES: usize = 1024;

/// Subjects written per transaction. Sorted by id, so that a batch walks the id index once; each batch rewrites most of
/// that index, so that few large ones cost less than many small ones.
const BATCH: usize = 100_000;

/// Subjects erased per transaction, each of which goes through all that runs have noted.
pub(crate) const ERASED: i64 = 20_000;

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
    now: Timestamp,
    pending: Vec<NewSubject>,
    written: u64,
    created: u64,
    mirror: bool,
    writer: Writer,
    seen: Bulk,
    /// The job that it does, and the file that it loads.
    job: Option<(Ticket, UploadId)>,
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
        Ok(Importer {
            store: self.clone(),
            conn,
            scope,
            now,
            pending: Vec::with_capacity(BATCH),
            written: 0,
            created: 0,
            mirror,
            writer: Writer::new(scope, now.as_millisecond()),
            seen: Bulk::of_missing("import_seen", &["id"]),
            job: None,
        })
    }
}

impl Importer {
    /// Loads a file for a job: what is created is noted with the file, so that whoever does the job a second time knows what
    /// was new at first. It fails with [`Error::JobLost`] once another process has the job.
    #[must_use]
    pub fn for_job(mut self, claim: &Claim, upload: UploadId) -> Self {
        self.job = Some((claim.ticket, upload));
        self
    }

    /// The level it is for.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Where it writes.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Makes agent fields that the import found, or leaves them if they are there.
    pub async fn add_agent_fields(
        &mut self,
        fields: &[(String, MetadataType)],
    ) -> Result<(), Error> {
        const DOING: &str = "store the agent fields";
        let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
        if let Some((ticket, upload)) = self.job {
            ticket.show(&mut tx, DOING).await?;
            note_fields(&mut tx, upload, fields).await?;
        }
        for (name, kind) in fields {
            let field = MappedField {
                property: PropertyName::new(name),
                kind: *kind,
                display_name: name.clone(),
            };
            put_field(&mut tx, self.scope, Group::Agent, &field, self.now).await?;
        }
        tx.commit().await
    }

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
        if let Some((ticket, _)) = self.job {
            ticket.show(&mut tx, DOING).await?;
        }
        let newest = newest(&mut tx).await.map_err(doing(DOING))?;
        self.writer.write(&mut tx, batch).await?;
        let created = count_above(&mut tx, self.scope, newest)
            .await
            .map_err(doing(DOING))?;
        if let Some((_, upload)) = self.job {
            note_created(&mut tx, upload, created)
                .await
                .map_err(doing(DOING))?;
        }
        self.seen
            .insert(&mut tx, seen, |columns, id| {
                columns.put(id);
            })
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        self.created += created.cast_unsigned();
        Ok(())
    }

    /// Writes what is pending and says what the import did so far.
    pub async fn finish(&mut self) -> Result<Imported, Error> {
        self.flush().await?;
        self.note().await?;
        let told = self.conn.analyze("subject", self.written).await;
        told.map_err(doing("look at the ids"))?;
        let now = self.now.as_millisecond();
        self.store.refresh_pins(self.scope, now).await?;
        Ok(Imported {
            created: self.created,
            known: self.written - self.created,
            removed: 0,
        })
    }

    async fn note(&mut self) -> Result<(), Error> {
        const DOING: &str = "note the import";
        let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
        note_change(&mut tx, self.scope, self.now.as_millisecond())
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

    /// Notes the known ids that were not in the file, for a job that erases them once somebody agrees. Says how many there are.
    ///
    /// # Errors
    /// [`Error::JobLost`] when another process has the job by now.
    pub async fn note_unseen(&mut self, claim: &Claim, upload: UploadId) -> Result<u64, Error> {
        const DOING: &str = "note the ids that were not in the file";
        let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        sql::query("DELETE FROM upload_unseen WHERE upload_id = ?")
            .bind(upload.0)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        let sql = format!(
            "INSERT INTO upload_unseen (subject_pk, upload_id) SELECT s.pk, ? FROM subject s WHERE {UNSEEN}"
        );
        let unseen = sql::query(AssertSqlSafe(sql))
            .bind(upload.0)
            .bind(self.scope.subscription.0)
            .bind(self.scope.level_code())
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(unseen)
    }

    /// Erases the known ids that were not in the file, and says how many there were.
    ///
    /// # Errors
    /// [`Error::Busy`] while the level is synced.
    pub async fn remove_unseen(&mut self) -> Result<u64, Error> {
        const DOING: &str = "remove ids that were not in the file";
        let (mut removed, now) = (0, self.now.as_millisecond());
        loop {
            let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
            refuse_while_synced(&mut tx, &self.store.process, self.scope, now).await?;
            let sql = format!("SELECT s.pk, s.id FROM subject s WHERE {UNSEEN} LIMIT ?");
            let gone: Vec<(i64, String)> = sql::query_as(AssertSqlSafe(sql))
                .bind(self.scope.subscription.0)
                .bind(self.scope.level_code())
                .bind(ERASED)
                .fetch_all(&mut tx)
                .await
                .map_err(doing(DOING))?;
            if gone.is_empty() {
                note_change(&mut tx, self.scope, now)
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

/// The number of the newest subject. Numbers grow, and none is given twice.
async fn newest(conn: &mut Connection) -> Result<i64, sqlx::Error> {
    sql::query_scalar("SELECT coalesce(max(pk), 0) FROM subject")
        .fetch_one(conn)
        .await
}

/// How many subjects of a level are newer than one.
async fn count_above(conn: &mut Connection, scope: Scope, newest: i64) -> Result<i64, sqlx::Error> {
    // The index by id would be gone through from its beginning.
    sql::query_scalar(
        "SELECT count(*) FROM subject NOT INDEXED WHERE subscription_id = ? AND level = ? AND pk > ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .bind(newest)
    .fetch_one(conn)
    .await
}

async fn note_created(
    conn: &mut Connection,
    upload: UploadId,
    created: i64,
) -> Result<(), sqlx::Error> {
    sql::query("UPDATE upload SET created = created + ? WHERE id = ?")
        .bind(created)
        .bind(upload.0)
        .execute(conn)
        .await
        .map(drop)
}
