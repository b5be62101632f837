//! What a probe finds out about Pendo's stand-in, whichever way its open questions are answered.

mod findings;
mod reading;
mod traces;
mod writing;

use std::{collections::BTreeMap, sync::Arc};

use ::pendo::Region;
use hubspot::ManualClock;
use model::{Clock as _, Level};
use sandbox::pendo::{
    Config, Group, Kind, Outcome, Pendo, Subscription, Switches, Type, WRITE_KEY,
};
use scratch::Scratch;
use serde_json::{Value, json};
use store::{SubscriptionId, destination::Destination as Stored};
use sync::destination::{
    self, Connected, Destinations, Error,
    formats::Choice,
    probe::{Because, Ended, Probed, Test, Verdict, probe},
};
use tokio_util::sync::CancellationToken;

const MAIN: &str = "main";

const VISITORS: [&str; 5] = ["ann", "Bob", "cem", "dan/1", "eve"];

/// A subscription connected to Pendo's stand-in.
struct Desk {
    pendo: Pendo,
    clock: Arc<ManualClock>,
    subscription: SubscriptionId,
    destinations: Destinations,
    scratch: Scratch,
}

impl Desk {
    async fn new() -> Self {
        Self::with(Switches::default()).await
    }

    async fn with(switches: Switches) -> Self {
        Self::of(switches, known(), Choice::default()).await
    }

    async fn of(switches: Switches, subscription: Subscription, formats: Choice) -> Self {
        let pendo = Pendo::start(Config {
            keep_writes: true,
            switches,
            ..Config::with_subscription(subscription)
        })
        .unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let subscription = store
            .create_subscription("Acme", "Asia/Tokyo", clock.now())
            .await;
        let subscription = subscription.unwrap().id;
        let settings = destination::Settings {
            pendo: ::pendo::Settings {
                base_url: Some(pendo.base_url()),
                ..::pendo::Settings::default()
            },
            formats,
            ..destination::Settings::default()
        };
        let destinations = Destinations::new(store, settings, clock.clone()).unwrap();
        let desk = Self {
            pendo,
            clock,
            subscription,
            destinations,
            scratch,
        };
        let connecting = desk.destinations.connect_pendo(
            desk.subscription,
            Region::Us,
            None,
            WRITE_KEY.into(),
            "yui",
        );
        connecting.await.unwrap();
        desk.pendo.clear_journal();
        desk
    }

    async fn try_probe(&self, test: Option<&Test>) -> Result<Probed, Error> {
        let stop = CancellationToken::new();
        probe(&self.destinations, self.subscription, test, &stop, &|_| {}).await
    }

    async fn read(&self) -> Probed {
        self.try_probe(None).await.unwrap()
    }

    async fn write(&self) -> Probed {
        let probed = self.try_probe(Some(&bob())).await.unwrap();
        assert!(matches!(probed.ended, Ended::Whole), "{probed:#?}");
        self.assert_clean(&probed);
        probed
    }

    async fn stored(&self) -> Stored {
        let store = self.scratch.open().await;
        store.destination(self.subscription).await.unwrap().unwrap()
    }

    async fn kept(&self) -> Choice {
        Connected::read(&self.stored().await).unwrap().found
    }

    /// What there is to be seen: live fields, and values.
    fn state(&self) -> Value {
        let of = |kind| {
            let fields: Vec<_> = self
                .pendo
                .fields(MAIN, kind, Group::Custom)
                .into_iter()
                .filter(|field| !field.is_deleted)
                .map(|field| format!("{field:?}"))
                .collect();
            let values: BTreeMap<_, _> = self
                .pendo
                .values(MAIN, kind, Group::Custom)
                .into_iter()
                .collect();
            json!({ "fields": fields, "values": values, "ids": self.pendo.ids(MAIN, kind) })
        };
        json!([of(Kind::Visitor), of(Kind::Account)])
    }

    /// Nothing is left of a probe, and nobody but the test visitor was written to, in nothing but its fields.
    fn assert_clean(&self, probed: &Probed) {
        assert_eq!(self.state(), self::state_before(), "{probed:#?}");
        let fields = probed.fields.as_ref().unwrap();
        assert!(fields.left.is_empty(), "{:?}", fields.left);
        self.assert_only_the_test();
    }

    fn assert_only_the_test(&self) {
        let journal = self.pendo.journal();
        for write in journal.iter().flat_map(|call| &call.writes) {
            assert_eq!(write.id, "Bob");
            let bare = |key: &str| key.replace('_', "").to_lowercase();
            let ours = |key: &String| bare(key).starts_with("tributaryprobe");
            assert!(write.values.keys().all(ours), "{write:?}");
            assert_ne!(write.outcome, Outcome::Missing);
        }
    }
}

fn known() -> Subscription {
    Subscription::default()
        .knowing(&VISITORS, &["acme", "beta", "corp"])
        .field(Kind::Visitor, Group::Custom, "plan", Type::String)
        .field(Kind::Visitor, Group::Custom, "Plan_Tier", Type::Float)
}

/// What a desk looks like before anything is probed.
fn state_before() -> Value {
    let pendo = Pendo::start(Config::with_subscription(known())).unwrap();
    let of = |kind| {
        let fields: Vec<_> = pendo
            .fields(MAIN, kind, Group::Custom)
            .into_iter()
            .map(|field| format!("{field:?}"))
            .collect();
        json!({ "fields": fields, "values": {}, "ids": pendo.ids(MAIN, kind) })
    };
    json!([of(Kind::Visitor), of(Kind::Account)])
}

fn bob() -> Test {
    Test {
        level: Level::Visitor,
        id: "Bob".into(),
    }
}

#[track_caller]
fn value<'a>(probed: &'a Probed, name: &str) -> &'a Value {
    let finding = probed.findings.iter().find(|finding| finding.name == name);
    let finding = finding.unwrap_or_else(|| panic!("no finding {name} in {probed:#?}"));
    finding
        .value()
        .unwrap_or_else(|| panic!("{name} is open: {finding:?}"))
}

#[track_caller]
fn assert_open(probed: &Probed, name: &str) {
    let finding = probed.findings.iter().find(|finding| finding.name == name);
    let verdict = finding.map(|finding| &finding.verdict);
    assert!(
        matches!(verdict, Some(Verdict::Unknown(_))),
        "{name}: {verdict:?}"
    );
}

fn words(probed: &Probed) -> [(&str, Because); 3] {
    probed
        .forms
        .each_ref()
        .map(|form| (form.used.as_str(), form.because))
}
