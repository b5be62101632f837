//! Files of ids: they arrive in parts, one for each level, are the business of one job at a time, and go.

use jiff::{SignedDuration, Timestamp};
use model::{Level, MetadataType};
use scratch::Scratch;
use store::{
    Error, Scope, UploadId,
    job::{Claim, End, JobId, Kind, NewJob, Only, Priority},
    run::{Origin, State},
    upload::Upload,
};

use crate::{Fixture, now, subject};

fn later(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

impl Fixture {
    /// A file that has begun to arrive.
    async fn arriving(&self, name: &str, parts: &[&[u8]]) -> UploadId {
        let begun = self.store.begin_upload(self.scope, name, "mio", now());
        let upload = begun.await.unwrap();
        for (number, part) in (0..).zip(parts) {
            let added = self.store.add_part(upload, number, part.to_vec(), now());
            added.await.unwrap();
        }
        upload
    }

    async fn complete(&self, upload: UploadId) -> bool {
        let completed = self.store.complete_upload(self.scope, upload, now());
        completed.await.unwrap()
    }

    /// A file that has arrived.
    async fn sent(&self, name: &str, parts: &[&[u8]]) -> UploadId {
        let upload = self.arriving(name, parts).await;
        assert!(self.complete(upload).await);
        upload
    }

    async fn upload(&self) -> Option<Upload> {
        self.store.upload(self.scope).await.unwrap()
    }

    async fn ask_about(&self, upload: UploadId, kind: Kind) -> Option<JobId> {
        let job = NewJob {
            scope: self.scope,
            kind,
            origin: Origin::default(),
            priority: Priority::Person,
            due_at: now(),
            expires_at: None,
        };
        self.store.ask_about(upload, &job, now()).await.unwrap()
    }

    /// The job that loads a file, begun.
    async fn loading(&self, upload: UploadId) -> Claim {
        let kind = Kind::Import {
            upload,
            mirror: true,
        };
        self.ask_about(upload, kind).await.unwrap();
        self.store.claim(now()).await.unwrap().unwrap()
    }

    /// Loads these ids for a job, and notes which others are known.
    async fn load(&self, claim: &Claim, upload: UploadId, ids: &[&str]) -> Result<u64, Error> {
        let importer = self.store.import(self.scope, true, now()).await?;
        let mut importer = importer.for_job(claim, upload);
        for id in ids {
            importer.push(subject(id)).await?;
        }
        importer.finish().await?;
        importer.note_unseen(claim, upload).await
    }

    /// Loads a file whole: its job is over, and others may be asked for.
    async fn loaded(&self, ids: &[&str]) -> UploadId {
        let upload = self.sent("all.csv", &[b"id\n"]).await;
        let claim = self.loading(upload).await;
        self.load(&claim, upload, ids).await.unwrap();
        let noted = self.store.note_outcome(&claim, upload, "{}", now());
        noted.await.unwrap();
        self.over(&claim).await;
        upload
    }

    async fn over(&self, claim: &Claim) {
        let ended = self.store.end_job(claim, &End::Done, now()).await;
        ended.unwrap().unwrap();
    }

    async fn known(&self) -> Vec<String> {
        let known = self.store.subjects(self.scope, "", 100).await.unwrap();
        known.into_iter().map(|one| one.id).collect()
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.scratch.number(&sql).await
    }
}

#[tokio::test]
async fn a_file_arrives_in_parts_and_is_read_in_their_order() {
    let fixture = Fixture::new().await;
    let upload = fixture.arriving("人.csv", &[b"id\nu", b"-1\n\0\xff"]).await;
    assert_eq!(fixture.upload().await, None, "it is still arriving");
    assert!(fixture.complete(upload).await);
    let found = fixture.upload().await.unwrap();
    assert_eq!((found.id, &*found.name, found.size), (upload, "人.csv", 9));
    assert_eq!((found.job, found.outcome), (None, None));
    let part = |number| fixture.store.upload_part(upload, number);
    assert_eq!(part(0).await.unwrap().unwrap(), b"id\nu");
    assert_eq!(part(1).await.unwrap().unwrap(), b"-1\n\0\xff");
    assert_eq!(part(2).await.unwrap(), None);
}

#[tokio::test]
async fn a_level_has_one_file_and_the_last_to_arrive_is_it() {
    let fixture = Fixture::new().await;
    fixture.sent("first.csv", &[b"id\n"]).await;
    let cut = fixture.arriving("cut.csv", &[b"i"]).await;
    assert_eq!(fixture.upload().await.unwrap().name, "first.csv");
    fixture.sent("second.csv", &[b"id\n"]).await;
    assert_eq!(fixture.upload().await.unwrap().name, "second.csv");
    fixture.store.forget_upload(cut).await.unwrap();
    assert_eq!(fixture.count("upload").await, 1);
    assert_eq!(fixture.count("upload_part").await, 1);
    let accounts = Scope {
        level: Level::Account,
        ..fixture.scope
    };
    assert_eq!(fixture.store.upload(accounts).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_is_loaded_by_one_job_and_another_one_does_not_take_its_place() {
    let fixture = Fixture::new().await;
    let upload = fixture.sent("all.csv", &[b"id\n"]).await;
    let load = Kind::Import {
        upload,
        mirror: false,
    };
    let job = fixture.ask_about(upload, load.clone()).await.unwrap();
    assert_eq!(fixture.ask_about(upload, load.clone()).await, None);
    let found = fixture.upload().await.unwrap();
    assert!(found.is_busy());
    let kinds = found.job.map(|job| (job.id, job.kind));
    assert_eq!(kinds, Some((job, load.clone())));

    let second = fixture.arriving("second.csv", &[b"id\n"]).await;
    assert!(!fixture.complete(second).await);
    fixture.store.forget_upload(upload).await.unwrap();
    assert_eq!(fixture.upload().await.unwrap().id, upload);
    assert_eq!(fixture.count("upload").await, 1);

    // Out of the queue again, it is as it was.
    assert!(fixture.store.cancel_job(job, now()).await.unwrap());
    assert!(!fixture.upload().await.unwrap().is_busy());
    assert_eq!(fixture.ask_about(UploadId(99), load.clone()).await, None);
    assert_ne!(fixture.ask_about(upload, load).await, None);
}

#[tokio::test]
async fn jobs_about_files_are_read_back_and_are_no_runs() {
    let fixture = Fixture::new().await;
    let upload = fixture.sent("all.csv", &[b"id\n"]).await;
    for mirror in [true, false] {
        let kind = Kind::Import { upload, mirror };
        let job = fixture.ask_about(upload, kind.clone()).await.unwrap();
        let found = fixture.store.job(job).await.unwrap().unwrap();
        assert_eq!(found.kind, kind);
        let present = fixture.store.present_job(fixture.scope, now()).await;
        assert_eq!(present.unwrap(), None);
        assert_eq!(fixture.store.latest_job(fixture.scope).await.unwrap(), None);
        fixture.store.cancel_job(job, now()).await.unwrap();
    }
    let upload = fixture.loaded(&["u-1"]).await;
    let kind = Kind::Remove(upload);
    fixture.ask_about(upload, kind.clone()).await.unwrap();
    let listed = fixture.store.jobs(Only::default(), 1).await.unwrap();
    assert_eq!(listed[0].kind, kind);
}

#[tokio::test]
async fn what_was_new_is_known_to_whoever_loads_the_file_a_second_time() {
    let fixture = Fixture::knowing(&["u-1"]).await;
    let upload = fixture.sent("all.csv", &[b"id\n"]).await;
    let first = fixture.loading(upload).await;
    let fields = [("seats".to_owned(), MetadataType::Decimal)];
    let importer = fixture.store.import(fixture.scope, false, now()).await;
    let mut importer = importer.unwrap().for_job(&first, upload);
    importer.add_agent_fields(&fields).await.unwrap();
    fixture.load(&first, upload, &["u-1", "u-2"]).await.unwrap();
    let handed_back = End::HandedBack;
    let ended = fixture.store.end_job(&first, &handed_back, now());
    ended.await.unwrap().unwrap();

    let second = fixture.store.claim(now()).await.unwrap().unwrap();
    let ids = ["u-1", "u-2", "u-3", "u-3"];
    let unseen = fixture.load(&second, upload, &ids).await.unwrap();
    let found = fixture.upload().await.unwrap();
    assert_eq!((found.created, unseen), (2, 0));
    assert_eq!(found.fields, fields);

    // Whoever has lost the job writes nothing any more.
    let late = fixture.load(&first, upload, &["u-9"]).await;
    assert!(matches!(late, Err(Error::JobLost(_))), "{late:?}");
    let late = fixture.store.note_outcome(&first, upload, "{}", now());
    assert!(matches!(late.await, Err(Error::JobLost(_))));
    let late = importer.add_agent_fields(&fields).await;
    assert!(matches!(late, Err(Error::JobLost(_))));
    assert_eq!(fixture.known().await, ["u-1", "u-2", "u-3"]);
    assert_eq!(fixture.upload().await.unwrap(), found);
}

#[tokio::test]
async fn ids_that_are_not_in_a_file_go_and_those_that_came_later_stay() {
    let fixture = Fixture::knowing(&["u-1", "u-2", "u-3"]).await;
    let upload = fixture.loaded(&["u-1"]).await;
    assert_eq!(fixture.upload().await.unwrap().unseen, 2);
    fixture.import(vec![subject("u-4")]).await;

    fixture
        .ask_about(upload, Kind::Remove(upload))
        .await
        .unwrap();
    let claim = fixture.store.claim(now()).await.unwrap().unwrap();
    // Too late to say otherwise.
    fixture.store.keep_unseen(upload).await.unwrap();
    let erase = || fixture.store.erase_unseen(&claim, upload, now());
    assert_eq!(erase().await.unwrap(), 2);
    assert_eq!(erase().await.unwrap(), 0);
    fixture.over(&claim).await;
    assert!(matches!(erase().await, Err(Error::JobLost(_))));
    let found = fixture.upload().await.unwrap();
    assert_eq!((found.removed, found.unseen), (2, 0));
    assert_eq!(fixture.known().await, ["u-1", "u-4"]);
}

#[tokio::test]
async fn nothing_is_erased_while_the_level_is_synced() {
    let fixture = Fixture::knowing(&["u-1", "u-2"]).await;
    let upload = fixture.loaded(&["u-1"]).await;
    fixture
        .ask_about(upload, Kind::Remove(upload))
        .await
        .unwrap();
    let claim = fixture.store.claim(now()).await.unwrap().unwrap();
    let session = fixture.session().await;
    let erased = fixture.store.erase_unseen(&claim, upload, now()).await;
    assert!(matches!(erased, Err(Error::Busy { .. })), "{erased:?}");
    fixture.finish(session, State::Failed).await;
    let erased = fixture.store.erase_unseen(&claim, upload, now()).await;
    assert_eq!(erased.unwrap(), 1);
}

#[tokio::test]
async fn ids_that_are_erased_by_hand_or_kept_are_not_asked_about() {
    let fixture = Fixture::knowing(&["u-1", "u-2", "u-3", "u-4"]).await;
    let upload = fixture.loaded(&["u-1"]).await;
    assert_eq!(fixture.upload().await.unwrap().unseen, 3);
    let erased = fixture.store.erase_subject(fixture.scope, "u-2", now());
    assert!(erased.await.unwrap());
    assert_eq!(fixture.upload().await.unwrap().unseen, 2);
    fixture.store.keep_unseen(upload).await.unwrap();
    assert_eq!(fixture.upload().await.unwrap().unseen, 0);
    assert_eq!(fixture.known().await, ["u-1", "u-3", "u-4"]);
}

#[tokio::test]
async fn parts_go_when_the_file_is_loaded_and_the_rest_after_a_day() {
    let fixture = Fixture::knowing(&["u-1", "u-2"]).await;
    let tidy = |at| fixture.store.tidy_uploads(at);
    let upload = fixture.sent("all.csv", &[b"id\n", b"u-1"]).await;
    let claim = fixture.loading(upload).await;
    fixture.load(&claim, upload, &["u-1"]).await.unwrap();
    let noted = fixture.store.note_outcome(&claim, upload, "{}", now());
    noted.await.unwrap();
    // Should its process die now, the job is done once more.
    tidy(later(48)).await.unwrap();
    assert_eq!(fixture.count("upload_part").await, 2);
    fixture.over(&claim).await;
    tidy(later(23)).await.unwrap();
    assert_eq!(fixture.count("upload_part").await, 0);
    assert_eq!(fixture.upload().await.unwrap().unseen, 1);
    tidy(later(25)).await.unwrap();
    assert_eq!(fixture.upload().await, None);
    assert_eq!(fixture.count("upload_unseen").await, 0);
    assert_eq!(fixture.known().await, ["u-1", "u-2"]);
}

#[tokio::test]
async fn files_that_nobody_sends_on_or_loads_are_cleared_away() {
    let fixture = Fixture::new().await;
    fixture.sent("shown.csv", &[b"id\n"]).await;
    let cut = fixture.arriving("cut.csv", &[b"i"]).await;
    let slow = fixture.arriving("slow.csv", &[b"i"]).await;
    let added = fixture.store.add_part(slow, 1, b"d".to_vec(), later(1));
    added.await.unwrap();
    fixture.store.tidy_uploads(later(2)).await.unwrap();
    assert_eq!(fixture.count("upload").await, 2);
    let added = fixture.store.add_part(cut, 1, b"d".to_vec(), later(2));
    assert!(added.await.is_err(), "it is gone");
    fixture.store.tidy_uploads(later(25)).await.unwrap();
    assert_eq!(fixture.count("upload").await, 0);
    assert_eq!(fixture.count("upload_part").await, 0);
}

/// Parts of their full size, which hold what no text does.
#[tokio::test]
async fn files_are_copied_with_their_bytes() {
    let fixture = Fixture::new().await;
    let part: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let parts: Vec<&[u8]> = vec![&part; 9];
    let upload = fixture.sent("large.csv", &parts).await;
    for to in [Scratch::new(), Scratch::embedded()] {
        let address = to.options().address();
        let proof = fixture.store.copy_to(&address, |_| ()).await.unwrap();
        assert!(proof.holds(), "{proof:?}");
        let copied = to.open().await;
        let found = copied.upload(fixture.scope).await.unwrap().unwrap();
        assert_eq!(found.size, 9 << 20);
        let last = copied.upload_part(upload, 8).await.unwrap();
        assert!(last.is_some_and(|last| last == part));
    }
}
