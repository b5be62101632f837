//! Migrations on data: from every schema there was, and beside processes of another release.

use scratch::Scratch;
use store::{Error, Store, database::migrations::NEWEST};

use crate::{Fixture, filled, filled::SCOPE, now, subject};

#[tokio::test]
async fn every_migration_keeps_the_data() {
    for before in 1..=NEWEST {
        for scratch in [Scratch::bare(), Scratch::embedded()] {
            filled::lay_out(&scratch, before).await;
            let mut counts = Vec::new();
            let tables = scratch.tables().await;
            for table in tables
                .into_iter()
                .filter(|table| table != "_sqlx_migrations")
            {
                let sql = format!("SELECT count(*) FROM {table}");
                counts.push((sql.clone(), scratch.number(&sql).await));
            }
            let store = scratch.open().await;
            for (sql, count) in counts {
                assert_eq!(scratch.number(&sql).await, count, "{before}: {sql}");
            }
            filled::add_rows(&scratch, before, NEWEST).await;
            works(Fixture {
                scratch,
                store,
                scope: SCOPE,
            })
            .await;
        }
    }
}

/// Reads what the rows say, and has the store do what it does.
async fn works(fixture: Fixture) {
    let store = &fixture.store;
    let one = store.subject(SCOPE, "u-1").await.unwrap().unwrap();
    assert_eq!(one.agent.as_deref(), Some(r#"{"role":"admin"}"#));
    assert_eq!(one.custom.as_deref(), Some(r#"{"note":"a\u0000b"}"#));
    let payload = r#"{"mrr":12345678901234567890.10,"plan":"pro"}"#;
    assert_eq!(one.hubspot.as_deref(), Some(payload));
    let mapping = store.mapping(SCOPE).await.unwrap().unwrap();
    assert_eq!((mapping.version, mapping.fields.len()), (2, 2));
    assert_eq!(
        store.runs(SCOPE.subscription, None, 9).await.unwrap().len(),
        2
    );
    assert_eq!(store.members().await.unwrap().len(), 2);
    assert_eq!(store.count_linked(SCOPE).await.unwrap(), 1);
    let connection = store.connection_info(SCOPE.subscription).await.unwrap();
    assert!(connection.unwrap().broken.is_some(), "its keyring is lost");

    fixture.import(vec![subject("new")]).await;
    let run = fixture.run(&[(7, 0, "new", r#"{"plan":"pro"}"#)]).await;
    assert_eq!(run.0, 3);
    assert_eq!(fixture.hubspot("new").await.unwrap(), r#"{"plan":"pro"}"#);
    store.prune(now()).await.unwrap();
}

/// Notes a migration of a later release, as that release would have.
async fn migrate_later(scratch: &Scratch, name: &str) {
    scratch
        .execute(&format!(
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
             VALUES (9999, '{name}', CURRENT_TIMESTAMP, true, '', 0)"
        ))
        .await;
}

#[tokio::test]
async fn a_process_goes_on_beside_a_release_that_adds() {
    let scratch = Scratch::new();
    let store = filled::fill(&scratch).await;
    scratch
        .execute("ALTER TABLE subject ADD COLUMN later TEXT")
        .await;
    migrate_later(&scratch, "later").await;
    // The one that runs, and the one that is started again.
    for store in [store, scratch.open().await] {
        let job = store.job(store::job::JobId(1)).await.unwrap();
        assert!(job.is_some());
        let subject = store.subject(SCOPE, "u-1").await.unwrap();
        assert!(subject.is_some());
    }
}

#[tokio::test]
async fn a_process_leaves_alone_what_a_release_has_taken_from() {
    let scratch = Scratch::new();
    filled::fill(&scratch).await.close().await;
    migrate_later(&scratch, "contract near").await;
    let refused = Store::open_with(&scratch.options()).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Newer { migration, .. } if migration == "9999 contract near"),
        "{refused:?}"
    );
}
