//! Properties that come in families: the dates of each lifecycle stage, and extra custom ones.

use std::borrow::Cow;

use super::{Property, Row, Source};
use crate::hash::salt;
use crate::object::Object;

pub(super) const STAGES: [(&str, &str); 8] = [
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing qualified lead"),
    ("salesqualifiedlead", "Sales qualified lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

/// The families of dates and durations that every lifecycle stage brings along.
pub(super) fn stages(object: Object, fill_floor: u32, archived: i64) -> Vec<Property> {
    let mut all = Vec::new();
    for (stage, label) in STAGES {
        let group = if object == Object::Contacts {
            "contact_activity"
        } else {
            "companylifecycle"
        };
        let mut add = |name: String, text: String, kinds, source, fill, flags| {
            let row: Row = ("", "", kinds, group, source, fill, flags);
            let mut property = Property::from_row(&row, fill_floor, archived);
            property.salt = salt(&name);
            property.name = Cow::Owned(name);
            property.label = Cow::Owned(text);
            all.push(property);
        };
        add(
            format!("hs_lifecyclestage_{stage}_date"),
            format!("Became a {}", label.to_lowercase()),
            "datetime/date",
            Source::Lifetime,
            18,
            "r",
        );
        add(
            format!("hs_v2_date_entered_{stage}"),
            format!("Entered stage \"{label}\""),
            "datetime/calculation_rollup",
            Source::Lifetime,
            20,
            "",
        );
        add(
            format!("hs_v2_date_exited_{stage}"),
            format!("Left stage \"{label}\""),
            "datetime/calculation_equation",
            Source::Lifetime,
            9,
            "c",
        );
        add(
            format!("hs_v2_latest_time_in_{stage}"),
            format!("Last stay in stage \"{label}\""),
            "number/calculation_equation",
            Source::Int(60_000, 9_000_000_000),
            12,
            "chd",
        );
        add(
            format!("hs_v2_cumulative_time_in_{stage}"),
            format!("Total stay in stage \"{label}\""),
            "number/calculation_rollup",
            Source::Int(60_000, 20_000_000_000),
            12,
            "d",
        );
    }
    all
}

/// The n-th extra custom property: all common kinds in turn, so that a portal of a thousand is not a thousand texts.
pub(super) fn extra_property(n: u32, fill_floor: u32) -> Property {
    const KINDS: [(&str, Source, &str); 8] = [
        ("string/text", Source::Words, "k"),
        ("number/number", Source::Int(0, 5_000), "k"),
        ("enumeration/select", Source::Option, "k"),
        ("bool/booleancheckbox", Source::Bool, "k"),
        ("date/date", Source::Date(-900, 200), "k"),
        ("datetime/date", Source::Lifetime, "k"),
        ("string/textarea", Source::Sentence, "k"),
        ("enumeration/checkbox", Source::Options, "k"),
    ];
    let (kinds, source, flags) = KINDS[n as usize % KINDS.len()];
    let row: Row = ("", "", kinds, "imported_fields", source, 35, flags);
    let mut property = Property::from_row(&row, fill_floor, 0);
    let name = format!("imported_field_with_a_long_name_{n:04}");
    property.salt = salt(&name);
    property.label = Cow::Owned(format!("Imported field {n}"));
    property.name = Cow::Owned(name);
    property
}
