//! `tributary pendo deliver`.

use serde_json::{Value, json};
use store::{Store, SubscriptionId};
use sync::{Explanation, destination};

use super::Levels;
use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::number::counted,
    stop,
};

/// Send what waits in the outbox now.
///
/// `tributary serve` and each sync do so by themselves; this does not wait for when they would try again. The exit status is 3 if
/// some still waits at the end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    levels: Levels,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    if store.destination(subscription).await?.is_none() {
        return Err(destination::Error::NotConnected.into());
    }
    let delivered = deliver(app, &store, subscription, args.levels).await?;
    let text = if delivered.waiting == 0 {
        "Everything is sent.".to_owned()
    } else {
        format!(
            "{} wait in the outbox.",
            counted(delivered.waiting, "change")
        )
    };
    delivered.end(app, text, json!({}))
}

/// What has become of what waited.
pub(super) struct Delivered {
    /// Changes that still wait.
    pub(super) waiting: u64,
    /// Why, if it was tried.
    pub(super) problem: Option<Explanation>,
}

/// Sends what waits, as far as it can be.
pub(super) async fn deliver(
    app: &App,
    store: &Store,
    subscription: SubscriptionId,
    levels: Levels,
) -> Result<Delivered, Failure> {
    let cancel = stop::on_interrupt(
        "Stopping: what was not sent waits in the outbox. (Ctrl-C again ends at once)",
    );
    let runner = app.runner(store)?;
    for scope in levels.scopes(subscription) {
        runner.deliver_now(scope).await?;
        runner.see_to_outside(scope, &cancel).await?;
    }
    let mut delivered = Delivered {
        waiting: waiting(store, subscription).await?,
        problem: None,
    };
    if delivered.waiting > 0 {
        for scope in levels.scopes(subscription) {
            let job = store.latest_delivery(scope).await?;
            let problem = job.as_ref().and_then(Explanation::of_job);
            delivered.problem = delivered.problem.or(problem);
        }
    }
    Ok(delivered)
}

/// How many changes wait.
pub(super) async fn waiting(store: &Store, subscription: SubscriptionId) -> Result<u64, Failure> {
    let waiting = store.waiting(Some(subscription)).await?;
    Ok(waiting.iter().map(|waiting| waiting.changes).sum())
}

impl Delivered {
    /// Reports, or fails with why it could not be sent.
    pub(super) fn end(self, app: &App, text: String, mut report: Value) -> Outcome {
        report["schema"] = 1.into();
        report["waiting"] = self.waiting.into();
        if let Some(problem) = self.problem {
            app.out.note(text);
            return Err(Failure::explained(problem, Exit::Partial).reporting(report));
        }
        app.out.report(&report, text);
        Ok(if self.waiting == 0 {
            Exit::Done
        } else {
            Exit::Partial
        })
    }
}
