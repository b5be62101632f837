//! Who feeds whom: duplicates, the letter of an id, several subscriptions on one portal.

use model::Level;
use sandbox::{Command, Knobs, Object, SearchOrder, VISITOR_KEY};
use sync::{Context, ReaderChoice};

use crate::{PORTAL, World};

/// Sets the same values on records in the same millisecond.
fn set_at_once(world: &World, records: &[u64], key: &str) {
    world.sandbox.clock().advance_ms(1_000);
    for record in records {
        let values = [(VISITOR_KEY.to_owned(), key.to_owned())].into();
        let command = Command::Set {
            object: Object::Contacts,
            id: *record,
            values,
            moves_date: true,
        };
        world.sandbox.run(PORTAL, &command).unwrap();
    }
}

#[tokio::test]
async fn of_duplicates_the_newest_wins_in_whatever_order_they_come() {
    for (newest, reader) in [
        (0, ReaderChoice::Search),
        (1, ReaderChoice::Search),
        (2, ReaderChoice::Search),
        (0, ReaderChoice::List),
        (2, ReaderChoice::List),
    ] {
        let world = World::clean(3).await.reading(reader);
        let world = world.mapped(&["mrr"]).await;
        let contacts = world.contacts();
        let key = &contacts[1].1;
        for (at, (record, _)) in contacts.iter().enumerate() {
            world.set(*record, "mrr", &at.to_string());
            world.set(*record, VISITOR_KEY, key);
        }
        world.set(contacts[newest].0, "mrr", "99");
        let report = world.proved().await;
        assert_eq!(
            (report.counts.matched, report.counts.missed.duplicate_key),
            (1, 2)
        );
        assert_eq!(world.value(key, "mrr").await.as_deref(), Some("99"));
        let all = store::findings::Only::default();
        let missed = world
            .context
            .store
            .missed(report.run, &all, model::RecordId(0), 9);
        let missed = missed.await.unwrap();
        assert!(missed.iter().all(|lost| lost.near.as_ref() == Some(key)));
        assert!(
            missed
                .iter()
                .all(|lost| lost.record.0 != contacts[newest].0)
        );
        assert_eq!(world.proved().await.counts.changed, 0);
    }
}

#[tokio::test]
async fn of_duplicates_changed_in_the_same_millisecond_the_highest_id_wins() {
    for shuffled in [false, true] {
        let world = World::clean(4).await.mapped(&["mrr"]).await;
        let search_order = if shuffled {
            SearchOrder::ShuffledPages
        } else {
            SearchOrder::Sorted
        };
        let knobs = Knobs {
            search_order,
            ..Knobs::default()
        };
        world.act(&Command::Knobs { knobs });
        let contacts = world.contacts();
        let records: Vec<u64> = contacts.iter().map(|(record, _)| *record).collect();
        set_at_once(&world, &records[..3], &contacts[0].1);
        world.proved().await;
        assert_eq!(world.stored().await[&contacts[0].1].0, Some(records[2]));
    }
}

#[tokio::test]
async fn a_newer_duplicate_takes_over_and_gives_back() {
    let world = World::clean(3).await.mapped(&["mrr"]).await;
    let (old, id) = world.contacts().remove(0);
    world.set(old, "mrr", "1");
    world.proved().await;
    let new = world.create(&[(VISITOR_KEY, &id), ("mrr", "2")]);
    let report = world.proved().await;
    assert_eq!(report.counts.missed.duplicate_key, 1);
    assert_eq!(report.counts.links_ended, 0);
    assert_eq!(world.stored().await[&id].0, Some(new));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("2"));
    // The older one is edited and is the newest now.
    world.set(old, "plan_tier", "other");
    world.proved().await;
    assert_eq!(world.stored().await[&id].0, Some(old));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("1"));
    // It goes, and the other one is left.
    let object = Object::Contacts;
    world.act(&Command::Archive { object, id: old });
    let report = world.proved().await;
    assert_eq!(report.counts.links_ended, 0);
    assert_eq!(world.stored().await[&id].0, Some(new));
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn duplicates_of_which_one_has_no_value_do_not_mix() {
    let world = World::clean(2).await.mapped(&["mrr", "plan_tier"]).await;
    let (_, id) = world.contacts().remove(0);
    world.create(&[(VISITOR_KEY, &id), ("mrr", "2")]);
    world.proved().await;
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("2"));
    assert_eq!(world.value(&id, "plan_tier").await, None);
}

#[tokio::test]
async fn ids_are_taken_to_the_letter() {
    let world = World::clean(6).await.mapped(&["mrr"]).await;
    world
        .import(
            Level::Visitor,
            ["Ada", "ada", "Grace", "00123"].map(Into::into),
        )
        .await;
    let contacts = world.contacts();
    for (at, key) in ["ada", "Ada", "grace", "Grace ", "00123.0", "123"]
        .iter()
        .enumerate()
    {
        world.set(contacts[at].0, VISITOR_KEY, key);
        world.set(contacts[at].0, "mrr", &at.to_string());
    }
    let report = world.proved().await;
    let missed = report.counts.missed;
    assert_eq!((report.counts.matched, missed.differs_by_case), (2, 1));
    assert_eq!(
        (missed.differs_by_space, missed.differs_by_trailing_zero),
        (1, 1)
    );
    assert_eq!(missed.unknown_id, 1);
    assert_eq!(world.value("ada", "mrr").await.as_deref(), Some("0"));
    assert_eq!(world.value("Ada", "mrr").await.as_deref(), Some("1"));
    assert_eq!(world.value("Grace", "mrr").await, None);
}

#[tokio::test]
async fn an_id_that_becomes_known_is_fed_by_the_next_run() {
    let world = World::clean(3).await.mapped(&["mrr"]).await;
    world.create(&[(VISITOR_KEY, "newcomer"), ("mrr", "5")]);
    assert_eq!(world.proved().await.counts.missed.unknown_id, 1);
    world.import(Level::Visitor, ["newcomer".to_owned()]).await;
    let report = world.proved().await;
    assert_eq!(
        (report.counts.missed.unknown_id, report.counts.changed),
        (0, 1)
    );
    assert_eq!(world.value("newcomer", "mrr").await.as_deref(), Some("5"));
}

#[tokio::test]
async fn two_subscriptions_on_one_portal_do_not_touch_each_other() {
    let first = World::clean(4).await.mapped(&["mrr"]).await;
    let store = &first.context.store;
    let now = first.context.clock.now();
    let other = store.create_subscription("Other", "UTC", now).await;
    first.proved().await;
    let before = first.stored().await;
    let contacts = first.contacts();
    let mut second = World {
        context: Context {
            ..first.context.clone()
        },
        subscription: other.unwrap().id,
        ..first
    };
    let some = contacts[..2].iter().map(|(_, id)| id.clone());
    second.import(Level::Visitor, some).await;
    second.map(Level::Visitor, &["plan_tier"]).await;
    let report = second.proved().await;
    assert_eq!((report.counts.matched, report.ids.known), (2, 2));
    assert_eq!(report.counts.missed.unknown_id, 2);
    assert_eq!(second.value(&contacts[0].1, "mrr").await, None);
    assert!(second.value(&contacts[0].1, "plan_tier").await.is_some());
    // A link that ends in one does not end in the other, until it runs.
    second.set(contacts[0].0, VISITOR_KEY, "");
    assert_eq!(second.proved().await.counts.links_ended, 1);
    second.subscription = store::SubscriptionId(1);
    assert_eq!(second.stored().await, before);
    assert_eq!(second.proved().await.counts.links_ended, 1);
}

#[tokio::test]
async fn an_edit_that_moves_no_date_is_found_all_the_same() {
    let world = World::clean(3).await.mapped(&["mrr"]).await;
    world.proved().await;
    let (record, id) = world.contacts().remove(1);
    world.act(&Command::Set {
        object: Object::Contacts,
        id: record,
        values: [("mrr".to_owned(), "41".to_owned())].into(),
        moves_date: false,
    });
    assert_eq!(world.proved().await.values.written, 1);
    assert_eq!(world.value(&id, "mrr").await.as_deref(), Some("41"));
}
