//! Runs: beginning one under the level's lock, ending it, and reading what it found.

use jiff::Timestamp;
use model::{Level, RecordId, RunId};
use sqlx::SqliteConnection;

use crate::{
    Error, Miss, OutcomeKind, Scope, Session, Store, SubscriptionId,
    error::{corrupt, doing},
    level_code, level_of,
    lock::Process,
    memory::{forget_memory, memorise},
    stage::{drop_staging_table, first_version, forget_staged, keep_outcomes},
};

/// How a run ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Running,
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
    const ALL: [Self; 5] = [
        Self::Running,
        Self::Success,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
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

/// A record that matched nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedRecord {
    /// The record.
    pub record: RecordId,
    /// Why.
    pub reason: Miss,
    /// Its key as it came.
    pub key: Option<String>,
    /// The known id it nearly is, or for a duplicate the id it lost.
    pub near: Option<String>,
}

/// A value that was kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedValue {
    /// Of which record.
    pub record: RecordId,
    /// Of which property.
    pub property: String,
    /// Code of the reason.
    pub reason: String,
    /// The wire text, shortened.
    pub value: String,
}

/// A subject that a run changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSubject {
    /// Its place in the run, for paging.
    pub position: i64,
    /// Visitor or account id.
    pub id: String,
    /// The record the values came from.
    pub record: RecordId,
    /// Hubspot metadata before; `None` when there was none, or when it is past retention.
    pub before: Option<String>,
    /// Hubspot metadata after.
    pub after: String,
}

/// A link that a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLink {
    /// Visitor or account id, which keeps its values.
    pub id: String,
    /// The record that fed it.
    pub record: RecordId,
    /// Why it ended.
    pub reason: String,
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
);
const RUN_COLUMNS: &str =
    "id, subscription_id, level, dry_run, state, started_at, finished_at, report, pruned";

impl Store {
    /// Begins a run, holding its level until [`Store::finish_run`].
    ///
    /// What a crashed process left behind for this level is cleared away first.
    ///
    /// # Errors
    /// [`Error::Busy`] when a living process runs this level.
    pub async fn begin_run(
        &self,
        scope: Scope,
        dry_run: bool,
        now: Timestamp,
    ) -> Result<Session, Error> {
        const DOING: &str = "begin the run";
        let mut tx = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(doing(DOING))?;
        let held: Option<(i64, String)> = sqlx::query_as(
            "SELECT run_id, holder FROM run_lock WHERE subscription_id = ? AND level = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_optional(&mut *tx)
        .await
        .map_err(doing(DOING))?;
        if let Some((run, holder)) = held {
            let run = RunId(run.cast_unsigned());
            if self.process.lives(&holder) {
                return Err(Error::Busy {
                    level: scope.level,
                    run,
                });
            }
            tracing::warn!(%run, level = %scope.level, "the process of this run is gone; clearing up after it");
            sqlx::query("UPDATE run SET state = 'failed', finished_at = ? WHERE id = ?")
                .bind(now.as_millisecond())
                .bind(run.0.cast_signed())
                .execute(&mut *tx)
                .await
                .map_err(doing(DOING))?;
            let (_, applied) = scope_of(&mut tx, run).await.map_err(doing(DOING))?;
            clear_up(&mut tx, scope, run, applied)
                .await
                .map_err(doing(DOING))?;
        }
        let run = sqlx::query(
            "INSERT INTO run (subscription_id, level, dry_run, state, applied, started_at) VALUES (?, ?, ?, 'running', 0, ?)",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(dry_run)
        .bind(now.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(doing(DOING))?
        .last_insert_rowid();
        sqlx::query("INSERT OR REPLACE INTO run_lock (subscription_id, level, run_id, holder) VALUES (?, ?, ?, ?)")
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(run)
            .bind(self.process.name())
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await.map_err(doing(DOING))?;
        Session::begin(self, scope, RunId(run.cast_unsigned())).await
    }

    /// Ends a run with its report and gives its level free. Of a run that was carried out, dry or not, the misses and
    /// quarantined values are kept; what a failed or cancelled one staged is cleared away.
    pub async fn finish_run(
        &self,
        run: RunId,
        state: State,
        report: &serde_json::Value,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "end the run";
        let id = run.0.cast_signed();
        let mut tx = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(doing(DOING))?;
        let (scope, applied) = scope_of(&mut tx, run).await.map_err(doing(DOING))?;
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
        sqlx::query("UPDATE run SET state = ?, finished_at = ?, report = ? WHERE id = ?")
            .bind(state.name())
            .bind(now.as_millisecond())
            .bind(report.to_string())
            .bind(id)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        sqlx::query("DELETE FROM run_lock WHERE run_id = ?")
            .bind(id)
            .execute(&mut *tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await.map_err(doing(DOING))
    }

    /// The newest runs of a subscription, newest first.
    pub async fn runs(&self, subscription: SubscriptionId, limit: i64) -> Result<Vec<Run>, Error> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM run WHERE subscription_id = ? ORDER BY id DESC LIMIT ?"
        );
        let rows: Vec<RunRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(subscription.0)
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
        let row: Option<RunRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(subscription.0)
            .bind(run.0.cast_signed())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing("read the run"))?;
        row.map(run_of).transpose()
    }

    /// The records of a run that matched nothing, in record order, after the given record.
    pub async fn missed(
        &self,
        run: RunId,
        after: RecordId,
        limit: i64,
    ) -> Result<Vec<MissedRecord>, Error> {
        let rows: Vec<(i64, i64, Option<String>, Option<String>)> = sqlx::query_as(
            "SELECT o.record_id, o.kind, coalesce(o.key_text, s.id), coalesce(o.near_id, s.id)
             FROM outcome o LEFT JOIN subject s ON s.pk = o.subject_pk
             WHERE o.run_id = ? AND o.record_id > ? AND o.kind BETWEEN 1 AND 7 ORDER BY o.record_id LIMIT ?",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.cast_signed())
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the misses"))?;
        Ok(rows
            .into_iter()
            .filter_map(
                |(record, kind, key, near)| match OutcomeKind::from_number(kind) {
                    OutcomeKind::Missed(reason) => Some(MissedRecord {
                        record: RecordId(record.cast_unsigned()),
                        reason,
                        key,
                        near,
                    }),
                    _ => None,
                },
            )
            .collect())
    }

    /// The values a run kept out, in record order, after the given record and property.
    pub async fn quarantined(
        &self,
        run: RunId,
        after: (RecordId, &str),
        limit: i64,
    ) -> Result<Vec<QuarantinedValue>, Error> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT record_id, property, reason, value FROM quarantine
             WHERE run_id = ? AND (record_id, property) > (?, ?) ORDER BY record_id, property LIMIT ?",
        )
        .bind(run.0.cast_signed())
        .bind(after.0.0.cast_signed())
        .bind(after.1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the quarantined values"))?;
        Ok(rows
            .into_iter()
            .map(|(record, property, reason, value)| QuarantinedValue {
                record: RecordId(record.cast_unsigned()),
                property,
                reason,
                value,
            })
            .collect())
    }

    /// The subjects a run changed, in the order it found them, after the given position (-1 for the first page).
    pub async fn changed(
        &self,
        run: RunId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ChangedSubject>, Error> {
        let rows: Vec<(i64, String, i64, Option<String>, String)> = sqlx::query_as(
            "SELECT v.id, s.id, v.record_id, b.payload, v.payload FROM version v
             JOIN subject s ON s.pk = v.subject_pk
             LEFT JOIN version b ON b.id = v.previous_id
             WHERE v.id BETWEEN ? AND ? ORDER BY v.id LIMIT ?",
        )
        .bind(first_version(run) + after + 1)
        .bind(first_version(RunId(run.0 + 1)) - 1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the changes"))?;
        Ok(rows
            .into_iter()
            .map(|(version, id, record, before, after)| ChangedSubject {
                position: version - first_version(run),
                id,
                record: RecordId(record.cast_unsigned()),
                before,
                after,
            })
            .collect())
    }

    /// The links a run ended.
    pub async fn ended_links(&self, run: RunId) -> Result<Vec<EndedLink>, Error> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT s.id, e.record_id, e.reason FROM ended_link e JOIN subject s ON s.pk = e.subject_pk
             WHERE e.run_id = ? ORDER BY s.id",
        )
        .bind(run.0.cast_signed())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("read the ended links"))?;
        Ok(rows
            .into_iter()
            .map(|(id, record, reason)| EndedLink {
                id,
                record: RecordId(record.cast_unsigned()),
                reason,
            })
            .collect())
    }

    /// The newest run of a level whose outcome was applied.
    pub async fn latest_applied_run(&self, scope: Scope) -> Result<Option<RunId>, Error> {
        sqlx::query_scalar::<_, Option<i64>>(
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

/// The run that a living process has under way for a level.
pub(crate) async fn under_way(
    conn: &mut SqliteConnection,
    process: &Process,
    scope: Scope,
) -> Result<Option<RunId>, sqlx::Error> {
    let held: Option<(i64, String)> = sqlx::query_as(
        "SELECT run_id, holder FROM run_lock WHERE subscription_id = ? AND level = ?",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_optional(conn)
    .await?;
    Ok(held
        .filter(|(_, holder)| process.lives(holder))
        .map(|(run, _)| RunId(run.cast_unsigned())))
}

/// Clears away what a run staged. If it was applied all the same, the level's memory is that of a run before it.
async fn clear_up(
    conn: &mut SqliteConnection,
    scope: Scope,
    run: RunId,
    applied: bool,
) -> Result<(), sqlx::Error> {
    if applied {
        forget_memory(conn, scope).await?;
    }
    forget_staged(conn, run).await
}

async fn scope_of(conn: &mut SqliteConnection, run: RunId) -> Result<(Scope, bool), sqlx::Error> {
    let (subscription, level, applied) =
        sqlx::query_as("SELECT subscription_id, level, applied FROM run WHERE id = ?")
            .bind(run.0.cast_signed())
            .fetch_one(conn)
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
    let (id, subscription, level, dry_run, state, started_at, finished_at, report, pruned) = row;
    let time = |at| Timestamp::from_millisecond(at).map_err(corrupt("a run's time"));
    Ok(Run {
        id: RunId(id.cast_unsigned()),
        subscription: SubscriptionId(subscription),
        level: level_of(level),
        dry_run,
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
