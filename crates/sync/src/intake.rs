//! What happens to a page of records: match, translate, compare, stage.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use hubspot::{Record, Records};
use model::{Clock, RecordId, Wire, payload::Writer};
use roaring::RoaringTreemap;
use store::{
    Miss, Session, Withdrawn,
    matching::Known,
    memory::Unchanged,
    stage::{Batch, Candidate, Fate, QuarantinedValue, StagedRecord},
};

use crate::{
    checkpoint::{Checkpoint, bits, switches},
    diff::{Target, Translated, translate},
    layout::Layout,
    read::{Covers, Gap},
};

/// Characters of a quarantined value that are kept to show.
const SHOWN: usize = 200;

/// Records staged in one durable step. A step costs the same whether it holds one page or ten.
const STEP: usize = 2_000;

/// Takes pages in, and keeps the counts that a proof compares.
#[derive(Debug)]
pub(crate) struct Intake {
    writer: Writer,
    dry_run: bool,
    /// Taken in, and not staged yet.
    pending: Batch,
    /// What the last run found may be relied on.
    trusting: bool,
    /// See [`Layout::seed`].
    seed: u64,
    claims: Claims,
    /// Distinct records staged.
    pub(crate) staged: u64,
    pub(crate) expected: Expected,
    answered: Answered,
    /// Ids made up for records whose own could not be read, counted down from the largest.
    nameless: u64,
    /// The ids of which nothing is taken in yet.
    gap: Gap,
    course: Course,
}

/// What a run has set out with: all of its checkpoints that does not change while it reads.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Which subjects the records of this run claim.
#[derive(Debug, Default)]
struct Claims {
    /// Subjects that a record matched. One bit per known id, not a map of keys.
    claimed: RoaringTreemap,
    /// Of these, those that a record fed before this run.
    fed_before: u64,
    /// Of these, those that were claimed more than once: who feeds them must be decided before applying.
    contested: RoaringTreemap,
    /// Some match was taken back, so that counting claims does not tell whether a link ends.
    took_back: bool,
}

impl Claims {
    /// Notes that a record claims a subject, which a record fed before this run or not.
    fn add(&mut self, subject: i64, fed: bool) {
        let subject = subject.cast_unsigned();
        if self.claimed.insert(subject) {
            self.fed_before += u64::from(fed);
        } else {
            self.contested.insert(subject);
        }
    }
}

/// How completely answers held the columns that were asked for.
#[derive(Debug, Default)]
struct Answered {
    /// Per column: it was missing from some record.
    missing: Vec<bool>,
    /// Per column: some record had it, if only as null.
    present: Vec<bool>,
    /// Per column: it was missing from all records of some page.
    left_out: Vec<bool>,
    /// HubSpot says null for a property without a value.
    nulls: bool,
}

impl Answered {
    fn new(columns: usize) -> Self {
        Self {
            missing: vec![false; columns],
            present: vec![false; columns],
            left_out: vec![false; columns],
            nulls: false,
        }
    }

    /// What a checkpoint says of so many columns.
    fn read(checkpoint: &Checkpoint, columns: usize) -> Option<Self> {
        Some(Self {
            missing: switches(&checkpoint.missing, columns)?,
            present: switches(&checkpoint.present, columns)?,
            left_out: switches(&checkpoint.left_out, columns)?,
            nulls: checkpoint.nulls,
        })
    }

    fn note<'a>(&mut self, records: impl Iterator<Item = Record<'a>>) {
        let mut on_page = vec![false; self.present.len()];
        let mut empty = true;
        for record in records {
            empty = false;
            for (at, on_page) in on_page.iter_mut().enumerate() {
                let missing = record.is_missing(at);
                self.nulls |= record.is_null(at);
                self.missing[at] |= missing;
                *on_page |= !missing;
            }
        }
        for (at, on_page) in on_page.into_iter().enumerate() {
            self.present[at] |= on_page;
            self.left_out[at] |= !on_page && !empty;
        }
    }
}

/// What translation produced: what the destination must hold after applying.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) checksum: u64,
    pub(crate) fields: Vec<u64>,
}

impl Expected {
    fn add(&mut self, fingerprint: u64, presence: &[u8]) {
        self.checksum = self.checksum.wrapping_add(fingerprint);
        self.count(presence, 1);
    }

    /// Takes back what a withdrawn match had added.
    pub(crate) fn withdraw(&mut self, withdrawn: &Withdrawn) {
        self.checksum = self.checksum.wrapping_sub(withdrawn.fingerprint);
        self.count(&withdrawn.presence, -1);
    }

    fn count(&mut self, presence: &[u8], by: i64) {
        for (at, count) in self.fields.iter_mut().enumerate() {
            if presence[at / 8] & (1 << (at % 8)) != 0 {
                *count = count.saturating_add_signed(by);
            }
        }
    }
}

/// A record that matched, on its way to a target.
struct Matched<'a> {
    record: Record<'a>,
    wire: i64,
    known: Known,
    translated: Translated,
}

impl Intake {
    pub(crate) fn new(layout: &Layout, dry_run: bool, course: Course) -> Self {
        Self {
            writer: Writer::default(),
            dry_run,
            pending: Batch::default(),
            // What is remembered was found by the mapping that is stored.
            trusting: layout.mapping_version >= 0,
            seed: layout.seed(),
            claims: Claims::default(),
            staged: 0,
            expected: Expected {
                checksum: 0,
                fields: vec![0; layout.fields.len()],
            },
            answered: Answered::new(layout.columns.len()),
            nameless: 0,
            gap: Gap::WHOLE,
            course,
        }
    }

    /// Goes on where another process stopped, if what is staged fits how records are read now.
    pub(crate) async fn resume(
        layout: &Layout,
        dry_run: bool,
        course: Course,
        session: &mut Session,
    ) -> Result<Option<Self>, store::Error> {
        let mut intake = Self::new(layout, dry_run, course);
        let checkpoint = &intake.course.checkpoint;
        let Some(answered) = Answered::read(checkpoint, layout.columns.len()) else {
            return Ok(None);
        };
        if checkpoint.seed != intake.seed {
            return Ok(None);
        }
        (intake.gap, intake.nameless) = (checkpoint.gap(), checkpoint.nameless);
        intake.answered = answered;
        // Whether a match was taken back is not kept; then links that end are looked for.
        intake.claims.took_back = true;
        intake.staged = session.count_staged().await?;
        let (claims, expected) = (&mut intake.claims, &mut intake.expected);
        session
            .claims(|claim| {
                claims.add(claim.subject, claim.fed);
                if let Some((fingerprint, presence)) = claim.matched {
                    expected.add(fingerprint, &presence);
                }
            })
            .await?;
        Ok(Some(intake))
    }

    /// The ids of which nothing is taken in yet.
    pub(crate) fn gap(&self) -> Gap {
        self.gap
    }

    /// Says that the page to be taken in next is all there is in what it covers.
    pub(crate) fn cover(&mut self, covers: Option<Covers>) {
        if let Some(covers) = covers {
            self.gap.cover(covers);
        }
    }

    /// Where the run stands once all that was taken in is staged.
    pub(crate) fn checkpoint(&self) -> store::takeover::Checkpoint {
        let answered = &self.answered;
        Checkpoint {
            seed: self.seed,
            first: self.gap.first,
            last: self.gap.last,
            missing: bits(&answered.missing),
            present: bits(&answered.present),
            left_out: bits(&answered.left_out),
            nulls: answered.nulls,
            nameless: self.nameless,
            ..self.course.checkpoint.clone()
        }
        .written(self.course.clock.now())
    }

    /// Takes in the records of a page that are `wanted`. They must not have been staged before.
    pub(crate) async fn take(
        &mut self,
        session: &mut Session,
        layout: &Layout,
        page: &Records,
        wanted: impl Fn(RecordId) -> bool,
    ) -> Result<(), store::Error> {
        let mut staged = Vec::with_capacity(page.delivered());
        let mut keyed = Vec::with_capacity(page.len());
        let taken = || page.iter().filter(|record| wanted(record.id()));
        self.answered.note(taken());
        for record in taken() {
            match record.wire(layout.key_column) {
                _ if record.archived() => staged.push(fate(record, Fate::Excluded)),
                Wire::Text(key) if !key.is_empty() => {
                    keyed.push((record, key, record.hash(self.seed).cast_signed()));
                }
                _ => {
                    let reason = Miss::EmptyKey;
                    staged.push(fate(
                        record,
                        Fate::Missed {
                            reason,
                            key: None,
                            near: None,
                        },
                    ));
                }
            }
        }
        for undecodable in page.undecodable() {
            let record = undecodable.id.unwrap_or_else(|| self.name_the_nameless());
            if wanted(record) {
                tracing::warn!(%record, why = undecodable.why, "a record cannot be decoded");
                staged.push(StagedRecord {
                    record,
                    modified_at: 0,
                    fate: Fate::Failed,
                });
            }
        }
        self.pass_over_unchanged(session, &mut keyed).await?;
        let keys: Vec<&str> = keyed.iter().map(|(_, key, _)| *key).collect();
        let known = session.known(&keys).await?;
        let mut matched = Vec::with_capacity(keyed.len());
        let mut unknown = Vec::new();
        for ((record, key, wire), known) in keyed.into_iter().zip(known) {
            match known {
                Some(known) => {
                    let translated = self.translate(layout, &known, record);
                    matched.push(Matched {
                        record,
                        wire,
                        known,
                        translated,
                    });
                }
                None => unknown.push((record, key)),
            }
        }
        self.stage_unknown(session, unknown, &mut staged).await?;
        self.stage_matched(session, layout, matched, &mut staged)
            .await?;
        self.staged += staged.len() as u64;
        self.pending.records.append(&mut staged);
        if self.pending.len() >= STEP {
            self.flush(session).await
        } else {
            Ok(())
        }
    }

    /// Stages what was taken in.
    pub(crate) async fn flush(&mut self, session: &mut Session) -> Result<(), store::Error> {
        let checkpoint = self.checkpoint();
        let pending = std::mem::take(&mut self.pending);
        session
            .stage(pending, self.dry_run, Some(&checkpoint))
            .await
    }

    /// Takes out the records that HubSpot sends as it did when the level last ran, and that fed a subject then: they feed it
    /// again, with the same values.
    async fn pass_over_unchanged(
        &mut self,
        session: &mut Session,
        keyed: &mut Vec<(Record<'_>, &str, i64)>,
    ) -> Result<(), store::Error> {
        if !self.trusting {
            return Ok(());
        }
        let ids = keyed.iter().map(|(record, _, _)| record.id());
        let Some((first, last)) = ids.clone().min().zip(ids.max()) else {
            return Ok(());
        };
        // What is remembered beyond the limit belongs to records that did not come, as when single ones are read.
        let limit = 2 * keyed.len();
        let remembered = session.remembered((first, last), limit).await?;
        let before: HashMap<_, _> = remembered
            .iter()
            .map(|(id, before)| (*id, before))
            .collect();
        let mut unchanged = Vec::with_capacity(keyed.len());
        keyed.retain(|(record, _, wire)| {
            let same = before
                .get(&record.id())
                .filter(|before| before.wire == *wire);
            if let Some(before) = same {
                self.expected.add(before.fingerprint, &before.presence);
                self.claims.add(before.subject, true);
                unchanged.push(record.id());
            }
            same.is_none()
        });
        let Some((first, last)) = unchanged
            .iter()
            .copied()
            .min()
            .zip(unchanged.iter().copied().max())
        else {
            return Ok(());
        };
        self.staged += unchanged.len() as u64;
        let same: HashSet<RecordId> = unchanged.iter().copied().collect();
        let except = remembered
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| (first..=last).contains(id) && !same.contains(id))
            .collect();
        self.pending.unchanged.push(Unchanged {
            first,
            last,
            except,
            records: unchanged.len(),
        });
        Ok(())
    }

    fn translate(&mut self, layout: &Layout, known: &Known, record: Record<'_>) -> Translated {
        let quarantined = &mut self.pending.quarantined;
        translate(
            layout,
            &mut self.writer,
            known.subject,
            |column| record.wire(column),
            |at, reason, text| {
                let property = layout.fields[at].property.clone();
                quarantined.push(QuarantinedValue {
                    record: record.id(),
                    property,
                    reason: reason.code(),
                    value: text.chars().take(SHOWN).collect(),
                });
            },
        )
    }

    async fn stage_unknown(
        &mut self,
        session: &mut Session,
        unknown: Vec<(Record<'_>, &str)>,
        staged: &mut Vec<StagedRecord>,
    ) -> Result<(), store::Error> {
        if unknown.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = unknown.iter().map(|(_, key)| *key).collect();
        let near = session.near(&keys).await?;
        for ((record, key), near) in unknown.into_iter().zip(near) {
            let (reason, near) = near.map_or((Miss::UnknownId, None), |near| {
                (near.reason, Some(near.id.0))
            });
            staged.push(fate(
                record,
                Fate::Missed {
                    reason,
                    key: Some(key.to_owned()),
                    near,
                },
            ));
        }
        Ok(())
    }

    /// Compares the matched records with what their subjects hold. Only where the fingerprint does not settle it is the
    /// stored payload read.
    async fn stage_matched(
        &mut self,
        session: &mut Session,
        layout: &Layout,
        matched: Vec<Matched<'_>>,
        staged: &mut Vec<StagedRecord>,
    ) -> Result<(), store::Error> {
        let versions: Vec<i64> = matched
            .iter()
            .filter_map(|one| {
                one.known
                    .link
                    .as_ref()
                    .filter(|link| !one.translated.is_known_to(link, layout))
            })
            .filter_map(|link| link.version)
            .collect();
        let payloads = if versions.is_empty() {
            HashMap::new()
        } else {
            session.payloads(&versions).await?
        };
        for Matched {
            record,
            wire,
            known,
            translated,
        } in matched
        {
            let wire = translated.is_whole().then_some(wire);
            let link = known.link.as_ref();
            let version = link.and_then(|link| link.version);
            let settled = link.is_some_and(|link| translated.is_known_to(link, layout));
            let target = match version
                .and_then(|version| payloads.get(&version).map(|payload| (version, payload)))
            {
                _ if settled => Target {
                    fingerprint: translated.fingerprint,
                    presence: translated.presence,
                    change: None,
                },
                Some((version, payload)) => {
                    translated.onto(layout, known.subject, payload, version)
                }
                None => translated.onto_nothing(),
            };
            self.expected.add(target.fingerprint, &target.presence);
            self.claims.add(
                known.subject,
                link.is_some_and(|link| link.record.is_some()),
            );
            let same_link = link.is_some_and(|link| {
                link.record == Some(record.id().0)
                    && link.mapping_version == layout.mapping_version
                    && link.fingerprint == target.fingerprint
            });
            let candidate = Candidate {
                subject: known.subject,
                fingerprint: target.fingerprint,
                presence: target.presence,
                change: target.change,
                relink: !same_link,
                wire,
            };
            staged.push(fate(record, Fate::Matched(Box::new(candidate))));
        }
        Ok(())
    }

    /// Decides contested subjects and takes the losers out of what is expected.
    pub(crate) async fn settle(&mut self, session: &mut Session) -> Result<(), store::Error> {
        self.flush(session).await?;
        let contested = std::mem::take(&mut self.claims.contested);
        if contested.is_empty() {
            return Ok(());
        }
        let subjects = contested.iter().map(u64::cast_signed);
        let lost = |loser: &_| self.expected.withdraw(loser);
        session.settle_contested(subjects, lost).await
    }

    /// Excludes staged records that are gone from the portal.
    pub(crate) async fn exclude(
        &mut self,
        session: &mut Session,
        gone: &[RecordId],
    ) -> Result<(), store::Error> {
        for withdrawn in session.exclude(gone).await? {
            self.expected.withdraw(&withdrawn);
            self.claims.took_back = true;
        }
        Ok(())
    }

    /// The columns that were missing from some record, those of held fields left aside.
    pub(crate) fn missing(&self, layout: &Layout) -> impl Iterator<Item = usize> {
        let held = |at: usize| {
            layout
                .fields
                .get(at)
                .is_some_and(|field| field.pull.is_err())
        };
        let missing = self.answered.missing.iter().enumerate();
        missing.filter_map(move |(at, missing)| (*missing && !held(at)).then_some(at))
    }

    /// Whether whole pages lacked a column that others had, in a portal that says null where there is no value: the property
    /// was not there while those pages were read.
    pub(crate) fn was_left_out(&self, column: usize) -> bool {
        let Answered {
            present,
            left_out,
            nulls,
            ..
        } = &self.answered;
        *nulls && present[column] && left_out[column]
    }

    /// Whether each of the level's live links was claimed by a record of this run, as far as counting can tell.
    pub(crate) fn claims_all(&self, live_links: u64) -> bool {
        !self.claims.took_back && self.claims.fed_before == live_links
    }

    /// Forgets matches whose subjects hold something else than they should, so that they can be taken in again.
    pub(crate) async fn distrust(
        &mut self,
        session: &mut Session,
        records: &[RecordId],
    ) -> Result<(), store::Error> {
        for withdrawn in session.distrust(records).await? {
            self.expected.withdraw(&withdrawn);
            self.staged -= 1;
        }
        self.trusting = false;
        Ok(())
    }

    fn name_the_nameless(&mut self) -> RecordId {
        self.nameless += 1;
        // HubSpot's ids have at most 12 digits; the database's largest id is far above.
        RecordId(i64::MAX.cast_unsigned() - self.nameless)
    }
}

fn fate(record: Record<'_>, fate: Fate) -> StagedRecord {
    StagedRecord {
        record: record.id(),
        modified_at: record.updated_at_ms(),
        fate,
    }
}
