//! The product, driven through its command line as a user would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    measure::{self, Ended, Process},
    sandbox::Portal,
};
use crate::{postgres::Server, workspace::Workspace};

/// One fresh data directory and the program that works on it.
#[derive(Debug)]
pub(super) struct Product<'a> {
    workspace: &'a Workspace,
    directory: TempDir,
    base_url: String,
    /// Where Pendo is, if there is one.
    pub(super) pendo: Option<String>,
    server: Option<Server>,
}

/// What the product keeps everything in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Database {
    /// The embedded database.
    Sqlite,
    /// A PostgreSQL server of its own, whose work is not measured.
    Postgres,
}

/// Where the pages are.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// What is listened on.
    pub(super) address: String,
    /// The address that browsers are told.
    pub(super) public_url: String,
}

impl<'a> Product<'a> {
    /// A data directory beside the build, on a disk and not in memory, for the HubSpot API at
    /// `base_url`.
    pub(super) fn new(
        workspace: &'a Workspace,
        base_url: &str,
        database: Database,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(workspace.target())?;
        fs::create_dir(directory.path().join("data"))?;
        Ok(Self {
            workspace,
            directory,
            base_url: base_url.to_owned(),
            pendo: None,
            server: match database {
                Database::Sqlite => None,
                Database::Postgres => Some(Server::start_as_installed()?),
            },
        })
    }

    /// Its PostgreSQL server, if it has one.
    pub(super) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Bytes of the database on disk.
    pub(super) fn database_bytes(&self) -> anyhow::Result<u64> {
        if let Some(server) = &self.server {
            let size = server.ask("SELECT pg_database_size(current_database())")?;
            return Ok(size.parse()?);
        }
        let file = fs::metadata(self.file("data/tributary.sqlite"))?.len();
        let log = fs::metadata(self.file("data/tributary.sqlite-wal"));
        Ok(file + log.map_or(0, |log| log.len()))
    }

    /// Where a file for the product can be put; gone with the product.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Creates a subscription whose nights are those of a time zone.
    pub(super) fn subscribe(&self, name: &str, zone: &str) -> anyhow::Result<Subscription<'_>> {
        self.run(["subscription", "create", "--name", name, "--timezone", zone])?;
        Ok(Subscription {
            product: self,
            name: name.to_owned(),
        })
    }

    /// All jobs there are and were, newest first.
    pub(super) fn jobs(&self) -> anyhow::Result<Vec<Value>> {
        let listed = self.run(["jobs", "list", "--all", "--limit", "10000", "--json"])?;
        let mut listed: Value = serde_json::from_str(&listed.output)?;
        match listed["jobs"].take() {
            Value::Array(jobs) => Ok(jobs),
            other => bail!("no jobs in {other}"),
        }
    }

    /// Serves the pages on a free port of this machine.
    pub(super) fn serve(&self) -> anyhow::Result<(Process, Site)> {
        let command = self.command(["serve", "--listen", "127.0.0.1:0", "--json"]);
        let (process, line) = Process::start(command)?;
        let event: Value = serde_json::from_str(&line)
            .with_context(|| format!("serve announced no JSON but: {line}"))?;
        let text = |name: &str| {
            let found = event[name].as_str().map(str::to_owned);
            found.with_context(|| format!("serve announced no {name}: {event}"))
        };
        let site = Site {
            address: format!("http://{}", text("address")?),
            public_url: text("url")?,
        };
        Ok((process, site))
    }

    /// Adds an admin; returns the secret of the link to join.
    pub(super) fn add_admin(&self, email: &str, public_url: &str) -> anyhow::Result<String> {
        let added = self.run([
            "users",
            "add",
            email,
            "--role",
            "admin",
            "--public-url",
            public_url,
            "--json",
        ])?;
        let added: Value = serde_json::from_str(&added.output)?;
        let secret = added["link"].as_str().and_then(|link| link.split_once('#'));
        let (_, secret) = secret.with_context(|| format!("no link to join by in {added}"))?;
        Ok(secret.to_owned())
    }

    fn run<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> anyhow::Result<Ended> {
        measure::measured(self.command(arguments), self.directory.path())
    }

    fn command<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> Command {
        let mut command = self
            .workspace
            .command(self.workspace.target().join("release/tributary"));
        command
            .arg("--data-dir")
            .arg(self.directory.path().join("data"))
            .args(arguments);
        command.env("TRIBUTARY_HUBSPOT__BASE_URL", &self.base_url);
        if let Some(pendo) = &self.pendo {
            command.env("TRIBUTARY_PENDO__BASE_URL", pendo);
        }
        if let Some(server) = &self.server {
            command.env("TRIBUTARY_DATABASE__URL", server.url());
        }
        for quota in ["SEARCH_PER_SECOND", "TEN_SECONDLY", "DAILY", "IN_FLIGHT"] {
            command.env(format!("TRIBUTARY_HUBSPOT__QUOTA__{quota}"), "0");
        }
        command
    }
}

/// One subscription of a product.
#[derive(Debug)]
pub(super) struct Subscription<'a> {
    product: &'a Product<'a>,
    pub(super) name: String,
}

impl Subscription<'_> {
    /// Imports visitor ids from an NDJSON file.
    pub(super) fn import_visitors(&self, file: &Path) -> anyhow::Result<Ended> {
        self.run(["visitors", "import", &file.to_string_lossy()])
    }

    /// Connects to a portal and maps its contacts to visitors.
    pub(super) fn connect(&self, portal: &Portal) -> anyhow::Result<()> {
        let file = self.product.file("token");
        fs::write(&file, &portal.token)?;
        let file = file.to_string_lossy();
        self.run(["hubspot", "connect", "--token-file", &file])?;
        let fields = portal.fields.join(",");
        let (level, key) = (["--level", "visitor"], ["--key", &portal.key]);
        let fields = ["--fields", &fields];
        let mapping = ["mapping", "set"].into_iter().chain(level);
        self.run(mapping.chain(key).chain(fields))?;
        Ok(())
    }

    /// Sets the rhythm of its syncs.
    pub(super) fn schedule(&self, rhythm: &str) -> anyhow::Result<()> {
        self.run(["schedule", "set", rhythm]).map(drop)
    }

    /// Runs one sync and returns its report on standard output.
    pub(super) fn sync(&self) -> anyhow::Result<Ended> {
        self.run(["sync", "--level", "visitor", "--json"])
    }

    /// Connects to Pendo as well.
    pub(super) fn connect_pendo(&self, key: &str, region: &str) -> anyhow::Result<()> {
        let file = self.product.file("key");
        fs::write(&file, key)?;
        let file = file.to_string_lossy();
        self.run(["pendo", "connect", "--key-file", &file, "--region", region])
            .map(drop)
    }

    /// Runs one sync that is not delivered yet when it ends.
    pub(super) fn sync_without_waiting(&self) -> anyhow::Result<Ended> {
        let arguments = ["sync", "--level", "visitor", "--json", "--no-wait"];
        let here = ["--subscription", &self.name];
        let command = self.product.command(here.into_iter().chain(arguments));
        measure::ending_with(3, command, self.product.directory.path())
    }

    /// Sends what waits for Pendo.
    pub(super) fn deliver(&self) -> anyhow::Result<Ended> {
        self.run(["pendo", "deliver", "--json"])
    }

    /// Lists its runs with their reports, newest first.
    pub(super) fn runs(&self) -> anyhow::Result<String> {
        Ok(self.run(["runs", "list", "--json"])?.output)
    }

    fn run<'b>(&self, arguments: impl IntoIterator<Item = &'b str>) -> anyhow::Result<Ended> {
        let arguments: Vec<_> = arguments.into_iter().collect();
        let here = ["--subscription", &self.name];
        self.product.run(here.into_iter().chain(arguments))
    }
}
