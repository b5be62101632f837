//! Ctrl-C: the first asks the work to stop, the second ends the process. A service manager's request to end counts too.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::output::warn;

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first interrupt from now on.
///
/// # Panics
/// Outside a runtime, or when the operating system does not let a process handle its signals.
pub(crate) fn on_interrupt(say: &'static str) -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    // Listening begins here and not in the task, which may start late.
    let mut interrupts = signal(SignalKind::interrupt()).expect("interrupts can be handled");
    let mut ends = signal(SignalKind::terminate()).expect("termination can be handled");
    tokio::spawn(async move {
        let mut next =
            async || tokio::select! { _ = interrupts.recv() => {} _ = ends.recv() => {} };
        next().await;
        warn(say);
        cancelled.cancel();
        next().await;
        std::process::exit(INTERRUPTED);
    });
    token
}
