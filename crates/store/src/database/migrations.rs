//! Bringing the schema up to date, and telling a database that this release must leave alone.
//!
//! Old and new processes use one database while a release is rolled out, so a migration either *expands* (it adds, and what
//! is running goes on) or *contracts* (it takes away what the release before no longer used). The name of a contracting one
//! begins with `contract`. A process goes on with a database that a newer release has expanded, and refuses one that it
//! has contracted.

use sqlx::{
    SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::Place;
use crate::{
    Error,
    error::doing,
    memory::table_exists,
    sql::{self, Pool},
};

/// What the names of migrations begin with that take something away.
const CONTRACT: &str = "contract";

/// The migrations, oldest first, as SQLite and PostgreSQL want them. A released one never changes.
const MIGRATIONS: [(i64, &str, &str, &str); 6] = [
    (
        1,
        "initial",
        include_str!("../../migrations/sqlite/0001_initial.sql"),
        include_str!("../../migrations/postgres/0001_initial.sql"),
    ),
    (
        2,
        "web",
        include_str!("../../migrations/sqlite/0002_web.sql"),
        include_str!("../../migrations/postgres/0002_web.sql"),
    ),
    (
        3,
        "jobs",
        include_str!("../../migrations/sqlite/0003_jobs.sql"),
        include_str!("../../migrations/postgres/0003_jobs.sql"),
    ),
    (
        4,
        "takeover",
        include_str!("../../migrations/sqlite/0004_takeover.sql"),
        include_str!("../../migrations/postgres/0004_takeover.sql"),
    ),
    (
        5,
        "uploads",
        include_str!("../../migrations/sqlite/0005_uploads.sql"),
        include_str!("../../migrations/postgres/0005_uploads.sql"),
    ),
    (
        6,
        "destinations",
        include_str!("../../migrations/sqlite/0006_destinations.sql"),
        include_str!("../../migrations/postgres/0006_destinations.sql"),
    ),
];

/// The table in which the driver notes which migrations were made.
pub(crate) const NOTED: &str = "_sqlx_migrations";

/// There while a copy into the database is under way, and left behind by one that was cut off.
pub(crate) const UNFINISHED: &str = "unfinished_copy";

/// The number of the newest migration.
pub const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// What tells this release's schema from others: all that PostgreSQL's migrations say.
pub fn schema() -> String {
    MIGRATIONS.map(|(.., postgres)| postgres).concat()
}

/// Brings the schema up to date, or to an older release's. On PostgreSQL the first of several processes does, and the others
/// wait for it.
pub(super) async fn migrate(pool: &Pool, to: i64) -> Result<(), MigrateError> {
    let dialect = pool.dialect();
    let migrations = MIGRATIONS
        .iter()
        .filter(|(version, ..)| *version <= to)
        .map(|(version, name, sqlite, postgres)| {
            let sql = SqlStr::from_static(dialect.either(sqlite, postgres));
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    // Those of newer releases: `refuse` has looked at them.
    migrator.set_ignore_missing(true);
    match pool {
        Pool::Sqlite(pool) => migrator.run(pool).await,
        Pool::Postgres(pool, _) => migrator.run(pool).await,
    }
}

/// Refuses a database that is an unfinished copy, or that a newer release has taken something away from.
pub(crate) async fn refuse(pool: &Pool, place: &Place) -> Result<(), Error> {
    if is_there(pool, UNFINISHED).await? {
        return Err(Error::Unfinished {
            place: place.clone(),
        });
    }
    let made = made(pool).await?;
    let newer = made
        .into_iter()
        .find(|(version, name)| *version > NEWEST && name.starts_with(CONTRACT));
    match newer {
        Some((version, name)) => Err(Error::Newer {
            place: place.clone(),
            migration: format!("{version:04} {name}"),
        }),
        None => Ok(()),
    }
}

/// The migrations that a database has gone through, oldest first: none if it is no database of Tributary's yet.
pub(crate) async fn made(pool: &Pool) -> Result<Vec<(i64, String)>, Error> {
    if !is_there(pool, NOTED).await? {
        return Ok(Vec::new());
    }
    sql::query_as("SELECT version, description FROM _sqlx_migrations ORDER BY version")
        .fetch_all(pool)
        .await
        .map_err(doing(LOOK))
}

const LOOK: &str = "look at the schema";

async fn is_there(pool: &Pool, table: &str) -> Result<bool, Error> {
    let mut conn = pool.acquire().await.map_err(doing(LOOK))?;
    table_exists(&mut conn, table).await.map_err(doing(LOOK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_contracting_migration_takes_something_away() {
        for (version, name, sqlite, postgres) in MIGRATIONS {
            for sql in [sqlite, postgres] {
                let statements = sql
                    .lines()
                    .map(|line| line.split("--").next().unwrap_or(""));
                let text = statements.collect::<Vec<_>>().join("\n").to_uppercase();
                let takes = ["DROP ", "RENAME ", "DELETE FROM ", "ALTER COLUMN "];
                let takes = takes.iter().any(|word| text.contains(word));
                assert!(
                    !takes || name.starts_with(CONTRACT),
                    "{version:04} {name} takes something away; see CONTRIBUTING.md"
                );
                // An older process writes rows without the column.
                for column in text.split(';').filter(|one| one.contains("ADD COLUMN")) {
                    assert!(
                        !column.contains("NOT NULL") || column.contains("DEFAULT"),
                        "{version:04} {name}: {column}"
                    );
                }
            }
        }
    }
}
