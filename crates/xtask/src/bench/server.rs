//! What a PostgreSQL server does while the product is measured.

use std::{fs, time::Duration};

use anyhow::Context as _;

use super::measure::{Children, cpu_of};
use crate::postgres::Server;

/// What a server has done so far, or between two moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    /// Processor time of all its processes.
    pub(super) cpu: Duration,
    /// Bytes written ahead to its log.
    pub(super) wal: u64,
}

impl Work {
    /// All that a server has done.
    pub(super) fn of(server: &Server) -> anyhow::Result<Self> {
        let first = server.process()?;
        let file = format!("/proc/{first}/task/{first}/children");
        let children = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        let mut cpu = cpu_of(first, Children::Ended)?;
        for child in children.split_whitespace() {
            // One that ends in this moment counts for the first from then on, a little too late.
            cpu += cpu_of(child.parse()?, Children::Not).unwrap_or_default();
        }
        let wal = server.ask("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")?;
        let wal = wal
            .parse()
            .with_context(|| format!("the log is {wal} bytes long"))?;
        Ok(Self { cpu, wal })
    }

    /// What it has done since an earlier moment.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            wal: self.wal.saturating_sub(before.wal),
        }
    }
}
