//! Persistence: everything Tributary remembers, in an embedded SQLite database or in PostgreSQL.
//!
//! All SQL of the project is here. Callers see intents (stage a page, apply a run, read a subject) and never a table. The
//! bulk path of a run goes through [`Session`], which holds one connection; everything else uses the pool.

pub mod app;
pub mod apply;
pub mod audit;
pub mod backup;
pub mod connection;
mod contest;
pub mod copy;
pub mod database;
pub mod destination;
pub mod directory;
pub mod drift;
mod erase;
pub mod error;
pub mod findings;
pub mod import;
pub mod job;
pub mod keyring;
mod lists;
pub mod lock;
pub mod mapping;
pub mod matching;
pub mod member;
pub mod memory;
pub mod near;
pub mod outbox;
pub mod outcome;
mod patch;
pub mod pin;
pub mod points;
pub mod proof;
mod ranges;
pub mod retention;
pub mod run;
pub mod schedule;
pub mod session;
mod sql;
pub mod stage;
mod staging;
pub mod state;
pub mod storage;
pub mod subject;
pub mod subscription;
pub mod takeover;
pub mod upload;
pub mod view;

pub use contest::Withdrawn;
pub use database::{Address, Options, Place, Store};
pub use error::Error;
pub use lock::Hold;
pub use outcome::{Miss, OutcomeKind};
pub use stage::Session;
pub use subscription::{Subscription, SubscriptionId};
pub use upload::UploadId;

use model::Level;

/// A level of a subscription: what a mapping, a run and an import are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Visitors or accounts.
    pub level: Level,
}

impl Scope {
    /// The level's number in the database.
    pub(crate) const fn level_code(self) -> i64 {
        level_code(self.level)
    }
}

pub(crate) const fn level_code(level: Level) -> i64 {
    match level {
        Level::Visitor => 0,
        Level::Account => 1,
    }
}

pub(crate) fn level_of(code: i64) -> Level {
    if code == 0 {
        Level::Visitor
    } else {
        Level::Account
    }
}
