//! The command line: what can be written, and what `--help` says about it.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, Parser, Subcommand};
use model::Level;

use crate::commands;

/// Carries HubSpot contacts and companies into product analytics, and proves its own result.
///
/// Try it first, with a sandbox instead of HubSpot: tributary demo
#[derive(Debug, Parser)]
#[command(name = "tributary", version, max_term_width = 100)]
#[command(after_help = "\
Exit status: 0 done (a sync: proved); 1 failed, not mapped, or another run holds the level; \
2 the command line cannot be used; 3 partial, held or cancelled, or an import with bad lines.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Where everything is kept [default: tributary in the user's data directory; the demo has its own].
    #[arg(
        long,
        global = true,
        env = "TRIBUTARY_DATA_DIR",
        value_name = "DIR",
        hide_env_values = true
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// The configuration file [default: tributary.toml in the data directory].
    #[arg(
        long,
        global = true,
        env = "TRIBUTARY_CONFIG",
        value_name = "FILE",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Which subscription; needed only if there are several.
    #[arg(
        long,
        global = true,
        env = "TRIBUTARY_SUBSCRIPTION",
        value_name = "NAME",
        hide_env_values = true
    )]
    pub(crate) subscription: Option<String>,
    /// Print exactly one JSON object to standard output; `serve` prints one for each event.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on standard error (-vv: even more). Property values and tokens are never said.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing on standard error but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// A command without a text here has it, with all there is to say, at its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(commands::serve::Args),
    /// Say who may sign in to the web pages; for lock-outs above all.
    #[command(subcommand)]
    Users(commands::users::Command),
    /// Make and list subscriptions: one product's analytics space each.
    #[command(subcommand)]
    Subscription(commands::subscription::Command),
    /// Load, look up and edit visitors: the persons that use the product.
    #[command(subcommand)]
    Visitors(commands::subjects::Command),
    /// Load, look up and edit accounts: the organisations that use the product.
    #[command(subcommand)]
    Accounts(commands::subjects::Command),
    /// Write visitors or accounts with their metadata, as CSV or NDJSON.
    Export(commands::export::Args),
    /// Connect to HubSpot and look at what it offers.
    #[command(subcommand)]
    Hubspot(commands::hubspot::Command),
    /// Send values to Pendo as well: connect, look at what waits, find out and compare.
    #[command(subcommand)]
    Pendo(commands::pendo::Command),
    /// Say which property is the key and which are carried over.
    #[command(subcommand)]
    Mapping(commands::mapping::Command),
    /// Carry the mapped properties over, and prove the result.
    Sync(commands::sync::Args),
    /// Look at past runs and what they found.
    #[command(subcommand)]
    Runs(commands::runs::Command),
    /// Show and set when the subscription is synced by itself.
    #[command(subcommand)]
    Schedule(commands::schedule::Command),
    /// Look at the queue: what waits for a process and what is under way.
    #[command(subcommand)]
    Jobs(commands::jobs::Command),
    Backup(commands::backup::Backup),
    Restore(commands::backup::Restore),
    /// Move everything to another database.
    #[command(subcommand)]
    Store(commands::store::Command),
    /// Check the configuration.
    #[command(subcommand)]
    Config(commands::config::Command),
    Demo(commands::demo::Args),
}

impl Command {
    /// The name of the data directory that the command uses when none is named.
    pub(crate) const fn data_dir_name(&self) -> &'static str {
        match self {
            Self::Demo(_) => "tributary-demo",
            _ => "tributary",
        }
    }
}

/// Reads `--level`.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    // The plurals are the names of the commands, and easily written.
    text.strip_suffix('s')
        .unwrap_or(text)
        .parse()
        .map_err(|error: model::level::UnknownLevel| error.to_string())
}

/// The user's data directory, as the XDG base directory specification has it; the current one if there is no home.
pub(crate) fn default_data_dir(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_default()
        .join(name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_has_help() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{name} {}",
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn the_data_directory_follows_xdg() {
        let dir = |xdg: Option<&str>, home: Option<&str>| {
            let (xdg, home) = (xdg.map(OsString::from), home.map(OsString::from));
            default_data_dir("tributary", |name| match name {
                "XDG_DATA_HOME" => xdg.clone(),
                _ => home.clone(),
            })
        };
        assert_eq!(dir(Some("/d"), Some("/h")), PathBuf::from("/d/tributary"));
        assert_eq!(
            dir(Some("d"), Some("/h")),
            PathBuf::from("/h/.local/share/tributary")
        );
        assert_eq!(dir(None, None), PathBuf::from("tributary"));
    }
}
