//! Reading a portal page by page: the next page is fetched while the present one is taken in.

use hubspot::{Client, Columns, Records};
use tokio::{sync::mpsc, task::AbortHandle};

use crate::plan::{LIST_PAGE, Plan, Reader, SEARCH_PAGE};

/// Pages that may wait to be taken in. One keeps both sides busy; more would only cost memory.
const WAITING: usize = 1;

/// The pages of a portal, in id order. Reading stops when this is dropped.
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

async fn search(
    client: &Client,
    plan: &Plan,
    columns: &Columns,
    sender: &mpsc::Sender<Page>,
) -> Result<(), hubspot::Error> {
    let mut after = None;
    loop {
        let page = client
            .search_page(plan.object, plan.query(), columns, after, SEARCH_PAGE)
            .await?;
        if sender.send(Ok(page.records)).await.is_err() || page.next.is_none() {
            return Ok(());
        }
        after = page.next;
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
