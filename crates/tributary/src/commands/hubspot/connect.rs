//! `tributary hubspot connect`.

use std::{path::PathBuf, time::Duration};

use hubspot::Credentials;
use serde_json::json;
use store::{SubscriptionId, connection};
use sync::connect::{Connector, Granted};

use crate::{
    app::App,
    callback,
    failure::{Exit, Failure, Outcome},
    input,
    output::{Tone, warn},
    stop,
};

/// Connect the subscription to a HubSpot account.
///
/// With --token-file: make a service key (or private app) in HubSpot with the scopes crm.objects.contacts.read and
/// crm.objects.companies.read, put its token into a file, and name the file.
///
/// With --oauth: configure the client id and secret of your OAuth app, whose redirect address is
/// http://localhost:PORT/oauth/callback, and agree in the browser.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    how: How,
    /// Connect although another portal was connected before: the links to its records end, values stay.
    #[arg(long)]
    replace_portal: bool,
    /// With --oauth: only print the address, do not open a browser.
    #[arg(long, requires = "oauth")]
    no_browser: bool,
    /// With --oauth: how long to wait for the answer.
    #[arg(long, default_value_t = 10, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=120))]
    wait: u64,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct How {
    /// A file that holds a service key or private-app token and nothing else; - reads standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Agree in the browser, through your OAuth app.
    #[arg(long)]
    oauth: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let runner = app.runner(&store)?;
    let subscribed = Subscribed {
        app,
        connector: runner.connector(),
        subscription,
        replace_portal: args.replace_portal,
    };
    let granted = match &args.how.token_file {
        Some(path) => {
            let token = input::token(path)?;
            subscribed.accept(Credentials::Static(token)).await?
        }
        None => subscribed.with_oauth(&args).await?,
    };
    let portal = granted.portal.id;
    let kind = match granted.kind {
        connection::Kind::Static => "static",
        connection::Kind::OAuth => "oauth",
    };
    let connected = format_args!("Connected to portal {portal}");
    let mut text = vec![app.out.toned(Tone::Good, connected)];
    text.push(format!(
        " ({}, time zone {}).",
        granted.portal.ui_domain, granted.portal.time_zone
    ));
    let lacking = granted.lacking();
    if !lacking.is_empty() {
        text.push(format!(
            "\nNot granted: {}. That level cannot be synced.",
            lacking.join(", ")
        ));
    }
    app.out.report(
        &json!({
            "schema": 1,
            "connected": true,
            "portal": portal.0,
            "kind": kind,
            "time_zone": granted.portal.time_zone,
            "scopes": granted.scopes,
            "missing_scopes": lacking,
        }),
        text.concat(),
    );
    Ok(Exit::Done)
}

/// Whose connection is made.
pub(crate) struct Subscribed<'a> {
    pub(crate) app: &'a App,
    pub(crate) connector: &'a Connector,
    pub(crate) subscription: SubscriptionId,
    pub(crate) replace_portal: bool,
}

impl Subscribed<'_> {
    /// Connects by agreement in a browser.
    async fn with_oauth(&self, args: &Args) -> Result<Granted, Failure> {
        let app = self.app;
        let oauth = self.connector.oauth().await?;
        let listener = callback::Listener::bind(app.config.callback_port).await?;
        let interrupt = stop::on_interrupt("Stopping.");
        let redirect = listener.redirect_uri();
        let state = callback::state();
        let address = oauth.authorize_url(&redirect, &state)?;
        // Not a note: without the address nothing can go on.
        warn(format_args!(
            "Open this address in a browser on this machine and agree:\n\n  {address}\n"
        ));
        if !args.no_browser {
            callback::open_browser(&address);
        }
        app.out.note("Waiting for HubSpot… (Ctrl-C stops)");
        let wait = Duration::from_mins(args.wait);
        let answer = listener.wait(&state, wait, &interrupt).await?;
        let granted = async {
            let tokens = oauth.exchange_code(&answer.code, &redirect).await?;
            self.accept(tokens.credentials()).await
        }
        .await;
        // The page in the browser says how it ended.
        let failure = granted.as_ref().err();
        answer
            .conclude(failure.map(|failure| &failure.explanation))
            .await;
        granted
    }

    /// Tries credentials and stores them as the connection.
    pub(crate) async fn accept(&self, credentials: Credentials) -> Result<Granted, Failure> {
        let granted = self.connector.examine(credentials).await?;
        self.connector
            .accept(self.subscription, &granted, self.replace_portal)
            .await?;
        Ok(granted)
    }
}
