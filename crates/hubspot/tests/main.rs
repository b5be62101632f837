//! The client through its front door, against servers that answer as HubSpot does and as it should not.

mod batch;
mod errors;
mod facts;
mod list;
mod oauth;
mod quota;
mod sandboxed;
mod search;
mod stage;
