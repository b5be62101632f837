//! The product, driven through its command line as a user would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::Value;
use tempfile::TempDir;

use super::measure::{self, Ended, Process};
use crate::{postgres::Server, workspace::Workspace};

/// One fresh data directory and the program that works on it.
#[derive(Debug)]
pub(super) struct Product<'a> {
    workspace: &'a Workspace,
    directory: TempDir,
    base_url: String,
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

/// Where the key and the fields of the mapping come from.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    pub(super) key: &'a str,
    pub(super) fields: &'a [String],
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
            server: match database {
                Database::Sqlite => None,
                Database::Postgres => Some(Server::start()?),
            },
        })
    }

    /// Where a file for the product can be put; gone with the product.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Creates the one subscription.
    pub(super) fn create_subscription(&self) -> anyhow::Result<Ended> {
        self.run([
            "subscription",
            "create",
            "--name",
            "Bench",
            "--timezone",
            "UTC",
        ])
    }

    /// Imports visitor ids from an NDJSON file.
    pub(super) fn import_visitors(&self, file: &Path) -> anyhow::Result<Ended> {
        self.run(["visitors", "import", &file.to_string_lossy()])
    }

    /// Connects to the portal that `token` opens.
    pub(super) fn connect(&self, token: &str) -> anyhow::Result<Ended> {
        let file = self.file("token");
        fs::write(&file, token)?;
        self.run([
            "hubspot",
            "connect",
            "--token-file",
            &file.to_string_lossy(),
        ])
    }

    /// Maps contacts to visitors.
    pub(super) fn map(&self, mapping: &Mapping<'_>) -> anyhow::Result<Ended> {
        let fields = mapping.fields.join(",");
        self.run([
            "mapping",
            "set",
            "--level",
            "visitor",
            "--key",
            mapping.key,
            "--fields",
            &fields,
        ])
    }

    /// Runs one sync and returns its report on standard output.
    pub(super) fn sync(&self) -> anyhow::Result<Ended> {
        self.run(["sync", "--level", "visitor", "--json"])
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
        if let Some(server) = &self.server {
            command.env("TRIBUTARY_DATABASE__URL", server.url());
        }
        for quota in ["SEARCH_PER_SECOND", "TEN_SECONDLY", "DAILY", "IN_FLIGHT"] {
            command.env(format!("TRIBUTARY_HUBSPOT__QUOTA__{quota}"), "0");
        }
        command
    }
}
