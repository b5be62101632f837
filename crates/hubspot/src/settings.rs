//! What an operator can set about HubSpot.

use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

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
    /// How long to wait for the network.
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

/// How long to wait for the network before trying again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to be made. Default 10 s.
    pub connect: Duration,
    /// Between two pieces of an answer. HubSpot itself gives up after 100 s with a 524. Default 110 s.
    pub idle: Duration,
    /// For a whole call. Default 3 min.
    pub total: Duration,
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
            timeouts: Timeouts::default(),
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

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(110),
            total: Duration::from_mins(3),
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
        address("base_url", &self.base_url)?;
        address("authorize_url", &self.authorize_url)?;
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

    /// Whether the API is on this machine, as the sandbox is.
    pub(crate) fn is_local(&self) -> bool {
        Url::parse(&self.base_url).is_ok_and(|url| is_loopback(&url))
    }
}

/// Parses an address and refuses one over which credentials would travel in the clear.
pub(crate) fn address(setting: &str, text: &str) -> Result<Url, Error> {
    let url =
        Url::parse(text).map_err(|_| Error::settings(format!("{setting} is not an address")))?;
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(Error::settings(format!(
            "{setting} is plain http to another machine, which would send credentials in the clear; use https"
        ))),
        _ => Err(Error::settings(format!(
            "{setting} is not an https address"
        ))),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
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

    fn with_base(base_url: &str) -> Result<(), Error> {
        Settings {
            base_url: base_url.into(),
            ..Settings::default()
        }
        .check()
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for local in [
            "http://localhost:1",
            "http://127.0.0.1:8080",
            "http://127.8.9.1",
            "http://[::1]:9",
        ] {
            with_base(local).unwrap();
        }
        with_base("https://api.hubapi.com").unwrap();
        for refused in [
            "http://api.hubapi.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://localhost",
            "nonsense",
            "",
        ] {
            assert!(with_base(refused).is_err(), "{refused}");
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
