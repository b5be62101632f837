//! The search reader: the cheapest, for its cost does not grow with the number of properties.

use model::{ObjectType, RecordId};
use serde_json::json;

use crate::{
    Client, Columns, Error, Kind, Operation, Query, Records,
    calls::CallKind,
    client::Plan,
    decode::{self, Envelope},
    governor::Budget,
    transport::{Answer, Body, Request},
};

/// Most records in one answer.
pub const SEARCH_PAGE: u32 = 200;

/// One page of a search.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SearchPage {
    /// Records with ascending ids, all within the query and after the one asked for.
    pub records: Records,
    /// How many records HubSpot says there are from here on. May lag behind.
    pub total: u64,
    /// Ask for the next page after this id; `None` on the last page.
    pub next: Option<RecordId>,
}

impl Client {
    /// How many records a query finds. One search.
    pub async fn total(&self, object: ObjectType, query: &Query) -> Result<u64, Error> {
        let plan = Plan {
            operation: Operation::Total(object),
            kind: CallKind::Search,
            budget: Budget::Search,
        };
        let none = Columns::new([]);
        let request = self.search_request(object, query, &none, None, 1);
        self.run(
            &plan,
            |_| request.clone(),
            |answer| {
                let envelope = read(answer, &none)?;
                envelope.total.ok_or_else(|| "it holds no total".into())
            },
        )
        .await
    }

    /// The page of at most `limit` records (and at most [`SEARCH_PAGE`]) that follows the record `after`.
    ///
    /// Pages go by id, not by offset: there is no ceiling of 10,000 results, and a record that is edited meanwhile is
    /// neither lost nor delivered twice.
    ///
    /// # Errors
    /// [`Error::Stalled`] if HubSpot keeps answering with records up to `after`;
    /// [`Error::UnknownProperty`] if the property of the query is gone.
    pub async fn search_page(
        &self,
        object: ObjectType,
        query: &Query,
        columns: &Columns,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<SearchPage, Error> {
        let plan = Plan {
            operation: Operation::Search(object),
            kind: CallKind::Search,
            budget: Budget::Search,
        };
        let limit = limit.clamp(1, SEARCH_PAGE);
        let mut failed = 0;
        loop {
            let envelope = self
                .run(
                    &plan,
                    |slow| {
                        let limit = (limit >> slow.min(8)).max(1);
                        self.search_request(object, query, columns, after, limit)
                    },
                    |answer| read(answer, columns),
                )
                .await?;
            if let Some(page) = advance(envelope, query, after) {
                return Ok(page);
            }
            failed += 1;
            if !self.wait_out(Kind::Stalled, failed).await {
                return Err(Error::Stalled {
                    operation: plan.operation,
                    after,
                });
            }
        }
    }

    fn search_request(
        &self,
        object: ObjectType,
        query: &Query,
        columns: &Columns,
        after: Option<RecordId>,
        limit: u32,
    ) -> Request {
        let body = json!({
            "filterGroups": query.filter_groups(after),
            "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
            "properties": columns.names(),
            "limit": limit,
        });
        Request {
            url: self.paths().search(object),
            body: Body::Json(body.to_string().into_bytes()),
        }
    }
}

fn read(answer: &mut Answer, columns: &Columns) -> Result<Envelope, String> {
    decode::envelope(std::mem::take(&mut answer.body), columns, columns)
}

/// Drops what was not asked for. `None` if nothing is left although there should be: the page was answered twice, or
/// its last record cannot be told.
fn advance(envelope: Envelope, query: &Query, after: Option<RecordId>) -> Option<SearchPage> {
    let Envelope {
        mut records,
        total,
        after: more,
        ..
    } = envelope;
    let delivered = records.delivered();
    let stale = records.keep(|id| query.admits(id, after));
    records.sort();
    let total = total.unwrap_or_default();
    // Either sign of more is enough: the cursor is not needed, and the total may be stale.
    let more = more.is_some() || total > u64::try_from(delivered).unwrap_or(u64::MAX);
    let last = records.ids().max();
    if last.is_none() && (stale > 0 || (more && delivered > 0)) {
        return None;
    }
    Some(SearchPage {
        next: last.filter(|_| more || stale > 0),
        total,
        records,
    })
}
