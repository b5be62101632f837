//! An installation to test: a store in a directory of its own, a sandbox portal, a runner, and a clock that stands still.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hubspot::{ManualClock, QuotaSettings};
use jiff::SignedDuration;
use model::{Clock as _, Level};
use sandbox::{
    Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Object, PortalConfig, Sandbox,
    pendo::{Kind as Population, Pendo, WRITE_KEY},
};
use scratch::Scratch;
use store::{
    Scope, Store, SubscriptionId,
    app::HubspotApp,
    import::NewSubject,
    job::{Claim, End, Kind, NewJob, Priority},
    run::Origin,
    schedule::Missed,
    session::Purpose,
};
use sync::{
    ReaderChoice, Runner, Worker,
    connect::Connector,
    destination::{self, Destinations},
    runner, worker,
};
use tokio_util::sync::CancellationToken;
use url::Url;
use web::{App, Settings};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::browser::Browser;

/// The portal of a [`Bench`].
pub(crate) const PORTAL: u64 = 4711;

/// Another portal, where a bench has two.
pub(crate) const OTHER: u64 = 4712;

/// Who configures.
pub(crate) const ADMIN: &str = "mio.arai@example.com";

/// Who reads.
pub(crate) const VIEWER: &str = "jo.field@example.com";

/// Everybody's password, until it is changed.
pub(crate) const PASSWORD: &str = "copper lantern 11";

/// Makes every secret another one, and none of them by chance.
fn seeded(buffer: &mut [u8]) {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    for chunk in buffer.chunks_mut(8) {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed);
        let bytes = xxh3_64_with_seed(&number.to_le_bytes(), 20_261_124).to_le_bytes();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

/// What an installation is like.
pub(crate) struct Plan {
    public_url: Option<&'static str>,
    trusted: &'static str,
    portals: Vec<PortalConfig>,
    app: bool,
    pendo: Option<sandbox::pendo::Config>,
}

/// An installation with a portal of a thousand contacts, its OAuth app entered, an admin and a subscription.
pub(crate) async fn bench() -> Bench {
    plan().build().await
}

/// To say what is different from a usual one.
pub(crate) fn plan() -> Plan {
    Plan {
        public_url: None,
        trusted: "",
        portals: vec![PortalConfig::small(PORTAL)],
        app: true,
        pendo: None,
    }
}

impl Plan {
    /// Browsers reach it by this address.
    pub(crate) fn at(mut self, public_url: &'static str) -> Self {
        self.public_url = Some(public_url);
        self
    }

    /// Stands behind proxies of this network.
    pub(crate) fn behind(mut self, network: &'static str) -> Self {
        self.trusted = network;
        self
    }

    /// The sandbox holds these portals.
    pub(crate) fn portals(mut self, portals: impl IntoIterator<Item = PortalConfig>) -> Self {
        self.portals = portals.into_iter().collect();
        self
    }

    /// No OAuth app was entered.
    pub(crate) fn without_app(mut self) -> Self {
        self.app = false;
        self
    }

    /// Beside a stand-in for Pendo.
    pub(crate) fn pendo(mut self) -> Self {
        self.pendo = Some(sandbox::pendo::Config::default());
        self
    }

    /// With an admin and a subscription.
    pub(crate) async fn build(self) -> Bench {
        let mut bench = self.empty().await;
        let mut admin = bench.set_up().await;
        let made = admin
            .post(
                "/subscriptions/new",
                &[("name", "Acme"), ("time_zone", "Asia/Tokyo")],
            )
            .await;
        made.leads_to("/s/1/settings/ids/visitor");
        bench.subscription = SubscriptionId(1);
        bench.first = Some(admin);
        bench
    }

    /// As it is before anybody opened the set-up link.
    pub(crate) async fn empty(self) -> Bench {
        let config = Config {
            portals: self.portals,
            ..Config::default()
        };
        let sandbox = Sandbox::start(config).unwrap();
        let scratch = Scratch::new();
        let store = scratch.open().await;
        if self.app {
            let app = HubspotApp {
                client_id: DEFAULT_CLIENT_ID.into(),
                client_secret: DEFAULT_CLIENT_SECRET.into(),
            };
            store.set_hubspot_app(&app).await.unwrap();
        }
        let clock = Arc::new(ManualClock::at("2026-11-23T02:00:00Z".parse().unwrap()));
        let pendo = self.pendo.map(|config| Pendo::start(config).unwrap());
        let outside = outside(pendo.as_ref());
        let runner = runner(&store, &sandbox, &outside, &clock);
        let settings = worker::Settings {
            at_once: 4,
            schedule: false,
        };
        tokio::spawn(Worker::new(runner.clone(), settings).work(CancellationToken::new()));
        // Bound already, so that the address of pages that are served later is known now.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let public_url = match self.public_url {
            Some(address) => address.to_owned(),
            None => format!("http://localhost:{port}"),
        };
        let public_url = Url::parse(&public_url).unwrap();
        let settings = Settings {
            public_url: public_url.clone(),
            trusted_proxies: self
                .trusted
                .split(',')
                .filter_map(|network| network.parse().ok())
                .collect(),
            retention_days: 30,
        };
        let app = App::new(
            store.clone(),
            runner.clone(),
            clock.clone(),
            seeded,
            settings,
        );
        Bench {
            router: web::site(&app),
            sandbox,
            pendo,
            outside,
            app,
            store,
            runner,
            clock,
            public_url,
            subscription: SubscriptionId(0),
            first: None,
            listener: Some(listener),
            scratch,
        }
    }
}

/// Runs what is asked for on a store.
fn runner(
    store: &Store,
    sandbox: &Sandbox,
    outside: &destination::Settings,
    clock: &Arc<ManualClock>,
) -> Runner {
    let connector = Connector::new(store.clone(), hubspot(sandbox), clock.clone()).unwrap();
    let settings = runner::Settings {
        reader: ReaderChoice::Auto,
        retention_days: 30,
    };
    let outside = Destinations::new(store.clone(), outside.clone(), clock.clone()).unwrap();
    Runner::new(store.clone(), connector, outside, clock.clone(), settings)
}

/// Where the stand-in for Pendo is; without one, where nobody answers.
fn outside(pendo: Option<&Pendo>) -> destination::Settings {
    let base_url = match pendo {
        Some(pendo) => pendo.base_url(),
        None => "http://127.0.0.1:9/{region}".into(),
    };
    destination::Settings {
        pendo: pendo::Settings {
            base_url: Some(base_url),
            ..pendo::Settings::default()
        },
        ..destination::Settings::default()
    }
}

/// Where the sandbox is, without quotas of our own.
fn hubspot(sandbox: &Sandbox) -> hubspot::Settings {
    hubspot::Settings {
        base_url: sandbox.base_url(),
        authorize_url: format!("{}/oauth/authorize", sandbox.base_url()),
        quota: QuotaSettings {
            search_per_second: 0,
            ten_secondly: Some(0),
            daily: Some(0),
            ..QuotaSettings::default()
        },
        ..hubspot::Settings::default()
    }
}

/// An installation.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    /// The stand-in for Pendo, if there is one.
    pub(crate) pendo: Option<Pendo>,
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) runner: Runner,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) public_url: Url,
    pub(crate) subscription: SubscriptionId,
    pub(crate) scratch: Scratch,
    router: Router,
    outside: destination::Settings,
    /// The admin who set it up.
    first: Option<Browser>,
    listener: Option<std::net::TcpListener>,
}

impl Bench {
    /// A browser of somebody who is not signed in.
    pub(crate) fn nobody(&self) -> Browser {
        Browser::new(self.router.clone(), &self.public_url)
    }

    /// A browser of the admin who set it up. Its session is another than that of the next call.
    pub(crate) async fn admin(&mut self) -> Browser {
        match self.first.take() {
            Some(first) => first,
            None => self.sign_in(ADMIN, PASSWORD).await,
        }
    }

    /// A browser of a viewer, invited now or before.
    pub(crate) async fn viewer(&mut self) -> Browser {
        if self
            .store
            .member_to_sign_in(VIEWER)
            .await
            .unwrap()
            .is_some()
        {
            return self.sign_in(VIEWER, PASSWORD).await;
        }
        self.join(VIEWER, "viewer").await
    }

    /// A browser of another admin than the first.
    pub(crate) async fn second_admin(&mut self) -> Browser {
        self.join("remi.second@example.com", "admin").await
    }

    /// Invites somebody, who joins.
    pub(crate) async fn join(&mut self, email: &str, role: &str) -> Browser {
        let mut admin = self.admin().await;
        let ticket = invite(&mut admin, email, role).await;
        self.first = Some(admin);
        let mut browser = self.nobody();
        browser
            .post("/join", &new_password(&ticket, PASSWORD))
            .await
            .leads_to("/");
        browser
    }

    /// Signs in through the form.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Browser {
        let mut browser = self.nobody();
        browser.get("/sign-in").await.ok();
        browser
            .post("/sign-in", &[("email", email), ("password", password)])
            .await
            .leads_to("/");
        browser
    }

    /// A browser of somebody who is not signed in, and who is led to another process on the same data. That one does no work.
    pub(crate) async fn elsewhere(&self) -> Browser {
        let store = self.scratch.open().await;
        let runner = runner(&store, &self.sandbox, &self.outside, &self.clock);
        let settings = Settings {
            public_url: self.public_url.clone(),
            trusted_proxies: Vec::new(),
            retention_days: 30,
        };
        let app = App::new(store, runner, self.clock.clone(), seeded, settings);
        Browser::new(web::site(&app), &self.public_url)
    }

    /// A job that somebody else has under way for a level, so that others wait for it.
    pub(crate) async fn hold(&self, level: Level) -> Claim {
        // This process's worker does not take what is not due.
        let later = self.clock.now() + SignedDuration::from_hours(1);
        let job = NewJob {
            scope: self.scope(level),
            kind: Kind::Sync,
            origin: Origin::default(),
            priority: Priority::Person,
            due_at: later,
            expires_at: None,
        };
        let id = self.store.ask(&job, self.clock.now()).await.unwrap();
        let claim = self.store.claim(later).await.unwrap().unwrap();
        assert_eq!(claim.job.id, id);
        claim
    }

    /// Lets a level go.
    pub(crate) async fn release(&self, claim: &Claim) {
        let now = self.clock.now();
        let ended = self.store.end_job(claim, &End::Done, now).await;
        ended.unwrap().unwrap();
    }

    /// Opens the set-up link and makes the first admin.
    pub(crate) async fn set_up(&self) -> Browser {
        let ticket = self.ticket(Purpose::SetUp).await;
        let mut browser = self.nobody();
        browser.get("/set-up").await.ok();
        let mut form = new_password(&ticket, PASSWORD).to_vec();
        form.push(("email", ADMIN));
        browser.post("/set-up", &form).await.leads_to("/");
        browser
    }

    /// The secret of a new link that is for nobody in particular.
    pub(crate) async fn ticket(&self, purpose: Purpose) -> String {
        secret_of(&self.app.make_link(purpose, None).await.unwrap())
    }

    /// A level of the subscription.
    pub(crate) fn scope(&self, level: Level) -> Scope {
        Scope {
            subscription: self.subscription,
            level,
        }
    }

    /// The visitors of the subscription.
    pub(crate) fn visitors(&self) -> Scope {
        self.scope(Level::Visitor)
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Lets both levels know the ids of the portal's records.
    pub(crate) async fn know(&self) {
        for level in Level::ALL {
            let object = match level {
                Level::Visitor => Object::Contacts,
                Level::Account => Object::Companies,
            };
            let ids = self.sandbox.known(PORTAL, object).map(|known| known.id);
            self.know_these(level, ids).await;
        }
    }

    /// Lets a level know these ids.
    pub(crate) async fn know_these(&self, level: Level, ids: impl IntoIterator<Item = String>) {
        let now = self.clock.now();
        let scope = self.scope(level);
        let mut importer = self.store.import(scope, false, now).await.unwrap();
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

    /// With known ids and a connection by token.
    pub(crate) async fn connected(mut self) -> Self {
        self.know().await;
        let mut admin = self.admin().await;
        let token = sandbox::static_token(PORTAL);
        admin
            .post(&mappings("token"), &[("token", &token)])
            .await
            .leads_to("/s/1/settings/data-mappings/visitor?note=note-connected");
        self.first = Some(admin);
        self
    }

    /// With visitors mapped by their key and these fields, and synced once.
    pub(crate) async fn synced(self, fields: &[&str]) -> Self {
        let mut bench = self.connected().await;
        let mut admin = bench.admin().await;
        admin
            .post(&mappings("key"), &[("property", sandbox::VISITOR_KEY)])
            .await
            .leads_to("/s/1/settings/data-mappings/visitor?note=note-key-saved");
        save(&mut admin, fields).await;
        bench.settled(Level::Visitor).await;
        bench.first = Some(admin);
        bench
    }

    /// The stand-in for Pendo.
    pub(crate) fn pendo(&self) -> &Pendo {
        self.pendo.as_ref().expect("the plan has a Pendo")
    }

    /// Lets Pendo know all visitors and accounts of the portal.
    pub(crate) fn pendo_knows(&self) {
        self.pendo().add_known("main", &self.sandbox, PORTAL);
    }

    /// Lets Pendo know these visitors.
    pub(crate) fn pendo_knows_visitors(&self, ids: impl IntoIterator<Item = String>) {
        let ids = ids.into_iter().map(|id| (id, serde_json::Map::new()));
        self.pendo().add_ids("main", Population::Visitor, ids);
    }

    /// With Pendo as the destination.
    pub(crate) async fn outside(mut self) -> Self {
        let mut admin = self.admin().await;
        let form = [("key", WRITE_KEY), ("region", "us"), ("prefix", "hubspot_")];
        admin
            .post(DESTINATION, &form)
            .await
            .leads_to("/s/1/settings/destination?note=note-destination-connected");
        self.first = Some(admin);
        self
    }

    /// Waits until nothing is left to be done outside of a level for now: what is tried again later is left.
    pub(crate) async fn sent(&self, level: Level) {
        let never = CancellationToken::new();
        let scope = self.scope(level);
        self.runner.see_to_outside(scope, &never).await.unwrap();
    }

    /// Waits until nothing of a level waits to be sent any more.
    pub(crate) async fn all_sent(&self, level: Level) {
        let scope = self.scope(level);
        while self.store.next_cause(scope).await.unwrap().is_some() {
            self.sent(level).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Two nights go by in which nobody was there to sync.
    pub(crate) async fn miss_two_nights(&self) {
        self.pass(Duration::from_hours(48));
        let now = self.clock.now();
        let missed = Missed {
            opens: now - SignedDuration::from_hours(35),
            closes: now - SignedDuration::from_hours(5),
            windows: 2,
        };
        self.store
            .note_missed(self.subscription, missed, now)
            .await
            .unwrap();
    }

    /// Waits until no run of a level is under way.
    pub(crate) async fn settled(&self, level: Level) {
        while let Some(mut progress) = self.runner.follow(self.scope(level)).await.unwrap() {
            while progress.changed().await.is_ok() {}
            tokio::task::yield_now().await;
        }
    }

    /// Serves the pages on a port of the loopback device until the process ends.
    pub(crate) fn serve(&mut self) -> SocketAddr {
        let listener = self.listener.take().expect("it is served once");
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(web::serve(
            self.app.clone(),
            listener,
            std::future::pending(),
        ));
        address
    }
}

/// An address below the visitors' data mapping.
pub(crate) fn mappings(rest: &str) -> String {
    format!("/s/1/settings/data-mappings/visitor/{rest}")
}

/// The page of the destination.
pub(crate) const DESTINATION: &str = "/s/1/settings/destination";

/// The page of the visitors' data mapping.
pub(crate) const MAPPINGS: &str = "/s/1/settings/data-mappings/visitor";

/// Saves fields from the page as it is now, which starts a run.
pub(crate) async fn save(browser: &mut Browser, fields: &[&str]) {
    let base = browser.get(MAPPINGS).await.ok().value("base");
    let mut form = vec![("base", base.as_str())];
    form.extend(fields.iter().map(|field| ("field", *field)));
    browser
        .post(&mappings("save"), &form)
        .await
        .leads_to("/s/1/settings/data-mappings/visitor?note=note-mapping-saved");
}

/// Invites somebody and returns the secret of the link.
pub(crate) async fn invite(admin: &mut Browser, email: &str, role: &str) -> String {
    let form = [("email", email), ("role", role)];
    let page = admin.post("/s/1/settings/users", &form).await.ok();
    shown_link(&page.body)
}

/// The secret of the link that a page shows.
pub(crate) fn shown_link(page: &str) -> String {
    let link = page.split_once("data-copy=\"").expect("a link is shown").1;
    secret_of(link.split_once('"').unwrap().0)
}

/// The secret of a link.
pub(crate) fn secret_of(link: &str) -> String {
    link.split_once('#')
        .expect("a link has a secret")
        .1
        .to_owned()
}

/// The form in which a password is chosen.
pub(crate) fn new_password<'a>(ticket: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("ticket", ticket),
        ("password", password),
        ("again", password),
    ]
}
