//! What an operator can set about HubSpot.

use std::time::Duration;

use outbound::{Timeouts, Transport, address};
use secrecy::SecretString;
use url::Url;

use crate::Error;

/// Where HubSpot is, who we are to it, and how much of it we may use.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Root of the API and of the token endpoint. Default `https://api.hubapi.com`.
    pub base_url: String,
    /// The page that asks an administrator for consent. Default `https://app.hubspot.com/oauth/authorize`.
    pub authorize_url: String,
    /// API version: a date such as `2026-09` (the default), or `v3`.
    pub version: String,
    /// The OAuth app's client id; not needed with a static token.
    pub client_id: Option<String>,
    /// The OAuth app's client secret; not needed with a static token.
    pub client_secret: Option<SecretString>,
    /// Scopes that the OAuth app requires.
    pub scopes: Vec<String>,
    /// Scopes asked for besides; HubSpot leaves out silently what the account cannot grant.
    pub optional_scopes: Vec<String>,
    /// How much of the portal's call quota may be used.
    pub quota: QuotaSettings,
    /// How long to wait for the network. Default 10 s for a connection, 110 s without news, 3 min for a call.
    pub timeouts: Timeouts,
    /// Longest query string of a `GET`, in bytes. HubSpot's edge answers 414 from about 8,000. Default 7,500.
    pub url_budget: usize,
}

/// How much of a portal's call quota may be used. In every number 0 means unlimited.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaSettings {
    /// Searches per second. HubSpot allows 5 per account to all its apps together. Default 4.
    pub search_per_second: u32,
    /// Calls per 10 seconds, searches excluded. Default: as HubSpot says, 100 until it has.
    pub ten_secondly: Option<u32>,
    /// Calls per day, in the account's time zone. Default: as HubSpot says.
    pub daily: Option<u32>,
    /// Calls under way at the same time. Default 4.
    pub in_flight: u32,
    /// Share of the daily quota (0 to 1) left to the portal's other integrations. Default 0.20.
    pub daily_reserve: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://api.hubapi.com".into(),
            authorize_url: "https://app.hubspot.com/oauth/authorize".into(),
            version: "2026-09".into(),
            client_id: None,
            client_secret: None,
            scopes: vec![
                "crm.objects.contacts.read".into(),
                "crm.objects.companies.read".into(),
            ],
            optional_scopes: vec!["crm.objects.owners.read".into()],
            quota: QuotaSettings::default(),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                // HubSpot itself gives up after 100 s with a 524.
                idle: Duration::from_secs(110),
                total: Duration::from_mins(3),
            },
            url_budget: 7_500,
        }
    }
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self {
            search_per_second: 4,
            ten_secondly: None,
            daily: None,
            in_flight: 4,
            daily_reserve: 0.20,
        }
    }
}

impl Settings {
    /// Checks what can be checked without asking HubSpot.
    ///
    /// # Errors
    /// [`Error::Settings`] naming the setting: an address that is none, plain http to another machine (tokens would
    /// travel in the clear), an unknown form of version, a reserve outside 0 to 1.
    pub fn check(&self) -> Result<(), Error> {
        self.base()?;
        address::parse("authorize_url", &self.authorize_url)?;
        if !is_version(&self.version) {
            return Err(Error::settings(format!(
                "version {:?} is neither a date such as 2026-09 nor v3",
                self.version
            )));
        }
        if !(0.0..=1.0).contains(&self.quota.daily_reserve) {
            return Err(Error::settings(format!(
                "quota.daily_reserve is {}, but a share lies between 0 and 1",
                self.quota.daily_reserve
            )));
        }
        Ok(())
    }

    /// A pool of connections with these time-outs, to be shared by all clients of a process.
    ///
    /// # Errors
    /// [`Error::Settings`] if the address cannot be used, or the machine has no certificate authorities to verify
    /// HubSpot with.
    pub fn transport(&self) -> Result<Transport, Error> {
        Ok(Transport::new(&self.timeouts, &self.base()?)?)
    }

    /// The root of the API.
    pub(crate) fn base(&self) -> Result<Url, Error> {
        Ok(address::parse("base_url", &self.base_url)?)
    }
}

/// `v3`, or a year and a month.
fn is_version(text: &str) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    text == "v3"
        || text
            .split_once('-')
            .is_some_and(|(year, month)| digits(year, 4) && digits(month, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_addresses_are_held_against_the_rule() {
        let settings = Settings::default();
        settings.check().unwrap();
        let far = || "http://api.hubapi.com".to_owned();
        for refused in [
            Settings {
                base_url: far(),
                ..settings.clone()
            },
            Settings {
                authorize_url: far(),
                ..settings.clone()
            },
        ] {
            assert!(refused.check().is_err());
        }
    }

    #[test]
    fn versions_are_dates_or_v3() {
        for (version, good) in [
            ("2026-09", true),
            ("v3", true),
            ("v1", false),
            ("2026-9", false),
            ("../x", false),
        ] {
            let settings = Settings {
                version: version.into(),
                ..Settings::default()
            };
            assert_eq!(settings.check().is_ok(), good, "{version}");
        }
    }
}
