//! Life signs on a PostgreSQL server: advisory locks of sessions.
//!
//! A process holds one for as long as its session lasts, and the server takes it back when the session ends: when the process
//! dies, or when it cannot be reached any more. A process that has lost its session takes the lock again as soon as it can;
//! what others have taken over meanwhile it finds taken, whatever it does.

use std::{io::ErrorKind, time::Duration};

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, oneshot},
    task::JoinHandle,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::sql::{self, Connection, Silence};

/// How often a process looks after its session.
const BEAT: Duration = Duration::from_secs(5);

/// How long the server has for an answer. After that nothing that was said to it is relied upon.
const ANSWER: Duration = Duration::from_secs(10);

/// Lets the server notice within half a minute that a process cannot be reached: without it, it would wait for hours.
const KEEPALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000";

/// This process's life sign.
#[derive(Debug)]
pub(super) struct Sign {
    options: PgConnectOptions,
    key: i64,
    beating: Mutex<Option<Beating>>,
    silence: Silence,
}

/// The task that looks after the session; it ends with this.
#[derive(Debug)]
struct Beating {
    task: JoinHandle<()>,
    end: Option<oneshot::Sender<()>>,
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sign {
    pub(super) fn new(options: PgConnectOptions, silence: Silence, name: &str) -> Self {
        Self {
            options,
            key: key_of(name),
            beating: Mutex::new(None),
            silence,
        }
    }

    /// Gives the sign, unless it is given already.
    pub(super) async fn give(&self) -> Result<(), sqlx::Error> {
        let mut beating = self.beating.lock().await;
        if beating.is_none() {
            let session = open(&self.options, self.key).await?;
            let (end, ended) = oneshot::channel();
            let task = tokio::spawn(
                Beat {
                    options: self.options.clone(),
                    key: self.key,
                    silence: self.silence.clone(),
                }
                .keep(session, ended),
            );
            *beating = Some(Beating {
                task,
                end: Some(end),
            });
        }
        Ok(())
    }

    /// Takes the sign back, if it was given.
    pub(super) async fn take_back(&self) {
        let Some(mut beating) = self.beating.lock().await.take() else {
            return;
        };
        if let Some(end) = beating.end.take() {
            // Whether it hears it or has ended already: it has ended after that.
            end.send(()).ok();
            drop((&mut beating.task).await);
        }
    }
}

/// Holds the lock in a session of its own.
async fn open(options: &PgConnectOptions, key: i64) -> Result<PgConnection, sqlx::Error> {
    let mut session = PgConnection::connect_with(options).await?;
    sqlx::raw_sql(KEEPALIVE).execute(&mut session).await?;
    // It is free, but for the moment in which the server has not noticed yet that the former session is gone.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(key)
        .execute(&mut session)
        .await?;
    Ok(session)
}

/// What it takes to look after the session.
struct Beat {
    options: PgConnectOptions,
    key: i64,
    silence: Silence,
}

impl Beat {
    /// Looks after the session, and opens another one when it is gone.
    async fn keep(self, mut session: PgConnection, mut ended: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                _ = &mut ended => {
                    drop(session.close().await);
                    return;
                }
                () = tokio::time::sleep(BEAT) => {}
            }
            if let Err(error) = within_time(session.ping()).await {
                tracing::warn!(%error, "the session that shows others that this process lives was lost");
                // A connection that was cut says so itself.
                if matches!(&error, sqlx::Error::Io(cause) if cause.kind() == ErrorKind::TimedOut) {
                    self.silence.fell();
                }
                session = self.reopen().await;
                tracing::info!("others see again that this process lives");
            }
        }
    }

    async fn reopen(&self) -> PgConnection {
        loop {
            match within_time(open(&self.options, self.key)).await {
                Ok(session) => return session,
                Err(error) => {
                    tracing::warn!(%error, "no session could be opened to show that this process lives");
                    tokio::time::sleep(BEAT).await;
                }
            }
        }
    }
}

/// Takes a server that does not answer for one that is not there.
async fn within_time<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| sqlx::Error::Io(ErrorKind::TimedOut.into());
    tokio::time::timeout(ANSWER, asked).await.map_err(late)?
}

/// Whether some session holds the lock of the process of that name.
pub(super) async fn is_held(conn: &mut Connection, name: &str) -> Result<bool, sqlx::Error> {
    let key = key_of(name).cast_unsigned();
    let half = |bits: u64| i64::from(u32::try_from(bits & 0xFFFF_FFFF).expect("half of 64 bits"));
    sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND CAST(CAST(classid AS TEXT) AS BIGINT) = ? AND CAST(CAST(objid AS TEXT) AS BIGINT) = ?)",
    )
    .bind(half(key >> 32))
    .bind(half(key))
    .fetch_one(conn)
    .await
}

fn key_of(name: &str) -> i64 {
    xxh3_64(name.as_bytes()).cast_signed()
}
