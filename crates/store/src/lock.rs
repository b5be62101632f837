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
    job::Ticket,
    sql::{self, Connection, Lock, Silence, Transaction},
};

/// This process, as locks and jobs name it.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    sign: Sign,
    /// What is under way here. What this process holds and is not among it was left behind.
    under_way: Mutex<HashSet<Task>>,
}

/// What a process can have under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    /// A run.
    Run(RunId),
    /// A job.
    Job(Ticket),
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
    pub(crate) fn on_server(options: sqlx::postgres::PgConnectOptions, silence: Silence) -> Self {
        let name = fresh_name();
        let sign = server::Sign::new(options, silence, &name);
        Self::with(name, Sign::Server(Box::new(sign)))
    }

    fn with(name: String, sign: Sign) -> Self {
        Self {
            name,
            sign,
            under_way: Mutex::default(),
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
        match &self.sign {
            Sign::File(sign) => sign.take_back(),
            Sign::Server(sign) => sign.take_back().await,
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

    /// Whether a process has something under way: it lives, and if it is this one, it has not left it behind.
    pub(crate) async fn has_under_way(
        &self,
        conn: &mut Connection,
        holder: &str,
        task: Task,
    ) -> Result<bool, sqlx::Error> {
        if holder == self.name {
            return Ok(self.tasks().contains(&task));
        }
        self.lives(conn, holder).await
    }

    fn tasks(&self) -> MutexGuard<'_, HashSet<Task>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that this process has under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    process: Arc<Process>,
    task: Task,
}

impl UnderWay {
    pub(crate) fn new(process: &Arc<Process>, task: Task) -> Self {
        process.tasks().insert(task);
        Self {
            process: Arc::clone(process),
            task,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.process.tasks().remove(&self.task);
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
    under_way: UnderWay,
    scope: Scope,
    run: RunId,
}

impl Hold {
    pub(crate) fn new(process: &Arc<Process>, scope: Scope, run: RunId) -> Self {
        Self {
            under_way: UnderWay::new(process, Task::Run(run)),
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
        .bind(&*self.under_way.process.name)
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
