//! The commands, one module each.

pub(crate) mod backup;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod hubspot;
pub(crate) mod jobs;
pub(crate) mod mapping;
pub(crate) mod pendo;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod subjects;
pub(crate) mod subscription;
pub(crate) mod sync;
pub(crate) mod users;

use model::Level;

use crate::{app::App, cli::Command, failure::Outcome};

/// Does what the command line says.
pub(crate) async fn run(app: App, command: Command) -> Outcome {
    match command {
        Command::Subscription(command) => subscription::run(&app, command).await,
        Command::Visitors(command) => subjects::run(&app, Level::Visitor, command).await,
        Command::Accounts(command) => subjects::run(&app, Level::Account, command).await,
        Command::Export(args) => export::run(&app, args).await,
        Command::Hubspot(command) => hubspot::run(&app, command).await,
        Command::Pendo(command) => pendo::run(&app, command).await,
        Command::Mapping(command) => mapping::run(&app, command).await,
        Command::Sync(args) => sync::run(&app, args).await,
        Command::Runs(command) => runs::run(&app, command).await,
        Command::Schedule(command) => schedule::run(&app, command).await,
        Command::Jobs(command) => jobs::run(&app, command).await,
        Command::Config(command) => config::run(&app, &command),
        Command::Backup(args) => backup::back_up(&app, args).await,
        Command::Restore(args) => backup::restore(&app, args).await,
        Command::Store(command) => store::run(&app, command).await,
        Command::Users(command) => users::run(&app, command).await,
        Command::Serve(args) => serve::run(app, args).await,
        Command::Demo(args) => Box::pin(demo::run(app, args)).await,
    }
}
