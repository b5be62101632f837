//! Runs, from their lock to their pruning; imports; erasure.

use jiff::ToSpan as _;
use model::{Group, MetadataType, PropertyName, RecordId};
use store::{
    Error, Miss,
    findings::Only,
    import::{Imported, NewSubject},
    mapping::{EmptyPolicy, MappedField},
    run::State,
    stage::{Batch, Fate, QuarantinedValue, StagedRecord},
};

use crate::{CLEAR, Fixture, batch, candidate, key, new_run, now, subject};

#[tokio::test]
async fn what_is_staged_is_not_seen_before_it_is_applied() {
    let fixture = Fixture::knowing(&["a"]).await;
    let mut session = fixture.session().await;
    let staged = candidate(&mut session, 1, 0, "a", r#"{"plan":"pro"}"#).await;
    session
        .stage(batch(vec![staged]), false, None)
        .await
        .unwrap();
    assert_eq!(fixture.hubspot("a").await, None);
    session.apply(1).await.unwrap();
    assert_eq!(fixture.hubspot("a").await.unwrap(), r#"{"plan":"pro"}"#);
}

#[tokio::test]
async fn the_newest_duplicate_wins_then_the_highest_record() {
    let fixture = Fixture::knowing(&["a", "b"]).await;
    let run = fixture
        .run(&[
            (1, 5, "a", r#"{"n":1}"#),
            (2, 9, "a", r#"{"n":2}"#),
            (3, 9, "a", r#"{"n":3}"#),
            (4, 1, "b", "{}"),
        ])
        .await;
    assert_eq!(fixture.hubspot("a").await.unwrap(), r#"{"n":3}"#);
    let missed = fixture
        .store
        .missed(run, &Only::default(), RecordId(0), 10)
        .await
        .unwrap();
    let losers: Vec<(u64, Miss, Option<&str>)> = missed
        .iter()
        .map(|miss| (miss.record.0, miss.reason, miss.near.as_deref()))
        .collect();
    assert_eq!(
        losers,
        [
            (1, Miss::DuplicateKey, Some("a")),
            (2, Miss::DuplicateKey, Some("a"))
        ]
    );
    assert_eq!(
        fixture.store.count_versions(run).await.unwrap(),
        2,
        "the losers' versions were left"
    );
}

#[tokio::test]
async fn a_change_shows_before_and_after() {
    let fixture = Fixture::knowing(&["a"]).await;
    fixture.run(&[(1, 0, "a", r#"{"n":1}"#)]).await;
    let second = fixture.run(&[(1, 1, "a", r#"{"n":2}"#)]).await;
    let changed = fixture
        .store
        .changed(second, &Only::default(), -1, 10)
        .await
        .unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (changed[0].before.as_deref(), changed[0].after.as_str()),
        (Some(r#"{"n":1}"#), r#"{"n":2}"#)
    );
    assert!(
        fixture
            .store
            .changed(second, &Only::default(), changed[0].position, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_level_runs_once_at_a_time() {
    let fixture = Fixture::knowing(&["a"]).await;
    let session = fixture.session().await;
    let refused = fixture
        .store
        .begin_run(&new_run(fixture.scope), now())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Error::Busy { run, .. } if run == session.run()),
        "{refused}"
    );
    let elsewhere = fixture.scratch.open().await;
    assert!(matches!(
        elsewhere.begin_run(&new_run(fixture.scope), now()).await,
        Err(Error::Busy { .. })
    ));
    fixture.finish(session, State::Failed).await;
    elsewhere
        .begin_run(&new_run(fixture.scope), now())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_dead_process_leaves_nothing_locked_or_staged() {
    let fixture = Fixture::knowing(&["a"]).await;
    let run = {
        let dying = fixture.scratch.open().await;
        let mut session = dying
            .begin_run(&new_run(fixture.scope), now())
            .await
            .unwrap();
        let staged = candidate(&mut session, 1, 0, "a", r#"{"n":1}"#).await;
        session
            .stage(batch(vec![staged]), false, None)
            .await
            .unwrap();
        session.run()
    };
    let session = fixture.session().await;
    assert_eq!(fixture.store.count_versions(run).await.unwrap(), 0);
    let dead = fixture
        .store
        .run(fixture.scope.subscription, run)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(dead.state, State::Failed);
    fixture.finish(session, State::Success).await;
}

#[tokio::test]
async fn retention_forgets_details_but_not_values() {
    let fixture = Fixture::knowing(&["a", "b"]).await;
    let first = fixture
        .run(&[(1, 0, "a", r#"{"n":1}"#), (2, 0, "b", r#"{"n":1}"#)])
        .await;
    let second = fixture.run(&[(1, 1, "a", r#"{"n":2}"#)]).await;
    let third = fixture.run(&[(1, 2, "a", r#"{"n":3}"#)]).await;
    assert_eq!(
        fixture.store.prune(now()).await.unwrap(),
        0,
        "ended exactly at the cutoff"
    );
    assert_eq!(
        fixture.store.prune(now() + 1.second()).await.unwrap(),
        2,
        "all but the latest applied"
    );
    assert_eq!(fixture.hubspot("a").await.unwrap(), r#"{"n":3}"#);
    assert_eq!(fixture.hubspot("b").await.unwrap(), r#"{"n":1}"#);
    let changed = fixture
        .store
        .changed(third, &Only::default(), -1, 10)
        .await
        .unwrap();
    assert_eq!(
        changed[0].before.as_deref(),
        Some(r#"{"n":2}"#),
        "what a kept run changed is kept"
    );
    assert_eq!(fixture.store.count_versions(first).await.unwrap(), 1);
    assert!(
        fixture
            .store
            .run(fixture.scope.subscription, second)
            .await
            .unwrap()
            .unwrap()
            .pruned
    );
}

#[tokio::test]
async fn runs_that_are_forgotten_together_leave_no_version_behind() {
    let fixture = Fixture::knowing(&["a"]).await;
    for n in 0..5 {
        let payload = format!(r#"{{"n":{n}}}"#);
        fixture.run(&[(1, n, "a", &payload)]).await;
    }
    // PostgreSQL hands rows out in the order in which they were written last.
    for run in [3, 1] {
        let touch = format!("UPDATE run SET report = report WHERE id = {run}");
        fixture.scratch.execute(&touch).await;
    }
    assert_eq!(fixture.store.prune(now() + 1.second()).await.unwrap(), 4);
    let versions = "SELECT count(*) FROM version";
    assert_eq!(
        fixture.scratch.number(versions).await,
        2,
        "the present one, and the one before"
    );
}

#[tokio::test]
async fn imports_merge_and_never_remove() {
    let fixture = Fixture::new().await;
    let with = |agent: &str, accounts: Option<&str>| NewSubject {
        id: "a".into(),
        accounts: accounts.map(str::to_owned),
        agent: Some(agent.into()),
    };
    let first = fixture
        .import(vec![
            with(r#"{"role":"admin","seats":1.50}"#, Some(r#"["x"]"#)),
            subject("b"),
        ])
        .await;
    assert_eq!(
        first,
        Imported {
            created: 2,
            known: 0,
            removed: 0
        }
    );
    let second = fixture
        .import(vec![with(r#"{"role":null,"lang":"ja"}"#, None)])
        .await;
    assert_eq!(
        second,
        Imported {
            created: 0,
            known: 1,
            removed: 0
        }
    );
    let a = fixture
        .store
        .subject(fixture.scope, "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(a.agent.unwrap(), r#"{"seats":1.50,"lang":"ja"}"#);
    assert_eq!(a.accounts.unwrap(), r#"["x"]"#);
}

#[tokio::test]
async fn a_mirror_removes_what_the_file_lacks() {
    let fixture = Fixture::knowing(&["a", "b", "c"]).await;
    let mut importer = fixture
        .store
        .import(fixture.scope, true, now())
        .await
        .unwrap();
    importer.push(subject("b")).await.unwrap();
    importer.finish().await.unwrap();
    assert_eq!(importer.count_unseen().await.unwrap(), 2);
    assert_eq!(importer.remove_unseen().await.unwrap(), 2);
    let left = fixture.store.subjects(fixture.scope, "", 10).await.unwrap();
    assert_eq!(
        left.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
}

#[tokio::test]
async fn an_erased_subject_leaves_no_trace() {
    let fixture = Fixture::knowing(&["needle", "other"]).await;
    let mut session = fixture.session().await;
    session.near(&["x"]).await.unwrap();
    let matched = candidate(&mut session, 1, 0, "needle", r#"{"n":"haystack"}"#).await;
    let missed = StagedRecord {
        record: RecordId(2),
        modified_at: 0,
        fate: Fate::Missed {
            reason: Miss::DiffersByCase,
            key: Some("NEEDLE".into()),
            near: Some("needle".into()),
        },
    };
    let quarantined = QuarantinedValue {
        record: RecordId(1),
        property: PropertyName::new("seats"),
        reason: "not_a_number",
        value: "haystack".into(),
    };
    session
        .stage(
            Batch {
                quarantined: vec![quarantined],
                ..batch(vec![matched, missed])
            },
            false,
            None,
        )
        .await
        .unwrap();
    session.apply(1).await.unwrap();
    fixture.finish(session, State::Success).await;
    assert!(
        fixture
            .store
            .erase_subject(fixture.scope, "needle", now())
            .await
            .unwrap()
    );
    assert!(
        !fixture
            .store
            .erase_subject(fixture.scope, "needle", now())
            .await
            .unwrap()
    );
    let dump = fixture.scratch.dump().await;
    for trace in ["needle", "eldeen", "NEEDLE", "haystack"] {
        assert!(!dump.contains(trace), "{trace} is still in the database");
    }
}

#[tokio::test]
async fn nobody_is_erased_while_the_level_is_synced() {
    let fixture = Fixture::knowing(&["a"]).await;
    let session = fixture.session().await;
    let refused = fixture.store.erase_subject(fixture.scope, "a", now()).await;
    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    fixture.finish(session, State::Cancelled).await;
    assert!(
        fixture
            .store
            .erase_subject(fixture.scope, "a", now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn values_are_set_by_hand() {
    let fixture = Fixture::knowing(&["a"]).await;
    let tier = (Group::Custom, "ti\"er", MetadataType::Decimal);
    assert!(
        fixture
            .store
            .set_value(fixture.scope, "a", tier, Some("1.50"), now())
            .await
            .unwrap()
    );
    assert!(
        !fixture
            .store
            .set_value(fixture.scope, "nobody", tier, Some("1"), now())
            .await
            .unwrap()
    );
    let a = fixture
        .store
        .subject(fixture.scope, "a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(a.custom.unwrap(), r#"{"ti\"er":1.50}"#);
    fixture
        .store
        .set_value(fixture.scope, "a", tier, None, now())
        .await
        .unwrap();
    assert_eq!(
        fixture
            .store
            .subject(fixture.scope, "a")
            .await
            .unwrap()
            .unwrap()
            .custom
            .unwrap(),
        "{}"
    );
}

#[tokio::test]
async fn a_mapping_grows_only_when_it_changes() {
    let fixture = Fixture::new().await;
    let field = |name: &str, kind| MappedField {
        property: PropertyName::new(name),
        kind,
        display_name: name.into(),
    };
    let plan = field("plan", MetadataType::String);
    let set = |fields: Vec<MappedField>, empty| {
        let store = fixture.store.clone();
        let scope = fixture.scope;
        async move {
            store
                .set_mapping(scope, &key(), &fields, empty, now())
                .await
                .unwrap()
        }
    };
    assert_eq!(fixture.store.mapping(fixture.scope).await.unwrap(), None);
    assert_eq!(set(vec![plan.clone()], CLEAR).await.version, 1);
    assert_eq!(set(vec![plan.clone()], CLEAR).await.version, 1);
    assert_eq!(set(vec![plan.clone()], EmptyPolicy::Keep).await.version, 2);
    assert_eq!(set(vec![], EmptyPolicy::Keep).await.version, 3);
    let again = set(vec![field("plan", MetadataType::Decimal)], CLEAR).await;
    assert_eq!(
        again.fields[0].kind,
        MetadataType::String,
        "a field keeps the type it was made with"
    );
    assert_eq!(again.version, 4);
}
