//! Moving everything to another database, of either kind.

use std::pin::pin;

use model::Level;
use scratch::Scratch;
use store::{
    Error, Options, Store,
    copy::{Checksum, Proof},
    job::{Kind, NewJob, Priority},
    run::Origin,
};

use crate::{Fixture, filled, filled::SCOPE, now, subject};

/// What each table held, for comparing databases of either kind.
fn sums(proof: &Proof) -> Vec<(String, Checksum)> {
    let tables = proof.tables.iter();
    let mut sums: Vec<_> = tables.map(|one| (one.table.clone(), one.to)).collect();
    sums.sort_by(|one, other| one.0.cmp(&other.0));
    sums
}

async fn copy(store: &Store, to: &Options) -> Result<Proof, Error> {
    store.copy_to(&to.address(), |_| ()).await
}

/// Every way there is: with a server, from and to both kinds.
#[tokio::test]
async fn everything_goes_from_any_database_to_any_other() {
    let first = Scratch::new();
    let store = filled::fill(&first).await;
    let mut before = None;
    let (mut at, mut kept) = (store, vec![first]);
    for next in [
        Scratch::embedded(),
        Scratch::embedded(),
        Scratch::new(),
        Scratch::new(),
    ] {
        let proof = copy(&at, &next.options()).await.unwrap();
        assert!(proof.holds(), "{proof:?}");
        let names: Vec<&str> = proof.tables.iter().map(|one| one.table.as_str()).collect();
        assert!(names.contains(&"memory_1_0"), "{names:?}");
        for one in &proof.tables {
            // What a process holds is all that nobody leaves behind.
            let filled = one.to.rows > 0 || one.table == "run_lock";
            assert!(filled, "{} is empty", one.table);
        }
        let sums = sums(&proof);
        assert_eq!(*before.get_or_insert_with(|| sums.clone()), sums);
        at.close().await;
        at = next.open().await;
        kept.push(next);
    }

    let subject = at.subject(SCOPE, "u-1").await.unwrap().unwrap();
    assert_eq!(subject.custom.unwrap(), r#"{"note":"a\u0000b"}"#);
    assert_eq!(subject.hubspot.unwrap(), r#"{"mrr":2,"plan":"free"}"#);
    let tables = kept.last().unwrap().tables().await;
    assert!(tables.iter().all(|table| !table.contains("unfinished")));
}

#[tokio::test]
async fn no_number_is_given_twice() {
    for (from, to) in [
        (Scratch::new(), Scratch::embedded()),
        (Scratch::embedded(), Scratch::new()),
    ] {
        // The fifth subject was deleted before.
        let store = filled::fill(&from).await;
        copy(&store, &to.options()).await.unwrap();
        let fixture = Fixture {
            store: to.open().await,
            scratch: to,
            scope: SCOPE,
        };
        fixture.import(vec![subject("new")]).await;
        let number = fixture
            .scratch
            .number("SELECT pk FROM subject WHERE id = 'new'")
            .await;
        assert_eq!(number, 6);
        assert_eq!(fixture.session().await.run().0, 4);
    }
}

#[tokio::test]
async fn what_holds_something_is_not_copied_over() {
    let (from, to) = (Scratch::new(), Scratch::new());
    let store = filled::fill(&from).await;
    to.open()
        .await
        .create_subscription("Other", "UTC", now())
        .await
        .unwrap();
    let refused = copy(&store, &to.options()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::NotEmpty { table, .. } if table == "subscription"),
        "{refused:?}"
    );
    // Nor is itself.
    let refused = copy(&store, &from.options()).await.unwrap_err();
    assert!(matches!(refused, Error::NotEmpty { .. }), "{refused:?}");
    assert_eq!(to.number("SELECT count(*) FROM subject").await, 0);
    assert_eq!(to.open().await.subscriptions().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_being_changed_stays_where_it_is() {
    let fixture = Fixture::knowing(&["a"]).await;
    let to = Scratch::embedded();
    let session = fixture.session().await;
    let refused = copy(&fixture.store, &to.options()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::UnderWay { what, .. } if what == "run 1"),
        "{refused:?}"
    );
    fixture.finish(session, store::run::State::Cancelled).await;

    let job = NewJob {
        scope: store::Scope {
            level: Level::Account,
            ..fixture.scope
        },
        kind: Kind::Sync,
        origin: Origin::default(),
        priority: Priority::Person,
        due_at: now(),
        expires_at: None,
    };
    fixture.store.ask(&job, now()).await.unwrap();
    fixture.store.claim(now()).await.unwrap().unwrap();
    let refused = copy(&fixture.store, &to.options()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::UnderWay { what, .. } if what == "job 1"),
        "{refused:?}"
    );
    // Of a process that is gone nothing is under way: the copy clears up after it, as the original would.
    fixture
        .scratch
        .execute("UPDATE job SET holder = '1-gone'")
        .await;
    assert!(copy(&fixture.store, &to.options()).await.unwrap().holds());
    let copied = to.open().await;
    copied.tidy_jobs(now()).await.unwrap();
    assert!(copied.claim(now()).await.unwrap().is_some());
}

/// A database that changes what is put into it.
#[tokio::test]
async fn a_copy_that_differs_is_not_kept() {
    for to in [Scratch::new(), Scratch::embedded()] {
        let from = Scratch::new();
        let store = filled::fill(&from).await;
        to.open().await.close().await;
        let (spoil, spare) = if to.url().is_some() {
            (
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN NEW.payload = ''{}''; RETURN NEW; END';
                 CREATE TRIGGER spoil BEFORE INSERT ON version FOR EACH ROW EXECUTE FUNCTION spoil()",
                "DROP TRIGGER spoil ON version",
            )
        } else {
            (
                "CREATE TRIGGER spoil AFTER INSERT ON version
                 BEGIN UPDATE version SET payload = '{}' WHERE id = NEW.id; END",
                "DROP TRIGGER spoil",
            )
        };
        to.execute(spoil).await;
        let proof = copy(&store, &to.options()).await.unwrap();
        assert!(!proof.holds());
        let differs = proof.tables.iter().filter(|one| one.from != one.to);
        let differs: Vec<&str> = differs.map(|one| one.table.as_str()).collect();
        assert_eq!(differs, ["version"]);
        let refused = Store::open_with(&to.options()).await.unwrap_err();
        assert!(matches!(refused, Error::Unfinished { .. }), "{refused:?}");

        to.execute(spare).await;
        assert!(copy(&store, &to.options()).await.unwrap().holds());
        to.open().await;
    }
}

#[tokio::test]
async fn a_copy_that_is_cut_off_is_told_from_a_database() {
    for to in [Scratch::new(), Scratch::embedded()] {
        let from = Scratch::new();
        let store = filled::fill(&from).await;
        {
            let (seen, address) = (std::cell::Cell::new(0), to.options().address());
            let mut copying = pin!(store.copy_to(&address, |progress| {
                seen.set(progress.rows);
            }));
            while seen.get() < 1 {
                assert!(futures::poll!(copying.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
        }
        let refused = loop {
            match Store::open_with(&to.options()).await.unwrap_err() {
                // Undoing goes on for a moment behind a connection that was dropped.
                Error::Open { .. } => tokio::task::yield_now().await,
                refused => break refused,
            }
        };
        assert!(matches!(refused, Error::Unfinished { .. }), "{refused:?}");
        assert_eq!(to.number("SELECT count(*) FROM subject").await, 0);
        // The same command once more does it.
        assert!(copy(&store, &to.options()).await.unwrap().holds());
        to.open().await;
    }
}

#[tokio::test]
async fn what_a_newer_release_has_added_is_not_left_behind() {
    let from = Scratch::new();
    let store = filled::fill(&from).await;
    from.execute("ALTER TABLE subject ADD COLUMN later TEXT")
        .await;
    let refused = copy(&store, &Scratch::embedded().options()).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, Error::Newer { migration, .. } if migration == "table subject"),
        "{refused:?}"
    );
}
