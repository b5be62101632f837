//! Visitors and accounts as a list: searched, filtered, sorted, a page at a time.
//!
//! Candidates come in the order asked for, from an index: by id, by when they were last synced, or by a pinned field. Each
//! is then held against the filters. However rare what is looked for may be, one call looks at a bounded number of
//! candidates and says where it stopped, so that a page is quick and a long search shows how far it is.

use std::{cmp::Ordering, collections::HashMap};

use model::{Group, MetadataType, RunId, payload};
use sqlx::AssertSqlSafe;

use crate::{
    Error, Scope, Store,
    error::doing,
    pin::{Pin, sort_key},
    staging::first_version,
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

/// What a field's value is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The value itself.
    Is(String),
    /// A part of a text, in upper or lower case.
    Contains(String),
    /// A number, a time, or a text, at least.
    AtLeast(String),
    /// A number, a time, or a text, at most.
    AtMost(String),
    /// There is a value.
    Filled,
    /// There is none.
    Empty,
}

/// A field held against a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The field's group.
    pub group: Group,
    /// The field's name.
    pub name: String,
    /// The field's type.
    pub kind: MetadataType,
    /// The test.
    pub test: Test,
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

/// A place in an order.
#[derive(Debug, Clone)]
enum At {
    /// Among those that have something to be sorted by; `None` before the first.
    Valued(Option<(Key, i64)>),
    /// Among the others, after this id.
    Rest(String),
    End,
}

/// What subjects are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

/// What an order is taken from.
#[derive(Debug, Clone, Copy)]
enum Driver {
    Id,
    LastSync,
    Pin(i64, MetadataType),
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

    /// Where a subject stands in the order.
    async fn place_of(&self, driver: Driver, pk: i64) -> Result<At, Error> {
        const DOING: &str = "find the place in the list";
        let id: Option<String> = sqlx::query_scalar("SELECT id FROM subject WHERE pk = ?")
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
            Driver::LastSync => sqlx::query_scalar::<_, Option<i64>>(
                "SELECT version_id FROM link WHERE subject_pk = ?",
            )
            .bind(pk)
            .fetch_optional(&self.pool)
            .await
            .map_err(doing(DOING))?
            .flatten()
            .map(Key::Number),
            Driver::Pin(pin, _) => sqlx::query_scalar::<_, String>(
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
    async fn valued(
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
        let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
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
            let next: Option<i64> = sqlx::query_scalar(AssertSqlSafe(next))
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
            let rows: Vec<(i64, i64)> = sqlx::query_as(AssertSqlSafe(sql))
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
        let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
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
    async fn rest(
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
        let mut query = sqlx::query_as::<_, (String, i64)>(AssertSqlSafe(sql))
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
            let found: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
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
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serde_json::to_string(pks).expect("numbers serialise"))
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
        let there: bool = sqlx::query_scalar(
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
        sqlx::query_scalar(
            "SELECT pk FROM subject WHERE subscription_id = ? AND level = ? AND id = ?",
        )
        .bind(scope.subscription.0)
        .bind(scope.level_code())
        .bind(id)
        .fetch_optional(&self.pool)
        .await
        .map_err(doing("find a subject"))
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

impl Filter {
    /// Whether a subject's value passes.
    fn admits(&self, subject: &Subject) -> bool {
        let Some(token) = subject.token(self.group, &self.name) else {
            return self.test == Test::Empty;
        };
        let key = |text: &str| self.key(text);
        match &self.test {
            Test::Filled => true,
            Test::Empty => false,
            Test::Is(text) => match self.kind {
                MetadataType::String => {
                    payload::unescape(token).is_some_and(|value| value == *text)
                }
                kind => key(text).is_some_and(|wanted| wanted == sort_key(kind, token)),
            },
            Test::Contains(part) => payload::unescape(token)
                .unwrap_or_else(|| token.into())
                .to_lowercase()
                .contains(&part.to_lowercase()),
            Test::AtLeast(text) => key(text).is_some_and(|from| sort_key(self.kind, token) >= from),
            Test::AtMost(text) => key(text).is_some_and(|to| sort_key(self.kind, token) <= to),
        }
    }

    /// Where a text that somebody entered would stand among the values; `None` if it is none of them.
    fn key(&self, text: &str) -> Option<String> {
        let text = text.trim();
        Some(match self.kind {
            MetadataType::String => sort_key(self.kind, &serde_json::to_string(text).ok()?),
            MetadataType::Decimal => {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())?;
                sort_key(self.kind, text)
            }
            MetadataType::Boolean if text == "true" || text == "false" => sort_key(self.kind, text),
            MetadataType::Boolean => return None,
            MetadataType::Time => text.into(),
        })
    }

    /// The range of sort keys in which all passing values lie.
    fn keys(&self) -> Option<(String, Option<String>)> {
        match &self.test {
            Test::Is(text) => self.key(text).map(|key| (key.clone(), Some(key))),
            Test::AtLeast(text) => self.key(text).map(|key| (key, None)),
            Test::AtMost(text) => self.key(text).map(|key| (String::new(), Some(key))),
            Test::Filled => Some((String::new(), None)),
            Test::Contains(_) | Test::Empty => None,
        }
    }
}

fn complete<'a>(pins: &'a [Pin], group: Group, name: &str) -> Option<&'a Pin> {
    pins.iter()
        .find(|pin| pin.complete && pin.group == group && pin.name == name)
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

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
