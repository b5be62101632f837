//! Visitors and accounts as a list: searched, filtered, sorted, a page at a time.
//!
//! Candidates come in the order asked for, from an index: by id, by when they were last synced, or by a pinned field. Each
//! is then held against the filters. However rare what is looked for may be, one call looks at a bounded number of
//! candidates and says where it stopped, so that a page is quick and a long search shows how far it is.

mod filter;
mod order;

use std::{cmp::Ordering, collections::HashMap};

use model::Group;
use sqlx::AssertSqlSafe;

pub use self::filter::{Filter, Test};
use self::order::{At, Driver, Key};
use crate::{
    Error, Scope, Store,
    error::doing,
    pin::{Pin, sort_key},
    sql::{self, to_the_byte},
    subject::{ROW_COLUMNS, ROW_JOINS, Row, Subject, subject_of},
};

/// Candidates looked at by one call at most, when filters are held against each.
const EXAMINED: usize = 20_000;

/// Candidates fetched at once.
const STEP: usize = 400;

/// Up to so many candidates a pinned filter is worth starting from.
const SELECTIVE: i64 = 20_000;

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// By what a list is sorted. Subjects that have nothing to be sorted by come last, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    /// By id.
    Id,
    /// By when hubspot metadata last came.
    LastSync,
    /// By a field, which has to be pinned; see [`Store::pin`].
    Field(Group, String),
}

/// A list that is asked for.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Of which level.
    pub scope: Scope,
    /// Only ids that begin like this.
    pub starts_with: String,
    /// Only those that a record feeds, or that none does.
    pub linked: Option<bool>,
    /// All of these hold.
    pub filters: Vec<Filter>,
    /// By what it is sorted.
    pub sort: Sort,
    /// In which direction.
    pub order: Order,
    /// The page begins after the subject with this internal number; `None` at the beginning.
    pub after: Option<i64>,
    /// How many subjects a page has.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Internal numbers and subjects, in the order asked for.
    pub subjects: Vec<(i64, Subject)>,
    /// More may follow; not said of what comes before.
    pub more: bool,
    /// Looking stopped before the page was full, after this subject: go on from here.
    pub stopped_at: Option<i64>,
    /// How many candidates were looked at.
    pub examined: usize,
    /// The sort field has no complete index yet, so there is no order to list by.
    pub unsorted: bool,
}

impl Store {
    /// One page of a list.
    pub async fn list(&self, listing: &Listing) -> Result<Found, Error> {
        let pins = self.pins(listing.scope).await?;
        let driver = match &listing.sort {
            Sort::Id => Driver::Id,
            Sort::LastSync => Driver::LastSync,
            Sort::Field(group, name) => match complete(&pins, *group, name) {
                Some(pin) => Driver::Pin(pin.id, pin.kind),
                None => {
                    return Ok(Found {
                        unsorted: true,
                        ..Found::default()
                    });
                }
            },
        };
        match self.few(listing, &pins).await? {
            Some(few) => self.list_few(listing, driver, few).await,
            None => self.walk(listing, driver).await,
        }
    }

    /// Goes through the order until the page is full.
    async fn walk(&self, listing: &Listing, driver: Driver) -> Result<Found, Error> {
        let mut at = match listing.after {
            None => At::Valued(None),
            Some(pk) => self.place_of(driver, pk).await?,
        };
        let step = if listing.admits_all(driver) {
            listing.limit + 1
        } else {
            STEP
        };
        let mut found = Found::default();
        while !matches!(at, At::End) {
            if found.examined >= EXAMINED {
                break;
            }
            let (candidates, next) = match &at {
                At::Valued(after) => self.valued(listing, driver, after.as_ref(), step).await?,
                At::Rest(after) => self.rest(listing, driver, after, step).await?,
                At::End => break,
            };
            at = next;
            found.examined += candidates.len();
            for (pk, subject) in self.rows(&candidates).await? {
                if !listing.admits(&subject) {
                    continue;
                }
                if found.subjects.len() == listing.limit {
                    found.more = true;
                    return Ok(found);
                }
                found.subjects.push((pk, subject));
            }
            found.stopped_at = candidates.last().copied();
        }
        if matches!(at, At::End) {
            found.stopped_at = None;
        }
        Ok(found)
    }

    /// All candidates of the most selective pinned filter, if there is one that leaves few.
    async fn few(&self, listing: &Listing, pins: &[Pin]) -> Result<Option<Vec<i64>>, Error> {
        let mut fewest: Option<Vec<i64>> = None;
        for filter in &listing.filters {
            let Some(pin) = complete(pins, filter.group, &filter.name) else {
                continue;
            };
            let Some((from, to)) = filter.keys() else {
                continue;
            };
            let upper = to.as_ref().map_or("", |_| "AND sort_key <= ?3");
            let sql = format!(
                "SELECT subject_pk FROM pin_value WHERE pin_id = ?1 AND sort_key >= ?2 {upper} LIMIT ?4"
            );
            let found: Vec<i64> = sql::query_scalar(AssertSqlSafe(sql))
                .bind(pin.id)
                .bind(from)
                .bind(to)
                .bind(SELECTIVE + 1)
                .fetch_all(&self.pool)
                .await
                .map_err(doing("look a value up"))?;
            if count(found.len()) <= SELECTIVE
                && fewest.as_ref().is_none_or(|few| found.len() < few.len())
            {
                fewest = Some(found);
            }
        }
        Ok(fewest)
    }

    /// Sorts a few candidates in memory, and cuts the page out.
    async fn list_few(
        &self,
        listing: &Listing,
        driver: Driver,
        few: Vec<i64>,
    ) -> Result<Found, Error> {
        let mut found = Found {
            examined: few.len(),
            ..Found::default()
        };
        let mut order: Vec<(Option<Key>, String, i64)> = Vec::new();
        for chunk in few.chunks(STEP) {
            for (pk, subject) in self.rows(chunk).await? {
                if listing.admits(&subject) {
                    order.push((listing.key_of(driver, &subject), subject.id, pk));
                }
            }
        }
        order.sort_unstable_by(|one, other| listing.compare(one, other));
        let from = match listing.after {
            None => 0,
            Some(after) => order
                .iter()
                .position(|(.., pk)| *pk == after)
                .map_or(0, |at| at + 1),
        };
        found.more = order.len() > from + listing.limit;
        let page: Vec<i64> = order
            .iter()
            .skip(from)
            .take(listing.limit)
            .map(|(.., pk)| *pk)
            .collect();
        found.subjects = self.rows(&page).await?;
        Ok(found)
    }

    /// Subjects by internal number, in the order of the numbers.
    async fn rows(&self, pks: &[i64]) -> Result<Vec<(i64, Subject)>, Error> {
        if pks.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {ROW_COLUMNS} FROM json_each(?) k CROSS JOIN subject s ON s.pk = k.value {ROW_JOINS}"
        );
        let rows: Vec<Row> = sql::query_as(AssertSqlSafe(sql))
            .bind(pks)
            .fetch_all(&self.pool)
            .await
            .map_err(doing("read a page of the list"))?;
        let mut found: HashMap<i64, Subject> = rows
            .into_iter()
            .map(|row| (row.0, subject_of(row)))
            .collect();
        Ok(pks
            .iter()
            .filter_map(|pk| Some((*pk, found.remove(pk)?)))
            .collect())
    }

    /// A subject by its internal number, within a level.
    pub async fn subject_by_number(&self, scope: Scope, pk: i64) -> Result<Option<Subject>, Error> {
        let there: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM subject WHERE pk = ? AND subscription_id = ? AND level = ?)",
        )
        .bind(pk)
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .fetch_one(&self.pool)
        .await
        .map_err(doing("read a subject"))?;
        if !there {
            return Ok(None);
        }
        Ok(self.rows(&[pk]).await?.pop().map(|(_, subject)| subject))
    }

    /// The internal number of a subject.
    pub async fn number_of(&self, scope: Scope, id: &str) -> Result<Option<i64>, Error> {
        sql::query_scalar(
            "SELECT pk FROM subject WHERE subscription_id = ? AND level = ? AND id = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(to_the_byte(id))
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("find a subject"))
    }
}

impl Listing {
    /// Whether a subject belongs to the list.
    fn admits(&self, subject: &Subject) -> bool {
        subject.id.starts_with(&self.starts_with)
            && self
                .linked
                .is_none_or(|linked| subject.record.is_some() == linked)
            && self.filters.iter().all(|filter| filter.admits(subject))
    }

    /// Whether every candidate of the order belongs to the list.
    fn admits_all(&self, driver: Driver) -> bool {
        self.filters.is_empty()
            && self.linked.is_none()
            && (self.starts_with.is_empty() || matches!(driver, Driver::Id))
    }

    fn key_of(&self, driver: Driver, subject: &Subject) -> Option<Key> {
        match (driver, &self.sort) {
            (Driver::LastSync, _) => subject.version.map(Key::Number),
            (Driver::Pin(_, kind), Sort::Field(group, name)) => {
                let token = subject.token(*group, name)?;
                Some(Key::Text(sort_key(kind, token)))
            }
            _ => Some(Key::Text(subject.id.clone())),
        }
    }

    fn compare(
        &self,
        one: &(Option<Key>, String, i64),
        other: &(Option<Key>, String, i64),
    ) -> Ordering {
        match (&one.0, &other.0) {
            (Some(a), Some(b)) => {
                let order = a.cmp(b).then(one.2.cmp(&other.2));
                match self.order {
                    Order::Ascending => order,
                    Order::Descending => order.reverse(),
                }
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => one.1.cmp(&other.1),
        }
    }
}

fn complete<'a>(pins: &'a [Pin], group: Group, name: &str) -> Option<&'a Pin> {
    pins.iter()
        .find(|pin| pin.complete && pin.group == group && pin.name == name)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
