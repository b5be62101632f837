//! The property catalogue of a portal: definitions as HubSpot lists them, and what each one's values are made from.

mod companies;
mod contacts;
mod families;
mod options;
pub(crate) mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::hash::salt;
use crate::object::Object;
use families::{extra_property, stages};

/// A property's `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Number,
    Bool,
    Enumeration,
    Date,
    Datetime,
    PhoneNumber,
    ObjectCoordinates,
    Json,
    /// A type nobody has heard of; made by retyping a property at run time.
    Other(String),
}

impl Type {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "string" => Self::String,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "enumeration" => Self::Enumeration,
            "date" => Self::Date,
            "datetime" => Self::Datetime,
            "phone_number" => Self::PhoneNumber,
            "object_coordinates" => Self::ObjectCoordinates,
            "json" => Self::Json,
            other => Self::Other(other.to_owned()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Enumeration => "enumeration",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::PhoneNumber => "phone_number",
            Self::ObjectCoordinates => "object_coordinates",
            Self::Json => "json",
            Self::Other(name) => name,
        }
    }
}

/// What a property's values are made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    ObjectId,
    Created,
    Modified,
    /// The key property: the product's visitor or account id.
    Key,
    Email,
    /// A unique value that leads back to the record.
    Unique,
    MergedIds,
    MergedVids,
    GivenName,
    FamilyName,
    FullName,
    CompanyName,
    Domain,
    Website,
    City,
    Country,
    Street,
    Zip,
    Phone,
    CanonicalPhone,
    JobTitle,
    Language,
    Words,
    Sentence,
    Note,
    Html,
    Slug,
    Url,
    Coordinates,
    Json,
    Files,
    Option,
    Options,
    /// A value that is not among the listed options, because they are kept elsewhere.
    External(&'static [&'static str]),
    Owner,
    Bool,
    Int(u64, u64),
    /// Between two amounts, with so many decimals.
    Decimal(u64, u64, u8),
    Score,
    Date(i32, i32),
    /// Between two days counted from the portal's start.
    Datetime(i32, i32),
    /// Within the life of the record.
    Lifetime,
    AssociatedCompany,
    Nothing,
}

/// An option of an enumeration.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) label: Cow<'static, str>,
    pub(crate) value: Cow<'static, str>,
    pub(crate) hidden: bool,
}

/// Who may read a property's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sensitivity {
    No,
    Sensitive,
    HighlySensitive,
}

impl Sensitivity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::No => "non_sensitive",
            Self::Sensitive => "sensitive",
            Self::HighlySensitive => "highly_sensitive",
        }
    }
}

/// One property.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the definition on the wire is a row of switches"
)]
pub(crate) struct Property {
    pub(crate) name: Cow<'static, str>,
    pub(crate) label: Cow<'static, str>,
    pub(crate) kind: Type,
    pub(crate) field: Cow<'static, str>,
    pub(crate) group: &'static str,
    pub(crate) source: Source,
    /// Share of records with a value, in 1,024ths.
    pub(crate) fill: u32,
    pub(crate) salt: u64,
    pub(crate) choices: Arc<Vec<Choice>>,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) calculated: bool,
    pub(crate) hidden: bool,
    pub(crate) external_options: bool,
    pub(crate) unique: bool,
    pub(crate) custom: bool,
    pub(crate) form_field: bool,
    pub(crate) read_only: bool,
    pub(crate) lacks_updated_at: bool,
    pub(crate) lacks_created_at: bool,
    pub(crate) created_1970: bool,
    pub(crate) hint: Option<&'static str>,
    /// Set while the property is archived.
    pub(crate) archived_ms: Option<i64>,
}

/// Name, label, `type/fieldType`, group, values, fill in percent, flags.
///
/// Flags: `c` calculated, `h` hidden, `x` external options, `u` unique, `r` read-only, `f` form field, `n` no
/// `updatedAt`, `m` neither date, `0` created in 1970, `$` currency, `%` percentage, `d` duration, `s` sensitive,
/// `S` highly sensitive, `k` custom, `a` archived.
pub(crate) type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Source,
    u32,
    &'static str,
);

impl Property {
    fn from_row(row: &Row, fill_floor: u32, archived_ms: i64) -> Self {
        let (name, label, kinds, group, source, fill, flags) = *row;
        let (kind, field) = kinds.split_once('/').unwrap_or((kinds, "text"));
        let flag = |c: char| flags.contains(c);
        let always = matches!(
            source,
            Source::ObjectId | Source::Created | Source::Modified
        );
        let fill = if matches!(source, Source::Nothing) {
            0
        } else {
            fill.max(fill_floor)
        };
        Self {
            name: Cow::Borrowed(name),
            label: Cow::Borrowed(label),
            kind: Type::named(kind),
            field: Cow::Borrowed(field),
            group,
            source,
            fill: if always { 1_024 } else { fill * 1_024 / 100 },
            salt: salt(name),
            choices: Arc::new(options::of(name, kind)),
            sensitivity: if flag('S') {
                Sensitivity::HighlySensitive
            } else if flag('s') {
                Sensitivity::Sensitive
            } else {
                Sensitivity::No
            },
            calculated: flag('c'),
            hidden: flag('h'),
            external_options: flag('x'),
            unique: flag('u'),
            custom: flag('k'),
            form_field: flag('f') || flag('k'),
            read_only: flag('r') || flag('c'),
            lacks_updated_at: flag('n') || flag('m'),
            lacks_created_at: flag('m'),
            created_1970: flag('0'),
            hint: if flag('$') {
                Some("currency")
            } else if flag('%') {
                Some("percentage")
            } else if flag('d') {
                Some("duration")
            } else {
                None
            },
            archived_ms: flag('a').then_some(archived_ms),
        }
    }

    /// Renames an option's label; `false` if there is no such option.
    pub(crate) fn relabel_option(&mut self, value: &str, label: &str) -> bool {
        let choices = Arc::make_mut(&mut self.choices);
        let choice = choices.iter_mut().find(|choice| choice.value == value);
        choice.is_some_and(|choice| {
            choice.label = Cow::Owned(label.to_owned());
            true
        })
    }

    pub(crate) fn is_archived(&self) -> bool {
        self.archived_ms.is_some()
    }
}

/// What people see for a group's name.
pub(crate) fn group_label(name: &str) -> String {
    let spoken = match name.strip_suffix("information") {
        Some("analytics") => "web analytics history".to_owned(),
        Some("socialmedia") => "social media information".to_owned(),
        Some(about) => format!("{about} information"),
        None => name.to_owned(),
    };
    let mut letters = spoken
        .replace('_', " ")
        .replace("  ", " ")
        .chars()
        .collect::<Vec<_>>();
    if let Some(first) = letters.first_mut() {
        first.make_ascii_uppercase();
    }
    letters.into_iter().collect()
}

/// All properties of one object type.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    pub(crate) properties: Vec<Property>,
    by_name: HashMap<String, usize>,
    /// Moves with every change of a definition.
    pub(crate) version: u64,
}

/// The property whose value is the product's id.
pub(crate) fn key_property(object: Object) -> &'static str {
    match object {
        Object::Contacts => "product_user_id",
        Object::Companies => "product_account_id",
    }
}

impl Catalogue {
    pub(crate) fn new(
        object: Object,
        extra: u32,
        unique_key: bool,
        fill_floor: u32,
        start_ms: i64,
    ) -> Self {
        let archived = start_ms - 20 * crate::instant::DAY;
        let rows = match object {
            Object::Contacts => contacts::ROWS.iter().chain(contacts::CUSTOM),
            Object::Companies => companies::ROWS.iter().chain(companies::CUSTOM),
        };
        let mut properties: Vec<_> = rows
            .map(|row| Property::from_row(row, fill_floor, archived))
            .collect();
        properties.extend(stages(object, fill_floor, archived));
        properties.extend((1..=extra).map(|n| extra_property(n, fill_floor)));
        if unique_key {
            for property in properties.iter_mut().filter(|p| p.source == Source::Key) {
                property.unique = true;
            }
        }
        let by_name = properties
            .iter()
            .enumerate()
            .map(|(n, p)| (p.name.to_string(), n))
            .collect();
        Self {
            properties,
            by_name,
            version: 0,
        }
    }

    /// A property by name, archived ones included.
    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.by_name.get(name).map(|n| &self.properties[*n])
    }

    /// A property by name, unless it is archived.
    pub(crate) fn live(&self, name: &str) -> Option<&Property> {
        self.get(name).filter(|p| !p.is_archived())
    }

    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut Property)) -> bool {
        let Some(n) = self.by_name.get(name) else {
            return false;
        };
        change(&mut self.properties[*n]);
        self.version += 1;
        true
    }

    /// Adds a custom property without values; `false` when the name is taken.
    pub(crate) fn add(&mut self, name: &str, label: &str, kind: &str, field: &str) -> bool {
        if self.by_name.contains_key(name) {
            return false;
        }
        let mut property = extra_property(1, 0);
        property.name = Cow::Owned(name.to_owned());
        property.label = Cow::Owned(label.to_owned());
        property.kind = Type::named(kind);
        property.field = Cow::Owned(field.to_owned());
        property.source = Source::Nothing;
        property.fill = 0;
        property.choices = Arc::new(options::of(name, kind));
        self.by_name.insert(name.to_owned(), self.properties.len());
        self.properties.push(property);
        self.version += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_lower_case_and_taken_once() {
        for object in Object::ALL {
            let catalogue = Catalogue::new(object, 1_000, false, 0, 0);
            let names: BTreeSet<_> = catalogue
                .properties
                .iter()
                .map(|p| p.name.to_string())
                .collect();
            assert_eq!(names.len(), catalogue.properties.len());
            assert!(names.iter().all(|n| *n == n.to_lowercase()));
            assert!(
                catalogue.properties.len() > 1_090,
                "{object:?} {}",
                catalogue.properties.len()
            );
        }
    }
}
