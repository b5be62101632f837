//! Jobs that talk to a destination outside: to send what waits, and to compare what it has with what was sent.

use std::{sync::Arc, time::Duration};

use store::{
    Scope,
    job::{Claim, End, Kind, Lost},
};
use tokio_util::sync::CancellationToken;

use super::watch_over;
use crate::{
    Explain as _, Runner,
    again::Again,
    compare::compare,
    deliver::deliver,
    destination::{Error, Means},
};

/// How long calls that are under way are waited for when the process ends. What was not answered then is sent again.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// Carries a job out. One that cannot be is tried again, later each time, until somebody has to do something.
pub(super) async fn carry_out(
    runner: &Runner,
    claim: &Arc<Claim>,
    stop: &CancellationToken,
) -> End {
    let cancel = stop.child_token();
    let mut work = Box::pin(work(runner, claim, &cancel));
    let watching = watch_over(runner.store(), claim.ticket, || "{}".into(), &cancel);
    tokio::pin!(watching);
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_CALLS).await;
    };
    let ended = tokio::select! {
        ended = &mut work => ended,
        // What is under way is sent again by whoever has the job now.
        Lost = &mut watching => return End::HandedBack,
        () = late => return End::HandedBack,
    };
    if claim.job.kind == Kind::Deliver {
        log_outbox(runner, claim.job.scope).await;
    }
    let subscription = claim.job.scope.subscription;
    match &ended {
        Ok(()) if stop.is_cancelled() => End::HandedBack,
        Ok(()) if cancel.is_cancelled() => End::Cancelled,
        Ok(()) => {
            if let Err(error) = follow_up(runner, claim).await {
                tracing::warn!(
                    error = crate::chain(&error),
                    "a delivery could not be followed up"
                );
            }
            End::Done
        }
        Err(Error::Store(store::Error::JobLost(_))) => End::HandedBack,
        Err(error) => {
            tracing::warn!(
                job = claim.job.id.0,
                level = %claim.job.scope.level,
                error = crate::chain(error),
                "what is to be done at the destination is not done"
            );
            if error.means() == Means::Broken {
                // Not that of a destination that was connected in between.
                let ours = runner.store().note_progress(claim.ticket, "{}").await;
                if matches!(ours, Ok(Ok(_))) {
                    note_broken(runner, subscription, &error.to_string()).await;
                }
            }
            let problem = error.explain();
            let problem = serde_json::to_string(&problem).expect("an explanation serialises");
            let again = Again::after_destination(error);
            match again.at(claim.job.tries, runner.clock().now()) {
                Some(at) => End::Again { at, problem },
                None => End::Failed { problem },
            }
        }
    }
}

async fn work(runner: &Runner, claim: &Arc<Claim>, stop: &CancellationToken) -> Result<(), Error> {
    let (store, scope, now) = (runner.store(), claim.job.scope, runner.clock().now());
    let destination = runner.destinations().of(scope.subscription).await?;
    let Some(destination) = destination else {
        // It was disconnected, and what waited went with it.
        return Ok(());
    };
    match claim.job.kind {
        Kind::Compare { all } => compare(store, &destination, scope, all, now, stop)
            .await
            .map(drop),
        _ => deliver(store, &destination, claim, now, stop).await,
    }
}

/// Says in the log what waits to be sent of a level, and since when.
async fn log_outbox(runner: &Runner, scope: Scope) {
    let (subscription, level) = (scope.subscription.0, scope.level);
    let waiting = runner.store().waiting(Some(scope.subscription)).await;
    match waiting.map(|all| all.into_iter().find(|one| one.scope == scope)) {
        Ok(Some(waiting)) => tracing::warn!(
            subscription,
            %level,
            changes = waiting.changes,
            since = %waiting.since,
            "changes wait to be sent to the destination"
        ),
        Ok(None) => tracing::info!(subscription, %level, "the destination has got everything"),
        Err(error) => tracing::warn!(
            error = crate::chain(&error),
            "what waits to be sent could not be looked up"
        ),
    }
}

/// The destination works, and what it has taken may be looked at.
async fn follow_up(runner: &Runner, claim: &Claim) -> Result<(), store::Error> {
    let scope = claim.job.scope;
    runner
        .store()
        .set_destination_broken(scope.subscription, None)
        .await?;
    if claim.job.kind == Kind::Deliver {
        runner.compare_if_due(scope).await?;
    }
    Ok(())
}

/// Remembers that the destination does not work.
async fn note_broken(runner: &Runner, subscription: store::SubscriptionId, why: &str) {
    if let Err(error) = runner
        .store()
        .set_destination_broken(subscription, Some(why))
        .await
    {
        tracing::warn!(
            error = crate::chain(&error),
            "whether the destination works could not be noted"
        );
    }
}
