//! The client of Pendo's Engage API: an integration key, metadata fields, values in bulk and one by one, and the ids
//! and values that Pendo has.
//!
//! One [`Client`] speaks to one subscription in one [`Region`]. It retries by one table ([`retry::rule`]), keeps to a
//! number of calls at the same time that its clones share, and counts what it sends. Values written are absolute, so a
//! write whose answer was lost is sent again.
//!
//! The API's reference is <https://engageapi.pendo.io>; where it is silent the client takes whatever comes, and says so
//! at the place.
//!
//! Setting two values of one visitor:
//!
//! ```no_run
//! use model::Level;
//! use pendo::{Batch, Client, Region, Settings};
//!
//! # async fn write() -> Result<(), pendo::Error> {
//! let client = Client::builder(Settings::default(), Region::Eu, "the-key".into()).build()?;
//! let mut batch = Batch::new(Level::Visitor);
//! batch.record("ada", |values| {
//!     values.put("plan_tier", r#""gold""#);
//!     values.put("seats", "12");
//! });
//! let answer = client.set_values("custom", &batch, false).await?;
//! println!("{} ids are unknown to Pendo", answer.missing.len());
//! # Ok(())
//! # }
//! ```

mod aggregation;
mod answer;
#[cfg(test)]
mod any_json;
mod batch;
mod builder;
mod call;
mod calls;
mod client;
mod error;
mod lenient;
mod paths;
mod redact;
mod refusal;
pub mod retry;
mod schema;
mod settings;

pub use aggregation::{Held, KnownId};
pub use answer::{Access, Answer, Problem};
pub use batch::{Batch, Values};
pub use builder::ClientBuilder;
pub use calls::Calls;
pub use client::Client;
pub use error::{Error, Kind, Operation};
pub use outbound::{Failure, Timeouts, Transport};
pub use refusal::Refusal;
pub use schema::{Field, FieldType, NewField, Schema};
pub use settings::{Region, Settings, UnknownRegion};
