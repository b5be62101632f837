//! The client through its front door, against servers that answer as HubSpot does and as it should not.

mod errors;
mod oauth;
mod quota;
mod readers;
mod sandboxed;
mod stage;
