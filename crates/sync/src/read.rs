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
    pages: mpsc::Receiver<Result<Page, hubspot::Error>>,
    task: AbortHandle,
}

/// Some records, and all there are in the ids that they cover.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) records: Records,
    /// What it covers of a gap; `None` if that cannot be told by ids.
    pub(crate) covers: Option<Covers>,
}

/// From one end of a gap up to an id, which is covered too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    UpTo(u64),
    DownTo(u64),
}

impl Pages {
    /// Reads what is in a gap; a list is read whole, whatever the gap.
    pub(crate) fn read(client: Client, plan: Plan, columns: Columns, gap: Gap) -> Self {
        let (sender, pages) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let result = match plan.reader {
                Reader::Search => search(&client, &plan, &columns, &sender, gap).await,
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
    pub(crate) async fn next(&mut self) -> Option<Result<Page, hubspot::Error>> {
        self.pages.recv().await
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Sender = mpsc::Sender<Result<Page, hubspot::Error>>;

/// Reads what a query finds: from both ends of the ids when that is worth it, because each page must be there before the
/// next one of its walk can be asked for.
async fn search(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &Sender,
    gap: Gap,
) -> Result<(), hubspot::Error> {
    let gap = Mutex::new(gap);
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
pub(crate) struct Gap {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Gap {
    /// All ids there can be.
    pub(crate) const WHOLE: Self = Self {
        first: 0,
        last: LAST_ID,
    };

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

    /// What a page covers that was asked for when the gap was this one, by where its walk goes on.
    fn covered(self, way: Way, next: Option<Walk>) -> Covers {
        match (way, next) {
            (_, Some(Walk::Up(Some(past)))) => Covers::UpTo(past.0),
            (_, Some(Walk::Down(Some(past)))) => Covers::DownTo(past.0),
            // There is nothing past this page.
            (Way::Up, _) => Covers::UpTo(self.last),
            (Way::Down, _) => Covers::DownTo(self.first),
        }
    }

    /// Takes out what a page covers.
    pub(crate) fn cover(&mut self, covers: Covers) {
        match covers {
            Covers::UpTo(id) => self.first = self.first.max(id.saturating_add(1)),
            Covers::DownTo(0) => self.first = self.last.saturating_add(1),
            Covers::DownTo(id) => self.last = self.last.min(id - 1),
        }
    }
}

/// Goes through the gap from one end, until nothing is left of it.
async fn walk(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &Sender,
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
        let covers = open.covered(way, page.next);
        {
            let mut gap = lock();
            // The other walk may have come this far meanwhile.
            records.keep(|id| gap.contains(id));
            gap.cover(covers);
        }
        let page = Page {
            records,
            covers: Some(covers),
        };
        if sender.send(Ok(page)).await.is_err() {
            return Ok(());
        }
    }
}

async fn list(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &Sender,
) -> Result<(), hubspot::Error> {
    let mut after = None;
    loop {
        let page = client
            .list_page(plan.object, columns, after.as_ref(), LIST_PAGE)
            .await?;
        let (records, next) = (page.records, page.next);
        let page = Page {
            records,
            covers: None,
        };
        if sender.send(Ok(page)).await.is_err() || next.is_none() {
            return Ok(());
        }
        after = next;
    }
}
