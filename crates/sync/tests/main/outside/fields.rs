//! Pendo's fields, and the forms in which they take values.

use std::{collections::BTreeMap, time::Duration};

use model::Level;
use sandbox::{
    PortalConfig,
    pendo::{
        Action, Command, EmptyText, Group, Kind, Names, Null, NumberType, Operation, Rule,
        Subscription, Switches, Times, Type, WRITE_KEY,
    },
};
use store::run::State;
use sync::destination::{
    self,
    formats::{Choice, Cleared, Integers},
};

use super::{FIELDS, MAIN, Outside, stripped};
use crate::PORTAL;

#[tokio::test]
async fn keys_are_those_that_came_back() {
    for (names, key_of) in [
        (Names::Stripped, stripped as fn(&str) -> String),
        (Names::Lowercased, |name: &str| format!("hubspot_{name}")),
        (Names::Kept, |name: &str| format!("hubspot_{name}")),
    ] {
        let outside = Outside::clean(20).await;
        outside.pendo.switches(|switches| switches.names = names);
        outside.proved().await;
        outside.assert_holds_the_truth(Level::Visitor, key_of).await;
    }
}

#[tokio::test]
async fn a_field_of_another_type_is_held_and_the_others_go_on() {
    let subscription =
        Subscription::default().field(Kind::Visitor, Group::Custom, "hubspotmrr", Type::Time);
    let outside = Outside::of(PortalConfig::bench(PORTAL, 20), subscription)
        .await
        .mapped()
        .await;
    let report = outside.sync().await;
    assert_eq!(report.result, State::Partial);
    let held = report.delivery.as_ref().unwrap()["held"]["mrr"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(held.contains("time") && held.contains("decimal"), "{held}");
    let (_, id) = outside.world.contacts()[0].clone();
    assert_eq!(outside.value(&id, "hubspotmrr"), None);
    assert!(outside.value(&id, "hubspotplantier").is_some());
    // Also a night on which nothing changes is not proved.
    let report = outside.sync().await;
    assert_eq!(report.result, State::Partial);
    assert!(report.delivery.unwrap()["held"]["mrr"].is_string());

    // Under another prefix there is room for it, and everything is sent there.
    outside.connect_as(WRITE_KEY, "crm_").await.unwrap();
    outside.proved().await;
    let fields = outside
        .pendo
        .fields(MAIN, Kind::Visitor, Group::Custom)
        .len();
    assert_eq!(fields, 2 * FIELDS.len());
    assert!(outside.value(&id, "crmmrr").is_some());
}

#[tokio::test]
async fn a_field_without_a_type_takes_its_values_once() {
    let subscription =
        Subscription::default().field(Kind::Visitor, Group::Custom, "hubspotmrr", Type::Untyped);
    let outside = Outside::of(PortalConfig::bench(PORTAL, 20), subscription)
        .await
        .mapped()
        .await;
    outside.proved().await;
    outside.assert_truth().await;
    outside.pendo.clear_journal();
    outside.proved().await;
    assert_eq!(outside.calls(Operation::SetMany), 0);
}

#[tokio::test]
async fn whole_numbers_are_held_until_somebody_says_otherwise() {
    let outside = Outside::clean(20).await;
    outside
        .pendo
        .switches(|switches| switches.number = NumberType::Integer);
    let report = outside.sync().await;
    assert!(report.delivery.unwrap()["held"]["mrr"].is_string());

    let settings = destination::Settings {
        formats: Choice {
            integers: Some(Integers::Send),
            ..Choice::default()
        },
        ..destination::Settings::default()
    };
    let outside = Outside::clean_with(20, settings).await;
    outside
        .pendo
        .switches(|switches| switches.number = NumberType::Integer);
    outside.proved().await;
    outside.assert_truth().await;
}

#[tokio::test]
async fn forms_of_values_are_those_that_were_found_or_set() {
    let odd = Switches {
        null: Null::Ignored,
        empty_text: EmptyText::Clears,
        times: Times::Iso8601,
        ..Switches::default()
    };
    let settings = destination::Settings {
        formats: Choice {
            cleared: Some(Cleared::Empty),
            times: Some(destination::formats::Times::Iso8601),
            integers: None,
        },
        ..destination::Settings::default()
    };
    let outside = Outside::clean_with(30, settings).await;
    outside.pendo.switches(|switches| *switches = odd);
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.world.set(record, "plan_tier", "");
    outside.world.set(record, "trial_ends_on", "");
    outside.proved().await;
    outside.assert_truth().await;
}

#[tokio::test]
async fn a_field_that_is_chosen_again_gets_what_it_has_missed() {
    let outside = Outside::clean(30).await;
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.pendo.outage(true);
    outside.world.set(record, "mrr", "4321");
    outside.sync().await;
    let fewer: Vec<&str> = FIELDS.into_iter().filter(|name| *name != "mrr").collect();
    outside.world.map(Level::Visitor, &fewer).await;
    outside.pendo.outage(false);
    outside.proved().await;
    outside.world.map(Level::Visitor, &FIELDS).await;
    outside.proved().await;
    outside.assert_truth().await;
}

#[tokio::test]
async fn runs_under_different_mappings_are_sent_each_with_its_fields() {
    let outside = Outside::clean(30).await;
    outside.proved().await;
    let (record, _) = outside.world.contacts()[0].clone();
    outside.pendo.outage(true);
    outside.world.set(record, "mrr", "4321");
    let mut first = outside.sync().await;
    let more = [&FIELDS[..], &["jobtitle"]].concat();
    outside.world.map(Level::Visitor, &more).await;
    let mut second = outside.sync().await;
    outside.pendo.outage(false);
    outside.clock.advance(Duration::from_hours(1));
    outside.deliver().await;
    for report in [&mut first, &mut second] {
        outside.settle(report).await;
        assert_eq!(report.result, State::Success);
    }
    outside.assert_truth().await;
}

#[tokio::test]
async fn a_field_that_vanished_is_filled_again_whatever_happens_while_it_is_made() {
    for interrupted in [false, true] {
        let outside = Outside::clean(30).await;
        outside.proved().await;
        let vanishes = Command::DeleteField {
            kind: Kind::Visitor,
            group: Group::Custom,
            field: "hubspotmrr".into(),
        };
        outside.pendo.run(MAIN, &vanishes).unwrap();
        outside.pendo.clear_journal();
        if interrupted {
            // It is made, and then nobody may look.
            let forbidden = Action::Respond {
                status: 403,
                body: None,
                headers: BTreeMap::default(),
            };
            outside
                .pendo
                .script(Rule::next(Operation::SchemaRead, forbidden).after(1));
        }
        let (record, _) = outside.world.contacts()[0].clone();
        outside.world.set(record, "plan_tier", "team");
        let report = outside.sync().await;
        assert_eq!(report.result == State::Delivering, interrupted);
        assert_eq!(outside.calls(Operation::SchemaWrite), 1);
        outside.connect(WRITE_KEY).await.unwrap();
        outside.runner.ask_for_deliveries().await.unwrap();
        outside.deliver().await;
        outside.assert_truth().await;
        let journal = outside.pendo.journal();
        let writes = journal.iter().flat_map(|call| &call.writes);
        let filled = writes.filter(|write| write.values.contains_key("hubspotmrr"));
        assert!(filled.count() >= outside.world.contacts().len());
    }
}
