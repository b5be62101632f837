//! Looking up keys among the known ids.
//!
//! Keys go in as one array, so that the statement is the same for any number of them. `CROSS JOIN` is SQLite's way to say
//! that the array comes first: left to itself the planner may read all ids for each key. What is found comes back as one
//! JSON array: handing over a million rows one by one costs more than finding them.

use std::collections::HashMap;

use model::RecordId;
use sqlx::AssertSqlSafe;

use crate::{
    Error, Session,
    error::{corrupt, doing},
    sql::{self, to_the_byte},
};

/// A known id that a key equals, with the present state of its hubspot metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The subject's internal number.
    pub subject: i64,
    /// Its link, if it was ever linked.
    pub link: Option<Link>,
}

/// A subject's tie to a record, or what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The record that feeds it; `None` once the link has ended.
    pub record: Option<u64>,
    /// Where its present hubspot metadata stands.
    pub version: Option<i64>,
    /// Fingerprint of the values that `mapping_version` selects.
    pub fingerprint: u64,
    /// The mapping version the fingerprint was made for.
    pub mapping_version: i64,
}

impl Session {
    /// For each key, the known id that equals it byte for byte, in the order of `keys`.
    pub async fn known(&mut self, keys: &[&str]) -> Result<Vec<Option<Known>>, Error> {
        type Found = (
            usize,
            i64,
            Option<u64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
        );
        let rows = self
            .conn
            .dialect()
            .rows("k.key, s.pk, l.record_id, l.version_id, l.fingerprint, l.mapping_version");
        let found: String = sql::query_scalar(AssertSqlSafe(format!(
            "SELECT {rows} FROM json_each(?1) k
             CROSS JOIN subject s ON s.subscription_id = ?2 AND s.level = ?3 AND s.id = k.value
             LEFT JOIN link l ON l.subject_pk = s.pk"
        )))
        .bind(texts(keys))
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_one(&mut self.conn)
        .await
        .map_err(doing("match keys with ids"))?;
        let found: Vec<Found> = serde_json::from_str(&found).map_err(corrupt("a link"))?;
        let mut known = vec![None; keys.len()];
        for (at, subject, record, version, fingerprint, mapping_version) in found {
            let link = fingerprint
                .zip(mapping_version)
                .map(|(fingerprint, mapping_version)| Link {
                    record,
                    version,
                    fingerprint: fingerprint.cast_unsigned(),
                    mapping_version,
                });
            known[at] = Some(Known { subject, link });
        }
        Ok(known)
    }

    /// The hubspot metadata of the given versions. A version that is not there is left out.
    pub async fn payloads(&mut self, versions: &[i64]) -> Result<HashMap<i64, String>, Error> {
        sql::query_as::<(i64, String)>(
            "SELECT v.id, v.payload FROM json_each(?) k CROSS JOIN version v ON v.id = k.value",
        )
        .bind(versions)
        .fetch_all(&mut self.conn)
        .await
        .map(|rows| rows.into_iter().collect())
        .map_err(doing("read present metadata"))
    }
}

/// Texts for `json_each`.
pub(crate) fn texts<'t>(texts: &[&'t str]) -> Vec<Option<&'t str>> {
    texts.iter().map(|text| to_the_byte(text)).collect()
}

/// A position that `json_each` counted.
pub(crate) fn index(at: i64) -> usize {
    usize::try_from(at).expect("json_each counts from 0")
}

/// Record ids for `json_each`.
pub(crate) fn ids(records: &[RecordId]) -> Vec<i64> {
    records
        .iter()
        .map(|record| record.0.cast_signed())
        .collect()
}
