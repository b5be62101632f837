//! Counts and checksums of values, so that a benchmark in another process can compare without reading a million records.

use std::collections::BTreeMap;

use super::kind::Group;
use super::population::Population;

/// All values of one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many records have one.
    pub values: u64,
    /// The sum, modulo 2^64, of the 64-bit FNV-1a hashes of `{id}`, a zero byte, and the value's JSON text as it is
    /// kept. The order of records does not matter.
    pub checksum: u64,
}

/// Summaries of a group's fields by key; deleted fields are left out.
pub(super) fn of(population: &Population, group: Group) -> BTreeMap<String, Summary> {
    let mut summaries: BTreeMap<u16, Summary> = population
        .schema
        .of_group(group)
        .filter(|f| !f.is_deleted)
        .filter_map(|f| population.schema.find(group, &f.name))
        .map(|number| (number, Summary::default()))
        .collect();
    for record in population.by_age() {
        let begun = fnv(0xcbf2_9ce4_8422_2325, record.id.as_bytes());
        let begun = fnv(begun, &[0]);
        for (number, text) in record.row.values() {
            if let Some(summary) = summaries.get_mut(&number) {
                summary.values += 1;
                let hash = fnv(begun, text.as_bytes());
                summary.checksum = summary.checksum.wrapping_add(hash);
            }
        }
    }
    summaries
        .into_iter()
        .map(|(number, summary)| (population.schema.field(number).name.clone(), summary))
        .collect()
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
