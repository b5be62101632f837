//! The verdict on a property, from its definition.

use super::Translator;
use crate::Property;

/// Why a property cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unimportable {
    /// `file` fields hold ids of files, which mean nothing outside HubSpot.
    #[error("file properties cannot be imported: they hold the ids of files that stay in HubSpot")]
    File,
    /// `json` is HubSpot's internal structure.
    #[error(
        "JSON properties cannot be imported: they hold HubSpot's internal data, not a single value"
    )]
    Json,
    /// `object_coordinates` is HubSpot's internal pointer to a record.
    #[error(
        "object coordinates cannot be imported: they are HubSpot's internal pointers to records"
    )]
    ObjectCoordinates,
    /// A type that HubSpot did not have when Tributary was written.
    #[error("properties of type {kind:?} cannot be imported: this type has no translation")]
    UnknownType {
        /// The type, as HubSpot wrote it.
        kind: String,
    },
}

impl Unimportable {
    /// The stable code, for the database, reports and scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Json => "json",
            Self::ObjectCoordinates => "object_coordinates",
            Self::UnknownType { .. } => "unknown_type",
        }
    }
}

/// See [`Translator::for_property`].
pub(super) fn of(property: &Property) -> Result<Translator, Unimportable> {
    let refers = property
        .referenced_object
        .as_deref()
        .is_some_and(|object| !object.is_empty());
    match (property.kind.as_str(), property.field_type.as_str()) {
        ("json", _) => Err(Unimportable::Json),
        ("object_coordinates", _) => Err(Unimportable::ObjectCoordinates),
        ("file", _) | (_, "file") => Err(Unimportable::File),
        ("string" | "number" | "enumeration", _) if refers => Ok(Translator::Text),
        ("bool", _) | ("enumeration", "booleancheckbox") => Ok(Translator::Boolean),
        ("string" | "enumeration" | "phone_number", _) => Ok(Translator::Text),
        ("number", _) => Ok(Translator::Decimal),
        ("date", _) => Ok(Translator::Date),
        ("datetime", _) => Ok(Translator::DateTime),
        (kind, _) => Err(Unimportable::UnknownType { kind: kind.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD_TYPES: [&str; 16] = [
        "",
        "booleancheckbox",
        "calculation_equation",
        "calculation_read_time",
        "calculation_rollup",
        "calculation_score",
        "checkbox",
        "date",
        "html",
        "number",
        "phonenumber",
        "radio",
        "select",
        "text",
        "textarea",
        "something_new",
    ];

    fn verdict(kind: &str, field_type: &str) -> Result<Translator, Unimportable> {
        Translator::for_property(&Property::new("property", kind, field_type))
    }

    #[test]
    fn a_known_type_decides_whatever_the_field_type() {
        for (kind, translator) in [
            ("string", Translator::Text),
            ("phone_number", Translator::Text),
            ("number", Translator::Decimal),
            ("bool", Translator::Boolean),
            ("date", Translator::Date),
            ("datetime", Translator::DateTime),
        ] {
            for field_type in FIELD_TYPES {
                assert_eq!(
                    verdict(kind, field_type),
                    Ok(translator),
                    "{kind}/{field_type}"
                );
            }
        }
    }

    #[test]
    fn an_enumeration_is_text_unless_it_is_a_single_checkbox() {
        for field_type in FIELD_TYPES {
            let translator = if field_type == "booleancheckbox" {
                Translator::Boolean
            } else {
                Translator::Text
            };
            assert_eq!(
                verdict("enumeration", field_type),
                Ok(translator),
                "{field_type}"
            );
        }
    }

    #[test]
    fn internal_types_are_refused_whatever_the_field_type() {
        for field_type in FIELD_TYPES.into_iter().chain(["file"]) {
            assert_eq!(verdict("json", field_type), Err(Unimportable::Json));
            assert_eq!(
                verdict("object_coordinates", field_type),
                Err(Unimportable::ObjectCoordinates)
            );
        }
    }

    #[test]
    fn files_are_refused_whatever_the_type() {
        for kind in ["string", "enumeration", "number", "file", "something_new"] {
            assert_eq!(verdict(kind, "file"), Err(Unimportable::File), "{kind}");
        }
        assert_eq!(verdict("file", "text"), Err(Unimportable::File));
    }

    #[test]
    fn an_unknown_type_is_refused_by_name() {
        for kind in [
            "",
            "hologram",
            "String",
            "NUMBER",
            "Bool",
            "datetime ",
            "currency_number",
        ] {
            for field_type in FIELD_TYPES {
                let refusal = verdict(kind, field_type).unwrap_err();
                assert_eq!(refusal, Unimportable::UnknownType { kind: kind.into() });
                assert!(
                    refusal.to_string().contains(&format!("{kind:?}")),
                    "{refusal}"
                );
            }
        }
    }

    #[test]
    fn a_reference_is_an_id_and_ids_are_text() {
        let referring = |kind: &str, field_type: &str, object: &str| {
            let property = Property::new("hubspot_owner_id", kind, field_type);
            Translator::for_property(&Property {
                referenced_object: Some(object.into()),
                ..property
            })
        };
        assert_eq!(
            referring("enumeration", "select", "OWNER"),
            Ok(Translator::Text)
        );
        assert_eq!(referring("number", "number", "OWNER"), Ok(Translator::Text));
        assert_eq!(referring("string", "text", "CONTACT"), Ok(Translator::Text));
        assert_eq!(referring("number", "number", ""), Ok(Translator::Decimal));
        assert_eq!(
            referring("datetime", "date", "OWNER"),
            Ok(Translator::DateTime)
        );
        assert_eq!(referring("string", "file", "FILE"), Err(Unimportable::File));
    }

    #[test]
    fn codes_are_stable() {
        let unknown = Unimportable::UnknownType {
            kind: "hologram".into(),
        };
        assert_eq!(Unimportable::File.code(), "file");
        assert_eq!(Unimportable::Json.code(), "json");
        assert_eq!(Unimportable::ObjectCoordinates.code(), "object_coordinates");
        assert_eq!(unknown.code(), "unknown_type");
    }
}
