//! The reading part of a run: all records once, from the beginning or from where another process stopped.

use std::sync::Arc;

use hubspot::Columns;
use model::PropertyName;

use super::{Error, Stop, Work};
use crate::{
    checkpoint::Checkpoint,
    intake::{Course, Intake},
    layout::{Held, Layout},
    plan::{Plan, Reader, Totals},
    progress::Phase,
    read::{Gap, Page, Pages},
};

/// How often reading starts anew in the hope that a property which was left out of some answers is in all of them.
const PATIENCE: u32 = 3;

impl Work<'_> {
    /// Reads all records. When a property turns out to have vanished, reading starts anew, without it if it is gone, so that
    /// no value is blanked by a property that is not there. After a few starts each holds one field more, so this ends.
    pub(super) async fn read(
        &mut self,
        plan: &Plan,
        totals: Totals,
        layout: &mut Layout,
        columns: &Columns,
    ) -> Result<Intake, Stop> {
        let mut resumed = match self.left.take() {
            Some(left) => self.resume(left, plan, layout).await?,
            None => None,
        };
        loop {
            let anew = || {
                let course = self.course(plan, totals, layout);
                Intake::new(layout, self.request.dry_run, course)
            };
            let mut intake = resumed.take().unwrap_or_else(anew);
            if self
                .read_through(plan, layout, columns, &mut intake)
                .await?
            {
                return Ok(intake);
            }
            tracing::warn!("a property vanished while records were read; reading starts anew");
            self.session.unstage().await?;
        }
    }

    /// Goes on with what another process has staged, or clears it away if it does not fit.
    async fn resume(
        &mut self,
        left: Checkpoint,
        plan: &Plan,
        layout: &Layout,
    ) -> Result<Option<Intake>, Stop> {
        // A list is read from its beginning, and would bring what is staged once more.
        let same_reader = plan.reader == Reader::Search && left.reader == plan.reader.name();
        let course = Course {
            checkpoint: left,
            clock: Arc::clone(&self.context.clock),
        };
        let dry_run = self.request.dry_run;
        let resumed = if same_reader {
            Intake::resume(layout, dry_run, course, &mut self.session).await?
        } else {
            None
        };
        if resumed.is_none() {
            self.session.unstage().await?;
        }
        Ok(resumed)
    }

    /// What the run sets out with.
    fn course(&self, plan: &Plan, totals: Totals, layout: &Layout) -> Course {
        Course {
            checkpoint: Checkpoint {
                portal: self.portal.map(|portal| portal.0),
                mapping_version: self.mapping.version,
                measured: self.request.measured.as_ref().map(ToString::to_string),
                seed: layout.seed(),
                reader: plan.reader.name().into(),
                records: totals.records,
                with_key: totals.with_key,
                first: Gap::WHOLE.first,
                last: Gap::WHOLE.last,
                missing: String::new(),
                present: String::new(),
                left_out: String::new(),
                nulls: false,
                nameless: 0,
                anew: self.anew,
                takeovers: self.report.takeovers,
            },
            clock: Arc::clone(&self.context.clock),
        }
    }

    /// Reads until the end, or until a property has vanished; says which.
    async fn read_through(
        &mut self,
        plan: &Plan,
        layout: &mut Layout,
        columns: &Columns,
        intake: &mut Intake,
    ) -> Result<bool, Stop> {
        self.session.check(&intake.checkpoint()).await?;
        let (client, gap) = (self.client.clone(), intake.gap());
        let mut pages = Pages::read(client, plan.clone(), columns.clone(), gap);
        let mut asked = 0;
        while let Some(page) = pages.next().await {
            let Page { records, covers } = page?;
            intake.cover(covers);
            intake
                .take(&mut self.session, layout, &records, |_| true)
                .await?;
            self.tell(Phase::Read, intake.staged, Some(plan.records));
            if self.hand_over.is_cancelled() {
                intake.flush(&mut self.session).await?;
                return Err(Stop::HandedOver);
            }
            // A key that is missing from an answer either has no value or is gone; only the catalogue can tell.
            let missing = intake.missing(layout).count();
            if missing > asked {
                asked = missing;
                if self.must_read_anew(layout, intake).await? {
                    return Ok(false);
                }
            }
        }
        intake.flush(&mut self.session).await?;
        Ok(asked == 0 || !self.must_read_anew(layout, intake).await?)
    }

    /// Looks at the columns that were missing from answers, and says whether records must be read anew.
    ///
    /// A field whose property is not in the catalogue any more is held. One that is there, but was left out of some answers,
    /// was archived and restored meanwhile: another reading may find it throughout. Without the key property the run is
    /// over: no record could be told from one whose key was cleared.
    pub(super) async fn must_read_anew(
        &mut self,
        layout: &mut Layout,
        intake: &Intake,
    ) -> Result<bool, Stop> {
        let catalogue = self
            .client
            .properties(self.request.scope.level.object())
            .await?;
        let defined = |name: &PropertyName| {
            catalogue
                .iter()
                .any(|known| known.name == *name && !known.archived)
        };
        let patient = self.anew < PATIENCE;
        if !defined(layout.key()) || (intake.was_left_out(layout.key_column) && !patient) {
            let property = layout.key().clone();
            return Err(Error::KeyGone { property }.into());
        }
        let mut anew = false;
        for at in intake.missing(layout).collect::<Vec<_>>() {
            let left_out = intake.was_left_out(at);
            if !defined(&layout.columns[at]) {
                layout.hold(at, Held::Gone);
            } else if left_out && !patient {
                layout.hold(at, Held::LeftOut);
            } else if !left_out {
                continue;
            }
            anew = true;
        }
        self.anew += u32::from(anew);
        Ok(anew)
    }
}
