//! The built program, driven as a user or a script would, against a sandbox in this process.

mod config;
mod connect;
mod demo;
mod export;
mod import;
mod keeping;
mod mapping;
mod oauth;
mod pages;
mod pendo;
mod product;
mod runs;
mod schedule;
mod serve;
mod subjects;
mod subscription;
mod sync;
mod usage;
mod users;
