//! The web application: pages for people, on what the other crates do.
//!
//! Pages are made on the server and work without scripts for reading; htmx puts parts of them anew, and server-sent events
//! carry progress. Every route stands in one table with who may take it ([`routes()`]), every text in the fluent files of both
//! languages ([`Locale`]), and every page says what needs attention around it.

mod app;
mod assets;
mod catalogue;
mod counts;
mod error;
mod events;
mod frame;
mod indexes;
mod locale;
#[cfg(test)]
mod messages;
mod pages;
mod password;
mod posted;
mod report;
mod routes;
mod sample;
mod serve;
mod sheet;
mod site;
mod standing;
mod visit;

pub use self::{
    app::{App, Random, Settings, system_random},
    locale::{Language, Locale},
    pages::tickets::is_email,
    routes::{Access, Route},
    serve::serve,
    site::{routes, site},
};
