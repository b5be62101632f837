//! Whole runs against the sandbox.

mod faults;
mod proof;
mod rules;

use std::sync::Arc;

use hubspot::{Client, Credentials, ManualClock, QuotaSettings, Settings};
use model::{Level, MetadataType, PropertyName, Translator};
use sandbox::{Config, Object, PortalConfig, Sandbox, Truth};
use store::{
    Scope, Store,
    import::NewSubject,
    mapping::{EmptyPolicy, MappedField},
};
use sync::{Context, Missed, Progress, ReaderChoice, Request, RunReport};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The portal of a [`World`].
const PORTAL: u64 = 4711;

/// A sandbox portal, connected to a subscription that knows the portal's visitors and accounts.
struct World {
    sandbox: Sandbox,
    context: Context,
    dir: TempDir,
    subscription: store::SubscriptionId,
}

impl World {
    /// A thousand contacts and two hundred companies, with all dirt.
    async fn small() -> Self {
        Self::of(PortalConfig::small(PORTAL)).await
    }

    async fn of(portal: PortalConfig) -> Self {
        let sandbox = Sandbox::start(Config::with_portal(portal)).unwrap();
        let dir = TempDir::new().unwrap();
        let store = Store::open(dir.path(), None).await.unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let subscription = store
            .create_subscription("Acme", "Asia/Tokyo", model::Clock::now(&*clock))
            .await
            .unwrap()
            .id;
        let context = Context {
            store,
            client: client(&sandbox, clock.clone()),
            clock,
            reader: ReaderChoice::Auto,
        };
        let world = Self {
            sandbox,
            context,
            dir,
            subscription,
        };
        for level in Level::ALL {
            world
                .import(
                    level,
                    world
                        .sandbox
                        .known(PORTAL, object(level))
                        .map(|known| known.id),
                )
                .await;
        }
        world
    }

    async fn import(&self, level: Level, ids: impl IntoIterator<Item = String>) {
        let mut importer = self
            .context
            .store
            .import(self.scope(level), false, self.context.clock.now())
            .await
            .unwrap();
        for id in ids {
            importer
                .push(NewSubject {
                    id,
                    accounts: None,
                    agent: None,
                })
                .await
                .unwrap();
        }
        importer.finish().await.unwrap();
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

    async fn sync(&self) -> RunReport {
        self.run(Level::Visitor, false).await
    }

    async fn run(&self, level: Level, dry_run: bool) -> RunReport {
        self.try_run(level, dry_run).await.unwrap()
    }

    async fn try_run(&self, level: Level, dry_run: bool) -> Result<RunReport, sync::Error> {
        let (progress, _) = watch::channel(Progress::default());
        let request = Request {
            scope: self.scope(level),
            dry_run,
        };
        sync::run(&self.context, request, &progress, &CancellationToken::new()).await
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

/// A client without quotas of its own, on the given clock.
fn client(sandbox: &Sandbox, clock: Arc<ManualClock>) -> Client {
    let quota = QuotaSettings {
        search_per_second: 0,
        ten_secondly: Some(0),
        daily: Some(0),
        ..QuotaSettings::default()
    };
    let settings = Settings {
        base_url: sandbox.base_url(),
        quota,
        ..Settings::default()
    };
    Client::builder(
        settings,
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
