//! Who holds what, and whether the holder still lives.
//!
//! A lock or a job in the database names the process that holds it. Beside an embedded database a process is alive as long as
//! it holds an operating-system lock on a file of its own, on a server as long as it holds an advisory lock of its session
//! there. Either goes with the process, however it ends, and neither asks a clock.

mod file;
mod server;

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::RunId;

use crate::{
    Error, Scope,
    error::doing,
    sql::{self, Connection, Lock, Transaction},
};

/// This process, as locks and jobs name it.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    sign: Sign,
    /// Runs that are under way here. One that this process holds and that is not among them was left behind.
    runs: Mutex<HashSet<RunId>>,
}

/// By what others tell that it lives.
#[derive(Debug)]
enum Sign {
    File(file::Sign),
    Server(Box<server::Sign>),
}

impl Process {
    /// A process that works beside an embedded database, with its life sign in `dir`.
    pub(crate) fn beside_files(dir: &Path) -> Result<Self, Error> {
        // A process id alone would not do: a restarted container hands out the same one again.
        loop {
            let name = fresh_name();
            if let Some(sign) = file::Sign::make(dir, &name)? {
                return Ok(Self::with(name, Sign::File(sign)));
            }
        }
    }

    /// A process that works on a server. Its life sign is given when it first holds something.
    pub(crate) fn on_server(options: sqlx::postgres::PgConnectOptions) -> Self {
        let name = fresh_name();
        let sign = server::Sign::new(options, &name);
        Self::with(name, Sign::Server(Box::new(sign)))
    }

    fn with(name: String, sign: Sign) -> Self {
        Self {
            name,
            sign,
            runs: Mutex::default(),
        }
    }

    /// The name under which this process holds locks and jobs. Others see it live from here on.
    pub(crate) async fn name(&self) -> Result<&str, Error> {
        if let Sign::Server(sign) = &self.sign {
            sign.give().await.map_err(doing("give a life sign"))?;
        }
        Ok(&self.name)
    }

    /// Takes the life sign back: what the process still holds is free for others.
    pub(crate) async fn end(&self) {
        if let Sign::Server(sign) = &self.sign {
            sign.take_back().await;
        }
    }

    /// Whether the process of this name lives.
    pub(crate) async fn lives(
        &self,
        conn: &mut Connection,
        name: &str,
    ) -> Result<bool, sqlx::Error> {
        if name == self.name {
            return Ok(true);
        }
        match &self.sign {
            Sign::File(sign) => Ok(sign.is_held(name)),
            Sign::Server(_) => server::is_held(conn, name).await,
        }
    }

    /// Whether a process has a run under way: it lives, and if it is this one, the run was not left behind.
    pub(crate) async fn has_under_way(
        &self,
        conn: &mut Connection,
        holder: &str,
        run: RunId,
    ) -> Result<bool, sqlx::Error> {
        if holder == self.name {
            return Ok(self.runs().contains(&run));
        }
        self.lives(conn, holder).await
    }

    fn runs(&self) -> MutexGuard<'_, HashSet<RunId>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh_name() -> String {
    format!(
        "{}-{:016x}",
        std::process::id(),
        RandomState::new().hash_one(0)
    )
}

/// A run that this process has under way, until this is dropped.
#[derive(Debug)]
pub struct Hold {
    process: Arc<Process>,
    scope: Scope,
    run: RunId,
}

impl Hold {
    pub(crate) fn new(process: Arc<Process>, scope: Scope, run: RunId) -> Self {
        process.runs().insert(run);
        Self {
            process,
            scope,
            run,
        }
    }

    /// Begins a transaction of the run.
    ///
    /// # Errors
    /// [`Error::TakenOver`] when the process was taken for dead, and another one has taken the run over.
    pub(crate) async fn begin<'c>(
        &self,
        conn: &'c mut Connection,
        intent: &'static str,
    ) -> Result<Transaction<'c>, Error> {
        let mut tx = conn.begin(Lock::Level(self.scope), intent).await?;
        let held: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM run_lock WHERE run_id = ? AND holder = ?)",
        )
        .bind(self.run.0.cast_signed())
        .bind(&*self.process.name)
        .fetch_one(&mut tx)
        .await
        .map_err(doing(intent))?;
        if held {
            return Ok(tx);
        }
        tx.rollback().await?;
        Err(Error::TakenOver { run: self.run })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.process.runs().remove(&self.run);
    }
}
