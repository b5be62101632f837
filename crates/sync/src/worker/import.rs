//! Jobs about files of ids: to load one, and to erase the known ids that are not in it.

use store::{
    Store, UploadId,
    job::{Claim, End, Kind, Lost},
    upload::Upload,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watch_over;
use crate::{
    Explain as _, Runner,
    again::Again,
    import::{self, Error, Options},
    upload::{Ended, Outcome, Parts, Progress},
};

/// How often a job is tried that fails by what may pass.
const MOST_TRIES: u32 = 5;

/// Carries a job out. One that is lost, or that the process has no time for any more, is handed back: whoever has it next loads
/// the file from its beginning, which changes nothing that is loaded already.
pub(super) async fn carry_out(runner: &Runner, claim: &Claim, stop: &CancellationToken) -> End {
    let (progress, seen) = watch::channel(Progress::default());
    let work = Work {
        runner,
        claim,
        progress,
        cancel: CancellationToken::new(),
    };
    let note = || seen.borrow().written();
    tokio::select! {
        ended = work.carry_out() => ended.unwrap_or_else(|error| work.failed(&error)),
        Lost = watch_over(runner.store(), claim.ticket, note, &work.cancel) => End::HandedBack,
        () = stop.cancelled() => End::HandedBack,
    }
}

/// A job that is under way.
struct Work<'a> {
    runner: &'a Runner,
    claim: &'a Claim,
    progress: watch::Sender<Progress>,
    cancel: CancellationToken,
}

impl Work<'_> {
    async fn carry_out(&self) -> Result<End, Error> {
        match self.claim.job.kind {
            Kind::Import { upload, mirror } => self.load(upload, mirror).await,
            Kind::Remove(upload) => self.remove(upload).await,
            Kind::Sync | Kind::Measure(_) | Kind::Deliver | Kind::Compare { .. } => {
                unreachable!("it is not about a file")
            }
        }
    }

    fn store(&self) -> &Store {
        self.runner.store()
    }

    /// Loads a file from its beginning to its end, and notes what came of it.
    async fn load(&self, id: UploadId, mirror: bool) -> Result<End, Error> {
        let upload = self.store().upload(self.claim.job.scope).await?;
        let Some(upload) = upload.filter(|upload| upload.id == id) else {
            // Nobody can ask what became of it.
            return Ok(End::Cancelled);
        };
        let mut outcome = Outcome::default();
        let end = match self.read(&upload, mirror, &mut outcome).await {
            Ok(()) => End::Done,
            Err(_) if self.cancel.is_cancelled() => {
                outcome.end = Ended::Cancelled;
                End::Cancelled
            }
            Err(error) => {
                outcome.end = Ended::Stopped(error.explain());
                self.failed(&error)
            }
        };
        if matches!(end, End::Done | End::Cancelled | End::Failed { .. }) {
            let now = self.runner.clock().now();
            self.store()
                .note_outcome(self.claim, id, &outcome.written(), now)
                .await?;
        }
        Ok(end)
    }

    async fn read(
        &self,
        upload: &Upload,
        mirror: bool,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let now = self.runner.clock().now();
        let importer = self.store().import(upload.scope, mirror, now).await?;
        let importer = importer.for_job(self.claim, upload.id);
        let source = Parts::new(self.store(), upload, self.cancel.clone());
        let options = Options {
            mirror,
            ..Options::default()
        };
        let mut observe = |report: &import::Report, bad: &[import::BadLine]| {
            outcome.observe(report, bad);
            self.progress.send_replace(Progress::of(report));
        };
        let mut import = import::load(importer, source, options, &mut observe).await?;
        if mirror && outcome.is_whole() {
            import.note_unseen(self.claim, upload.id).await?;
        }
        Ok(())
    }

    /// Erases the known ids that are not in a file.
    async fn remove(&self, upload: UploadId) -> Result<End, Error> {
        while !self.cancel.is_cancelled() {
            let now = self.runner.clock().now();
            let erased = self.store().erase_unseen(self.claim, upload, now).await?;
            if erased == 0 {
                return Ok(End::Done);
            }
        }
        Ok(End::Cancelled)
    }

    /// What a failure means for the job: what passes is tried again, from the beginning.
    fn failed(&self, error: &Error) -> End {
        let job = &self.claim.job;
        if matches!(error, Error::Store(store::Error::JobLost(_))) {
            return End::HandedBack;
        }
        tracing::warn!(
            job = job.id.0,
            error = crate::chain(error),
            "a file of ids could not be loaded"
        );
        let problem = error.explain();
        let problem = serde_json::to_string(&problem).expect("an explanation serialises");
        let again = match Again::after_import(error) {
            Again::Later if job.tries >= MOST_TRIES => Again::Never,
            again => again,
        };
        match again.at(job.tries, self.runner.clock().now()) {
            Some(at) => End::Again { at, problem },
            None => End::Failed { problem },
        }
    }
}
