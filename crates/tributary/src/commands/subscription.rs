//! `tributary subscription`.

use clap::Subcommand;
use jiff::tz::{self, TimeZone};
use model::Level;
use serde_json::{Value, json};
use store::{Scope, Store, Subscription};

use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        number::{counted, grouped},
        table::{Align, Table},
    },
    similar,
    trouble::Trouble,
    usage,
};

/// Longest name, in characters.
const MAX_NAME: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a subscription.
    Create {
        /// What to call it.
        #[arg(long)]
        name: String,
        /// Its time zone, such as Asia/Tokyo: its night is when the nightly sync runs.
        #[arg(long, value_name = "ZONE")]
        timezone: String,
    },
    /// List all subscriptions.
    List,
    /// Show one subscription: what it knows, its connection and mappings.
    Show,
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Create { name, timezone } => create(app, &name, &timezone).await,
        Command::List => list(app).await,
        Command::Show => show(app).await,
    }
}

async fn create(app: &App, name: &str, timezone: &str) -> Outcome {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(usage(format!(
            "the name must have 1 to {MAX_NAME} characters on one line"
        )));
    }
    let zone = time_zone(timezone)?;
    let store = app.open().await?;
    let made = store
        .create_subscription(name, &zone, app.clock.now())
        .await?;
    app.out.report(
        &json!({ "schema": 1, "subscription": described(&made) }),
        format_args!("Made the subscription {name:?} in the time zone {zone}."),
    );
    Ok(Exit::Done)
}

/// The name of a zone as the database writes it.
fn time_zone(name: &str) -> Result<String, Failure> {
    let known = TimeZone::get(name)
        .ok()
        .and_then(|zone| zone.iana_name().map(str::to_owned));
    known.ok_or_else(|| {
        let names: Vec<String> = tz::db().available().map(|zone| zone.to_string()).collect();
        Trouble::UnknownTimeZone {
            name: name.into(),
            nearest: similar::nearest(name, names.iter().map(String::as_str)),
        }
        .into()
    })
}

async fn list(app: &App) -> Outcome {
    let store = app.open().await?;
    let all = store.subscriptions().await?;
    let mut table = Table::new([
        ("name", Align::Left),
        ("time zone", Align::Left),
        ("visitors", Align::Right),
        ("accounts", Align::Right),
        ("portal", Align::Left),
    ]);
    let mut rows = Vec::new();
    for one in &all {
        let facts = Facts::read(&store, one).await?;
        let portal = facts
            .portal
            .map_or_else(|| "–".into(), |portal| portal.to_string());
        table.row([
            one.name.clone(),
            one.time_zone.clone(),
            grouped(facts.visitors),
            grouped(facts.accounts),
            portal,
        ]);
        rows.push(facts.json(one));
    }
    let report = json!({ "schema": 1, "subscriptions": rows });
    if table.is_empty() {
        app.out.report(
            &report,
            "There is no subscription yet. Make one: tributary subscription create --name NAME --timezone ZONE",
        );
    } else {
        app.out.report(&report, table);
    }
    Ok(Exit::Done)
}

async fn show(app: &App) -> Outcome {
    let store = app.open().await?;
    let one = app.subscription(&store).await?;
    let facts = Facts::read(&store, &one).await?;
    let mut lines = Table::new([("", Align::Left), ("", Align::Left)]);
    lines.row(["name".into(), one.name.clone()]);
    lines.row(["time zone".into(), one.time_zone.clone()]);
    lines.row(["visitors".into(), grouped(facts.visitors)]);
    lines.row(["accounts".into(), grouped(facts.accounts)]);
    lines.row([
        "HubSpot".into(),
        facts.portal.map_or_else(
            || "not connected".into(),
            |portal| format!("portal {portal}"),
        ),
    ]);
    for (level, mapping) in Level::ALL.into_iter().zip(&facts.mappings) {
        let mapping = mapping.as_ref().map_or_else(
            || "not mapped".into(),
            |(key, fields)| format!("key {key}, {}", counted(*fields, "field")),
        );
        lines.row([format!("{level} level"), mapping]);
    }
    let report = json!({ "schema": 1, "subscription": facts.json(&one) });
    app.out.report(&report, lines);
    Ok(Exit::Done)
}

/// What is known about a subscription.
struct Facts {
    visitors: u64,
    accounts: u64,
    portal: Option<model::PortalId>,
    /// By level: key property and number of fields.
    mappings: [Option<(String, u64)>; 2],
}

impl Facts {
    async fn read(store: &Store, one: &Subscription) -> Result<Self, Failure> {
        let scope = |level| Scope {
            subscription: one.id,
            level,
        };
        let mut mappings = [None, None];
        for (slot, level) in mappings.iter_mut().zip(Level::ALL) {
            let mapping = store.mapping(scope(level)).await?;
            *slot = mapping.map(|mapping| (mapping.key.to_string(), mapping.fields.len() as u64));
        }
        Ok(Self {
            visitors: store.count_subjects(scope(Level::Visitor)).await?,
            accounts: store.count_subjects(scope(Level::Account)).await?,
            portal: store.connected_portal(one.id).await?,
            mappings,
        })
    }

    fn json(&self, one: &Subscription) -> Value {
        let mut json = described(one);
        let mapping = |mapping: &Option<(String, u64)>| {
            mapping
                .as_ref()
                .map(|(key, fields)| json!({ "key": key, "fields": fields }))
        };
        json["visitors"] = json!(self.visitors);
        json["accounts"] = json!(self.accounts);
        json["portal"] = json!(self.portal.map(|portal| portal.0));
        json["mapping"] = json!({
            "visitor": mapping(&self.mappings[0]),
            "account": mapping(&self.mappings[1]),
        });
        json
    }
}

fn described(one: &Subscription) -> Value {
    json!({ "name": one.name, "timezone": one.time_zone })
}
