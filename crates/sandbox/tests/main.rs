//! The sandbox through its front door: raw HTTP, one module per part of the API.

mod account;
mod auth;
mod batch;
mod client;
mod control;
mod edits;
mod faults;
mod lists;
mod oauth;
mod official_client;
mod pendo_access;
mod pendo_aggregation;
mod pendo_client;
mod pendo_control;
mod pendo_faults;
mod pendo_journal;
mod pendo_many;
mod pendo_metadata;
mod pendo_switches;
mod properties;
mod quota;
mod search;
mod truth;
mod values;
