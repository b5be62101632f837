//! A PostgreSQL database as the statements that make it again.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, PgConnection};

/// What a row of the description of a table's columns holds: name, type, default, nullability.
type Column = (String, String, Option<String>, bool);

/// Writes statements that make a database again, given those that make its schema. An administrator runs them: they go past
/// references between tables, which are filled in the order of their names.
pub(crate) async fn statements(database: &mut PgConnection, schema: &str) -> String {
    let mut text = format!("{schema}\nSET session_replication_role = replica;\n");
    for table in crate::postgres_tables(database).await {
        let columns = columns(database, &table).await;
        if !schema.contains(&format!("CREATE TABLE {table} (")) {
            let definition = definition(database, &table, &columns).await;
            writeln!(text, "{definition}").expect("a String grows");
        }
        text.push_str(&rows(database, &table, &columns).await);
    }
    for (table, column) in numbered(database).await {
        let next = format!(
            "SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), %s);', '{table}', '{column}',
                           pg_sequence_last_value(pg_get_serial_sequence('{table}', '{column}')::regclass))"
        );
        let statement: String = all(database, &next).await.remove(0);
        writeln!(text, "{statement}").expect("a String grows");
    }
    text + "SET session_replication_role = DEFAULT;\n"
}

async fn columns(database: &mut PgConnection, table: &str) -> Vec<Column> {
    let sql = format!(
        "SELECT column_name::text, data_type::text || coalesce(' COLLATE \"' || collation_name || '\"', ''),
                column_default::text, is_nullable = 'YES'
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(database)
        .await
        .expect("the columns can be listed")
}

/// The statement that makes a table which no migration makes.
async fn definition(database: &mut PgConnection, table: &str, columns: &[Column]) -> String {
    let key = format!(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'p'"
    );
    let mut parts = Vec::new();
    for (name, kind, default, nullable) in columns {
        let default = default.as_ref().map(|value| format!(" DEFAULT {value}"));
        let required = if *nullable { "" } else { " NOT NULL" };
        parts.push(format!(
            "{name} {kind}{}{required}",
            default.unwrap_or_default()
        ));
    }
    parts.extend(all(database, &key).await);
    format!("CREATE TABLE {table} ({});", parts.join(", "))
}

/// A statement for each row, in an order that is the same each time.
async fn rows(database: &mut PgConnection, table: &str, columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
    let values: Vec<String> = names
        .iter()
        .map(|name| format!("quote_nullable({name})"))
        .collect();
    let (names, values) = (names.join(", "), values.join(", "));
    let sql = format!("SELECT concat_ws(', ', {values}) AS row FROM {table} ORDER BY row");
    let mut text = String::new();
    for row in all(database, &sql).await {
        writeln!(text, "INSERT INTO {table} ({names}) VALUES ({row});").expect("a String grows");
    }
    text
}

/// The columns that rows are numbered by, where a row has been.
async fn numbered(database: &mut PgConnection) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND is_identity = 'YES'
           AND pg_sequence_last_value(pg_get_serial_sequence(table_name, column_name)::regclass) IS NOT NULL
         ORDER BY table_name",
    )
    .fetch_all(database)
    .await
    .expect("the sequences can be listed")
}

async fn all(database: &mut PgConnection, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(database)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}
