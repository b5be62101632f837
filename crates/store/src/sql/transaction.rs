//! Transactions, and what each of them waits for.
//!
//! SQLite has one writer at a time: whatever is looked up within a writing transaction stays true until its end. PostgreSQL
//! lets everybody write; there a transaction says by its [`Lock`] whom it must not meet, and waits for them before it looks
//! anything up. After that each of its statements sees what those have committed, and nothing of them changes meanwhile.

use model::Level;

use super::connection::{Connection, Dialect, Lease, Source};
use crate::{Error, Scope, SubscriptionId, error::doing, level_code, points};

/// What a writing transaction has for itself.
///
/// One transaction takes one lock, when it begins, so that no two wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// All about a level: ids, mapping, links, runs and pins.
    Level(Scope),
    /// Both levels of a subscription.
    Levels(SubscriptionId),
    /// The queue, and schedules.
    Jobs,
    /// Who may sign in, sessions and links that are good once.
    People,
    /// Being filled by a copy.
    Copy,
}

impl Lock {
    /// The statement that waits for it. Locks taken so end with the transaction, however it ends.
    fn sql(self) -> String {
        const LEVEL: i32 = 1;
        const PEOPLE: i32 = 2;
        const JOBS: i32 = 3;
        const COPY: i32 = 4;
        match self {
            Self::Level(scope) => take(LEVEL, number(scope.subscription, scope.level)),
            // In the order of the levels, for everybody.
            Self::Levels(subscription) => {
                let locks = Level::ALL.map(|level| take(LEVEL, number(subscription, level)));
                locks.join("; ")
            }
            Self::People => take(PEOPLE, 0),
            Self::Jobs => take(JOBS, 0),
            Self::Copy => take(COPY, 0),
        }
    }
}

fn take(kind: i32, number: i32) -> String {
    format!("SELECT pg_advisory_xact_lock({kind}, {number})")
}

/// Should there ever be as many subscriptions as make two numbers the same, two levels would wait for each other.
fn number(subscription: SubscriptionId, level: Level) -> i32 {
    let number = subscription.0.wrapping_mul(2) + level_code(level);
    i32::try_from(number & i64::from(i32::MAX)).expect("it was cut to 31 bits")
}

/// A transaction. Dropped before [`Transaction::commit`], it is undone.
#[derive(Debug)]
pub(crate) struct Transaction<'c> {
    conn: Lease<'c>,
    intent: &'static str,
    over: bool,
}

impl<'c> Transaction<'c> {
    /// Begins one that writes, under a lock, or one that only reads.
    pub(super) async fn begin(
        conn: Lease<'c>,
        lock: Option<Lock>,
        intent: &'static str,
    ) -> Result<Self, Error> {
        let mut tx = Self {
            conn,
            intent,
            over: false,
        };
        tx.conn.recover().await;
        let sql = match (tx.dialect(), lock) {
            (Dialect::Sqlite, Some(_)) => "BEGIN IMMEDIATE".to_owned(),
            (Dialect::Sqlite, None) => "BEGIN".to_owned(),
            (Dialect::Postgres, Some(lock)) => {
                format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", lock.sql())
            }
            (Dialect::Postgres, None) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned()
            }
        };
        tx.conn.run(&sql).await.map_err(doing(intent))?;
        if lock.is_some() {
            points::pass(|| format!("{intent}: begun"));
        }
        Ok(tx)
    }

    /// Makes what was written true.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let intent = self.intent;
        points::pass(|| format!("{intent}: committing"));
        self.end("COMMIT").await?;
        points::pass(|| format!("{intent}: committed"));
        Ok(())
    }

    /// Undoes what was written. Dropping does that as well, at the price of the connection.
    pub(crate) async fn rollback(mut self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, how: &str) -> Result<(), Error> {
        self.conn.run(how).await.map_err(doing(self.intent))?;
        self.over = true;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Nothing can be waited for here: it is undone when the connection is used next, or ends.
        if !self.over {
            self.conn.abandoned = true;
            self.conn.close_on_drop();
        }
    }
}

impl std::ops::Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.conn
    }
}

impl std::ops::DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.conn
    }
}

impl<'e> From<&'e mut Transaction<'_>> for Source<'e> {
    fn from(tx: &'e mut Transaction<'_>) -> Self {
        Self::Connection(tx)
    }
}
