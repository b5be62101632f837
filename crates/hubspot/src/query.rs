//! Which records to search for.

use model::{PropertyName, RecordId};
use serde_json::{Value, json};

/// A selection of records. The default selects all that search can find; it never finds archived ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Only records that have a value for this property.
    pub has_property: Option<PropertyName>,
    /// Only records with ids from the first to the last, both included.
    pub ids: Option<(RecordId, RecordId)>,
}

impl Query {
    /// Records that have a value for `property`.
    pub fn having(property: PropertyName) -> Self {
        Self {
            has_property: Some(property),
            ids: None,
        }
    }

    /// The same, but only ids from `first` to `last`, both included.
    #[must_use]
    pub fn within(mut self, first: RecordId, last: RecordId) -> Self {
        self.ids = Some((first, last));
        self
    }

    /// Whether a record with this id may answer the query at this point of a walk.
    pub(crate) fn admits(&self, id: RecordId, walk: Walk) -> bool {
        let past = match walk {
            Walk::Up(past) => past.is_none_or(|past| id > past),
            Walk::Down(past) => past.is_none_or(|past| id < past),
        };
        past && self
            .ids
            .is_none_or(|(first, last)| (first..=last).contains(&id))
    }

    /// The search filters at this point of a walk. Ids compare as numbers.
    pub(crate) fn filter_groups(&self, walk: Walk) -> Value {
        let id = |operator: &str, id: RecordId| json!({ "propertyName": "hs_object_id", "operator": operator, "value": id.to_string() });
        let mut filters = Vec::new();
        if let Some(property) = &self.has_property {
            filters.push(json!({ "propertyName": property.as_str(), "operator": "HAS_PROPERTY" }));
        }
        let (first, last) = self.ids.unzip();
        filters.extend(match walk {
            Walk::Up(Some(past)) if first.is_none_or(|first| past >= first) => Some(id("GT", past)),
            _ => first.map(|first| id("GTE", first)),
        });
        filters.extend(match walk {
            Walk::Down(Some(past)) if last.is_none_or(|last| past <= last) => Some(id("LT", past)),
            _ => last.map(|last| id("LTE", last)),
        });
        if filters.is_empty() {
            json!([])
        } else {
            json!([{ "filters": filters }])
        }
    }
}

/// Which way a search goes through the ids, and past which one it goes on; from the end without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Ascending.
    Up(Option<RecordId>),
    /// Descending.
    Down(Option<RecordId>),
}

impl Walk {
    /// The id it has come to.
    pub(crate) fn past(self) -> Option<RecordId> {
        match self {
            Self::Up(past) | Self::Down(past) => past,
        }
    }
}
