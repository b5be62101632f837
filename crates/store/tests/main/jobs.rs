//! The queue: what is asked for is begun once, in its turn, by one process.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::Level;
use store::{
    Error, Scope, Store, SubscriptionId,
    job::{Claim, End, JobId, Kind, Lost, NewJob, Only, Priority, State},
    run::{NewRun, Origin, Trigger},
};

use crate::{Fixture, new_run, now};

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A sync that somebody asks for.
fn wish(scope: Scope) -> NewJob {
    NewJob {
        scope,
        kind: Kind::Sync,
        origin: Origin {
            trigger: Trigger::Page,
            by: Some("mio".into()),
        },
        priority: Priority::Person,
        due_at: now(),
        expires_at: None,
    }
}

/// A sync of the night, for an hour.
fn night(scope: Scope) -> NewJob {
    NewJob {
        origin: Origin {
            trigger: Trigger::Schedule,
            by: None,
        },
        priority: Priority::Schedule,
        expires_at: Some(now() + minutes(60)),
        ..wish(scope)
    }
}

fn accounts(scope: Scope) -> Scope {
    Scope {
        level: Level::Account,
        ..scope
    }
}

impl Fixture {
    async fn ask(&self, job: &NewJob) -> JobId {
        self.store.ask(job, now()).await.unwrap()
    }

    async fn claim_at(&self, at: Timestamp) -> Option<Claim> {
        self.store.claim(at).await.unwrap()
    }

    async fn claim(&self) -> Option<Claim> {
        self.claim_at(now()).await
    }

    async fn end(&self, claim: &Claim, end: End) -> Result<(), Lost> {
        self.store.end_job(claim, &end, now()).await.unwrap()
    }

    async fn state(&self, job: JobId) -> State {
        self.store.job(job).await.unwrap().unwrap().state
    }

    /// Another process on the same data.
    async fn other_process(&self) -> Store {
        self.scratch.open().await
    }

    async fn subscription(&self, name: &str) -> Scope {
        let made = self.store.create_subscription(name, "UTC", now()).await;
        Scope {
            subscription: made.unwrap().id,
            ..self.scope
        }
    }
}

/// The run that a job becomes.
fn run_of(claim: &Claim) -> NewRun {
    NewRun {
        job: Some(claim.ticket),
        ..new_run(claim.job.scope)
    }
}

#[tokio::test]
async fn a_job_goes_through_the_queue() {
    let fixture = Fixture::new().await;
    assert!(fixture.claim().await.is_none());
    let id = fixture.ask(&wish(fixture.scope)).await;
    let claim = fixture.claim().await.unwrap();
    assert_eq!((claim.job.id, claim.job.tries), (id, 1));
    assert_eq!(claim.job.origin.by.as_deref(), Some("mio"));
    let session = fixture.store.begin_run(&run_of(&claim), now()).await;
    let run = session.unwrap().run();
    let noted = fixture.store.note_progress(claim.ticket, "{}");
    assert_eq!(noted.await.unwrap(), Ok(false));
    assert_eq!(fixture.end(&claim, End::Done).await, Ok(()));
    let job = fixture.store.job(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.run), (State::Done, Some(run)));
    assert_eq!(job.finished_at, Some(now()));
    // Twice is as good as once.
    assert_eq!(fixture.end(&claim, End::Done).await, Err(Lost));
    assert!(fixture.claim().await.is_none());
}

#[tokio::test]
async fn asking_twice_does_nothing_twice() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    assert_eq!(fixture.ask(&wish(fixture.scope)).await, id);
    let claim = fixture.claim().await.unwrap();
    assert_eq!(fixture.ask(&wish(fixture.scope)).await, id);
    // Another level and another kind are something else.
    let measure = NewJob {
        kind: Kind::Measure("account_id".into()),
        ..wish(fixture.scope)
    };
    assert_ne!(fixture.ask(&wish(accounts(fixture.scope))).await, id);
    assert_ne!(fixture.ask(&measure).await, id);
    fixture.end(&claim, End::Done).await.unwrap();
    assert_ne!(fixture.ask(&wish(fixture.scope)).await, id);
}

#[tokio::test]
async fn people_go_first_and_a_level_is_synced_by_one_job_at_a_time() {
    let fixture = Fixture::new().await;
    let other = fixture.subscription("Other").await;
    let nights = [
        fixture.ask(&night(fixture.scope)).await,
        fixture.ask(&night(accounts(fixture.scope))).await,
    ];
    let person = fixture.ask(&wish(other)).await;
    let measure = NewJob {
        kind: Kind::Measure("account_id".into()),
        ..wish(other)
    };
    let measure = fixture.ask(&measure).await;
    let first = fixture.claim().await.unwrap();
    assert_eq!(first.job.id, person);
    // The other wish for this level has to wait, but keeps nobody else.
    let begun = [
        fixture.claim().await.unwrap().job.id,
        fixture.claim().await.unwrap().job.id,
    ];
    assert_eq!(begun, nights);
    assert!(fixture.claim().await.is_none());
    fixture.end(&first, End::Done).await.unwrap();
    assert_eq!(fixture.claim().await.unwrap().job.id, measure);
}

#[tokio::test]
async fn somebody_who_asks_for_what_waits_hurries_it() {
    let fixture = Fixture::new().await;
    let other = fixture.subscription("Other").await;
    fixture.ask(&night(other)).await;
    let later = NewJob {
        due_at: now() + minutes(30),
        ..night(fixture.scope)
    };
    let id = fixture.ask(&later).await;
    assert_eq!(fixture.ask(&wish(fixture.scope)).await, id);
    assert_eq!(fixture.claim().await.unwrap().job.id, id);
}

#[tokio::test]
async fn nothing_begins_before_its_time_or_after_it() {
    let fixture = Fixture::new().await;
    let later = NewJob {
        due_at: now() + minutes(30),
        ..night(fixture.scope)
    };
    let id = fixture.ask(&later).await;
    assert!(fixture.claim_at(now() + minutes(29)).await.is_none());
    assert!(fixture.claim_at(now() + minutes(60)).await.is_none());
    let tidied = fixture.store.tidy_jobs(now() + minutes(59)).await.unwrap();
    assert_eq!(tidied, []);
    let tidied = fixture.store.tidy_jobs(now() + minutes(60)).await.unwrap();
    let tidied: Vec<_> = tidied.iter().map(|job| (job.id, job.state)).collect();
    assert_eq!(tidied, [(id, State::Expired)]);
    assert!(fixture.claim_at(now() + minutes(30)).await.is_none());
}

#[tokio::test]
async fn a_job_that_is_tried_again_waits_with_its_reason() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&night(fixture.scope)).await;
    let claim = fixture.claim().await.unwrap();
    let again = End::Again {
        at: now() + minutes(2),
        problem: "why".into(),
    };
    fixture.end(&claim, again).await.unwrap();
    let job = fixture.store.job(id).await.unwrap().unwrap();
    assert_eq!(
        (job.state, job.note.as_deref()),
        (State::Waiting, Some("why"))
    );
    assert!(fixture.claim().await.is_none());
    let claim = fixture.claim_at(now() + minutes(2)).await.unwrap();
    assert_eq!((claim.job.tries, claim.job.note), (2, None));
}

#[tokio::test]
async fn what_is_handed_back_is_begun_as_if_for_the_first_time() {
    let fixture = Fixture::new().await;
    fixture.ask(&wish(fixture.scope)).await;
    let claim = fixture.claim().await.unwrap();
    fixture.end(&claim, End::HandedBack).await.unwrap();
    let claim = fixture.claim().await.unwrap();
    assert_eq!(claim.job.tries, 1);
}

#[tokio::test]
async fn what_waits_is_cancelled_at_once_and_what_runs_hears_of_it() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    assert!(fixture.store.cancel_job(id, now()).await.unwrap());
    assert_eq!(fixture.state(id).await, State::Cancelled);
    assert!(!fixture.store.cancel_job(id, now()).await.unwrap());

    let id = fixture.ask(&wish(fixture.scope)).await;
    let claim = fixture.claim().await.unwrap();
    assert!(fixture.store.cancel_job(id, now()).await.unwrap());
    assert_eq!(fixture.state(id).await, State::Running);
    let noted = fixture.store.note_progress(claim.ticket, "{}").await;
    assert_eq!(noted.unwrap(), Ok(true));
    fixture.end(&claim, End::Cancelled).await.unwrap();
    assert_eq!(fixture.state(id).await, State::Cancelled);
}

#[tokio::test]
async fn the_job_of_a_dead_process_is_taken_over_and_its_old_claim_is_worth_nothing() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    let other = fixture.other_process().await;
    let lost = other.claim(now()).await.unwrap().unwrap();
    fixture.store.tidy_jobs(now()).await.unwrap();
    assert!(fixture.claim().await.is_none(), "its process lives");
    other.close().await;
    fixture.store.tidy_jobs(now()).await.unwrap();
    let claim = fixture.claim().await.unwrap();
    assert_eq!((claim.job.id, claim.job.tries), (id, 2));
    // Whoever comes back from the dead finds the job gone, whatever it wants to say.
    let noted = fixture.store.note_progress(lost.ticket, "{}").await;
    assert_eq!(noted.unwrap(), Err(Lost));
    for end in [End::Done, End::HandedBack, End::Cancelled] {
        assert_eq!(fixture.end(&lost, end).await, Err(Lost));
    }
    assert_eq!(fixture.state(id).await, State::Running);
    fixture.end(&claim, End::Done).await.unwrap();
}

#[tokio::test]
async fn a_job_that_kills_its_processes_is_not_begun_for_ever() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    for death in 1..=5 {
        let other = fixture.other_process().await;
        other.claim(now()).await.unwrap().expect("it waits");
        other.close().await;
        let ended = fixture.store.tidy_jobs(now()).await.unwrap();
        assert_eq!(ended.len(), usize::from(death == 5));
    }
    assert_eq!(fixture.state(id).await, State::Failed);
    assert!(fixture.claim().await.is_none());
}

#[tokio::test]
async fn a_job_that_its_process_survives_counts_no_death() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    for _ in 0..8 {
        let other = fixture.other_process().await;
        let claim = other.claim(now()).await.unwrap().expect("it waits");
        other.close().await;
        fixture.store.tidy_jobs(now()).await.unwrap();
        fixture.store.survive(claim.ticket).await.unwrap();
    }
    assert_eq!(fixture.state(id).await, State::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_processes_want_it_each_job_is_begun_once() {
    const JOBS: usize = 60;
    let fixture = Fixture::new().await;
    for number in 0..JOBS / 2 {
        let scope = fixture.subscription(&format!("S{number}")).await;
        fixture.ask(&night(scope)).await;
        fixture.ask(&night(accounts(scope))).await;
    }
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let process = fixture.other_process().await;
        for _ in 0..3 {
            let process = process.clone();
            tasks.push(tokio::spawn(async move {
                let mut begun = Vec::new();
                while let Some(claim) = process.claim(now()).await.unwrap() {
                    begun.push(claim.job.id);
                }
                begun
            }));
        }
    }
    let mut begun = BTreeMap::new();
    for task in tasks {
        for id in task.await.unwrap() {
            *begun.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!(begun.len(), JOBS);
    assert!(begun.values().all(|times| *times == 1), "{begun:?}");
}

#[tokio::test]
async fn jobs_are_listed_and_forgotten() {
    let fixture = Fixture::new().await;
    let other = fixture.subscription("Other").await;
    let done = fixture.ask(&wish(fixture.scope)).await;
    let claim = fixture.claim().await.unwrap();
    fixture.end(&claim, End::Done).await.unwrap();
    let waiting = fixture.ask(&wish(other)).await;
    let list = async |only| {
        let jobs = fixture.store.jobs(only, 10).await.unwrap();
        jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(list(Only::default()).await, [waiting, done]);
    let open = Only {
        open: true,
        ..Only::default()
    };
    assert_eq!(list(open).await, [waiting]);
    let own = Only {
        subscription: Some(fixture.scope.subscription),
        ..Only::default()
    };
    assert_eq!(list(own).await, [done]);
    let before = Only {
        before: Some(waiting),
        ..Only::default()
    };
    assert_eq!(list(before).await, [done]);
    let latest = fixture.store.latest_job(other).await.unwrap().unwrap();
    assert_eq!(latest.id, waiting);
    assert_eq!(fixture.store.forget_jobs(now()).await.unwrap(), 0);
    let cutoff = now() + minutes(1);
    assert_eq!(fixture.store.forget_jobs(cutoff).await.unwrap(), 1);
    assert_eq!(list(Only::default()).await, [waiting]);
}

#[tokio::test]
async fn the_present_job_of_a_level_is_the_one_that_runs_or_is_due() {
    let fixture = Fixture::new().await;
    let present = async || {
        let job = fixture.store.present_job(fixture.scope, now()).await;
        job.unwrap().map(|job| job.id)
    };
    let later = NewJob {
        due_at: now() + minutes(30),
        ..night(fixture.scope)
    };
    fixture.ask(&later).await;
    assert_eq!(present().await, None);
    let measure = NewJob {
        kind: Kind::Measure("account_id".into()),
        ..wish(fixture.scope)
    };
    let measure = fixture.ask(&measure).await;
    assert_eq!(present().await, Some(measure));
    fixture.claim().await.unwrap();
    fixture.ask(&wish(fixture.scope)).await;
    assert_eq!(present().await, Some(measure));
    let elsewhere = Scope {
        subscription: SubscriptionId(99),
        ..fixture.scope
    };
    let job = fixture.store.present_job(elsewhere, now()).await.unwrap();
    assert_eq!(job, None);
}

#[tokio::test]
async fn a_job_that_its_process_lets_fall_waits_again() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    // As when the answer to the claim is lost.
    drop(fixture.claim().await.unwrap());
    assert_eq!(fixture.store.tidy_jobs(now()).await.unwrap(), []);
    assert_eq!(fixture.state(id).await, State::Waiting);
    let claim = fixture.claim().await.unwrap();
    fixture.store.tidy_jobs(now()).await.unwrap();
    assert_eq!(fixture.state(id).await, State::Running);
    fixture.end(&claim, End::Done).await.unwrap();
}

#[tokio::test]
async fn a_job_that_is_lost_becomes_no_run() {
    let fixture = Fixture::new().await;
    let id = fixture.ask(&wish(fixture.scope)).await;
    let lost = fixture.claim().await.unwrap();
    fixture.end(&lost, End::HandedBack).await.unwrap();
    let refused = fixture.store.begin_run(&run_of(&lost), now()).await;
    assert!(matches!(refused, Err(Error::JobLost(job)) if job == id));
    assert_eq!(fixture.scratch.number("SELECT count(*) FROM run").await, 0);
    assert_eq!(
        fixture
            .scratch
            .number("SELECT count(*) FROM run_lock")
            .await,
        0
    );
    let claim = fixture.claim().await.unwrap();
    let begun = fixture.store.begin_run(&run_of(&claim), now()).await;
    begun.unwrap();
}
