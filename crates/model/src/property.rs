//! The property catalogue: what HubSpot says about a column of contacts or companies.

use std::borrow::Cow;

use crate::{PropertyName, Translator, Unimportable};

/// A property definition, reduced to what Tributary uses. Built from HubSpot's catalogue by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags, as HubSpot has them"
)]
pub struct Property {
    /// Internal name, the key.
    pub name: PropertyName,
    /// What people see; neither unique nor stable.
    pub label: String,
    /// HubSpot's `type`, an open set: `string`, `number`, `bool`, `enumeration`, `date`, `datetime`, …
    pub kind: String,
    /// HubSpot's `fieldType`, an open set: `text`, `select`, `file`, `calculation_equation`, …
    pub field_type: String,
    /// The group it is listed under in HubSpot.
    pub group: String,
    /// What it is for, as written in the portal.
    pub description: String,
    /// The choices of an enumeration; empty when external or when there are none.
    pub options: Vec<PropertyOption>,
    /// The value is an id of another object, such as `OWNER`.
    pub referenced_object: Option<String>,
    /// HubSpot's own flag; not reliable alone, see [`Property::is_calculated`].
    pub calculated: bool,
    /// Each value belongs to one record only.
    pub unique: bool,
    /// Hidden in HubSpot's own screens.
    pub hidden: bool,
    /// Archived: gone from the catalogue's default listing.
    pub archived: bool,
}

/// One choice of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyOption {
    /// The internal value, which is what records hold.
    pub value: String,
    /// What people see.
    pub label: String,
}

impl Property {
    /// A definition with the two words that decide its translation and nothing else; fill in what matters.
    pub fn new(name: impl AsRef<str>, kind: &str, field_type: &str) -> Self {
        Self {
            name: PropertyName::new(name),
            label: String::new(),
            kind: kind.into(),
            field_type: field_type.into(),
            group: String::new(),
            description: String::new(),
            options: Vec::new(),
            referenced_object: None,
            calculated: false,
            unique: false,
            hidden: false,
            archived: false,
        }
    }

    /// Whether its values change without moving the record's modified date.
    ///
    /// HubSpot's `calculated` misses rollups, equations and scores, so the field type counts too.
    pub fn is_calculated(&self) -> bool {
        self.calculated || self.field_type.starts_with("calculation_")
    }

    /// Whether one value may hold several options, joined with `;`.
    pub fn is_multi_value(&self) -> bool {
        self.kind == "enumeration" && self.field_type == "checkbox"
    }

    /// What people see in HubSpot for a stored value, to show beside it.
    ///
    /// For a property with several options per value, each option's label, joined with `"; "`; an option that is not
    /// in the catalogue stands as its internal value. `None` if no label is known at all: the option was deleted since,
    /// or HubSpot keeps the options elsewhere, as it does for owners and lifecycle stages.
    pub fn label_of(&self, value: &str) -> Option<Cow<'_, str>> {
        let whole = self.options.iter().find(|option| option.value == value);
        if let Some(option) = whole {
            return Some(Cow::Borrowed(&option.label));
        }
        if !self.is_multi_value() {
            return None;
        }
        let mut known = false;
        let mut labels = Vec::new();
        let mut rest = value;
        while !rest.is_empty() {
            let option = self.option_at_start(rest);
            known |= option.is_some();
            let end = option.map_or_else(
                || rest.find(';').unwrap_or(rest.len()),
                |option| option.value.len(),
            );
            let label = option.map_or(&rest[..end], |option| option.label.as_str());
            if !label.is_empty() {
                labels.push(label);
            }
            rest = rest[end..].strip_prefix(';').unwrap_or_default();
        }
        known.then(|| Cow::Owned(labels.join("; ")))
    }

    /// The option with which a joined value starts: the longest, because nothing keeps a `;` out of an option's value.
    fn option_at_start(&self, joined: &str) -> Option<&PropertyOption> {
        self.options
            .iter()
            .filter(|option| {
                !option.value.is_empty()
                    && joined
                        .strip_prefix(option.value.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
            })
            .max_by_key(|option| option.value.len())
    }

    /// Whether it may serve as key: the property whose value equals the visitor or account id.
    ///
    /// The key is the raw wire text, compared byte for byte and never translated. Any property that can be imported
    /// may be one, but the text of some is unlikely to be anybody's id.
    pub fn key_verdict(&self) -> KeyVerdict {
        let translator = match Translator::for_property(self) {
            Err(reason) => return KeyVerdict::Refused(reason),
            Ok(translator) => translator,
        };
        match translator {
            Translator::Boolean => KeyVerdict::Odd(KeyWarning::Boolean),
            Translator::Date | Translator::DateTime => KeyVerdict::Odd(KeyWarning::Time),
            Translator::Text if self.is_multi_value() => KeyVerdict::Odd(KeyWarning::MultiValue),
            Translator::Text | Translator::Decimal => KeyVerdict::Suitable,
        }
    }
}

/// Whether a property may serve as key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyVerdict {
    /// Its values can be ids.
    Suitable,
    /// It is allowed, but probably a mistake.
    Odd(KeyWarning),
    /// It cannot be imported at all.
    Refused(Unimportable),
}

/// Why a key property is probably a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyWarning {
    /// Only two values.
    #[error("its values are only true and false, so it can match at most two ids")]
    Boolean,
    /// HubSpot's text of a date.
    #[error("its values are dates, which match only ids written exactly as HubSpot writes dates")]
    Time,
    /// `A;B` is one key.
    #[error("a record may hold several options, and they are compared as one text such as A;B")]
    MultiValue,
}

impl KeyWarning {
    /// Every warning.
    pub const ALL: [Self; 3] = [Self::Boolean, Self::Time, Self::MultiValue];

    /// The stable code, for reports and scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Boolean => "key_is_boolean",
            Self::Time => "key_is_time",
            Self::MultiValue => "key_is_multi_value",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_options(kind: &str, field_type: &str, options: &[(&str, &str)]) -> Property {
        let options = options
            .iter()
            .map(|&(value, label)| PropertyOption {
                value: value.into(),
                label: label.into(),
            })
            .collect();
        Property {
            options,
            ..Property::new("plan", kind, field_type)
        }
    }

    #[test]
    fn a_calculation_is_known_by_flag_or_field_type() {
        assert!(Property::new("a", "number", "calculation_equation").is_calculated());
        assert!(
            Property {
                calculated: true,
                ..Property::new("a", "number", "number")
            }
            .is_calculated()
        );
        assert!(!Property::new("a", "number", "number").is_calculated());
    }

    #[test]
    fn only_checkbox_enumerations_hold_several_options() {
        assert!(Property::new("a", "enumeration", "checkbox").is_multi_value());
        for (kind, field_type) in [
            ("enumeration", "select"),
            ("enumeration", "booleancheckbox"),
            ("string", "checkbox"),
        ] {
            assert!(
                !Property::new("a", kind, field_type).is_multi_value(),
                "{kind}/{field_type}"
            );
        }
    }

    #[test]
    fn a_single_value_has_the_label_of_its_option() {
        let plan = with_options(
            "enumeration",
            "select",
            &[("pro", "Professional"), ("free", "無料")],
        );
        assert_eq!(plan.label_of("pro").as_deref(), Some("Professional"));
        assert_eq!(plan.label_of("free").as_deref(), Some("無料"));
        assert_eq!(plan.label_of("Pro"), None);
        assert_eq!(plan.label_of("pro;free"), None);
        assert_eq!(plan.label_of(""), None);
    }

    #[test]
    fn several_values_have_their_labels_in_their_order() {
        let plan = with_options(
            "enumeration",
            "checkbox",
            &[("pro", "Professional"), ("free", "Free")],
        );
        for (value, label) in [
            ("pro", Some("Professional")),
            ("free;pro", Some("Free; Professional")),
            ("pro;deleted", Some("Professional; deleted")),
            ("deleted;pro;", Some("deleted; Professional")),
            (";pro", Some("Professional")),
            ("pro;;free", Some("Professional; Free")),
            ("prox", None),
            ("deleted", None),
            (";", None),
            ("", None),
        ] {
            assert_eq!(plan.label_of(value).as_deref(), label, "{value}");
        }
    }

    #[test]
    fn an_option_may_hold_the_separator() {
        let options = [("a", "A"), ("a;b", "A and B"), ("c", "C"), ("", "Nothing")];
        let property = with_options("enumeration", "checkbox", &options);
        assert_eq!(property.label_of("a;b").as_deref(), Some("A and B"));
        assert_eq!(
            property.label_of("c;a;b;a").as_deref(),
            Some("C; A and B; A")
        );
    }

    #[test]
    fn keys_are_texts_and_numbers() {
        for (kind, field_type) in [
            ("string", "text"),
            ("number", "number"),
            ("enumeration", "select"),
            ("enumeration", "radio"),
            ("phone_number", "phonenumber"),
            ("string", "calculation_equation"),
        ] {
            let verdict = Property::new("key", kind, field_type).key_verdict();
            assert_eq!(verdict, KeyVerdict::Suitable, "{kind}/{field_type}");
        }
    }

    #[test]
    fn some_keys_are_odd() {
        for (kind, field_type, warning) in [
            ("bool", "booleancheckbox", KeyWarning::Boolean),
            ("enumeration", "booleancheckbox", KeyWarning::Boolean),
            ("date", "date", KeyWarning::Time),
            ("datetime", "date", KeyWarning::Time),
            ("enumeration", "checkbox", KeyWarning::MultiValue),
        ] {
            let verdict = Property::new("key", kind, field_type).key_verdict();
            assert_eq!(verdict, KeyVerdict::Odd(warning), "{kind}/{field_type}");
        }
    }

    #[test]
    fn what_cannot_be_imported_is_no_key() {
        for (kind, field_type, code) in [
            ("string", "file", "file"),
            ("json", "text", "json"),
            ("object_coordinates", "text", "object_coordinates"),
            ("hologram", "text", "unknown_type"),
        ] {
            match Property::new("key", kind, field_type).key_verdict() {
                KeyVerdict::Refused(reason) => assert_eq!(reason.code(), code),
                other => panic!("{kind}/{field_type}: {other:?}"),
            }
        }
    }
}
