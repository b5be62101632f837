//! `tributary serve`: the product, for browsers.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use ::sync::{Runner, Worker};
use serde_json::{Value, json};
use store::{Store, session::Purpose};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    app::App,
    config::web::{self, Web},
    failure::{Exit, Failure, Outcome},
    output::{Output, Tone, time::exact},
    stop,
    trouble::Trouble,
};

/// How often what is past retention is forgotten, besides at the end of every run.
const TIDY: Duration = Duration::from_hours(1);

/// Serve the web pages and sync by the schedules: everything Tributary does, in the browser and by itself.
///
/// At first start it prints a link that makes the first admin. It listens on this machine only, unless --listen or the
/// setting web.listen says otherwise. Ctrl-C ends it: a sync that is under way stops, changes nothing more and waits for the
/// next process.
///
/// With --json every event is one object on a line of its own: `listening`, `working`, `warning`, `set_up`, `stopped`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address and port to listen on, such as 0.0.0.0:8700; port 0 takes a free one [default: the setting web.listen].
    #[arg(long, value_parser = web::listen, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The address by which browsers come, such as `https://tributary.example.com` [default: the setting `web.public_url`].
    #[arg(long, value_parser = web::public_url, value_name = "URL")]
    public_url: Option<Url>,
    /// Serve no pages: only carry out what schedules and the pages of other processes ask for.
    #[arg(long, conflicts_with_all = ["no_worker", "listen", "public_url"])]
    no_web: bool,
    /// Serve pages only: leave syncs to other processes.
    #[arg(long)]
    no_worker: bool,
}

pub(super) async fn run(mut app: App, args: Args) -> Outcome {
    let settings = &mut app.config.web;
    settings.listen = args.listen.unwrap_or(settings.listen);
    settings.public_url = args.public_url.or(settings.public_url.take());
    let stop = stop::on_interrupt("Stopping. (Ctrl-C again ends at once)");
    let store = app.open().await?;
    let runner = app.runner(&store)?;
    let events = Events(app.out);
    let door = if args.no_web {
        None
    } else {
        Some(app.open_pages(&store, &runner, &events).await?)
    };
    if !args.no_worker {
        events.working(app.config.worker.at_once);
    }
    app.out.note("\nCtrl-C stops.");
    let working = async {
        if args.no_worker {
            stop.cancelled().await;
        } else {
            app.worker(&runner).work(stop.clone()).await;
        }
    };
    let serving = async {
        let Some((door, pages)) = door else {
            return Ok(());
        };
        let served = door.serve(pages, stop.clone()).await;
        // Without pages there is nobody left who could see what the worker does.
        stop.cancel();
        served
    };
    let served = tokio::select! {
        (served, ()) = Box::pin(async { tokio::join!(serving, working) }) => served,
        never = tidy(&app, &runner) => match never {},
    };
    store.close().await;
    served?;
    events.stopped(&exact(app.clock.now()));
    Ok(Exit::Done)
}

/// Forgets what is past retention now and then: an installation in which nothing runs keeps its promise too.
async fn tidy(app: &App, runner: &Runner) -> Infallible {
    loop {
        if let Err(error) = runner.forget_old().await {
            tracing::warn!(
                error = ::sync::chain(&error),
                "what is past retention could not be forgotten"
            );
        }
        app.clock.sleep(TIDY).await;
    }
}

impl App {
    /// What carries out runs that are asked for.
    pub(crate) fn worker(&self, runner: &Runner) -> Worker {
        Worker::new(runner.clone(), self.config.worker)
    }

    /// Listens for browsers, and says where and what they can do first.
    async fn open_pages(
        &self,
        store: &Store,
        runner: &Runner,
        events: &Events,
    ) -> Result<(Door, ::web::App), Failure> {
        let door = Door::open(&self.config.web).await?;
        let pages = self.pages(store, runner, door.public_url.clone());
        events.listening(&door);
        for warning in door.warnings(&self.config.web) {
            events.warning(warning);
        }
        if !store.has_members().await? {
            let link = pages.make_link(Purpose::SetUp, None).await?;
            events.set_up(&link);
        }
        Ok((door, pages))
    }

    /// The pages, as browsers see them at `public_url`.
    pub(crate) fn pages(&self, store: &Store, runner: &Runner, public_url: Url) -> ::web::App {
        let settings = ::web::Settings {
            public_url,
            trusted_proxies: self.config.web.trusted_proxies.clone(),
            retention_days: self.config.retention_days,
        };
        let clock = Arc::clone(&self.clock);
        ::web::App::new(
            store.clone(),
            runner.clone(),
            clock,
            ::web::system_random,
            settings,
        )
    }
}

/// Where browsers come in.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    /// The address and port listened on.
    pub(crate) address: SocketAddr,
    /// The address by which browsers come.
    pub(crate) public_url: Url,
}

impl Door {
    /// Listens; nobody is answered yet.
    pub(crate) async fn open(settings: &Web) -> Result<Self, Trouble> {
        let address = settings.listen;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Trouble::AddressTaken { address, source },
            _ => Trouble::Listen { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            public_url: settings.public_url(address),
            listener,
            address,
        })
    }

    /// The address of the pages, to be opened in a browser.
    pub(crate) fn url(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// What is probably not meant.
    fn warnings(&self, settings: &Web) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.public_url.scheme() == "http" && !web::is_local(&self.public_url) {
            warnings.push(
                "The public address is http: passwords travel where others can read them. Put a proxy with a certificate in \
                 front, and set web.public_url to its https address.",
            );
        }
        if settings.public_url.is_none() && self.address.ip().is_unspecified() {
            warnings.push(
                "Browsers on other machines are turned away until web.public_url says by which address they come.",
            );
        }
        warnings
    }

    /// Answers until `stop` is cancelled.
    pub(crate) async fn serve(
        self,
        pages: ::web::App,
        stop: CancellationToken,
    ) -> Result<(), Trouble> {
        let Self {
            listener, address, ..
        } = self;
        ::web::serve(pages, listener, stop.cancelled_owned())
            .await
            .map_err(|source| Trouble::Listen { address, source })
    }
}

/// What happens, told to people as lines and to programs as one object each.
#[derive(Debug, Clone, Copy)]
struct Events(Output);

impl Events {
    fn tell(self, event: &str, facts: Value, text: impl std::fmt::Display) {
        let mut object = json!({ "schema": 1, "event": event });
        if let (Some(object), Value::Object(facts)) = (object.as_object_mut(), facts) {
            object.extend(facts);
        }
        self.0.report(&object, text);
    }

    fn listening(self, door: &Door) {
        let address = door.address.to_string();
        let url = self.0.toned(Tone::Strong, door.url());
        self.tell(
            "listening",
            json!({ "address": address, "url": door.url() }),
            format_args!("Tributary is at {url} (listening on {address})."),
        );
    }

    fn working(self, at_once: usize) {
        self.tell(
            "working",
            json!({ "at_once": at_once }),
            format_args!("Syncs by schedules and on demand, {at_once} at once."),
        );
    }

    fn warning(self, warning: &str) {
        if self.0.json {
            self.tell("warning", json!({ "message": warning }), "");
        } else {
            self.0.note(format_args!("warning: {warning}"));
        }
    }

    fn set_up(self, link: &str) {
        let shown = self.0.toned(Tone::Strong, link);
        self.tell(
            "set_up",
            json!({ "link": link }),
            format_args!(
                "\nNobody can sign in yet. Open this link to set up Tributary; it is good once, for 24 hours:\n\n  {shown}"
            ),
        );
    }

    fn stopped(self, at: &str) {
        if self.0.json {
            self.tell("stopped", json!({ "at": at }), "");
        }
    }
}
