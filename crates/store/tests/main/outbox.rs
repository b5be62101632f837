//! What waits to be sent to a destination outside, and what comes of it.

use jiff::SignedDuration;
use model::RunId;
use store::{
    Error,
    destination::{Destination, DestinationField, Listing},
    drift::Drift,
    job::{Claim, End, Kind, NewJob, Priority},
    outbox::{Cause, Delivery, Outgoing, Refused, Resend},
    run::{Origin, State},
};

use crate::{Fixture, batch, candidate, now};

impl Fixture {
    async fn connected(ids: &[&str]) -> Self {
        let fixture = Self::knowing(ids).await;
        fixture.connect("{}").await;
        fixture
    }

    async fn connect(&self, settings: &str) {
        let destination = Destination {
            kind: "pendo".into(),
            settings: settings.into(),
            connected_by: "yui".into(),
            connected_at: now(),
            broken: None,
        };
        let key = "a key that nobody reads".into();
        self.store
            .set_destination(self.scope.subscription, &destination, &key)
            .await
            .unwrap();
    }

    /// Changes these subjects by a run that is proved but for its delivery.
    async fn change(&self, changes: &[(u64, &str, &str)]) -> RunId {
        let mut session = self.session().await;
        let mut staged = Vec::new();
        for &(record, id, payload) in changes {
            staged.push(candidate(&mut session, record, 5, id, payload).await);
        }
        session.stage(batch(staged), false, None).await.unwrap();
        session.apply(1).await.unwrap();
        self.finish(session, State::Delivering).await
    }

    /// The job that sends.
    async fn deliver(&self) -> Claim {
        let job = NewJob {
            scope: self.scope,
            kind: Kind::Deliver,
            origin: Origin::default(),
            priority: Priority::Schedule,
            due_at: now(),
            expires_at: None,
        };
        let id = self.store.ask(&job, now()).await.unwrap();
        self.store.claim_job(id, now()).await.unwrap().unwrap()
    }

    async fn outgoing(&self, cause: Cause) -> Vec<Outgoing> {
        self.store
            .outgoing(self.scope, cause, 0, 100)
            .await
            .unwrap()
    }

    async fn settle(&self, claim: &Claim, cause: Cause, refused: &[Refused]) {
        let rows = self.outgoing(cause).await;
        let subjects: Vec<i64> = rows.iter().map(|row| row.subject).collect();
        self.store
            .settle(claim, cause, &subjects, refused)
            .await
            .unwrap();
    }

    async fn delivered(&self, run: RunId) -> Delivery {
        self.store
            .delivery(self.scope, Cause::Run(run))
            .await
            .unwrap()
            .unwrap()
    }

    async fn ended(&self, run: RunId) -> (State, serde_json::Value) {
        let run = self.store.run(self.scope.subscription, run).await;
        let run = run.unwrap().unwrap();
        (run.state, run.report.unwrap())
    }
}

#[tokio::test]
async fn without_a_destination_nothing_waits() {
    let fixture = Fixture::knowing(&["a"]).await;
    let run = fixture.run(&[(1, 1, "a", r#"{"plan":"pro"}"#)]).await;
    assert!(fixture.store.waiting(None).await.unwrap().is_empty());
    let cause = Cause::Run(run);
    let delivery = fixture.store.delivery(fixture.scope, cause).await.unwrap();
    assert_eq!(delivery, None);
}

#[tokio::test]
async fn a_run_is_proved_once_every_change_is_taken() {
    let fixture = Fixture::connected(&["a", "b"]).await;
    let run = fixture
        .change(&[
            (1, "a", r#"{"plan":"pro"}"#),
            (2, "b", r#"{"plan":"free"}"#),
        ])
        .await;
    let cause = fixture.store.next_cause(fixture.scope).await.unwrap();
    assert_eq!(cause, Some(Cause::Run(run)));
    let rows = fixture.outgoing(Cause::Run(run)).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].before, None);
    let claim = fixture.deliver().await;
    let first = rows[0].subject;
    fixture
        .store
        .settle(&claim, Cause::Run(run), &[first], &[])
        .await
        .unwrap();
    assert_eq!(fixture.ended(run).await.0, State::Delivering);
    assert_eq!(fixture.delivered(run).await.pending(), 1);
    fixture.settle(&claim, Cause::Run(run), &[]).await;
    let (state, report) = fixture.ended(run).await;
    assert_eq!((state, &report["proved"]), (State::Success, &true.into()));
    assert_eq!(
        report["delivery"],
        serde_json::json!({"queued": 2, "acknowledged": 2, "missing": 0, "errors": 0, "pending": 0})
    );
    assert_eq!(fixture.store.next_cause(fixture.scope).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_taken_is_listed_and_makes_the_run_partial() {
    let fixture = Fixture::connected(&["a", "b", "c"]).await;
    let plan = r#"{"plan":"pro"}"#;
    let run = fixture
        .change(&[(1, "a", plan), (2, "b", plan), (3, "c", plan)])
        .await;
    let cause = Cause::Run(run);
    let rows = fixture.outgoing(cause).await;
    let claim = fixture.deliver().await;
    let refused = |at: usize, missing| Refused {
        subject: rows[at].subject,
        missing,
        detail: (!missing).then(|| "plan: not this".into()),
    };
    fixture
        .settle(&claim, cause, &[refused(0, true), refused(2, false)])
        .await;
    let (state, report) = fixture.ended(run).await;
    assert_eq!((state, &report["proved"]), (State::Partial, &false.into()));
    assert_eq!(
        (
            report["delivery"]["missing"].as_u64(),
            report["delivery"]["errors"].as_u64()
        ),
        (Some(1), Some(1))
    );
    let store = &fixture.store;
    let missing = store
        .undelivered(fixture.scope, cause, true, 0, 9)
        .await
        .unwrap();
    assert_eq!((missing.len(), &*missing[0].id), (1, "a"));
    let errors = store
        .undelivered(fixture.scope, cause, false, 0, 9)
        .await
        .unwrap();
    assert_eq!(errors[0].detail.as_deref(), Some("plan: not this"));

    // The destination has come to know the one id; the other one was never missing.
    let ids = Resend::Missed(&["a", "b", "c", "stranger"]);
    assert_eq!(store.resend(fixture.scope, ids, now()).await.unwrap(), 1);
    assert_eq!(store.resend(fixture.scope, ids, now()).await.unwrap(), 0);
    let again = fixture.outgoing(Cause::Again).await;
    assert_eq!((&*again[0].id, again[0].whole), ("a", true));
}

#[tokio::test]
async fn changes_of_one_subject_keep_their_order_and_say_what_was_before() {
    let fixture = Fixture::connected(&["a"]).await;
    let first = fixture.change(&[(1, "a", r#"{"plan":"free"}"#)]).await;
    let second = fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    fixture
        .store
        .resend(fixture.scope, Resend::All, now())
        .await
        .unwrap();
    let claim = fixture.deliver().await;
    for (cause, before, payload) in [
        (Cause::Run(first), None, r#"{"plan":"free"}"#),
        (
            Cause::Run(second),
            Some(r#"{"plan":"free"}"#),
            r#"{"plan":"pro"}"#,
        ),
        (Cause::Again, None, r#"{"plan":"pro"}"#),
    ] {
        let next = fixture.store.next_cause(fixture.scope).await.unwrap();
        assert_eq!(next, Some(cause));
        let rows = fixture.outgoing(cause).await;
        assert_eq!(
            (rows[0].before.as_deref(), &*rows[0].payload),
            (before, payload)
        );
        fixture.settle(&claim, cause, &[]).await;
    }
}

#[tokio::test]
async fn versions_that_are_still_to_be_sent_outlive_their_retention() {
    let fixture = Fixture::connected(&["a"]).await;
    let first = fixture.change(&[(1, "a", r#"{"plan":"free"}"#)]).await;
    fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    fixture.change(&[(1, "a", r#"{"plan":"max"}"#)]).await;
    let later = now() + SignedDuration::from_hours(24);
    fixture.store.prune(later).await.unwrap();
    let rows = fixture.outgoing(Cause::Run(first)).await;
    assert_eq!(rows[0].payload, r#"{"plan":"free"}"#);
    let claim = fixture.deliver().await;
    while let Some(cause) = fixture.store.next_cause(fixture.scope).await.unwrap() {
        fixture.settle(&claim, cause, &[]).await;
    }
    assert_eq!(fixture.store.prune(later).await.unwrap(), 2);
}

#[tokio::test]
async fn a_run_under_way_is_not_sent_yet_and_one_applied_twice_is_there_once() {
    let fixture = Fixture::connected(&["a"]).await;
    let mut session = fixture.session().await;
    let staged = candidate(&mut session, 1, 5, "a", r#"{"plan":"pro"}"#).await;
    session
        .stage(batch(vec![staged]), false, None)
        .await
        .unwrap();
    session.apply(1).await.unwrap();
    assert_eq!(fixture.store.next_cause(fixture.scope).await.unwrap(), None);
    assert!(fixture.store.undelivered_levels().await.unwrap().is_empty());
    session.apply(1).await.unwrap();
    let run = fixture.finish(session, State::Delivering).await;
    assert_eq!(fixture.delivered(run).await.queued, 1);
    let levels = fixture.store.undelivered_levels().await.unwrap();
    assert_eq!(levels, [fixture.scope]);
    let claim = fixture.deliver().await;
    assert!(fixture.store.undelivered_levels().await.unwrap().is_empty());
    drop(claim);
}

#[tokio::test]
async fn whoever_was_taken_for_dead_settles_nothing() {
    let fixture = Fixture::connected(&["a"]).await;
    let run = fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    let claim = fixture.deliver().await;
    let end = End::Again {
        at: now(),
        problem: "{}".into(),
    };
    fixture
        .store
        .end_job(&claim, &end, now())
        .await
        .unwrap()
        .unwrap();
    let other = fixture.deliver().await;
    let settled = fixture
        .store
        .settle(&claim, Cause::Run(run), &[1], &[])
        .await;
    assert!(matches!(settled, Err(Error::JobLost(_))));
    assert_eq!(fixture.delivered(run).await.pending(), 1);
    fixture.settle(&other, Cause::Run(run), &[]).await;
}

#[tokio::test]
async fn delivering_does_not_keep_a_level_from_being_synced() {
    let fixture = Fixture::connected(&["a"]).await;
    let claim = fixture.deliver().await;
    let sync = NewJob {
        scope: fixture.scope,
        kind: Kind::Sync,
        origin: Origin::default(),
        priority: Priority::Person,
        due_at: now(),
        expires_at: None,
    };
    fixture.store.ask(&sync, now()).await.unwrap();
    let compare = NewJob {
        kind: Kind::Compare { all: true },
        ..sync
    };
    fixture.store.ask(&compare, now()).await.unwrap();
    let begun = fixture.store.claim(now()).await.unwrap().unwrap();
    assert_eq!(begun.job.kind, Kind::Sync);
    assert!(fixture.store.claim(now()).await.unwrap().is_none());
    fixture
        .store
        .end_job(&claim, &End::Done, now())
        .await
        .unwrap()
        .unwrap();
    let inside = fixture.store.claim_inside(now()).await.unwrap();
    assert!(inside.is_none());
    let begun = fixture.store.claim(now()).await.unwrap().unwrap();
    assert_eq!(begun.job.kind, Kind::Compare { all: true });
}

#[tokio::test]
async fn erased_subjects_are_not_waited_for() {
    let fixture = Fixture::connected(&["a", "b"]).await;
    let plan = r#"{"plan":"pro"}"#;
    let run = fixture.change(&[(1, "a", plan), (2, "b", plan)]).await;
    for id in ["a", "b"] {
        fixture
            .store
            .erase_subject(fixture.scope, id, now())
            .await
            .unwrap();
    }
    fixture
        .store
        .conclude_deliveries(fixture.scope)
        .await
        .unwrap();
    assert_eq!(fixture.ended(run).await.0, State::Success);
    assert_eq!(fixture.delivered(run).await, Delivery::default());
}

#[tokio::test]
async fn a_destination_that_goes_takes_what_waits_with_it() {
    let fixture = Fixture::connected(&["a"]).await;
    let run = fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    let subscription = fixture.scope.subscription;
    assert!(
        fixture
            .store
            .remove_destination(subscription)
            .await
            .unwrap()
    );
    let (state, report) = fixture.ended(run).await;
    assert_eq!(
        (state, report["delivery"]["pending"].as_u64()),
        (State::Partial, Some(1))
    );
    assert!(fixture.store.waiting(None).await.unwrap().is_empty());
    assert!(
        !fixture
            .store
            .remove_destination(subscription)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_held_field_keeps_a_run_from_being_proved() {
    let fixture = Fixture::connected(&["a"]).await;
    let field = DestinationField {
        name: "plan".into(),
        key: "hubspot_plan".into(),
        kind: "time".into(),
        held: Some("it is a time there".into()),
    };
    let run = fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    let claim = fixture.deliver().await;
    fixture
        .store
        .set_destination_fields(&claim, &[field])
        .await
        .unwrap();
    fixture.settle(&claim, Cause::Run(run), &[]).await;
    let (state, report) = fixture.ended(run).await;
    assert_eq!(state, State::Partial);
    assert_eq!(report["delivery"]["held"]["plan"], "it is a time there");
}

#[tokio::test]
async fn what_differs_is_noted_and_sent_once_more() {
    let fixture = Fixture::connected(&["a", "b", "c"]).await;
    let plan = r#"{"plan":"pro"}"#;
    let run = fixture.change(&[(1, "a", plan), (2, "b", plan)]).await;
    let store = &fixture.store;
    assert!(
        store
            .sent(fixture.scope, &["a", "b", "c"])
            .await
            .unwrap()
            .is_empty()
    );
    let claim = fixture.deliver().await;
    fixture.settle(&claim, Cause::Run(run), &[]).await;
    let sent = store.sent(fixture.scope, &["a", "b", "c"]).await.unwrap();
    assert_eq!(sent.len(), 2);
    let drift = Drift {
        subject: sent[0].subject,
        id: "a".into(),
        name: "plan".into(),
        expected: Some(r#""pro""#.into()),
        found: None,
    };
    let differences = [drift];
    store
        .note_comparison(fixture.scope, "{}", &differences, now())
        .await
        .unwrap();
    assert_eq!(
        store.drift(fixture.scope, (0, ""), 9).await.unwrap(),
        differences
    );
    let resent = store.resend(fixture.scope, Resend::Drifted, now()).await;
    assert_eq!(resent.unwrap(), 1);
    assert!(
        store
            .drift(fixture.scope, (0, ""), 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store.sent(fixture.scope, &["a", "b"]).await.unwrap().len(),
        1
    );
    let waiting = store.waiting(None).await.unwrap();
    assert_eq!((waiting[0].changes, waiting[0].since), (1, now()));
}

#[tokio::test]
async fn what_is_known_of_another_destination_is_forgotten() {
    let fixture = Fixture::connected(&["a"]).await;
    let listing = Listing {
        listed: Some(7),
        listed_at: Some(now()),
        newest: Some(8),
    };
    let store = &fixture.store;
    store.set_listing(fixture.scope, &listing).await.unwrap();
    fixture.connect("{}").await;
    assert_eq!(store.listing(fixture.scope).await.unwrap(), listing);
    fixture.connect(r#"{"region":"eu"}"#).await;
    assert_eq!(
        store.listing(fixture.scope).await.unwrap(),
        Listing::default()
    );
}

#[tokio::test]
async fn what_comes_in_between_two_that_are_answered_stays() {
    let fixture = Fixture::connected(&["a", "b", "c"]).await;
    let plan = r#"{"plan":"pro"}"#;
    let run = fixture
        .change(&[(1, "a", plan), (2, "b", plan), (3, "c", plan)])
        .await;
    let claim = fixture.deliver().await;
    let rows = fixture.outgoing(Cause::Run(run)).await;
    let ends = [rows[0].subject, rows[2].subject];
    let store = &fixture.store;
    let settled = store.settle(&claim, Cause::Run(run), &ends, &[]).await;
    settled.unwrap();
    let rest = fixture.outgoing(Cause::Run(run)).await;
    assert_eq!((rest.len(), &*rest[0].id), (1, "b"));
    assert_eq!(fixture.delivered(run).await.acknowledged, 2);
}

#[tokio::test]
async fn after_a_refusal_the_next_change_sends_everything() {
    let fixture = Fixture::connected(&["a", "b"]).await;
    let run = fixture
        .change(&[
            (1, "a", r#"{"plan":"pro","seats":"3"}"#),
            (2, "b", r#"{"plan":"pro","seats":"4"}"#),
        ])
        .await;
    let cause = Cause::Run(run);
    let claim = fixture.deliver().await;
    let rows = fixture.outgoing(cause).await;
    let refused = Refused {
        subject: rows[0].subject,
        missing: false,
        detail: Some("seats: too many".into()),
    };
    fixture.settle(&claim, cause, &[refused]).await;
    let run = fixture
        .change(&[
            (1, "a", r#"{"plan":"free","seats":"3"}"#),
            (2, "b", r#"{"plan":"free","seats":"4"}"#),
        ])
        .await;
    let whole = |rows: Vec<Outgoing>| rows.iter().map(|row| row.whole).collect::<Vec<_>>();
    assert_eq!(
        whole(fixture.outgoing(Cause::Run(run)).await),
        [true, false]
    );
    fixture.settle(&claim, Cause::Run(run), &[]).await;
    let run = fixture
        .change(&[(1, "a", r#"{"plan":"pro","seats":"3"}"#)])
        .await;
    assert_eq!(whole(fixture.outgoing(Cause::Run(run)).await), [false]);
}

#[tokio::test]
async fn another_destination_gets_everything_and_whoever_sends_to_the_first_settles_nothing() {
    let fixture = Fixture::connected(&["a"]).await;
    let run = fixture.change(&[(1, "a", r#"{"plan":"pro"}"#)]).await;
    let claim = fixture.deliver().await;
    fixture.connect("another").await;
    let again = fixture.outgoing(Cause::Again).await;
    assert_eq!((again.len(), again[0].whole), (1, true));
    let store = &fixture.store;
    let cause = Cause::Run(run);
    let settled = store.settle(&claim, cause, &[again[0].subject], &[]).await;
    assert!(matches!(settled, Err(Error::JobLost(_))));
    let noted = store.set_destination_fields(&claim, &[]).await;
    assert!(matches!(noted, Err(Error::JobLost(_))));

    let claim = fixture.deliver().await;
    fixture.settle(&claim, cause, &[]).await;
    fixture.settle(&claim, Cause::Again, &[]).await;
    assert_eq!(fixture.ended(run).await.0, State::Success);
    // Another key of the same one brings nothing new.
    fixture.connect("another").await;
    assert!(fixture.outgoing(Cause::Again).await.is_empty());
}

#[tokio::test]
async fn values_of_a_field_that_is_sent_for_the_first_time_are_found() {
    let fixture = Fixture::connected(&["a", "b", "c"]).await;
    let both = r#"{"plan":"pro","seats":"3"}"#;
    let run = fixture
        .change(&[(1, "a", both), (2, "b", r#"{"plan":"pro"}"#)])
        .await;
    let store = &fixture.store;
    // A change that waits brings them.
    let put = store
        .resend(fixture.scope, Resend::With("seats"), now())
        .await;
    assert_eq!(put.unwrap(), 0);
    let claim = fixture.deliver().await;
    fixture.settle(&claim, Cause::Run(run), &[]).await;
    let run = fixture
        .change(&[(1, "a", r#"{"plan":"free","seats":"3"}"#), (3, "c", both)])
        .await;
    // That of the first subject is about another field.
    let put = store
        .resend(fixture.scope, Resend::With("seats"), now())
        .await;
    assert_eq!(put.unwrap(), 1);
    let again = fixture.outgoing(Cause::Again).await;
    assert_eq!(&*again[0].id, "a");
    fixture.settle(&claim, Cause::Run(run), &[]).await;
}
