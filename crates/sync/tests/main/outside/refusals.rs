//! What Pendo does not take, and what is done about it.

use std::{collections::BTreeMap, time::Duration};

use model::Level;
use sandbox::pendo::{Action, Command, Errors, Kind, Operation, Rule};
use serde_json::json;
use store::{
    outbox::{Cause, Resend},
    run::State,
};
use sync::destination;

use super::{MAIN, Outside, STRANGER};

#[tokio::test]
async fn an_id_that_pendo_does_not_know_is_said_and_is_sent_once_it_does() {
    let outside = Outside::clean(30).await;
    let stranger = outside.add_stranger().await;
    let report = outside.sync().await;
    assert_eq!((report.result, report.proved), (State::Partial, false));
    let delivery = report.delivery.as_ref().unwrap();
    assert_eq!(
        (&delivery["missing"], &delivery["pending"]),
        (&json!(1), &json!(0))
    );
    let store = &outside.world.context.store;
    let cause = Cause::Run(report.run);
    let missing = store
        .undelivered(outside.scope(), cause, true, 0, 9)
        .await
        .unwrap();
    assert_eq!(missing[0].id, STRANGER);
    assert_eq!(missing[0].record.unwrap().0, stranger);
    assert_eq!(outside.value(STRANGER, "hubspotplantier"), None);

    let appears = Command::AddIds {
        kind: Kind::Visitor,
        ids: vec![STRANGER.into()],
    };
    outside.pendo.run(MAIN, &appears).unwrap();
    // A dry run sends nothing, and keeps nothing from being sent.
    outside.pendo.clear_journal();
    outside.run_of(Level::Visitor, true).await;
    outside.deliver().await;
    assert_eq!(outside.value(STRANGER, "hubspotplantier"), None);
    let report = outside.proved().await;
    assert_eq!(report.delivery.unwrap()["queued"], 0);
    assert_eq!(
        outside.value(STRANGER, "hubspotplantier"),
        Some(json!("team"))
    );
}

#[tokio::test]
async fn with_create_strangers_come_into_being() {
    let settings = destination::Settings {
        create: true,
        ..destination::Settings::default()
    };
    let outside = Outside::clean_with(30, settings).await;
    outside.add_stranger().await;
    outside.proved().await;
    assert_eq!(
        outside.value(STRANGER, "hubspotplantier"),
        Some(json!("team"))
    );
}

#[tokio::test]
async fn what_pendo_refuses_is_said_with_its_reason_however_it_says_it() {
    for errors in [Errors::TextsWithId, Errors::Texts, Errors::Objects] {
        let outside = Outside::clean(40).await;
        outside.pendo.switches(|switches| switches.errors = errors);
        let (_, id) = outside.world.contacts()[7].clone();
        let refuse = Action::FailRecords {
            ids: vec![id.clone()],
            every: 0,
            text: "quota of this record".into(),
        };
        outside
            .pendo
            .script(Rule::next(Operation::SetMany, refuse).times(0));
        let report = outside.sync().await;
        assert_eq!(report.result, State::Partial, "{errors:?}");
        let delivery = report.delivery.as_ref().unwrap();
        assert_eq!(
            (&delivery["errors"], &delivery["pending"]),
            (&json!(1), &json!(0)),
            "{errors:?}"
        );
        let store = &outside.world.context.store;
        let cause = Cause::Run(report.run);
        let refused = store
            .undelivered(outside.scope(), cause, false, 0, 9)
            .await
            .unwrap();
        assert_eq!(refused[0].id, id);
        let detail = refused[0].detail.as_deref().unwrap_or("");
        assert!(
            detail.contains("quota of this record"),
            "{errors:?}: {detail}"
        );

        // Everything is sent once more when somebody asks for it.
        outside.pendo.clear_script();
        outside.resend(Resend::All).await;
        outside.assert_truth().await;
    }
}

#[tokio::test]
async fn requests_that_are_too_large_are_parted() {
    let outside = Outside::clean(300).await;
    for limit_status in [413, 400] {
        outside.pendo.switches(|switches| {
            switches.max_records = 40;
            switches.limit_status = limit_status;
        });
        outside.proved().await;
        outside.assert_truth().await;
        let store = &outside.world.context.store;
        outside.resend(Resend::All).await;
        assert!(store.waiting(None).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_refused_altogether_is_not_looked_at_one_by_one() {
    let outside = Outside::clean(300).await;
    let everything = Action::FailRecords {
        ids: Vec::new(),
        every: 1,
        text: "no such field".into(),
    };
    outside
        .pendo
        .switches(|switches| switches.errors = Errors::Texts);
    outside
        .pendo
        .script(Rule::next(Operation::SetMany, everything).times(0));
    let report = outside.sync().await;
    assert_eq!(report.result, State::Partial);
    let delivery = report.delivery.unwrap();
    assert_eq!(delivery["errors"], delivery["queued"]);
    assert_eq!(outside.calls(Operation::SetMany), 1);
}

#[tokio::test]
async fn a_pendo_that_refuses_every_call_costs_no_change() {
    let outside = Outside::clean(300).await;
    let refuse = Action::Respond {
        status: 400,
        body: None,
        headers: BTreeMap::default(),
    };
    outside
        .pendo
        .script(Rule::next(Operation::SetMany, refuse).times(0));
    let report = outside.sync().await;
    assert_eq!(report.result, State::Delivering);
    let delivery = report.delivery.as_ref().unwrap();
    assert_eq!(delivery["pending"], delivery["queued"]);

    outside.pendo.clear_script();
    outside.clock.advance(Duration::from_hours(1));
    outside.deliver().await;
    outside.assert_truth().await;
}
