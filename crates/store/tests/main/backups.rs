//! Backups, and what is made of them.

use std::{fs, path::Path};

use scratch::Scratch;
use store::{Error, Options, Store, backup::restore, copy::Proof};

use crate::{
    Fixture, batch, candidate,
    filled::{self, SCOPE},
    now,
};

async fn put_back(file: &Path, to: &Scratch) -> Result<Proof, Error> {
    let Options { data_dir, .. } = to.options();
    restore(file, &to.options().address(), &data_dir, |_| ()).await
}

/// A file that is not there yet.
fn file(beside: &Scratch) -> std::path::PathBuf {
    beside.path().join("backup")
}

#[tokio::test]
async fn a_backup_is_restored_into_any_database() {
    for (from, to) in [
        (Scratch::new(), Scratch::new()),
        (Scratch::embedded(), Scratch::new()),
        (Scratch::new(), Scratch::embedded()),
    ] {
        let store = filled::fill(&from).await;
        let file = file(&from);
        let made = store.back_up(&file, false, |_| ()).await.unwrap();
        assert!(made.holds());
        let restored = put_back(&file, &to).await.unwrap();
        assert!(restored.holds());
        assert_eq!(made.rows(), restored.rows());
        let store = to.open().await;
        assert_eq!(store.members().await.unwrap().len(), 2);
        let entries = fs::read_dir(to.path()).unwrap().flatten();
        let left = entries.filter(|entry| entry.file_name().to_string_lossy().contains("part-"));
        assert_eq!(left.count(), 0);
    }
}

#[tokio::test]
async fn a_backup_is_its_owners_and_replaces_nothing_unasked() {
    let from = Scratch::new();
    let store = filled::fill(&from).await;
    let file = file(&from);
    fs::write(&file, "something else").unwrap();
    let refused = store.back_up(&file, false, |_| ()).await.unwrap_err();
    assert!(matches!(refused, Error::FileExists { .. }), "{refused:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "something else");
    store.back_up(&file, true, |_| ()).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(put_back(&file, &Scratch::new()).await.unwrap().holds());
}

/// What a run has staged is not in it, and the run counts as one whose process is gone.
#[tokio::test]
async fn a_backup_is_made_beside_a_run() {
    let fixture = Fixture::knowing(&["a", "b"]).await;
    fixture.run(&[(1, 0, "a", r#"{"n":1}"#)]).await;
    let mut session = fixture.session().await;
    let staged = candidate(&mut session, 2, 0, "b", r#"{"n":2}"#).await;
    session
        .stage(batch(vec![staged]), false, None)
        .await
        .unwrap();

    let file = file(&fixture.scratch);
    let made = fixture.store.back_up(&file, false, |_| ()).await.unwrap();
    assert!(made.holds());
    assert!(made.tables.iter().all(|one| !one.table.contains("staged")));
    session.apply(1).await.unwrap();
    fixture.finish(session, store::run::State::Success).await;

    let to = Scratch::new();
    put_back(&file, &to).await.unwrap();
    let restored = Fixture {
        store: to.open().await,
        scratch: to,
        scope: fixture.scope,
    };
    assert_eq!(restored.hubspot("a").await.unwrap(), r#"{"n":1}"#);
    assert_eq!(restored.hubspot("b").await, None);
    let run = restored.run(&[(2, 0, "b", r#"{"n":3}"#)]).await;
    assert_eq!(run.0, 3);
    assert_eq!(restored.hubspot("b").await.unwrap(), r#"{"n":3}"#);
}

#[tokio::test]
async fn a_backup_of_an_older_release_is_brought_up_to_date() {
    let old = Scratch::embedded();
    filled::lay_out(&old, 2).await;
    let file = old.path().join("tributary.sqlite");
    let to = Scratch::new();
    let restored = put_back(&file, &to).await.unwrap();
    assert!(restored.holds());
    let newest = old.number("SELECT max(version) FROM _sqlx_migrations");
    assert_eq!(newest.await, 2, "the backup was changed");
    let store = to.open().await;
    assert!(store.subject(SCOPE, "u-1").await.unwrap().is_some());
    store
        .set_schedule(SCOPE.subscription, "hourly", false, now())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_no_backup_is_not_restored() {
    let to = Scratch::new();
    let empty = to.path().join("empty");
    fs::write(&empty, "").unwrap();
    let refused = put_back(&empty, &to).await.unwrap_err();
    assert!(matches!(refused, Error::NoDatabase { .. }), "{refused:?}");
    let text = to.path().join("text");
    fs::write(
        &text,
        "not a database, however long one looks at it. ".repeat(99),
    )
    .unwrap();
    put_back(&text, &to).await.unwrap_err();
    to.open().await;

    // Where something is, nothing is restored.
    let from = Scratch::new();
    let store: Store = filled::fill(&from).await;
    let file = file(&from);
    store.back_up(&file, false, |_| ()).await.unwrap();
    let refused = put_back(&file, &from).await.unwrap_err();
    assert!(matches!(refused, Error::NotEmpty { .. }), "{refused:?}");
}
