//! What a run can be checked by: its outcomes counted where they are stored, and the destination read back.

use std::collections::BTreeMap;

use model::RecordId;
use sqlx::Row as _;

use crate::{
    Error, OutcomeKind, Session,
    bulk::{begin, commit},
    contest::{Withdrawn, withdrawn},
    error::{corrupt, doing},
    matching::id_array,
    outcome::MATCHED,
};

/// A run's outcomes, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How many records each kind has.
    pub records: Vec<(OutcomeKind, u64)>,
    /// Matched records that change their subject.
    pub changed: u64,
    /// Matched records that find their subject as it shall be.
    pub unchanged: u64,
    /// Values that the changes write.
    pub written: u64,
    /// Values that the changes clear.
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

/// The last record of a batch, its records, subjects, fingerprints, lengths of payloads, and payloads. Null at the end.
type Lists = (
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Subjects that are read back by one statement.
const READ_BACK: i64 = 1_000;

impl Session {
    /// Counts this run's outcomes in the database.
    pub async fn tally(&mut self) -> Result<Tally, Error> {
        const DOING: &str = "count the outcomes";
        // One filter per kind: grouping would sort all records by their kind first.
        let of_kind = OutcomeKind::ALL
            .map(|kind| format!("count(*) FILTER (WHERE kind = {})", kind.number()));
        let sql = format!(
            "SELECT coalesce(sum(written), 0), coalesce(sum(cleared), 0),
                    count(*) FILTER (WHERE kind = {MATCHED} AND version_id IS NOT NULL),
                    count(*) FILTER (WHERE kind = {MATCHED} AND version_id IS NULL), {}
             FROM {{staged}}",
            of_kind.join(", ")
        );
        let row = sqlx::query(self.sql(&sql))
            .fetch_one(&mut *self.conn)
            .await
            .map_err(doing(DOING))?;
        let count = |column: usize| {
            row.try_get::<i64, _>(column)
                .map(i64::cast_unsigned)
                .map_err(doing(DOING))
        };
        let records = OutcomeKind::ALL
            .into_iter()
            .zip(4..)
            .map(|(kind, column)| Ok((kind, count(column)?)));
        Ok(Tally {
            written: count(0)?,
            cleared: count(1)?,
            changed: count(2)?,
            unchanged: count(3)?,
            records: records.collect::<Result<_, Error>>()?,
        })
    }

    /// Counts the values this run kept out, by property.
    pub async fn count_quarantined(&mut self) -> Result<BTreeMap<String, u64>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT property, count(*) FROM quarantine WHERE run_id = ? GROUP BY property",
        )
        .bind(self.run.0.cast_signed())
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing("count the quarantined values"))?;
        Ok(rows
            .into_iter()
            .map(|(property, count)| (property, count.cast_unsigned()))
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
            let row: Lists = sqlx::query_as(self.sql(
                    "SELECT max(record_id), group_concat(record_id, ' '), group_concat(subject_pk, ' '),
                            group_concat(fingerprint, ' '), group_concat(length, ' '), group_concat(payload, '')
                     FROM (
                         SELECT o.record_id, o.subject_pk, o.fingerprint,
                                coalesce(octet_length(v.payload), 0) AS length, coalesce(v.payload, '') AS payload
                         FROM {staged} o
                         LEFT JOIN link l ON l.subject_pk = o.subject_pk AND l.record_id = o.record_id
                         LEFT JOIN version v ON v.id = l.version_id
                         WHERE o.kind = ? AND o.record_id > ? ORDER BY o.record_id LIMIT ?)",
                ))
                .bind(MATCHED)
                .bind(after)
                .bind(READ_BACK)
                .fetch_one(&mut *self.conn)
                .await
                .map_err(doing("read the destination back"))?;
            let (
                Some(last),
                Some(records),
                Some(subjects),
                Some(fingerprints),
                Some(lengths),
                Some(payloads),
            ) = row
            else {
                return Ok(());
            };
            let columns =
                [&records, &subjects, &fingerprints, &lengths].map(|list| list.split(' '));
            hand_over(columns, &payloads, &mut visit)
                .ok_or_else(|| corrupt("a subject")("what was read back has another form"))?;
            after = last;
        }
    }

    /// Makes the run forget what it staged about these records and makes their subjects' fingerprints worthless, so that
    /// staging them again writes whatever differs from what is really stored.
    pub async fn distrust(&mut self, records: &[RecordId]) -> Result<Vec<Withdrawn>, Error> {
        const DOING: &str = "prepare lost values to be written again";
        let ids = id_array(records);
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
}

/// Hands over what was read back: record, subject, fingerprint and length of the payload in bytes as lists of numbers, and
/// the payloads one after the other. `None` if the lists do not fit each other.
fn hand_over<'a>(
    [records, subjects, fingerprints, lengths]: [impl Iterator<Item = &'a str>; 4],
    mut payloads: &'a str,
    visit: &mut impl FnMut(Stored<'a>),
) -> Option<()> {
    for (((record, subject), fingerprint), length) in
        records.zip(subjects).zip(fingerprints).zip(lengths)
    {
        let (payload, rest) = payloads.split_at_checked(length.parse().ok()?)?;
        payloads = rest;
        visit(Stored {
            record: record.parse().ok()?,
            subject: subject.parse().ok()?,
            fingerprint: fingerprint.parse::<i64>().ok()?.cast_unsigned(),
            payload,
        });
    }
    payloads.is_empty().then_some(())
}
