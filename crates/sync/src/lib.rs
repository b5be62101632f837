//! The sync: plan → read → match → translate → diff → apply → prove, for one level at a time.
//!
//! [`run()`] executes all of it and returns a [`RunReport`]. Nothing a run finds is seen by anyone before the one transaction
//! that applies it; a dry run stops right before. Memory does not grow with the portal: pages pass through, candidates wait
//! in the database, and what is remembered per known id is one bit.

mod again;
mod checkpoint;
pub mod compare;
pub mod connect;
mod deliver;
pub mod destination;
mod diff;
pub mod export;
pub mod import;
mod intake;
mod layout;
mod links;
pub mod mapping;
mod patience;
mod plan;
pub mod planner;
mod progress;
mod prove;
mod read;
mod reconcile;
mod report;
mod run;
pub mod runner;
pub mod sample;
pub mod schedule;
mod trouble;
pub mod upload;
pub mod worker;

pub use again::Again;
pub use plan::ReaderChoice;
pub use progress::{Phase, Progress};
pub use report::{
    Calls, Counts, Destination, FieldCounts, Ids, Missed, Portal, Proof, RunReport, Values,
};
pub use run::{Context, Error, Request, Stops, run};
pub use runner::Runner;
pub use trouble::{Explain, Explanation, chain};
pub use worker::Worker;
