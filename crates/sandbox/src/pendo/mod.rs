//! A stand-in for Pendo's Engage API as a real HTTP server.
//!
//! It serves what a connector that writes metadata needs: the key check, the schema, values one by one and by the
//! thousand, single records, and the stages of the aggregation that page through ids. What is not known about the real
//! thing is a [switch](Switches), set to the likelier answer. It knows nothing of any client.
//!
//! ```
//! use sandbox::pendo::{Action, Config, Group, Kind, Operation, Pendo, Rule, Subscription, WRITE_KEY};
//!
//! // A server on a free port, with one subscription in the region `us`.
//! let subscription = Subscription::default().knowing(&["ann", "bob"], &["acme"]);
//! let pendo = Pendo::start(Config { keep_writes: true, ..Config::with_subscription(subscription) })?;
//! let base_url = pendo.base_url(); // http://127.0.0.1:…/{region}
//! let key = WRITE_KEY;
//! # let _ = key;
//! assert!(base_url.ends_with("/{region}"));
//!
//! // The next write is done and its answer lost; in the one after it every third record fails.
//! pendo.script(Rule::next(Operation::SetMany, Action::DropAnswer));
//! let fail = Action::FailRecords { ids: vec![], every: 3, text: "try again".to_owned() };
//! pendo.script(Rule::next(Operation::SetMany, fail));
//!
//! // Somebody else sets a value; an open question is answered the other way.
//! pendo.set("main", Kind::Visitor, Group::Custom, "ann", "plan", "pro");
//! pendo.switches(|switches| switches.kind_key = true);
//!
//! // … the program under test runs here …
//!
//! assert_eq!(pendo.value("main", Kind::Visitor, Group::Custom, "ann", "plan"), Some("pro".into()));
//! assert_eq!(pendo.tally(Operation::SetMany).calls, 0);
//! # Ok::<(), std::io::Error>(())
//! ```

mod aggregation;
mod answer;
mod config;
mod control;
mod fault;
mod fit;
mod handle;
mod journal;
mod kind;
mod many;
mod metadata;
mod population;
mod record;
mod route;
mod row;
mod schema;
mod server;
mod subscription;
mod summary;
mod switches;
mod world;

pub use config::{Config, ExistingField, Key, READ_KEY, Subscription, WRITE_KEY};
pub use fault::{Action, Command, Rule};
pub use handle::Pendo;
pub use journal::{Call, Operation, Outcome, Tally, Write};
pub use kind::{Group, Kind, Region};
pub use schema::{Field, Type};
pub use summary::Summary;
pub use switches::{
    Decimals, EmptyText, Errors, Names, Null, NumberType, Retype, Switches, Times, UnknownFields,
    WrongTypes,
};
