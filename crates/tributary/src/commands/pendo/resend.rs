//! `tributary pendo resend`.

use serde_json::json;
use store::outbox::Resend;
use sync::destination;

use super::{
    Levels,
    deliver::{Delivered, deliver, waiting},
};
use crate::{
    app::App,
    failure::Outcome,
    output::number::{counted, grouped},
};

/// Send values once more, as they are now.
///
/// Those that the last comparison (`tributary pendo drift`) found to differ, or all with --all. It does no harm: values are sent,
/// not differences. The exit status is 3 if some still wait at the end.
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
    let delivered = if args.no_wait {
        Delivered {
            waiting: waiting(&store, subscription).await?,
            problem: None,
        }
    } else {
        deliver(app, &store, subscription, args.levels).await?
    };
    let text = match (put, delivered.waiting) {
        (0, _) => "There is nothing to be sent once more.".to_owned(),
        (put, 0) => format!("The values of {} were sent once more.", grouped(put)),
        (put, waiting) => format!(
            "The values of {} are to be sent once more; {} wait in the outbox.",
            grouped(put),
            counted(waiting, "change")
        ),
    };
    delivered.end(app, text, json!({ "resent": put }))
}
