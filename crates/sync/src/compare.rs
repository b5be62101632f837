//! Holding what a destination has against what was sent: all of it, or a sample.
//!
//! A value may be changed there by somebody else, and a write may be lost in ways that no answer tells. What differs is noted, is
//! shown, and can be sent once more.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use model::payload::entries;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use store::{
    Scope, Store,
    drift::{Drift, Sent},
};
use tokio_util::sync::CancellationToken;

use crate::destination::{Destination, Error, Holding, Sendable, fields};

/// Ids in a page of values.
const PAGE: u32 = 1_000;

/// Ids in each part of a sample, and how many parts there are.
const PART: u32 = 200;
const PARTS: u64 = 5;

/// Differences that are noted one by one.
const MOST_NOTED: usize = 10_000;

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// All values were compared; otherwise a sample.
    pub all: bool,
    /// Subjects whose values were compared.
    pub subjects: u64,
    /// Values that were compared.
    pub values: u64,
    /// Subjects of which something differs.
    pub differing: u64,
    /// Values that differ.
    pub differences: u64,
}

impl Comparison {
    /// Reads what is stored of the last comparison.
    pub fn read(stored: &store::destination::Comparison) -> Option<Self> {
        serde_json::from_str(&stored.result).ok()
    }
}

/// Compares, and notes what came of it. `None` when `stop` came first: then nothing is noted.
///
/// # Errors
/// When the destination or the store fails; then nothing is noted either.
pub(crate) async fn compare(
    store: &Store,
    destination: &Arc<dyn Destination>,
    scope: Scope,
    all: bool,
    now: Timestamp,
    stop: &CancellationToken,
) -> Result<Option<Comparison>, Error> {
    let mut comparing = Comparing {
        store,
        destination: &**destination,
        scope,
        fields: fields::known(store, scope).await?,
        found: Comparison {
            all,
            ..Comparison::default()
        },
        drift: Vec::new(),
        seen: HashSet::new(),
    };
    if !comparing.fields.is_empty() {
        if all {
            let mut after = None;
            loop {
                if stop.is_cancelled() {
                    return Ok(None);
                }
                after = comparing.page(after.as_deref(), PAGE).await?;
                if after.is_none() {
                    break;
                }
            }
        } else {
            for start in comparing.starts(now).await? {
                if stop.is_cancelled() {
                    return Ok(None);
                }
                comparing.page(start.as_deref(), PART).await?;
            }
        }
    }
    let found = comparing.found;
    let result = serde_json::to_string(&found).expect("numbers serialise");
    store
        .note_comparison(scope, &result, &comparing.drift, now)
        .await?;
    Ok(Some(found))
}

struct Comparing<'a> {
    store: &'a Store,
    destination: &'a dyn Destination,
    scope: Scope,
    fields: Vec<Sendable>,
    found: Comparison,
    drift: Vec<Drift>,
    /// Subjects of a sample that were compared.
    seen: HashSet<i64>,
}

impl Comparing<'_> {
    /// Where the parts of a sample begin: a little before ids that a record feeds, anywhere among them.
    async fn starts(&self, now: Timestamp) -> Result<BTreeSet<Option<String>>, Error> {
        let mut random = ChaCha8Rng::seed_from_u64(now.as_millisecond().cast_unsigned());
        let fed = self.store.count_fed(self.scope).await?;
        let mut starts = BTreeSet::new();
        for _ in 0..PARTS.min(fed) {
            let place = random.next_u64() % fed;
            let id = self.store.fed_at(self.scope, place).await?;
            starts.extend(id.map(|id| just_before(&id)));
        }
        Ok(starts)
    }

    /// Compares a page of ids after the given one. Returns the last id; `None` when there was none any more.
    async fn page(&mut self, after: Option<&str>, limit: u32) -> Result<Option<String>, Error> {
        let (level, fields) = (self.scope.level, &self.fields);
        let page = self.destination.values(level, fields, after, limit).await?;
        let mut sent = self.sent(&page).await?;
        // Parts of a sample may overlap.
        sent.retain(|_, one| self.found.all || self.seen.insert(one.subject));
        let mut differences = self.differences(&page, &sent);
        if !differences.is_empty() {
            // Something may have been sent between the two looks: what differs in the same way after that differs.
            let page = self.destination.values(level, fields, after, limit).await?;
            let again = self.differences(&page, &self.sent(&page).await?);
            differences.retain(|one| again.contains(one));
        }
        self.found.subjects += sent.len() as u64;
        self.found.values += (sent.len() * self.fields.len()) as u64;
        self.found.differences += differences.len() as u64;
        let mut subjects: Vec<i64> = differences.iter().map(|one| one.subject).collect();
        subjects.dedup();
        self.found.differing += subjects.len() as u64;
        let room = MOST_NOTED - self.drift.len();
        self.drift.extend(differences.into_iter().take(room));
        Ok(page.into_iter().next_back().map(|last| last.id))
    }

    async fn sent(&self, page: &[Holding]) -> Result<HashMap<String, Sent>, Error> {
        let ids: Vec<&str> = page.iter().map(|one| one.id.as_str()).collect();
        let sent = self.store.sent(self.scope, &ids).await?;
        Ok(sent.into_iter().map(|one| (one.id.clone(), one)).collect())
    }

    fn differences(&self, page: &[Holding], sent: &HashMap<String, Sent>) -> Vec<Drift> {
        let mut differences = Vec::new();
        for holding in page {
            let Some(sent) = sent.get(&holding.id) else {
                continue;
            };
            let values: HashMap<_, _> = entries(&sent.payload).flatten().collect();
            for (field, held) in self.fields.iter().zip(&holding.values) {
                let expected = values.get(field.name.as_str()).copied();
                if !self
                    .destination
                    .holds(field.kind, expected, held.as_deref())
                {
                    differences.push(Drift {
                        subject: sent.subject,
                        id: holding.id.clone(),
                        name: field.name.clone(),
                        expected: expected.map(Into::into),
                        found: held.clone(),
                    });
                }
            }
        }
        differences
    }
}

/// A text behind which an id is among the next, whatever else stands there: the id without its last character.
fn just_before(id: &str) -> Option<String> {
    let mut characters = id.chars();
    characters.next_back();
    let before = characters.as_str();
    (!before.is_empty()).then(|| before.to_owned())
}
