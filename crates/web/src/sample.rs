//! Samples of portals, in memory only, and not for long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use store::{Scope, SubscriptionId};
use sync::{
    Explain as _, Explanation,
    sample::{Progress, Sample, sample},
};
use tokio::sync::watch;

use crate::app::App;

/// A sample is forgotten after this: it holds values of people's records.
const KEPT: SignedDuration = SignedDuration::from_mins(30);

/// The samples of this process.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    kept: Mutex<HashMap<Scope, (Timestamp, watch::Receiver<State>)>>,
}

/// How far a sample is.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Reading(Progress),
    Done(Arc<Sample>),
    Failed(Explanation),
}

impl Samples {
    /// How far the sample of a level is, if there is one that is not too old.
    pub(crate) fn of(&self, scope: Scope, now: Timestamp) -> Option<State> {
        self.drop_old(now);
        self.kept()
            .get(&scope)
            .map(|(_, state)| state.borrow().clone())
    }

    /// The sample of a level, if it is there.
    pub(crate) fn done(&self, scope: Scope, now: Timestamp) -> Option<Arc<Sample>> {
        match self.of(scope, now) {
            Some(State::Done(sample)) => Some(sample),
            _ => None,
        }
    }

    /// Tells of every step of the sample of a level.
    pub(crate) fn watch(&self, scope: Scope) -> Option<watch::Receiver<State>> {
        self.kept().get(&scope).map(|(_, state)| state.clone())
    }

    /// Forgets the samples of a subscription.
    pub(crate) fn forget(&self, subscription: SubscriptionId) {
        self.kept()
            .retain(|scope, _| scope.subscription != subscription);
    }

    /// Takes a sample in the background, in place of the one before; not while one is being taken.
    pub(crate) fn take(&self, app: &App, scope: Scope, size: u64) {
        let now = app.now();
        if let Some(State::Reading(_)) = self.of(scope, now) {
            return;
        }
        let (sender, receiver) = watch::channel(State::Reading(Progress::default()));
        self.kept().insert(scope, (now, receiver));
        let app = app.clone();
        tokio::spawn(async move {
            let state = match read(&app, scope, size, &sender).await {
                Ok(sample) => State::Done(Arc::new(sample)),
                Err(explanation) => State::Failed(explanation),
            };
            sender.send_replace(state);
            // Nobody may look again.
            tokio::time::sleep(KEPT.unsigned_abs()).await;
            app.samples().drop_old(app.now());
        });
    }

    fn drop_old(&self, now: Timestamp) {
        self.kept().retain(|_, (at, _)| *at + KEPT > now);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Scope, (Timestamp, watch::Receiver<State>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(
    app: &App,
    scope: Scope,
    size: u64,
    sender: &watch::Sender<State>,
) -> Result<Sample, Explanation> {
    let connector = app.runner().connector();
    let catalogue = app
        .catalogues()
        .fresh(connector, scope, app.now())
        .await
        .map_err(|error| error.explain())?;
    let client = connector
        .client(scope.subscription)
        .await
        .map_err(|error| error.explain())?;
    let (progress, mut steps) = watch::channel(Progress::default());
    let reading = sample(
        &client,
        app.store(),
        scope,
        &catalogue,
        size,
        app.now(),
        &progress,
    );
    tokio::pin!(reading);
    loop {
        tokio::select! {
            ended = &mut reading => return ended.map_err(|error| error.explain()),
            Ok(()) = steps.changed() => {
                let step = *steps.borrow_and_update();
                sender.send_replace(State::Reading(step));
            }
        }
    }
}
