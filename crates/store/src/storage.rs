//! What is kept, and how much room it takes.

use jiff::Timestamp;

use crate::{
    Error, Place, Scope, Store,
    error::doing,
    memory::{memory_table, table_exists},
    sql,
};

/// How much room the database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Bytes of the database.
    pub database: u64,
    /// Bytes in its file that are free for what comes next; of an embedded database.
    pub free: Option<u64>,
    /// Bytes of its write-ahead log; of an embedded database.
    pub log: Option<u64>,
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
    /// How much room the database takes.
    pub async fn room(&self) -> Result<Room, Error> {
        const DOING: &str = "measure the database";
        let Place::File(file) = self.place() else {
            let database: i64 = sql::query_scalar("SELECT pg_database_size(current_database())")
                .fetch_one(&self.pool)
                .await
                .map_err(doing(DOING))?;
            return Ok(Room {
                database: database.cast_unsigned(),
                ..Room::default()
            });
        };
        let (page, free): (i64, i64) = sql::query_as(
            "SELECT (SELECT page_size FROM pragma_page_size), (SELECT freelist_count FROM pragma_freelist_count)",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(doing(DOING))?;
        let size = |suffix: &str| {
            let mut path = file.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        Ok(Room {
            database: size(""),
            free: Some((page * free).cast_unsigned()),
            log: Some(size("-wal")),
        })
    }

    /// How many visitors or accounts a record feeds at present.
    pub async fn count_linked(&self, scope: Scope) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
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
        let mut conn = self.pool.acquire().await.map_err(doing(DOING))?;
        let there = table_exists(&mut conn, &table)
            .await
            .map_err(doing(DOING))?;
        let remembered: i64 = if there {
            sql::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
                .fetch_one(&mut conn)
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
            sql::query_as(
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
