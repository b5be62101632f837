//! Chromium with its driver, for the tests that walk the pages: found, or installed from Debian's packages while other steps
//! run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use crate::{installation::Installation, steps::Verdict, workspace::Workspace};

/// What the tests start.
const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

/// Debian's packages: the browser, its driver, and letters for Japanese.
const PACKAGES: &str = "chromium chromium-driver fonts-noto-cjk";

/// The browser, there or being installed.
#[derive(Debug)]
pub(crate) struct Browser {
    installation: Option<Installation>,
}

impl Browser {
    /// Looks for the browser, and starts to install it where that is allowed.
    pub(crate) fn prepare(workspace: &Workspace) -> anyhow::Result<Self> {
        let there = missing().is_empty();
        if there || !may_install() {
            return Ok(Self { installation: None });
        }
        fs::create_dir_all(workspace.target())?;
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(
                "apt-get update && apt-get install --yes --no-install-recommends {PACKAGES}"
            ))
            .env("DEBIAN_FRONTEND", "noninteractive");
        let log = workspace.target().join("chromium.log");
        Ok(Self {
            installation: Some(Installation::start(PACKAGES, &mut command, log)?),
        })
    }

    /// Waits for the installation, and says what is missing.
    pub(crate) fn ready(&mut self) -> anyhow::Result<Verdict> {
        if let Some(installation) = self.installation.take() {
            installation.finish()?;
        }
        let missing = missing();
        if missing.is_empty() {
            Ok(Verdict::Passed)
        } else {
            bail!(
                "{} not found on PATH; on Debian: apt-get install {PACKAGES}",
                missing.join(" and ")
            )
        }
    }
}

/// The programs that are not on `PATH`.
fn missing() -> Vec<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    PROGRAMS
        .into_iter()
        .filter(|program| !folders.iter().any(|folder| folder.join(program).is_file()))
        .collect()
}

/// Whether this is a Debian whose packages this user may install.
fn may_install() -> bool {
    let root = Command::new("id").arg("-u").output();
    let is_root = root.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/usr/bin/apt-get").is_file()
}
