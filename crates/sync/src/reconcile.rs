//! Holding what was delivered against the portal's own totals, and reading again where they differ.
//!
//! Totals of id ranges are cheap: one search each, whatever the size of the range. Halving the range that differs finds the
//! gap in a handful of calls; only the page around it is read again.

use std::collections::BTreeSet;

use hubspot::{Client, Columns, Record, Walk};
use model::RecordId;
use store::Session;

use crate::{
    intake::Intake,
    layout::Layout,
    plan::{LAST_ID, Plan, SEARCH_PAGE},
    run::Stop,
};

/// Ranges that are read again at most. More differences than this are not a gap but a portal whose totals cannot be
/// trusted, or one that changes as fast as it is read; the rest is reported.
const REPAIRS: usize = 50;

/// Counts by search at most, for the same reason.
const COUNTS: usize = 1_500;

/// What reconciling found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reconciled {
    /// The portal's total after reading.
    pub(crate) total_after: u64,
    /// Records that came only when their range was read again.
    pub(crate) healed: u64,
    /// Records that are still missing.
    pub(crate) unread: u64,
    /// Where, as inclusive ranges.
    pub(crate) unread_ranges: Vec<(u64, u64)>,
    /// Records that were delivered, but that neither total counts.
    pub(crate) uncounted: u64,
}

/// A portal being held against its totals.
pub(crate) struct Reconciler<'a> {
    pub(crate) client: &'a Client,
    pub(crate) plan: &'a Plan,
    pub(crate) layout: &'a Layout,
    pub(crate) columns: &'a Columns,
}

impl Reconciler<'_> {
    /// Compares the number of records delivered with the totals before and after; where it is not between them, finds the
    /// ranges that differ and reads them again, once.
    pub(crate) async fn run(
        &self,
        session: &mut Session,
        intake: &mut Intake,
    ) -> Result<Reconciled, Stop> {
        let total_after = self
            .client
            .total(self.plan.object, self.plan.query())
            .await?;
        let mut found = Reconciled {
            total_after,
            ..Reconciled::default()
        };
        let (low, high) = (
            self.plan.records.min(total_after),
            self.plan.records.max(total_after),
        );
        // Fewer than before: something that was delivered may be gone.
        if (low..=high).contains(&intake.staged) && total_after >= intake.staged {
            return Ok(found);
        }
        let mut open = vec![(0, LAST_ID)];
        let mut repaired = Vec::new();
        let mut counts = 0;
        while let Some(range) = open.pop() {
            counts += 1;
            let portal = self.total_in(range).await?;
            let staged = session
                .count_staged_in(RecordId(range.0), RecordId(range.1))
                .await?;
            if portal == staged {
                continue;
            }
            if repaired.len() >= REPAIRS || counts >= COUNTS {
                found.miss(range, portal, staged);
                continue;
            }
            if let Some(middle) = self.middle(session, range, portal, staged).await? {
                open.extend([(middle + 1, range.1), (range.0, middle)]);
            } else {
                found.healed += self.read_again(session, intake, range).await?;
                repaired.push(range);
            }
        }
        for range in repaired {
            let staged = session
                .count_staged_in(RecordId(range.0), RecordId(range.1))
                .await?;
            let portal = self.total_in(range).await?;
            found.miss(range, portal, staged);
        }
        // The whole may have been counted wrongly where no part was: what counts is the last word.
        found.total_after = self
            .client
            .total(self.plan.object, self.plan.query())
            .await?;
        let held = session
            .count_staged_in(RecordId(0), RecordId(i64::MAX.cast_unsigned()))
            .await?;
        let (low, high) = (
            self.plan.records.min(found.total_after),
            self.plan.records.max(found.total_after),
        );
        found.uncounted = held.saturating_sub(high);
        if found.unread == 0 {
            found.miss((0, LAST_ID), low, held);
        }
        Ok(found)
    }

    async fn total_in(&self, (first, last): (u64, u64)) -> Result<u64, Stop> {
        let query = self.plan.query_in((RecordId(first), RecordId(last)));
        Ok(self.client.total(self.plan.object, &query).await?)
    }

    /// Where to cut a range: at the middle of what was delivered, or of the ids when nothing was. `None` when one page
    /// holds all of it.
    async fn middle(
        &self,
        session: &mut Session,
        range: (u64, u64),
        portal: u64,
        staged: u64,
    ) -> Result<Option<u64>, Stop> {
        if portal <= u64::from(SEARCH_PAGE) && staged <= u64::from(SEARCH_PAGE)
            || range.0 >= range.1
        {
            return Ok(None);
        }
        let halved = session
            .nth_staged_in(RecordId(range.0), RecordId(range.1), staged / 2)
            .await?;
        let middle = halved.map_or(range.0.midpoint(range.1), |record| record.0);
        Ok(Some(middle.min(range.1 - 1)))
    }

    /// Reads one page's worth of ids again: takes in what is new, and excludes what is gone. Returns how many were new.
    async fn read_again(
        &self,
        session: &mut Session,
        intake: &mut Intake,
        (first, last): (u64, u64),
    ) -> Result<u64, Stop> {
        let range = (RecordId(first), RecordId(last));
        let staged: BTreeSet<RecordId> = session
            .staged_in(range.0, range.1)
            .await?
            .into_iter()
            .collect();
        let mut present = BTreeSet::new();
        let mut healed = 0;
        let query = self.plan.query_in(range);
        let mut next = Some(Walk::Up(None));
        while let Some(walk) = next {
            let page = self
                .client
                .search_page(self.plan.object, &query, self.columns, walk, SEARCH_PAGE)
                .await?;
            present.extend(page.records.iter().map(Record::id));
            present.extend(
                page.records
                    .undecodable()
                    .iter()
                    .filter_map(|record| record.id),
            );
            let before = intake.staged;
            intake
                .take(session, self.layout, &page.records, |id| {
                    !staged.contains(&id)
                })
                .await?;
            healed += intake.staged - before;
            intake.flush(session).await?;
            next = page.next;
        }
        let absent: Vec<RecordId> = staged.difference(&present).copied().collect();
        if !absent.is_empty() {
            let answer = self
                .client
                .batch_read(self.plan.object, &absent, self.columns)
                .await?;
            let archived = answer
                .records
                .iter()
                .filter(|record| record.archived())
                .map(Record::id);
            let gone: Vec<RecordId> = archived
                .chain(answer.missing.iter().copied())
                .chain(answer.merged.iter().map(|(loser, _)| *loser))
                .filter(|id| staged.contains(id))
                .collect();
            intake.exclude(session, &gone).await?;
        }
        Ok(healed)
    }
}

impl Reconciled {
    fn miss(&mut self, range: (u64, u64), portal: u64, staged: u64) {
        if portal > staged {
            self.unread += portal - staged;
            self.unread_ranges.push(range);
        }
    }
}
