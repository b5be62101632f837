//! `tributary pendo`.

mod connect;
mod deliver;
mod disconnect;
mod drift;
mod probe;
mod resend;
mod status;

use clap::Subcommand;
use model::Level;
use store::{Scope, SubscriptionId};

use crate::{app::App, cli, failure::Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Connect(connect::Args),
    /// Show the connection, what waits to be sent, and what Pendo calls our fields; and try the key.
    Status,
    Probe(probe::Args),
    Drift(drift::Args),
    Deliver(deliver::Args),
    Resend(resend::Args),
    /// Forget the key, and what waits to be sent. What is in Pendo stays there.
    Disconnect,
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Connect(args) => connect::run(app, args).await,
        Command::Status => status::run(app).await,
        Command::Probe(args) => probe::run(app, args).await,
        Command::Drift(args) => drift::run(app, args).await,
        Command::Deliver(args) => deliver::run(app, args).await,
        Command::Resend(args) => resend::run(app, args).await,
        Command::Disconnect => disconnect::run(app).await,
    }
}

/// The levels that a command is about.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Levels {
    /// visitor or account; both unless one is named.
    #[arg(long, value_parser = cli::level, value_name = "LEVEL")]
    level: Option<Level>,
}

impl Levels {
    fn scopes(self, subscription: SubscriptionId) -> impl Iterator<Item = Scope> {
        Level::ALL
            .into_iter()
            .filter(move |level| self.level.is_none_or(|only| only == *level))
            .map(move |level| Scope {
                subscription,
                level,
            })
    }
}
