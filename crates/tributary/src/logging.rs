//! What happens inside, to standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Starts logging. `TRIBUTARY_LOG` says what in detail, as `EnvFilter` reads it.
pub(crate) fn start(verbose: u8, quiet: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "off",
        // What the sync has to say about a run stands in the run's report.
        (false, 0) => "warn,sync=off,sqlx=error",
        (false, 1) => "info,sqlx=warn",
        (false, 2) => "debug,sqlx=warn,hyper=info,reqwest=info,rustls=info",
        (false, _) => "trace",
    };
    let filter =
        EnvFilter::try_from_env("TRIBUTARY_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(!plain && io::stderr().is_terminal())
        .init();
}
