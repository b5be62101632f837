//! Pendo's fields, and the forms in which they take values.

use model::Level;
use sandbox::{
    PortalConfig,
    pendo::{
        EmptyText, Group, Kind, Names, Null, NumberType, Subscription, Switches, Times, Type,
        WRITE_KEY,
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
