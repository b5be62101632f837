//! The addresses of the API (<https://engageapi.pendo.io>).

use std::fmt::Write as _;

use model::Level;
use url::Url;

/// Builds addresses below one root.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    root: String,
}

impl Paths {
    pub(crate) fn new(base: &Url) -> Self {
        Self {
            root: format!("{}/api/v1", base.as_str().trim_end_matches('/')),
        }
    }

    pub(crate) fn verify(&self) -> String {
        format!("{}/token/verify", self.root)
    }

    pub(crate) fn aggregation(&self) -> String {
        format!("{}/aggregation", self.root)
    }

    pub(crate) fn schema(&self, level: Level) -> String {
        format!("{}/metadata/schema/{}", self.root, level.name())
    }

    pub(crate) fn group(&self, level: Level, group: &str) -> Result<String, &'static str> {
        Ok(format!("{}/{}", self.schema(level), segment(group)?))
    }

    pub(crate) fn field(
        &self,
        level: Level,
        group: &str,
        key: &str,
    ) -> Result<String, &'static str> {
        Ok(format!("{}/{}", self.group(level, group)?, segment(key)?))
    }

    pub(crate) fn values(
        &self,
        level: Level,
        group: &str,
        create: bool,
    ) -> Result<String, &'static str> {
        let group = segment(group)?;
        let query = if create { "?create=true" } else { "" };
        Ok(format!(
            "{}/metadata/{}/{group}/value{query}",
            self.root,
            level.name()
        ))
    }

    pub(crate) fn value(
        &self,
        level: Level,
        group: &str,
        id: &str,
        key: &str,
    ) -> Result<String, &'static str> {
        let values = self.values(level, group, false)?;
        Ok(format!("{values}/{}/{}", segment(id)?, segment(key)?))
    }

    /// The visitor or account itself.
    pub(crate) fn subject(&self, level: Level, id: &str) -> Result<String, &'static str> {
        Ok(format!("{}/{}/{}", self.root, level.name(), segment(id)?))
    }
}

/// `text` as one segment of a path.
///
/// # Errors
/// The texts that a path cannot hold: dots mean the directory they stand in even when encoded
/// (<https://url.spec.whatwg.org/#double-dot-path-segment>), and would lead to another endpoint.
fn segment(text: &str) -> Result<String, &'static str> {
    if matches!(text, "" | "." | "..") {
        return Err("an empty text or one of dots alone cannot stand in an address");
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_creating_says_so() {
        let paths = Paths::new(&"https://app.pendo.io".parse().unwrap());
        assert_eq!(
            paths.values(Level::Visitor, "custom", false).unwrap(),
            "https://app.pendo.io/api/v1/metadata/visitor/custom/value"
        );
        assert_eq!(
            paths.values(Level::Account, "custom", true).unwrap(),
            "https://app.pendo.io/api/v1/metadata/account/custom/value?create=true"
        );
    }

    #[test]
    fn dots_are_refused() {
        for text in ["", ".", ".."] {
            assert!(segment(text).is_err());
        }
        assert_eq!(segment("%2e.").unwrap(), "%252e.");
        assert_eq!(
            segment("a/../b?c#d é").unwrap(),
            "a%2F..%2Fb%3Fc%23d%20%C3%A9"
        );
    }

    proptest! {
        #[test]
        fn any_id_stays_one_segment_of_the_address(id in "[./%?#\\\\]{1,4}|\\PC{1,20}|[\\x00-\\x20]{1,4}") {
            let paths = Paths::new(&"https://app.pendo.io".parse().unwrap());
            if let Ok(address) = paths.value(Level::Visitor, "custom", &id, "plan") {
                let url = Url::parse(&address).unwrap();
                prop_assert_eq!(url.as_str(), address.as_str());
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 8);
                prop_assert_eq!(segments[7], "plan");
            }
        }
    }
}
