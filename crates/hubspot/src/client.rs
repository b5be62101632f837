//! The client of one connection.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use model::{Clock, ObjectType, Property};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    AccountDetails, CallCounter, Calls, ClientBuilder, Credentials, Error, Governor, Kind,
    Operation, Owner, Quota, RecordCounts, Settings, TokenFacts, Transport,
    auth::Auth,
    call::{Caller, Failures, Next, Sending, unreadable},
    calls::CallKind,
    catalogue,
    governor::Budget,
    oauth::{self, OAuth},
    owners,
    retry::{self, Retry},
};
use outbound::{Answer, Body, Request};

/// Reads one portal through one connection. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    governor: Arc<Governor>,
    calls: Arc<CallCounter>,
}

/// What the clones of a client have in common.
pub(crate) struct Shared {
    pub(crate) caller: Arc<Caller>,
    pub(crate) auth: Auth,
    /// For introspection, where there is an app.
    pub(crate) oauth: Option<OAuth>,
    /// Shrinks when HubSpot finds a URL too long.
    pub(crate) url_budget: AtomicUsize,
    /// What the token may do, once asked.
    pub(crate) scopes: Mutex<Vec<String>>,
}

/// How a call is made and read.
pub(crate) struct Plan {
    pub(crate) operation: Operation,
    pub(crate) kind: CallKind,
    pub(crate) budget: Budget,
}

impl Client {
    /// Starts from settings and credentials; the rest has defaults.
    pub fn builder(settings: Settings, credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(settings, credentials)
    }

    pub(crate) fn new(shared: Shared, governor: Arc<Governor>) -> Self {
        Self {
            shared: Arc::new(shared),
            governor,
            calls: Arc::default(),
        }
    }

    /// The OAuth app of the settings, for connecting: authorize URL, code exchange, revocation.
    ///
    /// # Errors
    /// [`Error::Settings`], also without client id and secret.
    pub fn oauth(
        settings: Settings,
        clock: Arc<dyn Clock>,
        transport: Option<Transport>,
    ) -> Result<OAuth, Error> {
        let unused = Credentials::Static(SecretString::default());
        let mut builder = Self::builder(settings, unused).clock(clock);
        if let Some(transport) = transport {
            builder = builder.transport(transport);
        }
        builder.app()
    }

    /// The same connection under another portal quota: for when the portal became known by asking.
    #[must_use]
    pub fn under(&self, governor: Arc<Governor>) -> Self {
        Self {
            governor,
            ..self.clone()
        }
    }

    /// The same connection with a call counter of its own, starting at 0.
    #[must_use]
    pub fn counted(&self) -> Self {
        Self {
            calls: Arc::default(),
            ..self.clone()
        }
    }

    /// HTTP requests sent so far, retries included.
    pub fn calls(&self) -> Calls {
        self.calls.snapshot()
    }

    /// The counter behind [`Self::calls`], to be watched while a run goes on.
    pub fn call_counter(&self) -> Arc<CallCounter> {
        self.calls.clone()
    }

    /// What is left of the portal's quota.
    pub fn quota(&self) -> Quota {
        self.governor.quota()
    }

    /// Facts about the portal. The quota learns from them when the portal's day ends.
    pub async fn account_details(&self) -> Result<AccountDetails, Error> {
        let plan = Plan::other(Operation::Account);
        let url = self.shared.caller.paths.account();
        let details = self.get_json(&plan, &url, AccountDetails::read).await?;
        self.governor.learn_zone(details.zone.clone());
        Ok(details)
    }

    /// What HubSpot knows about the connection's token. The quota learns from it which class the app is in.
    pub async fn token_facts(&self) -> Result<TokenFacts, Error> {
        let operation = Operation::Introspect;
        let facts = match &self.shared.oauth {
            Some(oauth) if self.shared.auth.is_oauth() => {
                let token = self.shared.auth.token(operation, &self.calls).await?;
                oauth.introspect_counted(&token, &self.calls).await?
            }
            _ => {
                let token = self.shared.auth.token(operation, &self.calls).await?;
                let body = json!({ "tokenKey": token.expose_secret().trim() }).to_string();
                let request = Request::post(
                    self.shared.caller.paths.private_app(),
                    Body::Json(body.into_bytes()),
                );
                self.run(
                    &Plan::other(operation),
                    |_| request.clone(),
                    |answer| TokenFacts::read(&oauth::json(&answer.body)?),
                )
                .await?
            }
        };
        if let Some(private) = facts.is_private_distribution {
            self.governor.learn_class(private);
        }
        self.scopes().clone_from(&facts.scopes);
        Ok(facts)
    }

    fn scopes(&self) -> MutexGuard<'_, Vec<String>> {
        let scopes = self.shared.scopes.lock();
        scopes.unwrap_or_else(PoisonError::into_inner)
    }

    /// The definitions of all properties that are not archived, in HubSpot's order.
    ///
    /// One call, and one more for each class of sensitive properties whose values the token may read, as far as
    /// [`Self::token_facts`] has found out.
    pub async fn properties(&self, object: ObjectType) -> Result<Vec<Property>, Error> {
        let plan = Plan {
            operation: Operation::Properties(object),
            kind: CallKind::Properties,
            budget: Budget::Window,
        };
        let mut all = Vec::new();
        for class in ["non_sensitive", "sensitive", "highly_sensitive"] {
            // https://developers.hubspot.com/docs/api-reference/latest/crm/properties/sensitive-data
            let scope = format!("crm.objects.{}.{class}.read", object.path());
            let granted = self.scopes().iter().any(|s| s.starts_with(&scope));
            if class == "non_sensitive" || granted {
                let url = self.shared.caller.paths.properties(object, class);
                all.extend(self.get_json(&plan, &url, catalogue::read).await?);
            }
        }
        Ok(all)
    }

    /// The labels of the groups in which an object's properties stand, by the groups' names.
    pub async fn property_groups(
        &self,
        object: ObjectType,
    ) -> Result<BTreeMap<String, String>, Error> {
        let plan = Plan::other(Operation::PropertyGroups(object));
        let url = self.shared.caller.paths.property_groups(object);
        self.get_json(&plan, &url, catalogue::read_groups).await
    }

    /// How many records the portal holds; `None` if the connection may not ask.
    pub async fn record_counts(&self) -> Result<Option<RecordCounts>, Error> {
        let plan = Plan::other(Operation::RecordCounts);
        let url = self.shared.caller.paths.record_counts();
        match self.get_json(&plan, &url, RecordCounts::read).await {
            Ok(counts) => Ok(Some(counts)),
            Err(error)
                if matches!(
                    error.kind(),
                    Kind::MissingScopes | Kind::Forbidden | Kind::NotFound
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// All owners, the archived ones too: records may still name them.
    ///
    /// # Errors
    /// [`Error::MissingScopes`] without `crm.objects.owners.read`, which is optional.
    pub async fn owners(&self) -> Result<Vec<Owner>, Error> {
        let plan = Plan::other(Operation::Owners);
        let mut all = Vec::new();
        for archived in [false, true] {
            let mut after: Option<String> = None;
            loop {
                let url = self.shared.caller.paths.owners(archived, after.as_deref());
                let (owners, next) = self.get_json(&plan, &url, owners::read).await?;
                all.extend(owners);
                match next {
                    Some(next) if after.as_ref() == Some(&next) => {
                        return Err(Error::Stalled {
                            operation: plan.operation,
                            after: None,
                        });
                    }
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(all)
    }

    pub(crate) fn paths(&self) -> &crate::paths::Paths {
        &self.shared.caller.paths
    }

    pub(crate) fn url_budget(&self) -> usize {
        self.shared.url_budget.load(Ordering::Relaxed)
    }

    /// After a 414: half as much, for all clones. `false` once there is nothing left to halve.
    pub(crate) fn halve_url_budget(&self, from: usize) -> bool {
        const LEAST: usize = 100;
        let half = from / 2;
        // Another call may have halved it already.
        self.shared
            .url_budget
            .fetch_min(half.max(LEAST), Ordering::Relaxed);
        half >= LEAST
    }

    async fn get_json<T>(
        &self,
        plan: &Plan,
        url: &str,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, Error> {
        let request = Request::get(url.to_owned());
        self.run(
            plan,
            |_| request.clone(),
            |answer| read(&oauth::json(&answer.body)?),
        )
        .await
    }

    /// One call with all its retries: under quota, with a fresh token, by the table.
    ///
    /// `request` is asked with how many times HubSpot took too long over it (524), so that it can ask for less.
    pub(crate) async fn run<T>(
        &self,
        plan: &Plan,
        request: impl Fn(u32) -> Request,
        read: impl Fn(&mut Answer) -> Result<T, String>,
    ) -> Result<T, Error> {
        let Shared { caller, auth, .. } = &*self.shared;
        let operation = plan.operation;
        let mut failures = Failures::default();
        let mut slow = 0;
        loop {
            let token = auth.token(operation, &self.calls).await?;
            let result = {
                let _permit = self.governor.admit(operation, plan.budget).await?;
                let sending = Sending {
                    operation,
                    kind: plan.kind,
                    bearer: Some(&token),
                    secrets: &self.app_secret(),
                    calls: &self.calls,
                    governor: Some(&self.governor),
                };
                caller.send(&sending, &request(slow)).await
            };
            let error = match result {
                Ok(mut answer) => match read(&mut answer) {
                    Ok(value) => return Ok(value),
                    Err(problem) => unreadable(operation, problem, &answer),
                },
                Err(error) => error,
            };
            let next = caller.next(&mut failures, &error);
            tracing::debug!(%operation, kind = ?error.kind(), ?next, "what the retry table says");
            match (error.kind(), next) {
                (Kind::Daily, _) => {
                    return Err(Error::DailyQuota {
                        operation,
                        resets_at: self.governor.daily_refused(),
                    });
                }
                // Everyone who shares the quota waits, this call among them.
                (Kind::Burst, Next::Wait(wait)) => self.governor.burst_refused(wait),
                (Kind::SearchBurst, Next::Wait(wait)) => self.governor.search_refused(wait),
                (kind, Next::Wait(wait)) => {
                    slow += u32::from(kind == Kind::Slow);
                    caller.clock.sleep(wait).await;
                }
                (_, Next::Refresh) if auth.replace(&token, operation, &self.calls).await? => {}
                (_, Next::Refresh | Next::GiveUp) => return Err(error),
            }
        }
    }

    /// Waits as the table says for a failure that only the caller can see: answers that contradict each other.
    pub(crate) async fn wait_out(&self, kind: Kind, failed: u32) -> bool {
        let Retry::Wait(backoff) = retry::rule(kind).retry else {
            return false;
        };
        match backoff.wait(failed, 0.0, None) {
            Some(wait) => {
                self.shared.caller.clock.sleep(wait).await;
                true
            }
            None => false,
        }
    }

    fn app_secret(&self) -> Vec<&SecretString> {
        self.shared.oauth.iter().map(OAuth::secret).collect()
    }
}

impl Plan {
    pub(crate) fn other(operation: Operation) -> Self {
        Self {
            operation,
            kind: CallKind::Other,
            budget: Budget::Window,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
