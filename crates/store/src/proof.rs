//! What a run can be checked by: its outcomes counted where they are stored, and the destination read back.

use model::{RecordId, RunId};

use crate::{
    Error, OutcomeKind, Session,
    apply::{Withdrawn, withdrawn},
    error::{corrupt, doing},
    outcome::MATCHED,
    stage::{begin, commit, first_version},
};

/// How many outcomes of one kind a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Which kind.
    pub kind: OutcomeKind,
    /// How many records.
    pub records: u64,
    /// How many of them change their subject.
    pub changed: u64,
    /// How many of them find their subject as it shall be.
    pub unchanged: u64,
    /// Values those changes write.
    pub written: u64,
    /// Values those changes clear.
    pub cleared: u64,
}

/// What a run says a subject holds, beside what it does hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored<'a> {
    /// The record that feeds the subject.
    pub record: RecordId,
    /// The subject's internal number.
    pub subject: i64,
    /// The fingerprint the run staged.
    pub fingerprint: u64,
    /// What is stored; empty when link or version are not there.
    pub payload: &'a str,
}

/// Subjects that are read back by one statement.
const READ_BACK: i64 = 1_000;

impl Session {
    /// Counts this run's outcomes in the database.
    pub async fn tally(&mut self) -> Result<Vec<Tally>, Error> {
        let rows: Vec<(i64, i64, i64, i64, i64, i64)> = sqlx::query_as(
            self.sql(
                "SELECT kind, count(*), count(version_id), sum(version_id IS NULL), sum(written), sum(cleared)
                 FROM {staged} GROUP BY kind",
            ),
        )
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing("count the outcomes"))?;
        Ok(rows
            .into_iter()
            .map(
                |(kind, records, changed, unchanged, written, cleared)| Tally {
                    kind: OutcomeKind::from_number(kind),
                    records: records.cast_unsigned(),
                    changed: changed.cast_unsigned(),
                    unchanged: unchanged.cast_unsigned(),
                    written: written.cast_unsigned(),
                    cleared: cleared.cast_unsigned(),
                },
            )
            .collect())
    }

    /// Counts the known ids of this level.
    pub async fn count_known(&mut self) -> Result<u64, Error> {
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ?",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut *self.conn)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the known ids"))
    }

    /// Reads back, from the destination, the metadata of every subject this run feeds, in record order.
    ///
    /// Many subjects come as one text: handing over a million rows one by one costs more than reading them.
    pub async fn read_back(&mut self, mut visit: impl FnMut(Stored<'_>)) -> Result<(), Error> {
        let mut after = i64::MIN;
        loop {
            let (subjects, last): (Option<String>, Option<i64>) = sqlx::query_as(
                self.sql(
                    "SELECT group_concat(subject, ''), max(record_id) FROM (
                         SELECT o.record_id, concat_ws(' ', o.record_id, o.subject_pk, o.fingerprint,
                             coalesce(octet_length(v.payload), 0), coalesce(v.payload, '')) AS subject
                         FROM {staged} o
                         LEFT JOIN link l ON l.subject_pk = o.subject_pk AND l.record_id = o.record_id
                         LEFT JOIN version v ON v.id = l.version_id
                         WHERE o.kind = ? AND o.record_id > ? ORDER BY o.record_id LIMIT ?)",
                ),
            )
            .bind(MATCHED)
            .bind(after)
            .bind(READ_BACK)
            .fetch_one(&mut *self.conn)
            .await
            .map_err(doing("read the destination back"))?;
            let (Some(mut rest), Some(last)) = (subjects.as_deref(), last) else {
                return Ok(());
            };
            while !rest.is_empty() {
                visit(
                    stored(&mut rest).ok_or_else(|| {
                        corrupt("a subject")("what was read back has another form")
                    })?,
                );
            }
            after = last;
        }
    }

    /// Makes the run forget what it staged about these records and makes their subjects' fingerprints worthless, so that
    /// staging them again writes whatever differs from what is really stored.
    pub async fn distrust(&mut self, records: &[RecordId]) -> Result<Vec<Withdrawn>, Error> {
        const DOING: &str = "prepare lost values to be written again";
        let ids: Vec<u64> = records.iter().map(|record| record.0).collect();
        let ids = serde_json::to_string(&ids).expect("numbers serialise");
        let run = self.run.0.cast_signed();
        begin(&mut self.conn, DOING).await?;
        sqlx::query(
            self.sql(
                "UPDATE link SET mapping_version = -1 WHERE subject_pk IN (
                     SELECT subject_pk FROM {staged} WHERE record_id IN (SELECT value FROM json_each(?)))",
            ),
        )
        .bind(&ids)
        .execute(&mut *self.conn)
        .await
        .map_err(doing(DOING))?;
        let matched: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(self.sql(
            "DELETE FROM {staged} WHERE kind = ? AND record_id IN (SELECT value FROM json_each(?))
                 RETURNING record_id, fingerprint, presence",
        ))
        .bind(MATCHED)
        .bind(&ids)
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing(DOING))?;
        sqlx::query("DELETE FROM quarantine WHERE run_id = ? AND record_id IN (SELECT value FROM json_each(?))")
            .bind(run)
            .bind(&ids)
            .execute(&mut *self.conn)
            .await
            .map_err(doing(DOING))?;
        commit(&mut self.conn, DOING).await?;
        Ok(matched.into_iter().map(withdrawn).collect())
    }

    /// Deletes versions that this run staged for candidates that did not prevail.
    pub async fn drop_unused_versions(&mut self) -> Result<(), Error> {
        sqlx::query(self.sql(
            "DELETE FROM version WHERE id BETWEEN ? AND ?
                 AND id NOT IN (SELECT version_id FROM {staged} WHERE version_id IS NOT NULL)",
        ))
        .bind(first_version(self.run))
        .bind(first_version(RunId(self.run.0 + 1)) - 1)
        .execute(&mut *self.conn)
        .await
        .map(drop)
        .map_err(doing("drop unused versions"))
    }
}

/// Takes the next subject off what was read back: three numbers, the length of the payload in bytes, the payload.
fn stored<'a>(rest: &mut &'a str) -> Option<Stored<'a>> {
    let mut parts = rest.splitn(5, ' ');
    let record = parts.next()?.parse().ok()?;
    let subject = parts.next()?.parse().ok()?;
    let fingerprint: i64 = parts.next()?.parse().ok()?;
    let length = parts.next()?.parse().ok()?;
    let (payload, after) = parts.next()?.split_at_checked(length)?;
    *rest = after;
    Some(Stored {
        record,
        subject,
        fingerprint: fingerprint.cast_unsigned(),
        payload,
    })
}
