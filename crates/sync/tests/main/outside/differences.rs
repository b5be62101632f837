//! What Pendo holds, compared with what it was sent.

use sandbox::pendo::{Group, Kind};
use store::{job::Kind as Job, outbox::Resend, run::Origin};
use sync::compare::Comparison;

use super::{MAIN, Outside};

#[tokio::test]
async fn what_differs_there_is_found_and_mended() {
    for all in [true, false] {
        let outside = Outside::clean(120).await;
        outside.proved().await;
        let compare = async || {
            let kind = Job::Compare { all };
            outside
                .runner
                .ask_for(outside.scope(), kind, Origin::default())
                .await
                .unwrap();
            outside.deliver().await;
            let store = &outside.world.context.store;
            let last = store.comparison(outside.scope()).await.unwrap().unwrap();
            Comparison::read(&last).unwrap()
        };
        let found = compare().await;
        assert_eq!((found.all, found.differences), (all, 0));
        assert!(found.subjects > 0);

        for (_, id) in outside.world.contacts() {
            outside.pendo.set(
                MAIN,
                Kind::Visitor,
                Group::Custom,
                &id,
                "hubspotplantier",
                "by hand",
            );
        }
        let found = compare().await;
        assert!(
            found.differences > 0 && found.differing == found.differences,
            "{found:?}"
        );
        let store = &outside.world.context.store;
        let drift = store.drift(outside.scope(), (0, ""), 500).await.unwrap();
        assert_eq!(drift.len() as u64, found.differences);
        assert_eq!(drift[0].found.as_deref(), Some("\"by hand\""));
        outside.resend(Resend::Drifted).await;
        if all {
            outside.assert_truth().await;
        }
        assert!(
            store
                .drift(outside.scope(), (0, ""), 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
