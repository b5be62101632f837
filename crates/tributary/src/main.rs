//! `tributary`, the program.

mod app;
mod ask;
mod callback;
mod cli;
mod commands;
mod config;
mod failure;
mod input;
mod logging;
mod meter;
mod output;
mod report;
mod similar;
mod stop;
mod trouble;

use std::{process::ExitCode, sync::Arc};

use clap::{Parser as _, error::ErrorKind};

use crate::{
    app::App,
    cli::{Cli, Command},
    config::Config,
    failure::{Exit, Failure, Outcome},
    output::Output,
    trouble::Trouble,
};

fn main() -> ExitCode {
    let (out, outcome) = match Cli::try_parse() {
        Ok(cli) => {
            let out = Output::new(cli.global.json, cli.global.quiet);
            logging::start(cli.global.verbose, cli.global.quiet);
            (out, start(cli, out))
        }
        Err(error) => unusable(&error),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        let exit = failure.exit;
        out.fail(failure);
        exit
    });
    ExitCode::from(exit.code())
}

fn start(cli: Cli, out: Output) -> Outcome {
    let Cli { global, command } = cli;
    if let Command::Config(commands::config::Command::ShowDefault) = command {
        return Ok(commands::config::show_default(out));
    }
    let data_dir = global.data_dir.unwrap_or_else(|| {
        cli::default_data_dir(command.data_dir_name(), |name| std::env::var_os(name))
    });
    let config = Config::load(&data_dir, global.config.as_deref(), std::env::vars_os())?;
    let app = App {
        out,
        config,
        data_dir,
        clock: Arc::new(hubspot::SystemClock),
        subscription: global.subscription,
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the operating system gives threads to a new process")
        .block_on(commands::run(app, command))
}

/// What clap does not accept, or answers itself: help and version.
fn unusable(error: &clap::Error) -> (Output, Outcome) {
    let json = std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    let out = Output::new(json, false);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever reads the help may stop at any time.
            drop(error.print());
            (out, Ok(Exit::Done))
        }
        _ if json => {
            let text = error.render().to_string();
            let message = text.split("\n\nUsage:").next().unwrap_or(&text);
            let message = message.trim().trim_start_matches("error: ");
            (out, Err(Trouble::Usage(message.to_owned()).into()))
        }
        _ => {
            drop(error.print());
            (out, Ok(Exit::Usage))
        }
    }
}

/// What a check of the command line's values finds after clap has read it.
fn usage(problem: impl Into<String>) -> Failure {
    Trouble::Usage(problem.into()).into()
}
