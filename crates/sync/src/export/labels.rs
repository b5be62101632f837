//! What people see for stored values: the labels of options, the names of owners.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::Property;

/// The labels of the fields of group hubspot.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    fields: BTreeMap<String, Names>,
}

/// How one field's values get their labels.
#[derive(Debug, Clone)]
pub enum Names {
    /// From the options of its property.
    Options(Box<Property>),
    /// From the portal's owners: id and name.
    Owners(Arc<HashMap<String, String>>),
}

impl Labels {
    /// Takes in the labels of one field.
    pub fn insert(&mut self, field: impl Into<String>, names: Names) {
        self.fields.insert(field.into(), names);
    }

    /// Whether any value of the field can have a label.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The label of a value, if it has one.
    pub fn of<'a>(&'a self, field: &str, value: &str) -> Option<Cow<'a, str>> {
        match self.fields.get(field)? {
            Names::Options(property) => property.label_of(value).map(|label| match label {
                Cow::Borrowed(label) => Cow::Owned(label.to_owned()),
                Cow::Owned(label) => Cow::Owned(label),
            }),
            Names::Owners(names) => names.get(value).map(|name| Cow::Borrowed(name.as_str())),
        }
    }
}
