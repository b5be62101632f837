//! The list reader: strongly consistent, sees every record, but carries its properties in the URL.

use std::sync::atomic::{AtomicU32, Ordering};

use model::ObjectType;

use crate::{
    Client, Columns, Error, Kind, Operation, Records,
    calls::CallKind,
    client::Plan,
    decode::{self, Envelope},
    governor::Budget,
};
use outbound::Request;

/// Most records in one answer.
pub const LIST_PAGE: u32 = 100;

/// Where the next page begins, in HubSpot's words. Can be stored and used by a later process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor stored earlier.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a listing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListPage {
    /// Records with ascending ids.
    pub records: Records,
    /// Ask for the next page after this; `None` on the last page.
    pub next: Option<Cursor>,
}

impl Client {
    /// How many calls one page takes: more than one when the properties do not fit one URL.
    pub fn list_calls_per_page(&self, columns: &Columns) -> u64 {
        parts(columns, self.url_budget()).len() as u64
    }

    /// The page of at most `limit` records (and at most [`LIST_PAGE`]) at `after`.
    ///
    /// Properties that do not fit one URL are read in several calls and joined by id; no property is ever lost. When
    /// the parts do not hold the same records, because one came or went in between, the page is read again.
    ///
    /// # Errors
    /// [`Error::Torn`] if the parts keep disagreeing; [`Error::Stalled`] if the cursor does not move.
    pub async fn list_page(
        &self,
        object: ObjectType,
        columns: &Columns,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<ListPage, Error> {
        let operation = Operation::List(object);
        let limit = limit.clamp(1, LIST_PAGE);
        let start = Start {
            path: self.paths().objects(object),
            limit,
            after,
            slow: AtomicU32::new(0),
        };
        let mut failed = 0;
        loop {
            let (parts, next) = self.list_parts(object, columns, &start).await?;
            failed += 1;
            // Edited in between: worth another try, but each value is right for a moment of this page's reading.
            let settled = Records::same_moment(&parts) || failed > 2;
            let stuck = next.is_some() && next.as_ref() == after;
            let joined = Records::beside(columns, parts).filter(|_| settled);
            let (kind, error) = match joined {
                Some(records) if !stuck => return Ok(ListPage { records, next }),
                Some(_) => (
                    Kind::Stalled,
                    Error::Stalled {
                        operation,
                        after: None,
                    },
                ),
                None => (Kind::Torn, Error::Torn { operation }),
            };
            if !self.wait_out(kind, failed).await {
                return Err(error);
            }
        }
    }

    /// Reads all parts of a page at once, with shorter URLs if HubSpot finds one too long.
    async fn list_parts(
        &self,
        object: ObjectType,
        columns: &Columns,
        start: &Start<'_>,
    ) -> Result<(Vec<Records>, Option<Cursor>), Error> {
        loop {
            let budget = self.url_budget();
            let parts = parts(columns, budget);
            let reads = parts.iter().map(|part| self.list_part(object, start, part));
            match futures::future::try_join_all(reads).await {
                Ok(read) => {
                    // If only one part has seen that more records follow, then more follow.
                    let next = read.iter().find_map(|part| part.after.clone());
                    let next = next.map(Cursor::new);
                    return Ok((read.into_iter().map(|part| part.records).collect(), next));
                }
                Err(error) if error.kind() == Kind::TooLong && self.halve_url_budget(budget) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn list_part(
        &self,
        object: ObjectType,
        start: &Start<'_>,
        columns: &Columns,
    ) -> Result<Envelope, Error> {
        let plan = Plan {
            operation: Operation::List(object),
            kind: CallKind::List,
            budget: Budget::Window,
        };
        self.run(
            &plan,
            |slow| {
                // When one part takes too long all parts ask for less, or they would not hold the same records.
                start.slow.fetch_max(slow, Ordering::Relaxed);
                Request::get(format!("{}?{}", start.path, start.query(columns)))
            },
            |answer| decode::envelope(std::mem::take(&mut answer.body), columns, columns),
        )
        .await
    }
}

/// Cuts columns so that each part fits a query of `budget` bytes, whatever the cursor.
fn parts(columns: &Columns, budget: usize) -> Vec<Columns> {
    /// Room for `limit`, `archived`, `after` and the names of the parameters.
    const BESIDES: usize = 100;
    columns.split(budget.saturating_sub(BESIDES))
}

/// Where a page begins, and how much of it is asked for.
struct Start<'a> {
    path: String,
    limit: u32,
    after: Option<&'a Cursor>,
    /// How many times HubSpot took too long over a part.
    slow: AtomicU32,
}

impl Start<'_> {
    fn query(&self, columns: &Columns) -> String {
        let slow = self.slow.load(Ordering::Relaxed).min(8);
        let limit = (self.limit >> slow).max(1);
        let mut query = format!("limit={limit}&archived=false");
        if let Some(after) = self.after {
            query.push_str("&after=");
            query.extend(url::form_urlencoded::byte_serialize(after.0.as_bytes()));
        }
        query.push_str("&properties=");
        query.push_str(&columns.query());
        query
    }
}
