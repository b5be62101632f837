//! `tributary demo`: everything once, against a sandbox in this process.

mod outside;
mod people;
mod portal;
mod probe;
mod story;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use ::sync::{
    Runner,
    import::{Format, Options},
    mapping::{Wish, WishedField},
};
use model::Level;
use sandbox::{ACCOUNT_KEY, Object, VISITOR_KEY};
use serde_json::{Value, json};
use store::{Scope, Store, Subscription, mapping::EmptyPolicy};
use url::Url;

use self::{outside::Outside, people::PEOPLE, portal::Portal};
use super::{hubspot::Subscribed, mapping, serve::Door, subjects, sync};
use crate::{
    app::App,
    config::web,
    failure::{Failure, Outcome},
    output::{Tone, number::grouped},
    stop,
    trouble::Trouble,
};

/// The port of the pages, if it is free.
const PORT: u16 = 8_700;

/// The subscription that the demo makes.
const NAME: &str = "Demo";

/// Its time zone, which is that of the demo's portal.
const TIME_ZONE: &str = "Asia/Tokyo";

const CONTACT_FIELDS: [&str; 16] = [
    "firstname",
    "lastname",
    "jobtitle",
    "company",
    "city",
    "lifecyclestage",
    "plan_tier",
    "product_roles",
    "hubspot_owner_id",
    "mrr",
    "usage_score",
    "is_champion",
    "beta_opt_in",
    "trial_ends_on",
    "contract_signed_on",
    "last_login_at",
];

const COMPANY_FIELDS: [&str; 13] = [
    "name",
    "domain",
    "industry",
    "plan_tier",
    "add_ons",
    "success_owner",
    "arr",
    "seats",
    "health_score",
    "is_reference",
    "renewal_date",
    "customer_since",
    "last_business_review_at",
];

/// Show everything with a sandbox instead of HubSpot, in the browser: nothing to set up.
///
/// Starts a HubSpot portal with realistic contacts and companies on this machine, makes a subscription that knows some of
/// them, connects, maps, syncs both levels, prints the proof, and serves the web pages with an admin and a viewer to sign in
/// as. It has a data directory of its own (tributary-demo in the user's data directory, or --data-dir) and can be run again.
/// While it is there, every other command can be tried from a second terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many contacts the portal has.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    contacts: u64,
    /// End after the proof and a look at the pages: exit status 0 only if both levels are proved and the pages answer.
    #[arg(long)]
    once: bool,
    /// The portal's port on this machine [default: a free one].
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// The address and port of the web pages [default: 127.0.0.1:8700, or a free port if that is taken].
    #[arg(long, env = "TRIBUTARY_WEB__LISTEN", hide_env_values = true, value_parser = web::listen, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The address by which browsers come [default: localhost and the port].
    #[arg(long, env = "TRIBUTARY_WEB__PUBLIC_URL", hide_env_values = true, value_parser = web::public_url, value_name = "URL")]
    public_url: Option<Url>,
    /// Where values go: only into the built-in subscription, or to a sandbox that stands for Pendo as well, from where the ids come
    /// then.
    #[arg(long, default_value = "built-in", value_name = "DESTINATION")]
    destination: To,
    /// Go at the pace of a real portal's limits instead of as fast as possible.
    #[arg(long)]
    real_pace: bool,
}

/// Where values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// Only into the built-in subscription.
    BuiltIn,
    /// To a sandbox that stands for Pendo as well.
    Pendo,
}

pub(super) async fn run(mut app: App, args: Args) -> Outcome {
    let interrupt = stop::on_interrupt("Stopping.");
    let door = open_door(&mut app, &args).await?;
    let portal = Portal::start(args.contacts, args.port, args.real_pace, &door)?;
    portal.configure(&mut app.config);
    let outside = match args.destination {
        To::BuiltIn => None,
        To::Pendo => Some(Outside::start(&portal)?),
    };
    if let Some(outside) = &outside {
        outside.configure(&mut app.config);
    }
    let store = app.open().await?;
    people::check(&app, &store, portal::is_marked(&app.data_dir)).await?;
    let runner = app.runner(&store)?;
    let pages = app.pages(&store, &runner, door.public_url.clone());
    people::admit(&app, &store, &pages).await?;
    let subscription = subscription(&app, &store).await?;
    portal.write_config(&app.data_dir, &door, outside.as_ref())?;
    app.out.say(format_args!(
        "{}\n\n  {} contacts and {} companies in a HubSpot portal at {} (a sandbox in this process)",
        app.out.toned(Tone::Strong, "Tributary demo"),
        grouped(portal.contacts()),
        grouped(portal.companies()),
        portal.base_url(),
    ));

    let scopes = Level::ALL.map(|level| Scope {
        subscription: subscription.id,
        level,
    });
    if let Some(outside) = &outside {
        outside.connect(&app, &runner, subscription.id).await?;
    } else {
        runner.destinations().disconnect(subscription.id).await?;
        load_ids(&app, &store, scopes, &portal).await?;
    }
    let connecting = Subscribed {
        app: &app,
        connector: runner.connector(),
        subscription: subscription.id,
        replace_portal: true,
    };
    let agreed = portal.agree(&app.config.hubspot.optional_scopes)?;
    connecting.accept(agreed).await?;
    map(&app, &store, &runner, scopes).await?;
    app.out.say("");

    let mut ended = sync::run_levels(&app, &runner, &scopes, false, &interrupt).await?;
    ended.deliver(&app, &runner, &store, &interrupt).await?;
    let url = door.url().to_owned();
    let report = report(&ended, &portal, &app.data_dir, &url);
    if let Some(failure) = ended.failure() {
        ended.say(app.out);
        return Err(failure.reporting(report));
    }
    let exit = ended.exit();
    if interrupt.is_cancelled() {
        app.out.report(&report, ended.text(app.out));
        return Ok(exit);
    }
    if args.once {
        // Before the report, which says all there is to say.
        if let Err(trouble) = probe::probe(door, pages).await {
            ended.say(app.out);
            return Err(Failure::from(trouble).reporting(report));
        }
        app.out.report(&report, ended.text(app.out));
        let enriched = story::enriched(app.out, &store, scopes[0]).await?;
        if outside.is_some() {
            outside::compare(&app, &runner, &store, &scopes, &interrupt).await?;
        }
        app.out.say(format_args!(
            "{enriched}\n\nThe web pages answered at {url}; without --once they stay.\n\n{}",
            story::next()
        ));
        return Ok(exit);
    }
    app.out.report(&report, ended.text(app.out));
    let enriched = story::enriched(app.out, &store, scopes[0]).await?;
    if outside.is_some() {
        outside::compare(&app, &runner, &store, &scopes, &interrupt).await?;
    }
    app.out.say(format_args!(
        "{enriched}\n\n{}\n\n{}\n\n{}\n\nCtrl-C stops.",
        story::try_out(&app.data_dir, portal.base_url()),
        story::next(),
        story::sign_in(app.out, &url),
    ));
    let worker = app.worker(&runner);
    let (served, ()) = tokio::join!(
        door.serve(pages, interrupt.clone()),
        Box::pin(worker.work(interrupt))
    );
    served?;
    Ok(exit)
}

/// Loads the ids that the product knows.
async fn load_ids(
    app: &App,
    store: &Store,
    scopes: [Scope; 2],
    portal: &Portal,
) -> Result<(), Failure> {
    for scope in scopes {
        import(app, store, scope, portal).await?;
    }
    app.out.say(format_args!(
        "  {} visitors and {} accounts that the product knows, in {}",
        grouped(store.count_subjects(scopes[0]).await?),
        grouped(store.count_subjects(scopes[1]).await?),
        app.data_dir.display(),
    ));
    Ok(())
}

/// Maps both levels.
async fn map(app: &App, store: &Store, runner: &Runner, scopes: [Scope; 2]) -> Result<(), Failure> {
    let client = runner.connector().client(scopes[0].subscription).await?;
    let wishes: [(&str, &[&str]); 2] = [
        (VISITOR_KEY, &CONTACT_FIELDS),
        (ACCOUNT_KEY, &COMPANY_FIELDS),
    ];
    for (scope, (key, fields)) in scopes.into_iter().zip(wishes) {
        let wish = Wish {
            key: key.into(),
            fields: fields.iter().copied().map(WishedField::named).collect(),
            empty: EmptyPolicy::Clear,
        };
        mapping::map(app, store, &client, scope, &wish).await?;
        app.out.say(format_args!(
            "  {} level mapped: {key} is the id, {} properties are carried over",
            scope.level,
            fields.len()
        ));
    }
    Ok(())
}

/// Listens for browsers: where it is said, or else on the usual port, or else on a free one.
async fn open_door(app: &mut App, args: &Args) -> Result<Door, Trouble> {
    let settings = &mut app.config.web;
    // What an earlier demo wrote into its settings says nothing about this one.
    settings.public_url.clone_from(&args.public_url);
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    settings.listen = match args.listen {
        Some(address) => address,
        None if args.once => local(0),
        None => local(PORT),
    };
    match Door::open(settings).await {
        Err(Trouble::AddressTaken { .. }) if args.listen.is_none() => {
            settings.listen = local(0);
            Door::open(settings).await
        }
        opened => opened,
    }
}

/// The demo's subscription, switched on whatever was tried in an earlier demo.
async fn subscription(app: &App, store: &Store) -> Result<Subscription, Failure> {
    let all = store.subscriptions().await?;
    match all.into_iter().find(|one| one.name == NAME) {
        Some(mut demo) => {
            demo.hubspot_on = true;
            store.change_subscription(&demo, app.clock.now()).await?;
            Ok(demo)
        }
        None => Ok(store
            .create_subscription(NAME, TIME_ZONE, app.clock.now())
            .await?),
    }
}

/// Loads the ids that the product knows, as `import` loads a file; those of an earlier demo of another size go.
async fn import(app: &App, store: &Store, scope: Scope, portal: &Portal) -> Result<(), Failure> {
    let object = match scope.level {
        Level::Visitor => Object::Contacts,
        Level::Account => Object::Companies,
    };
    let options = Options {
        format: Some(Format::Ndjson),
        types: Vec::new(),
        mirror: true,
    };
    let source = portal.known(object);
    let mut import = subjects::load(app, store, scope, source, None, options, |bad| {
        for line in bad {
            tracing::warn!(line = line.line, reason = %line.reason, "the sandbox knows an id that cannot be imported");
        }
    })
    .await?;
    if import.report().bad > 0 {
        let problem = format!(
            "{} of its known ids cannot be imported",
            import.report().bad
        );
        return Err(Trouble::DemoPortal(problem).into());
    }
    import.remove_unseen().await?;
    Ok(())
}

fn report(ended: &sync::Ended, portal: &Portal, data_dir: &Path, url: &str) -> Value {
    let mut report = ended.json(false);
    let users = PEOPLE.map(|person| {
        json!({ "email": person.email, "password": person.password, "role": person.role.name() })
    });
    report["web"] = json!({ "url": url, "users": users });
    report["base_url"] = json!(portal.base_url());
    report["data_dir"] = json!(data_dir);
    report
}
