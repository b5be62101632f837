//! Files of ids as jobs: whoever does them, and however often, they are loaded once.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use hubspot::ManualClock;
use model::{Clock as _, Level, MetadataType};
use scratch::Scratch;
use store::{
    Scope, Store, UploadId,
    import::NewSubject,
    job::{self, JobId, Kind, NewJob, Only, Priority},
    run::{NewRun, Origin, State},
    upload::Upload,
};
use sync::{
    Runner, Worker,
    upload::{Ended, Outcome, Stage, preview},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::nights::process;

/// Ids that take a worker several transactions, and a while.
const MANY: u64 = 600_000;

/// An installation without HubSpot.
struct Desk {
    scratch: Scratch,
    store: Store,
    clock: Arc<ManualClock>,
    scope: Scope,
}

impl Desk {
    async fn new() -> Self {
        let scratch = Scratch::new();
        let store = scratch.open().await;
        let clock = Arc::new(ManualClock::default());
        let made = store.create_subscription("Acme", "UTC", clock.now());
        let scope = Scope {
            subscription: made.await.unwrap().id,
            level: Level::Visitor,
        };
        Self {
            scratch,
            store,
            clock,
            scope,
        }
    }

    async fn knowing(ids: &[&str]) -> Self {
        let desk = Self::new().await;
        desk.know(ids).await;
        desk
    }

    async fn know(&self, ids: &[&str]) {
        let now = self.clock.now();
        let mut importer = self.store.import(self.scope, false, now).await.unwrap();
        for id in ids {
            let subject = NewSubject {
                id: (*id).into(),
                accounts: None,
                agent: None,
            };
            importer.push(subject).await.unwrap();
        }
        importer.finish().await.unwrap();
    }

    /// A process on a store.
    fn process(&self, store: &Store) -> (Runner, Worker) {
        let nowhere = "http://127.0.0.1:1".to_owned();
        process(store, nowhere, &(self.clock.clone() as _))
    }

    /// Sends a file in parts of so many bytes.
    async fn send(&self, file: &str, part: usize) -> Upload {
        let now = self.clock.now();
        let begun = self.store.begin_upload(self.scope, "ids.csv", "mio", now);
        let upload = begun.await.unwrap();
        for (number, bytes) in (0..).zip(file.as_bytes().chunks(part)) {
            let added = self.store.add_part(upload, number, bytes.to_vec(), now);
            added.await.unwrap();
        }
        let taken = self.store.complete_upload(self.scope, upload, now).await;
        assert!(taken.unwrap());
        self.upload().await
    }

    async fn upload(&self) -> Upload {
        self.store.upload(self.scope).await.unwrap().unwrap()
    }

    /// Asks for a file to be loaded.
    async fn ask(&self, upload: &Upload, mirror: bool) -> JobId {
        let (runner, _) = self.process(&self.store);
        let asked = runner.load(upload, mirror, "mio").await.unwrap();
        asked.expect("it is loaded once")
    }

    /// Works until nothing is due.
    async fn work(&self) {
        let (_, mut worker) = self.process(&self.store);
        let stop = CancellationToken::new();
        while worker.turn(&stop).await.unwrap() {}
    }

    /// Loads a file, and says what came of it.
    async fn load(&self, file: &str, mirror: bool) -> (Upload, Outcome) {
        let upload = self.send(file, 1 << 20).await;
        self.ask(&upload, mirror).await;
        self.work().await;
        self.over().await
    }

    async fn over(&self) -> (Upload, Outcome) {
        let upload = self.upload().await;
        match Stage::of(&upload) {
            Stage::Over(outcome) => (upload, outcome),
            stage => panic!("it is not over: {stage:?}"),
        }
    }

    /// Asks for what is not in the file to be erased, and has it done.
    async fn remove(&self) {
        let (runner, _) = self.process(&self.store);
        let upload = self.upload().await;
        runner.remove_unseen(&upload, "mio").await.unwrap().unwrap();
        self.work().await;
    }

    /// A process that works on its own, until some of the file is loaded.
    async fn half_done(&self, store: &Store, stop: &CancellationToken) -> JoinHandle<()> {
        let (_, worker) = self.process(store);
        let working = tokio::spawn(worker.work(stop.clone()));
        while self.upload().await.created == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        working
    }

    async fn job(&self) -> job::Job {
        let jobs = self.store.jobs(Only::default(), 1).await.unwrap();
        jobs.into_iter().next().unwrap()
    }

    async fn count(&self) -> u64 {
        self.store.count_subjects(self.scope).await.unwrap()
    }

    async fn known(&self) -> Vec<String> {
        let known = self.store.subjects(self.scope, "", 100).await.unwrap();
        known.into_iter().map(|one| one.id).collect()
    }

    async fn parts(&self) -> i64 {
        let sql = "SELECT count(*) FROM upload_part";
        self.scratch.number(sql).await
    }
}

fn many() -> String {
    (0..MANY).fold(String::from("id\n"), |mut file, id| {
        writeln!(file, "u-{id:08}").unwrap();
        file
    })
}

#[tokio::test]
async fn a_file_is_loaded_by_whoever_is_free() {
    let desk = Desk::knowing(&["u-1"]).await;
    // Cut within a line, within a character, and behind the last line.
    let file = "id,名前,seats\nu-1,澪,4\nu-2,ジョー,7\n,x,1\nu-3,,\n";
    let upload = desk.send(file, 5).await;
    let shown = preview(&desk.store, &upload).await.unwrap();
    assert_eq!((shown.lines, shown.bad.len()), (4, 1));
    assert_eq!(Stage::of(&upload), Stage::Arrived);
    desk.ask(&upload, false).await;
    assert_eq!(Stage::of(&desk.upload().await), Stage::Waiting(None));
    desk.work().await;
    let (upload, outcome) = desk.over().await;
    assert_eq!((outcome.lines, outcome.bad), (4, 1));
    assert_eq!(outcome.bad_lines, [(4, "the id is empty".to_owned())]);
    assert_eq!(outcome.end, Ended::Loaded);
    assert_eq!((upload.created, outcome.known(upload.created)), (2, 1));
    let fields = ["名前", "seats"].map(|name| (name.to_owned(), MetadataType::String));
    assert_eq!(upload.fields, fields);
    assert_eq!(desk.known().await, ["u-1", "u-2", "u-3"]);
    assert_eq!(desk.job().await.state, job::State::Done);
    assert_eq!(desk.parts().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_handed_back_halfway_is_loaded_by_another_process() {
    let desk = Desk::new().await;
    let upload = desk.send(&many(), 1 << 20).await;
    desk.ask(&upload, false).await;
    let stop = CancellationToken::new();
    let working = desk.half_done(&desk.store, &stop).await;
    stop.cancel();
    working.await.unwrap();
    let job = desk.job().await;
    assert_eq!((job.state, job.tries), (job::State::Waiting, 0));
    assert!(desk.count().await < MANY, "it was over before");
    desk.work().await;
    let (upload, outcome) = desk.over().await;
    assert_eq!((outcome.lines, outcome.known(upload.created)), (MANY, 0));
    assert_eq!((upload.created, desk.count().await), (MANY, MANY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_process_dies_is_loaded_by_another_one() {
    let desk = Desk::new().await;
    let upload = desk.send(&many(), 1 << 20).await;
    desk.ask(&upload, true).await;
    let other = desk.scratch.open().await;
    let working = desk.half_done(&other, &CancellationToken::new()).await;
    working.abort();
    drop(working.await);
    other.close().await;
    assert!(desk.count().await < MANY, "it was over before");
    while desk.job().await.state == job::State::Running {
        desk.store.tidy_jobs(desk.clock.now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(Stage::of(&desk.upload().await), Stage::Waiting(None));
    desk.work().await;
    let (upload, outcome) = desk.over().await;
    assert_eq!((outcome.lines, upload.created), (MANY, MANY));
    assert_eq!((upload.unseen, desk.count().await), (0, MANY));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_halfway_stays_as_far_as_it_is_loaded() {
    let desk = Desk::knowing(&["other"]).await;
    let upload = desk.send(&many(), 1 << 20).await;
    let job = desk.ask(&upload, true).await;
    // Heard as soon as the job has begun.
    let wish = format!("UPDATE job SET cancelling = true WHERE id = {}", job.0);
    desk.scratch.execute(&wish).await;
    desk.work().await;
    assert_eq!(desk.job().await.state, job::State::Cancelled);
    let (upload, outcome) = desk.over().await;
    assert_eq!(outcome.end, Ended::Cancelled);
    assert!(outcome.lines < MANY, "it was over before");
    assert_eq!(upload.created, outcome.lines);
    assert_eq!(desk.count().await, upload.created + 1);
    assert_eq!((upload.unseen, desk.parts().await), (0, 0));
}

#[tokio::test]
async fn what_is_taken_out_of_the_queue_can_be_asked_for_again() {
    let desk = Desk::new().await;
    let upload = desk.send("id\nu-1\n", 4).await;
    let job = desk.ask(&upload, false).await;
    desk.store.cancel_job(job, desk.clock.now()).await.unwrap();
    let upload = desk.upload().await;
    assert_eq!(Stage::of(&upload), Stage::Arrived);
    desk.ask(&upload, false).await;
    desk.work().await;
    assert_eq!(desk.over().await.1.end, Ended::Loaded);
}

#[tokio::test]
async fn a_file_that_is_none_fails_with_the_reason() {
    for (file, code) in [
        ("name,role\nMio,admin\n", "TRB0112"),
        ("\u{0}PK\u{3}\u{4}", "TRB0112"),
        ("", "TRB0112"),
    ] {
        let desk = Desk::knowing(&["u-1"]).await;
        let (upload, outcome) = desk.load(file, true).await;
        let Ended::Stopped(problem) = outcome.end else {
            panic!("{file:?} was loaded");
        };
        assert_eq!(problem.code, code, "{file:?}");
        assert_eq!((upload.created, upload.unseen), (0, 0));
        assert_eq!(desk.job().await.state, job::State::Failed);
        assert_eq!(desk.parts().await, 0);
    }
}

#[tokio::test]
async fn lost_parts_are_told_and_nothing_goes() {
    for part in [0, 1, 2] {
        let desk = Desk::knowing(&["other"]).await;
        let upload = desk.send("id\nu-1\nu-2\nu-3\n", 7).await;
        desk.scratch
            .execute(&format!("DELETE FROM upload_part WHERE number = {part}"))
            .await;
        desk.ask(&upload, true).await;
        desk.work().await;
        let (upload, outcome) = desk.over().await;
        let Ended::Stopped(problem) = outcome.end else {
            panic!("it was loaded without part {part}");
        };
        assert_eq!(problem.code, "TRB0114");
        assert!(problem.message.contains("gone"), "{problem:?}");
        assert_eq!((upload.created, upload.unseen), (part, 0));
    }
}

#[tokio::test]
async fn a_job_that_is_carried_out_twice_changes_nothing_more() {
    let desk = Desk::knowing(&["other"]).await;
    let (before, _) = desk.load("id,role\nu-1,admin\n", true).await;
    assert_eq!((before.created, before.unseen), (1, 1));
    // As if its process had died before it could say that it had done it.
    desk.scratch
        .execute(
            "UPDATE job SET state = 'waiting';
             INSERT INTO upload_part (upload_id, number, bytes) VALUES (1, 0, 'id,role\nu-1,admin\n')",
        )
        .await;
    desk.work().await;
    let (after, outcome) = desk.over().await;
    assert_eq!((outcome.lines, outcome.known(after.created)), (1, 0));
    let same = |upload: &Upload| (upload.created, upload.unseen, upload.fields.clone());
    assert_eq!(same(&after), same(&before));
}

#[tokio::test]
async fn what_is_agreed_to_goes_and_nothing_else() {
    let desk = Desk::knowing(&["u-1", "u-2", "u-3", "u-4"]).await;
    let (upload, _) = desk.load("id\nu-1\nu-5\n", true).await;
    assert_eq!(upload.unseen, 3);
    // Meanwhile one goes and comes again, one goes, and one comes.
    let now = desk.clock.now();
    for id in ["u-2", "u-3"] {
        let erased = desk.store.erase_subject(desk.scope, id, now).await;
        assert!(erased.unwrap());
    }
    desk.know(&["u-2", "u-6"]).await;
    assert_eq!(desk.upload().await.unseen, 1);
    desk.remove().await;
    let (upload, outcome) = desk.over().await;
    assert_eq!((upload.removed, upload.unseen), (1, 0));
    assert_eq!(outcome.end, Ended::Loaded);
    assert_eq!(desk.known().await, ["u-1", "u-2", "u-5", "u-6"]);
    assert_eq!(desk.job().await.state, job::State::Done);
}

#[tokio::test]
async fn nobody_is_asked_about_a_file_with_a_line_that_cannot_be_used() {
    let desk = Desk::knowing(&["u-1", "u-2"]).await;
    for file in ["id,x\nu-1,1\nu-2\n", "id\n"] {
        let (upload, outcome) = desk.load(file, true).await;
        assert_eq!((upload.unseen, outcome.end), (0, Ended::Loaded));
    }
    assert_eq!(desk.known().await, ["u-1", "u-2"]);
}

#[tokio::test]
async fn a_file_waits_for_the_sync_of_its_level() {
    let desk = Desk::new().await;
    let now = desk.clock.now();
    let sync = NewJob {
        scope: desk.scope,
        kind: Kind::Sync,
        origin: Origin::default(),
        priority: Priority::Person,
        due_at: now,
        expires_at: None,
    };
    desk.store.ask(&sync, now).await.unwrap();
    let syncing = desk.store.claim(now).await.unwrap().unwrap();
    let upload = desk.send("id\nu-1\n", 4).await;
    desk.ask(&upload, false).await;
    desk.work().await;
    assert_eq!(Stage::of(&desk.upload().await), Stage::Waiting(None));
    let ended = desk.store.end_job(&syncing, &job::End::Done, now);
    ended.await.unwrap().unwrap();
    desk.work().await;
    assert_eq!(desk.over().await.0.created, 1);
}

#[tokio::test]
async fn erasing_waits_for_a_sync_by_command() {
    let desk = Desk::knowing(&["u-1", "u-2"]).await;
    desk.load("id\nu-1\n", true).await;
    let now = desk.clock.now();
    let new = NewRun {
        scope: desk.scope,
        dry_run: false,
        origin: Origin::default(),
        job: None,
    };
    let session = desk.store.begin_run(&new, now).await.unwrap();
    desk.remove().await;
    let Stage::Waiting(Some(problem)) = Stage::of(&desk.upload().await) else {
        panic!("it does not wait: {:?}", desk.job().await);
    };
    assert_eq!(problem.code, "TRB0003");
    let run = session.run();
    session.close().await.unwrap();
    let report = serde_json::json!({});
    let finished = desk.store.finish_run(run, State::Failed, &report, now);
    finished.await.unwrap();
    desk.work().await;
    assert_eq!(desk.count().await, 2, "it is not due yet");
    desk.clock.advance(Duration::from_secs(30));
    desk.work().await;
    assert_eq!(desk.upload().await.removed, 1);
    assert_eq!(desk.known().await, ["u-1"]);
}

#[tokio::test]
async fn a_job_that_kills_its_processes_is_given_up() {
    let desk = Desk::new().await;
    let upload = desk.send("id\nu-1\n", 4).await;
    desk.ask(&upload, false).await;
    for _ in 0..5 {
        let other = desk.scratch.open().await;
        other.claim(desk.clock.now()).await.unwrap().unwrap();
        other.close().await;
        desk.store.tidy_jobs(desk.clock.now()).await.unwrap();
    }
    let (_, outcome) = desk.over().await;
    assert_eq!(outcome.end, Ended::GivenUp);
    assert_eq!(desk.job().await.state, job::State::Failed);
}

#[tokio::test]
async fn a_worker_clears_away_what_nobody_comes_back_for() {
    let desk = Desk::new().await;
    desk.send("id\nu-1\n", 4).await;
    desk.clock.advance(Duration::from_hours(25));
    desk.work().await;
    assert_eq!(desk.store.upload(desk.scope).await.unwrap(), None);
    assert_eq!(desk.parts().await, 0);
    assert_eq!(desk.store.upload_part(UploadId(1), 0).await.unwrap(), None);
}
