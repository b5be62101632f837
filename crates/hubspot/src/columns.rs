//! The properties asked for, prepared once per run.

use std::{collections::HashMap, sync::Arc};

use model::PropertyName;

/// An ordered list of property names; a record's cells stand in the same order. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Columns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    names: Vec<PropertyName>,
    positions: HashMap<PropertyNameKey, u32>,
    modified: [Option<usize>; 2],
}

/// Lets a map keyed by shared names be asked with a plain `&str`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PropertyNameKey(Box<str>);

impl std::borrow::Borrow<str> for PropertyNameKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The modified dates that come with every record, the better one first: contacts have an unreliable
/// `hs_lastmodifieddate` beside `lastmodifieddate`, companies have only the former.
pub(crate) const MODIFIED: [&str; 2] = ["lastmodifieddate", "hs_lastmodifieddate"];

/// What to do with the value of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A cell.
    Column(usize),
    /// Not asked for, but one of [`MODIFIED`].
    Modified(usize),
    /// Not asked for.
    Skip,
}

impl Columns {
    /// In the order given; a name given again is left out.
    pub fn new(names: impl IntoIterator<Item = PropertyName>) -> Self {
        let mut positions = HashMap::new();
        let mut kept = Vec::new();
        for name in names {
            let position = u32::try_from(kept.len()).unwrap_or(u32::MAX);
            positions
                .entry(PropertyNameKey(name.as_str().into()))
                .or_insert_with(|| {
                    kept.push(name);
                    position
                });
        }
        let modified = MODIFIED.map(|name| positions.get(name).map(|p| *p as usize));
        Self(Arc::new(Inner {
            names: kept,
            positions,
            modified,
        }))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.names.len()
    }

    /// Whether only ids are asked for.
    pub fn is_empty(&self) -> bool {
        self.0.names.is_empty()
    }

    /// The names, in order.
    pub fn names(&self) -> &[PropertyName] {
        &self.0.names
    }

    /// Where `name` stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0
            .positions
            .get(name)
            .map(|position| *position as usize)
    }

    /// Where the [`MODIFIED`] dates stand, if asked for.
    pub(crate) fn modified(&self) -> [Option<usize>; 2] {
        self.0.modified
    }

    pub(crate) fn slot(&self, name: &str) -> Slot {
        match self.position(name) {
            Some(position) => Slot::Column(position),
            None => MODIFIED
                .iter()
                .position(|modified| *modified == name)
                .map_or(Slot::Skip, Slot::Modified),
        }
    }

    /// Cut so that each part's names, joined by commas, take at most `budget` bytes; a longer name stands alone.
    pub(crate) fn split(&self, budget: usize) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut part: Vec<PropertyName> = Vec::new();
        let mut bytes = 0;
        for name in self.names() {
            let cost = encoded_len(name.as_str()) + 1;
            if bytes + cost > budget && !part.is_empty() {
                parts.push(Self::new(part.drain(..)));
                bytes = 0;
            }
            bytes += cost;
            part.push(name.clone());
        }
        if !part.is_empty() || parts.is_empty() {
            parts.push(Self::new(part));
        }
        parts
    }

    /// Joined by raw commas: an encoded comma would triple them.
    pub(crate) fn query(&self) -> String {
        let mut query = String::new();
        for (index, name) in self.names().iter().enumerate() {
            if index > 0 {
                query.push(',');
            }
            query.extend(url::form_urlencoded::byte_serialize(
                name.as_str().as_bytes(),
            ));
        }
        query
    }
}

fn encoded_len(name: &str) -> usize {
    url::form_urlencoded::byte_serialize(name.as_bytes())
        .map(str::len)
        .sum()
}

impl<S: AsRef<str>> FromIterator<S> for Columns {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self::new(names.into_iter().map(PropertyName::new))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let columns: Columns = ["a", "b", "a", "c"].into_iter().collect();
        assert_eq!(columns.len(), 3);
        assert_eq!(columns.position("c"), Some(2));
        assert_eq!(columns.position("d"), None);
    }

    proptest! {
        #[test]
        fn splitting_loses_no_name_and_keeps_to_the_budget(
            names in prop::collection::vec("[a-z_é&]{1,30}", 0..200),
            budget in 1usize..400,
        ) {
            let columns: Columns = names.iter().collect();
            let parts = columns.split(budget);
            let joined: Vec<_> = parts.iter().flat_map(|part| part.names().to_vec()).collect();
            prop_assert_eq!(&joined, columns.names());
            for part in parts {
                prop_assert!(part.query().len() <= budget || part.len() == 1);
                prop_assert!(!part.is_empty() || columns.is_empty());
            }
        }
    }
}
