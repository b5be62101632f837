//! `tributary hubspot`.

mod connect;
mod disconnect;
mod properties;
mod status;

use clap::Subcommand;

use crate::{app::App, failure::Outcome};

pub(crate) use connect::Subscribed;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Connect(connect::Args),
    /// Show the connection, and try it.
    Status,
    /// Forget the connection. Values, links and mappings stay.
    Disconnect(disconnect::Args),
    /// List the properties of contacts or companies: which can be imported, and which can be the key.
    Properties(properties::Args),
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Connect(args) => connect::run(app, args).await,
        Command::Status => status::run(app).await,
        Command::Disconnect(args) => disconnect::run(app, args).await,
        Command::Properties(args) => properties::run(app, args).await,
    }
}
