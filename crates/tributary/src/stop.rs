//! Ctrl-C: the first asks the work to stop, the second ends the process.

use tokio_util::sync::CancellationToken;

use crate::output::warn;

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first interrupt.
pub(crate) fn on_interrupt(say: &'static str) -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        warn(say);
        cancelled.cancel();
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
    token
}
