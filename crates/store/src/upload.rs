//! Files of ids that people send: kept in parts, so that whichever process is free can load them.
//!
//! A level has one file at a time. It arrives part by part, is looked at, loaded by a job, and put away; its parts go as soon
//! as nobody needs them any more. What came of it stays until it is put away, or for a day.

use jiff::{SignedDuration, Timestamp};
use model::MetadataType;

use crate::{
    Error, Scope, Store,
    erase::{erase, refuse_while_synced},
    error::{corrupt, doing},
    import::ERASED,
    job::{self, Claim, Job, JobId, Kind, NewJob},
    sql::{self, Connection, Lock},
    state::note_change,
};

/// How long a file that nothing happens to is kept. Somebody who is asked about it has until then to answer.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long the next part of a file that is arriving is waited for.
const ARRIVING: SignedDuration = SignedDuration::from_hours(1);

/// No job about the file waits or is under way.
const IDLE: &str = "NOT EXISTS (SELECT 1 FROM job j WHERE j.id = upload.job_id AND j.state IN ('waiting', 'running'))";

/// The number of a file that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(pub i64);

/// A file that has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// Its number.
    pub id: UploadId,
    /// Which level of which subscription it is for.
    pub scope: Scope,
    /// Its name on the sender's machine.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Ids that were not known before, of all that has been loaded of it.
    pub created: u64,
    /// Agent fields that were not there before, with their types, likewise.
    pub fields: Vec<(String, MetadataType)>,
    /// Ids that were erased because they are not in it.
    pub removed: u64,
    /// Known ids that are not in it: somebody has to say whether they go.
    pub unseen: u64,
    /// JSON: what came of loading it, once that has ended.
    pub outcome: Option<String>,
    /// The job that was last asked for.
    pub job: Option<Job>,
}

impl Upload {
    /// Whether a job about it waits or is under way.
    pub fn is_busy(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.state.is_open())
    }
}

type UploadRow = (
    i64,
    String,
    i64,
    i64,
    String,
    i64,
    i64,
    Option<String>,
    Option<i64>,
);

impl Store {
    /// Begins to take a file in. Until it is complete the level keeps the file it has.
    pub async fn begin_upload(
        &self,
        scope: Scope,
        name: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<UploadId, Error> {
        sql::query_scalar(
            "INSERT INTO upload (subscription_id, level, name, sent_by, touched_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(name)
        .bind(by)
        .bind(now.as_millisecond())
        .fetch_one(&self.pool)
        .await
        .map(UploadId)
        .map_err(doing("begin an upload"))
    }

    /// Takes the next part of a file in: the first has the number 0. A part takes as much memory as it has bytes.
    pub async fn add_part(
        &self,
        upload: UploadId,
        number: i64,
        bytes: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "keep a part of an upload";
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        sql::query("INSERT INTO upload_part (upload_id, number, bytes) VALUES (?, ?, ?)")
            .bind(upload.0)
            .bind(number)
            .bind(bytes)
            .execute(&self.pool)
            .await
            .map_err(doing(DOING))?;
        sql::query("UPDATE upload SET size = size + ?, touched_at = ? WHERE id = ?")
            .bind(size)
            .bind(now.as_millisecond())
            .bind(upload.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing(DOING))
    }

    /// Makes a file whose last part has arrived the level's, in place of the one before. Says whether it is: while that one
    /// waits to be loaded or is being loaded, the new one is not kept.
    pub async fn complete_upload(
        &self,
        scope: Scope,
        upload: UploadId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "take an upload in";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        put_away(&mut tx, scope).await.map_err(doing(DOING))?;
        let taken = sql::query(
            "UPDATE upload SET received_at = ?1, touched_at = ?1 WHERE id = ?2 AND NOT EXISTS (
                 SELECT 1 FROM upload u WHERE u.subscription_id = ?3 AND u.level = ?4 AND u.received_at IS NOT NULL)",
        )
        .bind(now.as_millisecond())
        .bind(upload.0)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        tx.commit().await?;
        if taken == 0 {
            self.forget_upload(upload).await?;
        }
        Ok(taken == 1)
    }

    /// Forgets a file with all that is kept of it, unless a job about it waits or is under way.
    pub async fn forget_upload(&self, upload: UploadId) -> Result<(), Error> {
        const DOING: &str = "forget an upload";
        let sql = format!("DELETE FROM upload WHERE id = ? AND {IDLE}");
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        sql::query(sqlx::AssertSqlSafe(sql))
            .bind(upload.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// The file of a level.
    pub async fn upload(&self, scope: Scope) -> Result<Option<Upload>, Error> {
        const DOING: &str = "read an upload";
        // In one: a job that is over has left its outcome.
        let mut tx = self.pool.snapshot(DOING).await?;
        let row: Option<UploadRow> = sql::query_as(
            "SELECT id, name, size, created, fields, removed,
                    (SELECT count(*) FROM upload_unseen u WHERE u.upload_id = upload.id), outcome, job_id
             FROM upload WHERE subscription_id = ? AND level = ? AND received_at IS NOT NULL",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&mut tx)
        .await
        .map_err(doing(DOING))?;
        let Some((id, name, size, created, fields, removed, unseen, outcome, job)) = row else {
            tx.rollback().await?;
            return Ok(None);
        };
        let job = match job {
            Some(job) => job::read(&mut tx, JobId(job)).await?,
            None => None,
        };
        tx.rollback().await?;
        Ok(Some(Upload {
            id: UploadId(id),
            scope,
            name,
            size: size.cast_unsigned(),
            created: created.cast_unsigned(),
            fields: read_fields(&fields)?,
            removed: removed.cast_unsigned(),
            unseen: unseen.cast_unsigned(),
            outcome,
            job,
        }))
    }

    /// A part of a file; `None` behind the last.
    pub async fn upload_part(
        &self,
        upload: UploadId,
        number: i64,
    ) -> Result<Option<Vec<u8>>, Error> {
        sql::query_scalar("SELECT bytes FROM upload_part WHERE upload_id = ? AND number = ?")
            .bind(upload.0)
            .bind(number)
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read a part of an upload"))
    }

    /// Puts a job about a level's file in the queue: to load it, as long as that has not been done, or to erase what is not in
    /// it, afterwards. `None` if the file is another one by now, or a job about it is there already.
    pub async fn ask_about(
        &self,
        upload: UploadId,
        job: &NewJob,
        now: Timestamp,
    ) -> Result<Option<JobId>, Error> {
        const DOING: &str = "put the job of an upload in the queue";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM upload WHERE id = ? AND subscription_id = ? AND level = ?
             AND received_at IS NOT NULL AND (outcome IS NULL) = ? AND {IDLE})"
        );
        let ready: bool = sql::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(upload.0)
            .bind(job.scope.subscription.0)
            .bind(job.scope.level_code())
            .bind(matches!(job.kind, Kind::Import { .. }))
            .fetch_one(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        if !ready {
            tx.rollback().await?;
            return Ok(None);
        }
        let id = job::put(&mut tx, job, now).await.map_err(doing(DOING))?;
        sql::query("UPDATE upload SET job_id = ?, touched_at = ? WHERE id = ?")
            .bind(id.0)
            .bind(now.as_millisecond())
            .bind(upload.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Notes what came of loading a file, as JSON.
    ///
    /// # Errors
    /// [`Error::JobLost`] when another process has the job by now.
    pub async fn note_outcome(
        &self,
        claim: &Claim,
        upload: UploadId,
        outcome: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "note what came of an upload";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        sql::query("UPDATE upload SET outcome = ?, touched_at = ? WHERE id = ?")
            .bind(outcome)
            .bind(now.as_millisecond())
            .bind(upload.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// Erases some of the known ids that are not in a file, and says how many: none when there are no more. Ids that came after
    /// they were counted are not among them: nobody was asked about those.
    ///
    /// # Errors
    /// [`Error::Busy`] while the level is synced, [`Error::JobLost`] when another process has the job by now.
    pub async fn erase_unseen(
        &self,
        claim: &Claim,
        upload: UploadId,
        now: Timestamp,
    ) -> Result<u64, Error> {
        const DOING: &str = "remove ids that were not in the file";
        let (scope, at) = (claim.job.scope, now.as_millisecond());
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        claim.ticket.show(&mut tx, DOING).await?;
        refuse_while_synced(&mut tx, &self.process, scope, at).await?;
        let gone: Vec<(i64, String)> = sql::query_as(
            "SELECT s.pk, s.id FROM upload_unseen u JOIN subject s ON s.pk = u.subject_pk WHERE u.upload_id = ? LIMIT ?",
        )
        .bind(upload.0)
        .bind(ERASED)
        .fetch_all(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        erase(&mut tx, scope, &gone).await.map_err(doing(DOING))?;
        note_change(&mut tx, scope, at)
            .await
            .map_err(doing(DOING))?;
        let erased = gone.len() as u64;
        sql::query("UPDATE upload SET removed = removed + ?, touched_at = ? WHERE id = ?")
            .bind(erased.cast_signed())
            .bind(at)
            .bind(upload.0)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(erased)
    }

    /// Lets the ids that are not in a file stay, unless a job erases them already.
    pub async fn keep_unseen(&self, upload: UploadId) -> Result<(), Error> {
        let sql = format!(
            "DELETE FROM upload_unseen WHERE upload_id IN (SELECT id FROM upload WHERE id = ? AND {IDLE})"
        );
        sql::query(sqlx::AssertSqlSafe(sql))
            .bind(upload.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("keep ids that were not in the file"))
    }

    /// Clears away what nobody needs any more of files: they hold people's ids.
    pub async fn tidy_uploads(&self, now: Timestamp) -> Result<(), Error> {
        let parts = format!(
            "DELETE FROM upload_part WHERE upload_id IN (SELECT id FROM upload WHERE outcome IS NOT NULL AND {IDLE})"
        );
        let kept = format!("DELETE FROM upload WHERE touched_at < ? AND {IDLE}");
        let arriving = "DELETE FROM upload WHERE touched_at < ? AND received_at IS NULL";
        for query in [
            sql::query(sqlx::AssertSqlSafe(parts)),
            sql::query(sqlx::AssertSqlSafe(kept)).bind(before(now, KEPT)),
            sql::query(arriving).bind(before(now, ARRIVING)),
        ] {
            query
                .execute(&self.pool)
                .await
                .map_err(doing("tidy up the uploads"))?;
        }
        Ok(())
    }
}

/// Adds fields to those that were not there before.
pub(crate) async fn note_fields(
    conn: &mut Connection,
    upload: UploadId,
    fields: &[(String, MetadataType)],
) -> Result<(), Error> {
    const DOING: &str = "note the fields of an upload";
    let noted: String = sql::query_scalar("SELECT fields FROM upload WHERE id = ?")
        .bind(upload.0)
        .fetch_one(&mut *conn)
        .await
        .map_err(doing(DOING))?;
    let mut all = read_fields(&noted)?;
    all.extend_from_slice(fields);
    sql::query("UPDATE upload SET fields = ? WHERE id = ?")
        .bind(write_fields(&all))
        .bind(upload.0)
        .execute(conn)
        .await
        .map(drop)
        .map_err(doing(DOING))
}

fn write_fields(fields: &[(String, MetadataType)]) -> String {
    let named = fields.iter().map(|(name, kind)| (name, kind.name()));
    serde_json::json!(named.collect::<Vec<_>>()).to_string()
}

fn read_fields(text: &str) -> Result<Vec<(String, MetadataType)>, Error> {
    let named: Vec<(String, String)> =
        serde_json::from_str(text).map_err(corrupt("an upload's fields"))?;
    let field = |(name, kind): (String, String)| Ok((name, kind.parse()?));
    named
        .into_iter()
        .map(field)
        .collect::<Result<_, model::names::UnknownName>>()
        .map_err(corrupt("the type of an upload's field"))
}

fn before(now: Timestamp, span: SignedDuration) -> i64 {
    now.as_millisecond() - i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Puts a level's file away, unless a job about it waits or is under way.
async fn put_away(conn: &mut Connection, scope: Scope) -> Result<(), sqlx::Error> {
    let sql = format!(
        "DELETE FROM upload WHERE subscription_id = ? AND level = ? AND received_at IS NOT NULL AND {IDLE}"
    );
    sql::query(sqlx::AssertSqlSafe(sql))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .execute(conn)
        .await
        .map(drop)
}
