//! Runs that are left behind: gone on with by one process, out of reach for the one that had them.

use jiff::SignedDuration;
use store::{
    Error, Session,
    run::State,
    takeover::{Begun, Checkpoint},
};

use crate::{Fixture, batch, candidate, new_run, now};

impl Fixture {
    async fn take_over(&self, goes_on: bool) -> Begun {
        let new = new_run(self.scope);
        let begun = self.store.begin_or_take_over(&new, now(), |_| goes_on);
        begun.await.unwrap()
    }

    /// A session with one staged record and where it stands, whose process is taken for dead.
    async fn left_behind(&self) -> Session {
        let mut session = self.session().await;
        let staged = candidate(&mut session, 1, 1, "a", r#"{"plan":"pro"}"#).await;
        let checkpoint = Checkpoint {
            text: "here".into(),
            at: now(),
        };
        let stage = session.stage(batch(vec![staged]), false, Some(&checkpoint));
        stage.await.unwrap();
        self.store.hand_over(session.run()).await.unwrap();
        session
    }
}

#[tokio::test]
async fn a_run_is_gone_on_with_from_what_is_staged() {
    let fixture = Fixture::knowing(&["a"]).await;
    let run = fixture.left_behind().await.run();
    let Begun { mut session, left } = fixture.take_over(true).await;
    let left = left.unwrap();
    assert_eq!((session.run(), left.run), (run, run));
    assert_eq!((left.checkpoint.as_str(), left.checked_at), ("here", now()));
    assert_eq!(session.count_staged().await.unwrap(), 1);
    let mut claims = 0;
    session.claims(|_| claims += 1).await.unwrap();
    assert_eq!(claims, 1);
    session.apply(1).await.unwrap();
    fixture.finish(session, State::Success).await;
    let stored = fixture.hubspot("a").await.unwrap();
    assert_eq!(stored, r#"{"plan":"pro"}"#);
}

#[tokio::test]
async fn whoever_was_taken_for_dead_can_do_nothing_more() {
    let fixture = Fixture::knowing(&["a"]).await;
    let mut zombie = fixture.left_behind().await;
    let begun = fixture.take_over(true).await;
    // By the names of processes it is this one again; another holder stands for another process.
    fixture
        .scratch
        .execute("UPDATE run_lock SET holder = 'another'")
        .await;
    let run = zombie.run();
    let lost = |result: Result<(), Error>| {
        assert!(
            matches!(result, Err(Error::TakenOver { run: of }) if of == run),
            "{result:?}"
        );
    };
    lost(zombie.stage(batch(vec![]), false, None).await);
    lost(zombie.apply(1).await);
    lost(zombie.unstage().await);
    let report = serde_json::json!({});
    lost(
        fixture
            .store
            .finish_run(run, State::Success, &report, now())
            .await,
    );
    assert_eq!(fixture.hubspot("a").await, None);
    drop(begun);
}

#[tokio::test]
async fn what_nobody_goes_on_with_is_cleared_away() {
    let fixture = Fixture::knowing(&["a"]).await;
    let run = fixture.left_behind().await.run();
    let Begun { session, left } = fixture.take_over(false).await;
    assert!(session.run() > run && left.is_none());
    let dead = fixture.store.run(fixture.scope.subscription, run).await;
    assert_eq!(dead.unwrap().unwrap().state, State::Failed);
    assert_eq!(fixture.store.count_versions(run).await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_of_this_process_that_was_dropped_is_left_behind_too() {
    let fixture = Fixture::knowing(&["a"]).await;
    let session = fixture.session().await;
    let run = session.run();
    let begun = fixture
        .store
        .begin_run(&new_run(fixture.scope), now())
        .await;
    assert!(matches!(begun, Err(Error::Busy { .. })), "{begun:?}");
    // As when the database was gone and it could not be ended.
    drop(session);
    assert!(fixture.session().await.run() > run);
}

#[tokio::test]
async fn runs_are_tidied_up_that_no_job_goes_on_with() {
    let fixture = Fixture::knowing(&["a"]).await;
    let under_way = fixture.session().await;
    let later = now() + SignedDuration::from_mins(1);
    assert_eq!(fixture.store.tidy_runs(later).await.unwrap(), 0);
    let run = under_way.run();
    drop(under_way);
    assert_eq!(fixture.store.tidy_runs(later).await.unwrap(), 1);
    let ended = fixture.store.run(fixture.scope.subscription, run).await;
    let ended = ended.unwrap().unwrap();
    assert_eq!(
        (ended.state, ended.finished_at),
        (State::Failed, Some(later))
    );
    assert_eq!(fixture.store.tidy_runs(later).await.unwrap(), 0);
}

#[tokio::test]
async fn erasing_ends_what_was_left_behind() {
    let fixture = Fixture::knowing(&["a", "b"]).await;
    let run = fixture.left_behind().await.run();
    let erased = fixture.store.erase_subject(fixture.scope, "b", now());
    assert!(erased.await.unwrap());
    let Begun { session, left } = fixture.take_over(true).await;
    assert!(session.run() > run && left.is_none());
}
