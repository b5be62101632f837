//! `tributary hubspot connect`.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hubspot::{Client, Credentials, Kind};
use secrecy::SecretString;
use serde_json::json;
use store::{
    Store, SubscriptionId,
    connection::{self, Connection},
};

use crate::{
    app::App,
    callback, connection as stored,
    failure::{Exit, Failure, Outcome},
    input,
    output::{Tone, warn},
    stop,
    trouble::Trouble,
};

/// What each level needs to be read.
const NEEDED: [&str; 2] = ["crm.objects.contacts.read", "crm.objects.companies.read"];

/// A token is short; anything longer is another file.
const LONGEST_TOKEN: u64 = 16 << 10;

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
    let subscribed = Subscribed {
        app,
        store: &store,
        subscription,
        replace_portal: args.replace_portal,
    };
    let granted = match &args.how.token_file {
        Some(path) => subscribed.with_token(read_token(path)?).await?,
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
    if !granted.lacking.is_empty() {
        text.push(format!(
            "\nNot granted: {}. That level cannot be synced.",
            granted.lacking.join(", ")
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
            "missing_scopes": granted.lacking,
        }),
        text.concat(),
    );
    Ok(Exit::Done)
}

/// A grant that has been tried.
#[derive(Debug)]
pub(crate) struct Granted {
    kind: connection::Kind,
    credentials: Credentials,
    portal: connection::Portal,
    scopes: Vec<String>,
    user: Option<String>,
    /// Needed scopes that are not granted, as far as HubSpot says.
    lacking: Vec<String>,
}

/// Whose connection is made.
pub(crate) struct Subscribed<'a> {
    pub(crate) app: &'a App,
    pub(crate) store: &'a Store,
    pub(crate) subscription: SubscriptionId,
    pub(crate) replace_portal: bool,
}

fn read_token(path: &Path) -> Result<SecretString, Trouble> {
    let wrong = |problem| Trouble::TokenFileContent {
        path: path.to_owned(),
        problem,
    };
    let file = input::open(path).map_err(|trouble| match trouble {
        Trouble::InputFile { path, source } => Trouble::TokenFile { path, source },
        other => other,
    })?;
    let mut text = String::new();
    file.reader
        .take(LONGEST_TOKEN)
        .read_to_string(&mut text)
        .map_err(|source| Trouble::TokenFile {
            path: path.to_owned(),
            source,
        })?;
    let token = text.trim_start_matches('\u{feff}').trim();
    if token.is_empty() {
        Err(wrong("is empty"))
    } else if token
        .chars()
        .any(|one| one.is_whitespace() || one.is_control())
    {
        Err(wrong("holds more than a token"))
    } else {
        Ok(token.into())
    }
}

impl Subscribed<'_> {
    /// Connects by a static token.
    pub(crate) async fn with_token(&self, token: SecretString) -> Result<Granted, Failure> {
        self.accept(Credentials::Static(token), connection::Kind::Static)
            .await
    }

    /// Connects by agreement in a browser.
    async fn with_oauth(&self, args: &Args) -> Result<Granted, Failure> {
        let app = self.app;
        let settings = &app.config.hubspot;
        let missing = match (&settings.client_id, &settings.client_secret) {
            (None, _) => Some("hubspot.client_id"),
            (_, None) => Some("hubspot.client_secret"),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(Trouble::NoOAuthApp { missing }.into());
        }
        let oauth = Client::oauth(settings.clone(), Arc::clone(&app.clock), None)?;
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
            self.accept(tokens.credentials(), connection::Kind::OAuth)
                .await
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
    async fn accept(
        &self,
        credentials: Credentials,
        kind: connection::Kind,
    ) -> Result<Granted, Failure> {
        let granted = examine(self.app, credentials, kind).await?;
        if granted.lacking.len() == NEEDED.len() {
            return Err(Trouble::LacksScopes(granted.lacking).into());
        }
        let now = granted.portal.id;
        match self.store.connected_portal(self.subscription).await? {
            Some(before) if before != now && !self.replace_portal => {
                return Err(Trouble::OtherPortal { before, now }.into());
            }
            _ => {}
        }
        let connection = Connection {
            portal: granted.portal.clone(),
            kind: granted.kind,
            credentials: stored::encode(&granted.credentials),
            scopes: granted.scopes.clone(),
            connected_by: granted.user.clone(),
            connected_at: self.app.clock.now(),
            broken: None,
        };
        self.store
            .set_connection(self.subscription, &connection)
            .await?;
        Ok(granted)
    }
}

/// Asks HubSpot what the credentials open.
async fn examine(
    app: &App,
    credentials: Credentials,
    kind: connection::Kind,
) -> Result<Granted, Failure> {
    let client = Client::builder(app.config.hubspot.clone(), credentials.clone())
        .clock(Arc::clone(&app.clock))
        .build()?;
    let facts = match client.token_facts().await {
        Ok(facts) => Some(facts),
        // Not every kind of static token can describe itself.
        Err(error)
            if kind == connection::Kind::Static
                && matches!(
                    error.kind(),
                    Kind::NotFound | Kind::Invalid | Kind::Forbidden
                ) =>
        {
            None
        }
        Err(error) => return Err(error.into()),
    };
    let account = client.account_details().await?;
    let scopes = facts
        .as_ref()
        .map(|facts| facts.scopes.clone())
        .unwrap_or_default();
    let lacking = NEEDED
        .into_iter()
        .filter(|needed| !scopes.is_empty() && !scopes.iter().any(|scope| scope == needed))
        .map(str::to_owned)
        .collect();
    Ok(Granted {
        kind,
        credentials,
        portal: connection::Portal {
            id: account.portal,
            time_zone: account.time_zone.unwrap_or_else(|| "UTC".into()),
            ui_domain: account
                .ui_domain
                .unwrap_or_else(|| "app.hubspot.com".into()),
        },
        scopes,
        user: facts.and_then(|facts| facts.user),
        lacking,
    })
}
