//! Names for our fields that a destination takes and tells apart.

use std::collections::BTreeSet;

/// Finds names that are free and legal.
///
/// A name is letters, digits and underscores, and begins with no digit. Destinations were seen to write names in lower case and
/// to leave underscores out: names that are the same after that count as the same.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Sets a name aside.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(bare(name));
    }

    /// A free name for a property, which is taken then.
    pub(super) fn find(&mut self, prefix: &str, property: &str) -> String {
        let wanted = legal(&format!("{prefix}{property}"));
        let mut numbers = 2_u64..;
        let mut name = wanted.clone();
        while !self.taken.insert(bare(&name)) {
            let number = numbers
                .next()
                .expect("there are more numbers than properties");
            name = format!("{wanted}_{number}");
        }
        name
    }
}

/// Whether two names are one and the same to a destination that writes them its own way.
pub(super) fn same(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// Whether a prefix can begin a name.
pub(super) fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= 40
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !prefix.starts_with(|first: char| first.is_ascii_digit())
}

fn legal(text: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let name: String = text.chars().map(letter).collect();
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

fn bare(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_legal_and_told_apart() {
        let mut names = Names::default();
        names.take("HubSpot_Plan");
        for (property, name) in [
            ("lifecyclestage", "hubspot_lifecyclestage"),
            ("plan", "hubspot_plan_2"),
            ("plan-tier", "hubspot_plan_tier"),
            ("plantier", "hubspot_plantier_2"),
            ("売上", "hubspot___"),
            ("年商", "hubspot____2"),
        ] {
            assert_eq!(names.find("hubspot_", property), name);
        }
        assert_eq!(Names::default().find("", "2nd_plan"), "_2nd_plan");
    }

    proptest! {
        #[test]
        fn no_two_names_are_the_same(properties in prop::collection::btree_set(".{0,12}", 1..20), prefix in "[a-z_]{0,4}") {
            let mut names = Names::default();
            let found: Vec<String> = properties.iter().map(|property| names.find(&prefix, property)).collect();
            for (at, name) in found.iter().enumerate() {
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
                prop_assert!(!name.is_empty() && !name.as_bytes()[0].is_ascii_digit());
                prop_assert!(found[..at].iter().all(|other| !same(name, other)));
            }
        }
    }
}
