//! Fields by which a level's list is sorted and filtered at once, however many subjects there are.
//!
//! A pin is an index over one metadata field: each subject that has a value stands under a key that sorts as the value does.
//! It is built behind the scenes up to a watermark, and kept in step by runs, imports and edits after that.

use jiff::Timestamp;
use model::{Group, MetadataType, RunId, payload};
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Session, Store,
    error::doing,
    sql::{self, Bulk, Connection, Lock, Source, without_nul},
    staging::first_version,
};

/// Fields that may be pinned per level.
pub const MOST_PINNED: usize = 5;

/// Fields that may be indexed besides, because somebody sorted by them; the one used longest ago goes first.
const MOST_PASSING: usize = 3;

/// Subjects read at once.
const STEP: i64 = 5_000;

/// How far one transaction of building goes, in subjects of all levels.
///
/// Keys come in no order, so that each transaction touches every page of the index: a few large ones write much less than
/// many small ones. Other writers wait for the whole of one.
const SPAN: i64 = 50_000;

/// Bytes of a text that decide its place.
const TEXT_BYTES: usize = 120;

/// An index over a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    pub(crate) id: i64,
    /// The field's group.
    pub group: Group,
    /// The field's name.
    pub name: String,
    /// The field's type.
    pub kind: MetadataType,
    /// Pinned by somebody, not only sorted by.
    pub kept: bool,
    /// Every subject is in it.
    pub complete: bool,
}

/// Why a field is not pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_PINNED} fields are pinned already")]
pub struct TooMany;

type PinRow = (i64, String, String, String, bool, bool);

/// The pk that no subject of a pin's level exceeds.
const NEWEST: &str = "coalesce((SELECT newest_pk FROM level_state n
     WHERE n.subscription_id = p.subscription_id AND n.level = p.level), 0)";

/// Where a value stands among those of its field: as a text that sorts as the value does.
pub(crate) fn sort_key(kind: MetadataType, token: &str) -> String {
    match kind {
        MetadataType::String => {
            let text = payload::unescape(token).unwrap_or_else(|| token.into());
            let mut text = without_nul(text).to_lowercase();
            let end = text.floor_char_boundary(TEXT_BYTES);
            text.truncate(end);
            text
        }
        MetadataType::Decimal => number_key(token.parse().unwrap_or_default()),
        MetadataType::Boolean => if token == "true" { "1" } else { "0" }.into(),
        MetadataType::Time => token.trim_matches('"').into(),
    }
}

/// The bits of a number, turned so that they sort as it does.
fn number_key(number: f64) -> String {
    // Minus zero is zero.
    let bits = (number + 0.0).to_bits();
    let turned = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    format!("{turned:016x}")
}

/// The value of one field in a group's stored metadata, as a JSON token.
pub(crate) fn token_of<'a>(stored: Option<&'a str>, name: &str) -> Option<&'a str> {
    payload::entries(stored?)
        .flatten()
        .find(|(found, _)| found == name)
        .map(|(_, token)| token)
        .filter(|token| *token != "null")
}

impl Store {
    /// The pins of a level.
    pub async fn pins(&self, scope: Scope) -> Result<Vec<Pin>, Error> {
        pins_of(&self.pool, scope).await
    }

    /// Makes an index over a field, or notes that it is used. [`Store::build_pins`] fills it.
    pub async fn pin(
        &self,
        scope: Scope,
        (group, name): (Group, &str),
        kept: bool,
        now: Timestamp,
    ) -> Result<Result<(), TooMany>, Error> {
        const DOING: &str = "pin a field";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let pins = pins_of(&mut tx, scope).await?;
        let present = pins
            .iter()
            .find(|pin| pin.group == group && pin.name == name);
        let count = pins.iter().filter(|pin| pin.kept).count();
        if kept && count >= MOST_PINNED && present.is_none_or(|pin| !pin.kept) {
            tx.rollback().await?;
            return Ok(Err(TooMany));
        }
        sql::query(
            "INSERT INTO pin (subscription_id, level, grp, name, kept, used_at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (subscription_id, level, grp, name) DO UPDATE
             SET kept = pin.kept OR excluded.kept, used_at = excluded.used_at",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(group.name())
        .bind(name)
        .bind(kept)
        .bind(now.as_millisecond())
        .execute(&mut tx)
        .await
        .map_err(doing(DOING))?;
        let passing: Vec<i64> = sql::query_scalar(
            "SELECT id FROM pin WHERE subscription_id = ? AND level = ? AND NOT kept ORDER BY used_at DESC",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_all(&mut tx)
        .await
        .map_err(doing(DOING))?;
        for &id in passing.iter().skip(MOST_PASSING) {
            drop_pin(&mut tx, id).await.map_err(doing(DOING))?;
        }
        tx.commit().await.map(Ok)
    }

    /// Unpins a field.
    pub async fn unpin(&self, scope: Scope, (group, name): (Group, &str)) -> Result<(), Error> {
        const DOING: &str = "unpin a field";
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        let pins = pins_of(&mut tx, scope).await?;
        let pin = pins
            .iter()
            .find(|pin| pin.group == group && pin.name == name);
        if let Some(pin) = pin {
            drop_pin(&mut tx, pin.id).await.map_err(doing(DOING))?;
        }
        tx.commit().await
    }

    /// Takes the next subjects into a pin of a level; returns how many it took, and `None` once all of them are in all pins.
    ///
    /// How many there are in all is not counted here: at each step of a million that would cost more than the step.
    pub async fn build_pins(&self, scope: Scope) -> Result<Option<u64>, Error> {
        const DOING: &str = "index a field";
        let next: Option<(i64, String, String, i64, i64)> =
            sql::query_as(AssertSqlSafe(format!(
                "SELECT id, grp, name, built_to, {NEWEST} FROM pin p
                 WHERE subscription_id = ? AND level = ? AND built_to < {NEWEST} ORDER BY built_to, id LIMIT 1"
            )))
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .fetch_optional(&self.pool)
            .await
            .map_err(doing(DOING))?;
        let Some((pin, group, name, built_to, newest)) = next else {
            return Ok(None);
        };
        let group = Group::from_name(&group).unwrap_or(Group::Custom);
        let kind = self.kind_of(scope, group, &name).await?;
        let to = newest.min(built_to + SPAN);
        let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
        // Within the transaction, so that what a run changes meanwhile comes after and is not overwritten. The index by id
        // would be gone through from its beginning each time.
        let sql = format!(
            "SELECT s.pk, {} FROM subject s NOT INDEXED
             LEFT JOIN link l ON l.subject_pk = s.pk LEFT JOIN version v ON v.id = l.version_id
             WHERE s.subscription_id = ? AND s.level = ? AND s.pk > ? AND s.pk <= ? ORDER BY s.pk LIMIT ?",
            column(group)
        );
        let (mut after, mut taken, mut keys) = (Some(built_to), 0, Vec::new());
        while let Some(from) = after {
            let rows: Vec<(i64, Option<String>)> = sql::query_as(AssertSqlSafe(sql.as_str()))
                .bind(scope.subscription.0)
                .bind(scope.level_code())
                .bind(from)
                .bind(to)
                .bind(STEP)
                .fetch_all(&mut tx)
                .await
                .map_err(doing(DOING))?;
            after = rows.last().map(|(pk, _)| *pk);
            taken += rows.len() as u64;
            keys.extend(rows.iter().filter_map(|(pk, stored)| {
                let token = token_of(stored.as_deref(), &name)?;
                Some((sort_key(kind, token), *pk))
            }));
        }
        let there = sql::query("UPDATE pin SET built_to = ? WHERE id = ? AND built_to = ?")
            .bind(to)
            .bind(pin)
            .bind(built_to)
            .execute(&mut tx)
            .await
            .map_err(doing(DOING))?;
        // Unless it was unpinned meanwhile: nobody would ever take the keys away again. Or somebody else took them in.
        if there > 0 {
            keys.sort_unstable();
            insert_keys(&mut tx, pin, keys)
                .await
                .map_err(doing(DOING))?;
        }
        tx.commit().await?;
        Ok(Some(taken))
    }

    async fn kind_of(&self, scope: Scope, group: Group, name: &str) -> Result<MetadataType, Error> {
        let fields = self.fields(scope).await?;
        Ok(fields
            .iter()
            .find(|field| field.group == group && field.name == name)
            .map_or(MetadataType::String, |field| field.kind))
    }

    /// Brings agent and custom pins up to date with subjects that were imported or edited since a moment.
    pub(crate) async fn refresh_pins(&self, scope: Scope, since: i64) -> Result<(), Error> {
        const DOING: &str = "bring the pins up to date";
        let pins: Vec<Pin> = self
            .pins(scope)
            .await?
            .into_iter()
            .filter(|pin| pin.group != Group::Hubspot)
            .collect();
        if pins.is_empty() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            // Read within the transaction: of two edits at once, the later one's values are those that stay.
            let mut tx = self.pool.begin(Lock::Level(scope), DOING).await?;
            let rows: Vec<(i64, Option<String>, Option<String>)> = sql::query_as(
                "SELECT pk, agent, custom FROM subject NOT INDEXED
                 WHERE subscription_id = ? AND level = ? AND pk > ? AND updated_at >= ? ORDER BY pk LIMIT ?",
            )
            .bind(scope.subscription.0)
            .bind(scope.level_code())
            .bind(after)
            .bind(since)
            .bind(STEP)
            .fetch_all(&mut tx)
            .await
            .map_err(doing(DOING))?;
            let Some((last, ..)) = rows.last() else {
                return tx.commit().await;
            };
            after = *last;
            for pin in &pins {
                let changed = rows.iter().map(|(pk, agent, custom)| {
                    let stored = match pin.group {
                        Group::Agent => agent,
                        _ => custom,
                    };
                    let token = token_of(stored.as_deref(), &pin.name);
                    (*pk, token.map(|token| sort_key(pin.kind, token)))
                });
                replace_keys(&mut tx, pin.id, changed.collect())
                    .await
                    .map_err(doing(DOING))?;
            }
            tx.commit().await?;
        }
    }
}

impl Session {
    /// Brings the pins up to date with what this run has applied.
    pub async fn refresh_pins(&mut self) -> Result<(), Error> {
        const DOING: &str = "bring the pins up to date";
        let pins: Vec<(i64, String, String, i64)> = sql::query_as(
            "SELECT p.id, p.name, f.type, p.built_to FROM pin p
             JOIN field f ON f.subscription_id = p.subscription_id AND f.level = p.level AND f.grp = p.grp AND f.name = p.name
             WHERE p.subscription_id = ? AND p.level = ? AND p.grp = 'hubspot'",
        )
        .bind(self.scope.subscription.0)
        .bind(self.scope.level_code())
        .fetch_all(&mut self.conn)
        .await
        .map_err(doing(DOING))?;
        if pins.is_empty() {
            return Ok(());
        }
        let (mut after, last) = (
            first_version(self.run) - 1,
            first_version(RunId(self.run.0 + 1)) - 1,
        );
        loop {
            let rows: Vec<(i64, i64, String)> = sql::query_as(
                "SELECT v.id, v.subject_pk, v.payload FROM version v
                 JOIN link l ON l.subject_pk = v.subject_pk AND l.version_id = v.id
                 WHERE v.id > ? AND v.id <= ? ORDER BY v.id LIMIT ?",
            )
            .bind(after)
            .bind(last)
            .bind(STEP)
            .fetch_all(&mut self.conn)
            .await
            .map_err(doing(DOING))?;
            let Some((newest, ..)) = rows.last() else {
                return Ok(());
            };
            after = *newest;
            let mut tx = self.hold.begin(&mut self.conn, DOING).await?;
            for (pin, name, kind, built_to) in &pins {
                let kind: MetadataType = kind.parse().unwrap_or(MetadataType::String);
                let changed =
                    rows.iter()
                        .filter(|(_, pk, _)| pk <= built_to)
                        .map(|(_, pk, payload)| {
                            let token = token_of(Some(payload), name);
                            (*pk, token.map(|token| sort_key(kind, token)))
                        });
                replace_keys(&mut tx, *pin, changed.collect())
                    .await
                    .map_err(doing(DOING))?;
            }
            tx.commit().await?;
        }
    }
}

async fn pins_of(on: impl Into<Source<'_>>, scope: Scope) -> Result<Vec<Pin>, Error> {
    let rows: Vec<PinRow> = sql::query_as(AssertSqlSafe(format!(
        "SELECT p.id, p.grp, p.name, coalesce(f.type, 'string'), p.kept, p.built_to >= {NEWEST} FROM pin p
         LEFT JOIN field f ON f.subscription_id = p.subscription_id AND f.level = p.level AND f.grp = p.grp AND f.name = p.name
         WHERE p.subscription_id = ? AND p.level = ? ORDER BY p.id"
    )))
    .bind(scope.subscription.0)
    .bind(scope.level_code())
    .fetch_all(on)
    .await
    .map_err(doing("read the pins"))?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, group, name, kind, kept, complete)| {
            Some(Pin {
                id,
                group: Group::from_name(&group)?,
                name,
                kind: MetadataType::from_name(&kind)?,
                kept,
                complete,
            })
        })
        .collect())
}

async fn drop_pin(conn: &mut Connection, id: i64) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM pin WHERE id = ?",
        "DELETE FROM pin_value WHERE pin_id = ?",
    ] {
        sql::query(sql).bind(id).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Where a group's values stand, in a statement with `subject s` and `version v`.
pub(crate) const fn column(group: Group) -> &'static str {
    match group {
        Group::Hubspot => "v.payload",
        Group::Agent => "s.agent",
        Group::Custom | Group::Auto => "s.custom",
    }
}

/// Puts subjects under their new keys, or nowhere.
async fn replace_keys(
    conn: &mut Connection,
    pin: i64,
    changed: Vec<(i64, Option<String>)>,
) -> Result<(), sqlx::Error> {
    let pks: Vec<i64> = changed.iter().map(|(pk, _)| *pk).collect();
    sql::query(
        "DELETE FROM pin_value WHERE pin_id = ? AND subject_pk IN (SELECT value FROM json_each(?))",
    )
    .bind(pin)
    .bind(pks)
    .execute(&mut *conn)
    .await?;
    let mut keys: Vec<(String, i64)> = changed
        .into_iter()
        .filter_map(|(pk, key)| Some((key?, pk)))
        .collect();
    keys.sort_unstable();
    insert_keys(conn, pin, keys).await
}

async fn insert_keys(
    conn: &mut Connection,
    pin: i64,
    keys: Vec<(String, i64)>,
) -> Result<(), sqlx::Error> {
    Bulk::of_missing("pin_value", &["pin_id", "sort_key", "subject_pk"])
        .insert(conn, keys, |columns, (key, pk)| {
            columns.put(pin).put(key).put(pk);
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn keys_sort_as_numbers_do(one: f64, other: f64) {
            proptest::prop_assume!(!one.is_nan() && !other.is_nan());
            let keys = (number_key(one), number_key(other));
            proptest::prop_assert_eq!(one.partial_cmp(&other), Some(keys.0.cmp(&keys.1)));
        }

        #[test]
        fn any_text_has_a_short_key(text in ".*") {
            let token = serde_json::to_string(&text).unwrap();
            proptest::prop_assert!(sort_key(MetadataType::String, &token).len() <= TEXT_BYTES);
        }
    }
}
