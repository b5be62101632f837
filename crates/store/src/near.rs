//! Near misses: the known id that a key almost equals.
//!
//! Two indexes answer for any number of ids without reading them all: a hash of the id in lower case without white space
//! (case and space), and the id back to front, in which ids with the same end stand together (prefix). They are filled when
//! the first miss asks for them, because a level without misses needs neither.

use model::SubjectId;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    Error, Miss, Scope, Session, Store,
    error::doing,
    import::MAX_ID_BYTES,
    matching::{index, texts},
    sql::{self, Bulk, Connection, Lock},
};

/// Ids read and indexed per transaction.
const INDEX_STEP: i64 = 50_000;

/// A known id that a key nearly equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// In what they differ.
    pub reason: Miss,
    /// The known id.
    pub id: SubjectId,
}

impl Session {
    /// For each key that equals no known id, the one it nearly equals, by the first reason that fits.
    pub async fn near(&mut self, keys: &[&str]) -> Result<Vec<Option<NearMiss>>, Error> {
        let scope = self.scope;
        Search {
            conn: &mut self.conn,
            scope,
        }
        .near(keys)
        .await
    }
}

impl Store {
    /// What [`Session::near`] finds, outside a run.
    pub async fn near(&self, scope: Scope, keys: &[&str]) -> Result<Vec<Option<NearMiss>>, Error> {
        let conn = self.pool.acquire().await;
        let mut conn = conn.map_err(doing("look for near misses"))?;
        Search {
            conn: &mut conn,
            scope,
        }
        .near(keys)
        .await
    }

    /// Which of these keys are known ids, byte for byte.
    pub async fn known(&self, scope: Scope, keys: &[&str]) -> Result<Vec<bool>, Error> {
        let rows: Vec<i64> = sql::query_scalar(
            "SELECT k.key FROM json_each(?1) k
             CROSS JOIN subject s ON s.subscription_id = ?2 AND s.level = ?3 AND s.id = k.value",
        )
        .bind(texts(keys))
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_all(&self.pool)
        .await
        .map_err(doing("match keys with ids"))?;
        let mut known = vec![false; keys.len()];
        for row in rows {
            known[index(row)] = true;
        }
        Ok(known)
    }
}

/// A look for near misses in one level.
struct Search<'a> {
    conn: &'a mut Connection,
    scope: Scope,
}

impl Search<'_> {
    async fn near(&mut self, keys: &[&str]) -> Result<Vec<Option<NearMiss>>, Error> {
        self.index_new_ids().await?;
        let mut found = vec![None; keys.len()];
        self.near_by_fold(keys, &mut found).await?;
        self.near_by_shortening(keys, &mut found).await?;
        self.near_by_longer_id(keys, &mut found).await?;
        Ok(found)
    }

    async fn near_by_fold(
        &mut self,
        keys: &[&str],
        found: &mut [Option<NearMiss>],
    ) -> Result<(), Error> {
        let hashes: Vec<i64> = keys.iter().map(|key| folded_hash(key)).collect();
        let rows: Vec<(i64, String)> = sql::query_as(
            "SELECT k.key, s.id FROM json_each(?1) k
             CROSS JOIN near_folded n ON n.subscription_id = ?2 AND n.level = ?3 AND n.hash = k.value
             CROSS JOIN subject s ON s.pk = n.subject_pk",
        )
        .bind(hashes)
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing("look for near misses by case and space"))?;
        for (at, id) in rows {
            let key = keys[index(at)];
            let reason = if id.to_lowercase() == key.to_lowercase() {
                Miss::DiffersByCase
            } else if without_space(&id) == without_space(key) {
                Miss::DiffersBySpace
            } else {
                continue;
            };
            keep_better(&mut found[index(at)], reason, id);
        }
        Ok(())
    }

    /// Ids that are the key with or without a trailing `.0`, or the key without a prefix.
    async fn near_by_shortening(
        &mut self,
        keys: &[&str],
        found: &mut [Option<NearMiss>],
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (at, key) in keys
            .iter()
            .enumerate()
            .filter(|(at, _)| found[*at].is_none())
        {
            let zero = key
                .strip_suffix(".0")
                .map_or_else(|| format!("{key}.0"), str::to_owned);
            asked.push((at, Miss::DiffersByTrailingZero, zero));
            asked.extend(
                without_prefixes(key).map(|rest| (at, Miss::DiffersByPrefix, rest.to_owned())),
            );
        }
        let wanted: Vec<&str> = asked.iter().map(|(_, _, text)| text.as_str()).collect();
        let rows: Vec<i64> = sql::query_scalar(
            "SELECT k.key FROM json_each(?1) k
             CROSS JOIN subject s ON s.subscription_id = ?2 AND s.level = ?3 AND s.id = k.value",
        )
        .bind(texts(&wanted))
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_all(&mut *self.conn)
        .await
        .map_err(doing("look for near misses by trailing zero and prefix"))?;
        for row in rows {
            let (at, reason, id) = &asked[index(row)];
            keep_better(&mut found[*at], *reason, id.clone());
        }
        Ok(())
    }

    /// Ids that are the key with a prefix: in the reversed index they follow the reversed key. Where a letter or digit comes
    /// next, all ids with it are skipped at once.
    async fn near_by_longer_id(
        &mut self,
        keys: &[&str],
        found: &mut [Option<NearMiss>],
    ) -> Result<(), Error> {
        let mut open: Vec<(usize, String, String)> = (0..keys.len())
            .filter(|at| found[*at].is_none() && !keys[*at].is_empty())
            .map(|at| (at, reversed(keys[at]), reversed(keys[at])))
            .collect();
        while !open.is_empty() {
            let after: Vec<&str> = open.iter().map(|(_, _, after)| after.as_str()).collect();
            let rows: Vec<(i64, Option<String>)> = sql::query_as(
                "SELECT k.key, (SELECT n.reversed FROM near_reversed n
                                WHERE n.subscription_id = ?2 AND n.level = ?3 AND n.reversed > k.value
                                ORDER BY n.reversed LIMIT 1)
                 FROM json_each(?1) k",
            )
            .bind(texts(&after))
            .bind(self.scope.subscription.0)
            .bind(self.scope.level_code())
            .fetch_all(&mut *self.conn)
            .await
            .map_err(doing("look for near misses by prefix"))?;
            let mut next_round = Vec::new();
            for (row, next) in rows {
                let (at, key, _) = &open[index(row)];
                let Some(next) = next else { continue };
                let Some(letter) = next
                    .strip_prefix(key.as_str())
                    .and_then(|rest| rest.chars().next())
                else {
                    continue;
                };
                if letter.is_alphanumeric() {
                    next_round.push((*at, key.clone(), format!("{key}{letter}{}", char::MAX)));
                } else {
                    keep_better(&mut found[*at], Miss::DiffersByPrefix, reversed(&next));
                }
            }
            open = next_round;
        }
        Ok(())
    }

    /// Brings the near-miss indexes up to the newest id.
    async fn index_new_ids(&mut self) -> Result<(), Error> {
        const DOING: &str = "index ids for near misses";
        let (subscription, level) = (self.scope.subscription.0, self.scope.level_code());
        loop {
            let (indexed, newest) = watermark(self.conn, self.scope)
                .await
                .map_err(doing(DOING))?;
            if indexed >= newest {
                return Ok(());
            }
            let mut tx = self.conn.begin(Lock::Level(self.scope), DOING).await?;
            // Again, now that nobody adds ids: those that come later have higher numbers than these.
            let (indexed, newest) = watermark(&mut tx, self.scope).await.map_err(doing(DOING))?;
            // The index by id would be gone through from its beginning each time.
            let ids: Vec<(i64, String)> = sql::query_as(
                "SELECT pk, id FROM subject NOT INDEXED
                 WHERE subscription_id = ? AND level = ? AND pk > ? AND pk <= ? ORDER BY pk LIMIT ?",
            )
            .bind(subscription)
            .bind(level)
            .bind(indexed)
            .bind(newest)
            .bind(INDEX_STEP)
            .fetch_all(&mut tx)
            .await
            .map_err(doing(DOING))?;
            // Those of other levels are passed over, and not looked at again.
            let is_full = i64::try_from(ids.len()) == Ok(INDEX_STEP);
            let newest = match ids.last() {
                Some((last, _)) if is_full => *last,
                _ => newest,
            };
            insert_near(&mut tx, self.scope, ids)
                .await
                .map_err(doing(DOING))?;
            sql::query(
                "INSERT INTO near_index (subscription_id, level, indexed_to) VALUES (?, ?, ?)
                 ON CONFLICT (subscription_id, level) DO UPDATE SET indexed_to = excluded.indexed_to",
            )
            .bind(subscription)
            .bind(level)
            .bind(newest)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
            tx.commit().await?;
        }
    }
}

/// The highest number of a subject that is indexed, and that there is.
async fn watermark(conn: &mut Connection, scope: Scope) -> Result<(i64, i64), sqlx::Error> {
    sql::query_as(
        "SELECT coalesce((SELECT indexed_to FROM near_index WHERE subscription_id = ? AND level = ?), 0),
                coalesce((SELECT max(pk) FROM subject), 0)",
    )
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_one(conn)
    .await
}

/// Rows go in sorted: neighbours in a batch are neighbours in the tree.
async fn insert_near(
    conn: &mut Connection,
    scope: Scope,
    ids: Vec<(i64, String)>,
) -> Result<(), sqlx::Error> {
    let mut folded: Vec<(i64, i64)> = ids.iter().map(|(pk, id)| (folded_hash(id), *pk)).collect();
    folded.sort_unstable();
    let mut backwards: Vec<String> = ids.into_iter().map(|(_, id)| reversed(&id)).collect();
    backwards.sort_unstable();
    let (subscription, level) = (scope.subscription.0, scope.level_code());
    Bulk::of_missing(
        "near_folded",
        &["subscription_id", "level", "hash", "subject_pk"],
    )
    .insert(conn, folded, |columns, (hash, pk)| {
        columns.put(subscription).put(level).put(hash).put(pk);
    })
    .await?;
    Bulk::of_missing("near_reversed", &["subscription_id", "level", "reversed"])
        .insert(conn, backwards, |columns, text| {
            columns.put(subscription).put(level).put(text);
        })
        .await
}

/// Takes an id out of the near-miss indexes.
pub(crate) async fn forget_near(
    conn: &mut Connection,
    scope: Scope,
    pk: i64,
    id: &str,
) -> Result<(), sqlx::Error> {
    sql::query("DELETE FROM near_folded WHERE subscription_id = ? AND level = ? AND hash = ? AND subject_pk = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(folded_hash(id))
        .bind(pk)
        .execute(&mut *conn)
        .await?;
    sql::query("DELETE FROM near_reversed WHERE subscription_id = ? AND level = ? AND reversed = ?")
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(reversed(id))
        .execute(conn)
        .await
        .map(drop)
}

/// Several ids may nearly equal one key: the first reason wins, then the first id, so that a rerun says the same.
fn keep_better(found: &mut Option<NearMiss>, reason: Miss, id: String) {
    let candidate = NearMiss {
        reason,
        id: SubjectId(id),
    };
    let better = found
        .as_ref()
        .is_none_or(|kept| (candidate.reason, &candidate.id) < (kept.reason, &kept.id));
    if better {
        *found = Some(candidate);
    }
}

/// What is left of `key` after each prefix that ends in a character that is neither letter nor digit.
fn without_prefixes(key: &str) -> impl Iterator<Item = &str> {
    key.char_indices()
        .filter(|(_, letter)| !letter.is_alphanumeric())
        .map(|(at, letter)| &key[at + letter.len_utf8()..])
        .filter(|rest| (1..=MAX_ID_BYTES).contains(&rest.len()))
}

fn without_space(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}

fn folded_hash(text: &str) -> i64 {
    xxh3_64(without_space(&text.to_lowercase()).as_bytes()).cast_signed()
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}
