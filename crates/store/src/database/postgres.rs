//! A PostgreSQL server, which several processes on several machines may use at once.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::Place;
use crate::Error;

/// The oldest release that is tested, as the server numbers it.
const OLDEST: i64 = 150_000;

/// How long somebody waits for a connection that others have.
const BUSY: Duration = Duration::from_mins(1);

/// How long a server has to say that it is there.
const ANSWER: Duration = Duration::from_secs(5);

/// What each connection sets.
const SETTINGS: [(&str, &str); 6] = [
    // As long as a statement waits for SQLite: applying a run of millions of records holds a level for seconds.
    ("lock_timeout", "120s"),
    // A transaction here never waits for anything but the database. One whose process was cut off lets go of its locks.
    ("idle_in_transaction_session_timeout", "300s"),
    // Between the pages of a run a connection waits for HubSpot, for as long as that takes.
    ("idle_session_timeout", "0"),
    // Taking in a million rows takes as long as it takes, whatever the server's other users are held to.
    ("statement_timeout", "0"),
    // Statements are short or bulky; neither is worth compiling.
    ("jit", "off"),
    ("client_min_messages", "warning"),
];

/// Understands a database's URL.
pub(super) fn options(url: &str) -> Result<(PgConnectOptions, Place), Error> {
    if !["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(Error::Scheme);
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|source| Error::Url { source })?
        .application_name("tributary")
        .statement_cache_capacity(200)
        .options(SETTINGS);
    let user = options.get_username();
    let host = match options.get_socket() {
        Some(directory) => directory.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let database = options.get_database().unwrap_or(user);
    let place = Place::Server(format!("postgres://{user}@{host}/{database}"));
    Ok((options, place))
}

/// Connects, with up to so many connections at once.
pub(super) async fn connect(
    options: PgConnectOptions,
    connections: u32,
    place: &Place,
) -> Result<PgPool, Error> {
    let at = |source| Error::Open {
        place: place.clone(),
        source,
    };
    // Not the pool's, which would try again for a minute when nobody answers.
    let mut first = PgConnection::connect_with(&options).await.map_err(at)?;
    let (version, release, encoding): (i64, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'),
                current_setting('server_encoding')",
    )
    .fetch_one(&mut first)
    .await
    .map_err(at)?;
    first.close().await.map_err(at)?;
    if version < OLDEST {
        return Err(Error::TooOld { release });
    }
    if encoding != "UTF8" {
        return Err(Error::Encoding { encoding });
    }
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY)
        // The driver's own test waits for an answer however long it takes.
        .test_before_acquire(false)
        .before_acquire(|conn, _| Box::pin(async { Ok(answers(conn).await) }))
        .connect_lazy_with(options))
}

/// Whether a connection still leads to a server.
async fn answers(conn: &mut PgConnection) -> bool {
    let answered = tokio::time::timeout(ANSWER, conn.ping()).await;
    matches!(answered, Ok(Ok(())))
}
