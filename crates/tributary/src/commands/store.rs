//! `tributary store`.

mod copy;
pub(super) mod proof;

use clap::Subcommand;

use crate::{app::App, failure::Outcome};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Copy(copy::Args),
}

pub(super) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Copy(args) => copy::run(app, args).await,
    }
}
