//! `tributary pendo resend`.

use serde_json::json;
use store::outbox::Resend;
use sync::destination;
use tokio_util::sync::CancellationToken;

use super::Levels;
use crate::{
    app::App,
    failure::{Exit, Outcome},
    output::number::grouped,
    stop,
};

/// Send values once more, as they are now: those that the last comparison found to differ, or all.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    levels: Levels,
    /// All values of every visitor and account that a record has fed.
    #[arg(long)]
    all: bool,
    /// Only put them in the outbox: `tributary serve` or the next sync sends them.
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    if store.destination(subscription).await?.is_none() {
        return Err(destination::Error::NotConnected.into());
    }
    let what = if args.all {
        Resend::All
    } else {
        Resend::Drifted
    };
    let mut put = 0;
    for scope in args.levels.scopes(subscription) {
        put += store.resend(scope, what, app.clock.now()).await?;
    }
    let runner = app.runner(&store)?;
    let cancel = if args.no_wait {
        CancellationToken::new()
    } else {
        stop::on_interrupt(
            "Stopping: what was not sent waits in the outbox. (Ctrl-C again ends at once)",
        )
    };
    runner.ask_for_deliveries().await?;
    for scope in args.levels.scopes(subscription) {
        if !args.no_wait {
            runner.see_to_outside(scope, &cancel).await?;
        }
    }
    let waiting: u64 = store
        .waiting(Some(subscription))
        .await?
        .iter()
        .map(|waiting| waiting.changes)
        .sum();
    let text = match (put, waiting) {
        (0, _) => "There is nothing to be sent once more.".to_owned(),
        (put, 0) => format!("The values of {} were sent once more.", grouped(put)),
        (put, waiting) => format!(
            "The values of {} are to be sent once more; {} changes wait in the outbox.",
            grouped(put),
            grouped(waiting)
        ),
    };
    app.out.report(
        &json!({ "schema": 1, "resent": put, "waiting": waiting }),
        text,
    );
    Ok(if waiting == 0 {
        Exit::Done
    } else {
        Exit::Partial
    })
}
