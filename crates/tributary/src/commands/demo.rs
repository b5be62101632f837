//! `tributary demo`: everything once, against a sandbox in this process.

mod portal;
mod story;

use std::{path::Path, time::Duration};

use ::sync::{
    import::{Format, Options},
    mapping::{Wish, WishedField},
};
use model::Level;
use sandbox::{ACCOUNT_KEY, Object, VISITOR_KEY};
use serde_json::json;
use store::{Scope, Store, Subscription, mapping::EmptyPolicy};

use self::portal::Portal;
use super::{hubspot::Subscribed, mapping, subjects, sync};
use crate::{
    app::App,
    failure::{Failure, Outcome},
    output::{Tone, number::grouped},
    stop,
    trouble::Trouble,
};

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

/// Show everything with a sandbox instead of HubSpot: nothing to set up.
///
/// Starts a HubSpot portal with realistic contacts and companies on this machine, makes a subscription that knows some of
/// them, connects, maps, syncs both levels and prints the proof. It has a data directory of its own (tributary-demo in the
/// user's data directory, or --data-dir) and can be run again. Without --once it stays, so that every other command can be
/// tried from a second terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many contacts the portal has.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    contacts: u64,
    /// End after the proof: exit status 0 only if both levels are proved.
    #[arg(long)]
    once: bool,
    /// The portal's port on this machine [default: a free one].
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Go at the pace of a real portal's limits instead of as fast as possible.
    #[arg(long)]
    real_pace: bool,
}

pub(super) async fn run(mut app: App, args: Args) -> Outcome {
    let interrupt = stop::on_interrupt("Stopping.");
    let portal = Portal::start(args.contacts, args.port, args.real_pace)?;
    portal.configure(&mut app.config);
    let store = app.open().await?;
    let subscription = subscription(&app, &store).await?;
    portal.write_config(&app.data_dir)?;
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
    for scope in scopes {
        import(&app, &store, scope, &portal).await?;
    }
    app.out.say(format_args!(
        "  {} visitors and {} accounts that the product knows, in {}",
        grouped(store.count_subjects(scopes[0]).await?),
        grouped(store.count_subjects(scopes[1]).await?),
        app.data_dir.display(),
    ));
    let runner = app.runner(&store)?;
    let connecting = Subscribed {
        app: &app,
        connector: runner.connector(),
        subscription: subscription.id,
        replace_portal: true,
    };
    connecting.with_token(Portal::token()).await?;
    let client = runner.connector().client(subscription.id).await?;
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
        mapping::map(&app, &store, &client, scope, &wish).await?;
        app.out.say(format_args!(
            "  {} level mapped: {key} is the id, {} properties are carried over",
            scope.level,
            fields.len()
        ));
    }
    app.out.say("");

    let ended = sync::run_levels(&app, &runner, &scopes, false, &interrupt).await?;
    let report = report(&ended, &portal, &app.data_dir);
    if let Some(failure) = ended.failure() {
        ended.say(app.out);
        return Err(failure.reporting(report));
    }
    app.out.report(&report, ended.text(app.out));
    let exit = ended.exit();
    if interrupt.is_cancelled() {
        return Ok(exit);
    }
    app.out
        .say(story::enriched(app.out, &store, scopes[0]).await?);
    if args.once {
        app.out.say(format_args!("\n{}", story::next()));
        return Ok(exit);
    }
    app.out.say(format_args!(
        "\n{}\n\n{}\n\nThe portal stays until Ctrl-C.",
        story::try_out(&app.data_dir, portal.base_url()),
        story::next()
    ));
    interrupt.cancelled().await;
    // What is being asked of the portal right now may still be answered.
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(exit)
}

/// The demo's subscription. Another one in the data directory is somebody's own, and not to be played with.
async fn subscription(app: &App, store: &Store) -> Result<Subscription, Failure> {
    let mut all = store.subscriptions().await?;
    if let Some(other) = all.iter().find(|one| one.name != NAME) {
        return Err(Trouble::DemoData {
            path: app.data_dir.clone(),
            name: other.name.clone(),
        }
        .into());
    }
    match all.pop() {
        Some(demo) => Ok(demo),
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

fn report(ended: &sync::Ended, portal: &Portal, data_dir: &Path) -> serde_json::Value {
    let mut report = ended.json(false);
    report["base_url"] = json!(portal.base_url());
    report["data_dir"] = json!(data_dir);
    report
}
