//! Schedules, and what becomes of their windows.

use jiff::{SignedDuration, Timestamp};
use model::{Level, PropertyName};
use store::{
    Scope,
    job::{Kind, NewJob, Only, Priority},
    mapping::EmptyPolicy,
    run::{Origin, Trigger},
    schedule::{Missed, Scheduled},
};

use crate::{Fixture, now, secrets::connection};

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// The window of the next night.
fn window() -> (Timestamp, Timestamp) {
    (now() + hours(12), now() + hours(18))
}

impl Fixture {
    async fn scheduled(&self) -> Scheduled {
        let mut all = self.store.schedules().await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn jobs(&self) -> [NewJob; 2] {
        Level::ALL.map(|level| NewJob {
            scope: Scope {
                level,
                ..self.scope
            },
            kind: Kind::Sync,
            origin: Origin {
                trigger: Trigger::Schedule,
                by: None,
            },
            priority: Priority::Schedule,
            due_at: window().0,
            expires_at: Some(window().1),
        })
    }

    async fn serve(&self, scheduled: &Scheduled) -> bool {
        let jobs = self.jobs();
        let served = self.store.serve_window(scheduled, window(), &jobs, now());
        served.await.unwrap()
    }

    async fn count_jobs(&self) -> usize {
        self.store.jobs(Only::default(), 100).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_subscription_is_synced_every_night_unless_something_else_is_said() {
    let fixture = Fixture::new().await;
    let scheduled = fixture.scheduled().await;
    assert_eq!(scheduled.schedule.rhythm, "nightly");
    assert!(!scheduled.schedule.paused);
    assert_eq!(scheduled.schedule.since, now());
    assert_eq!(scheduled.levels, []);
    let later = now() + hours(1);
    let subscription = fixture.scope.subscription;
    let set = fixture
        .store
        .set_schedule(subscription, "every 60 minutes", true, later);
    set.await.unwrap();
    let schedule = fixture.store.schedule(subscription).await.unwrap().unwrap();
    assert_eq!(schedule.rhythm, "every 60 minutes");
    assert!(schedule.paused);
    assert_eq!(schedule.since, later);
    assert_eq!(fixture.scheduled().await.schedule, schedule);
}

#[tokio::test]
async fn levels_can_be_synced_that_are_mapped_under_a_connection() {
    let fixture = Fixture::new().await;
    let map = async |level| {
        let scope = Scope {
            level,
            ..fixture.scope
        };
        let key = PropertyName::new("key");
        fixture
            .store
            .set_mapping(scope, &key, &[], EmptyPolicy::Clear, now())
            .await
            .unwrap();
    };
    map(Level::Account).await;
    assert_eq!(fixture.scheduled().await.levels, []);
    fixture
        .store
        .set_connection(fixture.scope.subscription, &connection(1))
        .await
        .unwrap();
    assert_eq!(fixture.scheduled().await.levels, [Level::Account]);
    map(Level::Visitor).await;
    assert_eq!(fixture.scheduled().await.levels, Level::ALL);
}

#[tokio::test]
async fn a_window_is_served_once() {
    let fixture = Fixture::new().await;
    let scheduled = fixture.scheduled().await;
    assert!(fixture.serve(&scheduled).await);
    assert_eq!(fixture.count_jobs().await, 2);
    // By whoever looked at the same time, and by whoever looks again.
    assert!(!fixture.serve(&scheduled).await);
    assert!(!fixture.serve(&fixture.scheduled().await).await);
    assert_eq!(fixture.count_jobs().await, 2);
    assert_eq!(fixture.scheduled().await.schedule.served_to, window().1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_one_serves_a_window() {
    let fixture = Fixture::new().await;
    let scheduled = fixture.scheduled().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (store, scheduled, jobs) = (fixture.store.clone(), scheduled.clone(), fixture.jobs());
        tasks.push(tokio::spawn(async move {
            let served = store.serve_window(&scheduled, window(), &jobs, now());
            served.await.unwrap()
        }));
    }
    let mut served = 0;
    for task in tasks {
        served += u32::from(task.await.unwrap());
    }
    assert_eq!((served, fixture.count_jobs().await), (1, 2));
}

#[tokio::test]
async fn a_schedule_that_was_changed_meanwhile_is_looked_at_anew() {
    let fixture = Fixture::new().await;
    let subscription = fixture.scope.subscription;
    for (rhythm, paused) in [("every 60 minutes", false), ("nightly", true)] {
        let before = fixture.scheduled().await;
        let later = before.schedule.since + hours(1);
        let set = fixture
            .store
            .set_schedule(subscription, rhythm, paused, later);
        set.await.unwrap();
        assert!(!fixture.serve(&before).await);
    }
    // Nor is one served that is paused.
    assert!(!fixture.serve(&fixture.scheduled().await).await);
    assert_eq!(fixture.count_jobs().await, 0);
}

#[tokio::test]
async fn a_job_that_waits_already_serves_the_window_too() {
    let fixture = Fixture::new().await;
    let wish = NewJob {
        priority: Priority::Person,
        ..fixture.jobs()[0].clone()
    };
    fixture.store.ask(&wish, now()).await.unwrap();
    assert!(fixture.serve(&fixture.scheduled().await).await);
    assert_eq!(fixture.count_jobs().await, 2);
}

#[tokio::test]
async fn missed_windows_are_noted_once_and_taken_back_when_they_are_served_after_all() {
    let fixture = Fixture::new().await;
    let subscription = fixture.scope.subscription;
    let missed = |windows| Missed {
        opens: window().0,
        closes: window().1 + hours(24 * (i64::from(windows) - 1)),
        windows,
    };
    let note = async |windows| {
        let noted = fixture
            .store
            .note_missed(subscription, missed(windows), now());
        noted.await.unwrap()
    };
    assert!(note(1).await);
    assert!(!note(1).await);
    assert!(note(2).await);
    assert!(!note(1).await);
    let listed = fixture.store.missed_windows(subscription, 10).await;
    assert_eq!(listed.unwrap(), [missed(2)]);
    // The clock had been wrong.
    assert!(fixture.serve(&fixture.scheduled().await).await);
    let listed = fixture.store.missed_windows(subscription, 10).await;
    assert_eq!(listed.unwrap(), []);
}
