//! What people see for stored values: the labels of options, the names of owners.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use hubspot::Client;
use model::{Group, Level, Property};
use store::mapping::Field;

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
    /// The labels of a level's fields, from the portal's catalogue and owners, and whether the connection may read owners.
    pub async fn read(
        client: &Client,
        level: Level,
        fields: &[Field],
    ) -> Result<(Self, bool), hubspot::Error> {
        let catalogue = client.properties(level.object()).await?;
        let mut labels = Self::default();
        let mut owned = Vec::new();
        for property in catalogue {
            let name = property.name.as_str();
            let stored = |field: &Field| field.group == Group::Hubspot && field.name == name;
            if !fields.iter().any(stored) {
                continue;
            }
            if property.referenced_object.as_deref() == Some("OWNER") {
                owned.push(name.to_owned());
            } else if !property.options.is_empty() {
                labels.insert(name.to_owned(), Names::Options(Box::new(property)));
            }
        }
        if owned.is_empty() {
            return Ok((labels, true));
        }
        let owners = match client.owners().await {
            Ok(owners) => owners,
            Err(error) if error.kind() == hubspot::Kind::MissingScopes => {
                return Ok((labels, false));
            }
            Err(error) => return Err(error),
        };
        let names: HashMap<String, String> = owners
            .into_iter()
            .map(|owner| (owner.id.clone(), owner.name()))
            .collect();
        let names = Arc::new(names);
        for name in owned {
            labels.insert(name, Names::Owners(Arc::clone(&names)));
        }
        Ok((labels, true))
    }

    /// Takes in the labels of one field.
    pub fn insert(&mut self, field: impl Into<String>, names: Names) {
        self.fields.insert(field.into(), names);
    }

    /// How a field's values get their labels, if any has one.
    pub fn names(&self, field: &str) -> Option<&Names> {
        self.fields.get(field)
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
