//! `tributary visitors` and `tributary accounts`: the same commands for both levels.

mod delete;
mod import;
mod list;
mod set;
mod show;

use clap::Subcommand;
use model::Level;

use crate::{app::App, failure::Outcome};

pub(crate) use import::load;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load ids and agent metadata from a file. Adds and updates; removes nothing unless it mirrors.
    Import(import::Args),
    /// List those that are known, in the order of their ids.
    List(list::Args),
    /// Show everything known about one.
    Show(show::Args),
    /// Set or clear values of the groups agent and custom.
    Set(set::Args),
    /// Erase everything kept about one, its traces in past runs included.
    Delete(delete::Args),
}

pub(crate) async fn run(app: &App, level: Level, command: Command) -> Outcome {
    match command {
        Command::Import(args) => import::run(app, level, args).await,
        Command::List(args) => list::run(app, level, args).await,
        Command::Show(args) => show::run(app, level, args).await,
        Command::Set(args) => set::run(app, level, args).await,
        Command::Delete(args) => delete::run(app, level, args).await,
    }
}
