//! Chromium with its driver, for the tests that walk the pages: found, or installed from Debian's packages while other steps
//! run.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    steps::Verdict,
    workspace::{self, Workspace},
};

/// What the tests start.
const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

/// Debian's packages: the browser, its driver, and letters for Japanese.
const PACKAGES: &str = "chromium chromium-driver fonts-noto-cjk";

/// The browser, there or being installed.
#[derive(Debug)]
pub(crate) struct Browser {
    installation: Option<(Child, PathBuf)>,
}

impl Browser {
    /// Looks for the browser, and starts to install it where that is allowed.
    pub(crate) fn prepare(workspace: &Workspace) -> anyhow::Result<Self> {
        let there = missing().is_empty();
        if there || !may_install() {
            return Ok(Self { installation: None });
        }
        fs::create_dir_all(workspace.target())?;
        let log = workspace.target().join("chromium.log");
        let output = File::create(&log)?;
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(
                "apt-get update && apt-get install --yes --no-install-recommends {PACKAGES}"
            ))
            .env("DEBIAN_FRONTEND", "noninteractive");
        println!(
            "installing {PACKAGES} while other steps run: {}",
            workspace::line(&command)
        );
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot run apt-get")?;
        Ok(Self {
            installation: Some((child, log)),
        })
    }

    /// Waits for the installation, and says what is missing.
    pub(crate) fn ready(&mut self) -> anyhow::Result<Verdict> {
        if let Some((mut child, log)) = self.installation.take() {
            let status = child.wait()?;
            if !status.success() {
                print!("{}", fs::read_to_string(&log).unwrap_or_default());
                bail!("{PACKAGES} cannot be installed: {status}");
            }
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
