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
mod properties;
mod quota;
mod search;
mod truth;
mod values;
