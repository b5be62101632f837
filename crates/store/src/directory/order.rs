//! The orders that a list can be taken in, each from an index: where a subject stands, and who comes next.

use model::{MetadataType, RunId};
use sqlx::AssertSqlSafe;

use super::{Listing, Order, count};
use crate::{Error, Store, error::doing, sql, staging::first_version};

/// A place in an order.
#[derive(Debug, Clone)]
pub(super) enum At {
    /// Among those that have something to be sorted by; `None` before the first.
    Valued(Option<(Key, i64)>),
    /// Among the others, after this id.
    Rest(String),
    End,
}

/// What subjects are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

/// What an order is taken from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Driver {
    Id,
    LastSync,
    Pin(i64, MetadataType),
}

impl Store {
    /// Where a subject stands in the order.
    pub(super) async fn place_of(&self, driver: Driver, pk: i64) -> Result<At, Error> {
        const DOING: &str = "find the place in the list";
        let id: Option<String> = sql::query_scalar("SELECT id FROM subject WHERE pk = ?")
            .bind(pk)
            .fetch_optional(&self.pool)
            .await
            .map_err(doing(DOING))?;
        // Erased meanwhile: the list begins anew.
        let Some(id) = id else {
            return Ok(At::Valued(None));
        };
        let key = match driver {
            Driver::Id => Some(Key::Text(id.clone())),
            Driver::LastSync => {
                sql::query_scalar::<Option<i64>>("SELECT version_id FROM link WHERE subject_pk = ?")
                    .bind(pk)
                    .fetch_optional(&self.pool)
                    .await
                    .map_err(doing(DOING))?
                    .flatten()
                    .map(Key::Number)
            }
            Driver::Pin(pin, _) => sql::query_scalar::<String>(
                "SELECT sort_key FROM pin_value WHERE subject_pk = ? AND pin_id = ?",
            )
            .bind(pk)
            .bind(pin)
            .fetch_optional(&self.pool)
            .await
            .map_err(doing(DOING))?
            .map(Key::Text),
        };
        Ok(match key {
            Some(key) => At::Valued(Some((key, pk))),
            None => At::Rest(id),
        })
    }

    /// Candidates that have something to be sorted by, and where that leads.
    pub(super) async fn valued(
        &self,
        listing: &Listing,
        driver: Driver,
        after: Option<&(Key, i64)>,
        limit: usize,
    ) -> Result<(Vec<i64>, At), Error> {
        let found = match driver {
            Driver::Id => self.by_id(listing, after, limit).await?,
            Driver::LastSync => self.by_last_sync(listing, after, limit).await?,
            Driver::Pin(pin, _) => self.by_pin(listing, pin, after, limit).await?,
        };
        let at = match found.last() {
            Some(last) if found.len() == limit => At::Valued(Some(last.clone())),
            // Everybody has an id.
            _ if matches!(driver, Driver::Id) => At::End,
            _ => At::Rest(String::new()),
        };
        Ok((found.into_iter().map(|(_, pk)| pk).collect(), at))
    }

    async fn by_id(
        &self,
        listing: &Listing,
        after: Option<&(Key, i64)>,
        limit: usize,
    ) -> Result<Vec<(Key, i64)>, Error> {
        let prefix = &listing.starts_with;
        let (_, direction) = listing.order.sql();
        let after = match after {
            Some((Key::Text(id), _)) => Some(id),
            _ => None,
        };
        let end = end_of(prefix);
        // One bound at each end: SQLite finds its way in the index by no more than that.
        let (low, high) = match listing.order {
            Order::Ascending => match after.filter(|after| *after >= prefix) {
                Some(after) => (("id > ?3", after), end.as_ref()),
                None => (("id >= ?3", prefix), end.as_ref()),
            },
            Order::Descending => {
                let high = [after, end.as_ref()].into_iter().flatten().min();
                (("id >= ?3", prefix), high)
            }
        };
        let (above, low) = low;
        let below = high.map_or("", |_| "AND id < ?4");
        let sql = format!(
            "SELECT id, pk FROM subject WHERE subscription_id = ?1 AND level = ?2 AND {above} {below}
             ORDER BY id {direction} LIMIT ?5"
        );
        let rows: Vec<(String, i64)> = sql::query_as(AssertSqlSafe(sql))
            .bind(listing.scope.subscription.0)
            .bind(listing.scope.level_code())
            .bind(low)
            .bind(high)
            .bind(count(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list by id"))?;
        Ok(rows
            .into_iter()
            .map(|(id, pk)| (Key::Text(id), pk))
            .collect())
    }

    /// Versions grow with time, and those of a run stand together, so that the runs of another level are passed over whole.
    async fn by_last_sync(
        &self,
        listing: &Listing,
        after: Option<&(Key, i64)>,
        limit: usize,
    ) -> Result<Vec<(Key, i64)>, Error> {
        const DOING: &str = "list by last sync";
        let (past, direction) = listing.order.sql();
        let mut at = match (after, listing.order) {
            (Some((Key::Number(version), _)), _) => *version,
            (_, Order::Ascending) => 0,
            (_, Order::Descending) => i64::MAX,
        };
        let mut found = Vec::new();
        while found.len() < limit {
            let next =
                format!("SELECT id FROM version WHERE id {past} ? ORDER BY id {direction} LIMIT 1");
            let next: Option<i64> = sql::query_scalar(AssertSqlSafe(next))
                .bind(at)
                .fetch_optional(&self.pool)
                .await
                .map_err(doing(DOING))?;
            let Some(next) = next else {
                break;
            };
            let run = RunId((next / first_version(RunId(1))).cast_unsigned());
            let (first, last) = (first_version(run), first_version(RunId(run.0 + 1)) - 1);
            // One bound at each end: SQLite finds its way by no more than that.
            let (from, to) = match listing.order {
                Order::Ascending => (first.max(at + 1), last),
                Order::Descending => (first, last.min(at - 1)),
            };
            let sql = format!(
                "SELECT v.id, v.subject_pk FROM version v JOIN link l ON l.subject_pk = v.subject_pk AND l.version_id = v.id
                 WHERE v.id BETWEEN ? AND ?
                   AND (SELECT subscription_id = ? AND level = ? FROM run WHERE id = ?)
                 ORDER BY v.id {direction} LIMIT ?"
            );
            let rows: Vec<(i64, i64)> = sql::query_as(AssertSqlSafe(sql))
                .bind(from)
                .bind(to)
                .bind(listing.scope.subscription.0)
                .bind(listing.scope.level_code())
                .bind(run.0.cast_signed())
                .bind(count(limit - found.len()))
                .fetch_all(&self.pool)
                .await
                .map_err(doing(DOING))?;
            found.extend(
                rows.into_iter()
                    .map(|(version, pk)| (Key::Number(version), pk)),
            );
            at = match listing.order {
                Order::Ascending => last,
                Order::Descending => first,
            };
        }
        Ok(found)
    }

    async fn by_pin(
        &self,
        listing: &Listing,
        pin: i64,
        after: Option<&(Key, i64)>,
        limit: usize,
    ) -> Result<Vec<(Key, i64)>, Error> {
        let (past, direction) = listing.order.sql();
        let after = match after {
            Some((Key::Text(key), pk)) => Some((key, *pk)),
            _ => None,
        };
        let condition = match after {
            Some(_) => format!("AND (sort_key, subject_pk) {past} (?2, ?3)"),
            None => String::new(),
        };
        let sql = format!(
            "SELECT sort_key, subject_pk FROM pin_value WHERE pin_id = ?1 {condition}
             ORDER BY sort_key {direction}, subject_pk {direction} LIMIT ?4"
        );
        let rows: Vec<(String, i64)> = sql::query_as(AssertSqlSafe(sql))
            .bind(pin)
            .bind(after.map(|(key, _)| key))
            .bind(after.map(|(_, pk)| pk))
            .bind(count(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list by a field"))?;
        Ok(rows
            .into_iter()
            .map(|(key, pk)| (Key::Text(key), pk))
            .collect())
    }

    /// Candidates that have nothing to be sorted by, in id order, and where that leads.
    pub(super) async fn rest(
        &self,
        listing: &Listing,
        driver: Driver,
        after: &str,
        limit: usize,
    ) -> Result<(Vec<i64>, At), Error> {
        let without = match driver {
            Driver::Id => return Ok((Vec::new(), At::End)),
            Driver::LastSync => {
                "NOT EXISTS (SELECT 1 FROM link l WHERE l.subject_pk = s.pk AND l.version_id IS NOT NULL)"
            }
            Driver::Pin(..) => {
                "NOT EXISTS (SELECT 1 FROM pin_value p WHERE p.subject_pk = s.pk AND p.pin_id = ?5)"
            }
        };
        let sql = format!(
            "SELECT s.id, s.pk FROM subject s WHERE s.subscription_id = ?1 AND s.level = ?2 AND s.id > ?3 AND {without}
             ORDER BY s.id LIMIT ?4"
        );
        let mut query = sql::query_as::<(String, i64)>(AssertSqlSafe(sql))
            .bind(listing.scope.subscription.0)
            .bind(listing.scope.level_code())
            .bind(after)
            .bind(count(limit));
        if let Driver::Pin(pin, _) = driver {
            query = query.bind(pin);
        }
        let rows = query
            .fetch_all(&self.pool)
            .await
            .map_err(doing("list what has no value"))?;
        let at = match rows.last() {
            Some((id, _)) if rows.len() == limit => At::Rest(id.clone()),
            _ => At::End,
        };
        Ok((rows.into_iter().map(|(_, pk)| pk).collect(), at))
    }
}

impl Order {
    /// What "past" and "in this direction" are called in SQL.
    const fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Ascending => (">", "ASC"),
            Self::Descending => ("<", "DESC"),
        }
    }
}

/// The smallest text that is larger than all that begin with `prefix`; `None` if there is none.
fn end_of(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}
