//! Jobs under way: begun by one process at a time, which says what becomes of them.

use jiff::Timestamp;
use model::RunId;
use sqlx::AssertSqlSafe;

use super::{COLUMNS, Job, JobId, JobRow, OUTSIDE, State, job_of};
use crate::{
    Error, Store, SubscriptionId,
    error::doing,
    lock::{Task, UnderWay},
    matching::texts,
    sql::{self, Connection, Lock},
};

/// A job whose process died this often is not begun again: something in it may be what kills processes.
const MOST_DEATHS: i64 = 5;

/// A job that this process has under way until this is dropped.
#[derive(Debug)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// What proves it.
    pub ticket: Ticket,
    _under_way: UnderWay,
}

/// Proves that a job is this process's: nobody has begun it since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    job: JobId,
    token: i64,
}

impl Ticket {
    /// Looks, within a transaction, before it changes anything.
    ///
    /// # Errors
    /// [`Error::JobLost`].
    pub(crate) async fn show(
        self,
        conn: &mut Connection,
        intent: &'static str,
    ) -> Result<(), Error> {
        let held: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM job WHERE id = ? AND token = ? AND state = 'running')",
        )
        .bind(self.job.0)
        .bind(self.token)
        .fetch_one(conn)
        .await
        .map_err(doing(intent))?;
        held.then_some(()).ok_or(Error::JobLost(self.job))
    }

    /// Notes the run that the job has become. No other process can begin the job until this transaction ends.
    ///
    /// # Errors
    /// [`Error::JobLost`].
    pub(crate) async fn becomes(self, conn: &mut Connection, run: RunId) -> Result<(), Error> {
        let noted = sql::query(
            "UPDATE job SET run_id = ? WHERE id = ? AND token = ? AND state = 'running'",
        )
        .bind(run.0.cast_signed())
        .bind(self.job.0)
        .bind(self.token)
        .execute(conn)
        .await
        .map_err(doing("note the run on its job"))?;
        (noted == 1).then_some(()).ok_or(Error::JobLost(self.job))
    }

    /// Refuses a job that became a run already which was carried out, and whose process died before it could say so in the
    /// queue.
    ///
    /// # Errors
    /// [`Error::JobDone`].
    pub(crate) async fn refuse_if_done(self, conn: &mut Connection) -> Result<(), Error> {
        let done: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM job j JOIN run r ON r.id = j.run_id
                            WHERE j.id = ? AND r.state IN ('delivering', 'success', 'partial'))",
        )
        .bind(self.job.0)
        .fetch_one(conn)
        .await
        .map_err(doing("look whether a job is done"))?;
        (!done).then_some(()).ok_or(Error::JobDone(self.job))
    }
}

/// How a job comes to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It was carried out.
    Done,
    /// It was not, and will not be.
    Failed {
        /// Why, as JSON.
        problem: String,
    },
    /// It was asked to stop, and did.
    Cancelled,
    /// It is to be tried again.
    Again {
        /// When.
        at: Timestamp,
        /// Why it has to be, as JSON.
        problem: String,
    },
    /// This process ends; another one may begin it at once.
    HandedBack,
}

/// The job is not this process's any more: it was taken for dead, and another one has begun the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job was taken over by another process")]
pub struct Lost;

/// Takes the jobs of a subscription that talk to its destination away from whoever has them: there is another destination now, or
/// none. They begin anew.
pub(crate) async fn begin_outside_anew(
    conn: &mut Connection,
    subscription: SubscriptionId,
) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE job SET state = 'waiting', holder = NULL, note = NULL, token = token + 1
         WHERE subscription_id = ?1 AND state = 'running' AND kind IN (SELECT value FROM json_each(?2))",
    )
    .bind(subscription.0)
    .bind(texts(&OUTSIDE))
    .execute(conn)
    .await
    .map(drop)
}

impl Store {
    /// Begins the job whose turn it is, if there is one: of those that are due, people's before the schedule's, and no two
    /// for one level at a time. Jobs that talk to the destination outside have a turn of their own.
    pub async fn claim(&self, now: Timestamp) -> Result<Option<Claim>, Error> {
        self.claim_of(None, true, now).await
    }

    /// The same of jobs that do not talk to the destination outside.
    pub async fn claim_inside(&self, now: Timestamp) -> Result<Option<Claim>, Error> {
        self.claim_of(None, false, now).await
    }

    /// Begins one job, if it is its turn.
    pub async fn claim_job(&self, job: JobId, now: Timestamp) -> Result<Option<Claim>, Error> {
        self.claim_of(Some(job), true, now).await
    }

    async fn claim_of(
        &self,
        only: Option<JobId>,
        outside: bool,
        now: Timestamp,
    ) -> Result<Option<Claim>, Error> {
        const DOING: &str = "begin a job";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        let next: Option<(i64, i64)> = sql::query_as(
            "SELECT id, token FROM job j
             WHERE state = 'waiting' AND due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1)
               AND (?2 IS NULL OR id = ?2)
               AND (?4 OR kind NOT IN (SELECT value FROM json_each(?3)))
               AND NOT EXISTS (SELECT 1 FROM job r WHERE r.state = 'running'
                               AND r.subscription_id = j.subscription_id AND r.level = j.level
                               AND (r.kind IN (SELECT value FROM json_each(?3))) = (j.kind IN (SELECT value FROM json_each(?3))))
             ORDER BY priority, due_at, id LIMIT 1",
        )
        .bind(now.as_millisecond())
        .bind(only.map(|job| job.0))
        .bind(texts(&OUTSIDE))
        .bind(outside)
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        let Some((id, token)) = next else {
            return Ok(None);
        };
        let ticket = Ticket {
            job: JobId(id),
            token: token + 1,
        };
        // Should the answer to the commit be lost, this goes, and the job waits again.
        let under_way = UnderWay::new(&self.process, Task::Job(ticket));
        let sql = format!(
            "UPDATE job SET state = 'running', holder = ?, token = ?, tries = tries + 1, started_at = ?, note = NULL
             WHERE id = ? RETURNING {COLUMNS}"
        );
        let row: JobRow = sql::query_as(AssertSqlSafe(sql))
            .bind(self.process.name().await?)
            .bind(ticket.token)
            .bind(now.as_millisecond())
            .bind(id)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        let job = job_of(row)?;
        Ok(Some(Claim {
            job,
            ticket,
            _under_way: under_way,
        }))
    }

    /// Notes where a job stands. Says whether somebody has asked it to stop.
    pub async fn note_progress(
        &self,
        ticket: Ticket,
        progress: &str,
    ) -> Result<Result<bool, Lost>, Error> {
        let cancelling: Option<bool> = sql::query_scalar(
            "UPDATE job SET note = ? WHERE id = ? AND token = ? AND state = 'running' RETURNING cancelling",
        )
        .bind(progress)
        .bind(ticket.job.0)
        .bind(ticket.token)
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("note where a job stands"))?;
        Ok(cancelling.ok_or(Lost))
    }

    /// Says of a job that was lost that its process lives: it was taken for dead, and did not die of the job.
    pub async fn survive(&self, ticket: Ticket) -> Result<(), Error> {
        sql::query("UPDATE job SET deaths = deaths - 1 WHERE id = ? AND deaths > 0")
            .bind(ticket.job.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(doing("say that a job was survived"))
    }

    /// Lets a job come to its end, or wait again.
    pub async fn end_job(
        &self,
        claim: &Claim,
        end: &End,
        now: Timestamp,
    ) -> Result<Result<(), Lost>, Error> {
        let over = |state: State, problem| (state, claim.job.due_at, problem, 0, Some(now));
        let (state, due_at, problem, given_back, finished_at) = match end {
            End::Done => over(State::Done, None),
            End::Failed { problem } => over(State::Failed, Some(problem)),
            End::Cancelled => over(State::Cancelled, None),
            End::Again { at, problem } => (State::Waiting, *at, Some(problem), 0, None),
            End::HandedBack => (State::Waiting, claim.job.due_at, None, 1, None),
        };
        let ended = sql::query(
            "UPDATE job SET state = ?, due_at = ?, note = ?, tries = tries - ?, finished_at = ?, holder = NULL
             WHERE id = ? AND token = ? AND state = 'running'",
        )
        .bind(state.name())
        .bind(due_at.as_millisecond())
        .bind(problem)
        .bind(given_back)
        .bind(finished_at.map(Timestamp::as_millisecond))
        .bind(claim.ticket.job.0)
        .bind(claim.ticket.token)
        .execute(&self.pool)
        .await
        .map_err(doing("end a job"))?;
        Ok(if ended == 1 { Ok(()) } else { Err(Lost) })
    }

    /// Lets jobs wait again whose process is gone or has left them behind, and ends those that nobody began in time. Returns
    /// the latter, and those whose process died too often.
    pub async fn tidy_jobs(&self, now: Timestamp) -> Result<Vec<Job>, Error> {
        const DOING: &str = "tidy up the jobs";
        let mut conn = self.pool.acquire().await.map_err(doing(DOING))?;
        let held: Vec<(i64, i64, String)> =
            sql::query_as("SELECT id, token, holder FROM job WHERE state = 'running'")
                .fetch_all(&mut conn)
                .await
                .map_err(doing(DOING))?;
        let mut ended: Vec<JobRow> = Vec::new();
        for (id, token, holder) in held {
            let ticket = Ticket {
                job: JobId(id),
                token,
            };
            let under_way = self
                .process
                .has_under_way(&mut conn, &holder, Task::Job(ticket));
            if !under_way.await.map_err(doing(DOING))? {
                tracing::warn!(
                    job = id,
                    holder,
                    "the process of a job is gone; the job waits again"
                );
                let released = release(&mut conn, ticket, now).await;
                let released = released.map_err(doing(DOING))?;
                ended.extend(released.filter(|row| row.6 == State::Failed.name()));
            }
        }
        let sql = format!(
            "UPDATE job SET state = 'expired', finished_at = ?1 WHERE state = 'waiting' AND expires_at <= ?1
             RETURNING {COLUMNS}"
        );
        let expired: Vec<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .fetch_all(&mut conn)
            .await
            .map_err(doing(DOING))?;
        ended.into_iter().chain(expired).map(job_of).collect()
    }
}

/// Lets a job that was left behind wait again, or fail if that happens too often.
async fn release(
    conn: &mut Connection,
    ticket: Ticket,
    now: Timestamp,
) -> Result<Option<JobRow>, sqlx::Error> {
    let sql = format!(
        "UPDATE job SET state = CASE WHEN deaths + 1 < {MOST_DEATHS} THEN 'waiting' ELSE 'failed' END,
                        finished_at = CASE WHEN deaths + 1 < {MOST_DEATHS} THEN NULL ELSE ? END,
                        deaths = deaths + 1, holder = NULL, note = NULL
         WHERE id = ? AND token = ? AND state = 'running' RETURNING {COLUMNS}"
    );
    sql::query_as(AssertSqlSafe(sql))
        .bind(now.as_millisecond())
        .bind(ticket.job.0)
        .bind(ticket.token)
        .fetch_optional(conn)
        .await
}
