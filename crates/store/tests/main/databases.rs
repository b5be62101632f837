//! What must be the same on every database, and what several processes may do at once.

use futures::future::join_all;
use jiff::SignedDuration;
use model::{Group, MetadataType, PropertyName, RecordId};
use store::{
    Error, Miss, Options, Place, Store,
    findings::Only,
    import::NewSubject,
    member::{Refused, Role},
    run::State,
    session::{Purpose, Ticket},
    stage::{Batch, Fate, QuarantinedValue, StagedRecord},
};

use crate::{Fixture, batch, candidate, new_run, now, subject};

/// A value with a NUL, as JSON writes it.
const NUL: &str = r#"{"note":"a\u0000b"}"#;

#[tokio::test]
async fn a_nul_is_lost_nowhere() {
    let fixture = Fixture::knowing(&["a", "ab\u{FFFD}"]).await;
    let mut session = fixture.session().await;
    let matched = candidate(&mut session, 1, 0, "a", NUL).await;
    let missed = StagedRecord {
        record: RecordId(2),
        modified_at: 0,
        fate: Fate::Missed {
            reason: Miss::UnknownId,
            key: Some("ab\0".into()),
            near: None,
        },
    };
    let quarantined = QuarantinedValue {
        record: RecordId(1),
        property: PropertyName::new("seats"),
        reason: "not_a_number",
        value: "1\0".into(),
    };
    assert_eq!(session.known(&["ab\0"]).await.unwrap(), [None]);
    let quarantined = Batch {
        quarantined: vec![quarantined],
        ..batch(vec![matched, missed])
    };
    session.stage(quarantined, false, None).await.unwrap();
    session.apply(1).await.unwrap();
    let mut read = Vec::new();
    session
        .read_back(|stored| read.push(stored.payload.to_owned()))
        .await
        .unwrap();
    assert_eq!(read, [NUL]);
    let run = fixture.finish(session, State::Success).await;
    assert_eq!(fixture.hubspot("a").await.unwrap(), NUL);

    // What is only looked at shows that something was there.
    let all = Only::default();
    let missed = fixture.store.missed(run, &all, RecordId(0), 9).await;
    assert_eq!(missed.unwrap()[0].key.as_deref(), Some("ab\u{FFFD}"));
    let kept_out = fixture.store.quarantined(run, &all, (RecordId(0), ""), 9);
    assert_eq!(kept_out.await.unwrap()[0].value, "1\u{FFFD}");

    // Nobody has such an id, not even somebody whose id looks like it.
    let (store, scope) = (&fixture.store, fixture.scope);
    assert_eq!(store.subject(scope, "ab\0").await.unwrap(), None);
    assert_eq!(store.number_of(scope, "ab\0").await.unwrap(), None);
    assert_eq!(store.known(scope, &["ab\0"]).await.unwrap(), [false]);
    assert!(!store.erase_subject(scope, "ab\0", now()).await.unwrap());
    assert!(store.subject(scope, "ab\u{FFFD}").await.unwrap().is_some());

    let note = (Group::Custom, "note", MetadataType::String);
    let token = Some(r#""\u0000""#);
    assert!(
        store
            .set_value(scope, "a", note, token, now())
            .await
            .unwrap()
    );
    assert!(
        !store
            .set_value(scope, "a\0", note, token, now())
            .await
            .unwrap()
    );
    let custom = store.subject(scope, "a").await.unwrap().unwrap().custom;
    assert_eq!(custom.unwrap(), r#"{"note":"\u0000"}"#);
    store
        .pin(scope, (Group::Custom, "note"), true, now())
        .await
        .unwrap()
        .unwrap();
    while store.build_pins(scope).await.unwrap().is_some() {}
}

#[tokio::test]
async fn agent_metadata_is_merged_to_the_digit() {
    let fixture = Fixture::new().await;
    let mut cases = Vec::new();
    for (at, (first, second, merged)) in [
        (
            r#"{"b":1.50,"a":2}"#,
            r#"{"c":3}"#,
            r#"{"b":1.50,"a":2,"c":3}"#,
        ),
        (r#"{"b":1,"a":2}"#, r#"{"b":1.0}"#, r#"{"b":1.0,"a":2}"#),
        (r#"{"b":1,"a":2}"#, r#"{"b":null,"z":null}"#, r#"{"a":2}"#),
        (r#"{"a":1}"#, r#"{"a":null}"#, "{}"),
        (
            r#"{"a":null,"b":1}"#,
            r#"{"c":"x"}"#,
            r#"{"a":null,"b":1,"c":"x"}"#,
        ),
        (
            NUL,
            r#"{"n":12345678901234567890.10}"#,
            r#"{"note":"a\u0000b","n":12345678901234567890.10}"#,
        ),
        (
            r#"{"a \"q\"":"日本"}"#,
            r#"{"b":"\n"}"#,
            r#"{"a \"q\"":"日本","b":"\n"}"#,
        ),
        ("{}", r#"{"a":true}"#, r#"{"a":true}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("one {at}");
        let with = |id: &str, agent: &str| NewSubject {
            agent: Some(agent.into()),
            ..subject(id)
        };
        fixture.import(vec![with(&id, first)]).await;
        fixture.import(vec![with(&id, second)]).await;
        // The same within one file.
        let both = format!("both {at}");
        fixture
            .import(vec![with(&both, first), with(&both, second)])
            .await;
        cases.extend([(id, merged), (both, merged)]);
    }
    for (id, merged) in cases {
        let stored = fixture.store.subject(fixture.scope, &id).await.unwrap();
        assert_eq!(stored.unwrap().agent.unwrap(), merged, "{id}");
    }
}

/// The same database, opened as by other processes.
async fn others(fixture: &Fixture) -> Vec<Store> {
    join_all((0..4).map(|_| fixture.scratch.open())).await
}

#[tokio::test]
async fn several_processes_may_start_at_once() {
    let fixture = Fixture::new().await;
    if fixture.scratch.url().is_some() {
        // As it is before the first start.
        let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
        fixture.scratch.execute(empty).await;
    }
    for store in others(&fixture).await {
        store.subscriptions().await.unwrap();
    }
}

#[tokio::test]
async fn one_of_several_begins_the_run() {
    let fixture = Fixture::knowing(&["a"]).await;
    let stores = others(&fixture).await;
    let new = new_run(fixture.scope);
    let begun = join_all(stores.iter().map(|store| store.begin_run(&new, now())));
    let begun = begun.await;
    let (begun, refused): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!((begun.len(), refused.len()), (1, 3));
    for refused in refused {
        assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn several_imports_count_each_id_once() {
    let fixture = Fixture::new().await;
    let stores = others(&fixture).await;
    let imports = stores.iter().map(async |store| {
        let mut importer = store.import(fixture.scope, false, now()).await.unwrap();
        for id in 0..2_000 {
            importer.push(subject(&id.to_string())).await.unwrap();
        }
        importer.finish().await.unwrap();
    });
    join_all(imports).await;
    let count = fixture.store.count_subjects(fixture.scope).await.unwrap();
    assert_eq!(count, 2_000);
    // The indexes count on numbers that grow: each is found, whoever brought it.
    let found = join_all(
        stores
            .iter()
            .map(|store| store.near(fixture.scope, &["x:7", "1999.0"])),
    );
    for found in found.await {
        assert!(found.unwrap().iter().all(Option::is_some));
    }
}

#[tokio::test]
async fn an_admin_is_left_whoever_steps_back() {
    let fixture = Fixture::new().await;
    let mut admins = Vec::new();
    for email in ["a@x.example", "b@x.example", "c@x.example", "d@x.example"] {
        let admin = fixture.store.add_member(email, Role::Admin, now()).await;
        let admin = admin.unwrap().unwrap().id;
        fixture.store.set_password(admin, "hash").await.unwrap();
        admins.push(admin);
    }
    let stores = others(&fixture).await;
    let changed = stores
        .iter()
        .zip(&admins)
        .map(|(store, admin)| store.change_member(*admin, Role::Viewer, true));
    let changed = join_all(changed).await.into_iter().map(Result::unwrap);
    let refused = changed.filter(|changed| *changed == Err(Refused::LastAdmin));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn one_link_is_good_and_once() {
    let fixture = Fixture::new().await;
    let member = fixture.store.add_member("a@x.example", Role::Viewer, now());
    let ticket = Ticket {
        purpose: Purpose::Join,
        member: Some(member.await.unwrap().unwrap().id),
    };
    let stores = others(&fixture).await;
    let later = now() + SignedDuration::from_hours(1);
    let made = stores
        .iter()
        .zip(0_u8..)
        .map(async |(store, at)| store.put_ticket(&[at; 32], ticket, later).await.unwrap());
    join_all(made).await;
    let mut good = Vec::new();
    for at in 0..4 {
        if fixture
            .store
            .ticket(&[at; 32], now())
            .await
            .unwrap()
            .is_some()
        {
            good.push(at);
        }
    }
    assert_eq!(good.len(), 1, "later links take the place of earlier ones");
    let hash = [good[0]; 32];
    let taken = join_all(stores.iter().map(|store| store.take_ticket(&hash, now())));
    let taken = taken.await.into_iter().filter_map(Result::unwrap);
    assert_eq!(taken.count(), 1);
}

#[test]
fn a_place_shows_no_password() {
    let url = "postgres://ada:s3cret@db.example.com:5433/tributary?sslmode=require";
    let place = Place::of_url(url).unwrap().to_string();
    assert_eq!(place, "postgres://ada@db.example.com:5433/tributary");
    for wrong in [
        "mysql://ada:s3cret@host/x",
        "ada:s3cret",
        "postgres://:s3cret@[/x",
    ] {
        let refused = Place::of_url(wrong).unwrap_err();
        assert!(
            !format!("{refused:?} {refused}").contains("s3cret"),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        database: Some("postgres://ada:s3cret@127.0.0.1:1/tributary".into()),
        ..Options::embedded(dir.path())
    };
    let refused = Store::open_with(&options).await.unwrap_err();
    let shown = format!("{refused} {refused:?} {options:?}");
    assert!(shown.starts_with("cannot open the database postgres://ada@127.0.0.1:1/tributary"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let fixture = Fixture::new().await;
    // SQLite knows no other encodings that could be in its place.
    let Some(url) = fixture.scratch.url() else {
        return;
    };
    let (server, name) = url.split_once("/tributary_").unwrap();
    let name = name.split('?').next().unwrap();
    let make =
        format!("CREATE DATABASE latin_{name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    fixture.scratch.execute(&make).await;
    let options = Options {
        database: Some(format!("{server}/latin_{name}").into()),
        ..fixture.scratch.options()
    };
    let refused = Store::open_with(&options).await.unwrap_err();
    let drop = format!("DROP DATABASE latin_{name} WITH (FORCE)");
    fixture.scratch.execute(&drop).await;
    assert!(matches!(refused, Error::Encoding { .. }), "{refused:?}");
}

/// On a server a process is known by its session there: once that is gone, whatever it holds is another's.
#[tokio::test]
async fn a_process_whose_session_is_gone_is_taken_for_dead() {
    let fixture = Fixture::new().await;
    if fixture.scratch.url().is_none() {
        // Beside an embedded database it is a locked file, which no test can take from a process that lives.
        return;
    }
    let other = fixture.scratch.open().await;
    let new = new_run(fixture.scope);
    let begun = other.begin_run(&new, now()).await;
    let mut session = begun.unwrap();
    let begin = async || fixture.store.begin_run(&new, now()).await;
    assert!(matches!(begin().await, Err(Error::Busy { .. })));
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
               WHERE locktype = 'advisory' AND objsubid = 1
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    // Those of both processes.
    assert_eq!(fixture.scratch.number(cut).await, 2);
    let next = loop {
        match begin().await {
            Ok(next) => break next,
            // The server takes a moment.
            Err(Error::Busy { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(next.run() > session.run());
    let unstaged = session.unstage().await;
    assert!(
        matches!(unstaged, Err(Error::TakenOver { .. })),
        "{unstaged:?}"
    );
}
