//! A stand-in for HubSpot as a real HTTP server, and in [`pendo`] one for the other side.
//!
//! It serves the CRM endpoints a reader needs, in both path families (v3 and dated), the OAuth screens and token
//! endpoints, limits and their headers, and every way in which the real thing fails. Portals are made from a seed:
//! a record is a pure function of (seed, object, index), so that ten million take no memory and a test is the same
//! every time. The crate shares nothing with the rest of the workspace: one misreading cannot hide on both sides.
//!
//! ```
//! use sandbox::{Action, Command, Config, Kind, Object, PortalConfig, Refusal, Rule, Sandbox};
//!
//! // A server on a free port, with one portal of 1,000 contacts and 200 companies, and a clock that stands still.
//! let sandbox = Sandbox::start(Config::with_portal(PortalConfig::small(4711)))?;
//! let base_url = sandbox.base_url(); // http://127.0.0.1:…
//! let token = sandbox::static_token(4711);
//! # let _ = (base_url, token);
//!
//! // What the product already knows, and what a sync must find.
//! let visitors: Vec<_> = sandbox.known(4711, Object::Contacts).collect();
//! let truth = sandbox.truth(4711, Object::Contacts);
//! assert_eq!(visitors.len() as u64, truth.known);
//!
//! // Faults by script: the third search is refused, then the answer of a batch read is lost.
//! sandbox.script(Rule::next(Kind::Search, Action::Refuse(Refusal::Secondly)).after(2));
//! sandbox.script(Rule::next(Kind::BatchRead, Action::DropAnswer));
//! // Something happens in the portal between two pages.
//! let archive = Command::ArchiveProperty { object: Object::Contacts, name: "plan_tier".to_owned() };
//! sandbox.script(Rule::next(Kind::Search, Action::Run { portal: None, command: archive }).after(1));
//!
//! // Knobs, the clock, the journal.
//! sandbox.knobs(4711, |knobs| knobs.index_delay_ms = 60_000);
//! sandbox.clock().advance_ms(1_800_000);
//! assert_eq!(sandbox.tally(Kind::Search).calls, 0);
//! # Ok::<(), std::io::Error>(())
//! ```

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the generator folds hashes into small ranges, and places fit 32 bits"
)]

mod catalogue;
mod clock;
mod command;
mod config;
mod dirt;
mod fault;
mod generate;
mod handle;
mod hash;
mod http;
mod instant;
mod journal;
mod knobs;
mod known;
mod oauth;
mod object;
mod owners;
pub mod pendo;
mod portal;
mod quota;
mod search;
mod server;
mod table;
mod truth;
mod wire;
mod world;

pub use clock::Clock;
pub use command::Command;
pub use config::{
    App, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_SCOPES, DEFAULT_START_MS,
    Distribution, PortalConfig, Profile, StaticToken, VisitorIds, static_token,
};
pub use dirt::Dirt;
pub use fault::{Action, Refusal, Rule};
pub use handle::{Sandbox, Tokens, machine_time_ms, parse_portal};
pub use journal::{Call, Kind, Tally};
pub use knobs::{Knobs, Quota, SearchOrder};
pub use known::{Known, KnownId};
pub use object::Object;
pub use truth::{Missed, Truth, Winner, Winners};

/// The contact property whose value is the product's visitor id.
pub const VISITOR_KEY: &str = "product_user_id";

/// The company property whose value is the product's account id.
pub const ACCOUNT_KEY: &str = "product_account_id";

/// The twenty contact properties of the benchmarks: eight texts, four enumerations, three decimals, two booleans,
/// three dates and times. In a bench portal at least four in five values are filled.
pub const BENCH_FIELDS: [&str; 20] = [
    "firstname",
    "lastname",
    "company",
    "jobtitle",
    "city",
    "address",
    "website",
    "hs_analytics_first_url",
    "lifecyclestage",
    "hs_lead_status",
    "plan_tier",
    "hs_analytics_source",
    "mrr",
    "seat_utilization",
    "usage_score",
    "is_champion",
    "hs_email_optout",
    "trial_ends_on",
    "last_login_at",
    "hs_analytics_last_timestamp",
];
