//! Delivery to Pendo: all that a first sync has changed, and a sync after which there is nothing to deliver.

use std::time::Duration;

use anyhow::bail;
use serde_json::Value;

use super::{
    NAME, ZONE,
    product::{Database, Product},
    proof::Expected,
    report::{self, FULL_SIZE, Found, Row, Target},
    sandbox::Sandbox,
    told,
};
use crate::workspace::Workspace;

/// What each call to Pendo takes at least.
const LATENCY: Duration = Duration::from_millis(200);

/// Changes in one call, and calls under way at once, as they are by default.
const BATCH: u64 = 500;
const IN_FLIGHT: u64 = 4;

/// Sorts of calls that change something at Pendo.
const WRITES: [&str; 4] = ["set_many", "set_one", "schema_write", "field_delete"];
const READS: [&str; 5] = ["verify", "schema_read", "aggregation", "get_one", "record"];

/// Syncs visitors that Pendo knows, and delivers them.
pub(super) fn measure(
    workspace: &Workspace,
    database: Database,
    contacts: u64,
) -> anyhow::Result<Vec<Row>> {
    println!("\npendo: {} contacts", report::thousands(contacts));
    let (sandbox, pendo) = Sandbox::start_with_pendo(workspace, contacts, LATENCY)?;
    let mut product = Product::new(workspace, sandbox.url(), database)?;
    product.pendo = Some(pendo.base_url.clone());
    let portal = sandbox.portal();
    let subscription = product.subscribe(NAME, ZONE)?;
    subscription.connect(portal)?;
    subscription.connect_pendo(&pendo.key, &pendo.region)?;

    let first = told(
        "first sync, with ids from Pendo",
        subscription.sync_without_waiting()?,
    );
    let delivered = told("delivery", subscription.deliver()?);
    let best = LATENCY * u32::try_from(contacts.div_ceil(BATCH).div_ceil(IN_FLIGHT))?;
    let expected = Expected {
        contacts,
        unknown: 0,
        fields: portal.fields.len() as u64,
    };
    expected.first_run(&subscription.runs()?)?;
    let written: Value = serde_json::from_str(&subscription.runs()?)?;
    let written = written["runs"][0]["values"]["written"].as_u64();
    let held = pendo.summary()?;
    let held = held["fields"].as_object().into_iter().flatten();
    let held: u64 = held.filter_map(|(_, of)| of["values"].as_u64()).sum();
    if written != Some(held) {
        bail!("Pendo holds {held} values, and {written:?} were written");
    }

    pendo.forget_calls()?;
    let second = told("second sync, nothing changed", subscription.sync()?);
    expected.second_run(&second.output)?;
    let count = |sorts: &[&str]| -> anyhow::Result<u64> {
        sorts.iter().map(|sort| pendo.calls(sort)).sum()
    };
    let (reads, writes) = (count(&READS)?, count(&WRITES)?);
    println!("    {reads} read calls, {writes} write calls");
    let row = |what: &str, usage, target: Option<Target>| Row {
        what: what.to_owned(),
        contacts,
        found: Found::Process(usage),
        target: target.filter(|_| contacts == FULL_SIZE),
    };
    let delivery = Target::delivery(delivered.usage, best);
    let nothing = Target::nothing_to_deliver(reads, writes);
    Ok(vec![
        row("first sync, with ids from Pendo", first.usage, None),
        row("delivery to Pendo", delivered.usage, Some(delivery)),
        row(
            "second sync with Pendo, nothing changed",
            second.usage,
            Some(nothing),
        ),
    ])
}
