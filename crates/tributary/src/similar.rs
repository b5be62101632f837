//! "Did you mean": the nearest of the names there are.

/// The name that is nearest to what was written, if it is near at all.
pub(crate) fn nearest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let written = written.to_lowercase();
    names
        .into_iter()
        .map(|name| (closeness(&written, &name.to_lowercase()), name))
        .filter(|(closeness, _)| *closeness > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name.to_owned())
}

fn closeness(written: &str, name: &str) -> f64 {
    // Half a name is a good hint too: `tokyo` for `asia/tokyo`.
    if written.len() >= 3 && name.rsplit(['/', '.']).next() == Some(written) {
        return 0.95;
    }
    let alike = strsim::normalized_damerau_levenshtein(written, name);
    // One slip in a short name leaves little of it, and is still one slip.
    if strsim::damerau_levenshtein(written, name) == 1 {
        alike.max(0.8)
    } else {
        alike
    }
}

/// For a message: `; did you mean "…"?`, or nothing.
pub(crate) fn clause(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        assert_eq!(nearest("Tow", ["One", "Two"]).as_deref(), Some("Two"));
        let names = ["lifecyclestage", "email", "plan_tier", "Asia/Tokyo"];
        assert_eq!(
            nearest("lifecycle_stage", names).as_deref(),
            Some("lifecyclestage")
        );
        assert_eq!(nearest("Email", names).as_deref(), Some("email"));
        assert_eq!(nearest("tokyo", names).as_deref(), Some("Asia/Tokyo"));
        assert_eq!(nearest("revenue", names), None);
        assert_eq!(nearest("", names), None);
    }
}
