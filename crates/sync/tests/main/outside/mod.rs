//! Syncs whose values go to Pendo as well.

mod chaos;
mod deliveries;
mod differences;
mod fields;
mod refusals;
mod troubles;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::pendo::Region;
use hubspot::{Credentials, ManualClock};
use model::{Clock as _, Level, Outcome, Translator, Wire};
use sandbox::{
    PortalConfig,
    pendo::{Config, Group, Kind, Operation, Pendo, Subscription, WRITE_KEY},
};
use serde_json::{Value, json};
use store::{Scope, outbox::Resend};
use sync::{
    Progress, ReaderChoice, Request, RunReport, Runner, Stops,
    connect::Connector,
    destination::{self, Destinations},
    runner,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{PORTAL, World, object, proved, settings};

pub(crate) const FIELDS: [&str; 5] = [
    "is_champion",
    "lifecyclestage",
    "mrr",
    "plan_tier",
    "trial_ends_on",
];

/// The subscription of Pendo's stand-in.
const MAIN: &str = "main";

/// An id that Pendo does not know.
const STRANGER: &str = "stranger-1";

/// A world whose subscription is connected to Pendo, from where its ids come.
pub(crate) struct Outside {
    pub(crate) world: World,
    pub(crate) pendo: Pendo,
    pub(crate) runner: Runner,
    pub(crate) clock: Arc<ManualClock>,
}

impl Outside {
    async fn small() -> Self {
        Self::of(
            PortalConfig::small(PORTAL).sized(400, 40),
            Subscription::default(),
        )
        .await
    }

    /// So many contacts without dirt, with these fields.
    async fn clean(contacts: u64) -> Self {
        Self::clean_with(contacts, destination::Settings::default()).await
    }

    async fn clean_with(contacts: u64, settings: destination::Settings) -> Self {
        let portal = PortalConfig::bench(PORTAL, contacts);
        let outside = Self::with(portal, Subscription::default(), settings);
        outside.await.mapped().await
    }

    async fn of(portal: PortalConfig, subscription: Subscription) -> Self {
        Self::with(portal, subscription, destination::Settings::default()).await
    }

    pub(crate) async fn with(
        portal: PortalConfig,
        subscription: Subscription,
        settings: destination::Settings,
    ) -> Self {
        let world = World::without_ids(portal).await;
        let pendo = Pendo::start(Config {
            keep_writes: true,
            ..Config::with_subscription(subscription)
        })
        .unwrap();
        pendo.add_known(MAIN, &world.sandbox, PORTAL);
        let now = world.context.clock.now();
        let clock = Arc::new(ManualClock::at(now));
        let runner = runner(&world, &pendo, settings, &clock);
        let token = Credentials::Static(sandbox::static_token(PORTAL).into());
        let granted = runner.connector().examine(token).await.unwrap();
        let accepted = runner
            .connector()
            .accept(world.subscription, &granted, false);
        accepted.await.unwrap();
        let outside = Self {
            world,
            pendo,
            runner,
            clock,
        };
        outside.connect(WRITE_KEY).await.unwrap();
        outside
    }

    async fn mapped(self) -> Self {
        self.world.map(Level::Visitor, &FIELDS).await;
        self
    }

    async fn connect(&self, key: &str) -> Result<(), destination::Error> {
        self.connect_as(key, "hubspot_").await
    }

    async fn connect_as(&self, key: &str, prefix: &str) -> Result<(), destination::Error> {
        let destinations = self.runner.destinations();
        let subscription = self.world.subscription;
        destinations
            .connect_pendo(subscription, Region::Us, Some(prefix), key.into(), "yui")
            .await
            .map(drop)
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    pub(crate) fn scope(&self) -> Scope {
        self.world.scope(Level::Visitor)
    }

    /// A run that is not waited for.
    pub(crate) async fn run(&self) -> RunReport {
        self.run_of(Level::Visitor, false).await
    }

    async fn run_of(&self, level: Level, dry_run: bool) -> RunReport {
        let (progress, _) = watch::channel(Progress::default());
        let request = Request::command(self.world.scope(level), dry_run);
        let stops = Stops::default();
        self.runner
            .execute(request, &progress, &stops)
            .await
            .unwrap()
    }

    /// Sends what waits, as far as it can be.
    pub(crate) async fn deliver(&self) {
        let stop = CancellationToken::new();
        let done = self.runner.see_to_outside(self.scope(), &stop);
        tokio::time::timeout(Duration::from_mins(2), done)
            .await
            .expect("it is delivered or left for later")
            .unwrap();
    }

    /// Sends values once more.
    async fn resend(&self, what: Resend<'_>) {
        let store = &self.world.context.store;
        store.resend(self.scope(), what, self.now()).await.unwrap();
        self.runner.ask_for_deliveries().await.unwrap();
        self.deliver().await;
    }

    /// A run with its delivery.
    async fn sync(&self) -> RunReport {
        let mut report = self.run().await;
        self.deliver().await;
        self.settle(&mut report).await;
        report
    }

    async fn settle(&self, report: &mut RunReport) {
        let store = &self.world.context.store;
        let run = store.run(self.world.subscription, report.run).await;
        report.settle(&run.unwrap().unwrap());
    }

    /// A run that is proved there as well.
    async fn proved(&self) -> RunReport {
        proved(self.sync().await)
    }

    /// A contact with a plan, for an id that is known here but not at Pendo.
    async fn add_stranger(&self) -> u64 {
        let stranger = [("product_user_id", STRANGER), ("plan_tier", "team")];
        let record = self.world.create(&stranger);
        self.world
            .import(Level::Visitor, [STRANGER.to_owned()])
            .await;
        record
    }

    /// What Pendo's stand-in holds of our fields, under the keys that it gave them.
    pub(crate) fn held(&self, level: Level) -> BTreeMap<String, BTreeMap<String, Value>> {
        self.pendo
            .values(MAIN, kind(level), Group::Custom)
            .into_iter()
            .collect()
    }

    fn value(&self, id: &str, key: &str) -> Option<Value> {
        self.pendo
            .value(MAIN, Kind::Visitor, Group::Custom, id, key)
    }

    fn calls(&self, operation: Operation) -> u64 {
        self.pendo.tally(operation).calls
    }

    async fn assert_truth(&self) {
        self.assert_holds_the_truth(Level::Visitor, stripped).await;
    }

    /// Holds what Pendo's stand-in has against what the portal holds, whatever we have stored.
    pub(crate) async fn assert_holds_the_truth(
        &self,
        level: Level,
        key_of: impl Fn(&str) -> String,
    ) {
        let catalogue = self.world.context.client.properties(level.object()).await;
        let catalogue = catalogue.unwrap();
        let fields = self
            .world
            .context
            .store
            .mapping(self.world.scope(level))
            .await;
        let fields: Vec<String> = fields
            .unwrap()
            .unwrap()
            .fields
            .iter()
            .map(|field| field.property.to_string())
            .collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let mut held = self.held(level);
        for winner in self.world.sandbox.winners(PORTAL, object(level), &fields) {
            let held = held.remove(&winner.id).unwrap_or_default();
            for name in &fields {
                let property = catalogue
                    .iter()
                    .find(|property| property.name.as_str() == *name);
                let translator = Translator::for_property(property.unwrap()).unwrap();
                let wire = winner.values.get(*name).and_then(Option::as_deref);
                let expected = match translator.translate(wire.map_or(Wire::Null, Wire::Text)) {
                    Outcome::Value(value) => sent(&value),
                    _ => Value::Null,
                };
                let found = held.get(&key_of(name));
                assert!(
                    same(found.unwrap_or(&Value::Null), &expected),
                    "{name} of {}: {found:?} instead of {expected:?}",
                    winner.id
                );
            }
        }
        held.retain(|_, values| values.values().any(|value| !value.is_null()));
        assert!(held.is_empty(), "nothing feeds {held:?}");
    }
}

/// A process that runs what is asked for.
pub(crate) fn runner(
    world: &World,
    pendo: &Pendo,
    settings: destination::Settings,
    clock: &Arc<ManualClock>,
) -> Runner {
    let store = &world.context.store;
    let hubspot = self::settings(world.sandbox.base_url());
    let connector = Connector::new(store.clone(), hubspot, clock.clone()).unwrap();
    let settings = destination::Settings {
        pendo: ::pendo::Settings {
            base_url: Some(pendo.base_url()),
            ..settings.pendo
        },
        ..settings
    };
    let destinations = Destinations::new(store.clone(), settings, clock.clone()).unwrap();
    let settings = runner::Settings {
        reader: ReaderChoice::Auto,
        retention_days: 30,
    };
    Runner::new(
        store.clone(),
        connector,
        destinations,
        clock.clone(),
        settings,
    )
}

/// A value in the form in which Pendo holds it, said without our own code for that.
fn sent(value: &model::Value<'_>) -> Value {
    match value {
        model::Value::String(text) => json!(text),
        model::Value::Decimal(decimal) => serde_json::from_str(decimal.as_str()).unwrap(),
        model::Value::Boolean(truth) => json!(truth),
        model::Value::Time(moment) => json!(moment.as_millis()),
    }
}

/// Whether two values are the same: numbers as doubles, in which Pendo may hold them.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

fn kind(level: Level) -> Kind {
    match level {
        Level::Visitor => Kind::Visitor,
        Level::Account => Kind::Account,
    }
}

/// As Pendo's stand-in calls a field of ours unless a switch says otherwise.
pub(crate) fn stripped(name: &str) -> String {
    format!("hubspot{}", name.replace('_', ""))
}
