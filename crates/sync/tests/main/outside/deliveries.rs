//! What is sent, and what is not.

use std::time::Duration;

use model::Level;
use sandbox::pendo::{Group, Kind, Operation, Type, WRITE_KEY};
use serde_json::json;
use store::run::State;
use tokio_util::sync::CancellationToken;

use super::{FIELDS, MAIN, Outside, stripped};
use crate::{PORTAL, object};

#[tokio::test]
async fn both_levels_are_proved_there_and_their_ids_come_from_there() {
    let outside = Outside::small().await.mapped().await;
    outside.world.map(Level::Account, &["name", "domain"]).await;
    let report = outside.run().await;
    assert_eq!((report.result, report.proved), (State::Delivering, false));
    assert_eq!(report.listing.as_ref().unwrap().created, report.ids.known);
    let truth = outside.world.truth(Level::Visitor);
    assert_eq!(
        (report.ids.known, report.counts.matched),
        (truth.known, truth.matched)
    );
    let delivery = report.delivery.as_ref().unwrap();
    assert_eq!(delivery["queued"], report.counts.changed);
    assert_eq!(delivery["pending"], report.counts.changed);

    outside.deliver().await;
    let mut settled = report.clone();
    outside.settle(&mut settled).await;
    assert_eq!((settled.result, settled.proved), (State::Success, true));
    let delivery = settled.delivery.unwrap();
    assert_eq!(delivery["acknowledged"], report.counts.changed);
    assert_eq!(delivery["pending"], 0);
    outside.assert_truth().await;

    let report = outside.run_of(Level::Account, false).await;
    assert_eq!(report.ids.known, outside.world.truth(Level::Account).known);
    let stop = CancellationToken::new();
    let accounts = outside.world.scope(Level::Account);
    outside
        .runner
        .see_to_outside(accounts, &stop)
        .await
        .unwrap();
    outside
        .assert_holds_the_truth(Level::Account, stripped)
        .await;
    let fields = outside.pendo.fields(MAIN, Kind::Visitor, Group::Custom);
    let mrr = fields
        .iter()
        .find(|field| field.name == "hubspotmrr")
        .unwrap();
    assert_eq!(
        (mrr.r#type, mrr.display_name.ends_with("(HubSpot)")),
        (Type::Float, true)
    );
}

#[tokio::test]
async fn a_night_with_nothing_changed_writes_nothing_and_asks_little() {
    let outside = Outside::small().await.mapped().await;
    outside.proved().await;
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["queued"], 0);
    let journal = outside.pendo.journal();
    assert_eq!(journal.len(), 2, "{journal:#?}");
    assert_eq!(outside.calls(Operation::Aggregation), 2);

    // A week later all ids are listed again, and a sample is compared.
    let week = Duration::from_hours(7 * 24 + 1);
    outside.clock.advance(week);
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert!(report.listing.unwrap().all);
    assert_eq!(outside.calls(Operation::SetMany), 0);
}

#[tokio::test]
async fn changes_travel_and_so_does_what_is_emptied() {
    let outside = Outside::clean(50).await;
    outside.proved().await;
    let contacts = outside.world.contacts();
    let (first, second) = (&contacts[0], &contacts[1]);
    outside.world.set(first.0, "plan_tier", "");
    outside.world.set(second.0, "mrr", "12.50");
    outside.pendo.clear_journal();
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["acknowledged"], 2);
    assert_eq!(outside.value(&first.1, "hubspotplantier"), None);
    assert_eq!(outside.value(&second.1, "hubspotmrr"), Some(json!(12.5)));
    outside.assert_truth().await;
    // Only what differs is sent.
    let journal = outside.pendo.journal();
    let writes: Vec<_> = journal.iter().flat_map(|call| &call.writes).collect();
    assert_eq!(writes.len(), 2);
    assert!(
        writes.iter().all(|write| write.values.len() == 1),
        "{writes:?}"
    );

    // A field that is chosen later brings its values, and the others are not sent again.
    let more = [&FIELDS[..], &["jobtitle"]].concat();
    outside.world.map(Level::Visitor, &more).await;
    outside.pendo.clear_journal();
    outside.proved().await;
    outside.assert_truth().await;
    let journal = outside.pendo.journal();
    let writes = journal.iter().flat_map(|call| &call.writes);
    assert!(writes.clone().count() > 0);
    assert!(writes.clone().all(|write| write.values.len() == 1));
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_knows_the_ids() {
    let outside = Outside::small().await.mapped().await;
    let report = outside.run_of(Level::Visitor, true).await;
    assert_eq!(
        report.counts.matched,
        outside.world.truth(Level::Visitor).matched
    );
    assert_eq!((report.result, &report.delivery), (State::Success, &None));
    outside.deliver().await;
    assert_eq!(
        outside.calls(Operation::SetMany) + outside.calls(Operation::SchemaWrite),
        0
    );
}

#[tokio::test]
async fn values_that_are_here_already_are_sent_when_pendo_is_connected() {
    let outside = Outside::clean(40).await;
    let destinations = outside.runner.destinations();
    assert!(
        destinations
            .disconnect(outside.world.subscription)
            .await
            .unwrap()
    );
    for level in Level::ALL {
        let known = outside.world.sandbox.known(PORTAL, object(level));
        outside
            .world
            .import(level, known.map(|known| known.id))
            .await;
    }
    let report = outside.run().await;
    assert_eq!((report.result, &report.delivery), (State::Success, &None));
    assert_eq!(outside.calls(Operation::SetMany), 0);
    outside.connect(WRITE_KEY).await.unwrap();
    outside.runner.ask_for_deliveries().await.unwrap();
    outside.deliver().await;
    outside.assert_truth().await;
    assert_eq!(
        outside
            .world
            .context
            .store
            .destination_fields(outside.scope())
            .await
            .unwrap()
            .len(),
        FIELDS.len()
    );
}

#[tokio::test]
async fn a_first_run_needs_to_know_the_ids() {
    let outside = Outside::small().await.mapped().await;
    outside.pendo.outage(true);
    let report = outside.run().await;
    assert_eq!(report.result, State::Failed);
    assert_eq!(report.error.unwrap().code, "TRB0057");
    outside.pendo.outage(false);
    outside.proved().await;
}
