//! Random histories of a subscription that is connected to Pendo: values change, answers are lost, Pendo is away, and whoever
//! delivers is killed. It ends in the truth; each change came, in the order of its subject's changes; and nothing that was
//! acknowledged was sent again.
//!
//! `TRIBUTARY_CHAOS_SECONDS` says how long histories are made up, `TRIBUTARY_CHAOS_SEED` repeats one.

use std::{collections::BTreeMap, time::Duration};

use model::{Level, MetadataType, payload::entries};
use sandbox::{
    Object, PortalConfig,
    pendo::{Action, Call, Errors, Names, Operation, Outcome, Rule, Subscription, WRITE_KEY},
};
use serde_json::{Value, json};
use store::{findings, outbox::Resend, run::Run};
use sync::destination;
use tokio_util::sync::CancellationToken;

use super::{Outside, same};
use crate::{
    PORTAL,
    chaos::{Dice, FIELDS, edit, histories},
};

/// Values by the keys of our fields at Pendo.
type Values = BTreeMap<String, Value>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_end_in_the_truth_at_pendo_as_well() {
    // They are short: half of the time makes up dozens.
    histories(2, |seed| history(seed, false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_do_those_in_which_people_meddle_with_a_delivery() {
    histories(2, |seed| history(seed, true)).await;
}

async fn history(seed: u64, meddling: bool) {
    let mut dice = Dice(seed);
    let portal = PortalConfig {
        seed,
        ..PortalConfig::small(PORTAL).sized(240, 2)
    };
    let mut settings = destination::Settings {
        batch: 5 + dice.roll(60),
        ..destination::Settings::default()
    };
    settings.pendo.in_flight = 1 + dice.roll(4);
    let outside = Outside::with(portal, Subscription::default(), settings).await;
    outside.pendo.switches(|switches| {
        switches.names = Names::Kept;
        switches.errors = Errors::Texts;
    });
    outside.world.map(Level::Visitor, &FIELDS).await;
    let kills = dice.roll(2) == 0;
    for _ in 0..3 + dice.roll(5) {
        for _ in 0..dice.roll(12) {
            // Not everything can be done to every record.
            let _ = outside
                .world
                .sandbox
                .run(PORTAL, &edit(&outside.world, &mut dice));
            outside.world.sandbox.clock().advance_ms(1_000);
        }
        for _ in 0..dice.roll(4) {
            outside.pendo.script(trouble(&mut dice));
        }
        outside.pendo.outage(dice.roll(5) == 0);
        outside.run().await;
        if meddling {
            outside.pendo.latency_ms(3);
            let meddled = meddle(&outside, &mut dice);
            tokio::join!(outside.deliver(), meddled);
        } else if kills && dice.roll(2) == 0 {
            let moment = Duration::from_millis(dice.roll(40) as u64);
            // Whoever delivers is gone from one moment to the next.
            let killed = tokio::time::timeout(moment, outside.deliver());
            drop(killed.await);
        } else {
            outside.deliver().await;
        }
        outside
            .clock
            .advance(Duration::from_mins(dice.roll(90) as u64));
    }
    outside.pendo.outage(false);
    outside.pendo.clear_script();
    outside.pendo.latency_ms(0);
    restore(&outside);
    if meddling {
        outside.connect(WRITE_KEY).await.unwrap();
        outside.world.map(Level::Visitor, &FIELDS).await;
    }
    outside.clock.advance(Duration::from_hours(1));
    outside.run().await;
    let store = &outside.world.context.store;
    // Whoever died with a job is noticed, and a job that was given up is asked for again.
    while !store.waiting(None).await.unwrap().is_empty() {
        store.tidy_jobs(outside.now()).await.unwrap();
        outside.runner.ask_for_deliveries().await.unwrap();
        outside.deliver().await;
        outside.clock.advance(Duration::from_hours(1));
    }
    store.conclude_deliveries(outside.scope()).await.unwrap();
    let again = outside.run().await;
    assert_eq!(again.delivery.unwrap()["queued"], 0);
    assert_holds_what_is_stored(&outside).await;
    if !meddling {
        assert_came_in_order(&outside, kills).await;
    }
    for run in runs(&outside).await {
        let delivery = run.report.as_ref().map(|report| &report["delivery"]);
        let pending = delivery.and_then(|delivery| delivery["pending"].as_u64());
        assert!(run.state != store::run::State::Delivering, "{run:#?}");
        assert!(meddling || matches!(pending, None | Some(0)), "{run:#?}");
    }
    let stop = CancellationToken::new();
    outside
        .runner
        .see_to_outside(outside.scope(), &stop)
        .await
        .unwrap();
}

/// Brings back all properties that were archived.
fn restore(outside: &Outside) {
    for name in FIELDS {
        let name = name.to_owned();
        let object = Object::Contacts;
        outside
            .world
            .act(&sandbox::Command::RestoreProperty { object, name });
    }
}

/// What people may do while a delivery is under way.
async fn meddle(outside: &Outside, dice: &mut Dice) {
    let store = &outside.world.context.store;
    for _ in 0..=dice.roll(4) {
        let moment = Duration::from_millis(dice.roll(12) as u64);
        tokio::time::sleep(moment).await;
        match dice.roll(7) {
            choice @ (0 | 1) => {
                let what = if choice == 0 {
                    Resend::All
                } else {
                    Resend::With("mrr")
                };
                let put = store.resend(outside.scope(), what, outside.now());
                put.await.unwrap();
                outside.runner.ask_for_deliveries().await.unwrap();
            }
            choice @ (2 | 3) => {
                // What was archived cannot be chosen.
                restore(outside);
                let from = if choice == 2 { dice.roll(3) } else { 0 };
                outside.world.map(Level::Visitor, &FIELDS[from..]).await;
            }
            4 => {
                let destinations = outside.runner.destinations();
                let gone = destinations.disconnect(outside.world.subscription);
                gone.await.unwrap();
            }
            // While Pendo is away nobody can connect it.
            5 => drop(outside.connect_as(WRITE_KEY, "crm_").await),
            _ => drop(outside.connect(WRITE_KEY).await),
        }
    }
}

/// Something that happens to a call.
fn trouble(dice: &mut Dice) -> Rule {
    let respond = |status| Action::Respond {
        status,
        body: None,
        headers: BTreeMap::new(),
    };
    let action = match dice.roll(12) {
        0 => respond(500),
        1 => respond(503),
        2 => respond(409),
        3 => respond(408),
        4 => respond(429),
        5 => Action::Drop,
        6 => Action::CutBody { after: 9 },
        7 => Action::FailRecords {
            ids: Vec::new(),
            every: 3,
            text: "not now".into(),
        },
        _ => Action::DropAnswer,
    };
    let operations = [
        Operation::SetMany,
        Operation::SetMany,
        Operation::SetMany,
        Operation::SchemaWrite,
        Operation::SchemaRead,
        Operation::Aggregation,
    ];
    let after = u32::try_from(dice.roll(6)).unwrap();
    Rule::next(dice.pick(&operations), action).after(after)
}

/// What Pendo holds of our fields is what is stored here.
async fn assert_holds_what_is_stored(outside: &Outside) {
    let mut held = outside.held(Level::Visitor);
    for (id, (_, stored)) in outside.world.stored().await {
        let expected = forms(stored.as_deref().unwrap_or("{}"));
        let mut found = held.remove(&id).unwrap_or_default();
        // Under another prefix there is what was sent while it was that.
        found.retain(|key, value| !value.is_null() && key.starts_with("hubspot_"));
        assert!(
            alike(&found, &expected),
            "{id}: {found:?} instead of {expected:?}, {stored:?}"
        );
    }
    held.retain(|_, values| values.keys().any(|key| key.starts_with("hubspot_")));
    assert!(held.is_empty(), "{held:?}");
}

/// The changes of each subject came all and in their order, and once if they were acknowledged. Somebody who was killed may not
/// have noted what was.
async fn assert_came_in_order(outside: &Outside, kills: bool) {
    let mut changes: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    let store = &outside.world.context.store;
    for run in runs(outside).await.iter().rev() {
        let all = findings::Only::default();
        let changed = store.changed(run.id, &all, -1, 10_000).await;
        for one in changed.unwrap() {
            let before = forms(one.before.as_deref().unwrap_or("{}"));
            let after = forms(&one.after);
            let change = Change {
                differs: delta(&before, &after),
                after,
            };
            changes.entry(one.id).or_default().push(change);
        }
    }
    let calls = outside.pendo.journal();
    let sent: Vec<&Call> = calls
        .iter()
        .filter(|call| call.operation == Operation::SetMany)
        .collect();
    for (id, changes) in changes {
        // The change that comes next, and whether the one before was acknowledged.
        let (mut next, mut acknowledged) = (0, true);
        for call in &sent {
            let writes = call.writes.iter().filter(|write| write.id == id);
            for write in writes.filter(|write| write.outcome == Outcome::Updated) {
                let is = |at: usize| {
                    changes
                        .get(at)
                        .is_some_and(|change| change.is(&write.values))
                };
                if !acknowledged && next > 0 && is(next - 1) {
                    // Once more, as nobody knows that it came.
                } else if is(next) {
                    next += 1;
                } else {
                    let killed = kills && next > 0 && is(next - 1);
                    assert!(killed, "{id}: {write:?} comes after {next} of {changes:#?}");
                }
                acknowledged = call.delivered && call.status == 200 && call.updated == call.records;
            }
        }
        assert_eq!(next, changes.len(), "{id} lacks {:?}", &changes[next..]);
    }
}

async fn runs(outside: &Outside) -> Vec<Run> {
    let store = &outside.world.context.store;
    let runs = store.runs(outside.world.subscription, None, 1_000).await;
    runs.unwrap()
}

/// Metadata in the form in which it is sent, under the keys that our fields have there.
fn forms(payload: &str) -> Values {
    let entries = entries(payload).map(Result::unwrap);
    entries
        .filter(|(name, _)| FIELDS.contains(&&**name))
        .map(|(name, token)| {
            let value: Value = serde_json::from_str(token).unwrap();
            let value = match (kind(&name), &value) {
                (MetadataType::Time, Value::String(text)) => {
                    let moment: jiff::Timestamp = text.parse().unwrap();
                    json!(moment.as_millisecond())
                }
                _ => value,
            };
            (format!("hubspot_{name}"), value)
        })
        .collect()
}

fn kind(name: &str) -> MetadataType {
    match name {
        "trial_ends_on" => MetadataType::Time,
        "mrr" => MetadataType::Decimal,
        "is_champion" => MetadataType::Boolean,
        _ => MetadataType::String,
    }
}

/// A change of a subject.
#[derive(Debug)]
struct Change {
    differs: Values,
    after: Values,
}

impl Change {
    /// Whether it was sent by this: all that differs, and perhaps more of what holds after it, as when values were lost here and
    /// written again.
    fn is(&self, sent: &Values) -> bool {
        let holds = |(key, value): (&String, &Value)| {
            same(value, self.after.get(key).unwrap_or(&Value::Null))
        };
        sent.iter().all(holds) && self.differs.keys().all(|key| sent.contains_key(key))
    }
}

/// What differs, with null for what went.
fn delta(before: &Values, after: &Values) -> Values {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Null));
    let new = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value));
    gone.chain(new.map(|(key, value)| (key.clone(), value.clone())))
        .collect()
}

fn alike(one: &Values, other: &Values) -> bool {
    let mut both = one.iter().zip(other);
    one.len() == other.len() && both.all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
}
