//! Reading the destination back, and writing again what was lost.

use std::collections::BTreeMap;

use hubspot::{Client, Columns};
use model::RecordId;
use store::Session;

use crate::{
    diff::examine,
    intake::Intake,
    layout::Layout,
    plan::Plan,
    report::{Destination, FieldCounts},
    run::Stop,
};

/// Damaged subjects that are remembered one by one. Beyond, the store has lost more than a repair should hide.
const REPAIRS: usize = 10_000;

/// What the destination holds.
#[derive(Debug, Default)]
struct ReadBack {
    checksum: u64,
    fields: Vec<u64>,
    damaged: Vec<RecordId>,
}

/// Reads the destination back and compares it, subject by subject, with what translation produced. What differs is read
/// from HubSpot and written again, once.
pub(crate) async fn destination(
    client: &Client,
    plan: &Plan,
    layout: &Layout,
    columns: &Columns,
    session: &mut Session,
    intake: &mut Intake,
) -> Result<Destination, Stop> {
    let mut stored = read_back(layout, session).await?;
    let mut healed = 0;
    if !stored.damaged.is_empty() && stored.damaged.len() <= REPAIRS {
        healed = stored.damaged.len() as u64;
        tracing::warn!(
            subjects = healed,
            "stored values differ from what was written; writing them again"
        );
        for records in stored.damaged.chunks(hubspot::BATCH) {
            let answer = client.batch_read(plan.object, records, columns).await?;
            intake.distrust(session, records).await?;
            intake
                .take(session, layout, &answer.records, |id| records.contains(&id))
                .await?;
        }
        intake.settle(session).await?;
        session.apply(layout.mapping_version).await?;
        stored = read_back(layout, session).await?;
        healed -= stored.damaged.len() as u64;
    }
    let fields = layout
        .fields
        .iter()
        .zip(&intake.expected.fields)
        .zip(&stored.fields)
        .filter(|((field, _), _)| field.pull.is_ok())
        .map(|((field, expected), stored)| {
            (
                field.property.to_string(),
                FieldCounts {
                    expected: *expected,
                    stored: *stored,
                },
            )
        })
        .collect::<BTreeMap<_, _>>();
    Ok(Destination {
        expected: format!("{:016x}", intake.expected.checksum),
        stored: format!("{:016x}", stored.checksum),
        fields,
        healed_subjects: healed,
        damaged_ranges: ranges(&stored.damaged),
    })
}

impl Destination {
    /// Whether the destination holds what translation produced, by checksum, by field and by subject.
    pub(crate) fn agrees(&self) -> bool {
        self.expected == self.stored
            && self.damaged_ranges.is_empty()
            && self
                .fields
                .values()
                .all(|count| count.expected == count.stored)
    }
}

async fn read_back(layout: &Layout, session: &mut Session) -> Result<ReadBack, store::Error> {
    let mut found = ReadBack {
        fields: vec![0; layout.fields.len()],
        ..ReadBack::default()
    };
    let mut presence = vec![0; layout.fields.len().div_ceil(8)];
    session
        .read_back(|row| {
            // A subject that never had a value has no payload.
            let payload = if row.payload.is_empty() {
                "{}"
            } else {
                row.payload
            };
            let fingerprint = examine(layout, row.subject, payload, &mut presence);
            if fingerprint != Some(row.fingerprint) {
                found.damaged.push(row.record);
            }
            found.checksum = found.checksum.wrapping_add(fingerprint.unwrap_or_default());
            for (at, count) in found.fields.iter_mut().enumerate() {
                *count += u64::from(presence[at / 8] >> (at % 8) & 1);
            }
        })
        .await?;
    Ok(found)
}

/// Ascending ids as inclusive ranges of neighbours on the list, at most a handful.
fn ranges(ids: &[RecordId]) -> Vec<(u64, u64)> {
    const RANGES: usize = 20;
    ids.chunks(ids.len().div_ceil(RANGES).max(1))
        .map(|ids| (ids[0].0, ids[ids.len() - 1].0))
        .collect()
}
