//! Runs: beginning one under the level's lock, ending it, and listing them.

use jiff::Timestamp;
use model::{Level, RunId};
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Session, Store, SubscriptionId,
    error::{corrupt, doing},
    job::Ticket,
    level_code, level_of,
    lock::{Process, Task},
    memory::{forget_memory, memorise},
    sql::{self, Connection, Lock, Source},
    staging::{drop_staging_table, forget_staged, keep_outcomes},
    takeover::{self, Begun, Left},
};

/// How a run ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Running,
    /// Applied and proved here; the destination outside has not answered for every change yet.
    Delivering,
    /// Proved.
    Success,
    /// Applied as far as it goes, with a gap that is named.
    Partial,
    /// Not applied.
    Failed,
    /// Stopped on request, not applied.
    Cancelled,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Running,
        Self::Delivering,
        Self::Success,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Delivering => "delivering",
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a run was asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trigger {
    /// A command.
    #[default]
    Command,
    /// A button on a page.
    Page,
    /// A button too, to measure how well a key matches; it changes nothing.
    Measure,
    /// The night.
    Schedule,
}

impl Trigger {
    const ALL: [Self; 4] = [Self::Command, Self::Page, Self::Measure, Self::Schedule];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Page => "page",
            Self::Measure => "measure",
            Self::Schedule => "schedule",
        }
    }
}

/// Who asked for a run, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// How.
    pub trigger: Trigger,
    /// Who, as shown.
    pub by: Option<String>,
}

impl Origin {
    /// As it is stored. A way that is not known is a command's.
    pub(crate) fn read(trigger: &str, by: Option<String>) -> Self {
        let mut known = Trigger::ALL.into_iter();
        let trigger = known.find(|known| known.name() == trigger);
        Self {
            trigger: trigger.unwrap_or_default(),
            by,
        }
    }
}

/// A run to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Which level of which subscription.
    pub scope: Scope,
    /// It is to change nothing.
    pub dry_run: bool,
    /// Who asks for it.
    pub origin: Origin,
    /// The job that becomes this run, if it comes from the queue.
    pub job: Option<Ticket>,
}

/// A run as the list of runs shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Whose.
    pub subscription: SubscriptionId,
    /// Which level.
    pub level: Level,
    /// Stopped before applying, on purpose.
    pub dry_run: bool,
    /// Who asked for it.
    pub origin: Origin,
    /// How it ended.
    pub state: State,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its report, as printed.
    pub report: Option<serde_json::Value>,
    /// Its details are past retention and gone.
    pub pruned: bool,
}

type RunRow = (
    i64,
    i64,
    i64,
    bool,
    String,
    i64,
    Option<i64>,
    Option<String>,
    bool,
    String,
    Option<String>,
);
const RUN_COLUMNS: &str = "id, subscription_id, level, dry_run, state, started_at, finished_at, report, pruned, origin, started_by";

impl Store {
    /// Begins a run, holding its level until [`Store::finish_run`]. What was left behind of another one is cleared away.
    ///
    /// # Errors
    /// [`Error::Busy`] when a living process runs this level.
    pub async fn begin_run(&self, new: &NewRun, now: Timestamp) -> Result<Session, Error> {
        let begun = self.begin_or_take_over(new, now, |_| false);
        Ok(begun.await?.session)
    }

    /// Begins a run, or goes on with one that was left behind, if `goes_on` says of what is left that it can be.
    ///
    /// # Errors
    /// [`Error::Busy`] when a living process runs this level; [`Error::JobLost`] when the run's job is another process's;
    /// [`Error::JobDone`] when it has become a run already that did what was wanted.
    pub async fn begin_or_take_over(
        &self,
        new: &NewRun,
        now: Timestamp,
        goes_on: impl FnOnce(&Left) -> bool,
    ) -> Result<Begun, Error> {
        const DOING: &str = "begin the run";
        let name = self.process.name().await?;
        let scope = new.scope;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        if let Some(ticket) = new.job {
            ticket.refuse_if_done(&mut tx).await?;
        }
        if let Some((run, holder)) = held(&mut tx, scope).await.map_err(doing(DOING))? {
            let under_way = self
                .process
                .has_under_way(&mut tx, &holder, Task::Run(run))
                .await;
            if under_way.map_err(doing(DOING))? {
                tx.rollback().await?;
                return Err(Error::Busy {
                    level: scope.level,
                    run,
                });
            }
            if let Some(left) = takeover::left(&mut tx, run).await?.filter(goes_on) {
                tracing::warn!(%run, level = %scope.level, "the process of this run is gone; going on with it");
                let hold = self.hold(scope, run);
                sql::query("UPDATE run_lock SET holder = ? WHERE run_id = ?")
                    .bind(name)
                    .bind(run.0.cast_signed())
                    .execute(&mut tx)
                    .await
                    .map_err(doing(DOING))?;
                if let Some(ticket) = new.job {
                    ticket.becomes(&mut tx, run).await?;
                }
                tx.commit().await?;
                return Ok(Begun {
                    session: Session::open(self, scope, run, hold).await?,
                    left: Some(left),
                });
            }
            takeover::abandon(&mut tx, run, now.as_millisecond())
                .await
                .map_err(doing(DOING))?;
        }
        let run: i64 = sql::query_scalar(
            "INSERT INTO run (subscription_id, level, dry_run, state, applied, started_at, origin, started_by)
             VALUES (?, ?, ?, 'running', false, ?, ?, ?) RETURNING id",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(new.dry_run)
        .bind(now.as_millisecond())
        .bind(new.origin.trigger.name())
        .bind(&new.origin.by)
        .fetch_one(&mut tx)
        .await
        .map_err(doing(DOING))?;
        let id = RunId(run.cast_unsigned());
        let hold = self.hold(scope, id);
        sql::query(
            "INSERT INTO run_lock (subscription_id, level, run_id, holder) VALUES (?, ?, ?, ?)
             ON CONFLICT (subscription_id, level) DO UPDATE SET run_id = excluded.run_id, holder = excluded.holder",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(run)
        .bind(name)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        if let Some(ticket) = new.job {
            ticket.becomes(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(Begun {
            session: Session::open(self, scope, id, hold).await?,
            left: None,
        })
    }

    /// Ends a run with its report and gives its level free. Of a run that was carried out, dry or not, the misses and
    /// quarantined values are kept; what a failed or cancelled one staged is cleared away. A run that has ended in just this
    /// way already has ended: whoever did not get the answer may ask again.
    ///
    /// # Errors
    /// [`Error::TakenOver`] when another process has the run by now.
    pub async fn finish_run(
        &self,
        run: RunId,
        state: State,
        report: &serde_json::Value,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "end the run";
        let id = run.0.cast_signed();
        let (scope, _) = scope_of(&self.pool, run).await.map_err(doing(DOING))?;
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let held = sql::query("DELETE FROM run_lock WHERE run_id = ? AND holder = ?")
            .bind(id)
            .bind(self.process.name().await?)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        if held == 0 {
            let ended = has_ended(&mut tx, run, state, now).await;
            tx.rollback().await?;
            let ended = ended.map_err(doing(DOING))?;
            return ended.then_some(()).ok_or(Error::TakenOver { run });
        }
        let (_, applied) = scope_of(&mut tx, run).await.map_err(doing(DOING))?;
        if matches!(state, State::Failed | State::Cancelled) {
            clear_up(&mut tx, scope, run, applied)
                .await
                .map_err(doing(DOING))?;
        } else {
            keep_outcomes(&mut tx, run).await.map_err(doing(DOING))?;
            if applied {
                memorise(&mut tx, scope, run).await.map_err(doing(DOING))?;
            } else {
                drop_staging_table(&mut tx, run)
                    .await
                    .map_err(doing(DOING))?;
            }
        }
        sql::query(
            "UPDATE run SET state = ?, finished_at = ?, report = ?, checkpoint = NULL WHERE id = ?",
        )
        .bind(state.name())
        .bind(now.as_millisecond())
        .bind(report.to_string())
        .bind(id)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// The newest runs of a subscription before the given one, newest first.
    pub async fn runs(
        &self,
        subscription: SubscriptionId,
        before: Option<RunId>,
        limit: i64,
    ) -> Result<Vec<Run>, Error> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE subscription_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
        );
        let rows: Vec<RunRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(subscription.0)
            .bind(before.map_or(i64::MAX, |run| run.0.cast_signed()))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list the runs"))?;
        rows.into_iter().map(run_of).collect()
    }

    /// Whether a sync of a subscription was ever proved.
    pub async fn has_proved(&self, subscription: SubscriptionId) -> Result<bool, Error> {
        sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM run WHERE subscription_id = ? AND state = ? AND NOT dry_run)",
        )
        .bind(subscription.0)
        .bind(State::Success.name())
        .fetch_one(&self.pool)
        .await
        .map_err(doing("look for a proved sync"))
    }

    /// The newest runs of a level that were meant to change it, newest first: neither dry nor measuring.
    pub async fn syncs(&self, scope: Scope, limit: i64) -> Result<Vec<Run>, Error> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE subscription_id = ? AND level = ? AND NOT dry_run ORDER BY id DESC LIMIT ?"
        );
        let rows: Vec<RunRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list the runs"))?;
        rows.into_iter().map(run_of).collect()
    }

    /// One run.
    pub async fn run(
        &self,
        subscription: SubscriptionId,
        run: RunId,
    ) -> Result<Option<Run>, Error> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM run WHERE subscription_id = ? AND id = ?");
        let row: Option<RunRow> = sql::query_as(AssertSqlSafe(sql))
            .bind(subscription.0)
            .bind(run.0.cast_signed())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read the run"))?;
        row.map(run_of).transpose()
    }

    /// The newest run of a level whose outcome was applied.
    pub async fn latest_applied_run(&self, scope: Scope) -> Result<Option<RunId>, Error> {
        sql::query_scalar::<Option<i64>>(
            "SELECT max(id) FROM run WHERE subscription_id = ? AND level = ? AND applied",
        )
        .bind(scope.subscription.0)
        .bind(level_code(scope.level))
        .fetch_one(&self.pool)
        .await
        .map(|run| run.map(|id| RunId(id.cast_unsigned())))
        .map_err(doing("find the latest run"))
    }
}

/// The run that holds a level, and who holds it.
async fn held(conn: &mut Connection, scope: Scope) -> Result<Option<(RunId, String)>, sqlx::Error> {
    let held: Option<(i64, String)> = sql::query_as(
        "SELECT run_id, holder FROM run_lock WHERE subscription_id = ? AND level = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_optional(conn)
    .await?;
    Ok(held.map(|(run, holder)| (RunId(run.cast_unsigned()), holder)))
}

/// The run that a living process has under way for a level. One that was left behind is ended: what is done now would not
/// fit what it has staged.
pub(crate) async fn under_way(
    conn: &mut Connection,
    process: &Process,
    scope: Scope,
    now: i64,
) -> Result<Option<RunId>, sqlx::Error> {
    let Some((run, holder)) = held(conn, scope).await? else {
        return Ok(None);
    };
    if process.has_under_way(conn, &holder, Task::Run(run)).await? {
        return Ok(Some(run));
    }
    sql::query("DELETE FROM run_lock WHERE run_id = ?")
        .bind(run.0.cast_signed())
        .execute(&mut *conn)
        .await?;
    takeover::abandon(conn, run, now).await?;
    Ok(None)
}

/// Whether a run has ended like this, at this moment. What it was delivering may have been taken since.
async fn has_ended(
    conn: &mut Connection,
    run: RunId,
    state: State,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM run WHERE id = ?1 AND finished_at = ?3
                        AND (state = ?2 OR (?2 = 'delivering' AND state IN ('success', 'partial'))))",
    )
    .bind(run.0.cast_signed())
    .bind(state.name())
    .bind(now.as_millisecond())
    .fetch_one(conn)
    .await
}

/// Clears away what a run staged. If it was applied all the same, the level's memory is that of a run before it.
pub(crate) async fn clear_up(
    conn: &mut Connection,
    scope: Scope,
    run: RunId,
    applied: bool,
) -> Result<(), sqlx::Error> {
    if applied {
        forget_memory(conn, scope).await?;
    }
    forget_staged(conn, run).await
}

/// Whose run it is, and whether it was applied.
pub(crate) async fn scope_of(
    on: impl Into<Source<'_>>,
    run: RunId,
) -> Result<(Scope, bool), sqlx::Error> {
    let (subscription, level, applied) =
        sql::query_as("SELECT subscription_id, level, applied FROM run WHERE id = ?")
            .bind(run.0.cast_signed())
            .fetch_one(on)
            .await?;
    Ok((
        Scope {
            subscription: SubscriptionId(subscription),
            level: level_of(level),
        },
        applied,
    ))
}

fn run_of(row: RunRow) -> Result<Run, Error> {
    let (
        id,
        subscription,
        level,
        dry_run,
        state,
        started_at,
        finished_at,
        report,
        pruned,
        trigger,
        by,
    ) = row;
    let time = |at| Timestamp::from_millisecond(at).map_err(corrupt("a run's time"));
    Ok(Run {
        id: RunId(id.cast_unsigned()),
        subscription: SubscriptionId(subscription),
        level: level_of(level),
        dry_run,
        origin: Origin::read(&trigger, by),
        state: State::ALL
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| corrupt("a run's state")(state))?,
        started_at: time(started_at)?,
        finished_at: finished_at.map(time).transpose()?,
        report: report
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(corrupt("a run's report"))?,
        pruned,
    })
}
