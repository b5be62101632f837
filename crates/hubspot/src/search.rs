//! The search reader: the cheapest, for its cost does not grow with the number of properties.

use model::ObjectType;
use serde_json::json;

use crate::{
    Client, Columns, Error, Kind, Operation, Query, Records, Walk,
    calls::CallKind,
    client::Plan,
    decode::{self, Envelope},
    governor::Budget,
};
use outbound::{Answer, Body, Request};

/// Most records in one answer.
pub const SEARCH_PAGE: u32 = 200;

/// One page of a search.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SearchPage {
    /// Records with ascending ids, all within the query and past the one asked for.
    pub records: Records,
    /// How many records HubSpot says there are from here on. May lag behind.
    pub total: u64,
    /// Where the walk goes on; `None` on the last page.
    pub next: Option<Walk>,
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
        let request = self.search_request(object, query, &none, Walk::Up(None), 1);
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

    /// The page of at most `limit` records (and at most [`SEARCH_PAGE`]) that comes next on a walk up or down the ids.
    ///
    /// Pages go by id, not by offset: there is no ceiling of 10,000 results, and a record that is edited meanwhile is
    /// neither lost nor delivered twice.
    ///
    /// # Errors
    /// [`Error::Stalled`] if HubSpot keeps answering with records of the pages before;
    /// [`Error::UnknownProperty`] if the property of the query is gone.
    pub async fn search_page(
        &self,
        object: ObjectType,
        query: &Query,
        columns: &Columns,
        walk: Walk,
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
                        self.search_request(object, query, columns, walk, limit)
                    },
                    |answer| read(answer, columns),
                )
                .await?;
            if let Some(page) = advance(envelope, query, walk) {
                return Ok(page);
            }
            failed += 1;
            if !self.wait_out(Kind::Stalled, failed).await {
                return Err(Error::Stalled {
                    operation: plan.operation,
                    after: walk.past(),
                });
            }
        }
    }

    fn search_request(
        &self,
        object: ObjectType,
        query: &Query,
        columns: &Columns,
        walk: Walk,
        limit: u32,
    ) -> Request {
        let direction = match walk {
            Walk::Up(_) => "ASCENDING",
            Walk::Down(_) => "DESCENDING",
        };
        let body = json!({
            "filterGroups": query.filter_groups(walk),
            "sorts": [{ "propertyName": "hs_object_id", "direction": direction }],
            "properties": columns.names(),
            "limit": limit,
        });
        Request::post(
            self.paths().search(object),
            Body::Json(body.to_string().into_bytes()),
        )
    }
}

fn read(answer: &mut Answer, columns: &Columns) -> Result<Envelope, String> {
    decode::envelope(std::mem::take(&mut answer.body), columns, columns)
}

/// Drops what was not asked for. `None` if nothing is left although there should be: the page was answered twice, or
/// its last record cannot be told.
fn advance(envelope: Envelope, query: &Query, walk: Walk) -> Option<SearchPage> {
    let Envelope {
        mut records,
        total,
        after: more,
        ..
    } = envelope;
    let delivered = records.delivered();
    let stale = records.keep(|id| query.admits(id, walk));
    records.sort();
    let total = total.unwrap_or_default();
    // Either sign of more is enough: the cursor is not needed, and the total may be stale.
    let more = more.is_some() || total > u64::try_from(delivered).unwrap_or(u64::MAX);
    let next = match walk {
        Walk::Up(_) => records.ids().max().map(|last| Walk::Up(Some(last))),
        Walk::Down(_) => records.ids().min().map(|last| Walk::Down(Some(last))),
    };
    if next.is_none() && (stale > 0 || (more && delivered > 0)) {
        return None;
    }
    Some(SearchPage {
        next: next.filter(|_| more || stale > 0),
        total,
        records,
    })
}
