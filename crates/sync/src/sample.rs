//! A sample of a portal's records, held in memory only, by which people choose the key and the fields.
//!
//! Half of it are the oldest records, half the newest: what a company fills in changes over the years, and either half alone
//! would mislead.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hubspot::{Client, Columns, Query, Records, SEARCH_PAGE, Walk};
use jiff::Timestamp;
use model::{KeyVerdict, Property, PropertyName, Wire};
use store::{Miss, Scope, Store, import::MAX_ID_BYTES};
use tokio::sync::watch;

/// Records that are sampled unless somebody asks for another number.
pub const USUAL: u64 = 2_000;

/// Values of a property that are shown.
const EXAMPLES: usize = 4;

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// Keys that are looked up at once.
const STEP: usize = 1_000;

/// How far a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Records read.
    pub records: u64,
    /// Records to be read.
    pub wanted: u64,
    /// All are read, and are being held against the known ids.
    pub matching: bool,
}

/// What a sample says of a portal's records.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Records in it.
    pub records: u64,
    /// Records of the portal.
    pub of: u64,
    /// Ids the level knows.
    pub known: u64,
    /// What it says of each property, by name.
    pub properties: BTreeMap<PropertyName, Sampled>,
}

/// What a sample says of a property.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Records that have a value.
    pub filled: u64,
    /// Different values.
    pub distinct: u64,
    /// Some values, shortened.
    pub examples: Vec<String>,
    /// As a key.
    pub key: Matching,
}

/// How well a property would do as key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// Records whose value is a known id.
    pub matched: u64,
    /// Records that would lose to another one with the same known id.
    pub duplicates: u64,
    /// Records whose value is nearly a known id, by what they differ in.
    pub near: BTreeMap<Miss, u64>,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// HubSpot could not be read.
    #[error(transparent)]
    Hubspot(#[from] hubspot::Error),
    /// The known ids could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// How often each value of a property came.
type Values = HashMap<Box<str>, u64>;

/// Takes a sample of at most `size` records with every property that can be imported.
pub async fn sample(
    client: &Client,
    store: &Store,
    scope: Scope,
    catalogue: &[Property],
    size: u64,
    now: Timestamp,
    progress: &watch::Sender<Progress>,
) -> Result<Sample, Error> {
    let candidates: Vec<&Property> = catalogue
        .iter()
        .filter(|property| {
            !property.archived && !matches!(property.key_verdict(), KeyVerdict::Refused(_))
        })
        .collect();
    let columns = Columns::new(candidates.iter().map(|property| property.name.clone()));
    let object = scope.level.object();
    let of = client.total(object, &Query::default()).await?;
    progress.send_modify(|progress| progress.wanted = size.min(of));
    let mut tally = Tally::new(candidates.len());
    for (walk, share) in [(Walk::Up(None), size.div_ceil(2)), (Walk::Down(None), size)] {
        let mut next = Some(walk);
        while let Some(walk) = next
            && tally.records < share.min(of)
        {
            let left = share.min(of) - tally.records;
            let limit = u32::try_from(left).unwrap_or(SEARCH_PAGE).min(SEARCH_PAGE);
            let page = client
                .search_page(object, &Query::default(), &columns, walk, limit)
                .await?;
            next = page.next;
            tally.take(&page.records);
            progress.send_modify(|progress| progress.records = tally.records);
        }
    }
    progress.send_modify(|progress| progress.matching = true);
    let mut properties = BTreeMap::new();
    for (property, values) in candidates.into_iter().zip(tally.values) {
        let sampled = judge(store, scope, &values).await?;
        properties.insert(property.name.clone(), sampled);
    }
    Ok(Sample {
        taken_at: now,
        records: tally.records,
        of,
        known: store.count_subjects(scope).await?,
        properties,
    })
}

/// The values that have come.
struct Tally {
    records: u64,
    seen: BTreeSet<u64>,
    values: Vec<Values>,
}

impl Tally {
    fn new(columns: usize) -> Self {
        Self {
            records: 0,
            seen: BTreeSet::new(),
            values: vec![Values::new(); columns],
        }
    }

    fn take(&mut self, page: &Records) {
        for record in page.iter() {
            // Both halves of a small portal meet.
            if !self.seen.insert(record.id().0) {
                continue;
            }
            self.records += 1;
            for (values, wire) in self.values.iter_mut().zip(record.wires()) {
                if let Wire::Text(text) = wire
                    && !text.is_empty()
                {
                    // What is longer than any id is nobody's, but it is a value.
                    let end = text.floor_char_boundary(MAX_ID_BYTES + 1);
                    *values.entry(text[..end].into()).or_default() += 1;
                }
            }
        }
    }
}

/// What the values of a property say.
async fn judge(store: &Store, scope: Scope, values: &Values) -> Result<Sampled, store::Error> {
    let mut texts: Vec<&str> = values.keys().map(AsRef::as_ref).collect();
    texts.sort_unstable();
    let filled: u64 = values.values().sum();
    let mut key = Matching::default();
    // Hardly any value stands twice: then it may be an id, and differ from one by little.
    let identifies = texts.len() as u64 * 2 > filled;
    for keys in texts.chunks(STEP) {
        let known = store.known(scope, keys).await?;
        let mut unknown = Vec::new();
        for (text, known) in keys.iter().zip(known) {
            if known {
                key.matched += values[*text];
                key.duplicates += values[*text] - 1;
            } else {
                unknown.push(*text);
            }
        }
        if identifies {
            let near = store.near(scope, &unknown).await?;
            for (text, near) in unknown.iter().zip(near) {
                if let Some(near) = near {
                    *key.near.entry(near.reason).or_default() += values[*text];
                }
            }
        }
    }
    Ok(Sampled {
        filled,
        distinct: texts.len() as u64,
        examples: examples(&texts),
        key,
    })
}

/// Values from all over the alphabet, shortened.
fn examples(texts: &[&str]) -> Vec<String> {
    let step = texts.len().div_ceil(EXAMPLES).max(1);
    let shorten = |text: &&str| match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => (*text).to_owned(),
    };
    texts.iter().step_by(step).map(shorten).collect()
}
