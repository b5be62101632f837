//! What developers and CI run: `cargo xtask test`, `cargo xtask check`, `cargo xtask bench`, the pictures and scores of the
//! docs, and what a release leaves behind.

mod bench;
mod browser;
mod debian;
mod deny;
mod fixture;
mod installation;
mod leftovers;
mod lighthouse;
mod postgres;
mod screenshots;
mod steps;
mod suite;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::workspace::Workspace;

/// Checks and benchmarks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
enum Command {
    /// Everything CI checks, each step timed; what it needs and does not find, it installs.
    Test {
        /// Leave out what takes long and rarely breaks: the dependency check and the release build
        /// with its demo.
        #[arg(long)]
        quick: bool,
    },
    /// Formatting and lints only.
    Check,
    /// The benchmarks of docs/benchmarks.md, on this machine.
    Bench(bench::Options),
    /// The pictures in docs/screenshots, taken anew.
    Screenshots,
    /// What this release leaves behind, for the tests of later ones: once, before it is published.
    Fixture,
    /// Lighthouse on the main pages of the demo; needs Node.
    Lighthouse(lighthouse::Options),
}

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::locate()?;
    match command {
        Command::Test { quick } => suite::test(&workspace, *quick),
        Command::Check => Ok(suite::check(&workspace)),
        Command::Bench(options) => bench::run(&workspace, options),
        Command::Screenshots => screenshots::run(&workspace),
        Command::Fixture => fixture::make(&workspace),
        Command::Lighthouse(options) => lighthouse::run(&workspace, options),
    }
}
