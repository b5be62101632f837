//! `tributary users`: who may sign in, for those who cannot sign in to say so on the page.

use clap::{Subcommand, builder::TypedValueParser as _};
use serde_json::{Value, json};
use store::{
    Store,
    audit::Change,
    member::{Member, Refused, Role, normal},
    session::Purpose,
};
use url::Url;

use crate::{
    app::App,
    config::web,
    failure::{Exit, Failure, Outcome},
    output::{
        Tone,
        table::{Align, Table},
        time::{exact, minute},
    },
    similar,
    trouble::Trouble,
    usage,
};

/// Who made a change, as the audit trail shows it.
const WHO: &str = "tributary users";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add somebody, and print a link to choose a password by.
    Add {
        /// The e-mail address to sign in with.
        #[arg(value_parser = email)]
        email: String,
        /// What the person may do: admins configure, viewers read.
        #[arg(long, default_value = "viewer", value_parser = role())]
        role: Role,
        #[command(flatten)]
        place: Place,
    },
    /// Print a link by which somebody chooses a new password.
    Reset {
        /// The e-mail address the person signs in with.
        #[arg(value_parser = email)]
        email: String,
        /// Let somebody who was deactivated sign in again.
        #[arg(long)]
        activate: bool,
        #[command(flatten)]
        place: Place,
    },
    /// List who may sign in.
    List,
}

/// Where links lead.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The address by which browsers come to `tributary serve` [default: as configured].
    #[arg(long, value_parser = web::public_url, value_name = "URL")]
    public_url: Option<Url>,
}

/// Reads an e-mail address.
fn email(text: &str) -> Result<String, String> {
    let email = normal(text);
    if ::web::is_email(&email) {
        Ok(email)
    } else {
        Err("it is no e-mail address; write it like yui.sato@example.com".into())
    }
}

/// Reads a role.
fn role() -> impl clap::builder::TypedValueParser<Value = Role> {
    clap::builder::PossibleValuesParser::new(Role::ALL.map(Role::name))
        .try_map(|name| Role::from_name(&name).ok_or("no role"))
}

pub(crate) async fn run(app: &App, command: Command) -> Outcome {
    match command {
        Command::Add { email, role, place } => add(app, &email, role, place).await,
        Command::Reset {
            email,
            activate,
            place,
        } => reset(app, &email, activate, place).await,
        Command::List => list(app).await,
    }
}

async fn add(app: &App, email: &str, role: Role, place: Place) -> Outcome {
    let store = app.open().await?;
    let pages = pages(app, &store, place)?;
    let added = store.add_member(email, role, app.clock.now()).await?;
    let member = added.map_err(|refused| refusal(refused, email))?;
    let details = json!({ "email": email, "role": role.name() });
    note(app, &store, "member.invited", details).await?;
    let link = pages.make_link(Purpose::Join, Some(member.id)).await?;
    app.out.report(
        &with_link(&member, Purpose::Join, &link),
        format_args!(
            "Added {email} as {}. {}",
            role.name(),
            handed_on(app, "to choose a password", &link)
        ),
    );
    let members = store.members().await?;
    let is_admin = |one: &Member| one.active && one.role == Role::Admin;
    if !members.iter().any(is_admin) {
        app.out
            .note("\nNobody can configure yet. An admin is added with --role admin.");
    }
    Ok(Exit::Done)
}

async fn reset(app: &App, email: &str, activate: bool, place: Place) -> Outcome {
    let store = app.open().await?;
    let pages = pages(app, &store, place)?;
    let members = store.members().await?;
    let Some(found) = members.iter().find(|member| member.email == email) else {
        let nearest = similar::nearest(email, members.iter().map(|one| one.email.as_str()));
        return Err(Trouble::UnknownUser {
            email: email.to_owned(),
            nearest,
        }
        .into());
    };
    let mut member = found.clone();
    if !member.active {
        if !activate {
            return Err(Trouble::Deactivated(email.to_owned()).into());
        }
        let changed = store.change_member(member.id, member.role, true).await?;
        changed.map_err(|refused| refusal(refused, email))?;
        member.active = true;
        let details = json!({ "email": email, "role": member.role.name(), "active": true });
        note(app, &store, "member.changed", details).await?;
    }
    // Somebody who has not joined yet is asked to, as by the first link.
    let (purpose, to) = if member.joined {
        (Purpose::Reset, "to choose a new password")
    } else {
        (Purpose::Join, "to choose a password")
    };
    let link = pages.make_link(purpose, Some(member.id)).await?;
    note(app, &store, "member.link-made", json!({ "email": email })).await?;
    app.out.report(
        &with_link(&member, purpose, &link),
        format_args!(
            "{email} ({}): {}",
            member.role.name(),
            handed_on(app, to, &link)
        ),
    );
    Ok(Exit::Done)
}

async fn list(app: &App) -> Outcome {
    let store = app.open().await?;
    let members = store.members().await?;
    let mut table = Table::new([
        ("email", Align::Left),
        ("role", Align::Left),
        ("state", Align::Left),
        ("last signed in", Align::Left),
    ]);
    for member in &members {
        table.row([
            member.email.clone(),
            member.role.name().into(),
            state(member).into(),
            member.signed_in_at.map_or_else(|| "–".into(), minute),
        ]);
    }
    let users: Vec<Value> = members.iter().map(described).collect();
    let report = json!({ "schema": 1, "users": users });
    if table.is_empty() {
        app.out.report(
            &report,
            "Nobody can sign in yet. `tributary serve` prints a link to set up, or: tributary users add EMAIL --role admin",
        );
    } else {
        app.out.report(&report, table);
    }
    Ok(Exit::Done)
}

/// The pages, to make links to them; nothing is listened on.
fn pages(app: &App, store: &Store, place: Place) -> Result<::web::App, Failure> {
    let settings = &app.config.web;
    let url = match place.public_url {
        Some(url) => url,
        // The port that `serve` took is not known here.
        None if settings.public_url.is_none() && settings.listen.port() == 0 => {
            return Err(usage(
                "where the link leads is not known, as web.listen takes any free port; add --public-url URL",
            ));
        }
        None => settings.public_url(settings.listen),
    };
    Ok(app.pages(store, &app.runner(store)?, url))
}

async fn note(app: &App, store: &Store, action: &str, details: Value) -> Result<(), store::Error> {
    let change = Change {
        who: WHO,
        subscription: None,
        action,
        details,
    };
    store.note_change(&change, app.clock.now()).await
}

fn refusal(refused: Refused, email: &str) -> Trouble {
    let email = email.to_owned();
    match refused {
        Refused::Taken => Trouble::UserTaken(email),
        // Neither adding nor activating somebody takes an admin away.
        Refused::Unknown | Refused::LastAdmin => Trouble::UnknownUser {
            email,
            nearest: None,
        },
    }
}

fn handed_on(app: &App, to: &str, link: &str) -> String {
    let link = app.out.toned(Tone::Strong, link);
    format!("Hand on this link {to}; it is good once, for 7 days:\n\n  {link}")
}

fn with_link(member: &Member, purpose: Purpose, link: &str) -> Value {
    let purpose = match purpose {
        Purpose::SetUp => "set_up",
        Purpose::Join => "join",
        Purpose::Reset => "reset",
    };
    json!({ "schema": 1, "user": described(member), "purpose": purpose, "link": link })
}

fn described(member: &Member) -> Value {
    json!({
        "email": member.email,
        "role": member.role.name(),
        "state": state(member),
        "signed_in_at": member.signed_in_at.map(exact),
    })
}

const fn state(member: &Member) -> &'static str {
    match (member.active, member.joined) {
        (false, _) => "deactivated",
        (true, false) => "invited",
        (true, true) => "active",
    }
}
