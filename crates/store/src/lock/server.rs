//! Life signs on a PostgreSQL server: advisory locks of sessions.
//!
//! A process holds one for as long as its session lasts, and the server takes it back when the session ends: when the process
//! dies, or when it cannot be reached any more. A process that has lost its session takes the lock again as soon as it can;
//! what others have taken over meanwhile it finds taken, whatever it does.

use std::{io::ErrorKind, time::Duration};

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, oneshot, watch},
    task::JoinHandle,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::sql::{self, Connection, Silence};

/// How often a process looks after its session.
const BEAT: Duration = Duration::from_secs(5);

/// How often it tries to get another one.
const AGAIN: Duration = Duration::from_secs(1);

/// How long the server has for an answer. After that nothing that was said to it is relied upon.
const ANSWER: Duration = Duration::from_secs(10);

/// This process's life sign.
#[derive(Debug)]
pub(super) struct Sign {
    options: PgConnectOptions,
    key: i64,
    beating: Mutex<Option<Beating>>,
    /// The session is there, as far as is known.
    up: watch::Sender<bool>,
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
            up: watch::Sender::new(true),
            silence,
        }
    }

    /// Gives the sign, unless it is given already. One that was lost is waited for.
    pub(super) async fn give(&self) -> Result<(), sqlx::Error> {
        self.begin().await?;
        let mut up = self.up.subscribe();
        // The sender is here.
        let seen = within_time(async { Ok(up.wait_for(|up| *up).await) });
        seen.await.map(drop)
    }

    async fn begin(&self) -> Result<(), sqlx::Error> {
        let mut beating = self.beating.lock().await;
        if beating.is_none() {
            let session = open(&self.options, self.key).await?;
            let (end, ended) = oneshot::channel();
            let task = tokio::spawn(
                Beat {
                    options: self.options.clone(),
                    key: self.key,
                    up: self.up.clone(),
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
    // It is free, unless the server has not noticed yet that the former session is gone.
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
    up: watch::Sender<bool>,
    silence: Silence,
}

impl Beat {
    /// Looks after the session, and opens another one when it is gone.
    async fn keep(self, mut session: PgConnection, mut ended: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                _ = &mut ended => {
                    // The server would let go of it a moment after the session's end.
                    let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(self.key);
                    drop(within_time(unlock.execute(&mut session)).await);
                    drop(session.close().await);
                    return;
                }
                () = tokio::time::sleep(BEAT) => {}
                () = self.silence.doubted() => {}
            }
            if let Err(error) = within_time(session.ping()).await {
                self.up.send_replace(false);
                tracing::warn!(%error, "the session that shows others that this process lives was lost");
                // A connection that was cut says so itself.
                if matches!(&error, sqlx::Error::Io(cause) if cause.kind() == ErrorKind::TimedOut) {
                    self.silence.fell();
                }
                session = tokio::select! {
                    session = self.reopen() => session,
                    _ = &mut ended => return,
                };
                // What has died meanwhile may not have said so.
                self.silence.fell();
                self.up.send_replace(true);
                tracing::info!("others see again that this process lives");
            }
        }
    }

    async fn reopen(&self) -> PgConnection {
        let mut told = false;
        loop {
            match within_time(open(&self.options, self.key)).await {
                Ok(session) => return session,
                Err(error) if told => tracing::debug!(%error, "no session yet"),
                Err(error) => {
                    tracing::warn!(%error, "no session can be opened to show that this process lives; it is tried every second");
                    told = true;
                }
            }
            tokio::time::sleep(AGAIN).await;
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
