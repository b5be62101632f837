//! The Rust API of the Pendo side: a running server and what can be done to it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Map, Value, json};

use super::config::Config;
use super::fault::{Command, Rule};
use super::journal::{Call, Operation, Tally};
use super::kind::{Group, Kind};
use super::record::Reader;
use super::schema::Field;
use super::server;
use super::subscription::Subscription;
use super::summary::{self, Summary};
use super::switches::Switches;
use super::world::World;
use crate::clock::Clock;
use crate::handle::{Sandbox, Server};
use crate::object::Object;

/// A running stand-in for Pendo. Dropping it closes the server.
///
/// It has a runtime and threads of its own, so that tests with or without a runtime can use it.
#[derive(Debug)]
pub struct Pendo {
    world: Arc<World>,
    server: Server,
}

impl Pendo {
    /// Starts a server.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(config: Config) -> io::Result<Self> {
        let world = Arc::new(World::new(&config));
        let shared = Arc::clone(&world);
        let server = Server::start("sandbox-pendo", config.listen, |listener| {
            server::serve(listener, shared)
        })?;
        Ok(Self { world, server })
    }

    /// Where the API answers, `http://127.0.0.1:…/{region}`: literally with the placeholder, which stands for one of
    /// the segments of [`Region`](super::Region).
    pub fn base_url(&self) -> String {
        format!("http://{}/{{region}}", self.server.address())
    }

    /// The address listened on; also that of the control API under `/_sandbox`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The clock, to read and to move.
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    fn subscription(&self, name: &str) -> &Subscription {
        self.world
            .subscription(name)
            .unwrap_or_else(|| panic!("the sandbox has no Pendo subscription {name}"))
    }

    /// Turns switches; they count from the next call on.
    pub fn switches(&self, turn: impl FnOnce(&mut Switches)) {
        self.world.turn(turn);
    }

    /// Sets what every call takes at least, in real time.
    pub fn latency_ms(&self, ms: u64) {
        self.world.latency_ms.store(ms, Relaxed);
    }

    /// Begins or ends an outage. While it is on, connections are closed at once, those that exist too: what is under
    /// way is worked on, and its answer lost. Only connections that begin with the control API are served.
    pub fn outage(&self, on: bool) {
        self.world.outage.send_replace(on);
    }

    /// Makes records known, with what the product's agent saw of them.
    ///
    /// # Panics
    /// When there is no such subscription; so do the methods below.
    pub fn add_ids(
        &self,
        subscription: &str,
        kind: Kind,
        ids: impl IntoIterator<Item = (String, Map<String, Value>)>,
    ) {
        let mut state = self.subscription(subscription).state();
        for (id, agent) in ids {
            state.of_mut(kind).set(&id, Group::Agent, &agent);
        }
    }

    /// Makes known what a HubSpot portal's product knows: visitors with their accounts, and accounts.
    pub fn add_known(&self, subscription: &str, sandbox: &Sandbox, portal: u64) {
        let mut state = self.subscription(subscription).state();
        for object in Object::ALL {
            let population = state.of_mut(Kind::from(object));
            for known in sandbox.known(portal, object) {
                population.set(&known.id, Group::Agent, &known.agent);
                if let Some(first) = known.accounts.first() {
                    let auto = Map::from_iter([
                        ("accountid".to_owned(), json!(first)),
                        ("accountids".to_owned(), json!(known.accounts)),
                    ]);
                    population.set(&known.id, Group::Auto, &auto);
                }
            }
        }
    }

    /// Ids of a kind, in their order; anonymous visitors (`_PENDO_T_…`) are among them.
    pub fn ids(&self, subscription: &str, kind: Kind) -> Vec<String> {
        let mut state = self.subscription(subscription).state();
        state.of_mut(kind).sort();
        let population = state.of(kind);
        population
            .by_id()
            .iter()
            .map(|place| population.record(*place).id.to_string())
            .collect()
    }

    /// Definitions of a group's fields, in the order they were made, deleted ones included.
    pub fn fields(&self, subscription: &str, kind: Kind, group: Group) -> Vec<Field> {
        let state = self.subscription(subscription).state();
        state.of(kind).schema.of_group(group).cloned().collect()
    }

    /// Values of a group by record id and field key, in the order of ids. Records without values are left out, and so
    /// are deleted fields.
    pub fn values(
        &self,
        subscription: &str,
        kind: Kind,
        group: Group,
    ) -> Vec<(String, BTreeMap<String, Value>)> {
        let mut state = self.subscription(subscription).state();
        state.of_mut(kind).sort();
        let population = state.of(kind);
        let mut all = Vec::new();
        for place in population.by_id() {
            let record = population.record(*place);
            let values: BTreeMap<String, Value> = record
                .row
                .values()
                .map(|(number, text)| (population.schema.field(number), text))
                .filter(|(field, _)| field.group == group && !field.is_deleted)
                .map(|(field, text)| (field.name.clone(), parsed(text)))
                .collect();
            if !values.is_empty() {
                all.push((record.id.to_string(), values));
            }
        }
        all
    }

    /// One value by the field's key: nothing when it was never set or is cleared, `null` when that is stored.
    pub fn value(
        &self,
        subscription: &str,
        kind: Kind,
        group: Group,
        id: &str,
        field: &str,
    ) -> Option<Value> {
        let state = self.subscription(subscription).state();
        let population = state.of(kind);
        let record = population.get(id)?;
        let number = population.schema.find(group, field)?;
        Reader::new(&self.world, population)
            .value(record, number)
            .map(|text| parsed(&text))
    }

    /// Sets a value as somebody else would: no rule of the API applies, and record and field (by its key) come into
    /// being when they are missing.
    pub fn set(
        &self,
        subscription: &str,
        kind: Kind,
        group: Group,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) {
        let values = Map::from_iter([(field.to_owned(), value.into())]);
        let mut state = self.subscription(subscription).state();
        state.of_mut(kind).set(id, group, &values);
    }

    /// Counts and checksums of a group's fields.
    pub fn summary(
        &self,
        subscription: &str,
        kind: Kind,
        group: Group,
    ) -> BTreeMap<String, Summary> {
        summary::of(self.subscription(subscription).state().of(kind), group)
    }

    /// Lets something happen in a subscription.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn run(&self, subscription: &str, command: &Command) -> Result<(), String> {
        command.run(self.subscription(subscription))
    }

    /// Adds a rule to the end of the script.
    pub fn script(&self, rule: Rule) {
        self.world.rules().push(rule);
    }

    /// Forgets all rules.
    pub fn clear_script(&self) {
        self.world.rules().clear();
    }

    /// Rules that are still to be used up.
    pub fn rules_left(&self) -> usize {
        self.world.rules().len()
    }

    /// The calls the journal still keeps, oldest first.
    pub fn journal(&self) -> Vec<Call> {
        self.world.journal().calls.iter().cloned().collect()
    }

    /// Counts of one sort of call.
    pub fn tally(&self, operation: Operation) -> Tally {
        self.world
            .journal()
            .tallies
            .get(&operation)
            .cloned()
            .unwrap_or_default()
    }

    /// The most calls that were under way at once since the start or the last
    /// [`clear_journal`](Self::clear_journal).
    pub fn most_at_once(&self) -> usize {
        self.world.journal().most_at_once
    }

    /// Empties the journal and its counts; the numbers of calls go on.
    pub fn clear_journal(&self) {
        self.world.journal().clear();
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("only JSON texts are stored")
}
