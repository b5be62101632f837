//! Programs that tests start and that come from Debian's packages: found, or installed while other steps run.

use std::{env, fs, path::Path, process::Command};

use anyhow::bail;

use crate::{installation::Installation, steps::Verdict, workspace::Workspace};

/// Programs that are wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Debian's packages with them, as the command line of `apt-get install`.
    pub(crate) packages: &'static str,
    /// The programs that are not there.
    pub(crate) missing: fn() -> Vec<&'static str>,
}

/// What is wanted, there or being installed: all of it at once, because two installations would wait for each other.
#[derive(Debug)]
pub(crate) struct Packages {
    installation: Option<Installation>,
}

impl Packages {
    /// Looks for what is wanted, and starts to install what is missing where that is allowed.
    pub(crate) fn prepare(workspace: &Workspace, wanted: &[Wanted]) -> anyhow::Result<Self> {
        let missing: Vec<&str> = wanted
            .iter()
            .filter(|wanted| !(wanted.missing)().is_empty())
            .map(|wanted| wanted.packages)
            .collect();
        if missing.is_empty() || !may_install() {
            return Ok(Self { installation: None });
        }
        fs::create_dir_all(workspace.target())?;
        let packages = missing.join(" ");
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(
                "apt-get update && apt-get install --yes --no-install-recommends {packages}"
            ))
            .env("DEBIAN_FRONTEND", "noninteractive");
        let log = workspace.target().join("packages.log");
        Ok(Self {
            installation: Some(Installation::start(&packages, &mut command, log)?),
        })
    }

    /// Waits for the installation, and says what is missing.
    pub(crate) fn ready(&mut self, wanted: &Wanted) -> anyhow::Result<Verdict> {
        if let Some(installation) = self.installation.take() {
            installation.finish()?;
        }
        let missing = (wanted.missing)();
        if missing.is_empty() {
            Ok(Verdict::Passed)
        } else {
            bail!(
                "{} not found; on Debian: apt-get install {}",
                missing.join(" and "),
                wanted.packages
            )
        }
    }
}

/// The programs that are not on `PATH`.
pub(crate) fn not_on_path(programs: &[&'static str]) -> Vec<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    let there = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    programs
        .iter()
        .copied()
        .filter(|program| !there(program))
        .collect()
}

/// Whether this is the user who may do anything, whom some programs refuse to run for.
pub(crate) fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Whether this is a Debian whose packages this user may install.
fn may_install() -> bool {
    is_root() && Path::new("/usr/bin/apt-get").is_file()
}
