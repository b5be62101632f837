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

    /// Whether a record with this id may answer the query when asked for those after `after`.
    pub(crate) fn admits(&self, id: RecordId, after: Option<RecordId>) -> bool {
        after.is_none_or(|after| id > after)
            && self
                .ids
                .is_none_or(|(first, last)| (first..=last).contains(&id))
    }

    /// The search filters, for records after `after`. Ids compare as numbers.
    pub(crate) fn filter_groups(&self, after: Option<RecordId>) -> Value {
        let id = |operator: &str, id: RecordId| json!({ "propertyName": "hs_object_id", "operator": operator, "value": id.to_string() });
        let mut filters = Vec::new();
        if let Some(property) = &self.has_property {
            filters.push(json!({ "propertyName": property.as_str(), "operator": "HAS_PROPERTY" }));
        }
        match (self.ids, after) {
            (Some((first, _)), Some(after)) if after < first => filters.push(id("GTE", first)),
            (_, Some(after)) => filters.push(id("GT", after)),
            (Some((first, _)), None) => filters.push(id("GTE", first)),
            (None, None) => {}
        }
        if let Some((_, last)) = self.ids {
            filters.push(id("LTE", last));
        }
        if filters.is_empty() {
            json!([])
        } else {
            json!([{ "filters": filters }])
        }
    }
}
