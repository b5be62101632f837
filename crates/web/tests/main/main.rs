//! The pages without a browser: routes, sign-in, security, uploads, and Data Mappings through its forms.
//!
//! A test makes a [`bench::Bench`] (an installation beside a sandbox portal, on a clock that the test moves) and asks it with a
//! [`browser::Browser`], which keeps cookies and sends forms as browsers do. A new route has to be named in
//! [`examples::EXAMPLES`]; tests that walk all routes take it from there.

mod bench;
mod browser;
mod connect;
mod destination;
mod examples;
mod fields;
mod forgery;
mod headers;
mod ids;
mod key;
mod links;
mod members;
mod redirects;
mod routes;
mod runs;
mod schedule;
mod screen;
mod scripts;
mod secrets;
mod sessions;
mod syncing;
mod throttle;
mod tokens;
