//! The demo's portal: a sandbox on this machine, and the settings that reach it.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use sandbox::{
    Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Known, Object, PortalConfig, Quota, Sandbox,
    static_token,
};
use secrecy::SecretString;

use crate::{
    config::{self, FILE_NAME},
    trouble::Trouble,
};

/// The portal's hub id.
const ID: u64 = 24_680_135;

/// What the settings file of the demo begins with; one without it is somebody's own.
const MARK: &str = "# Written by `tributary demo`, at each start.";

/// A running portal.
#[derive(Debug)]
pub(super) struct Portal {
    sandbox: Sandbox,
    base_url: String,
    size: (u64, u64),
    real_pace: bool,
}

impl Portal {
    /// Starts it.
    pub(super) fn start(contacts: u64, port: u16, real_pace: bool) -> Result<Self, Trouble> {
        let demo = PortalConfig::demo(ID);
        let companies = contacts * demo.companies / demo.contacts;
        let mut portal = demo.sized(contacts, companies.max(20));
        if !real_pace {
            portal = portal.limited(Quota::UNLIMITED);
        }
        let size = (portal.contacts, portal.companies);
        let config = Config {
            listen: format!("127.0.0.1:{port}"),
            flowing: true,
            ..Config::with_portal(portal)
        };
        let sandbox = Sandbox::start(config).map_err(Trouble::Demo)?;
        Ok(Self {
            base_url: sandbox.base_url(),
            sandbox,
            size,
            real_pace,
        })
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(super) fn contacts(&self) -> u64 {
        self.size.0
    }

    pub(super) fn companies(&self) -> u64 {
        self.size.1
    }

    /// Opens the portal.
    pub(super) fn token() -> SecretString {
        static_token(ID).into()
    }

    /// Lets this process talk to the portal, whatever is configured.
    pub(super) fn configure(&self, config: &mut config::Config) {
        let settings = hubspot::Settings::default();
        config.hubspot.base_url.clone_from(&self.base_url);
        config.hubspot.version = settings.version;
        config.hubspot.quota = settings.quota;
        if !self.real_pace {
            config.hubspot.quota.search_per_second = 0;
            config.hubspot.quota.ten_secondly = Some(0);
            config.hubspot.quota.daily = Some(0);
        }
    }

    /// Lets other processes that use the data directory talk to the portal too.
    pub(super) fn write_config(&self, data_dir: &Path) -> Result<(), Trouble> {
        let path = data_dir.join(FILE_NAME);
        let own = match fs::read_to_string(&path) {
            Ok(text) => !text.starts_with(MARK),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if own {
            return Ok(());
        }
        let url = &self.base_url;
        let quota = if self.real_pace {
            ""
        } else {
            "\n[hubspot.quota]\nsearch_per_second = 0\nten_secondly = 0\ndaily = 0\n"
        };
        let text = format!(
            "{MARK}\n[hubspot]\nbase_url = \"{url}\"\nauthorize_url = \"{url}/oauth/authorize\"\n\
             client_id = \"{DEFAULT_CLIENT_ID}\"\nclient_secret = \"{DEFAULT_CLIENT_SECRET}\"\n{quota}"
        );
        fs::write(&path, text).map_err(|source| Trouble::OutputFile { path, source })
    }

    /// What the product knows, as the file that `import` would be given.
    pub(super) fn known(&self, object: Object) -> impl Read + Send + 'static {
        KnownFile {
            known: self.sandbox.known(ID, object),
            line: Vec::new(),
            at: 0,
        }
    }
}

/// Lines of NDJSON, made as they are read.
#[derive(Debug)]
struct KnownFile {
    known: Known,
    line: Vec<u8>,
    at: usize,
}

impl Read for KnownFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            let Some(next) = self.known.next() else {
                return Ok(0);
            };
            self.line.clear();
            self.at = 0;
            serde_json::to_writer(&mut self.line, &next)?;
            self.line.push(b'\n');
        }
        let length = buffer.len().min(self.line.len() - self.at);
        buffer[..length].copy_from_slice(&self.line[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
