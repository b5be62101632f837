//! Where the workspace lies, and how programs are started in it.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use serde_json::Value;

/// The workspace this command was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that a target directory set by the environment or by a configuration file is
    /// respected.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let output = program(cargo())
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ])
            .current_dir(
                env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from),
            )
            .output()
            .context("cannot run cargo")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let directory = |name: &str| {
            metadata[name]
                .as_str()
                .map(PathBuf::from)
                .with_context(|| format!("cargo metadata has no `{name}`"))
        };
        Ok(Self {
            root: directory("workspace_root")?,
            target: directory("target_directory")?,
        })
    }

    /// Where its sources are.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target directory.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A program to be run in the workspace's root, with an environment that does not depend on the
    /// caller's.
    pub(crate) fn command(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = program(name);
        command.current_dir(&self.root);
        command
    }

    /// Cargo itself, the one that runs this command.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.command(cargo());
        command.args(arguments);
        command
    }

    /// Git, told that this directory may be read even when another user owns it, as in a container
    /// with a mounted clone.
    pub(crate) fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut safe = OsString::from("safe.directory=");
        safe.push(&self.root);
        let mut command = self.command("git");
        command.arg("-c").arg(safe).args(arguments);
        command
    }
}

/// How a command reads when typed.
pub(crate) fn line(command: &Command) -> String {
    let mut words = vec![
        Path::new(command.get_program())
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_ours_alone) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable must not reach the programs started here.
///
/// `cargo run` describes this package to it in variables that some build scripts watch (ring's, for
/// one): handed on, they would rebuild those crates at every change between `cargo xtask test` and
/// `cargo test`. The product's own settings, meant for a developer's running service, would bend
/// what the tests and the benchmarks see.
fn is_ours_alone(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("TRIBUTARY_")
        || [
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
            "OUT_DIR",
            "UPDATE_DOCS",
        ]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_running_service_do_not_reach_the_tests() {
        assert!(is_ours_alone("TRIBUTARY_HUBSPOT__BASE_URL"));
        assert!(is_ours_alone("CARGO_PKG_NAME"));
        assert!(!is_ours_alone("CARGO_HOME"));
        assert!(!is_ours_alone("CARGO_TARGET_DIR"));
    }

    #[test]
    fn a_command_reads_as_typed() {
        let mut command = Command::new("/some/where/cargo");
        command.args(["test", "--workspace"]);
        assert_eq!(line(&command), "cargo test --workspace");
    }
}
