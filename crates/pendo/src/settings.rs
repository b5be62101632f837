//! Where Pendo is, and how much of it may be used at once.

use std::{fmt, str::FromStr, time::Duration};

use outbound::{Timeouts, Transport, address};
use url::Url;

use crate::Error;

/// What an operator can set about Pendo, whatever the subscription.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Replaces the region's host, as for a sandbox or a proxy; `{region}` in it becomes the region's name.
    /// Default: none.
    pub base_url: Option<String>,
    /// Calls under way at the same time, 1 at least. Pendo publishes no limit. Default 4.
    pub in_flight: usize,
    /// How long to wait for the network. Default 10 s for a connection and 240 s for a call: an aggregation is cut off
    /// by Pendo after 5 minutes, and of a bulk write nothing is heard before it is done.
    pub timeouts: Timeouts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: None,
            in_flight: 4,
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                idle: Duration::from_mins(4),
                total: Duration::from_mins(4),
            },
        }
    }
}

impl Settings {
    /// Checks what can be checked without asking Pendo.
    ///
    /// # Errors
    /// [`Error::Settings`] naming the setting: an address that is none, plain http to another machine (the key would
    /// travel in the clear), no calls at the same time.
    pub fn check(&self) -> Result<(), Error> {
        for region in Region::ALL {
            self.base(region)?;
        }
        if self.in_flight == 0 {
            return Err(Error::settings("in_flight is 0, so no call could be made"));
        }
        Ok(())
    }

    /// A pool of connections with these time-outs, to be shared by all clients of a process.
    ///
    /// # Errors
    /// [`Error::Settings`] if the address cannot be used, or the machine has no certificate authorities to verify
    /// Pendo with.
    pub fn transport(&self) -> Result<Transport, Error> {
        Ok(Transport::new(&self.timeouts, &self.base(Region::Us)?)?)
    }

    /// The root of the region's API.
    pub(crate) fn base(&self, region: Region) -> Result<Url, Error> {
        let text = match &self.base_url {
            Some(base_url) => base_url.replace("{region}", region.name()),
            None => format!("https://{}", region.host()),
        };
        Ok(address::parse("base_url", &text)?)
    }
}

/// Where Pendo keeps a subscription. A key is good in its own region only; elsewhere it looks like a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// The United States, the first environment.
    Us,
    /// The United States, the second environment.
    Us1,
    /// The European Union.
    Eu,
    /// Japan.
    Jp,
    /// Australia.
    Au,
}

impl Region {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Us, Self::Us1, Self::Eu, Self::Jp, Self::Au];

    /// `us`, `us1`, `eu`, `jp` or `au`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Us1 => "us1",
            Self::Eu => "eu",
            Self::Jp => "jp",
            Self::Au => "au",
        }
    }

    /// The host of the API, where also people sign in.
    pub const fn host(self) -> &'static str {
        match self {
            Self::Us => "app.pendo.io",
            Self::Us1 => "us1.app.pendo.io",
            Self::Eu => "app.eu.pendo.io",
            Self::Jp => "app.jpn.pendo.io",
            Self::Au => "app.au.pendo.io",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not the name of a [`Region`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no region of Pendo; choose us, us1, eu, jp or au")]
pub struct UnknownRegion {
    /// What was given.
    pub name: String,
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(name: &str) -> Result<Self, UnknownRegion> {
        let found = Self::ALL.into_iter().find(|region| region.name() == name);
        found.ok_or_else(|| UnknownRegion { name: name.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_called_by_their_names() {
        for region in Region::ALL {
            assert_eq!(region.to_string().parse(), Ok(region));
        }
        let error = "US".parse::<Region>().unwrap_err();
        assert!(error.to_string().contains("us1"), "{error}");
    }

    #[test]
    fn another_host_may_stand_in_for_every_region() {
        let mut settings = Settings::default();
        let base = |settings: &Settings| settings.base(Region::Jp).unwrap().to_string();
        assert_eq!(base(&settings), "https://app.jpn.pendo.io/");
        settings.base_url = Some("http://127.0.0.1:9/{region}/".into());
        assert_eq!(base(&settings), "http://127.0.0.1:9/jp/");
        settings.check().unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let with = |base_url: &str, in_flight| Settings {
            base_url: Some(base_url.into()),
            in_flight,
            ..Settings::default()
        };
        assert!(with("http://app.pendo.io", 1).check().is_err());
        assert!(with("https://app.pendo.io", 0).check().is_err());
        assert!(with("https://app.pendo.io", 1).check().is_ok());
    }
}
