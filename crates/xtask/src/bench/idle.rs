//! A process that has nothing to do, with subscriptions whose schedules it watches.

use std::{thread, time::Duration};

use jiff::tz::TimeZone;

use super::{
    crowd::{self, Size},
    measure::Usage,
    night::now,
    product::{Database, Product},
    report::{Found, Row, Target},
    sandbox::Sandbox,
    told_usage,
};
use crate::workspace::Workspace;

/// What is in the installation.
const SIZE: Size = Size {
    subscriptions: 50,
    contacts: 1_000,
};

/// Until what comes with the start is over.
const SETTLED: Duration = Duration::from_secs(5);

/// How long it is watched.
const WATCHED: Duration = Duration::from_mins(1);

/// Serves subscriptions, each synced once, by day.
pub(super) fn measure(workspace: &Workspace, database: Database) -> anyhow::Result<Row> {
    let subscriptions = SIZE.subscriptions;
    println!("\nidle: {subscriptions} subscriptions");
    let sandbox = Sandbox::start_many(workspace, subscriptions, SIZE.contacts)?;
    let product = Product::new(workspace, sandbox.url(), database)?;
    let all = crowd::subscribe(&sandbox, &product, SIZE, &zone_where_it_is_noon())?;
    let expected = SIZE.expected(&sandbox);
    for one in &all {
        expected.first_run(&one.sync()?.output)?;
    }

    let (serve, _) = product.serve()?;
    thread::sleep(SETTLED);
    let before = serve.cpu()?;
    thread::sleep(WATCHED);
    let usage = Usage {
        cpu: serve.cpu()?.saturating_sub(before),
        wall: WATCHED,
        peak: serve.peak()?,
    };
    told_usage("idle", usage);
    Ok(Row {
        what: format!("serve with nothing due, {subscriptions} subscriptions"),
        contacts: SIZE.contacts_in_all(),
        found: Found::Process(usage),
        target: Some(Target::idle(usage)),
    })
}

/// A time zone in which no night is near at this moment.
fn zone_where_it_is_noon() -> String {
    let hour = now().to_zoned_datetime(TimeZone::UTC).hour();
    // Zones of this kind count west of Greenwich as positive: at 15:00 it is noon three hours west of there.
    format!("Etc/GMT{:+}", hour - 12)
}
