//! Several records that claim one subject, and matches that are taken back.

use model::{RecordId, RunId};

use crate::{
    Error, OutcomeKind, Session,
    error::doing,
    matching::ids,
    outcome::{DUPLICATE, MATCHED},
    sql,
    staging::{claims_index, first_version},
};

/// Rivals for one subject that are looked at together.
const RIVALS: i64 = 1_000;

/// A staged match that will not be applied after all: what it no longer adds to the expected result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The record.
    pub record: RecordId,
    /// See [`crate::stage::Candidate::fingerprint`].
    pub fingerprint: u64,
    /// See [`crate::stage::Candidate::presence`].
    pub presence: Vec<u8>,
}

pub(crate) fn withdrawn((record, fingerprint, presence): (i64, i64, Vec<u8>)) -> Withdrawn {
    Withdrawn {
        record: RecordId(record.cast_unsigned()),
        fingerprint: fingerprint.cast_unsigned(),
        presence,
    }
}

/// A record that claims a subject, as [`Session::rivals`] reads it.
type Rival = (i64, i64, i64, Vec<u8>);

impl Session {
    /// Decides who feeds each of these subjects: the most recently modified record wins, then the highest record id. The
    /// others become duplicates, and `lost` is told of each.
    ///
    /// Rivals are looked at a thousand at a time, however many there are for one subject.
    pub async fn settle_contested(
        &mut self,
        subjects: impl IntoIterator<Item = i64>,
        mut lost: impl FnMut(&Withdrawn),
    ) -> Result<(), Error> {
        self.index_claims().await?;
        let mut losers = Vec::new();
        for subject in subjects {
            let mut before = (i64::MAX, i64::MAX);
            let mut won = false;
            loop {
                let rivals = self.rivals(subject, before).await?;
                let Some((record, modified_at, ..)) = rivals.last() else {
                    break;
                };
                before = (*modified_at, *record);
                let rest = usize::from(!std::mem::replace(&mut won, true));
                losers.extend(rivals.into_iter().skip(rest).map(
                    |(record, _, fingerprint, presence)| withdrawn((record, fingerprint, presence)),
                ));
                if losers.len() >= 1_000 {
                    self.withdraw(&losers, DUPLICATE).await?;
                    losers.drain(..).for_each(|loser| lost(&loser));
                }
            }
        }
        self.withdraw(&losers, DUPLICATE).await?;
        losers.iter().for_each(lost);
        Ok(())
    }

    /// Records that claim a subject and stand behind the given one, best first.
    async fn rivals(
        &mut self,
        subject: i64,
        (modified_at, record): (i64, i64),
    ) -> Result<Vec<Rival>, Error> {
        let sql = format!(
            "SELECT record_id, modified_at, fingerprint, presence FROM {{staged}}
             WHERE kind = {MATCHED} AND subject_pk = ? AND (modified_at, record_id) < (?, ?)
             ORDER BY modified_at DESC, record_id DESC LIMIT ?"
        );
        sql::query_as(self.staged.sql(&sql))
            .bind(subject)
            .bind(modified_at)
            .bind(record)
            .bind(RIVALS)
            .fetch_all(&mut self.conn)
            .await
            .map_err(doing("find records with the same key"))
    }

    /// Turns staged records into excluded ones: they were delivered, but are gone. Returns those that were matched.
    pub async fn exclude(&mut self, records: &[RecordId]) -> Result<Vec<Withdrawn>, Error> {
        const DOING: &str = "exclude records";
        let sql = format!(
            "SELECT record_id, fingerprint, presence FROM {{staged}}
             WHERE kind = {MATCHED} AND record_id IN (SELECT value FROM json_each(?))"
        );
        let matched: Vec<(i64, i64, Vec<u8>)> = sql::query_as(self.staged.sql(&sql))
            .bind(ids(records))
            .fetch_all(&mut self.conn)
            .await
            .map_err(doing(DOING))?;
        let matched: Vec<Withdrawn> = matched.into_iter().map(withdrawn).collect();
        let kind = OutcomeKind::Excluded.number();
        self.withdraw(&matched, kind).await?;
        sql::query(self.staged.sql(
            "UPDATE {staged} SET kind = ?, subject_pk = NULL, key_text = NULL, near_id = NULL
             WHERE record_id IN (SELECT value FROM json_each(?))",
        ))
        .bind(kind)
        .bind(ids(records))
        .execute(&mut self.conn)
        .await
        .map_err(doing(DOING))?;
        Ok(matched)
    }

    /// Gives matches another outcome, and drops the versions that were staged for them.
    async fn withdraw(&mut self, matches: &[Withdrawn], kind: i64) -> Result<(), Error> {
        const DOING: &str = "take matches back";
        if matches.is_empty() {
            return Ok(());
        }
        let records: Vec<RecordId> = matches.iter().map(|one| one.record).collect();
        let ids = ids(&records);
        let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
        sql::query(self.staged.sql(
            "DELETE FROM version WHERE id BETWEEN ? AND ? AND id IN (
                 SELECT version_id FROM {staged} WHERE record_id IN (SELECT value FROM json_each(?)))",
        ))
        .bind(first_version(self.run))
        .bind(first_version(RunId(self.run.0 + 1)) - 1)
        .bind(&ids)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        sql::query(self.staged.sql(
            "UPDATE {staged} SET kind = ?, relink = false, version_id = NULL, written = 0, cleared = 0
             WHERE record_id IN (SELECT value FROM json_each(?))",
        ))
        .bind(kind)
        .bind(ids)
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        tx.commit().await
    }

    /// Makes the run's table answer by subject: who claims it, the best last. Few runs need it, so it is made for those.
    pub(crate) async fn index_claims(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.indexed, true) {
            return Ok(());
        }
        let sql = format!(
            "CREATE INDEX IF NOT EXISTS {} ON {{staged}} (subject_pk, modified_at, record_id) WHERE kind = {MATCHED}",
            claims_index(self.run)
        );
        sql::query(self.staged.sql(&sql))
            .execute(&mut self.conn)
            .await
            .map(drop)
            .map_err(doing("index what was matched"))
    }
}
