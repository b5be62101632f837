//! Going on with a run whose process is gone, or that was handed over: what it has staged is all there.

use std::sync::Arc;

use jiff::Timestamp;
use model::RunId;
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Session, Store,
    error::{corrupt, doing},
    job::RUNS,
    lock::{Hold, Task},
    memory::table_exists,
    outcome::{DUPLICATE, MATCHED},
    run::{clear_up, scope_of},
    sql::{self, Connection, Lock},
    staging::Staged,
};

/// How long a run that was left behind waits for whoever goes on with it, in milliseconds.
const GRACE_MS: i64 = 5 * 60 * 1_000;

/// Claims read at once.
const STEP: i64 = 5_000;

/// What was left behind of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Which run.
    pub run: RunId,
    /// It was to change nothing.
    pub dry_run: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// Where it stood, as its process wrote it.
    pub checkpoint: String,
    /// When it stood there.
    pub checked_at: Timestamp,
}

/// Where a run stands, to be kept with what it stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// In words of whoever reads it back.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A run that has begun, or one that is gone on with.
#[derive(Debug)]
pub struct Begun {
    /// Its working connection.
    pub session: Session,
    /// What it goes on with.
    pub left: Option<Left>,
}

/// A staged record that claims a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The subject's internal number.
    pub subject: i64,
    /// A record feeds the subject at present.
    pub fed: bool,
    /// What it would make of the subject, unless another record was preferred: fingerprint and presence.
    pub matched: Option<(u64, Vec<u8>)>,
}

impl Session {
    /// How many records this run has staged.
    pub async fn count_staged(&mut self) -> Result<u64, Error> {
        sql::query_scalar::<i64>(self.staged.sql("SELECT count(*) FROM {staged}"))
            .fetch_one(&mut self.conn)
            .await
            .map(i64::cast_unsigned)
            .map_err(doing("count what was staged"))
    }

    /// Hands over all that this run has staged of records that claim a subject.
    pub async fn claims(&mut self, mut visit: impl FnMut(Claim)) -> Result<(), Error> {
        type Row = (i64, i64, i64, Option<i64>, Option<Vec<u8>>, bool);
        let sql = format!(
            "SELECT o.record_id, o.subject_pk, o.kind, o.fingerprint, o.presence,
                    EXISTS (SELECT 1 FROM link l WHERE l.subject_pk = o.subject_pk AND l.record_id IS NOT NULL)
             FROM {{staged}} o
             WHERE o.record_id > ? AND o.kind IN ({MATCHED}, {DUPLICATE}) AND o.subject_pk IS NOT NULL
             ORDER BY o.record_id LIMIT ?"
        );
        let mut after = i64::MIN;
        loop {
            let rows: Vec<Row> = sql::query_as(self.staged.sql(&sql))
                .bind(after)
                .bind(STEP)
                .fetch_all(&mut self.conn)
                .await
                .map_err(doing("read what was staged"))?;
            let Some((last, ..)) = rows.last() else {
                return Ok(());
            };
            after = *last;
            for (_, subject, kind, fingerprint, presence, fed) in rows {
                let matched = fingerprint.zip(presence).filter(|_| kind == MATCHED);
                visit(Claim {
                    subject,
                    fed,
                    matched: matched
                        .map(|(fingerprint, presence)| (fingerprint.cast_unsigned(), presence)),
                });
            }
        }
    }

    /// Keeps where the run stands, without staging anything.
    ///
    /// # Errors
    /// [`Error::TakenOver`].
    pub async fn check(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        const DOING: &str = "keep where the run stands";
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        keep(&mut tx, self.run, checkpoint)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await
    }
}

impl Store {
    /// Gives a run that is under way to whichever process wants it. What it has staged stays.
    pub async fn hand_over(&self, run: RunId) -> Result<(), Error> {
        sql::query("UPDATE run_lock SET holder = '' WHERE run_id = ? AND holder = ?")
            .bind(run.0.cast_signed())
            .bind(self.process.name().await?)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("hand the run over"))
    }

    /// Ends runs that were left behind, that no job will go on with, and that nobody has gone on with for some minutes: a
    /// command that has lost its database for a moment does. Says how many there were.
    pub async fn tidy_runs(&self, now: Timestamp) -> Result<u64, Error> {
        const DOING: &str = "tidy up runs that were left behind";
        let sql = format!(
            "SELECT k.run_id, k.holder FROM run_lock k JOIN run r ON r.id = k.run_id
             WHERE abs(coalesce(r.checked_at, r.started_at) - ?) > ? AND NOT EXISTS (
                 SELECT 1 FROM job j WHERE j.state IN ('waiting', 'running') AND {RUNS}
                 AND j.subscription_id = k.subscription_id AND j.level = k.level)"
        );
        let held: Vec<(i64, String)> = sql::query_as(AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .bind(GRACE_MS)
            .fetch_all(&self.pool)
            .await
            .map_err(doing(DOING))?;
        let mut ended = 0;
        for (run, holder) in held {
            let run = RunId(run.cast_unsigned());
            let (scope, _) = scope_of(&self.pool, run).await.map_err(doing(DOING))?;
            let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
            let under_way = self
                .process
                .has_under_way(&mut tx, &holder, Task::Run(run))
                .await;
            let gone = !under_way.map_err(doing(DOING))?
                && release(&mut tx, run, &holder).await.map_err(doing(DOING))?;
            if gone {
                abandon(&mut tx, run, now.as_millisecond())
                    .await
                    .map_err(doing(DOING))?;
                ended += 1;
            }
            tx.commit().await?;
        }
        Ok(ended)
    }
}

/// Takes a run's lock away from a holder. Says whether it was still the holder's.
async fn release(conn: &mut Connection, run: RunId, holder: &str) -> Result<bool, sqlx::Error> {
    let gone = sql::query("DELETE FROM run_lock WHERE run_id = ? AND holder = ?")
        .bind(run.0.cast_signed())
        .bind(holder)
        .execute(conn)
        .await?;
    Ok(gone == 1)
}

/// Ends a run whose process is gone, and clears away what it left.
pub(crate) async fn abandon(
    conn: &mut Connection,
    run: RunId,
    now: i64,
) -> Result<(), sqlx::Error> {
    tracing::warn!(%run, "the process of this run is gone; clearing up after it");
    sql::query("UPDATE run SET state = 'failed', finished_at = ?, checkpoint = NULL WHERE id = ?")
        .bind(now)
        .bind(run.0.cast_signed())
        .execute(&mut *conn)
        .await?;
    let (scope, applied) = scope_of(&mut *conn, run).await?;
    clear_up(conn, scope, run, applied).await
}

/// What was left behind of a run, if it kept where it stood.
pub(crate) async fn left(conn: &mut Connection, run: RunId) -> Result<Option<Left>, Error> {
    const DOING: &str = "look at what was left of a run";
    // Copies and backups leave out what is staged.
    let staged = table_exists(conn, Staged::of(run).name()).await;
    if !staged.map_err(doing(DOING))? {
        return Ok(None);
    }
    let row: Option<(bool, i64, String, i64)> = sql::query_as(
        "SELECT dry_run, started_at, checkpoint, checked_at FROM run
         WHERE id = ? AND checkpoint IS NOT NULL AND checked_at IS NOT NULL",
    )
    .bind(run.0.cast_signed())
    .fetch_optional(conn)
    .await
    .map_err(doing(DOING))?;
    let time = |at| Timestamp::from_millisecond(at).map_err(corrupt("a run's time"));
    row.map(|(dry_run, started_at, checkpoint, checked_at)| {
        Ok(Left {
            run,
            dry_run,
            started_at: time(started_at)?,
            checkpoint,
            checked_at: time(checked_at)?,
        })
    })
    .transpose()
}

/// Keeps where a run stands.
pub(crate) async fn keep(
    conn: &mut Connection,
    run: RunId,
    checkpoint: &Checkpoint,
) -> Result<(), sqlx::Error> {
    sql::query("UPDATE run SET checkpoint = ?, checked_at = ? WHERE id = ?")
        .bind(&checkpoint.text)
        .bind(checkpoint.at.as_millisecond())
        .bind(run.0.cast_signed())
        .execute(conn)
        .await
        .map(drop)
}

impl Store {
    /// The run that this process has under way from here on.
    pub(crate) fn hold(&self, scope: Scope, run: RunId) -> Arc<Hold> {
        Arc::new(Hold::new(&self.process, scope, run))
    }
}
