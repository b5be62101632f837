//! `tributary mapping`.

mod set;
mod show;

use clap::Subcommand;

use crate::{app::App, failure::Outcome};

pub(crate) use set::map;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set key and fields of a level, in place of those it has.
    Set(set::Args),
    /// Show key and fields of both levels.
    Show(show::Args),
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Set(args) => set::run(app, args).await,
        Command::Show(args) => show::run(app, args).await,
    }
}
