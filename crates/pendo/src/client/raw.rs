//! Answers nearer to how they came, to find out what no documentation says.

use model::Level;
use outbound::{Body, Request};
use serde_json::Value;

use super::{Client, plain, sendable};
use crate::{
    Answer, Batch, Error, Held, Kind, Operation,
    aggregation::{self, Page},
    call::Call,
    redact::Private,
};

impl Client {
    /// The metadata fields as they were answered, from which [`Schema::read`](crate::Schema::read) makes a schema.
    pub async fn raw_schema(&self, level: Level) -> Result<Value, Error> {
        let request = Request::get(self.paths.schema(level));
        let call = plain(Operation::Schema(level), request);
        self.run(&call, |json, _| Ok(json.clone())).await
    }

    /// A visitor or an account as it was answered, or `None` if it is unknown, or not to be seen with this key.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    pub async fn raw_record(&self, level: Level, id: &str) -> Result<Option<Value>, Error> {
        let operation = Operation::Find(level);
        let url = sendable(operation, self.paths.subject(level, id))?;
        self.raw(operation, url, id).await
    }

    /// One value as it was answered, null included, or `None` for a 404.
    ///
    /// # Errors
    /// As for [`value`](Self::value).
    pub async fn raw_value(
        &self,
        level: Level,
        group: &str,
        id: &str,
        key: &str,
    ) -> Result<Option<Value>, Error> {
        let operation = Operation::Value(level);
        let url = sendable(operation, self.paths.value(level, group, id, key))?;
        self.raw(operation, url, id).await
    }

    async fn raw(
        &self,
        operation: Operation,
        url: String,
        id: &str,
    ) -> Result<Option<Value>, Error> {
        let call = Call {
            operation,
            request: Request::get(url),
            private: Private::Id(id),
        };
        match self.run(&call, |json, _| Ok(json.clone())).await {
            Ok(json) => Ok(Some(json)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The values that one identified visitor, or account, has in a group, by aggregation; `None` if there is none of this id.
    ///
    /// # Errors
    /// As for [`values`](Self::values).
    pub async fn values_of(
        &self,
        level: Level,
        group: &str,
        id: &str,
        keys: &[String],
    ) -> Result<Option<Held>, Error> {
        let page = Page {
            level,
            after: None,
            limit: 1,
        };
        let operation = Operation::Values(level);
        let body = sendable(operation, aggregation::values_of(page, id, group, keys))?;
        let call = Call {
            operation,
            request: Request::post(self.paths.aggregation(), Body::Json(body)),
            private: Private::Id(id),
        };
        let rows = self.read_rows(&call, page, keys.len()).await?;
        Ok(rows.into_iter().find(|row| row.id == id))
    }

    /// Like [`set_values`](Self::set_values) without creating, and says besides which members the answer had.
    pub async fn raw_set_values(
        &self,
        group: &str,
        batch: &Batch,
    ) -> Result<(Answer, Vec<String>), Error> {
        let operation = Operation::SetValues(batch.level());
        let url = sendable(operation, self.paths.values(batch.level(), group, false))?;
        let call = Call {
            operation,
            request: Request::post(url, Body::Json(batch.body())),
            private: Private::Batch(batch),
        };
        self.run(&call, |json, redact| {
            let members = json.as_object().into_iter().flatten();
            let members = members.map(|(name, _)| name.clone()).collect();
            Ok((Answer::read(json, batch, redact)?, members))
        })
        .await
    }
}
