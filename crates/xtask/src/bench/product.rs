//! The product, driven through its command line as a user would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::measure::{self, Ended};
use crate::workspace::Workspace;

/// One fresh data directory and the program that works on it.
#[derive(Debug)]
pub(super) struct Product<'a> {
    workspace: &'a Workspace,
    directory: TempDir,
    base_url: String,
}

/// Where the key and the fields of the mapping come from.
#[derive(Debug)]
pub(super) struct Mapping<'a> {
    pub(super) key: &'a str,
    pub(super) fields: &'a [String],
}

impl<'a> Product<'a> {
    /// A data directory beside the build, on a disk and not in memory, for the HubSpot API at
    /// `base_url`.
    pub(super) fn new(workspace: &'a Workspace, base_url: &str) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(workspace.target())?;
        fs::create_dir(directory.path().join("data"))?;
        Ok(Self {
            workspace,
            directory,
            base_url: base_url.to_owned(),
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
        for quota in ["SEARCH_PER_SECOND", "TEN_SECONDLY", "DAILY", "IN_FLIGHT"] {
            command.env(format!("TRIBUTARY_HUBSPOT__QUOTA__{quota}"), "0");
        }
        command
    }
}
