//! The demo's portal: a sandbox on this machine, and the settings that reach it.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use hubspot::Credentials;
use sandbox::{
    App, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Known, Object, PortalConfig, Quota,
    Sandbox, pendo::Pendo,
};

use super::outside::{self, Outside};
use crate::{
    commands::serve::Door,
    config::{self, FILE_NAME},
    trouble::Trouble,
};

/// The portal's hub id.
const ID: u64 = 24_680_135;

/// The hub id of a second, small portal: whoever signs in at HubSpot usually has to pick one.
const OTHER_ID: u64 = 24_680_246;

/// Where `hubspot connect --oauth` in another terminal wants to be sent back.
const ANY_LOCAL_PORT: &str = "http://localhost:*";

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
    /// Starts it, with an app that sends browsers back to the pages behind `door`.
    pub(super) fn start(
        contacts: u64,
        port: u16,
        real_pace: bool,
        door: &Door,
    ) -> Result<Self, Trouble> {
        let demo = PortalConfig::demo(ID);
        let companies = contacts * demo.companies / demo.contacts;
        let mut portal = demo.sized(contacts, companies.max(20));
        if !real_pace {
            portal = portal.limited(Quota::UNLIMITED);
        }
        let size = (portal.contacts, portal.companies);
        let other = PortalConfig {
            name: "Kumo Works Inc.".to_owned(),
            domain: "kumo-works.example".to_owned(),
            ..PortalConfig::small(OTHER_ID)
        };
        let app = App {
            redirect_uris: vec![
                format!("{}/oauth/callback", door.url()),
                ANY_LOCAL_PORT.to_owned(),
            ],
            ..App::default()
        };
        let config = Config {
            listen: format!("127.0.0.1:{port}"),
            flowing: true,
            portals: vec![portal, other],
            apps: vec![app],
            ..Config::default()
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

    /// Agrees to the connection, as its administrator would in the browser.
    pub(super) fn agree(&self, optional_scopes: &[String]) -> Result<Credentials, Trouble> {
        let optional: Vec<&str> = optional_scopes.iter().map(String::as_str).collect();
        let tokens = self
            .sandbox
            .install(ID, DEFAULT_CLIENT_ID, &optional)
            .map_err(Trouble::DemoPortal)?;
        Ok(Credentials::OAuth {
            refresh_token: tokens.refresh_token.into(),
            access_token: None,
            expires_at: None,
        })
    }

    /// Lets this process talk to the portal, whatever is configured.
    pub(super) fn configure(&self, config: &mut config::Config) {
        let settings = hubspot::Settings::default();
        config.hubspot.base_url.clone_from(&self.base_url);
        config.hubspot.authorize_url = self.authorize_url();
        config.hubspot.client_id = Some(DEFAULT_CLIENT_ID.into());
        config.hubspot.client_secret = Some(DEFAULT_CLIENT_SECRET.into());
        config.hubspot.scopes = settings.scopes;
        config.hubspot.optional_scopes = settings.optional_scopes;
        config.hubspot.version = settings.version;
        config.hubspot.quota = settings.quota;
        if !self.real_pace {
            config.hubspot.quota.search_per_second = 0;
            config.hubspot.quota.ten_secondly = Some(0);
            config.hubspot.quota.daily = Some(0);
        }
    }

    /// The page on which an administrator agrees.
    fn authorize_url(&self) -> String {
        format!("{}/oauth/authorize", self.base_url)
    }

    /// Lets other processes that use the data directory talk to the portal too, and make links to the pages.
    pub(super) fn write_config(
        &self,
        data_dir: &Path,
        door: &Door,
        outside: Option<&Outside>,
    ) -> Result<(), Trouble> {
        let path = data_dir.join(FILE_NAME);
        if !is_marked(data_dir) && path.exists() {
            return Ok(());
        }
        let url = &self.base_url;
        let quota = if self.real_pace {
            ""
        } else {
            "\n[hubspot.quota]\nsearch_per_second = 0\nten_secondly = 0\ndaily = 0\n"
        };
        let pendo = outside.map_or_else(String::new, |outside| {
            format!("[pendo]\nbase_url = \"{}\"\n\n", outside.base_url())
        });
        let text = format!(
            "{MARK}\n[hubspot]\nbase_url = \"{url}\"\nauthorize_url = \"{}\"\n\
             client_id = \"{DEFAULT_CLIENT_ID}\"\nclient_secret = \"{DEFAULT_CLIENT_SECRET}\"\n{quota}\n\
             {pendo}[web]\nlisten = \"{}\"\npublic_url = \"{}\"\n",
            self.authorize_url(),
            door.address,
            door.url(),
        );
        fs::write(&path, text).map_err(|source| Trouble::OutputFile { path, source })
    }

    /// What stands for Pendo, knowing those that the product knows.
    pub(super) fn pendo(&self) -> Result<Pendo, Trouble> {
        let config = sandbox::pendo::Config {
            flowing: true,
            ..sandbox::pendo::Config::default()
        };
        let pendo = Pendo::start(config).map_err(Trouble::Demo)?;
        pendo.add_known(outside::SUBSCRIPTION, &self.sandbox, ID);
        Ok(pendo)
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

/// Whether the settings in a data directory are those that a demo wrote.
pub(super) fn is_marked(data_dir: &Path) -> bool {
    fs::read_to_string(data_dir.join(FILE_NAME)).is_ok_and(|text| text.starts_with(MARK))
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
