//! Reading a portal page by page: the next page is fetched while the present one is taken in.

use std::sync::{Mutex, PoisonError};

use hubspot::{Client, Columns, Query, Records, Walk};
use model::RecordId;
use tokio::{sync::mpsc, task::AbortHandle};

use crate::plan::{LAST_ID, LIST_PAGE, Plan, Reader, SEARCH_PAGE};

/// Pages that may wait to be taken in. One keeps both sides busy; more would only cost memory.
const WAITING: usize = 1;

/// The pages of a portal: each record once, in whatever order. Reading stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Pages {
    pages: mpsc::Receiver<Page>,
    task: AbortHandle,
}

type Page = Result<Records, hubspot::Error>;

impl Pages {
    pub(crate) fn read(client: Client, plan: Plan, columns: Columns) -> Self {
        let (sender, pages) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let result = match plan.reader {
                Reader::Search => search(&client, &plan, &columns, &sender).await,
                Reader::List => list(&client, &plan, &columns, &sender).await,
            };
            if let Err(error) = result {
                // The receiver is gone only when nobody wants to know.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self {
            pages,
            task: task.abort_handle(),
        }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Page> {
        self.pages.recv().await
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads what a query finds: from both ends of the ids when that is worth it, because each page must be there before the
/// next one of its walk can be asked for.
async fn search(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &mpsc::Sender<Page>,
) -> Result<(), hubspot::Error> {
    let gap = Mutex::new(Gap {
        first: 0,
        last: LAST_ID,
    });
    let walk = |way| walk(client, plan, columns, sender, &gap, way);
    if plan.both_ends {
        tokio::try_join!(walk(Way::Up), walk(Way::Down)).map(drop)
    } else {
        walk(Way::Up).await
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// The ids that no page has covered yet, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    first: u64,
    last: u64,
}

impl Gap {
    const CLOSED: Self = Self { first: 1, last: 0 };

    fn is_closed(self) -> bool {
        self.first > self.last
    }

    fn contains(self, id: RecordId) -> bool {
        (self.first..=self.last).contains(&id.0)
    }

    /// Asks for the gap from one of its ends, naming only bounds that leave something out.
    fn ask(self, plan: &Plan, way: Way) -> (Query, Walk) {
        let above = self.first.checked_sub(1).map(RecordId);
        let below = (self.last < LAST_ID).then(|| RecordId(self.last + 1));
        let (walk, bounded) = match way {
            Way::Up => (Walk::Up(above), below.is_some()),
            Way::Down => (Walk::Down(below), above.is_some()),
        };
        let range = (RecordId(self.first), RecordId(self.last));
        let query = if bounded {
            plan.query_in(range)
        } else {
            plan.query().clone()
        };
        (query, walk)
    }

    /// Takes out what a page covers, by where its walk goes on.
    fn cover(&mut self, next: Option<Walk>) {
        match next {
            Some(Walk::Up(Some(past))) => self.first = self.first.max(past.0 + 1),
            Some(Walk::Down(Some(RecordId(past @ 1..)))) => self.last = self.last.min(past - 1),
            // There is nothing past this page.
            _ => *self = Self::CLOSED,
        }
    }
}

/// Goes through the gap from one end, until nothing is left of it.
async fn walk(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &mpsc::Sender<Page>,
    gap: &Mutex<Gap>,
    way: Way,
) -> Result<(), hubspot::Error> {
    let lock = || gap.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let open = *lock();
        if open.is_closed() {
            return Ok(());
        }
        let (query, walk) = open.ask(plan, way);
        let page = client
            .search_page(plan.object, &query, columns, walk, SEARCH_PAGE)
            .await?;
        let mut records = page.records;
        {
            let mut gap = lock();
            // The other walk may have come this far meanwhile.
            records.keep(|id| gap.contains(id));
            gap.cover(page.next);
        }
        if sender.send(Ok(records)).await.is_err() {
            return Ok(());
        }
    }
}

async fn list(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &mpsc::Sender<Page>,
) -> Result<(), hubspot::Error> {
    let mut after = None;
    loop {
        let page = client
            .list_page(plan.object, columns, after.as_ref(), LIST_PAGE)
            .await?;
        if sender.send(Ok(page.records)).await.is_err() || page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}
