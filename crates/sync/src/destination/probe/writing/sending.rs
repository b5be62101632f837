//! Values that are sent to one id, and what is held afterwards.

use std::time::Duration;

use ::pendo::Batch;
use serde_json::{Value, json};

use super::{
    super::{
        Finding, GROUP, Halt, Probe, Test, answered,
        outcome::{Taken, Tried, same},
    },
    Writing,
};

/// How long it is waited, again and again, for something that was taken to be seen. Nothing is published about that.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How often both ways of reading were held against each other.
#[derive(Default)]
pub(super) struct Looks {
    all: u64,
    differed: u64,
}

impl Writing<'_> {
    /// Sends the same for all of these fields that hold something, in one call.
    pub(super) async fn clear(
        &mut self,
        fields: &[usize],
        sent: &Value,
        what: &str,
    ) -> Result<Vec<Tried>, Halt> {
        let holding: Vec<(usize, String)> = fields
            .iter()
            .filter(|field| self.held[**field].is_some())
            .filter_map(|field| Some((*field, self.key(*field)?)))
            .collect();
        if holding.is_empty() {
            return Ok(Vec::new());
        }
        self.probe.step(what)?;
        let mut values: Vec<(&str, &Value)> = holding
            .iter()
            .map(|(_, key)| (key.as_str(), sent))
            .collect();
        let unasked = self.unasked.clone();
        values.extend(unasked.iter().map(|made| (made.key.as_str(), sent)));
        let taken = self.put(&values).await?;
        let mut tried = Vec::new();
        for (field, _) in holding {
            tried.push(self.look(field, sent.clone(), &taken).await?);
        }
        Ok(tried)
    }

    /// Writes one value and looks what became of it; `None` if its field was not made.
    pub(super) async fn attempt(
        &mut self,
        field: usize,
        sent: Value,
        what: &str,
    ) -> Result<Option<Tried>, Halt> {
        let Some(key) = self.key(field) else {
            return Ok(None);
        };
        self.probe.step(what)?;
        let taken = self.put(&[(&key, &sent)]).await?;
        self.look(field, sent, &taken).await.map(Some)
    }

    pub(super) fn key(&self, field: usize) -> Option<String> {
        self.made[field].as_ref().map(|made| made.key.clone())
    }

    pub(super) async fn put(&mut self, values: &[(&str, &Value)]) -> Result<Taken, Halt> {
        self.waited = false;
        let mut batch = Batch::new(self.test.level);
        batch.record(&self.test.id, |record| {
            for (key, value) in values {
                record.put(key, &value.to_string());
            }
        });
        let (answer, members) =
            match answered(self.probe.client.raw_set_values(GROUP, &batch).await)? {
                Ok(answer) => answer,
                Err(said) => return Ok(Taken::Refused(said)),
            };
        let failed = answer.failed.is_some_and(|failed| failed > 0) || answer.updated == Some(0);
        if !failed && answer.errors.is_empty() && answer.missing.is_empty() {
            self.members.get_or_insert(members);
            return Ok(Taken::Yes);
        }
        let mut said: Vec<String> = answer
            .errors
            .into_iter()
            .map(|problem| problem.text)
            .collect();
        if !answer.missing.is_empty() {
            said.push("the id is said to be missing".into());
        }
        if said.is_empty() {
            said.push("without a word why".into());
        }
        Ok(Taken::Not(said.join("; ")))
    }

    /// Reads a field by both ways, and waits a little for what was taken to be seen.
    pub(super) async fn look(
        &mut self,
        field: usize,
        sent: Value,
        taken: &Taken,
    ) -> Result<Tried, Halt> {
        let before = self.held[field].take();
        let mut waits = WAITS.into_iter();
        let (held, many) = loop {
            let (single, many) = self.read(field).await?;
            // Where one by one nothing can be read, a 404 may mean the value as well as the way of reading.
            let held = single.unwrap_or_else(|| many.clone());
            let seen = held != before || held.as_ref().is_some_and(|held| same(held, &sent));
            if seen || self.waited || *taken != Taken::Yes {
                break (held, many);
            }
            let Some(wait) = waits.next() else {
                self.waited = true;
                break (held, many);
            };
            tokio::select! {
                () = self.probe.clock.sleep(wait) => {}
                () = self.probe.stop.cancelled() => return Err(Halt::Stopped),
            }
        };
        self.looks.all += 1;
        let agree = match (&held, &many) {
            (Some(one), Some(other)) => same(one, other),
            (one, other) => one == other,
        };
        self.looks.differed += u64::from(!agree);
        self.held[field].clone_from(&held);
        Ok(Tried {
            taken: taken.clone(),
            sent,
            before,
            held,
        })
    }

    /// A field's value one by one, `None` for a 404, and by aggregation. Null is no value.
    pub(super) async fn read(
        &self,
        field: usize,
    ) -> Result<(Option<Option<Value>>, Option<Value>), Halt> {
        let Some(key) = self.key(field) else {
            return Ok((None, None));
        };
        let Test { level, id } = self.test;
        let client = &self.probe.client;
        let single = answered(client.raw_value(*level, GROUP, id, &key).await)?.unwrap_or_default();
        let single = single.map(|value| Some(value).filter(|value| !value.is_null()));
        let keys = [key];
        let many = answered(client.values_of(*level, GROUP, id, &keys).await)?
            .ok()
            .flatten();
        let many = many.and_then(|held| held.values.into_iter().next().flatten());
        let many = many.and_then(|token| serde_json::from_str(token.get()).ok());
        Ok((single, many))
    }
}

impl Looks {
    /// Says whether both ways of reading showed the same.
    pub(super) fn report(&self, probe: &Probe<'_>) {
        const NAME: &str = "read_back";
        if self.all == 0 {
            return;
        }
        let value = json!({ "looks": self.all, "differed": self.differed });
        let (text, follows) = if self.differed == 0 {
            (
                format!("both ways of reading showed the same, {} times", self.all),
                "what was sent can be compared with what arrived",
            )
        } else {
            (
                format!(
                    "aggregation showed something else in {} of {} looks",
                    self.differed, self.all
                ),
                "a comparison right after a delivery may find differences that are none: repeat it later",
            )
        };
        probe.find(Finding::found(NAME, value, text, follows));
    }
}
