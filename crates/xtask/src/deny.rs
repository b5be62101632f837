//! cargo-deny: found, or installed while other steps run; and what it checks here.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use tempfile::TempDir;

use crate::{
    installation::Installation,
    steps::{self, Verdict},
    workspace::Workspace,
};

/// Pinned: a newer release may read `deny.toml` differently.
const VERSION: &str = "0.20.2";

/// How long the advisory database may take to answer before it counts as unreachable.
const PATIENCE: Duration = Duration::from_mins(1);

/// The tool, ready or being installed in the background.
#[derive(Debug)]
pub(crate) struct Deny<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
    /// The running `cargo install`, and where it compiles: removed when it is done, for the program alone is kept.
    installation: Option<(Installation, TempDir)>,
}

impl<'a> Deny<'a> {
    /// Finds the pinned release on `PATH` or among the workspace's own tools; otherwise starts to
    /// install it there.
    ///
    /// The installation compiles beside the first steps. It is built without optimisation: it runs
    /// for seconds.
    pub(crate) fn prepare(workspace: &'a Workspace) -> anyhow::Result<Self> {
        let tools = workspace.target().join("tools");
        let own = tools.join("bin/cargo-deny");
        for program in [PathBuf::from("cargo-deny"), own.clone()] {
            if is_pinned_release(workspace.command(&program)) {
                return Ok(Self {
                    workspace,
                    program,
                    installation: None,
                });
            }
        }
        fs::create_dir_all(&tools)?;
        let build = tempfile::Builder::new()
            .prefix("build-")
            .tempdir_in(&tools)?;
        let log = tools.join("cargo-deny.log");
        let mut command = workspace.cargo([
            "install",
            "--locked",
            "--debug",
            "--version",
            VERSION,
            "cargo-deny",
        ]);
        command
            .arg("--root")
            .arg(&tools)
            .arg("--target-dir")
            .arg(build.path());
        let installation =
            Installation::start(&format!("cargo-deny {VERSION}"), &mut command, log)?;
        Ok(Self {
            workspace,
            program: own,
            installation: Some((installation, build)),
        })
    }

    /// Licences, bans and sources: what needs nothing but the lock file and the crates.
    pub(crate) fn rules(&mut self) -> anyhow::Result<Verdict> {
        if let Some((installation, _build)) = self.installation.take() {
            installation.finish()?;
        }
        steps::run(self.command().args([
            "check",
            "--hide-inclusion-graph",
            "licenses",
            "bans",
            "sources",
        ]))
    }

    /// Advisories against the dependencies in use, when the database that lists them can be
    /// fetched.
    pub(crate) fn advisories(&self) -> anyhow::Result<Verdict> {
        if self.installation.is_some() {
            return Ok(Verdict::Skipped("cargo-deny is not installed".to_owned()));
        }
        if let Err(reason) = self.fetch() {
            return Ok(Verdict::Skipped(format!("{reason:#}")));
        }
        steps::run(self.command().args([
            "check",
            "--hide-inclusion-graph",
            "--disable-fetch",
            "advisories",
        ]))
    }

    fn fetch(&self) -> anyhow::Result<()> {
        let mut child = self
            .command()
            .args(["fetch", "db"])
            // A proxy that asks for a password is a database out of reach, not a question to
            // whoever waits.
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let started = Instant::now();
        loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(_) => bail!("the advisory database cannot be fetched"),
                None if started.elapsed() > PATIENCE => {
                    child.kill()?;
                    child.wait()?;
                    bail!(
                        "the advisory database did not answer within {} s",
                        PATIENCE.as_secs()
                    );
                }
                None => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    fn command(&self) -> Command {
        self.workspace.command(&self.program)
    }
}

fn is_pinned_release(mut program: Command) -> bool {
    program.arg("--version").output().is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).trim() == format!("cargo-deny {VERSION}")
    })
}
