//! `tributary runs`.

mod list;
mod show;

use clap::Subcommand;

use crate::{app::App, failure::Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the runs of the subscription, newest first.
    List(list::Args),
    /// Show one run: its report, or what it found.
    Show(show::Args),
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::List(args) => list::run(app, args).await,
        Command::Show(args) => show::run(app, args).await,
    }
}
