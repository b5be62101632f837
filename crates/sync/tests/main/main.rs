//! Whole runs against the sandbox.

mod chaos;
mod disturbed;
mod faults;
mod installation;
mod nights;
mod outages;
mod outside;
mod points;
mod probe;
mod proof;
mod queue;
mod replicas;
mod rules;
mod rules_fields;
mod rules_links;
mod rules_values;
mod sharing;
mod takeover;
mod uploads;

use std::{collections::BTreeMap, sync::Arc};

use hubspot::{Client, Credentials, ManualClock, QuotaSettings, Settings};
use jiff::Timestamp;
use model::{Level, MetadataType, PropertyName, Translator};
use sandbox::{Command, Config, Object, PortalConfig, Sandbox, Truth};
use scratch::Scratch;
use store::{
    Scope, Store,
    import::NewSubject,
    mapping::{EmptyPolicy, MappedField},
    run::State,
};
use sync::{Context, Missed, Progress, ReaderChoice, Request, RunReport, Stops};
use tokio::sync::watch;

/// The portal of a [`World`].
const PORTAL: u64 = 4711;

/// A sandbox portal, connected to a subscription that knows the portal's visitors and accounts.
struct World {
    sandbox: Sandbox,
    context: Context,
    scratch: Scratch,
    subscription: store::SubscriptionId,
}

impl World {
    /// A thousand contacts and two hundred companies, with all dirt.
    async fn small() -> Self {
        Self::of(PortalConfig::small(PORTAL)).await
    }

    /// So many contacts without dirt, all of them known.
    async fn clean(contacts: u64) -> Self {
        Self::of(PortalConfig::bench(PORTAL, contacts)).await
    }

    async fn of(portal: PortalConfig) -> Self {
        let world = Self::without_ids(portal).await;
        for level in Level::ALL {
            let known = world.sandbox.known(PORTAL, object(level));
            world.import(level, known.map(|known| known.id)).await;
        }
        world
    }

    /// The subscription knows nobody yet.
    async fn without_ids(portal: PortalConfig) -> Self {
        let sandbox = Sandbox::start(Config::with_portal(portal)).unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let subscription = store
            .create_subscription("Acme", "Asia/Tokyo", model::Clock::now(&*clock))
            .await
            .unwrap()
            .id;
        let context = Context {
            store,
            client: client(sandbox.base_url(), clock.clone()),
            destination: None,
            clock,
            reader: ReaderChoice::Auto,
        };
        Self {
            sandbox,
            context,
            scratch,
            subscription,
        }
    }

    async fn import(&self, level: Level, ids: impl IntoIterator<Item = String>) {
        let now = self.context.clock.now();
        import(&self.context.store, self.scope(level), ids, now).await;
    }

    fn scope(&self, level: Level) -> Scope {
        Scope {
            subscription: self.subscription,
            level,
        }
    }

    /// Maps a level onto its key with these fields.
    async fn map(&self, level: Level, fields: &[&str]) {
        self.map_with(level, fields, EmptyPolicy::Clear).await;
    }

    async fn map_with(&self, level: Level, fields: &[&str], empty: EmptyPolicy) {
        let catalogue = self
            .context
            .client
            .properties(level.object())
            .await
            .unwrap();
        let fields: Vec<MappedField> = fields
            .iter()
            .map(|name| {
                let property = catalogue
                    .iter()
                    .find(|property| property.name.as_str() == *name);
                let property = property.unwrap_or_else(|| panic!("there is no property {name}"));
                let kind = Translator::for_property(property)
                    .map_or(MetadataType::String, Translator::metadata_type);
                MappedField {
                    property: property.name.clone(),
                    kind,
                    display_name: property.label.clone(),
                }
            })
            .collect();
        let key = PropertyName::new(key(level));
        self.context
            .store
            .set_mapping(
                self.scope(level),
                &key,
                &fields,
                empty,
                self.context.clock.now(),
            )
            .await
            .unwrap();
    }

    /// Visitors, with these fields.
    async fn mapped(self, fields: &[&str]) -> Self {
        self.map(Level::Visitor, fields).await;
        self
    }

    /// Reads in this way.
    fn reading(mut self, reader: ReaderChoice) -> Self {
        self.context.reader = reader;
        self
    }

    /// Lets something happen to the portal's contacts, a second after what happened last.
    fn act(&self, command: &Command) -> serde_json::Value {
        self.sandbox.clock().advance_ms(1_000);
        self.sandbox.run(PORTAL, command).unwrap()
    }

    fn set(&self, record: u64, property: &str, value: &str) {
        self.act(&Command::Set {
            object: Object::Contacts,
            id: record,
            values: BTreeMap::from([(property.to_owned(), value.to_owned())]),
            moves_date: true,
        });
    }

    fn create(&self, values: &[(&str, &str)]) -> u64 {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let made = self.act(&Command::Create {
            object: Object::Contacts,
            values,
        });
        made["id"].as_str().unwrap().parse().unwrap()
    }

    fn define(&self, name: &str, kind: &str, field: &str) {
        self.act(&Command::AddProperty {
            object: Object::Contacts,
            name: name.to_owned(),
            label: String::new(),
            kind: kind.to_owned(),
            field: field.to_owned(),
        });
    }

    /// The live contacts with their keys, in record order.
    fn contacts(&self) -> Vec<(u64, String)> {
        let ids = self.sandbox.live_ids(PORTAL, Object::Contacts);
        ids.into_iter()
            .filter_map(|id| Some((id, self.wire(id, sandbox::VISITOR_KEY)?)))
            .collect()
    }

    /// What a contact holds in HubSpot.
    fn wire(&self, record: u64, property: &str) -> Option<String> {
        self.sandbox
            .value(PORTAL, Object::Contacts, record, property)
    }

    async fn sync(&self) -> RunReport {
        self.run(Level::Visitor, false).await
    }

    /// A run that is proved, or a panic with its report.
    async fn proved(&self) -> RunReport {
        proved(self.sync().await)
    }

    /// A run that is not, and has the number `code`; nothing is stored differently afterwards.
    async fn failed(&self, code: &str) -> RunReport {
        let before = self.stored().await;
        let report = self.sync().await;
        let error = report.error.as_ref().map(|error| error.code.as_str());
        assert_eq!(
            (report.result, report.proved, error),
            (State::Failed, false, Some(code)),
            "{}",
            serde_json::to_string_pretty(&report).unwrap()
        );
        assert_eq!(self.stored().await, before);
        report
    }

    async fn run(&self, level: Level, dry_run: bool) -> RunReport {
        self.try_run(level, dry_run).await.unwrap()
    }

    async fn try_run(&self, level: Level, dry_run: bool) -> Result<RunReport, sync::Error> {
        let (progress, _) = watch::channel(Progress::default());
        let request = Request::command(self.scope(level), dry_run);
        sync::run(&self.context, request, &progress, &Stops::default()).await
    }

    async fn hubspot(&self, level: Level, id: &str) -> Option<String> {
        self.context
            .store
            .subject(self.scope(level), id)
            .await
            .unwrap()
            .unwrap()
            .hubspot
    }

    /// A stored value of a visitor, as JSON.
    async fn value(&self, id: &str, property: &str) -> Option<String> {
        let stored = self.hubspot(Level::Visitor, id).await?;
        let mut entries = model::payload::entries(&stored).map(Result::unwrap);
        let found = entries.find(|(name, _)| name == property);
        found.map(|(_, token)| token.to_owned())
    }

    /// Every visitor with the record that feeds it and all that is stored.
    async fn stored(&self) -> BTreeMap<String, (Option<u64>, Option<String>)> {
        let scope = self.scope(Level::Visitor);
        let subjects = self.context.store.subjects(scope, "", 100_000).await;
        let subjects = subjects.unwrap().into_iter();
        subjects
            .map(|one| (one.id, (one.record.map(|record| record.0), one.hubspot)))
            .collect()
    }

    /// The links that a run ended, with the reasons.
    async fn ended(&self, report: &RunReport) -> Vec<(String, u64, String)> {
        let ended = self
            .context
            .store
            .ended_links(report.run, 0, 1_000)
            .await
            .unwrap();
        assert_eq!(ended.len() as u64, report.counts.links_ended);
        ended
            .into_iter()
            .map(|link| (link.id, link.record.0, link.reason))
            .collect()
    }

    async fn assert_no_leftovers(&self) {
        for (what, sql) in LEFTOVERS {
            assert_eq!(self.scratch.number(sql).await, 0, "{what} were left");
        }
        let tables = self.scratch.tables().await;
        let left = tables.iter().find(|table| table.starts_with("staged"));
        assert_eq!(left, None, "a run's table was left");
    }

    fn truth(&self, level: Level) -> Truth {
        self.sandbox.truth(PORTAL, object(level))
    }

    /// Holds every winner's stored values against what the portal holds, and every other id against nothing.
    async fn assert_holds_the_truth(&self, level: Level, fields: &[&str]) {
        let catalogue = self
            .context
            .client
            .properties(level.object())
            .await
            .unwrap();
        let translators: Vec<Translator> = fields
            .iter()
            .map(|name| {
                let property = catalogue
                    .iter()
                    .find(|property| property.name.as_str() == *name)
                    .unwrap();
                Translator::for_property(property).unwrap()
            })
            .collect();
        let mut winners = 0;
        for winner in self.sandbox.winners(PORTAL, object(level), fields) {
            winners += 1;
            let stored = self.hubspot(level, &winner.id).await;
            let stored: serde_json::Value =
                serde_json::from_str(stored.as_deref().unwrap_or("{}")).unwrap();
            for (name, translator) in fields.iter().zip(&translators) {
                let wire = winner.values.get(*name).and_then(Option::as_deref);
                let wire = wire.map_or(model::Wire::Null, model::Wire::Text);
                let expected = match translator.translate(wire) {
                    model::Outcome::Value(value) => Some(model::payload::token(&value)),
                    _ => None,
                };
                let stored = stored.get(*name).map(ToString::to_string);
                assert_eq!(stored, expected, "{name} of {}", winner.id);
            }
        }
        assert_eq!(winners, self.truth(level).matched);
    }
}

/// A report that says proved, or a panic with it.
fn proved(report: RunReport) -> RunReport {
    assert!(
        report.proved && report.result == State::Success,
        "{}",
        serde_json::to_string_pretty(&report).unwrap()
    );
    report
}

/// Makes ids known.
async fn import(
    store: &Store,
    scope: Scope,
    ids: impl IntoIterator<Item = String>,
    now: Timestamp,
) {
    let mut importer = store.import(scope, false, now).await.unwrap();
    for id in ids {
        let subject = NewSubject {
            id,
            accounts: None,
            agent: None,
        };
        importer.push(subject).await.unwrap();
    }
    importer.finish().await.unwrap();
}

/// What nothing may leave behind, with how to count it.
const LEFTOVERS: [(&str, &str); 4] = [
    ("locks", "SELECT count(*) FROM run_lock"),
    (
        "unfinished runs",
        "SELECT count(*) FROM run WHERE state = 'running' OR finished_at IS NULL",
    ),
    (
        "versions that nothing refers to",
        "SELECT count(*) FROM version
         WHERE id NOT IN (SELECT version_id FROM link WHERE version_id IS NOT NULL)
           AND id NOT IN (SELECT previous_id FROM version WHERE previous_id IS NOT NULL)",
    ),
    (
        "details of failed or cancelled runs",
        "SELECT (SELECT count(*) FROM quarantine WHERE run_id IN (SELECT id FROM run WHERE state IN ('failed', 'cancelled')))
              + (SELECT count(*) FROM outcome WHERE run_id IN (SELECT id FROM run WHERE state IN ('failed', 'cancelled')))
              + (SELECT count(*) FROM ended_link WHERE run_id IN (SELECT id FROM run WHERE state IN ('failed', 'cancelled')))",
    ),
];

/// A client without quotas of its own, on the given clock.
/// Where a sandbox is, without quotas of our own.
fn settings(base_url: String) -> Settings {
    Settings {
        base_url,
        quota: QuotaSettings {
            search_per_second: 0,
            ten_secondly: Some(0),
            daily: Some(0),
            ..QuotaSettings::default()
        },
        ..Settings::default()
    }
}

fn client(base_url: String, clock: Arc<ManualClock>) -> Client {
    Client::builder(
        settings(base_url),
        Credentials::Static(sandbox::static_token(PORTAL).into()),
    )
    .clock(clock)
    .seed(1)
    .build()
    .unwrap()
}

fn object(level: Level) -> Object {
    match level {
        Level::Visitor => Object::Contacts,
        Level::Account => Object::Companies,
    }
}

fn key(level: Level) -> &'static str {
    match level {
        Level::Visitor => sandbox::VISITOR_KEY,
        Level::Account => sandbox::ACCOUNT_KEY,
    }
}

/// The misses the truth expects of a reader that asks for records with a key.
fn misses_with_key(truth: &Truth) -> Missed {
    Missed {
        empty_key: 0,
        duplicate_key: truth.missed.duplicate_key,
        differs_by_case: truth.missed.differs_by_case,
        differs_by_space: truth.missed.differs_by_space,
        differs_by_trailing_zero: truth.missed.differs_by_trailing_zero,
        differs_by_prefix: truth.missed.differs_by_prefix,
        unknown_id: truth.missed.unknown_id,
    }
}
