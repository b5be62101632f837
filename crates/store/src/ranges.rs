//! What a run has staged within ranges of record ids, for finding what was not delivered.

use model::RecordId;

use crate::{Error, OutcomeKind, Session, error::doing, sql};

impl Session {
    /// The records of an inclusive range that this run has staged, in id order. Meant for small ranges.
    pub async fn staged_in(
        &mut self,
        from: RecordId,
        to: RecordId,
    ) -> Result<Vec<RecordId>, Error> {
        let sql = self.staged.sql(
            "SELECT record_id FROM {staged} WHERE record_id BETWEEN ? AND ? ORDER BY record_id",
        );
        sql::query_scalar::<i64>(sql)
            .bind(from.0.cast_signed())
            .bind(to.0.cast_signed())
            .fetch_all(&mut self.conn)
            .await
            .map(|records| {
                records
                    .into_iter()
                    .map(|id| RecordId(id.cast_unsigned()))
                    .collect()
            })
            .map_err(doing("read what was staged"))
    }

    /// How many records of an inclusive range this run has staged that are not excluded.
    pub async fn count_staged_in(&mut self, from: RecordId, to: RecordId) -> Result<u64, Error> {
        let sql = self
            .staged
            .sql("SELECT count(*) FROM {staged} WHERE record_id BETWEEN ? AND ? AND kind <> ?");
        sql::query_scalar::<i64>(sql)
            .bind(from.0.cast_signed())
            .bind(to.0.cast_signed())
            .bind(OutcomeKind::Excluded.number())
            .fetch_one(&mut self.conn)
            .await
            .map(i64::cast_unsigned)
            .map_err(doing("count what was staged"))
    }

    /// The staged record of an inclusive range that has `n` before it.
    pub async fn nth_staged_in(
        &mut self,
        from: RecordId,
        to: RecordId,
        n: u64,
    ) -> Result<Option<RecordId>, Error> {
        let sql = self.staged.sql(
            "SELECT record_id FROM {staged} WHERE record_id BETWEEN ? AND ? ORDER BY record_id LIMIT 1 OFFSET ?",
        );
        sql::query_scalar::<i64>(sql)
            .bind(from.0.cast_signed())
            .bind(to.0.cast_signed())
            .bind(n.cast_signed())
            .fetch_optional(&mut self.conn)
            .await
            .map(|record| record.map(|id| RecordId(id.cast_unsigned())))
            .map_err(doing("halve what was staged"))
    }
}
