//! Lists: every order, from every place in it.

use model::{Group, Level};
use store::{
    Scope, Session,
    directory::{Listing, Order, Sort},
};

use crate::{Fixture, now, subject};

/// The ids of a list, a page of `limit` after the other.
async fn paged(fixture: &Fixture, listing: &Listing) -> Vec<String> {
    let (mut listing, mut ids) = (listing.clone(), Vec::new());
    loop {
        let found = fixture.store.list(&listing).await.unwrap();
        assert!(!found.unsorted);
        listing.after = found.subjects.last().map(|(pk, _)| *pk);
        ids.extend(found.subjects.into_iter().map(|(_, subject)| subject.id));
        if !found.more {
            return ids;
        }
    }
}

fn listing(fixture: &Fixture, sort: Sort, order: Order) -> Listing {
    Listing {
        scope: fixture.scope,
        starts_with: String::new(),
        linked: None,
        filters: Vec::new(),
        sort,
        order,
        after: None,
        limit: 2,
    }
}

#[tokio::test]
async fn ids_are_paged_both_ways_whatever_they_begin_with() {
    let known = ["a", "b1", "b2", "b3", "b4", "b5", "c"];
    let fixture = Fixture::knowing(&known).await;
    for (beginning, expected) in [("", &known[..]), ("b", &known[1..6]), ("b3", &known[3..4])] {
        for order in [Order::Ascending, Order::Descending] {
            let mut expected = expected.to_vec();
            if order == Order::Descending {
                expected.reverse();
            }
            let listing = Listing {
                starts_with: beginning.into(),
                ..listing(&fixture, Sort::Id, order)
            };
            assert_eq!(
                paged(&fixture, &listing).await,
                expected,
                "{beginning} {order:?}"
            );
        }
    }
    // A place before or behind all that is looked for.
    for (after, order) in [("a", Order::Ascending), ("c", Order::Descending)] {
        let mut listing = Listing {
            starts_with: "b".into(),
            ..listing(&fixture, Sort::Id, order)
        };
        listing.after = fixture.store.number_of(fixture.scope, after).await.unwrap();
        assert_eq!(paged(&fixture, &listing).await.len(), 5, "{after}");
    }
}

#[tokio::test]
async fn the_last_sync_is_paged_both_ways_over_all_runs() {
    let fixture = Fixture::knowing(&["a", "b", "c", "d", "e", "never"]).await;
    let value = r#"{"n":1}"#;
    fixture
        .run(&[(1, 1, "a", value), (2, 1, "b", value), (3, 1, "c", value)])
        .await;
    fixture.run(&[(4, 1, "d", value), (5, 1, "e", value)]).await;
    let rising = listing(&fixture, Sort::LastSync, Order::Ascending);
    let expected = ["a", "b", "c", "d", "e", "never"];
    assert_eq!(paged(&fixture, &rising).await, expected);
    let falling = listing(&fixture, Sort::LastSync, Order::Descending);
    let expected = ["e", "d", "c", "b", "a", "never"];
    assert_eq!(paged(&fixture, &falling).await, expected);
}

#[tokio::test]
async fn other_levels_stand_in_no_ones_way() {
    let fixture = Fixture::knowing(&["a", "b"]).await;
    let accounts = Scope {
        level: Level::Account,
        ..fixture.scope
    };
    let mut importer = fixture.store.import(accounts, false, now()).await.unwrap();
    for id in ["x", "y", "z"] {
        importer.push(subject(id)).await.unwrap();
    }
    importer.finish().await.unwrap();
    fixture.import(vec![subject("c"), subject("d")]).await;
    let value = |n: i64| format!(r#"{{"n":{n}}}"#);
    let (three, one) = (value(3), value(1));
    fixture.run(&[(1, 1, "a", &three), (2, 1, "d", &one)]).await;

    let mut session: Session = fixture.session().await;
    assert!(session.near(&["D"]).await.unwrap()[0].is_some());
    assert!(session.near(&["X"]).await.unwrap()[0].is_none());
    drop(session);

    let field = (Group::Hubspot, "n");
    let pinned = fixture.store.pin(fixture.scope, field, true, now()).await;
    pinned.unwrap().unwrap();
    let mut taken = 0;
    while let Some(more) = fixture.store.build_pins(fixture.scope).await.unwrap() {
        taken += more;
    }
    assert_eq!(taken, 4);
    let by_field = listing(
        &fixture,
        Sort::Field(Group::Hubspot, "n".into()),
        Order::Ascending,
    );
    assert_eq!(paged(&fixture, &by_field).await, ["d", "a", "b", "c"]);
}
