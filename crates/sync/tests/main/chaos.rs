//! Random histories, and processes killed at random moments: whatever happened, the next run ends in the truth.
//!
//! `TRIBUTARY_CHAOS_SECONDS` says how long histories are made up, `TRIBUTARY_CHAOS_SEED` repeats one.

use std::{
    collections::BTreeMap,
    env,
    hash::{BuildHasher as _, RandomState},
    path::Path,
    process::{Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use hubspot::ManualClock;
use model::{Level, Outcome, Translator, Wire};
use sandbox::{Action, Command, Kind, Object, PortalConfig, Refusal, Rule, VISITOR_KEY};
use scratch::Scratch;
use store::{Store, run::State};
use sync::{Context, Phase, Progress, ReaderChoice, Request, Stops};
use tokio::sync::watch;

use crate::{PORTAL, World, client};

pub(crate) const FIELDS: [&str; 4] = ["is_champion", "mrr", "plan_tier", "trial_ends_on"];
const OBJECT: Object = Object::Contacts;

/// Splitmix64: small, and the same everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % sides
    }

    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len())].clone()
    }
}

/// The seed of this test run, printed so that a failure can be repeated.
pub(crate) fn seed() -> u64 {
    let seed = env::var("TRIBUTARY_CHAOS_SEED").map_or_else(
        |_| RandomState::new().hash_one(0) >> 32,
        |seed| seed.parse().unwrap(),
    );
    println!("TRIBUTARY_CHAOS_SEED={seed}");
    seed
}

/// Makes up history after history, each from a seed of its own, in one part of the time that there is for chaos.
pub(crate) async fn histories(part: u32, history: impl AsyncFn(u64)) {
    let seconds = env::var("TRIBUTARY_CHAOS_SECONDS").map_or(10, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds) / part;
    let mut seed = seed();
    while Instant::now() < end {
        println!("history {seed}");
        history(seed).await;
        seed += 1;
    }
}

#[tokio::test]
async fn random_histories_end_in_the_truth() {
    histories(1, history).await;
}

async fn history(seed: u64) {
    let mut dice = Dice(seed);
    let portal = PortalConfig {
        seed,
        ..PortalConfig::small(PORTAL).sized(320, 2)
    };
    let mut world = World::of(portal).await.mapped(&FIELDS).await;
    for _ in 0..3 + dice.roll(6) {
        for _ in 0..dice.roll(12) {
            // Not everything can be done to every record.
            let _ = world.sandbox.run(PORTAL, &edit(&world, &mut dice));
            world.sandbox.clock().advance_ms(1_000);
        }
        for _ in 0..dice.roll(3) {
            let rule = trouble(&world, &mut dice);
            world.sandbox.script(rule);
        }
        if dice.roll(4) == 0 {
            damage(&world, &mut dice).await;
        }
        world.context.reader = dice.pick(&[ReaderChoice::Search, ReaderChoice::List]);
        match dice.roll(6) {
            0 => {
                let before = world.stored().await;
                world.run(Level::Visitor, true).await;
                assert_eq!(world.stored().await, before, "a dry run wrote");
            }
            1 | 2 => cancelled(&world, &mut dice).await,
            _ => {
                let before = world.stored().await;
                let report = world.sync().await;
                if report.result == State::Failed {
                    assert_eq!(world.stored().await, before, "a failed run wrote");
                }
            }
        }
        world.sandbox.clear_script();
        // A day's quota may seem used up.
        world.context.clock.sleep(Duration::from_hours(25)).await;
        world.assert_no_leftovers().await;
    }
    for name in FIELDS {
        let name = name.to_owned();
        let object = OBJECT;
        world.act(&Command::RestoreProperty { object, name });
    }
    world.proved().await;
    holds_the_truth(&world).await;
    world.assert_no_leftovers().await;
    let again = world.proved().await;
    assert_eq!((again.counts.changed, again.values.written), (0, 0));
}

/// Something that people do in a portal.
pub(crate) fn edit(world: &World, dice: &mut Dice) -> Command {
    let object = OBJECT;
    let live = world.sandbox.live_ids(PORTAL, OBJECT);
    let id = dice.pick(&live);
    let other = dice.pick(&live);
    let values = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    match dice.roll(16) {
        0 => Command::Archive { object, id },
        1 => Command::Erase { object, id },
        2 if id != other => Command::Merge {
            object,
            primary: id,
            loser: other,
        },
        3 | 4 => {
            let known: Vec<_> = world.sandbox.known(PORTAL, OBJECT).collect();
            let key = dice.pick(&known).id;
            let values = values(VISITOR_KEY, &key);
            if dice.roll(2) == 0 {
                Command::Create { object, values }
            } else {
                let moves_date = true;
                Command::Set {
                    object,
                    id,
                    values,
                    moves_date,
                }
            }
        }
        5 => Command::Set {
            object,
            id,
            values: values(VISITOR_KEY, dice.pick(&["", "", "nobody at all"])),
            moves_date: true,
        },
        6 => Command::ArchiveProperty {
            object,
            name: dice.pick(&FIELDS).to_owned(),
        },
        7 => Command::RestoreProperty {
            object,
            name: dice.pick(&FIELDS).to_owned(),
        },
        8 => Command::BulkSet {
            object,
            from: id,
            count: 30,
            values: values("plan_tier", dice.pick(&["free", "team", ""])),
        },
        _ => Command::Set {
            object,
            id,
            values: match dice.roll(4) {
                0 => values("mrr", dice.pick(&["1", "2.50", "", "N/A"])),
                1 => values("is_champion", dice.pick(&["true", "false", "", "yes"])),
                2 => values("trial_ends_on", dice.pick(&["2026-12-01", "", "soon"])),
                _ => values("plan_tier", dice.pick(&["free", "team", ""])),
            },
            moves_date: dice.roll(4) > 0,
        },
    }
}

/// Something that happens to a call of the next run.
fn trouble(world: &World, dice: &mut Dice) -> Rule {
    let respond = |status| Action::Respond {
        status,
        body: None,
        headers: BTreeMap::new(),
    };
    let action = match dice.roll(14) {
        0 => respond(500),
        1 => respond(502),
        2 => respond(404),
        3 => Action::Refuse(Refusal::Secondly),
        4 => Action::Refuse(Refusal::Daily),
        5 => Action::CutBody { after: 200 },
        6 => Action::DropAnswer,
        7 => Action::OmitRecord { id: None },
        8 => Action::RepeatPage,
        9 => Action::WrongTotal { by: 1 },
        _ => Action::Run {
            portal: None,
            command: loop {
                // A property that comes back within a run cannot be told from one whose values were cleared.
                let command = edit(world, dice);
                if !matches!(command, Command::RestoreProperty { .. }) {
                    break command;
                }
            },
        },
    };
    let kinds = [
        Kind::Search,
        Kind::Search,
        Kind::List,
        Kind::BatchRead,
        Kind::Properties,
    ];
    let after = u32::try_from(dice.roll(5)).unwrap();
    Rule::next(dice.pick(&kinds), action).after(after)
}

/// Values lost or altered behind the product's back.
async fn damage(world: &World, dice: &mut Dice) {
    let sql = dice.pick(&[
        "UPDATE version SET payload = '{\"plan_tier\":\"forged\"}' WHERE id % 7 = 0",
        "UPDATE version SET payload = '{}' WHERE id % 11 = 0",
        "UPDATE version SET payload = 'not json' WHERE id = (SELECT max(version_id) FROM link)",
        "UPDATE link SET fingerprint = 1 WHERE subject_pk % 5 = 0",
    ]);
    world.scratch.execute(sql).await;
}

/// A run that is cancelled somewhere on its way, if it gets there.
async fn cancelled(world: &World, dice: &mut Dice) {
    let phase = dice.pick(&[Phase::Plan, Phase::Read, Phase::Reconcile, Phase::Prove]);
    let (progress, mut seen) = watch::channel(Progress::default());
    let stops = Stops::default();
    let request = Request::command(world.scope(Level::Visitor), false);
    let before = world.stored().await;
    let stop = async {
        let over = |progress: &Progress| [phase, Phase::Done].contains(&progress.phase);
        seen.wait_for(over).await.unwrap();
        stops.cancel.cancel();
    };
    let run = sync::run(&world.context, request, &progress, &stops);
    let (report, ()) = tokio::join!(run, stop);
    let result = report.unwrap().result;
    if [State::Cancelled, State::Failed].contains(&result) {
        assert_eq!(
            world.stored().await,
            before,
            "a {} run wrote",
            result.name()
        );
    }
}

/// Holds every winner against the portal. Of a value that is kept out, whatever was good before may stay.
async fn holds_the_truth(world: &World) {
    let client = &world.context.client;
    let catalogue = client.properties(Level::Visitor.object()).await.unwrap();
    let translator = |name: &str| {
        let property = catalogue.iter().find(|one| one.name.as_str() == name);
        Translator::for_property(property.unwrap()).unwrap()
    };
    let stored = world.stored().await;
    let mut winners = 0;
    for winner in world.sandbox.winners(PORTAL, OBJECT, &FIELDS) {
        winners += 1;
        let record = winner.record.parse().unwrap();
        assert_eq!(stored[&winner.id].0, Some(record), "{winner:?}");
        for name in FIELDS {
            let wire = winner.values[name].as_deref();
            let expected = match translator(name).translate(wire.map_or(Wire::Null, Wire::Text)) {
                Outcome::Value(value) => Some(model::payload::token(&value)),
                Outcome::Empty => None,
                Outcome::Quarantined(_) => continue,
            };
            let value = world.value(&winner.id, name).await;
            assert_eq!(value, expected, "{name} of {winner:?}");
        }
    }
    let linked = stored.values().filter(|one| one.0.is_some()).count() as u64;
    assert_eq!(
        (winners, linked),
        (world.truth(Level::Visitor).matched, winners)
    );
}

const WORKER: &str = "TRIBUTARY_CHAOS_WORKER";

/// Another process that runs syncs until it is killed. Not a test: it is started by the one below.
#[tokio::test]
#[ignore = "the process that the next test kills"]
async fn worker() {
    let Ok(job) = env::var(WORKER) else { return };
    let job: Vec<&str> = job.split(' ').collect();
    let &[base_url, dir, ref url @ ..] = job.as_slice() else {
        panic!("the worker is told too little");
    };
    let options = scratch::options(Path::new(dir), url.first().copied());
    let clock = clock();
    let context = Context {
        store: Store::open_with(&options).await.unwrap(),
        client: client(base_url.to_owned(), clock.clone()),
        destination: None,
        clock,
        reader: ReaderChoice::Search,
    };
    let subscription = context.store.subscriptions().await.unwrap()[0].id;
    let scope = store::Scope {
        subscription,
        level: Level::Visitor,
    };
    let (progress, _) = watch::channel(Progress::default());
    loop {
        let request = Request::command(scope, false);
        let report = sync::run(&context, request, &progress, &Stops::default()).await;
        assert_eq!(report.unwrap().result, State::Success);
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()))
}

#[tokio::test]
async fn killed_processes_leave_nothing_behind() {
    let mut dice = Dice(seed());
    let world = World::clean(700).await.mapped(&FIELDS).await;
    world.sandbox.knobs(PORTAL, |knobs| knobs.latency_ms = 2);
    let live = world.sandbox.live_ids(PORTAL, OBJECT);
    for _ in 0..8 {
        for _ in 0..3 {
            let value = dice.roll(1_000).to_string();
            let values = [("mrr", value.as_str()), ("plan_tier", "")];
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
            world.act(&Command::BulkSet {
                object: OBJECT,
                from: dice.pick(&live),
                count: 100,
                values: BTreeMap::from(values),
            });
        }
        world.sandbox.clear_journal();
        let mut child = Process::new(env::current_exe().unwrap())
            .args(["--exact", "chaos::worker", "--ignored"])
            .env(
                WORKER,
                format!(
                    "{} {} {}",
                    world.sandbox.base_url(),
                    world.scratch.path().display(),
                    world.scratch.url().unwrap_or_default()
                )
                .trim(),
            )
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // So many calls into its work, and then a moment.
        let calls = 1 + dice.roll(14) as u64;
        while world.sandbox.tally(Kind::Search).calls < calls {
            assert!(child.try_wait().unwrap().is_none(), "the worker gave up");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice.roll(60_000) as u64)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    world.proved().await;
    world.assert_no_leftovers().await;
    let disturbed = world.stored().await;

    let scratch = Scratch::new();
    let store = scratch.open().await;
    let now = world.context.clock.now();
    let subscription = store.create_subscription("Undisturbed", "UTC", now).await;
    let undisturbed = World {
        context: Context {
            store,
            ..world.context.clone()
        },
        subscription: subscription.unwrap().id,
        scratch,
        ..world
    };
    undisturbed
        .import(Level::Visitor, disturbed.keys().cloned())
        .await;
    undisturbed.map(Level::Visitor, &FIELDS).await;
    undisturbed.proved().await;
    assert!(disturbed == undisturbed.stored().await);
}
