//! What a run can be checked by: its outcomes counted where they are stored, and the destination read back.

use std::collections::BTreeMap;

use model::RecordId;

use crate::{
    Error, OutcomeKind, Session,
    contest::{Withdrawn, withdrawn},
    error::{corrupt, doing},
    lists::Numbers,
    matching::ids,
    outcome::MATCHED,
    sql,
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

/// No record id is larger.
const LAST: RecordId = RecordId(i64::MAX as u64);

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

/// Records, subjects, fingerprints, lengths of payloads, and payloads of a batch. Null when it is empty.
type Lists = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// One for each of [`OutcomeKind::ALL`].
type Counts = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// Staged records that are read back by one statement. With more, their texts are too long for the allocator to reuse.
const READ_BACK: u64 = 200;

impl Session {
    /// Counts this run's outcomes in the database.
    pub async fn tally(&mut self) -> Result<Tally, Error> {
        const DOING: &str = "count the outcomes";
        // Most records are matched, so those are counted apart from the kinds that each row must be held against. Grouping
        // by kind would sort all records first.
        let matched: (i64, i64, i64, i64, i64) = sql::query_as(self.staged.sql(
            "SELECT count(*), count(version_id), count(*) FILTER (WHERE version_id IS NULL),
                    CAST(coalesce(sum(written), 0) AS BIGINT), CAST(coalesce(sum(cleared), 0) AS BIGINT)
             FROM {staged} WHERE kind = ?",
        ))
        .bind(MATCHED)
        .fetch_one(&mut self.conn)
        .await
        .map_err(doing(DOING))?;
        let others = OutcomeKind::ALL
            .map(|kind| format!("count(*) FILTER (WHERE kind = {})", kind.number()))
            .join(", ");
        let sql = format!("SELECT {others} FROM {{staged}} WHERE kind <> {MATCHED}");
        let others: Counts = sql::query_as(self.staged.sql(&sql))
            .fetch_one(&mut self.conn)
            .await
            .map_err(doing(DOING))?;
        let (records, changed, unchanged, written, cleared) = matched;
        let mut tally = Tally {
            records: vec![(OutcomeKind::Matched, records.cast_unsigned())],
            changed: changed.cast_unsigned(),
            unchanged: unchanged.cast_unsigned(),
            written: written.cast_unsigned(),
            cleared: cleared.cast_unsigned(),
        };
        let others = OutcomeKind::ALL.into_iter().zip(<[i64; 10]>::from(others));
        let others = others.filter(|(kind, _)| *kind != OutcomeKind::Matched);
        tally
            .records
            .extend(others.map(|(kind, records)| (kind, records.cast_unsigned())));
        Ok(tally)
    }

    /// Counts the values this run kept out, by property.
    pub async fn count_quarantined(&mut self) -> Result<BTreeMap<String, u64>, Error> {
        let rows: Vec<(String, i64)> = sql::query_as(
            "SELECT property, count(*) FROM quarantine WHERE run_id = ? GROUP BY property",
        )
        .bind(self.run.0.cast_signed())
        .fetch_all(&mut self.conn)
        .await
        .map_err(doing("count the quarantined values"))?;
        Ok(rows
            .into_iter()
            .map(|(property, count)| (property, count.cast_unsigned()))
            .collect())
    }

    /// Counts the known ids of this level.
    pub async fn count_known(&mut self) -> Result<u64, Error> {
        sql::query_scalar::<i64>(
            "SELECT count(*) FROM subject WHERE subscription_id = ? AND level = ?",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut self.conn)
        .await
        .map(i64::cast_unsigned)
        .map_err(doing("count the known ids"))
    }

    /// Reads back, from the destination, the metadata of every subject this run feeds, in record order.
    ///
    /// Many subjects come as one text: handing over a million rows one by one costs more than reading them.
    pub async fn read_back(&mut self, mut visit: impl FnMut(Stored<'_>)) -> Result<(), Error> {
        let dialect = self.conn.dialect();
        let numbers = ["record_id", "subject_pk", "fingerprint", "length"]
            .map(|column| dialect.numbers(column))
            .join(", ");
        let statement = format!(
            "SELECT {numbers}, string_agg(payload, '') FROM (
                 SELECT o.record_id, o.subject_pk, o.fingerprint, coalesce(octet_length(v.payload), 0) AS length,
                        coalesce(v.payload, '') AS payload
                 FROM {{staged}} o
                 LEFT JOIN link l ON l.subject_pk = o.subject_pk AND l.record_id = o.record_id
                 LEFT JOIN version v ON v.id = l.version_id
                 WHERE o.kind = ? AND o.record_id BETWEEN ? AND ? ORDER BY o.record_id) one"
        );
        let mut after = RecordId(0);
        loop {
            let next = RecordId(after.0 + 1);
            let last = self
                .nth_staged_in(next, LAST, READ_BACK - 1)
                .await?
                .unwrap_or(LAST);
            let lists: Lists = sql::query_as(self.staged.sql(&statement))
                .bind(MATCHED)
                .bind(next.0.cast_signed())
                .bind(last.0.cast_signed())
                .fetch_one(&mut self.conn)
                .await
                .map_err(doing("read the destination back"))?;
            if let (
                Some(records),
                Some(subjects),
                Some(fingerprints),
                Some(lengths),
                Some(payloads),
            ) = lists
            {
                let numbers = [&*records, &*subjects, &*fingerprints, &*lengths];
                hand_over(numbers, &payloads, &mut visit)
                    .ok_or_else(|| corrupt("a subject")("what was read back has another form"))?;
            }
            if last == LAST {
                return Ok(());
            }
            after = last;
        }
    }

    /// Makes the run forget what it staged about these records and makes their subjects' fingerprints worthless, so that
    /// staging them again writes whatever differs from what is really stored.
    pub async fn distrust(&mut self, records: &[RecordId]) -> Result<Vec<Withdrawn>, Error> {
        const DOING: &str = "prepare lost values to be written again";
        let ids = ids(records);
        let run = self.run.0.cast_signed();
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        sql::query(
            self.staged.sql(
                "UPDATE link SET mapping_version = -1 WHERE subject_pk IN (
                     SELECT subject_pk FROM {staged} WHERE record_id IN (SELECT value FROM json_each(?)))",
            ),
        )
        .bind(&ids)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        let matched: Vec<(i64, i64, Vec<u8>)> = sql::query_as(self.staged.sql(
            "DELETE FROM {staged} WHERE kind = ? AND record_id IN (SELECT value FROM json_each(?))
                 RETURNING record_id, fingerprint, presence",
        ))
        .bind(MATCHED)
        .bind(&ids)
        .fetch_all(&mut tx)
        .await
        .map_err(doing(DOING))?;
        sql::query("DELETE FROM quarantine WHERE run_id = ? AND record_id IN (SELECT value FROM json_each(?))")
            .bind(run)
            .bind(&ids)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        tx.commit().await?;
        Ok(matched.into_iter().map(withdrawn).collect())
    }
}

/// Hands over what was read back: record, subject, fingerprint and length of the payload in bytes as lists of numbers, and
/// the payloads one after the other. `None` if the lists do not fit each other.
fn hand_over<'a>(
    numbers: [&str; 4],
    mut payloads: &'a str,
    visit: &mut impl FnMut(Stored<'a>),
) -> Option<()> {
    let [mut records, mut subjects, mut fingerprints, mut lengths] = numbers.map(Numbers::new);
    for record in records.by_ref() {
        let length = usize::try_from(lengths.next()?).ok()?;
        let (payload, rest) = payloads.split_at_checked(length)?;
        payloads = rest;
        visit(Stored {
            record: RecordId(record.cast_unsigned()),
            subject: subjects.next()?,
            fingerprint: fingerprints.next()?.cast_unsigned(),
            payload,
        });
    }
    (records.is_done() && payloads.is_empty()).then_some(())
}
