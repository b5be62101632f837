//! The batch reader: known records by id, from the live store, merged ones included.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use model::{ObjectType, PropertyName, RecordId, Wire};
use serde_json::{Value, json};

use crate::{
    Client, Columns, Error, Operation, Records,
    calls::CallKind,
    client::Plan,
    decode::{self, Envelope, record_id},
    governor::Budget,
};
use outbound::{Body, Request};

/// Most ids in one call.
pub const BATCH: usize = 100;

/// How many ids left without a word are asked about one by one.
const ASKED_ALONE: usize = 10;

/// The property that lists the records merged into a record.
const MERGED: &str = "hs_merged_object_ids";

/// What became of the ids asked for. Each is in exactly one of: the records found, `merged`, `missing`, `unanswered`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchRead {
    /// Records found, in no particular order: those asked for, and survivors of those merged away.
    pub records: Records,
    /// Ids asked for that were merged into another record, with the survivor's id.
    pub merged: Vec<(RecordId, RecordId)>,
    /// Ids that HubSpot says are deleted or never existed.
    pub missing: Vec<RecordId>,
    /// Ids about which HubSpot said nothing or something unknown. They may exist.
    pub unanswered: Vec<RecordId>,
}

impl Client {
    /// Reads records by id, [`BATCH`] per call.
    ///
    /// An id that was merged away answers under the id of the record it was merged into.
    pub async fn batch_read(
        &self,
        object: ObjectType,
        ids: &[RecordId],
        columns: &Columns,
    ) -> Result<BatchRead, Error> {
        // Costs nothing to ask for, and tells which survivor belongs to which id.
        let merged = PropertyName::new(MERGED);
        let decoded = Columns::new(columns.names().iter().cloned().chain([merged]));
        let mut all = Sorting::new(columns, &decoded);
        for ids in ids.chunks(BATCH) {
            let mut asked: Vec<RecordId> = Vec::with_capacity(ids.len());
            asked.extend(ids.iter().filter(|id| all.asked.insert(**id)));
            self.read_into(&mut all, object, &asked).await?;
            let silent = all.silent(&asked);
            if silent.len() > 1 {
                self.read_into(&mut all, object, &silent).await?;
            }
            for (index, id) in all.silent(&asked).into_iter().enumerate() {
                if index < ASKED_ALONE {
                    let (envelope, _) = self
                        .batch(object, false, &[id], columns, &all.decoded)
                        .await?;
                    all.take_alone(id, envelope);
                } else {
                    all.unanswered.push(id);
                }
            }
        }
        Ok(all.finish())
    }

    /// Which of these records are archived: deleted, and can still be restored. [`BATCH`] ids per call.
    pub async fn archived(
        &self,
        object: ObjectType,
        ids: &[RecordId],
    ) -> Result<HashSet<RecordId>, Error> {
        let none = Columns::new([]);
        let mut found = HashSet::new();
        for mut ids in ids.chunks(BATCH) {
            while !ids.is_empty() {
                let (envelope, asked) = self.batch(object, true, ids, &none, &none).await?;
                found.extend(envelope.records.ids());
                ids = &ids[asked..];
            }
        }
        Ok(found)
    }

    /// Reads ids in as many calls as HubSpot needs for them.
    async fn read_into(
        &self,
        all: &mut Sorting,
        object: ObjectType,
        ids: &[RecordId],
    ) -> Result<(), Error> {
        let mut ids = ids;
        while !ids.is_empty() {
            let (envelope, asked) = self
                .batch(object, false, ids, &all.columns, &all.decoded)
                .await?;
            all.take(envelope);
            ids = &ids[asked..];
        }
        Ok(())
    }

    /// Reads the first of `ids`: all, unless that takes HubSpot too long. Returns how many.
    async fn batch(
        &self,
        object: ObjectType,
        archived: bool,
        ids: &[RecordId],
        columns: &Columns,
        decoded: &Columns,
    ) -> Result<(Envelope, usize), Error> {
        let plan = Plan {
            operation: Operation::BatchRead(object),
            kind: CallKind::BatchRead,
            budget: Budget::Window,
        };
        let asked = AtomicUsize::new(ids.len());
        let request = |slow: u32| {
            let few = (ids.len() >> slow.min(8)).max(1);
            asked.store(few, Ordering::Relaxed);
            let inputs: Vec<Value> = ids[..few]
                .iter()
                .map(|id| json!({ "id": id.to_string() }))
                .collect();
            let body = json!({
                "properties": decoded.names(),
                "propertiesWithHistory": [],
                "inputs": inputs,
            });
            Request::post(
                self.paths().batch_read(object, archived),
                Body::Json(body.to_string().into_bytes()),
            )
        };
        let envelope = self
            .run(&plan, request, |answer| {
                decode::envelope(std::mem::take(&mut answer.body), columns, decoded)
            })
            .await?;
        Ok((envelope, asked.into_inner()))
    }
}

/// Sorts answers by what they say about the ids asked for.
struct Sorting {
    columns: Columns,
    /// The columns and [`MERGED`].
    decoded: Columns,
    records: Records,
    /// Where [`MERGED`] is among the columns, if the caller asked for it.
    merged_column: Option<usize>,
    asked: HashSet<RecordId>,
    answered: HashSet<RecordId>,
    /// Survivor by the id merged into it.
    survivors: HashMap<RecordId, RecordId>,
    missing: Vec<RecordId>,
    unanswered: Vec<RecordId>,
}

impl Sorting {
    fn new(columns: &Columns, decoded: &Columns) -> Self {
        Self {
            columns: columns.clone(),
            decoded: decoded.clone(),
            records: Records::none(columns, decoded),
            merged_column: columns.position(MERGED),
            asked: HashSet::new(),
            answered: HashSet::new(),
            survivors: HashMap::new(),
            missing: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    fn take(&mut self, envelope: Envelope) {
        for error in envelope.errors.as_array().into_iter().flatten() {
            // Any other category may pass; only this one says that the record is gone.
            if error.get("category").and_then(Value::as_str) == Some("OBJECT_NOT_FOUND") {
                let ids = error.get("context").and_then(|context| context.get("ids"));
                let ids = ids.and_then(Value::as_array).into_iter().flatten();
                let ids = ids.filter_map(Value::as_str).filter_map(record_id);
                self.missing.extend(ids);
            }
        }
        let mut records = envelope.records;
        records.keep(|id| !self.answered.contains(&id));
        for record in records.iter() {
            let merged = match self.merged_column {
                Some(column) => record.wire(column),
                None => record.hidden(0),
            };
            if let Wire::Text(ids) = merged {
                let ids = ids.split(';').filter_map(|id| record_id(id.trim()));
                self.survivors.extend(ids.map(|id| (id, record.id())));
            }
        }
        self.answered.extend(records.ids());
        self.records.append(records);
    }

    /// The answer to one id alone: whatever record came is what became of it.
    fn take_alone(&mut self, asked: RecordId, envelope: Envelope) {
        if let Some(answered) = envelope.records.ids().next()
            && answered != asked
        {
            self.survivors.insert(asked, answered);
        }
        self.take(envelope);
        let silent = self.silent(&[asked]);
        self.unanswered.extend(silent);
    }

    /// Those of `asked` about which nothing is known yet.
    fn silent(&self, asked: &[RecordId]) -> Vec<RecordId> {
        let known = |id: &RecordId| {
            self.answered.contains(id)
                || self.survivors.contains_key(id)
                || self.missing.contains(id)
        };
        asked.iter().copied().filter(|id| !known(id)).collect()
    }

    fn finish(mut self) -> BatchRead {
        self.missing
            .retain(|id| self.asked.contains(id) && !self.answered.contains(id));
        self.missing.sort_unstable();
        self.missing.dedup();
        let mut merged: Vec<_> = self
            .survivors
            .into_iter()
            .filter(|(loser, _)| self.asked.contains(loser) && !self.answered.contains(loser))
            .collect();
        merged.sort_unstable();
        self.missing.retain(|id| {
            merged
                .binary_search_by_key(id, |(loser, _)| *loser)
                .is_err()
        });
        BatchRead {
            records: self.records,
            merged,
            missing: self.missing,
            unanswered: self.unanswered,
        }
    }
}
