//! The Rust API: a running sandbox and what can be done to it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::command::Command;
use crate::config::{App, Config, PortalConfig};
use crate::fault::Rule;
use crate::http::control;
use crate::journal::{Call, Kind, Tally};
use crate::knobs::{Knobs, Quota};
use crate::known::Known;
use crate::object::Object;
use crate::portal::Portal;
use crate::truth::{Truth, Winners};
use crate::world::World;

/// A running sandbox. Dropping it closes the server.
///
/// It has a runtime and threads of its own, so that tests with or without a runtime can use it.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    server: Server,
}

/// A server on a runtime and threads of its own. Dropping it closes the server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on an address and lets `serve` accept connections until the server is dropped.
    pub(crate) fn start<F>(
        name: &str,
        listen: String,
        serve: impl FnOnce(tokio::net::TcpListener) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build();
                let runtime = match runtime {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                runtime.block_on(async move {
                    let bound = match tokio::net::TcpListener::bind(&listen).await {
                        Ok(listener) => listener.local_addr().map(|address| (listener, address)),
                        Err(error) => Err(error),
                    };
                    match bound {
                        Ok((listener, address)) => {
                            drop(ready.send(Ok(address)));
                            tokio::select! {
                                () = serve(listener) => {}
                                _ = stopped => {}
                            }
                        }
                        Err(error) => drop(ready.send(Err(error))),
                    }
                });
                runtime.shutdown_background();
            })?;
        let address = started.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address listened on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The tokens of an installed app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Stays the same until it is revoked.
    pub refresh_token: String,
    /// Lives 1,800 seconds of the sandbox's clock.
    pub access_token: String,
}

impl Sandbox {
    /// Starts a sandbox.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(config: Config) -> io::Result<Self> {
        let world = Arc::new(World::new(&config));
        let shared = Arc::clone(&world);
        let server = Server::start("sandbox", config.listen, |listener| {
            crate::server::serve(listener, shared)
        })?;
        Ok(Self { world, server })
    }

    /// Where the API answers: `http://127.0.0.1:…`, also for the OAuth screens and the control API.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The address listened on.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The clock, to read and to move.
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    fn portal(&self, id: u64) -> Arc<Portal> {
        self.world
            .portal(id)
            .unwrap_or_else(|| panic!("the sandbox has no portal {id}"))
    }

    /// Adds a portal, or replaces the one with its id.
    pub fn add_portal(&self, config: PortalConfig) {
        self.world.add_portal(config);
    }

    /// Takes a portal away; its tokens are unknown from then on.
    pub fn remove_portal(&self, id: u64) -> bool {
        self.world.remove_portal(id)
    }

    /// Registers an OAuth app, or replaces the one with its client id.
    pub fn add_app(&self, app: App) {
        self.world.add_app(app);
    }

    /// Installs an app in a portal as if its screens had been clicked through.
    ///
    /// # Errors
    /// Says why when portal or app are unknown, or the account cannot grant a required scope.
    pub fn install(
        &self,
        portal: u64,
        client_id: &str,
        optional_scopes: &[&str],
    ) -> Result<Tokens, String> {
        let optional: Vec<String> = optional_scopes.iter().map(|s| (*s).to_owned()).collect();
        let (refresh_token, access_token) =
            control::install(&self.world, portal, client_id, &optional)?;
        Ok(Tokens {
            refresh_token,
            access_token,
        })
    }

    /// Ends a token, or a refresh token with all its access tokens.
    pub fn revoke(&self, token: &str) {
        self.world.grants().revoke(token);
    }

    /// Lets every OAuth access token be expired from now on.
    pub fn expire_tokens(&self) {
        self.world.grants().expire_all(self.world.clock.now_ms());
    }

    /// Turns knobs of a portal.
    ///
    /// # Panics
    /// When there is no such portal; so do the methods below.
    pub fn knobs(&self, portal: u64, turn: impl FnOnce(&mut Knobs)) {
        turn(&mut self.portal(portal).settings_mut().knobs);
    }

    /// Sets the limits of a portal.
    pub fn quota(&self, portal: u64, set: impl FnOnce(&mut Quota)) {
        set(&mut self.portal(portal).settings_mut().quota);
    }

    /// Lets something happen in a portal.
    ///
    /// # Errors
    /// Says why it could not be done.
    pub fn run(&self, portal: u64, command: &Command) -> Result<Value, String> {
        command.run(&self.portal(portal), &self.world.clock)
    }

    /// Adds a rule to the end of the script.
    pub fn script(&self, rule: Rule) {
        self.world.script().rules.push(rule);
    }

    /// Forgets all rules.
    pub fn clear_script(&self) {
        self.world.script().rules.clear();
    }

    /// Rules that are still to be used up.
    pub fn rules_left(&self) -> usize {
        self.world.script().rules.len()
    }

    /// The calls the journal still keeps, oldest first.
    pub fn journal(&self) -> Vec<Call> {
        self.world.journal().calls.iter().cloned().collect()
    }

    /// Counts of a kind of call over all portals.
    pub fn tally(&self, kind: Kind) -> Tally {
        self.world
            .journal()
            .tallies(None)
            .remove(&kind)
            .unwrap_or_default()
    }

    /// Counts of a kind of call of one portal.
    pub fn tally_of(&self, portal: u64, kind: Kind) -> Tally {
        self.world
            .journal()
            .tallies(Some(portal))
            .remove(&kind)
            .unwrap_or_default()
    }

    /// Empties the journal and its counts.
    pub fn clear_journal(&self) {
        self.world.journal().clear();
    }

    /// The ids the product knows, in an order of its own.
    pub fn known(&self, portal: u64, object: Object) -> Known {
        control::known_of(&self.portal(portal), object)
    }

    /// What a sync must find now.
    pub fn truth(&self, portal: u64, object: Object) -> Truth {
        Truth::of(&self.portal(portal), object)
    }

    /// Every known id that has a record, with that record and its wire values.
    pub fn winners(&self, portal: u64, object: Object, properties: &[&str]) -> Winners {
        Winners::new(
            self.portal(portal),
            object,
            properties.iter().map(|p| (*p).to_owned()).collect(),
        )
    }

    /// Ids of live records from a place on, in rising order.
    pub fn live_ids(&self, portal: u64, object: Object) -> Vec<u64> {
        let portal = self.portal(portal);
        let table = portal.table(object);
        (0..table.len())
            .map(|i| table.record(i))
            .filter(|r| table.life(*r, crate::table::View::Live) == crate::generate::Life::Live)
            .map(|r| table.generator.id(r))
            .collect()
    }

    /// A record's value as it is now: `None` when never set, or when there is no such record or property.
    pub fn value(&self, portal: u64, object: Object, id: u64, property: &str) -> Option<String> {
        let portal = self.portal(portal);
        let table = portal.table(object);
        let record = table.record(table.index(id)?);
        table.value(record, table.catalogue.get(property)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more when the server has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A portal from partial JSON: what is left out comes from its `profile`.
///
/// # Errors
/// Says what does not fit.
pub fn parse_portal(json: &str) -> Result<PortalConfig, String> {
    let wanted: Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    control::portal_config(&wanted)
}

/// The machine's time, for a sandbox that should start today.
pub fn machine_time_ms() -> i64 {
    crate::clock::machine_ms()
}
