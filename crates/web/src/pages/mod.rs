//! The pages, a module each.

pub(crate) mod account;
pub(crate) mod app;
pub(crate) mod audit;
pub(crate) mod destination;
pub(crate) mod health;
pub(crate) mod ids;
pub(crate) mod mappings;
pub(crate) mod overview;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod sign_in;
pub(crate) mod storage;
pub(crate) mod subjects;
pub(crate) mod subscription;
pub(crate) mod tickets;
pub(crate) mod users;
