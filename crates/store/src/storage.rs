//! What is kept, and how much room it takes.

use jiff::Timestamp;

use crate::{Error, Scope, Store, error::doing, memory::memory_table};

/// How much room the data directory takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Bytes of the database file.
    pub database: u64,
    /// Bytes in it that are free for what comes next.
    pub free: u64,
    /// Bytes of its write-ahead log.
    pub log: u64,
}

/// What is kept of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Visitors or accounts.
    pub subjects: u64,
    /// Of these, fed by a record.
    pub linked: u64,
    /// Rows of the memory that saves work on unchanged records.
    pub remembered: u64,
}

/// What is kept of runs, of all subscriptions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Details {
    /// States of hubspot metadata, present ones and those before.
    pub versions: u64,
    /// Records that missed, were excluded or failed.
    pub outcomes: u64,
    /// Values that were kept out.
    pub quarantined: u64,
    /// Runs whose details are still there.
    pub runs: u64,
    /// When the oldest of these ended.
    pub oldest: Option<Timestamp>,
}

impl Store {
    /// How much room the data directory takes.
    pub async fn room(&self) -> Result<Room, Error> {
        const DOING: &str = "measure the database";
        let (page, free): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT page_size FROM pragma_page_size), (SELECT freelist_count FROM pragma_freelist_count)",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(doing(DOING))?;
        let size = |suffix: &str| {
            let mut path = self.path().as_os_str().to_owned();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        Ok(Room {
            database: size(""),
            free: (page * free).cast_unsigned(),
            log: size("-wal"),
        })
    }

    /// How many visitors or accounts a record feeds at present.
    pub async fn count_linked(&self, scope: Scope) -> Result<u64, Error> {
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM link WHERE subscription_id = ? AND level = ? AND record_id IS NOT NULL",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&self.pool)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the links"))
    }

    /// What is kept of a level.
    pub async fn kept(&self, scope: Scope) -> Result<Kept, Error> {
        const DOING: &str = "count what is kept";
        let subjects = self.count_subjects(scope).await?;
        let linked = self.count_linked(scope).await?;
        let table = memory_table(scope);
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)")
                .bind(&table)
                .fetch_one(&self.pool)
                .await
                .map_err(doing(DOING))?;
        let remembered: i64 = if there {
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
                .fetch_one(&self.pool)
                .await
                .map_err(doing(DOING))?
        } else {
            0
        };
        Ok(Kept {
            subjects,
            linked,
            remembered: remembered.cast_unsigned(),
        })
    }

    /// What is kept of runs.
    pub async fn details(&self) -> Result<Details, Error> {
        let (versions, outcomes, quarantined, runs, oldest): (i64, i64, i64, i64, Option<i64>) =
            sqlx::query_as(
                "SELECT (SELECT count(*) FROM version), (SELECT count(*) FROM outcome), (SELECT count(*) FROM quarantine),
                        (SELECT count(*) FROM run WHERE NOT pruned), (SELECT min(finished_at) FROM run WHERE NOT pruned)",
            )
            .fetch_one(&self.pool)
            .await
            .map_err(doing("count what is kept of runs"))?;
        Ok(Details {
            versions: versions.cast_unsigned(),
            outcomes: outcomes.cast_unsigned(),
            quarantined: quarantined.cast_unsigned(),
            runs: runs.cast_unsigned(),
            oldest: oldest.and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }
}
