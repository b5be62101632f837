//! The store through its front door.

mod backups;
mod copies;
mod databases;
mod filled;
mod jobs;
mod lifecycle;
mod lists;
mod matching;
mod outbox;
mod releases;
mod schedules;
mod secrets;
mod takeover;
mod upgrades;
mod uploads;

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Level, PropertyName, RecordId, RunId};
use scratch::Scratch;
use store::{
    Scope, Session, Store,
    import::{Imported, NewSubject},
    mapping::EmptyPolicy,
    run::{NewRun, Origin, State},
    stage::{Batch, Candidate, Change, Fate, StagedRecord},
};

/// A data directory with one subscription.
struct Fixture {
    scratch: Scratch,
    store: Store,
    scope: Scope,
}

/// Noon of a day long ago.
fn now() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

/// A run that a command asks for.
fn new_run(scope: Scope) -> NewRun {
    NewRun {
        scope,
        dry_run: false,
        origin: Origin::default(),
        job: None,
    }
}

impl Fixture {
    async fn new() -> Self {
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let subscription = store
            .create_subscription("Acme", "Asia/Tokyo", now())
            .await
            .unwrap()
            .id;
        Self {
            scratch,
            store,
            scope: Scope {
                subscription,
                level: Level::Visitor,
            },
        }
    }

    /// The same with these known ids.
    async fn knowing(ids: &[&str]) -> Self {
        let fixture = Self::new().await;
        fixture
            .import(ids.iter().map(|id| subject(id)).collect())
            .await;
        fixture
    }

    async fn import(&self, subjects: Vec<NewSubject>) -> Imported {
        let mut importer = self.store.import(self.scope, false, now()).await.unwrap();
        for subject in subjects {
            importer.push(subject).await.unwrap();
        }
        importer.finish().await.unwrap()
    }

    async fn session(&self) -> Session {
        let new = new_run(self.scope);
        self.store.begin_run(&new, now()).await.unwrap()
    }

    /// Runs records `(record, modified, id, payload)` onto their ids and applies them.
    async fn run(&self, records: &[(u64, i64, &str, &str)]) -> RunId {
        let mut session = self.session().await;
        let mut staged = Vec::new();
        for &(record, modified_at, id, payload) in records {
            staged.push(candidate(&mut session, record, modified_at, id, payload).await);
        }
        let claimed: BTreeSet<i64> = staged.iter().filter_map(claim).collect();
        session.stage(batch(staged), false, None).await.unwrap();
        session.settle_contested(claimed, |_| ()).await.unwrap();
        session.apply(1).await.unwrap();
        self.finish(session, State::Success).await
    }

    async fn finish(&self, session: Session, state: State) -> RunId {
        let run = session.run();
        session.close().await.unwrap();
        self.store
            .finish_run(run, state, &serde_json::json!({}), now())
            .await
            .unwrap();
        run
    }

    async fn hubspot(&self, id: &str) -> Option<String> {
        self.store
            .subject(self.scope, id)
            .await
            .unwrap()
            .unwrap()
            .hubspot
    }
}

fn subject(id: &str) -> NewSubject {
    NewSubject {
        id: id.into(),
        accounts: None,
        agent: None,
    }
}

async fn candidate(
    session: &mut Session,
    record: u64,
    modified_at: i64,
    id: &str,
    payload: &str,
) -> StagedRecord {
    let known = session
        .known(&[id])
        .await
        .unwrap()
        .remove(0)
        .expect("a known id");
    let change = Change {
        payload: payload.into(),
        previous: known.link.as_ref().and_then(|link| link.version),
        written: 1,
        cleared: 0,
    };
    let candidate = Candidate {
        subject: known.subject,
        fingerprint: 7,
        presence: vec![1],
        change: Some(change),
        relink: true,
        wire: None,
    };
    StagedRecord {
        record: RecordId(record),
        modified_at,
        fate: Fate::Matched(Box::new(candidate)),
    }
}

/// The subject that a record claims.
fn claim(record: &StagedRecord) -> Option<i64> {
    match &record.fate {
        Fate::Matched(candidate) => Some(candidate.subject),
        _ => None,
    }
}

fn batch(records: Vec<StagedRecord>) -> Batch {
    Batch {
        records,
        ..Batch::default()
    }
}

fn key() -> PropertyName {
    PropertyName::new("product_user_id")
}

const CLEAR: EmptyPolicy = EmptyPolicy::Clear;
