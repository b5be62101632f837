//! The write side of a run, up to but without its application.
//!
//! A run stages what it finds while it reads: what becomes of each record in a table of the run's own, a new version per
//! changed subject, a row per quarantined value. Nothing of that is seen by anyone until [`Session::apply`] points the links
//! to the new versions in one transaction. The run's table goes when the run ends; only records that fed nobody are kept, in
//! `outcome`. A table of its own is appended to in record order and dropped whole, which costs a fraction of writing rows
//! to a shared one and deleting them again.

use std::sync::Arc;

use model::{PropertyName, RecordId, RunId};

use crate::{
    Error, OutcomeKind, Scope, Store,
    error::doing,
    lock::Hold,
    memory::{Unchanged, stage_unchanged},
    sql::{self, Bulk, Connection},
    staging::{Staged, first_version, forget_details, make_staging_table, next_version},
    takeover::{Checkpoint, keep},
};

/// The working connection of one run.
#[derive(Debug)]
pub struct Session {
    pub(crate) conn: Connection,
    pub(crate) hold: Arc<Hold>,
    pub(crate) scope: Scope,
    pub(crate) run: RunId,
    /// What the level's last run found can be relied on.
    pub(crate) remembers: bool,
    /// Its table.
    pub(crate) staged: Staged,
    /// The table can be asked by subject; see [`Session::index_claims`].
    pub(crate) indexed: bool,
    next_version: i64,
    records: Bulk,
    versions: Bulk,
    quarantines: Bulk,
}

/// A record with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedRecord {
    /// The record.
    pub record: RecordId,
    /// When HubSpot last changed it, in epoch milliseconds; decides between duplicates.
    pub modified_at: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What is staged in one step.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records with what became of them.
    pub records: Vec<StagedRecord>,
    /// Records that are as the level's last run found them; see [`Session::remembered`].
    pub unchanged: Vec<Unchanged>,
    /// Values that were kept out.
    pub quarantined: Vec<QuarantinedValue>,
}

impl Batch {
    /// How many records it holds.
    pub fn len(&self) -> usize {
        let unchanged = self.unchanged.iter().map(|range| range.records);
        self.records.len() + unchanged.sum::<usize>()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of a record, with what the store must remember of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is a candidate to feed a subject; the only one unless the key is contested.
    Matched(Box<Candidate>),
    /// It matched nothing.
    Missed {
        /// Why.
        reason: crate::Miss,
        /// The key as it came.
        key: Option<String>,
        /// The known id it nearly equals.
        near: Option<String>,
    },
    /// Archived or gone.
    Excluded,
    /// Not usable.
    Failed,
}

/// What a matched record would make of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whom it matched.
    pub subject: i64,
    /// Fingerprint of the selected values the subject shall hold.
    pub fingerprint: u64,
    /// A bit per selected field, in name order: has it a value.
    pub presence: Vec<u8>,
    /// The new state, if it differs from the present one.
    pub change: Option<Change>,
    /// Whether the link must be written although the values may be the same.
    pub relink: bool,
    /// Hash of what HubSpot sent; `None` when the next run must look at the record even if it is sent again.
    pub wire: Option<i64>,
}

/// A change of a subject's hubspot metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// All hubspot metadata after the change.
    pub payload: String,
    /// The version before, if there was one.
    pub previous: Option<i64>,
    /// Values that are new or different.
    pub written: u32,
    /// Values that went.
    pub cleared: u32,
}

/// A value that was kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedValue {
    /// Of which record.
    pub record: RecordId,
    /// Of which property.
    pub property: PropertyName,
    /// Code of the reason.
    pub reason: &'static str,
    /// The wire text, shortened by the caller.
    pub value: String,
}

impl Session {
    /// Opens the working connection of a run, with its table: empty if the run has just begun, with what was staged if
    /// it is gone on with.
    pub(crate) async fn open(
        store: &Store,
        scope: Scope,
        run: RunId,
        hold: Arc<Hold>,
    ) -> Result<Self, Error> {
        let mut conn = store
            .working_connection("take a connection for the run")
            .await?;
        make_staging_table(&mut conn, run)
            .await
            .map_err(doing("make the run's table"))?;
        let next_version = next_version(&mut conn, run)
            .await
            .map_err(doing("count the run's versions"))?;
        let staged = Staged::of(run);
        let mut session = Self {
            conn,
            hold,
            scope,
            run,
            remembers: false,
            indexed: false,
            next_version,
            records: Bulk::new(staged.name(), &RECORD_COLUMNS),
            staged,
            versions: Bulk::new(
                "version",
                &["id", "subject_pk", "record_id", "previous_id", "payload"],
            ),
            quarantines: Bulk::with_tail(
                "quarantine",
                &["run_id", "record_id", "property", "reason", "value"],
                " ON CONFLICT (run_id, record_id, property) DO UPDATE
                  SET reason = excluded.reason, value = excluded.value",
            ),
        };
        session.recall().await?;
        Ok(session)
    }

    /// Ends the connection, undoing whatever statement or transaction was under way.
    pub async fn close(self) -> Result<(), Error> {
        self.conn
            .close()
            .await
            .map_err(doing("close the run's connection"))
    }

    /// The run, as this process has it under way.
    pub fn hold(&self) -> Arc<Hold> {
        Arc::clone(&self.hold)
    }

    /// The run this session writes for.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Stages records that were not staged before, with their quarantined values, in one durable step.
    ///
    /// A dry run stages outcomes without new versions. With a checkpoint, where the run stands is kept in the same step.
    ///
    /// # Errors
    /// [`Error::TakenOver`].
    pub async fn stage(
        &mut self,
        batch: Batch,
        dry_run: bool,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), Error> {
        const DOING: &str = "stage records";
        let run = self.run.0.cast_signed();
        let Batch {
            records,
            unchanged,
            quarantined,
        } = batch;
        let mut outcomes = Vec::with_capacity(records.len());
        let mut versions = Vec::new();
        for record in records {
            let (outcome, version) = self.rows_of(record);
            outcomes.push(outcome);
            versions.extend(version.filter(|_| !dry_run));
        }
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        self.versions
            .insert(&mut tx, versions, |columns, row| {
                columns.put(row.id).put(row.subject).put(row.record);
                columns.put(row.previous).put(row.payload);
            })
            .await
            .map_err(doing(DOING))?;
        self.records
            .insert(&mut tx, outcomes, |columns, row| {
                columns.put(row.record).put(row.kind).put(row.subject);
                columns.put(row.modified_at).put(row.fingerprint);
                columns.put(row.presence).put(row.version);
                columns.put(row.written).put(row.cleared).put(row.relink);
                columns.put(row.key).put(row.near).put(row.wire);
            })
            .await
            .map_err(doing(DOING))?;
        for range in &unchanged {
            stage_unchanged(&mut tx, self.scope, &self.staged, range)
                .await
                .map_err(doing(DOING))?;
        }
        self.quarantines
            .insert(&mut tx, quarantined, |columns, value| {
                columns.put(run).put(value.record.0.cast_signed());
                columns.put(value.property.as_str()).put(value.reason);
                columns.put(value.value);
            })
            .await
            .map_err(doing(DOING))?;
        if let Some(checkpoint) = checkpoint {
            keep(&mut tx, self.run, checkpoint)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// The row of a record, and of the version it makes.
    fn rows_of(&mut self, record: StagedRecord) -> (OutcomeRow, Option<VersionRow>) {
        let StagedRecord {
            record,
            modified_at,
            fate,
        } = record;
        let record = record.0.cast_signed();
        let mut row = OutcomeRow {
            record,
            modified_at,
            ..OutcomeRow::default()
        };
        let mut version = None;
        match fate {
            Fate::Matched(candidate) => {
                row.kind = OutcomeKind::Matched.number();
                row.subject = Some(candidate.subject);
                row.fingerprint = Some(candidate.fingerprint.cast_signed());
                row.presence = Some(candidate.presence);
                row.wire = candidate.wire;
                row.relink = candidate.relink || candidate.change.is_some();
                if let Some(change) = candidate.change {
                    let id = self.next_version;
                    self.next_version += 1;
                    row.version = Some(id);
                    row.written = change.written.into();
                    row.cleared = change.cleared.into();
                    version = Some(VersionRow {
                        id,
                        subject: candidate.subject,
                        record,
                        previous: change.previous,
                        payload: change.payload,
                    });
                }
            }
            Fate::Missed { reason, key, near } => {
                row.kind = OutcomeKind::Missed(reason).number();
                row.key = key;
                row.near = near;
            }
            Fate::Excluded => row.kind = OutcomeKind::Excluded.number(),
            Fate::Failed => row.kind = OutcomeKind::Failed.number(),
        }
        (row, version)
    }

    /// Forgets everything this run has staged, to start reading anew.
    pub async fn unstage(&mut self) -> Result<(), Error> {
        const DOING: &str = "clear what was staged";
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        sql::query(self.staged.sql("DELETE FROM {staged}"))
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        forget_details(&mut tx, self.run)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        self.next_version = first_version(self.run);
        Ok(())
    }
}

/// The columns of a run's own table, as [`OutcomeRow`] has them.
const RECORD_COLUMNS: [&str; 13] = [
    "record_id",
    "kind",
    "subject_pk",
    "modified_at",
    "fingerprint",
    "presence",
    "version_id",
    "written",
    "cleared",
    "relink",
    "key_text",
    "near_id",
    "wire",
];

#[derive(Default)]
struct OutcomeRow {
    record: i64,
    kind: i64,
    subject: Option<i64>,
    modified_at: i64,
    fingerprint: Option<i64>,
    presence: Option<Vec<u8>>,
    version: Option<i64>,
    written: i64,
    cleared: i64,
    relink: bool,
    key: Option<String>,
    near: Option<String>,
    wire: Option<i64>,
}

struct VersionRow {
    id: i64,
    subject: i64,
    record: i64,
    previous: Option<i64>,
    payload: String,
}
