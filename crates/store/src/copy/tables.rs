//! The tables of a database and their columns, as the database itself describes them: a table that a migration adds is
//! copied without a word here.

use sqlx::AssertSqlSafe;

use crate::{
    database::migrations::{NOTED, UNFINISHED},
    memory::is_memory,
    sql::{self, Connection, Dialect, rows::Kind},
};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    /// By name.
    pub(super) columns: Vec<(String, Kind)>,
    /// The column that the database numbers new rows by, never using a number twice.
    pub(super) numbered: Option<String>,
}

impl Table {
    /// The names of its columns.
    pub(super) fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// A statement that reads all of it.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.names().join(", "), self.name)
    }

    /// What its columns hold.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }

    /// Whether another table can take all that this one holds.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.name == other.name && self.names() == other.names()
    }

    /// Made by runs, and not by a migration.
    pub(super) fn is_memory(&self) -> bool {
        is_memory(&self.name)
    }
}

/// All tables that hold what Tributary remembers, those that others refer to before those. What a run has staged is left
/// out: it is worth nothing without the process that staged it.
pub(super) async fn tables(conn: &mut Connection) -> Result<Vec<Table>, sqlx::Error> {
    let dialect = conn.dialect();
    let columns: Vec<(String, String, String, bool)> = sql::query_as(dialect.either(
        "SELECT m.name, c.name, c.type, c.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%'
         FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.name",
        "SELECT table_name::text, column_name::text, data_type::text, is_identity = 'YES'
         FROM information_schema.columns WHERE table_schema = current_schema()
         ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"",
    ))
    .fetch_all(&mut *conn)
    .await?;
    let mut tables: Vec<Table> = Vec::new();
    for (table, column, declared, numbered) in columns {
        if table == NOTED || table == UNFINISHED || table.starts_with("staged_") {
            continue;
        }
        let kind = Kind::of(&declared)
            .ok_or_else(|| sqlx::Error::Decode(format!("{table}.{column} is {declared}").into()))?;
        if tables.last().is_none_or(|last| last.name != table) {
            tables.push(Table {
                name: table,
                columns: Vec::new(),
                numbered: None,
            });
        }
        let table = tables.last_mut().expect("one was pushed");
        if numbered {
            table.numbered = Some(column.clone());
        }
        table.columns.push((column, kind));
    }
    Ok(in_order(tables, &references(conn).await?))
}

/// Which table refers to which.
async fn references(conn: &mut Connection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sql::query_as(conn.dialect().either(
        "SELECT m.name, f.\"table\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
        "SELECT r.relname::text, t.relname::text FROM pg_constraint c
         JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
         WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace",
    ))
    .fetch_all(conn)
    .await
}

/// Puts tables behind those that they refer to.
fn in_order(mut rest: Vec<Table>, references: &[(String, String)]) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::new();
    while !rest.is_empty() {
        let waits = |table: &Table| {
            let mut referred = references.iter().filter(|(from, _)| *from == table.name);
            referred.any(|(_, to)| *to != table.name && rest.iter().any(|one| one.name == *to))
        };
        let (waiting, ready): (Vec<Table>, Vec<Table>) =
            rest.iter().cloned().partition(|table| waits(table));
        // Tables that refer to each other in a circle could not be filled by anybody.
        assert!(!ready.is_empty(), "no order for {waiting:?}");
        ordered.extend(ready);
        rest = waiting;
    }
    ordered
}

/// The highest number that a table's rows were ever given.
pub(super) async fn highest(
    conn: &mut Connection,
    table: &str,
    column: &str,
) -> Result<Option<i64>, sqlx::Error> {
    let present = AssertSqlSafe(format!("SELECT max({column}) FROM {table}"));
    let present: Option<i64> = sql::query_scalar(present).fetch_one(&mut *conn).await?;
    let given: Option<Option<i64>> = match conn.dialect() {
        Dialect::Sqlite => {
            let query = sql::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?");
            query.bind(table).fetch_optional(conn).await?
        }
        Dialect::Postgres => {
            let query = sql::query_scalar(
                "SELECT pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass)",
            );
            query.bind(table).bind(column).fetch_optional(conn).await?
        }
    };
    Ok(present.max(given.flatten()))
}

/// Has a table number its next row above `highest`.
pub(super) async fn number_above(
    conn: &mut Connection,
    table: &str,
    column: &str,
    highest: i64,
) -> Result<(), sqlx::Error> {
    match conn.dialect() {
        Dialect::Sqlite => {
            sql::query("DELETE FROM sqlite_sequence WHERE name = ?")
                .bind(table)
                .execute(&mut *conn)
                .await?;
            sql::query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)")
                .bind(table)
                .bind(highest)
                .execute(conn)
                .await?;
        }
        Dialect::Postgres => {
            sql::query_scalar::<i64>("SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)")
                .bind(table)
                .bind(column)
                .bind(highest)
                .fetch_one(conn)
                .await?;
        }
    }
    Ok(())
}
