//! Work that waits for a process: asked for by people and by the schedule, taken up by whichever process is free.
//!
//! A job is begun by one process at a time, at most one per level of a subscription. Beginning it hands out a token; whoever
//! holds an older one has lost the job and can change nothing about it any more. A job whose process is gone waits again.

mod claim;

use jiff::Timestamp;
use model::RunId;
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Store, SubscriptionId,
    error::{corrupt, doing},
    level_of,
    matching::texts,
    run::Origin,
    sql::{self, Connection, Lock, Source},
    upload::UploadId,
};

pub(crate) use self::claim::begin_outside_anew;
pub use self::claim::{Claim, End, Lost, Ticket};

/// The number of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub i64);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Sync a level.
    Sync,
    /// Measure how well a key matches, given by the property's name.
    Measure(String),
    /// Load a file of ids.
    Import {
        /// Which.
        upload: UploadId,
        /// The file is complete: somebody is asked whether ids that are not in it shall go.
        mirror: bool,
    },
    /// Erase the known ids that were found not to be in a file.
    Remove(UploadId),
    /// Send what waits in the outbox.
    Deliver,
    /// Hold what the destination has against what was sent.
    Compare {
        /// All of it; otherwise a sample.
        all: bool,
    },
}

/// Kinds that become runs.
pub(crate) const RUNS: &str = "(kind = 'sync' OR kind LIKE 'measure %')";

impl Kind {
    /// The stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Measure(_) => "measure",
            Self::Import { .. } => "import",
            Self::Remove(_) => "remove",
            Self::Deliver => "deliver",
            Self::Compare { .. } => "compare",
        }
    }

    /// Whether it talks to the destination outside.
    pub const fn is_outside(&self) -> bool {
        matches!(self, Self::Deliver | Self::Compare { .. })
    }

    /// As it is stored.
    fn written(&self) -> String {
        match self {
            Self::Sync | Self::Deliver | Self::Compare { all: false } => self.name().into(),
            Self::Compare { all: true } => format!("{}{ALL}", self.name()),
            Self::Measure(property) => format!("{} {property}", self.name()),
            Self::Import { upload, mirror } => {
                let mirror = if *mirror { MIRROR } else { "" };
                format!("{} {}{mirror}", self.name(), upload.0)
            }
            Self::Remove(upload) => format!("{} {}", self.name(), upload.0),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let upload = |number: &str| number.parse().ok().map(UploadId);
        match text.split_once(' ') {
            None => [Self::Sync, Self::Deliver, Self::Compare { all: false }]
                .into_iter()
                .find(|kind| kind.name() == text),
            Some(("compare", "all")) => Some(Self::Compare { all: true }),
            Some(("measure", property)) => Some(Self::Measure(property.into())),
            Some(("import", rest)) => {
                let number = rest.strip_suffix(MIRROR);
                Some(Self::Import {
                    upload: upload(number.unwrap_or(rest))?,
                    mirror: number.is_some(),
                })
            }
            Some(("remove", rest)) => upload(rest).map(Self::Remove),
            _ => None,
        }
    }
}

/// What stands behind a comparison of everything.
const ALL: &str = " all";

/// Kinds that talk to the destination outside. They have their own turn: the destination may be away for a day, and levels are
/// synced all the same.
pub(crate) const OUTSIDE: [&str; 3] = ["deliver", "compare", "compare all"];

/// What stands behind the number of a file that is complete.
const MIRROR: &str = " mirror";

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has begun it, or nobody has it any more.
    Waiting,
    /// A process has it under way.
    Running,
    /// It came to its end; the run says how.
    Done,
    /// It was begun and will not be again.
    Failed,
    /// Somebody did not want it any more.
    Cancelled,
    /// Nobody began it in time.
    Expired,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether it is not over.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// Who goes first when several wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A person waits for it.
    Person,
    /// It has until the end of its window.
    Schedule,
}

impl Priority {
    const fn number(self) -> i64 {
        match self {
            Self::Person => 0,
            Self::Schedule => 1,
        }
    }
}

/// A job to be put in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Which level of which subscription.
    pub scope: Scope,
    /// What is to be done.
    pub kind: Kind,
    /// Who asks for it, and how.
    pub origin: Origin,
    /// Who goes first.
    pub priority: Priority,
    /// It does not begin before this.
    pub due_at: Timestamp,
    /// It does not begin after this.
    pub expires_at: Option<Timestamp>,
}

/// A job as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Which level of which subscription.
    pub scope: Scope,
    /// What is to be done.
    pub kind: Kind,
    /// Who asked for it, and how.
    pub origin: Origin,
    /// What has become of it.
    pub state: State,
    /// It does not begin before this.
    pub due_at: Timestamp,
    /// It does not begin after this.
    pub expires_at: Option<Timestamp>,
    /// How often it was begun and not handed back.
    pub tries: u32,
    /// Somebody asked it to stop.
    pub cancelling: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was last begun.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// JSON: where it stands while it is under way, otherwise why it failed or waits again.
    pub note: Option<String>,
    /// The run it became.
    pub run: Option<RunId>,
}

/// What is wanted of the list of jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Only {
    /// Of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Those that are not over.
    pub open: bool,
    /// With a smaller number than this.
    pub before: Option<JobId>,
}

type JobRow = (
    i64,
    i64,
    i64,
    String,
    String,
    Option<String>,
    String,
    i64,
    Option<i64>,
    i64,
    bool,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
);
const COLUMNS: &str = "id, subscription_id, level, kind, origin, asked_by, state, due_at, expires_at, tries, cancelling, \
                       created_at, started_at, finished_at, note, run_id";

impl Store {
    /// Puts a job in the queue. One of its kind that waits or runs for the same level already is taken for it, and returned:
    /// asking twice does nothing twice.
    pub async fn ask(&self, job: &NewJob, now: Timestamp) -> Result<JobId, Error> {
        const DOING: &str = "put a job in the queue";
        let mut tx = self.pool.begin(Lock::Jobs, DOING).await?;
        let running = look_for(&mut tx, job, State::Running)
            .await
            .map_err(doing(DOING))?;
        let id = match running {
            Some(id) => id,
            None => put_unless_waiting(&mut tx, job, now)
                .await
                .map_err(doing(DOING))?,
        };
        tx.commit().await?;
        Ok(id)
    }

    /// Asks a job to stop: one that waits ends at once, one that runs when its process hears of it. Says whether there was
    /// something to stop.
    pub async fn cancel_job(&self, job: JobId, now: Timestamp) -> Result<bool, Error> {
        let done = sql::query(
            "UPDATE job SET cancelling = true,
                            finished_at = CASE WHEN state = 'waiting' THEN ? END,
                            state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END
             WHERE id = ? AND state IN ('waiting', 'running')",
        )
        .bind(now.as_millisecond())
        .bind(job.0)
        .execute(&self.pool)
        .await
        .map_err(doing("cancel a job"))?;
        Ok(done > 0)
    }

    /// The job of a level that is or becomes a run: that runs, or that waits for its turn and is due; of several the first.
    pub async fn present_job(&self, scope: Scope, now: Timestamp) -> Result<Option<Job>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job
             WHERE subscription_id = ? AND level = ? AND {RUNS}
               AND (state = 'running' OR (state = 'waiting' AND due_at <= ?))
             ORDER BY state = 'waiting', priority, due_at, id LIMIT 1"
        );
        let row: Option<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(now.as_millisecond())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("look for a job"))?;
        row.map(job_of).transpose()
    }

    /// The job of a level that talks to its destination outside and runs, or waits for its turn and is due; of several the first.
    pub async fn outside_job(&self, scope: Scope, now: Timestamp) -> Result<Option<Job>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job
             WHERE subscription_id = ? AND level = ? AND kind IN (SELECT value FROM json_each(?))
               AND (state = 'running' OR (state = 'waiting' AND due_at <= ?))
             ORDER BY state = 'waiting', priority, due_at, id LIMIT 1"
        );
        let row: Option<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(texts(&OUTSIDE))
            .bind(now.as_millisecond())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("look for a job"))?;
        row.map(job_of).transpose()
    }

    /// The job that sends what waits of a level that was asked for last.
    pub async fn latest_delivery(&self, scope: Scope) -> Result<Option<Job>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job WHERE subscription_id = ? AND level = ? AND kind = ? ORDER BY id DESC LIMIT 1"
        );
        let row: Option<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(Kind::Deliver.written())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("look for the latest delivery"))?;
        row.map(job_of).transpose()
    }

    /// The job of a level that was asked for last, of those that become runs.
    pub async fn latest_job(&self, scope: Scope) -> Result<Option<Job>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job WHERE subscription_id = ? AND level = ? AND {RUNS} ORDER BY id DESC LIMIT 1"
        );
        let row: Option<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("look for the latest job"))?;
        row.map(job_of).transpose()
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, Error> {
        read(&self.pool, id).await
    }

    /// Jobs, newest first.
    pub async fn jobs(&self, only: Only, limit: i64) -> Result<Vec<Job>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM job
             WHERE (?1 IS NULL OR subscription_id = ?1) AND id < ?2 AND (NOT ?3 OR state IN ('waiting', 'running'))
             ORDER BY id DESC LIMIT ?4"
        );
        let rows: Vec<JobRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(only.subscription.map(|subscription| subscription.0))
            .bind(only.before.map_or(i64::MAX, |job| job.0))
            .bind(only.open)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list the jobs"))?;
        rows.into_iter().map(job_of).collect()
    }

    /// Forgets jobs that were over before `cutoff`. The runs they became stay.
    pub async fn forget_jobs(&self, cutoff: Timestamp) -> Result<u64, Error> {
        let gone = sql::query("DELETE FROM job WHERE finished_at < ?")
            .bind(cutoff.as_millisecond())
            .execute(&self.pool)
            .await
            .map_err(doing("forget old jobs"))?;
        Ok(gone)
    }
}

/// One job.
pub(crate) async fn read(on: impl Into<Source<'_>>, id: JobId) -> Result<Option<Job>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE id = ?");
    let row: Option<JobRow> = sql::query_as(AssertSqlSafe(sql))
        .bind(id.0)
        .fetch_optional(on)
        .await
        .map_err(doing("read a job"))?;
    row.map(job_of).transpose()
}

/// A job of the same kind for the same level.
async fn look_for(
    conn: &mut Connection,
    job: &NewJob,
    state: State,
) -> Result<Option<JobId>, sqlx::Error> {
    sql::query_scalar(
        "SELECT id FROM job WHERE subscription_id = ? AND level = ? AND kind = ? AND state = ? ORDER BY id LIMIT 1",
    )
    .bind(job.scope.subscription.0)
    .bind(job.scope.level_code())
    .bind(job.kind.written())
    .bind(state.name())
    .fetch_optional(conn)
    .await
    .map(|id| id.map(JobId))
}

/// Puts a job in the queue. One of its kind that waits for the same level already is taken for it, and waits no longer than
/// it would.
pub(crate) async fn put_unless_waiting(
    conn: &mut Connection,
    job: &NewJob,
    now: Timestamp,
) -> Result<JobId, sqlx::Error> {
    match look_for(&mut *conn, job, State::Waiting).await? {
        Some(id) => hurry(conn, id, job).await.map(|()| id),
        None => put(conn, job, now).await,
    }
}

/// Puts a job in the queue.
pub(crate) async fn put(
    conn: &mut Connection,
    job: &NewJob,
    now: Timestamp,
) -> Result<JobId, sqlx::Error> {
    sql::query_scalar(
        "INSERT INTO job (subscription_id, level, kind, origin, asked_by, priority, state, due_at, expires_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?) RETURNING id",
    )
    .bind(job.scope.subscription.0)
    .bind(job.scope.level_code())
    .bind(job.kind.written())
    .bind(job.origin.trigger.name())
    .bind(&job.origin.by)
    .bind(job.priority.number())
    .bind(job.due_at.as_millisecond())
    .bind(job.expires_at.map(Timestamp::as_millisecond))
    .bind(now.as_millisecond())
    .fetch_one(conn)
    .await
    .map(JobId)
}

/// A job that waits begins no later than this one would.
async fn hurry(conn: &mut Connection, id: JobId, job: &NewJob) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE job SET priority = CASE WHEN priority > ?1 THEN ?1 ELSE priority END,
                        due_at = CASE WHEN due_at > ?2 THEN ?2 ELSE due_at END
         WHERE id = ?3 AND state = 'waiting'",
    )
    .bind(job.priority.number())
    .bind(job.due_at.as_millisecond())
    .bind(id.0)
    .execute(conn)
    .await
    .map(drop)
}

fn job_of(row: JobRow) -> Result<Job, Error> {
    let (id, subscription, level, kind, trigger, by, state, ..) = &row;
    let (.., due_at, expires_at, tries, cancelling, created_at, started_at, finished_at, _, _) =
        row;
    let time = |at| Timestamp::from_millisecond(at).map_err(corrupt("a job's time"));
    Ok(Job {
        id: JobId(*id),
        scope: Scope {
            subscription: SubscriptionId(*subscription),
            level: level_of(*level),
        },
        kind: Kind::read(kind).ok_or_else(|| corrupt("a job's kind")(kind.clone()))?,
        origin: Origin::read(trigger, by.clone()),
        state: State::ALL
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| corrupt("a job's state")(state.clone()))?,
        due_at: time(due_at)?,
        expires_at: expires_at.map(time).transpose()?,
        tries: u32::try_from(tries).unwrap_or(0),
        cancelling,
        created_at: time(created_at)?,
        started_at: started_at.map(time).transpose()?,
        finished_at: finished_at.map(time).transpose()?,
        note: row.14,
        run: row.15.map(|run| RunId(run.cast_unsigned())),
    })
}
