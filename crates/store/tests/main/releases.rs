//! What each release has left behind, opened with this one.
//!
//! `tests/fixtures` holds, for each release, a backup that it made and the same database as PostgreSQL's statements. `cargo
//! xtask fixture` makes those of the present one.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use model::PropertyName;
use scratch::Scratch;
use store::{Store, backup::restore, run::State};

use crate::{
    Fixture, filled,
    filled::{ACCOUNTS, SCOPE},
    subject,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
const BACKUP: &str = "backup.sqlite.gz";
const STATEMENTS: &str = "postgres.sql";

fn releases() -> Vec<PathBuf> {
    let entries = fs::read_dir(FIXTURES).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Puts the release's backup somewhere.
fn unpack(release: &Path, to: &Path) {
    let packed = File::open(release.join(BACKUP)).unwrap();
    let mut file = File::create(to).unwrap();
    io::copy(&mut GzDecoder::new(packed), &mut file).unwrap();
}

#[tokio::test]
async fn what_a_release_has_stored_is_all_there() {
    let releases = releases();
    assert!(releases.iter().any(|release| release.ends_with("0.1.0")));
    for release in releases {
        // As its data directory.
        let scratch = Scratch::embedded();
        unpack(&release, &scratch.path().join("tributary.sqlite"));
        let store = scratch.open().await;
        look(scratch, store).await;

        // As its database on a server.
        let scratch = Scratch::bare();
        if scratch.url().is_some() {
            let statements = fs::read_to_string(release.join(STATEMENTS)).unwrap();
            scratch.execute(&statements).await;
            let store = scratch.open().await;
            look(scratch, store).await;
        }

        // As its backup.
        let scratch = Scratch::new();
        let file = scratch.path().join("backup");
        unpack(&release, &file);
        let address = scratch.options().address();
        let restored = restore(&file, &address, scratch.path(), |_| ()).await;
        assert!(restored.unwrap().holds());
        let store = scratch.open().await;
        look(scratch, store).await;
    }
}

/// Finds what the release stored, and works on.
async fn look(scratch: Scratch, store: Store) {
    let one = store.subject(SCOPE, "u-1").await.unwrap().unwrap();
    assert_eq!(one.agent.as_deref(), Some(r#"{"role":"admin"}"#));
    assert_eq!(one.custom.as_deref(), Some(r#"{"note":"a\u0000b"}"#));
    assert_eq!(one.hubspot.as_deref(), Some(r#"{"mrr":2,"plan":"free"}"#));
    assert_eq!(one.record.map(|record| record.0), Some(101));
    let mapping = store.mapping(SCOPE).await.unwrap().unwrap();
    assert_eq!(mapping.key, PropertyName::new("product_user_id"));
    assert_eq!(mapping.fields.len(), 2);
    let runs = store.runs(SCOPE.subscription, None, 9).await.unwrap();
    let states: Vec<State> = runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [State::Success, State::Failed, State::Success]);
    assert_eq!(store.kept(SCOPE).await.unwrap().remembered, 1);
    let members = store.members().await.unwrap();
    let emails: Vec<&str> = members.iter().map(|one| one.email.as_str()).collect();
    assert_eq!(emails, ["lee@example.com", "yui.sato@example.com"]);
    let schedule = store.schedule(SCOPE.subscription).await.unwrap().unwrap();
    assert_eq!(
        (schedule.rhythm.as_str(), schedule.paused),
        ("hourly", true)
    );
    assert_eq!(store.changes(i64::MAX, 9).await.unwrap().len(), 1);
    let upload = store.upload(SCOPE).await.unwrap().unwrap();
    assert_eq!((&*upload.name, upload.unseen), ("visitors.csv", 1));
    let upload = store.upload(ACCOUNTS).await.unwrap().unwrap();
    let part = store.upload_part(upload.id, 0).await.unwrap();
    assert_eq!(part.unwrap(), b"id\nacme\n");

    let fixture = Fixture {
        scratch,
        store,
        scope: SCOPE,
    };
    fixture.import(vec![subject("new")]).await;
    let run = fixture.run(&[(7, 0, "new", r#"{"plan":"pro"}"#)]).await;
    assert_eq!(run.0, 4, "a number was given twice");
    assert_eq!(fixture.hubspot("new").await.unwrap(), r#"{"plan":"pro"}"#);
}

#[tokio::test]
#[ignore = "made once for each release, by cargo xtask fixture"]
async fn make() {
    let release = Path::new(FIXTURES).join(env!("CARGO_PKG_VERSION"));
    assert!(!release.exists(), "a release's fixture never changes");
    let server = Scratch::new();
    let store = filled::fill(&server).await;
    let statements = server.statements().await;
    let backup = server.path().join("backup");
    assert!(store.back_up(&backup, false, |_| ()).await.unwrap().holds());
    fs::create_dir_all(&release).unwrap();
    fs::write(release.join(STATEMENTS), statements).unwrap();
    let file = File::create(release.join(BACKUP)).unwrap();
    let mut packed = GzEncoder::new(file, Compression::best());
    packed.write_all(&fs::read(&backup).unwrap()).unwrap();
    packed.finish().unwrap();
}
