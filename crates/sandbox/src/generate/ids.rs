//! Record ids: strictly increasing with gaps, a few digits for the oldest records and twelve for the newest.

use crate::hash::mix;

/// From `first_index` on, ids lie in steps of `stride` above `first_id`, each somewhere within its step.
#[derive(Clone, Copy, Debug)]
struct Segment {
    first_index: u64,
    first_id: u64,
    stride: u64,
}

/// The ids of one object type in one portal, both ways in constant time.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    segments: [Segment; 4],
    seed: u64,
}

impl Ids {
    pub(crate) fn new(size: u64, seed: u64) -> Self {
        let ancient = (size / 20).min(40);
        let old = ancient + size / 10;
        let middle = old + size * 3 / 10;
        let segment = |first_index, first_id, stride| Segment {
            first_index,
            first_id,
            stride,
        };
        Self {
            segments: [
                segment(0, 1, 50),
                segment(ancient, 100_000, 25),
                segment(old, 2_000_000_000, 700),
                segment(middle, 30_000_000_000, 15_000),
            ],
            seed,
        }
    }

    /// The id of a place.
    pub(crate) fn id(&self, index: u32) -> u64 {
        let i = u64::from(index);
        let segment = self
            .segments
            .iter()
            .rev()
            .find(|s| i >= s.first_index)
            .unwrap_or(&self.segments[0]);
        segment.first_id
            + (i - segment.first_index) * segment.stride
            + mix(self.seed ^ i) % segment.stride
    }

    /// The first place whose id is at least `id`; may lie beyond the last record.
    pub(crate) fn lower_bound(&self, id: u64) -> u32 {
        for (n, segment) in self.segments.iter().enumerate().rev() {
            if id < segment.first_id {
                continue;
            }
            let guess = segment.first_index + (id - segment.first_id) / segment.stride;
            let end = self
                .segments
                .get(n + 1)
                .map_or(u64::from(u32::MAX) - 1, |s| s.first_index);
            if guess >= end {
                return end as u32;
            }
            return if self.id(guess as u32) >= id {
                guess as u32
            } else {
                guess as u32 + 1
            };
        }
        0
    }

    /// The place of an id, when it is one.
    pub(crate) fn index(&self, id: u64) -> Option<u32> {
        let index = self.lower_bound(id);
        (self.id(index) == id).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_increase_and_lead_back() {
        let ids = Ids::new(5_000, 7);
        let mut last = 0;
        for index in 0..6_000 {
            let id = ids.id(index);
            assert!(id > last, "{index}");
            assert_eq!(ids.index(id), Some(index));
            assert_eq!(ids.lower_bound(last + 1), index);
            last = id;
        }
        assert_eq!(ids.index(last - 1), None);
        assert_eq!(ids.id(4_999).to_string().len(), 11);
    }
}
