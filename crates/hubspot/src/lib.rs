//! The production client of HubSpot: connections, the property catalogue, readers, quota and error kinds.
//!
//! One [`Client`] reads one portal through one connection. Three readers suit three needs: [`Client::search_page`] is
//! the cheapest, [`Client::list_page`] sees every record as it is now, [`Client::batch_read`] follows known ids. All of
//! them share the portal's quota through a [`Governor`], retry by one table ([`retry::rule`]), and hand out
//! [`Records`], whose cells point into the answer's own bytes.
//!
//! Reading all contacts that have a value for `visitor_id`, page by page:
//!
//! ```no_run
//! use hubspot::{Client, Columns, Credentials, Query, SEARCH_PAGE, Settings, Walk};
//! use model::{ObjectType, PropertyName};
//!
//! # async fn read() -> Result<(), hubspot::Error> {
//! let client = Client::builder(
//!     Settings::default(),
//!     Credentials::Static("pat-na1-…".into()),
//! )
//! .build()?;
//! let columns: Columns = ["visitor_id", "plan_tier"].into_iter().collect();
//! let query = Query::having(PropertyName::new("visitor_id"));
//! let mut next = Some(Walk::Up(None));
//! while let Some(walk) = next {
//!     let page = client
//!         .search_page(ObjectType::Contacts, &query, &columns, walk, SEARCH_PAGE)
//!         .await?;
//!     for record in page.records.iter() {
//!         println!("{} has {:?}", record.id(), record.wire(0));
//!     }
//!     next = page.next;
//! }
//! println!("{} searches", client.calls().search);
//! # Ok(())
//! # }
//! ```

mod account;
#[cfg(test)]
mod any_json;
mod auth;
mod batch;
mod budget;
mod builder;
mod call;
mod calls;
mod catalogue;
mod client;
mod columns;
mod decode;
mod error;
mod governor;
mod list;
mod oauth;
mod owners;
mod paths;
mod query;
mod records;
mod refusal;
pub mod retry;
mod salvage;
mod scan;
mod search;
mod settings;

pub use account::{AccountDetails, RecordCounts, TokenFacts};
pub use auth::{Credentials, KeepError, TokenKeeper, Tokens};
pub use batch::{BATCH, BatchRead};
pub use builder::ClientBuilder;
pub use calls::{CallCounter, Calls};
pub use client::Client;
pub use columns::Columns;
pub use error::{Error, Kind, Operation};
pub use governor::{Governor, Governors, Quota};
pub use list::{Cursor, LIST_PAGE, ListPage};
pub use oauth::OAuth;
pub use outbound::{Failure, ManualClock, SystemClock, Timeouts, Transport, clock};
pub use owners::Owner;
pub use query::{Query, Walk};
pub use records::{Record, Records, Undecodable};
pub use refusal::Refusal;
pub use search::{SEARCH_PAGE, SearchPage};
pub use settings::{QuotaSettings, Settings};
