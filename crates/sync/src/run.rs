//! One run from beginning to end.

mod reading;
mod request;

use std::{sync::Arc, time::Duration};

use hubspot::{Client, Columns};
use jiff::Timestamp;
use model::{Clock, Level, PortalId, PropertyName};
use store::{
    Hold, OutcomeKind, Session, Store, mapping::Mapping, outbox::Cause, run::State, state::Fill,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::request::Request;
use crate::{
    again::Again,
    checkpoint::Checkpoint,
    destination::{self, Destination, fields, ids},
    intake::Intake,
    layout::Layout,
    links,
    patience::patiently,
    plan::{Plan, Reader, ReaderChoice, Totals},
    progress::{Phase, Progress},
    prove,
    reconcile::{Reconciled, Reconciler},
    report::{self, Calls, FieldCounts, Listing, Portal, Proof, RunReport},
    trouble::{Explain as _, Explanation},
};

/// What runs need.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where everything is kept.
    pub store: Store,
    /// The connection of the subscription that runs.
    pub client: Client,
    /// Where its values go besides the built-in store.
    pub destination: Option<Arc<dyn Destination>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How to read.
    pub reader: ReaderChoice,
}

/// Why a run could not begin, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no mapping for the level.
    #[error("the {level} level is not mapped")]
    NotMapped {
        /// Which level.
        level: Level,
    },
    /// The HubSpot integration of the subscription is switched off.
    #[error("the HubSpot integration of this subscription is switched off")]
    SwitchedOff,
    /// The key property is no longer in the portal.
    #[error("the key property {property} is no longer in the portal")]
    KeyGone {
        /// Its name.
        property: PropertyName,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// HubSpot could not be read.
    #[error(transparent)]
    Hubspot(#[from] hubspot::Error),
    /// The destination outside does not say which ids it knows, and never has.
    #[error("the ids that {name} knows could not be taken in, and none were before")]
    Ids {
        /// The destination's name.
        name: &'static str,
        /// Why not.
        source: destination::Error,
    },
}

/// By what a run is stopped from outside.
#[derive(Debug, Clone, Default)]
pub struct Stops {
    /// Nobody wants it any more. Until it applies it stops, and changes nothing.
    pub cancel: CancellationToken,
    /// This process ends. The run finishes its page and is left to another process.
    pub hand_over: CancellationToken,
}

impl Stops {
    /// Waits until either is wanted.
    pub(crate) async fn any(&self) {
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = self.hand_over.cancelled() => {}
        }
    }

    /// A run that is cancelled, if anything, and never handed over.
    pub fn cancelled_by(cancel: &CancellationToken) -> Self {
        Self {
            cancel: cancel.clone(),
            ..Self::default()
        }
    }
}

/// How long a run that is handed over has for its page, before what it has not staged is left.
const LAST_PAGE: Duration = Duration::from_secs(5);

/// Why the work of a run stopped early.
pub(crate) enum Stop {
    Cancelled,
    HandedOver,
    Failed(Error),
}

impl Error {
    /// Whether the database is away for a moment: then the run is neither over nor failed.
    fn passes(&self) -> bool {
        matches!(self, Self::Store(error) if error.passes())
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Executes one run.
///
/// A run that begins also ends in the list of runs, whatever happens; a failed or cancelled one changes no metadata. One
/// that was left behind is gone on with, if it was asked for in the same way. `progress` is told where it stands. A run that
/// is handed over is still running when this returns.
///
/// # Errors
/// When no run could begin: not mapped, or the level is busy. A failure after that is in the report, unless the store fails
/// in a way that passes ([`store::Error::passes`]): then the run is left behind, to be gone on with.
pub async fn run(
    context: &Context,
    request: Request,
    progress: &watch::Sender<Progress>,
    stops: &Stops,
) -> Result<RunReport, Error> {
    let level = request.scope.level;
    let subscriptions = context.store.subscriptions().await?;
    if subscriptions
        .iter()
        .any(|one| one.id == request.scope.subscription && !one.hubspot_on)
    {
        return Err(Error::SwitchedOff);
    }
    let mapping = request
        .mapping(&context.store)
        .await?
        .ok_or(Error::NotMapped { level })?;
    let now = context.clock.now();
    let portal = context
        .store
        .connected_portal(request.scope.subscription)
        .await?;
    let mut left = None;
    let begun = context
        .store
        .begin_or_take_over(&request.new_run(), now, |found| {
            left = Checkpoint::of(found, &request, mapping.version, portal, now);
            left.is_some()
        })
        .await?;
    let left = left.map(|checkpoint| Checkpoint {
        takeovers: checkpoint.takeovers + 1,
        ..checkpoint
    });
    let session = begun.session;
    let report = RunReport {
        measured: request.measured.clone(),
        takeovers: left.as_ref().map_or(0, |checkpoint| checkpoint.takeovers),
        ..RunReport::begin(session.run(), level, request.dry_run)
    };
    let mut work = Work {
        context,
        request,
        report,
        client: context.client.counted(),
        mapping,
        portal,
        started: begun.left.map_or(now, |left| left.started_at),
        progress,
        _hold: session.hold(),
        session,
        anew: left.as_ref().map_or(0, |checkpoint| checkpoint.anew),
        left,
        hand_over: &stops.hand_over,
    };
    let late = async {
        stops.hand_over.cancelled().await;
        context.clock.sleep(LAST_PAGE).await;
    };
    let found = tokio::select! {
        found = work.find() => found,
        () = stops.cancel.cancelled() => Err(Stop::Cancelled),
        () = late => Err(Stop::HandedOver),
    };
    // What was found is made true whole: from here on a run is not cancelled.
    let ended = match found {
        Ok(found) => work.make_true(found).await,
        Err(stop) => Err(stop),
    };
    work.finish(ended).await
}

/// A run under way.
struct Work<'a> {
    context: &'a Context,
    request: Request,
    client: Client,
    mapping: Mapping,
    started: Timestamp,
    progress: &'a watch::Sender<Progress>,
    session: Session,
    report: RunReport,
    /// The portal of the connection.
    portal: Option<PortalId>,
    /// How many times reading started anew.
    anew: u32,
    /// Where another process left it, until it is gone on with.
    left: Option<Checkpoint>,
    hand_over: &'a CancellationToken,
    /// Until this goes, no one takes the run for left behind.
    _hold: Arc<Hold>,
}

impl Work<'_> {
    /// Everything up to applying: what the destination shall hold, staged.
    async fn find(&mut self) -> Result<Found, Stop> {
        self.take_ids().await?;
        self.tell(Phase::Plan, 0, None);
        self.learn_limits().await;
        let object = self.request.scope.level.object();
        let catalogue = self.client.properties(object).await?;
        let mut layout =
            Layout::resolve(&self.mapping, &catalogue).ok_or_else(|| Error::KeyGone {
                property: self.mapping.key.clone(),
            })?;
        let totals = match &self.left {
            Some(left) => left.totals(),
            None => self.totals(&layout).await?,
        };
        let plan = self.plan(&layout, totals);
        let columns = Columns::new(layout.columns.iter().cloned());
        let (intake, reconciled) = loop {
            let mut intake = self.read(&plan, totals, &mut layout, &columns).await?;

            self.tell(Phase::Reconcile, intake.staged, Some(plan.records));
            self.report.proof.delivered = intake.staged;
            let (client, session) = (&self.client, &mut self.session);
            let reconciler = Reconciler {
                client,
                plan: &plan,
                layout: &layout,
                columns: &columns,
            };
            let reconciled = reconciler.run(session, &mut intake).await?;
            intake.settle(session).await?;
            self.report.counts.links_ended =
                links::end_unclaimed(client, &plan, &layout, &columns, session, &mut intake)
                    .await?;
            intake.settle(session).await?;
            // A property may have vanished before the records that came late.
            let late = intake.staged > self.report.proof.delivered;
            if !late
                || intake.missing(&layout).next().is_none()
                || !self.must_read_anew(&mut layout, &intake).await?
            {
                break (intake, reconciled);
            }
            self.session.unstage().await?;
        };
        Ok(Found {
            plan,
            layout,
            columns,
            intake,
            reconciled,
        })
    }

    /// Applies what was found and proves it. A dry run only counts.
    async fn make_true(&mut self, found: Found) -> Result<(), Stop> {
        let Found {
            plan,
            layout,
            columns,
            mut intake,
            reconciled,
        } = found;
        let mut proving = Ok(());
        if !self.request.dry_run {
            self.tell(Phase::Apply, intake.staged, Some(plan.records));
            self.session.apply(layout.mapping_version).await?;
            self.tell(Phase::Prove, intake.staged, Some(plan.records));
            let (client, session) = (&self.client, &mut self.session);
            proving =
                match prove::destination(client, &plan, &layout, &columns, session, &mut intake)
                    .await
                {
                    Ok(destination) => {
                        self.report.proof.destination = Some(destination);
                        Ok(())
                    }
                    Err(Stop::Failed(error)) if error.passes() => return Err(error.into()),
                    Err(stop) => Err(stop),
                };
        }
        self.conclude(&layout, &intake, reconciled).await?;
        if !self.request.dry_run {
            self.session.refresh_pins().await?;
        }
        // Applied, but not proved: the report says what was applied and why it could not be checked.
        if let Err(Stop::Failed(error)) = proving {
            self.report.proved = false;
            self.report.result = State::Partial;
            self.report.error = Some(explained(&error));
        }
        Ok(())
    }

    /// Takes in the ids that the destination outside knows. If it does not answer, those that are known serve.
    async fn take_ids(&mut self) -> Result<(), Error> {
        let Some(destination) = &self.context.destination else {
            return Ok(());
        };
        if self.left.is_some() {
            // Whoever began the run has taken them.
            return Ok(());
        }
        self.tell(Phase::Ids, 0, None);
        let (store, scope) = (&self.context.store, self.request.scope);
        let now = self.context.clock.now();
        let seen = |ids| self.tell(Phase::Ids, ids, None);
        let dry_run = self.request.dry_run;
        match ids::take(store, &**destination, scope, dry_run, now, seen).await {
            Ok(taken) => {
                self.report.listing = Some(Listing {
                    created: taken.created,
                    all: taken.all,
                    error: None,
                });
                Ok(())
            }
            Err(destination::Error::Store(error)) => Err(error.into()),
            Err(source) if store.listing(scope).await?.listed.is_none() => Err(Error::Ids {
                name: destination.name(),
                source,
            }),
            Err(error) => {
                tracing::warn!(
                    error = crate::chain(&error),
                    "the destination's ids could not be taken in; those that are known serve"
                );
                self.report.listing = Some(Listing {
                    error: Some(error.explain()),
                    ..Listing::default()
                });
                Ok(())
            }
        }
    }

    /// Lets the client learn what bounds this run's calls: the quota class of the grant, and the zone in which the portal's
    /// day ends. What HubSpot will not say is learnt from its answers instead.
    async fn learn_limits(&self) {
        if let Err(error) = self.client.token_facts().await {
            tracing::debug!(kind = ?error.kind(), "the grant's quota class is not known");
        }
        if let Err(error) = self.client.account_details().await {
            tracing::debug!(kind = ?error.kind(), "the portal's time zone is not known");
        }
    }

    /// Asks the portal for its totals.
    async fn totals(&self, layout: &Layout) -> Result<Totals, Stop> {
        let object = self.request.scope.level.object();
        let records = self
            .client
            .total(object, &hubspot::Query::default())
            .await?;
        if self.context.reader == ReaderChoice::List {
            return Ok(Totals {
                records,
                with_key: None,
            });
        }
        let having_key = hubspot::Query::having(layout.key().clone());
        let with_key = match self.client.total(object, &having_key).await {
            Ok(total) => Some(total),
            // Highly sensitive properties cannot be searched for; listing reads them all the same.
            Err(error) if error.kind() == hubspot::Kind::Invalid => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Totals { records, with_key })
    }

    /// Picks the reader.
    fn plan(&mut self, layout: &Layout, totals: Totals) -> Plan {
        let Totals { records, with_key } = totals;
        let object = self.request.scope.level.object();
        let columns = Columns::new(layout.columns.iter().cloned());
        let plan = Plan::new(
            object,
            layout,
            self.context.reader,
            totals,
            self.client.list_calls_per_page(&columns),
        );
        // A listing asks for records without a key as well: none are left out.
        let with_key = with_key
            .filter(|_| plan.reader == Reader::Search)
            .unwrap_or(records);
        self.report.portal = Portal { records, with_key };
        self.report.counts.without_key = records.saturating_sub(with_key);
        self.report.proof = Proof {
            reader: plan.reader.name(),
            planned_calls: plan.calls,
            total_before: plan.records,
            ..Proof::default()
        };
        tracing::info!(
            reader = plan.reader.name(),
            records = plan.records,
            calls = plan.calls,
            "planned"
        );
        plan
    }

    /// Fills the report from what is stored, and decides whether it is proved.
    async fn conclude(
        &mut self,
        layout: &Layout,
        intake: &Intake,
        reconciled: Reconciled,
    ) -> Result<(), Stop> {
        let report = &mut self.report;
        let counts = &mut report.counts;
        counts.read = intake.staged;
        let tally = self.session.tally().await?;
        for (kind, records) in tally.records {
            match kind {
                OutcomeKind::Matched => counts.matched = records,
                OutcomeKind::Missed(reason) => *counts.missed.count_mut(reason) = records,
                OutcomeKind::Excluded => counts.excluded = records,
                OutcomeKind::Failed => counts.failed = records,
            }
        }
        counts.changed = tally.changed;
        counts.unchanged = tally.unchanged;
        report.values.written = tally.written;
        report.values.cleared = tally.cleared;
        counts.unread = reconciled.unread;
        report.ids.known = self.session.count_known().await?;
        report.ids.linked = counts.matched;
        report.ids.without_record = report.ids.known.saturating_sub(counts.matched);
        report.quarantined = self.session.count_quarantined().await?;
        report.held = layout
            .held()
            .map(|(property, why)| (property.to_string(), why.to_string()))
            .collect();
        report.proof.total_after = reconciled.total_after;
        report.proof.healed_records = reconciled.healed;
        report.proof.unread_ranges = reconciled.unread_ranges;
        report.proof.uncounted = reconciled.uncounted;
        report.proved = report.adds_up()
            && report.proof.uncounted == 0
            && report.held.is_empty()
            && report
                .proof
                .destination
                .as_ref()
                .is_none_or(report::Destination::agrees);
        report.result = if report.proved {
            State::Success
        } else {
            State::Partial
        };
        self.await_delivery().await
    }

    /// With a destination outside, a run is proved when that has taken every change: until then it is delivering.
    async fn await_delivery(&mut self) -> Result<(), Stop> {
        let (scope, run) = (self.request.scope, self.report.run);
        if self.request.dry_run {
            return Ok(());
        }
        let store = &self.context.store;
        // Whoever connects or disconnects may do so while a run is under way: what counts is whether changes were put there.
        let Some(delivery) = store.delivery(scope, Cause::Run(run)).await? else {
            if self.context.destination.is_some() && self.report.proved {
                self.report.result = State::Partial;
                self.report.proved = false;
            }
            return Ok(());
        };
        let now = self.context.clock.now();
        fields::see_to_chosen(store, scope, now).await?;
        let fields = store.destination_fields(scope).await?;
        let held: Vec<(String, String)> = fields
            .into_iter()
            .filter_map(|field| Some((field.name, field.held?)))
            .collect();
        let report = &mut self.report;
        report.delivery = Some(delivery.shown(&held));
        if report.proved && (delivery.pending() > 0 || !held.is_empty()) {
            report.result = if delivery.pending() > 0 {
                State::Delivering
            } else {
                State::Partial
            };
            report.proved = false;
        }
        Ok(())
    }

    async fn finish(mut self, ended: Result<(), Stop>) -> Result<RunReport, Error> {
        match ended {
            Ok(()) => {}
            Err(Stop::Failed(error)) if error.passes() => return Err(error),
            Err(Stop::Cancelled) => self.report.result = State::Cancelled,
            Err(Stop::HandedOver) => {
                self.session.close().await?;
                self.context.store.hand_over(self.report.run).await?;
                return Ok(self.report);
            }
            Err(Stop::Failed(error)) => {
                self.report.result = State::Failed;
                self.report.again = Again::after_run(&error);
                self.report.error = Some(explained(&error));
            }
        }
        let calls = self.client.calls();
        self.report.calls = Calls {
            search: calls.search,
            list: calls.list,
            batch_read: calls.batch_read,
            properties: calls.properties,
            other: calls.other,
        };
        self.report.refused = calls.refused;
        let now = self.context.clock.now();
        self.report.wall_seconds = now.duration_since(self.started).as_secs_f64();
        self.note_fills(now).await?;
        // The connection may be in the middle of a statement when a run is cancelled: it is not used again.
        if let Err(error) = self.session.close().await {
            tracing::debug!(
                error = crate::chain(&error),
                "a run's connection had ended before"
            );
        }
        let store = &self.context.store;
        let text = serde_json::to_value(&self.report).expect("a report serialises");
        let (run, result) = (self.report.run, self.report.result);
        let end = || store.finish_run(run, result, &text, now);
        patiently(self.hand_over, end).await?;
        self.progress
            .send_modify(|progress| progress.phase = Phase::Done);
        Ok(self.report)
    }

    /// Notes how many subjects have a value in each field, as the proof has counted them.
    async fn note_fills(&self, now: Timestamp) -> Result<(), store::Error> {
        let Some(destination) = &self.report.proof.destination else {
            return Ok(());
        };
        let fill = |count: &FieldCounts| Fill {
            filled: count.stored,
            of: self.report.counts.matched,
            at: now,
        };
        let fills: Vec<_> = destination
            .fields
            .iter()
            .map(|(name, count)| (name.clone(), fill(count)))
            .collect();
        let scope = self.request.scope;
        self.context.store.note_fills(scope, &fills).await
    }

    fn tell(&self, phase: Phase, records: u64, expected: Option<u64>) {
        self.progress.send_replace(Progress {
            run: Some(self.report.run),
            level: Some(self.request.scope.level),
            started_at: Some(self.started),
            phase,
            records,
            expected,
            calls: self.client.calls().total(),
            quota_left: self.client.quota().daily_left,
        });
    }
}

/// What a run has found, before any of it is true.
struct Found {
    plan: Plan,
    layout: Layout,
    columns: Columns,
    intake: Intake,
    reconciled: Reconciled,
}

fn explained(error: &Error) -> Explanation {
    let explanation = error.explain();
    tracing::error!(
        code = explanation.code,
        error = explanation.message,
        "the run did not succeed"
    );
    explanation
}
