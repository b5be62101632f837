//! Databases in which every table has rows, as an installation leaves them behind.

use model::{Level, RecordId};
use scratch::Scratch;
use store::{Scope, Store, SubscriptionId, database, run::State};

use crate::{batch, candidate, new_run, now};

/// What the schema up to each migration remembers: a new migration that makes a table adds its rows here.
pub(crate) const ROWS: [(i64, &str); 6] = [
    (1, include_str!("rows/0001_initial.sql")),
    (2, include_str!("rows/0002_web.sql")),
    (3, include_str!("rows/0003_jobs.sql")),
    (4, include_str!("rows/0004_takeover.sql")),
    (5, include_str!("rows/0005_uploads.sql")),
    (6, include_str!("rows/0006_destinations.sql")),
];

/// The level that everything is about.
pub(crate) const SCOPE: Scope = Scope {
    subscription: SubscriptionId(1),
    level: Level::Visitor,
};

/// Its accounts.
pub(crate) const ACCOUNTS: Scope = Scope {
    level: Level::Account,
    ..SCOPE
};

/// Gives a bare database an older release's schema, and the rows of it.
pub(crate) async fn lay_out(scratch: &Scratch, newest: i64) {
    database::lay_out(&scratch.options(), newest).await.unwrap();
    add_rows(scratch, 0, newest).await;
}

/// Adds the rows of some migrations: those after `from`, up to `to`.
pub(crate) async fn add_rows(scratch: &Scratch, from: i64, to: i64) {
    for (version, rows) in ROWS {
        if version > from && version <= to {
            scratch.execute(rows).await;
        }
    }
}

/// Fills an empty database of the present schema, and has a run leave a memory behind. The store is open.
pub(crate) async fn fill(scratch: &Scratch) -> Store {
    let store = scratch.open().await;
    add_rows(scratch, 0, i64::MAX).await;
    let mut session = store.begin_run(&new_run(SCOPE), now()).await.unwrap();
    let staged = candidate(&mut session, 101, 5, "u-1", r#"{"mrr":2,"plan":"free"}"#).await;
    assert_eq!(staged.record, RecordId(101));
    session
        .stage(batch(vec![staged]), false, None)
        .await
        .unwrap();
    session.apply(2).await.unwrap();
    let run = session.run();
    session.close().await.unwrap();
    store
        .finish_run(run, State::Success, &serde_json::json!({}), now())
        .await
        .unwrap();
    store
}
