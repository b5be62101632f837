//! The client.

mod raw;

use std::sync::Arc;

use model::Level;
use outbound::{Body, Request};
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    Access, Answer, Batch, Calls, ClientBuilder, Error, Held, Kind, KnownId, NewField, Operation,
    Region, Schema, Settings,
    aggregation::{self, Page},
    call::{Call, Caller},
    calls::CallCounter,
    paths::Paths,
    redact::{Private, Redact},
};

/// Speaks to one subscription of Pendo by one integration key. Cheap to clone; clones share the limit of calls at the
/// same time, and the counts of [`calls`](Self::calls).
///
/// Every method fails with an [`Error`] of a [`Kind`] after the retries of that kind.
#[derive(Debug, Clone)]
pub struct Client {
    caller: Arc<Caller>,
    paths: Paths,
    calls: Arc<CallCounter>,
}

impl Client {
    /// Begins to make a client.
    pub fn builder(settings: Settings, region: Region, key: SecretString) -> ClientBuilder {
        ClientBuilder::new(settings, region, key)
    }

    pub(crate) fn new(caller: Caller, paths: Paths) -> Self {
        Self {
            caller: Arc::new(caller),
            paths,
            calls: Arc::default(),
        }
    }

    /// The same client with counts of its own, such as a run's.
    #[must_use]
    pub fn counted(&self) -> Self {
        Self {
            calls: Arc::default(),
            ..self.clone()
        }
    }

    /// What was sent so far by this client and its clones.
    pub fn calls(&self) -> Calls {
        self.calls.snapshot()
    }

    /// Asks what the key may do.
    ///
    /// # Errors
    /// Of kind [`Key`](Kind::Key) when it is missing, wrong, revoked or of another region; Pendo does not say
    /// which.
    pub async fn verify(&self) -> Result<Access, Error> {
        let operation = Operation::Verify;
        let call = plain(operation, Request::get(self.paths.verify()));
        let access = self.run(&call, |json, _| Access::read(json)).await?;
        access.ok_or(Error::Key { operation })
    }

    /// The metadata fields of all groups.
    pub async fn schema(&self, level: Level) -> Result<Schema, Error> {
        let request = Request::get(self.paths.schema(level));
        let call = plain(Operation::Schema(level), request);
        self.run(&call, |json, _| Schema::read(json)).await
    }

    /// Creates fields in a group, `custom` or `agent`, and brings back those that were deleted.
    ///
    /// Pendo's answer is not documented, nor is what becomes of a field that is there with another type: read the
    /// [`schema`](Self::schema) afterwards.
    pub async fn create_fields(
        &self,
        level: Level,
        group: &str,
        fields: &[NewField],
    ) -> Result<(), Error> {
        if fields.is_empty() {
            return Ok(());
        }
        let operation = Operation::CreateFields(level);
        let url = sendable(operation, self.paths.group(level, group))?;
        let body: Value = fields.iter().map(NewField::json).collect();
        let call = plain(operation, Request::post(url, json(&body)));
        self.send(&call).await
    }

    /// Deletes a field of `custom` or `agent`. Creating it again brings it back.
    pub async fn delete_field(&self, level: Level, group: &str, key: &str) -> Result<(), Error> {
        let operation = Operation::DeleteField(level);
        let url = sendable(operation, self.paths.field(level, group, key))?;
        self.send(&plain(operation, Request::delete(url))).await
    }

    /// Sets values of many visitors or accounts in a group, `custom` or `agent`.
    ///
    /// Ids that Pendo does not know come back in [`Answer::missing`]; with `create` they come into being instead. An
    /// empty batch is not sent.
    ///
    /// # Errors
    /// Only if the call failed as a whole: what failed within it is in the [`Answer`].
    pub async fn set_values(
        &self,
        group: &str,
        batch: &Batch,
        create: bool,
    ) -> Result<Answer, Error> {
        if batch.is_empty() {
            return Ok(Answer::default());
        }
        let operation = Operation::SetValues(batch.level());
        let url = sendable(operation, self.paths.values(batch.level(), group, create))?;
        let call = Call {
            operation,
            request: Request::post(url, Body::Json(batch.body())),
            private: Private::Batch(batch),
        };
        self.run(&call, |json, redact| Answer::read(json, batch, redact))
            .await
    }

    /// One value, or `None` if the visitor or account has none, or null.
    ///
    /// Pendo answers 404 for an unknown id, and perhaps for an absent value; which of them it is takes a second call.
    ///
    /// # Errors
    /// Of kind [`NotFound`](Kind::NotFound) if the id is unknown, or not to be seen with this key. Of kind
    /// [`Invalid`](Kind::Invalid), without being sent, for an id that cannot stand in an address: the empty one,
    /// `.` and `..`.
    pub async fn value(
        &self,
        level: Level,
        group: &str,
        id: &str,
        key: &str,
    ) -> Result<Option<Value>, Error> {
        let operation = Operation::Value(level);
        let url = sendable(operation, self.paths.value(level, group, id, key))?;
        let call = Call {
            operation,
            request: Request::get(url),
            private: Private::Id(id),
        };
        match self.run(&call, |json, _| Ok(json.clone())).await {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_null())),
            Err(error) if error.kind() == Kind::NotFound => {
                if self.knows(level, id).await? {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Sets one value.
    ///
    /// A field that is not there is created, as text whatever the value: create it before.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    pub async fn set_value(
        &self,
        level: Level,
        group: &str,
        id: &str,
        key: &str,
        value: &Value,
    ) -> Result<(), Error> {
        let operation = Operation::SetValue(level);
        let url = sendable(operation, self.paths.value(level, group, id, key))?;
        let call = Call {
            operation,
            request: Request::put(url, json(value)),
            private: Private::Value(id, value),
        };
        self.send(&call).await
    }

    /// How many identified visitors, or accounts, there are.
    pub async fn count(&self, level: Level) -> Result<u64, Error> {
        let body = Body::Json(aggregation::count(level));
        let request = Request::post(self.paths.aggregation(), body);
        let call = plain(Operation::Count(level), request);
        self.run(&call, |json, _| aggregation::read_count(json))
            .await
    }

    /// A page of the ids of identified visitors, or of accounts, in Pendo's order: the first `limit` behind `after`.
    /// The next page begins behind the last id of this one; an empty page is the end.
    ///
    /// Up to 100,000 ids a page are in use elsewhere (<https://github.com/singer-io/tap-pendo>).
    pub async fn ids(
        &self,
        level: Level,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownId>, Error> {
        self.known_ids(level, None, after, limit).await
    }

    /// Like [`ids`](Self::ids), but only those first seen after `first_visit_above`, in epoch milliseconds.
    pub async fn ids_since(
        &self,
        level: Level,
        first_visit_above: i64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownId>, Error> {
        self.known_ids(level, Some(first_visit_above), after, limit)
            .await
    }

    /// A page of the values that identified visitors, or accounts, have in a group, in the same order as
    /// [`ids`](Self::ids).
    ///
    /// # Errors
    /// Of kind [`Invalid`](Kind::Invalid), without being sent, if the group or a key is more than letters,
    /// digits and underscores.
    pub async fn values(
        &self,
        level: Level,
        group: &str,
        keys: &[String],
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Held>, Error> {
        let page = Page {
            level,
            after,
            limit,
        };
        let operation = Operation::Values(level);
        let body = sendable(operation, aggregation::values(page, group, keys))?;
        self.rows(operation, page, body, keys.len()).await
    }

    async fn known_ids(
        &self,
        level: Level,
        since: Option<i64>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownId>, Error> {
        let page = Page {
            level,
            after,
            limit,
        };
        let body = aggregation::ids(page, since);
        let rows = self.rows(Operation::Ids(level), page, body, 1).await?;
        Ok(rows.into_iter().map(aggregation::known).collect())
    }

    async fn rows(
        &self,
        operation: Operation,
        page: Page<'_>,
        body: Vec<u8>,
        columns: usize,
    ) -> Result<Vec<Held>, Error> {
        let call = Call {
            operation,
            request: Request::post(self.paths.aggregation(), Body::Json(body)),
            private: page.after.map_or(Private::Nothing, Private::Id),
        };
        self.read_rows(&call, page, columns).await
    }

    async fn read_rows(
        &self,
        call: &Call<'_>,
        page: Page<'_>,
        columns: usize,
    ) -> Result<Vec<Held>, Error> {
        let read = |answer: &outbound::Answer, _: &Redact<'_>| {
            aggregation::read_rows(&answer.body, page, columns)
        };
        self.caller.run(call, &self.calls, read).await
    }

    /// Whether Pendo has a visitor or an account of this id.
    async fn knows(&self, level: Level, id: &str) -> Result<bool, Error> {
        let operation = Operation::Find(level);
        let url = sendable(operation, self.paths.subject(level, id))?;
        let call = Call {
            operation,
            request: Request::get(url),
            private: Private::Id(id),
        };
        match self.send(&call).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A call whose answer is JSON.
    async fn run<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&Value, &Redact<'_>) -> Result<T, String>,
    ) -> Result<T, Error> {
        let parsed = |answer: &outbound::Answer, redact: &Redact<'_>| {
            let json = serde_json::from_slice(&answer.body).map_err(|_| "it is no JSON")?;
            read(&json, redact)
        };
        self.caller.run(call, &self.calls, parsed).await
    }

    /// A call whose answer says no more than its status.
    async fn send(&self, call: &Call<'_>) -> Result<(), Error> {
        self.caller.run(call, &self.calls, |_, _| Ok(())).await
    }
}

/// A call without ids and values.
fn plain(operation: Operation, request: Request) -> Call<'static> {
    Call {
        operation,
        request,
        private: Private::Nothing,
    }
}

fn json(value: &Value) -> Body {
    Body::Json(value.to_string().into_bytes())
}

fn sendable<T>(operation: Operation, part: Result<T, &'static str>) -> Result<T, Error> {
    part.map_err(|problem| Error::Unsendable { operation, problem })
}
