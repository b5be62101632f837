//! The combinations of type and field type that properties are known to have.

use crate::Property;

/// A pair of `type` and `fieldType` that HubSpot is known to have.
pub(super) struct Pair {
    /// What HubSpot's screens call it.
    pub(super) screen: &'static str,
    pub(super) kind: &'static str,
    pub(super) field_type: &'static str,
    /// The object whose ids the values are.
    pub(super) refers_to: Option<&'static str>,
}

const fn pair(screen: &'static str, kind: &'static str, field_type: &'static str) -> Pair {
    Pair {
        screen,
        kind,
        field_type,
        refers_to: None,
    }
}

/// The documented pairs and those that real portals were seen to have, in the order in which people meet them.
pub(super) const PAIRS: [Pair; 28] = [
    pair("Single-line text", "string", "text"),
    pair("Multi-line text", "string", "textarea"),
    pair("Rich text", "string", "html"),
    pair("Phone number", "string", "phonenumber"),
    pair("Phone number", "phone_number", "phonenumber"),
    pair("Single checkbox", "bool", "booleancheckbox"),
    pair(
        "Single checkbox (as a choice of two)",
        "enumeration",
        "booleancheckbox",
    ),
    pair("Multiple checkboxes", "enumeration", "checkbox"),
    pair("Dropdown select", "enumeration", "select"),
    pair("Radio select", "enumeration", "radio"),
    Pair {
        screen: "HubSpot user",
        kind: "enumeration",
        field_type: "select",
        refers_to: Some("OWNER"),
    },
    Pair {
        screen: "HubSpot user (as a number)",
        kind: "number",
        field_type: "number",
        refers_to: Some("OWNER"),
    },
    pair("Date picker", "date", "date"),
    pair("Date and time picker", "datetime", "date"),
    pair("Number", "number", "number"),
    pair("Score", "number", "calculation_score"),
    pair("Calculation, a number", "number", "calculation_equation"),
    pair("Calculation, a text", "string", "calculation_equation"),
    pair("Calculation, yes or no", "bool", "calculation_equation"),
    pair(
        "Calculation, a choice",
        "enumeration",
        "calculation_equation",
    ),
    pair(
        "Calculation, a date and time",
        "datetime",
        "calculation_equation",
    ),
    pair("Rollup, a number", "number", "calculation_rollup"),
    pair("Rollup, a text", "string", "calculation_rollup"),
    pair("Rollup, a date and time", "datetime", "calculation_rollup"),
    pair("Read time, yes or no", "bool", "calculation_read_time"),
    pair("File", "string", "file"),
    pair("HubSpot's internal data", "json", "text"),
    pair("HubSpot's internal pointers", "object_coordinates", "text"),
];

impl Pair {
    pub(super) fn property(&self) -> Property {
        Property {
            referenced_object: self.refers_to.map(str::to_owned),
            ..Property::new("property", self.kind, self.field_type)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pair_is_listed_twice() {
        let mut pairs: Vec<_> = PAIRS
            .iter()
            .map(|pair| (pair.kind, pair.field_type, pair.refers_to))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), PAIRS.len());
    }
}
