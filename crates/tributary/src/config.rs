//! Configuration: the documented defaults, then a file, then the environment.

mod layers;
mod settings;
#[cfg(test)]
mod tests;
pub(crate) mod web;

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use store::Place;
use sync::{
    ReaderChoice, chain,
    destination::{
        self,
        formats::{Choice, Cleared, Integers, Times},
    },
    worker,
};

pub(crate) use self::settings::SETTINGS;
use self::{
    layers::{Layers, Setting},
    settings::Form,
    web::Web,
};
use crate::trouble::Trouble;

/// The defaults, with the documentation of every setting.
pub(crate) const DEFAULT: &str = include_str!("config/default.toml");

/// Connections besides those that runs keep as long as they are under way.
const SPARE_CONNECTIONS: u32 = 2;

/// The file that is read from the data directory when no other is named.
pub(crate) const FILE_NAME: &str = "tributary.toml";

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// The configuration that holds.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    layers: Layers,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
    /// Names the keyring; `None` for the one in the data directory.
    pub(crate) keyring_file: Option<PathBuf>,
    /// The URL of the database; `None` for the embedded one.
    pub(crate) database: Option<SecretString>,
    /// Connections to the database at once.
    pub(crate) connections: u32,
    /// Where the pages are.
    pub(crate) web: Web,
    /// How HubSpot is reached.
    pub(crate) hubspot: hubspot::Settings,
    /// How destinations outside are reached.
    pub(crate) destinations: destination::Settings,
    /// The port of the OAuth callback.
    pub(crate) callback_port: u16,
    /// How long details of runs are kept.
    pub(crate) retention_days: u32,
    /// How records are read.
    pub(crate) reader: ReaderChoice,
    /// How runs that are asked for are carried out.
    pub(crate) worker: worker::Settings,
}

impl Config {
    /// Reads the configuration: `file`, or else `tributary.toml` in the data directory if it is there, and `environment`.
    pub(crate) fn load(
        data_dir: &Path,
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Trouble> {
        let mut layers = Layers::defaults();
        let path = file.map_or_else(|| data_dir.join(FILE_NAME), Path::to_owned);
        let found = match fs::read_to_string(&path) {
            Ok(text) => {
                layers.read_file(&path, &text)?;
                Some(path)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => None,
            Err(source) => return Err(Trouble::ConfigFile { path, source }),
        };
        layers.read_environment(environment)?;
        Self::resolve(layers, found)
    }

    fn resolve(layers: Layers, file: Option<PathBuf>) -> Result<Self, Trouble> {
        let get = |key| layers.get(key);
        let words = |key| {
            let words = get(key).text.split_whitespace();
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let hubspot = hubspot::Settings {
            base_url: get("hubspot.base_url").text.trim_end_matches('/').into(),
            authorize_url: get("hubspot.authorize_url").text.clone(),
            version: get("hubspot.api_version").text.clone(),
            client_id: get("hubspot.client_id").text().map(Into::into),
            client_secret: secret(&layers, "hubspot.client_secret")?,
            scopes: words("hubspot.scopes"),
            optional_scopes: words("hubspot.optional_scopes"),
            url_budget: get("hubspot.url_budget").parse()?,
            quota: hubspot::QuotaSettings {
                search_per_second: get("hubspot.quota.search_per_second").parse()?,
                ten_secondly: get("hubspot.quota.ten_secondly").parse_or_auto()?,
                daily: get("hubspot.quota.daily").parse_or_auto()?,
                in_flight: get("hubspot.quota.in_flight").parse()?,
                daily_reserve: get("hubspot.quota.daily_reserve").parse()?,
            },
            ..hubspot::Settings::default()
        };
        let database = secret(&layers, "database.url")?;
        if let Some(url) = &database {
            let set = ["database.url", "database.url_file"].map(get);
            let set = set.into_iter().find(|set| set.text().is_some());
            Place::of_url(url.expose_secret())
                .map_err(|error| set.unwrap_or(get("database.url")).refuse(chain(&error)))?;
        }
        let connections = get("database.connections");
        let at_once: u32 = match get("worker.at_once").parse()? {
            0 => {
                return Err(get("worker.at_once").refuse("at least one sync has to be under way"));
            }
            at_once => at_once,
        };
        let needed = at_once.saturating_add(SPARE_CONNECTIONS);
        Ok(Self {
            keyring_file: get("keyring_file").path(),
            connections: match connections.parse()? {
                _ if database.is_none() => needed,
                few if few < needed => {
                    return Err(connections.refuse(format!(
                        "{at_once} syncs at once (worker.at_once) need {needed} of them"
                    )));
                }
                enough => enough,
            },
            database,
            web: Web {
                listen: get("web.listen").read(web::listen)?,
                public_url: match get("web.public_url") {
                    unset if unset.text().is_none() => None,
                    set => Some(set.read(web::public_url)?),
                },
                trusted_proxies: get("web.trusted_proxies").read(web::networks)?,
            },
            hubspot,
            destinations: destinations(&layers)?,
            callback_port: get("hubspot.callback_port").parse()?,
            retention_days: get("retention.days").parse()?,
            reader: get("sync.reader").one_of(&[
                ("auto", ReaderChoice::Auto),
                ("search", ReaderChoice::Search),
                ("list", ReaderChoice::List),
            ])?,
            worker: worker::Settings {
                at_once: at_once as usize,
                schedule: get("worker.schedule").one_of(&[("on", true), ("off", false)])?,
            },
            file,
            layers,
        })
    }

    /// Every setting in the order of the documentation: name, what is shown of its value, where it comes from.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&'static str, Option<String>, &Origin)> {
        SETTINGS.iter().map(|(key, form)| {
            let setting = self.layers.get(key);
            let shown = setting.text().map(|text| match form {
                Form::Secret => "(set, not shown)".to_owned(),
                Form::DatabaseUrl => Place::of_url(text)
                    .map_or_else(|_| "(set, not shown)".into(), |place| place.to_string()),
                _ => text.to_owned(),
            });
            (*key, shown, &setting.origin)
        })
    }
}

/// How destinations outside are reached.
fn destinations(layers: &Layers) -> Result<destination::Settings, Trouble> {
    let get = |key| layers.get(key);
    Ok(destination::Settings {
        pendo: pendo::Settings {
            base_url: get("pendo.base_url").text().map(Into::into),
            in_flight: match get("pendo.in_flight").parse::<u32>()? {
                0 => return Err(get("pendo.in_flight").refuse("no call could be made")),
                calls => calls as usize,
            },
            ..pendo::Settings::default()
        },
        batch: match get("pendo.batch").parse::<u32>()? {
            size @ 1..=5_000 => size as usize,
            _ => return Err(get("pendo.batch").refuse("it is not from 1 to 5,000")),
        },
        create: get("pendo.create").one_of(&[("off", false), ("on", true)])?,
        formats: Choice {
            times: get("pendo.times").one_of(&[
                ("auto", None),
                ("epoch_ms", Some(Times::EpochMs)),
                ("iso8601", Some(Times::Iso8601)),
            ])?,
            cleared: get("pendo.cleared").one_of(&[
                ("auto", None),
                ("null", Some(Cleared::Null)),
                ("empty", Some(Cleared::Empty)),
                ("keep", Some(Cleared::Keep)),
            ])?,
            integers: get("pendo.integers").one_of(&[
                ("auto", None),
                ("hold", Some(Integers::Hold)),
                ("send", Some(Integers::Send)),
            ])?,
        },
    })
}

/// A secret, given itself or in a file of its own.
fn secret(layers: &Layers, key: &'static str) -> Result<Option<SecretString>, Trouble> {
    if let Some(text) = layers.get(key).text() {
        return Ok(Some(text.into()));
    }
    let file = layers.get(&format!("{key}_file"));
    let Some(path) = file.path() else {
        return Ok(None);
    };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => Err(file.refuse("the file is empty")),
        Ok(text) => Ok(Some(text.trim().into())),
        Err(source) => Err(Trouble::SecretFile {
            key: file.key.into(),
            path,
            source,
        }),
    }
}

impl Setting {
    fn refuse(&self, problem: impl Into<String>) -> Trouble {
        Trouble::BadSetting {
            key: self.key.into(),
            origin: self.origin.to_string(),
            problem: problem.into(),
        }
    }

    fn parse<T: std::str::FromStr>(&self) -> Result<T, Trouble> {
        self.text
            .trim()
            .parse()
            .map_err(|_| self.refuse(format!("{:?} is not {}", self.text, self.form.expected())))
    }

    /// Reads the text by a function that says what is wrong with it.
    fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Trouble> {
        read(self.text.trim()).map_err(|problem| self.refuse(problem))
    }

    /// Reads one of a few words.
    fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Trouble> {
        let found = words.iter().find(|(word, _)| *word == self.text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(match words.as_slice() {
                [one, other] => format!("it is neither {one} nor {other}"),
                [others @ .., last] => format!("it is none of {} and {last}", others.join(", ")),
                [] => unreachable!("there is something to choose from"),
            })
        })
    }

    fn parse_or_auto(&self) -> Result<Option<u32>, Trouble> {
        if self.text == "auto" {
            Ok(None)
        } else {
            self.parse().map(Some)
        }
    }

    /// The text, unless it is empty.
    fn text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.is_empty())
    }

    /// A path; in a file, one relative to that file.
    fn path(&self) -> Option<PathBuf> {
        let path = PathBuf::from(self.text()?);
        Some(match &self.origin {
            Origin::File(file) => file
                .parent()
                .map(|parent| parent.join(&path))
                .unwrap_or(path),
            Origin::Default | Origin::Environment(_) => path,
        })
    }
}
