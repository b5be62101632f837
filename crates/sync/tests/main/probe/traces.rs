//! What is left behind: nothing, or it is said.

use std::collections::BTreeMap;

use model::Level;
use sandbox::pendo::{Action, Operation, READ_KEY, Rule};
use serde_json::json;
use sync::{
    Explain as _,
    destination::{
        self, Destinations, Error,
        formats::Cleared,
        probe::{Ended, Test, probe},
    },
};
use tokio_util::sync::CancellationToken;

use super::{Desk, bob, state_before, value};

#[tokio::test]
async fn nobody_is_written_to_who_is_not_known_or_may_not_be() {
    let desk = Desk::new().await;
    for id in ["bob", "", ".."] {
        let test = Test {
            level: Level::Visitor,
            id: id.into(),
        };
        let error = desk.try_probe(Some(&test)).await.unwrap_err();
        if id == "bob" {
            assert!(matches!(error, Error::UnknownId { .. }), "{error:?}");
            assert_eq!(error.explain().code, "TRB0061");
        }
    }
    let connecting = desk.scratch.open().await;
    let stored = desk.stored().await;
    connecting
        .set_destination(desk.subscription, &stored, &READ_KEY.into())
        .await
        .unwrap();
    let destinations = Destinations::new(
        connecting,
        destination::Settings {
            pendo: ::pendo::Settings {
                base_url: Some(desk.pendo.base_url()),
                ..::pendo::Settings::default()
            },
            ..destination::Settings::default()
        },
        desk.clock.clone(),
    )
    .unwrap();
    let stop = CancellationToken::new();
    let tell = |_: &str| {};
    let error = probe(&destinations, desk.subscription, Some(&bob()), &stop, &tell)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ReadOnly), "{error:?}");
    let probed = probe(&destinations, desk.subscription, None, &stop, &tell)
        .await
        .unwrap();
    assert_eq!(value(&probed, "key"), &json!({ "write": false }));
    let journal = desk.pendo.journal();
    assert!(
        journal
            .iter()
            .all(|call| call.method == "GET" || call.operation == Operation::Aggregation)
    );
    assert_eq!(desk.state(), state_before());
}

#[tokio::test]
async fn whatever_goes_wrong_in_the_middle_the_fields_are_deleted() {
    let whole = Desk::new().await.write().await.calls;
    let whole = u32::try_from(whole.read + whole.write).unwrap();
    let mut failed = 0;
    // From the first write on: a call that Pendo refuses for good, and one whose work is done and whose answer is lost.
    for at in 15..whole {
        let desk = Desk::new().await;
        let refuse = Action::Respond {
            status: 403,
            body: None,
            headers: BTreeMap::default(),
        };
        let action = if at % 2 == 0 {
            Action::DropAnswer
        } else {
            refuse
        };
        desk.pendo.script(Rule::any(action).after(at));
        let probed = desk.try_probe(Some(&bob())).await.unwrap();
        failed += u32::from(matches!(probed.ended, Ended::Failed(_)));
        desk.assert_only_the_test();
        let left = probed.fields.as_ref().map_or(0, |fields| fields.left.len());
        let live = desk.state() != state_before();
        assert_eq!(live, left > 0, "call {at}: {probed:#?}");
        // Only a refused deletion leaves something, and it is named.
        assert!(left <= 1, "call {at}: {probed:#?}");
    }
    assert!(failed > 10, "{failed}");
}

#[tokio::test]
async fn what_cannot_be_deleted_is_named() {
    let desk = Desk::new().await;
    let refuse = Action::Respond {
        status: 400,
        body: Some(r#"{"error":"in use"}"#.into()),
        headers: BTreeMap::default(),
    };
    desk.pendo
        .script(Rule::next(Operation::FieldDelete, refuse).times(2));
    let probed = desk.try_probe(Some(&bob())).await.unwrap();
    let fields = probed.fields.unwrap();
    assert_eq!((fields.deleted.len(), fields.left.len()), (3, 2));
    assert!(fields.left.iter().all(|left| left.why.contains("in use")));
    // What was found is kept all the same, and another probe takes the rest away.
    assert_eq!(desk.kept().await.cleared, Some(Cleared::Null));
    desk.write().await;
}

#[tokio::test]
async fn a_probe_that_is_stopped_deletes_its_fields() {
    for at in [
        "making",
        "an empty text",
        "reading two small pages of account",
    ] {
        let desk = Desk::new().await;
        let stop = CancellationToken::new();
        let tell = |step: &str| {
            if step.contains(at) {
                stop.cancel();
            }
        };
        let test = bob();
        let probing = probe(
            &desk.destinations,
            desk.subscription,
            Some(&test),
            &stop,
            &tell,
        );
        let probed = probing.await.unwrap();
        assert!(matches!(probed.ended, Ended::Stopped));
        assert_eq!(desk.state(), state_before());
        assert_eq!(probed.fields.is_some(), !at.starts_with("reading"));
        assert_eq!(desk.kept().await.cleared, None);
    }
}
