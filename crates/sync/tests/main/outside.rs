//! Syncs whose values go to Pendo as well.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::pendo::Region;
use hubspot::{Credentials, ManualClock};
use model::{Clock as _, Level, Outcome, Translator, Wire};
use sandbox::{
    PortalConfig,
    pendo::{
        Action, Command, Config, EmptyText, Errors, Group, Kind, Names, Null, NumberType,
        Operation, Pendo, Rule, Subscription, Switches, Times, Type, WRITE_KEY,
    },
};
use serde_json::{Value, json};
use store::{
    Scope,
    job::{Kind as Job, Only},
    outbox::{Cause, Resend},
    run::{Origin, State},
};
use sync::{
    Progress, ReaderChoice, Request, RunReport, Runner, Stops,
    compare::Comparison,
    connect::Connector,
    destination::{
        self, Destinations,
        formats::{Choice, Cleared, Integers},
    },
    runner,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{PORTAL, World, object, settings};

pub(crate) const FIELDS: [&str; 5] = [
    "is_champion",
    "lifecyclestage",
    "mrr",
    "plan_tier",
    "trial_ends_on",
];

/// The subscription of Pendo's stand-in.
const MAIN: &str = "main";

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
        let portal = PortalConfig::bench(PORTAL, contacts);
        Self::of(portal, Subscription::default())
            .await
            .mapped()
            .await
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
            .connect_pendo(subscription, Region::Us, prefix, key.into(), "yui")
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
        let report = self.sync().await;
        assert!(
            report.proved && report.result == State::Success,
            "{}",
            serde_json::to_string_pretty(&report).unwrap()
        );
        report
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

#[tokio::test]
async fn both_levels_are_proved_there_and_their_ids_come_from_there() {
    let outside = Outside::small().await.mapped().await;
    outside.world.map(Level::Account, &["name", "domain"]).await;
    let report = outside.run().await;
    assert_eq!((report.result, report.proved), (State::Delivering, false));
    assert_eq!(report.listing.as_ref().unwrap().created, report.ids.known);
    let truth = outside.world.truth(Level::Visitor);
    assert_eq!(
        (report.ids.known, report.counts.matched),
        (truth.known, truth.matched)
    );
    let delivery = report.delivery.as_ref().unwrap();
    assert_eq!(delivery["queued"], report.counts.changed);
    assert_eq!(delivery["pending"], report.counts.changed);

    outside.deliver().await;
    let mut settled = report.clone();
    outside.settle(&mut settled).await;
    assert_eq!((settled.result, settled.proved), (State::Success, true));
    let delivery = settled.delivery.unwrap();
    assert_eq!(delivery["acknowledged"], report.counts.changed);
    assert_eq!(delivery["pending"], 0);
    outside.assert_truth().await;

    let report = outside.run_of(Level::Account, false).await;
    assert_eq!(report.ids.known, outside.world.truth(Level::Account).known);
    let stop = CancellationToken::new();
    let accounts = outside.world.scope(Level::Account);
    outside
        .runner
        .see_to_outside(accounts, &stop)
        .await
        .unwrap();
    outside
        .assert_holds_the_truth(Level::Account, stripped)
        .await;
    let fields = outside.pendo.fields(MAIN, Kind::Visitor, Group::Custom);
    let mrr = fields
        .iter()
        .find(|field| field.name == "hubspotmrr")
        .unwrap();
    assert_eq!(
        (mrr.r#type, mrr.display_name.ends_with("(HubSpot)")),
        (Type::Float, true)
    );
}

#[tokio::test]
async fn a_night_with_nothing_changed_writes_nothing_and_asks_little() {
    let outside = Outside::small().await.mapped().await;
    outside.proved().await;
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["queued"], 0);
    let journal = outside.pendo.journal();
    assert_eq!(journal.len(), 2, "{journal:#?}");
    assert_eq!(outside.calls(Operation::Aggregation), 2);

    // A week later all ids are listed again, and a sample is compared.
    let week = Duration::from_hours(7 * 24 + 1);
    outside.clock.advance(week);
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert!(report.listing.unwrap().all);
    assert_eq!(outside.calls(Operation::SetMany), 0);
}

#[tokio::test]
async fn changes_travel_and_so_does_what_is_emptied() {
    let outside = Outside::clean(50).await;
    outside.proved().await;
    let contacts = outside.world.contacts();
    let (first, second) = (&contacts[0], &contacts[1]);
    outside.world.set(first.0, "plan_tier", "");
    outside.world.set(second.0, "mrr", "12.50");
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["acknowledged"], 2);
    assert_eq!(outside.value(&first.1, "hubspotplantier"), None);
    assert_eq!(outside.value(&second.1, "hubspotmrr"), Some(json!(12.5)));
    outside.assert_truth().await;
    // Only what differs is sent.
    let journal = outside.pendo.journal();
    let writes: Vec<_> = journal.iter().flat_map(|call| &call.writes).collect();
    assert_eq!(writes.len(), 2);
    assert!(
        writes.iter().all(|write| write.values.len() == 1),
        "{writes:?}"
    );

    // A field that is chosen later brings its values, and the others are not sent again.
    let more = [&FIELDS[..], &["jobtitle"]].concat();
    outside.world.map(Level::Visitor, &more).await;
    outside.pendo.clear_journal();
    outside.proved().await;
    outside.assert_truth().await;
    let journal = outside.pendo.journal();
    let writes = journal.iter().flat_map(|call| &call.writes);
    assert!(writes.clone().count() > 0);
    assert!(writes.clone().all(|write| write.values.len() == 1));
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_knows_the_ids() {
    let outside = Outside::small().await.mapped().await;
    let report = outside.run_of(Level::Visitor, true).await;
    assert_eq!(
        report.counts.matched,
        outside.world.truth(Level::Visitor).matched
    );
    assert_eq!((report.result, &report.delivery), (State::Success, &None));
    outside.deliver().await;
    assert_eq!(
        outside.calls(Operation::SetMany) + outside.calls(Operation::SchemaWrite),
        0
    );
}

#[tokio::test]
async fn an_id_that_pendo_does_not_know_is_said_and_is_sent_once_it_does() {
    let outside = Outside::clean(30).await;
    let stranger = outside
        .world
        .create(&[("product_user_id", "stranger-1"), ("plan_tier", "team")]);
    outside
        .world
        .import(Level::Visitor, ["stranger-1".to_owned()])
        .await;
    let report = outside.sync().await;
    assert_eq!((report.result, report.proved), (State::Partial, false));
    let delivery = report.delivery.as_ref().unwrap();
    assert_eq!(
        (&delivery["missing"], &delivery["pending"]),
        (&json!(1), &json!(0))
    );
    let store = &outside.world.context.store;
    let cause = Cause::Run(report.run);
    let missing = store
        .undelivered(outside.scope(), cause, true, 0, 9)
        .await
        .unwrap();
    assert_eq!(missing[0].id, "stranger-1");
    assert_eq!(missing[0].record.unwrap().0, stranger);
    assert_eq!(outside.value("stranger-1", "hubspotplantier"), None);

    let appears = Command::AddIds {
        kind: Kind::Visitor,
        ids: vec!["stranger-1".into()],
    };
    outside.pendo.run(MAIN, &appears).unwrap();
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["queued"], 0);
    assert_eq!(
        outside.value("stranger-1", "hubspotplantier"),
        Some(json!("team"))
    );
}

#[tokio::test]
async fn with_create_strangers_come_into_being() {
    let settings = destination::Settings {
        create: true,
        ..destination::Settings::default()
    };
    let portal = PortalConfig::bench(PORTAL, 30);
    let outside = Outside::with(portal, Subscription::default(), settings)
        .await
        .mapped()
        .await;
    outside
        .world
        .create(&[("product_user_id", "stranger-1"), ("plan_tier", "team")]);
    outside
        .world
        .import(Level::Visitor, ["stranger-1".to_owned()])
        .await;
    outside.proved().await;
    assert_eq!(
        outside.value("stranger-1", "hubspotplantier"),
        Some(json!("team"))
    );
}

#[tokio::test]
async fn what_pendo_refuses_is_said_with_its_reason_however_it_says_it() {
    for errors in [Errors::TextsWithId, Errors::Texts, Errors::Objects] {
        let outside = Outside::clean(40).await;
        outside.pendo.switches(|switches| switches.errors = errors);
        let (_, id) = outside.world.contacts()[7].clone();
        let refuse = Action::FailRecords {
            ids: vec![id.clone()],
            every: 0,
            text: "quota of this record".into(),
        };
        outside
            .pendo
            .script(Rule::next(Operation::SetMany, refuse).times(0));
        let report = outside.sync().await;
        assert_eq!(report.result, State::Partial, "{errors:?}");
        let delivery = report.delivery.as_ref().unwrap();
        assert_eq!(
            (&delivery["errors"], &delivery["pending"]),
            (&json!(1), &json!(0)),
            "{errors:?}"
        );
        let store = &outside.world.context.store;
        let cause = Cause::Run(report.run);
        let refused = store
            .undelivered(outside.scope(), cause, false, 0, 9)
            .await
            .unwrap();
        assert_eq!(refused[0].id, id);
        let detail = refused[0].detail.as_deref().unwrap_or("");
        assert!(
            detail.contains("quota of this record"),
            "{errors:?}: {detail}"
        );

        // Everything is sent once more when somebody asks for it.
        outside.pendo.clear_script();
        outside.resend(Resend::All).await;
        outside.assert_truth().await;
    }
}

#[tokio::test]
async fn requests_that_are_too_large_are_parted() {
    let outside = Outside::clean(300).await;
    for limit_status in [413, 400] {
        outside.pendo.switches(|switches| {
            switches.max_records = 40;
            switches.limit_status = limit_status;
        });
        outside.proved().await;
        outside.assert_truth().await;
        let store = &outside.world.context.store;
        outside.resend(Resend::All).await;
        assert!(store.waiting(None).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn keys_are_those_that_came_back() {
    for (names, key_of) in [
        (Names::Stripped, stripped as fn(&str) -> String),
        (Names::Lowercased, |name: &str| format!("hubspot_{name}")),
        (Names::Kept, |name: &str| format!("hubspot_{name}")),
    ] {
        let outside = Outside::clean(20).await;
        outside.pendo.switches(|switches| switches.names = names);
        outside.proved().await;
        outside.assert_holds_the_truth(Level::Visitor, key_of).await;
    }
}

#[tokio::test]
async fn a_field_of_another_type_is_held_and_the_others_go_on() {
    let subscription =
        Subscription::default().field(Kind::Visitor, Group::Custom, "hubspotmrr", Type::Time);
    let outside = Outside::of(PortalConfig::bench(PORTAL, 20), subscription)
        .await
        .mapped()
        .await;
    let report = outside.sync().await;
    assert_eq!(report.result, State::Partial);
    let held = report.delivery.as_ref().unwrap()["held"]["mrr"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(held.contains("time") && held.contains("decimal"), "{held}");
    let (_, id) = outside.world.contacts()[0].clone();
    assert_eq!(outside.value(&id, "hubspotmrr"), None);
    assert!(outside.value(&id, "hubspotplantier").is_some());

    // Under another prefix there is room for it, and everything is sent there.
    outside.connect_as(WRITE_KEY, "crm_").await.unwrap();
    outside.proved().await;
    let fields = outside
        .pendo
        .fields(MAIN, Kind::Visitor, Group::Custom)
        .len();
    assert_eq!(fields, 2 * FIELDS.len());
    assert!(outside.value(&id, "crmmrr").is_some());
}

#[tokio::test]
async fn whole_numbers_are_held_until_somebody_says_otherwise() {
    let portal = PortalConfig::bench(PORTAL, 20);
    let outside = Outside::of(portal.clone(), Subscription::default())
        .await
        .mapped()
        .await;
    outside
        .pendo
        .switches(|switches| switches.number = NumberType::Integer);
    let report = outside.sync().await;
    assert!(report.delivery.unwrap()["held"]["mrr"].is_string());

    let settings = destination::Settings {
        formats: Choice {
            integers: Some(Integers::Send),
            ..Choice::default()
        },
        ..destination::Settings::default()
    };
    let outside = Outside::with(portal, Subscription::default(), settings)
        .await
        .mapped()
        .await;
    outside
        .pendo
        .switches(|switches| switches.number = NumberType::Integer);
    outside.proved().await;
    outside.assert_truth().await;
}

#[tokio::test]
async fn forms_of_values_are_those_that_were_found_or_set() {
    let odd = Switches {
        null: Null::Ignored,
        empty_text: EmptyText::Clears,
        times: Times::Iso8601,
        ..Switches::default()
    };
    let settings = destination::Settings {
        formats: Choice {
            cleared: Some(Cleared::Empty),
            times: Some(destination::formats::Times::Iso8601),
            integers: None,
        },
        ..destination::Settings::default()
    };
    let portal = PortalConfig::bench(PORTAL, 30);
    let outside = Outside::with(portal, Subscription::default(), settings)
        .await
        .mapped()
        .await;
    outside.pendo.switches(|switches| *switches = odd);
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.world.set(record, "plan_tier", "");
    outside.world.set(record, "trial_ends_on", "");
    outside.proved().await;
    outside.assert_truth().await;
}

#[tokio::test]
async fn an_outage_costs_nothing_but_time_and_runs_keep_their_order() {
    let outside = Outside::clean(60).await;
    outside.proved().await;
    let (record, id) = outside.world.contacts()[0].clone();
    outside.pendo.outage(true);
    let mut runs = Vec::new();
    for mrr in ["1001", "1002", "1003"] {
        outside.world.set(record, "mrr", mrr);
        let report = outside.sync().await;
        assert_eq!(report.result, State::Delivering);
        assert!(report.listing.as_ref().unwrap().error.is_some());
        runs.push(report);
        outside.clock.advance(Duration::from_hours(8));
    }
    let store = &outside.world.context.store;
    let waiting = store.waiting(None).await.unwrap();
    assert_eq!(waiting[0].changes, 3);
    let jobs = store
        .jobs(
            Only {
                open: true,
                ..Only::default()
            },
            9,
        )
        .await
        .unwrap();
    assert_eq!(
        jobs.iter().filter(|job| job.kind == Job::Deliver).count(),
        1,
        "{jobs:#?}"
    );

    outside.pendo.outage(false);
    outside.pendo.clear_journal();
    outside.clock.advance(Duration::from_hours(1));
    outside.deliver().await;
    for mut report in runs {
        outside.settle(&mut report).await;
        assert_eq!((report.result, report.proved), (State::Success, true));
    }
    let journal = outside.pendo.journal();
    let writes = journal.iter().flat_map(|call| &call.writes);
    let sent: Vec<&Value> = writes
        .filter(|write| write.id == id)
        .map(|write| &write.values["hubspotmrr"])
        .collect();
    assert_eq!(sent, [&json!(1001), &json!(1002), &json!(1003)]);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_a_busy_pendo_is_waited_for() {
    let outside = Outside::clean(60).await;
    let respond = |status, after: Option<&str>| Action::Respond {
        status,
        body: None,
        headers: after
            .map(|after| ("Retry-After".to_owned(), after.to_owned()))
            .into_iter()
            .collect(),
    };
    for action in [
        Action::DropAnswer,
        Action::CutBody { after: 5 },
        Action::Drop,
        respond(409, None),
        respond(429, Some("7")),
        respond(503, None),
        respond(408, None),
    ] {
        let (record, _) = outside.world.contacts()[3].clone();
        outside.world.set(record, "plan_tier", "free");
        outside.world.set(record, "mrr", &action_number(&action));
        outside.pendo.script(Rule::next(Operation::SetMany, action));
        outside.proved().await;
        assert_eq!(outside.pendo.rules_left(), 0);
        outside.assert_truth().await;
    }
}

/// A number that differs from action to action.
fn action_number(action: &Action) -> String {
    let text = format!("{action:?}");
    let sum: u32 = text.bytes().map(u32::from).sum();
    sum.to_string()
}

#[tokio::test]
async fn a_key_that_ends_breaks_the_destination_until_there_is_another() {
    let outside = Outside::clean(30).await;
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.world.set(record, "mrr", "1001");
    let revoke = Command::RevokeKey {
        key: WRITE_KEY.into(),
    };
    outside.pendo.run(MAIN, &revoke).unwrap();
    let mut report = outside.sync().await;
    assert_eq!(report.result, State::Delivering);
    let store = &outside.world.context.store;
    let broken = store
        .destination(outside.world.subscription)
        .await
        .unwrap()
        .unwrap()
        .broken;
    assert!(broken.is_some_and(|why| !why.contains(WRITE_KEY)));
    assert!(store.undelivered_levels().await.unwrap().is_empty());

    for (key, number) in [
        ("nonsense", "TRB0051"),
        (sandbox::pendo::READ_KEY, "TRB0052"),
    ] {
        let refused = outside.connect(key).await.unwrap_err();
        assert_eq!(sync::Explain::explain(&refused).code, number);
    }
    // Somebody makes it valid again.
    let other = Pendo::start(Config::with_subscription(Subscription::default())).unwrap();
    other.add_known(MAIN, &outside.world.sandbox, PORTAL);
    let runner = runner(
        &outside.world,
        &other,
        destination::Settings::default(),
        &outside.clock,
    );
    let connected = runner.destinations().connect_pendo(
        outside.world.subscription,
        Region::Us,
        "hubspot_",
        WRITE_KEY.into(),
        "yui",
    );
    connected.await.unwrap();
    runner.ask_for_deliveries().await.unwrap();
    runner
        .see_to_outside(outside.scope(), &CancellationToken::new())
        .await
        .unwrap();
    outside.settle(&mut report).await;
    assert_eq!(report.result, State::Success);
}

#[tokio::test]
async fn what_differs_there_is_found_and_mended() {
    for all in [true, false] {
        let outside = Outside::clean(120).await;
        outside.proved().await;
        let compare = async || {
            let kind = Job::Compare { all };
            outside
                .runner
                .ask_for(outside.scope(), kind, Origin::default())
                .await
                .unwrap();
            outside.deliver().await;
            let store = &outside.world.context.store;
            let last = store.comparison(outside.scope()).await.unwrap().unwrap();
            Comparison::read(&last).unwrap()
        };
        let found = compare().await;
        assert_eq!((found.all, found.differences), (all, 0));
        assert!(found.subjects > 0);

        for (_, id) in outside.world.contacts() {
            outside.pendo.set(
                MAIN,
                Kind::Visitor,
                Group::Custom,
                &id,
                "hubspotplantier",
                "by hand",
            );
        }
        let found = compare().await;
        assert!(
            found.differences > 0 && found.differing == found.differences,
            "{found:?}"
        );
        let store = &outside.world.context.store;
        let drift = store.drift(outside.scope(), (0, ""), 500).await.unwrap();
        assert_eq!(drift.len() as u64, found.differences);
        assert_eq!(drift[0].found.as_deref(), Some("\"by hand\""));
        outside.resend(Resend::Drifted).await;
        if all {
            outside.assert_truth().await;
        }
        assert!(
            store
                .drift(outside.scope(), (0, ""), 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn values_that_are_here_already_are_sent_when_pendo_is_connected() {
    let outside = Outside::clean(40).await;
    let destinations = outside.runner.destinations();
    assert!(
        destinations
            .disconnect(outside.world.subscription)
            .await
            .unwrap()
    );
    for level in Level::ALL {
        let known = outside.world.sandbox.known(PORTAL, object(level));
        outside
            .world
            .import(level, known.map(|known| known.id))
            .await;
    }
    let report = outside.run().await;
    assert_eq!((report.result, &report.delivery), (State::Success, &None));
    assert_eq!(outside.calls(Operation::SetMany), 0);
    outside.connect(WRITE_KEY).await.unwrap();
    outside.runner.ask_for_deliveries().await.unwrap();
    outside.deliver().await;
    outside.assert_truth().await;
    assert_eq!(
        outside
            .world
            .context
            .store
            .destination_fields(outside.scope())
            .await
            .unwrap()
            .len(),
        FIELDS.len()
    );
}

#[tokio::test]
async fn a_first_run_needs_to_know_the_ids() {
    let outside = Outside::small().await.mapped().await;
    outside.pendo.outage(true);
    let report = outside.run().await;
    assert_eq!(report.result, State::Failed);
    assert_eq!(report.error.unwrap().code, "TRB0057");
    outside.pendo.outage(false);
    outside.proved().await;
}
