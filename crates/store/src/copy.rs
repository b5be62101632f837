//! Copying all that is remembered into another database, of either kind, with a proof.
//!
//! What is copied is one snapshot. It goes into an empty database within one transaction, is read back there, and becomes
//! true only if every table holds what it held before: as many rows, with the same values. From before the first row until
//! then a table of its own marks the target as unfinished, so that a copy that was cut off is never taken for a database.

mod checksum;
mod tables;

use serde::Serialize;
use sqlx::AssertSqlSafe;

pub use self::checksum::Checksum;
use self::tables::{Table, highest, number_above, tables};
use crate::{
    Error, Place, Store,
    database::{
        Address, migrate,
        migrations::{self, NEWEST, UNFINISHED},
        sqlite::{self, Journal},
    },
    error::doing,
    lock::Process,
    sql::{self, Bulk, Connection, Dialect, Lock, Pool, transaction::Transaction},
    staging::make_record_table,
};

const COPY: &str = "copy the database";

/// A table as it was read, and as it was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// What there was to copy.
    pub from: Checksum,
    /// What is stored now.
    pub to: Checksum,
}

/// What a copy has to show for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// From where.
    pub from: Place,
    /// Where to.
    pub to: Place,
    /// Every table.
    pub tables: Vec<Copied>,
}

impl Proof {
    /// Whether every table holds what it held. If not, nothing was kept, and the target stays marked as unfinished.
    pub fn holds(&self) -> bool {
        self.tables.iter().all(|table| table.from == table.to)
    }

    /// How many rows were stored.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.to.rows).sum()
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The table under way.
    pub table: &'a str,
    /// Rows so far, of all tables.
    pub rows: u64,
    /// They are being read back.
    pub proving: bool,
}

impl Store {
    /// Moves everything to an empty database, which it makes if it is a file.
    ///
    /// # Errors
    /// [`Error::UnderWay`] while a living process changes what would be moved, [`Error::NotEmpty`], and
    /// [`Error::Newer`] for a database that holds what this release cannot copy.
    pub async fn copy_to(
        &self,
        to: &Address,
        progress: impl FnMut(Progress<'_>),
    ) -> Result<Proof, Error> {
        let mut from = self.pool.snapshot(COPY).await?;
        if let Some(what) = under_way(&mut from, &self.process).await? {
            return Err(Error::UnderWay {
                place: self.place().clone(),
                what,
            });
        }
        fill(from, self.place(), to, progress).await
    }
}

/// The run or job that a living process has under way.
async fn under_way(conn: &mut Connection, process: &Process) -> Result<Option<String>, Error> {
    const DOING: &str = "look for runs that are under way";
    let holders: Vec<(String, i64, String)> = sql::query_as(
        "SELECT 'run', run_id, holder FROM run_lock
         UNION ALL SELECT 'job', id, holder FROM job WHERE state = 'running' AND holder IS NOT NULL",
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(doing(DOING))?;
    for (what, number, holder) in holders {
        let lives = process.lives(conn, &holder).await;
        if lives.map_err(doing(DOING))? {
            return Ok(Some(format!("{what} {number}")));
        }
    }
    Ok(None)
}

/// Copies a snapshot into an empty database.
pub(crate) async fn fill(
    from: Transaction<'_>,
    place: &Place,
    to: &Address,
    progress: impl FnMut(Progress<'_>),
) -> Result<Proof, Error> {
    prepare(to).await?;
    let (pool, target) = to.connect(1, Journal::Behind).await?;
    let filled = fill_pool(from, place, &pool, &target, progress).await;
    // Whatever comes next finds a file that is complete by itself.
    pool.close().await;
    filled
}

/// Gives an empty database this release's schema, as any process would. Only then is SQLite's file opened in the other way, which
/// nobody may have open besides.
async fn prepare(to: &Address) -> Result<(), Error> {
    let (pool, place) = to.connect(1, Journal::Ahead).await?;
    let prepared = async {
        match migrations::refuse(&pool, &place).await {
            // It holds no rows, and is taken up again.
            Err(Error::Unfinished { .. }) | Ok(()) => migrate(&pool, &place, NEWEST).await?,
            Err(refused) => return Err(refused),
        }
        let mut conn = pool.acquire().await.map_err(doing(COPY))?;
        refuse_rows(&mut conn, &place).await
    };
    let prepared = prepared.await;
    pool.close().await;
    prepared
}

async fn fill_pool(
    mut from: Transaction<'_>,
    place: &Place,
    pool: &Pool,
    target: &Place,
    progress: impl FnMut(Progress<'_>),
) -> Result<Proof, Error> {
    let mut conn = pool.acquire().await.map_err(doing(COPY))?;
    sqlite::set_cache(&mut conn, sqlite::WORKING_CACHE_KIB).await?;
    let held = tables(&mut from).await.map_err(doing(COPY))?;
    mark(&mut conn, &held, place, target).await?;

    let mut into = conn.begin(Lock::Copy, COPY).await?;
    // Another copy may have ended since this one marked the target.
    refuse_rows(&mut into, target).await?;
    let mut copying = Copying { progress, rows: 0 };
    let sent = copying.everything(&mut from, &mut into, &held).await;
    let sent = sent.map_err(doing(COPY))?;
    from.rollback().await?;

    copying.rows = 0;
    let mut proof = Proof {
        from: place.clone(),
        to: target.clone(),
        tables: Vec::new(),
    };
    for (table, from) in sent {
        let stored = copying.read_back(&mut into, &table).await;
        proof.tables.push(Copied {
            to: stored.map_err(doing("read the copy back"))?,
            table: table.name,
            from,
        });
    }
    if !proof.holds() {
        into.rollback().await?;
        return Ok(proof);
    }
    into.run(&format!("DROP TABLE {UNFINISHED}"))
        .await
        .map_err(doing(COPY))?;
    into.commit().await?;
    if conn.dialect() == Dialect::Postgres {
        // It plans by what it knows of its tables, and would look at them some minutes from now.
        conn.run("ANALYZE").await.map_err(doing(COPY))?;
    }
    Ok(proof)
}

/// Marks an empty target as unfinished, if it can take what is held.
async fn mark(
    conn: &mut Connection,
    held: &[Table],
    place: &Place,
    target: &Place,
) -> Result<(), Error> {
    let mut tx = conn.begin(Lock::Copy, COPY).await?;
    refuse_rows(&mut tx, target).await?;
    refuse_unknown(&tables(&mut tx).await.map_err(doing(COPY))?, held, place)?;
    tx.run(&format!(
        "CREATE TABLE IF NOT EXISTS {UNFINISHED} (note TEXT)"
    ))
    .await
    .map_err(doing(COPY))?;
    tx.commit().await
}

/// Refuses a target that holds something.
async fn refuse_rows(conn: &mut Connection, place: &Place) -> Result<(), Error> {
    for table in tables(conn).await.map_err(doing(COPY))? {
        let sql = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {})", table.name));
        let holds: bool = sql::query_scalar(sql)
            .fetch_one(&mut *conn)
            .await
            .map_err(doing(COPY))?;
        if holds || table.is_memory() {
            return Err(Error::NotEmpty {
                place: place.clone(),
                table: table.name,
            });
        }
    }
    Ok(())
}

/// Refuses what a newer release has added: it would be left behind.
fn refuse_unknown(known: &[Table], held: &[Table], place: &Place) -> Result<(), Error> {
    let fixed = |table: &&Table| !table.is_memory();
    for table in held.iter().filter(fixed) {
        if !known.iter().any(|known| known.fits(table)) {
            return Err(Error::Newer {
                place: place.clone(),
                migration: format!("table {}", table.name),
            });
        }
    }
    Ok(())
}

/// A copy that is under way.
struct Copying<P> {
    progress: P,
    rows: u64,
}

impl<P: FnMut(Progress<'_>)> Copying<P> {
    /// Copies every table; returns what was read.
    async fn everything(
        &mut self,
        from: &mut Connection,
        into: &mut Connection,
        held: &[Table],
    ) -> Result<Vec<(Table, Checksum)>, sqlx::Error> {
        for memory in held.iter().filter(|table| table.is_memory()) {
            make_record_table(&mut *into, &memory.name).await?;
        }
        let mut sent = Vec::new();
        // In the target's order, which is that of its foreign keys.
        for table in tables(&mut *into).await? {
            let Some(held) = held.iter().find(|held| held.name == table.name) else {
                continue;
            };
            let checksum = self.table(&mut *from, &mut *into, held, &table).await?;
            if let Some(column) = &table.numbered
                && let Some(highest) = highest(&mut *from, &table.name, column).await?
            {
                number_above(&mut *into, &table.name, column, highest).await?;
            }
            sent.push((table, checksum));
        }
        Ok(sent)
    }

    /// Copies a table; returns what was read.
    async fn table(
        &mut self,
        from: &mut Connection,
        into: &mut Connection,
        held: &Table,
        kept: &Table,
    ) -> Result<Checksum, sqlx::Error> {
        let bulk = Bulk::new(&kept.name, &kept.names());
        let kinds = kept.kinds();
        let mut rows = from.rows(held.select(), held.kinds());
        let (mut checksum, mut buffer) = (Checksum::default(), Vec::new());
        loop {
            let batch = rows.batch().await?;
            if batch.is_empty() {
                return Ok(checksum);
            }
            for record in &batch {
                checksum.add(record, &mut buffer);
            }
            self.say(&kept.name, batch.len(), false);
            bulk.insert(into, batch, |columns, record| {
                for (value, kind) in record.into_iter().zip(&kinds) {
                    columns.put(kind.fit(value));
                }
            })
            .await?;
        }
    }

    /// Reads what a table holds now.
    async fn read_back(
        &mut self,
        conn: &mut Connection,
        table: &Table,
    ) -> Result<Checksum, sqlx::Error> {
        let mut rows = conn.rows(table.select(), table.kinds());
        let (mut checksum, mut buffer) = (Checksum::default(), Vec::new());
        loop {
            let batch = rows.batch().await?;
            if batch.is_empty() {
                return Ok(checksum);
            }
            for record in &batch {
                checksum.add(record, &mut buffer);
            }
            self.say(&table.name, batch.len(), true);
        }
    }

    fn say(&mut self, table: &str, rows: usize, proving: bool) {
        self.rows += rows as u64;
        (self.progress)(Progress {
            table,
            rows: self.rows,
            proving,
        });
    }
}
