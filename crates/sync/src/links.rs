//! Links that end: a subject that a record fed until now, and none does any more.

use hubspot::{Client, Columns, Record};
use model::{RecordId, Wire};
use store::{Miss, OutcomeKind, Session, apply::UnclaimedLink};

use crate::{intake::Intake, layout::Layout, plan::Plan, run::Stop};

/// Links looked at together; as many ids as ten calls read.
const STEP: i64 = 1_000;

/// Why a link ended.
mod reason {
    pub(super) const KEY_CHANGED: &str = "key_changed";
    pub(super) const KEY_CLEARED: &str = "key_cleared";
    pub(super) const GONE: &str = "record_gone";
    pub(super) const MERGED: &str = "record_merged";
    pub(super) const ARCHIVED: &str = "record_archived";
    pub(super) const UNANSWERED: &str = "no_answer";
}

/// Finds the links that no record of this run claims, asks HubSpot about each record that was not delivered, and stages
/// their ends. A record that turns out to hold its key, which the search index had not caught up with, is taken in instead.
///
/// Returns how many links end.
pub(crate) async fn end_unclaimed(
    client: &Client,
    plan: &Plan,
    layout: &Layout,
    columns: &Columns,
    session: &mut Session,
    intake: &mut Intake,
) -> Result<u64, Stop> {
    if intake.claims_all(session.count_live_links().await?) {
        return Ok(0);
    }
    let mut ended = 0;
    let mut after = 0;
    loop {
        let unclaimed = session.unclaimed_links(after, i64::MAX, STEP).await?;
        let Some(last) = unclaimed.last().map(|link| link.subject) else {
            return Ok(ended);
        };
        let before = std::mem::replace(&mut after, last);
        let absent: Vec<RecordId> = unclaimed
            .iter()
            .filter(|link| link.outcome.is_none())
            .map(|link| link.record)
            .collect();
        let answer = client.batch_read(plan.object, &absent, columns).await?;
        let archived = client.archived(plan.object, &answer.missing).await?;
        let late: Vec<RecordId> = answer
            .records
            .iter()
            .filter(|record| {
                absent.contains(&record.id())
                    && !record.archived()
                    && has_key(record.wire(layout.key_column))
            })
            .map(Record::id)
            .collect();
        intake
            .take(session, layout, &answer.records, |id| late.contains(&id))
            .await?;
        let why = |link: &UnclaimedLink| {
            let found = || {
                answer
                    .records
                    .iter()
                    .find(|record| record.id() == link.record)
            };
            if let Some(outcome) = link.outcome {
                match outcome {
                    OutcomeKind::Missed(Miss::EmptyKey) => reason::KEY_CLEARED,
                    OutcomeKind::Excluded => reason::GONE,
                    _ => reason::KEY_CHANGED,
                }
            } else if archived.contains(&link.record) {
                reason::ARCHIVED
            } else if answer.missing.contains(&link.record) {
                reason::GONE
            } else if answer.merged.iter().any(|(loser, _)| *loser == link.record) {
                reason::MERGED
            } else {
                match found() {
                    Some(record) if record.archived() => reason::ARCHIVED,
                    Some(record) if has_key(record.wire(layout.key_column)) => reason::KEY_CHANGED,
                    Some(_) => reason::KEY_CLEARED,
                    None => reason::UNANSWERED,
                }
            }
        };
        intake.flush(session).await?;
        // A late record may have claimed its subject after all.
        let still = if late.is_empty() {
            unclaimed
        } else {
            session.unclaimed_links(before, last, STEP).await?
        };
        let ends: Vec<_> = still
            .into_iter()
            // What could not be decoded may well hold its key.
            .filter(|link| link.outcome != Some(OutcomeKind::Failed))
            .map(|link| {
                let reason = why(&link);
                (link, reason)
            })
            .collect();
        ended += ends.len() as u64;
        session.stage_ended_links(&ends).await?;
    }
}

fn has_key(wire: Wire<'_>) -> bool {
    matches!(wire, Wire::Text(key) if !key.is_empty())
}
