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

/// Between subjects. A payload holds no control character; one that does was put there by something else.
const SEPARATOR: char = '\u{1e}';

impl Session {
    /// Counts this run's outcomes in the database.
    pub async fn tally(&mut self) -> Result<Vec<Tally>, Error> {
        let rows: Vec<(i64, i64, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT kind, count(*), count(version_id), sum(version_id IS NULL), sum(written), sum(cleared) FROM outcome WHERE run_id = ? GROUP BY kind",
        )
        .bind(self.run.0.cast_signed())
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
            let (lines, last): (Option<String>, Option<i64>) = sqlx::query_as(
                "SELECT group_concat(line, char(30)), max(record_id) FROM (
                     SELECT o.record_id, concat_ws(' ', o.record_id, o.subject_pk, o.fingerprint,
                         CASE WHEN instr(v.payload, char(30)) THEN '' ELSE coalesce(v.payload, '') END) AS line
                     FROM outcome o
                     LEFT JOIN link l ON l.subscription_id = ?3 AND l.level = ?4 AND l.subject_pk = o.subject_pk
                                     AND l.record_id = o.record_id
                     LEFT JOIN version v ON v.id = l.version_id
                     WHERE o.run_id = ?1 AND o.kind = ?2 AND o.record_id > ?5 ORDER BY o.record_id LIMIT ?6)",
            )
            .bind(self.run.0.cast_signed())
            .bind(MATCHED)
            .bind(self.scope.subscription.0)
            .bind(self.scope.level_code())
            .bind(after)
            .bind(READ_BACK)
            .fetch_one(&mut *self.conn)
            .await
            .map_err(doing("read the destination back"))?;
            let (Some(lines), Some(last)) = (lines, last) else {
                return Ok(());
            };
            for line in lines.split(SEPARATOR) {
                visit(
                    stored(line)
                        .ok_or_else(|| corrupt("a subject")("a line read back has another form"))?,
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
            "UPDATE link SET mapping_version = -1
             WHERE subscription_id = ?1 AND level = ?2 AND subject_pk IN (
                 SELECT subject_pk FROM outcome WHERE run_id = ?3 AND record_id IN (SELECT value FROM json_each(?4)))",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .bind(run)
        .bind(&ids)
        .execute(&mut *self.conn)
        .await
        .map_err(doing(DOING))?;
        let matched: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(
            "DELETE FROM outcome WHERE run_id = ? AND kind = ? AND record_id IN (SELECT value FROM json_each(?))
             RETURNING record_id, fingerprint, presence",
        )
        .bind(run)
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
        sqlx::query(
            "DELETE FROM version WHERE id BETWEEN ?1 AND ?2
             AND id NOT IN (SELECT version_id FROM outcome WHERE run_id = ?3 AND version_id IS NOT NULL)",
        )
        .bind(first_version(self.run))
        .bind(first_version(RunId(self.run.0 + 1)) - 1)
        .bind(self.run.0.cast_signed())
        .execute(&mut *self.conn)
        .await
        .map(drop)
        .map_err(doing("drop unused versions"))
    }
}

fn stored(line: &str) -> Option<Stored<'_>> {
    let mut parts = line.splitn(4, ' ');
    Some(Stored {
        record: parts.next()?.parse().ok()?,
        subject: parts.next()?.parse().ok()?,
        fingerprint: parts.next()?.parse::<i64>().ok()?.cast_unsigned(),
        payload: parts.next()?,
    })
}
