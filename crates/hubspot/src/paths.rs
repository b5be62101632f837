//! Where each thing is, in both families of paths: `/crm/objects/2026-09/contacts` and `/crm/v3/objects/contacts`.

use model::ObjectType;
use url::Url;

use crate::{Error, Settings};

/// Builds the address of every endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// Without a trailing slash.
    base: String,
    version: String,
}

impl Paths {
    /// Expects settings that passed [`Settings::check`].
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let base: Url = settings.base()?;
        Ok(Self {
            base: base.as_str().trim_end_matches('/').to_owned(),
            version: settings.version.clone(),
        })
    }

    pub(crate) fn objects(&self, object: ObjectType) -> String {
        format!("{}/{}", self.crm("objects"), object.path())
    }

    pub(crate) fn search(&self, object: ObjectType) -> String {
        format!("{}/search", self.objects(object))
    }

    pub(crate) fn batch_read(&self, object: ObjectType, archived: bool) -> String {
        format!("{}/batch/read?archived={archived}", self.objects(object))
    }

    pub(crate) fn properties(&self, object: ObjectType, sensitivity: &str) -> String {
        format!(
            "{}/{}?archived=false&dataSensitivity={sensitivity}",
            self.crm("properties"),
            object.path()
        )
    }

    pub(crate) fn property_groups(&self, object: ObjectType) -> String {
        format!("{}/{}/groups", self.crm("properties"), object.path())
    }

    pub(crate) fn owners(&self, archived: bool, after: Option<&str>) -> String {
        let mut url = format!("{}?limit=500&archived={archived}", self.crm("owners"));
        if let Some(after) = after {
            url.push_str("&after=");
            url.extend(url::form_urlencoded::byte_serialize(after.as_bytes()));
        }
        url
    }

    pub(crate) fn record_counts(&self) -> String {
        format!("{}/records", self.crm("limits"))
    }

    pub(crate) fn account(&self) -> String {
        format!("{}/account-info/{}/details", self.base, self.version)
    }

    pub(crate) fn token(&self) -> String {
        format!("{}/oauth/{}/token", self.base, self.version)
    }

    pub(crate) fn introspect(&self) -> String {
        format!("{}/introspect", self.token())
    }

    pub(crate) fn revoke(&self) -> String {
        format!("{}/revoke", self.token())
    }

    /// What a static token says about itself; never got a dated path.
    pub(crate) fn private_app(&self) -> String {
        format!("{}/oauth/v2/private-apps/get/access-token-info", self.base)
    }

    fn crm(&self, area: &str) -> String {
        let Self { base, version } = self;
        if version.starts_with('v') {
            format!("{base}/crm/{version}/{area}")
        } else {
            format!("{base}/crm/{area}/{version}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(version: &str) -> Paths {
        Paths::new(&Settings {
            version: version.into(),
            base_url: "https://api.hubapi.com/".into(),
            ..Settings::default()
        })
        .unwrap()
    }

    #[test]
    fn both_families() {
        let dated = paths("2026-09");
        assert_eq!(
            dated.search(ObjectType::Contacts),
            "https://api.hubapi.com/crm/objects/2026-09/contacts/search"
        );
        assert_eq!(
            dated.record_counts(),
            "https://api.hubapi.com/crm/limits/2026-09/records"
        );
        let third = paths("v3");
        assert_eq!(
            third.batch_read(ObjectType::Companies, false),
            "https://api.hubapi.com/crm/v3/objects/companies/batch/read?archived=false"
        );
        assert_eq!(
            third.introspect(),
            "https://api.hubapi.com/oauth/v3/token/introspect"
        );
        assert_eq!(
            third.owners(true, Some("a&b")),
            "https://api.hubapi.com/crm/v3/owners?limit=500&archived=true&after=a%26b"
        );
    }
}
