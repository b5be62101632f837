//! Pendo as a destination: our fields are in its group `custom`, the only one that it lets others fill besides `agent`.

use ::pendo::{Batch, Client, FieldType};
use model::{Level, MetadataType};

use super::{
    Answer, Asked, Change, Destination, Holding, Limits, NewField, Sendable, TheirField, TheirId,
    formats::{Formats, Integers},
};

/// Where our fields are.
const GROUP: &str = "custom";

/// The type of a field that has none.
const NO_TYPE: &str = "";

/// Why decimals are not sent to a field of whole numbers.
const INTEGER: &str = "Pendo has made it a field of whole numbers, in which digits may get lost; `tributary pendo probe \
                       --write-test-id ID` finds out whether they do";

/// A subscription of Pendo's.
#[derive(Debug)]
pub(super) struct Pendo {
    pub(super) client: Client,
    pub(super) prefix: String,
    pub(super) batch: usize,
    pub(super) in_flight: usize,
    pub(super) create: bool,
    pub(super) formats: Formats,
}

impl Destination for Pendo {
    fn name(&self) -> &'static str {
        "Pendo"
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn limits(&self) -> Limits {
        Limits {
            changes: self.batch,
            calls: self.in_flight,
        }
    }

    fn fields(&self, level: Level) -> Asked<'_, Vec<TheirField>> {
        Box::pin(async move {
            let schema = self.client.schema(level).await?;
            let fields = schema.fields(GROUP).filter(|field| !field.deleted);
            Ok(fields
                .map(|field| TheirField {
                    key: field.key.clone(),
                    display_name: field.display_name.clone(),
                    kind: match &field.kind {
                        FieldType::Unset => NO_TYPE.into(),
                        kind => kind.to_string(),
                    },
                })
                .collect())
        })
    }

    fn misfit(&self, kind: MetadataType, theirs: &str) -> Option<String> {
        let fits = match (kind, theirs) {
            // A field without a type takes what comes.
            (_, NO_TYPE)
            | (MetadataType::String, "string")
            | (MetadataType::Decimal, "float")
            | (MetadataType::Boolean, "boolean")
            | (MetadataType::Time, "time") => true,
            (MetadataType::Decimal, "integer") => {
                if self.formats.integers == Integers::Hold {
                    return Some(INTEGER.into());
                }
                true
            }
            _ => false,
        };
        (!fits).then(|| {
            format!("Pendo has a field of this name that is a {theirs}, and ours is a {kind}")
        })
    }

    fn create<'a>(&'a self, level: Level, fields: &'a [NewField]) -> Asked<'a, ()> {
        Box::pin(async move {
            let fields: Vec<::pendo::NewField> = fields
                .iter()
                .map(|field| ::pendo::NewField {
                    key: field.key.clone(),
                    display_name: field.display_name.clone(),
                    kind: field.kind,
                })
                .collect();
            Ok(self.client.create_fields(level, GROUP, &fields).await?)
        })
    }

    fn send<'a>(&'a self, level: Level, changes: &'a [Change<'a>]) -> Asked<'a, Answer> {
        Box::pin(async move {
            let mut batch = Batch::new(level);
            for change in changes {
                let values = change.values.iter();
                let mut written = values
                    .filter_map(|(field, token)| {
                        Some((&field.key, self.formats.written(field.kind, *token)?))
                    })
                    .peekable();
                // Of a change of which nothing can be said there is nothing to send.
                if written.peek().is_some() {
                    batch.record(change.id, |values| {
                        written.for_each(|(key, token)| values.put(key, &token));
                    });
                }
            }
            let sent = batch.len() as u64;
            let answer = self.client.set_values(GROUP, &batch, self.create).await?;
            Ok(read(answer, sent))
        })
    }

    fn count(&self, level: Level) -> Asked<'_, u64> {
        Box::pin(async move { Ok(self.client.count(level).await?) })
    }

    fn ids<'a>(
        &'a self,
        level: Level,
        first_seen_after: Option<i64>,
        after: Option<&'a str>,
        limit: u32,
    ) -> Asked<'a, Vec<TheirId>> {
        Box::pin(async move {
            let page = match first_seen_after {
                Some(above) => self.client.ids_since(level, above, after, limit).await?,
                None => self.client.ids(level, after, limit).await?,
            };
            Ok(page
                .into_iter()
                .map(|one| TheirId {
                    id: one.id,
                    first_seen: one.first_visit,
                })
                .collect())
        })
    }

    fn values<'a>(
        &'a self,
        level: Level,
        fields: &'a [Sendable],
        after: Option<&'a str>,
        limit: u32,
    ) -> Asked<'a, Vec<Holding>> {
        Box::pin(async move {
            let keys: Vec<String> = fields.iter().map(|field| field.key.clone()).collect();
            let page = self
                .client
                .values(level, GROUP, &keys, after, limit)
                .await?;
            Ok(page
                .into_iter()
                .map(|one| Holding {
                    id: one.id,
                    values: one
                        .values
                        .into_iter()
                        .map(|value| value.map(|value| value.get().to_owned()))
                        .collect(),
                })
                .collect())
        })
    }

    fn holds(&self, kind: MetadataType, sent: Option<&str>, held: Option<&str>) -> bool {
        self.formats.agree(kind, sent, held)
    }
}

/// What Pendo has not taken of so many records. It counts more or less than it names: its word on the number wins.
fn read(answer: ::pendo::Answer, sent: u64) -> Answer {
    let mut refused = Vec::new();
    let mut said = Vec::new();
    for error in answer.errors {
        match error.id {
            Some(id) => refused.push((id, error.text)),
            None => said.push(error.text),
        }
    }
    let named = (answer.missing.len() + refused.len()) as u64;
    let failed = answer
        .failed
        .or_else(|| answer.updated.map(|updated| sent.saturating_sub(updated)))
        // Of errors that nobody counts there is one for each record, as far as can be told.
        .unwrap_or(named + said.len() as u64);
    Answer {
        missing: answer.missing,
        refused,
        failed,
        said: (!said.is_empty()).then(|| said.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(failed: Option<u64>, updated: Option<u64>, missing: &[&str]) -> ::pendo::Answer {
        ::pendo::Answer {
            total: None,
            updated,
            failed,
            missing: missing.iter().map(|&id| id.into()).collect(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn what_is_counted_and_not_named_is_noticed() {
        for (given, failed) in [
            (answer(Some(1), Some(2), &["a"]), 1),
            (answer(Some(2), Some(1), &["a"]), 2),
            (answer(None, Some(1), &["a"]), 2),
            (answer(None, Some(2), &["a"]), 1),
            (answer(None, None, &["a"]), 1),
            (answer(None, None, &[]), 0),
        ] {
            assert_eq!(read(given, 3).failed, failed);
        }
    }
}
