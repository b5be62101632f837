//! What becomes of links: keys cleared and changed, records merged, archived and deleted, an index that lags.

use sandbox::{Command, Object, VISITOR_KEY};
use sync::{ReaderChoice, RunReport};

use crate::{PORTAL, World};

const READERS: [ReaderChoice; 2] = [ReaderChoice::Search, ReaderChoice::List];

/// Five linked contacts.
async fn linked(reader: ReaderChoice) -> (World, Vec<(u64, String)>) {
    let world = World::clean(5).await.reading(reader);
    let world = world.mapped(&["mrr", "plan_tier"]).await;
    world.proved().await;
    let contacts = world.contacts();
    (world, contacts)
}

/// One link has ended for this reason; its visitor keeps its values, and all others are as they were.
async fn assert_ended(
    world: &World,
    report: &RunReport,
    (record, id): &(u64, String),
    reason: &str,
    kept: Option<String>,
) {
    assert_eq!(
        world.ended(report).await,
        [(id.clone(), *record, reason.to_owned())]
    );
    let stored = world.stored().await;
    assert_eq!(stored[id], (None, kept));
    assert_eq!(report.ids.linked, 4);
}

#[tokio::test]
async fn a_cleared_key_ends_the_link_and_keeps_the_values() {
    for reader in READERS {
        let (world, contacts) = linked(reader).await;
        let kept = world.stored().await[&contacts[2].1].1.clone();
        assert!(kept.is_some());
        world.set(contacts[2].0, VISITOR_KEY, "");
        world.set(contacts[2].0, "mrr", "99");
        let report = world.proved().await;
        assert_eq!((report.values.written, report.values.cleared), (0, 0));
        assert_ended(&world, &report, &contacts[2], "key_cleared", kept).await;
        assert_eq!(world.proved().await.counts.links_ended, 0);
        // The key comes back, and with it the link.
        world.set(contacts[2].0, VISITOR_KEY, &contacts[2].1);
        let report = world.proved().await;
        assert_eq!((report.counts.matched, report.counts.changed), (5, 1));
        assert_eq!(
            world.value(&contacts[2].1, "mrr").await.as_deref(),
            Some("99")
        );
    }
}

#[tokio::test]
async fn a_key_that_is_nobodys_now_ends_the_link() {
    for reader in READERS {
        let (world, contacts) = linked(reader).await;
        let kept = world.stored().await[&contacts[2].1].1.clone();
        world.set(contacts[2].0, VISITOR_KEY, "nobody");
        let report = world.proved().await;
        assert_eq!(report.counts.missed.unknown_id, 1);
        assert_ended(&world, &report, &contacts[2], "key_changed", kept).await;
    }
}

#[tokio::test]
async fn a_key_changed_to_another_known_id_feeds_that_one() {
    for reader in READERS {
        let (world, contacts) = linked(reader).await;
        let kept = world.stored().await[&contacts[2].1].1.clone();
        // The newer record wins the other id from the one that fed it.
        world.set(contacts[2].0, "mrr", "99");
        world.set(contacts[2].0, VISITOR_KEY, &contacts[3].1);
        let report = world.proved().await;
        assert_eq!(report.counts.missed.duplicate_key, 1);
        assert_ended(&world, &report, &contacts[2], "key_changed", kept).await;
        let stored = world.stored().await;
        assert_eq!(stored[&contacts[3].1].0, Some(contacts[2].0));
        assert_eq!(
            world.value(&contacts[3].1, "mrr").await.as_deref(),
            Some("99")
        );
    }
}

#[tokio::test]
async fn two_keys_that_change_places_change_the_links() {
    let (world, contacts) = linked(ReaderChoice::Search).await;
    world.set(contacts[0].0, VISITOR_KEY, &contacts[1].1);
    world.set(contacts[1].0, VISITOR_KEY, &contacts[0].1);
    let report = world.proved().await;
    assert_eq!((report.counts.matched, report.counts.links_ended), (5, 0));
    let stored = world.stored().await;
    assert_eq!(stored[&contacts[0].1].0, Some(contacts[1].0));
    assert_eq!(stored[&contacts[1].1].0, Some(contacts[0].0));
}

#[tokio::test]
async fn a_merged_record_ends_its_link_and_the_survivor_feeds_on() {
    for reader in READERS {
        let (world, contacts) = linked(reader).await;
        let kept = world.stored().await[&contacts[2].1].1.clone();
        world.act(&Command::Merge {
            object: Object::Contacts,
            primary: contacts[0].0,
            loser: contacts[2].0,
        });
        world.set(contacts[0].0, "mrr", "99");
        let report = world.proved().await;
        assert_ended(&world, &report, &contacts[2], "record_merged", kept).await;
        assert_eq!(
            world.value(&contacts[0].1, "mrr").await.as_deref(),
            Some("99")
        );
    }
}

#[tokio::test]
async fn a_survivor_with_the_losers_key_takes_the_link_over() {
    for reader in READERS {
        let (world, contacts) = linked(reader).await;
        let survivor = world.create(&[("mrr", "99")]);
        world.act(&Command::Merge {
            object: Object::Contacts,
            primary: survivor,
            loser: contacts[2].0,
        });
        world.set(survivor, VISITOR_KEY, &contacts[2].1);
        let report = world.proved().await;
        assert_eq!((report.counts.links_ended, report.counts.matched), (0, 5));
        let stored = world.stored().await;
        assert_eq!(stored[&contacts[2].1].0, Some(survivor));
        assert_eq!(
            world.value(&contacts[2].1, "mrr").await.as_deref(),
            Some("99")
        );
    }
}

#[tokio::test]
async fn archived_and_deleted_records_end_their_links() {
    let archive: fn(Object, u64) -> Command = |object, id| Command::Archive { object, id };
    let erase: fn(Object, u64) -> Command = |object, id| Command::Erase { object, id };
    for reader in READERS {
        for (command, reason) in [(archive, "record_archived"), (erase, "record_gone")] {
            let (world, contacts) = linked(reader).await;
            let kept = world.stored().await[&contacts[2].1].1.clone();
            world.act(&command(Object::Contacts, contacts[2].0));
            let report = world.proved().await;
            assert_ended(&world, &report, &contacts[2], reason, kept).await;
            assert_eq!(world.proved().await.counts.links_ended, 0);
        }
    }
}

#[tokio::test]
async fn a_restored_record_is_linked_again() {
    let (world, contacts) = linked(ReaderChoice::Search).await;
    let (object, id) = (Object::Contacts, contacts[2].0);
    world.act(&Command::Archive { object, id });
    world.proved().await;
    world.act(&Command::Restore { object, id });
    let report = world.proved().await;
    assert_eq!((report.counts.matched, report.counts.changed), (5, 0));
    assert_eq!(world.stored().await[&contacts[2].1].0, Some(id));
}

#[tokio::test]
async fn a_linked_record_that_the_index_has_lost_is_read_by_its_id() {
    let (world, contacts) = linked(ReaderChoice::Search).await;
    world.set(contacts[2].0, VISITOR_KEY, "");
    world
        .sandbox
        .knobs(PORTAL, |knobs| knobs.index_delay_ms = 3_600_000);
    // The index still believes that there is no key.
    world.set(contacts[2].0, VISITOR_KEY, &contacts[2].1);
    world.set(contacts[2].0, "mrr", "99");
    let report = world.proved().await;
    assert_eq!((report.counts.matched, report.counts.links_ended), (5, 0));
    assert_eq!(report.calls.batch_read, 1);
    assert_eq!(
        world.value(&contacts[2].1, "mrr").await.as_deref(),
        Some("99")
    );
    world.sandbox.clock().advance_ms(3_600_000);
    assert_eq!(world.proved().await.counts.changed, 0);
}

#[tokio::test]
async fn an_archived_record_that_the_index_still_counts_is_not_missing_for_good() {
    let (world, contacts) = linked(ReaderChoice::Search).await;
    world.sandbox.knobs(PORTAL, |knobs| {
        knobs.index_delay_ms = 3_600_000;
        knobs.stale_total = true;
    });
    let (object, id) = (Object::Contacts, contacts[2].0);
    world.act(&Command::Archive { object, id });
    let report = world.sync().await;
    assert_eq!(report.counts.matched, 4);
    world.sandbox.clock().advance_ms(3_600_000);
    world.proved().await;
    assert_eq!(world.stored().await[&contacts[2].1].0, None);
}
