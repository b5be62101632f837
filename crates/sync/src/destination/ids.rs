//! The ids that a destination knows, taken in before a run, so that what matches and what does not is the same there as here.
//!
//! On most days that takes two calls: how many ids there are, and which were first seen since the last look. All of them are
//! listed once a week, and whenever the number is not the one that follows from what was seen.

use jiff::{SignedDuration, Timestamp};
use store::{
    Scope, Store,
    destination::Listing,
    import::{Importer, MAX_ID_BYTES, NewSubject},
    outbox::Resend,
};

use super::{Destination, Error, TheirId};

/// Ids in a page.
const PAGE: u32 = 50_000;

/// How long a full listing serves.
const FRESH: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What taking ids in has brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Ids that were not known here before.
    pub(crate) created: u64,
    /// All ids were listed.
    pub(crate) all: bool,
}

/// Takes in the ids that a destination has of a level. `seen` is told how many came so far. In a dry run nothing is sent because of
/// it: then it is not noted either that they were listed, so that the next run sends what these ids have missed.
pub(crate) async fn take(
    store: &Store,
    destination: &dyn Destination,
    scope: Scope,
    dry_run: bool,
    now: Timestamp,
    seen: impl Fn(u64),
) -> Result<Taken, Error> {
    let before = store.listing(scope).await?;
    let count = destination.count(scope.level).await?;
    let mut taking = Taking {
        store,
        destination,
        scope,
        dry_run,
        now,
        newest: before.newest,
        taken: 0,
        importer: None,
    };
    let fresh = before
        .listed_at
        .is_some_and(|at| now.duration_since(at).abs() < FRESH);
    if let Some(listed) = before.listed.filter(|_| fresh) {
        if let Some(newest) = before.newest {
            taking.pages(Some(newest), &seen).await?;
        }
        if listed + taking.taken == count {
            if taking.taken == 0 {
                return Ok(Taken::default());
            }
            let listing = Listing {
                listed: Some(count),
                newest: taking.newest,
                ..before
            };
            return taking.finish(listing, false).await;
        }
    }
    taking.taken = 0;
    taking.pages(None, &seen).await?;
    let listing = Listing {
        listed: Some(taking.taken),
        listed_at: Some(now),
        newest: taking.newest,
    };
    taking.finish(listing, true).await
}

struct Taking<'a> {
    store: &'a Store,
    destination: &'a dyn Destination,
    scope: Scope,
    dry_run: bool,
    now: Timestamp,
    newest: Option<i64>,
    taken: u64,
    importer: Option<Importer>,
}

impl Taking<'_> {
    /// Takes page after page, of all ids or of those that were first seen after a moment.
    async fn pages(
        &mut self,
        first_seen_after: Option<i64>,
        seen: &impl Fn(u64),
    ) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let page = self
                .destination
                .ids(self.scope.level, first_seen_after, after.as_deref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            self.page(page).await?;
            seen(self.taken);
        }
    }

    async fn page(&mut self, page: Vec<TheirId>) -> Result<(), Error> {
        self.taken += page.len() as u64;
        let newest = page.iter().filter_map(|one| one.first_seen).max();
        self.newest = self.newest.max(newest);
        // Changes may have waited for these ids to be known.
        if !self.dry_run {
            let ids: Vec<&str> = page.iter().map(|one| one.id.as_str()).collect();
            self.store
                .resend(self.scope, Resend::Missed(&ids), self.now)
                .await?;
        }
        let importer = match &mut self.importer {
            Some(importer) => importer,
            none => none.insert(self.store.import(self.scope, false, self.now).await?),
        };
        for one in page {
            // What no id can be here matches nothing either.
            if one.id.len() <= MAX_ID_BYTES && !one.id.contains('\0') && !one.id.is_empty() {
                importer
                    .push(NewSubject {
                        id: one.id,
                        accounts: None,
                        agent: None,
                    })
                    .await?;
            }
        }
        Ok(())
    }

    async fn finish(self, listing: Listing, all: bool) -> Result<Taken, Error> {
        let created = match self.importer {
            Some(mut importer) => importer.finish().await?.created,
            None => 0,
        };
        if !self.dry_run {
            self.store.set_listing(self.scope, &listing).await?;
        }
        Ok(Taken { created, all })
    }
}
