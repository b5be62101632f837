//! The property catalogues of portals, kept for a few minutes: pickers ask for them again and again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use model::{Level, Property};
use store::{Scope, Store};
use sync::{connect::Connector, export::Labels};

/// How old a catalogue may be where somebody only looks.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// How old labels may be beside stored values.
const LABELS: SignedDuration = SignedDuration::from_mins(30);

type Kept<T> = Mutex<HashMap<Scope, (Timestamp, Arc<T>)>>;

/// The catalogues of this process.
#[derive(Debug, Default)]
pub(crate) struct Catalogues {
    properties: Kept<Vec<Property>>,
    labels: Kept<Labels>,
    groups: Kept<BTreeMap<String, String>>,
}

impl Catalogues {
    /// The properties of a level's records.
    pub(crate) async fn get(
        &self,
        connector: &Connector,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Arc<Vec<Property>>, sync::connect::Error> {
        if let Some(kept) = look(&self.properties, scope, now - FRESH) {
            return Ok(kept);
        }
        self.fresh(connector, scope, now).await
    }

    /// The properties of a level's records, as they are now.
    pub(crate) async fn fresh(
        &self,
        connector: &Connector,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Arc<Vec<Property>>, sync::connect::Error> {
        let client = connector.client(scope.subscription).await?;
        // Tells which sensitive properties the grant covers.
        if let Err(error) = client.token_facts().await {
            tracing::debug!(kind = ?error.kind(), "the grant's scopes are not known");
        }
        let read = client.properties(scope.level.object()).await;
        if let Err(error) = &read {
            connector.note_refused(scope.subscription, error).await?;
        }
        let properties = read?;
        Ok(keep(&self.properties, scope, now, properties))
    }

    /// What people see for stored values; nothing while HubSpot cannot be asked.
    pub(crate) async fn labels(
        &self,
        connector: &Connector,
        store: &Store,
        scope: Scope,
        now: Timestamp,
    ) -> Arc<Labels> {
        if let Some(kept) = look(&self.labels, scope, now - LABELS) {
            return kept;
        }
        let read = async {
            let fields = store.fields(scope).await.ok()?;
            let client = connector.client(scope.subscription).await.ok()?;
            Labels::read(&client, scope.level, &fields).await.ok()
        };
        let labels = read.await.map(|(labels, _)| labels).unwrap_or_default();
        keep(&self.labels, scope, now, labels)
    }

    /// What people see for the groups in which HubSpot shows properties, by the groups' names; nothing while HubSpot
    /// cannot be asked.
    pub(crate) async fn groups(
        &self,
        connector: &Connector,
        scope: Scope,
        now: Timestamp,
    ) -> Arc<BTreeMap<String, String>> {
        if let Some(kept) = look(&self.groups, scope, now - LABELS) {
            return kept;
        }
        let read = async {
            let client = connector.client(scope.subscription).await.ok()?;
            client.property_groups(scope.level.object()).await.ok()
        };
        let groups = read.await.unwrap_or_default();
        keep(&self.groups, scope, now, groups)
    }

    /// Forgets what was kept of a subscription: its connection has changed.
    pub(crate) fn forget(&self, subscription: store::SubscriptionId) {
        for level in Level::ALL {
            let scope = Scope {
                subscription,
                level,
            };
            lock(&self.properties).remove(&scope);
            lock(&self.labels).remove(&scope);
            lock(&self.groups).remove(&scope);
        }
    }
}

fn look<T>(kept: &Kept<T>, scope: Scope, since: Timestamp) -> Option<Arc<T>> {
    let kept = lock(kept);
    let (at, found) = kept.get(&scope)?;
    (*at >= since).then(|| Arc::clone(found))
}

fn keep<T>(kept: &Kept<T>, scope: Scope, now: Timestamp, found: T) -> Arc<T> {
    let found = Arc::new(found);
    lock(kept).insert(scope, (now, Arc::clone(&found)));
    found
}

fn lock<T>(kept: &Kept<T>) -> std::sync::MutexGuard<'_, HashMap<Scope, (Timestamp, Arc<T>)>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
