//! The layer over the driver: one way to write statements for SQLite and PostgreSQL.
//!
//! It looks like sqlx's own builder, so that a statement reads as it would there: [`query()`], values bound one by one, and
//! then `execute` or one of the `fetch` functions on a pool, a connection or a transaction. Statements are written once, in
//! SQLite's words, and translated; where the databases have no common words, a part of a statement is chosen by the
//! [`Dialect`]. How many rows go in at once is in [`bulk`], what transactions wait for in [`transaction`].
//!
//! Generic over sqlx's databases, each function that runs a statement would need a dozen bounds; its `Any` driver forgets
//! the types of values that are null.

pub(crate) mod bulk;
pub(crate) mod connection;
mod copy;
mod query;
pub(crate) mod rows;
pub(crate) mod transaction;
mod translate;
mod value;

pub(crate) use self::{
    bulk::Bulk,
    connection::{Connection, Dialect, Pool, Silence, Source},
    query::{query, query_as, query_scalar},
    transaction::{Lock, Transaction},
    value::{Value, to_the_byte, without_nul},
};
