//! Something that is installed while other steps run.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::workspace;

/// A program that installs something; what it says goes into a file, and is shown if it fails.
#[derive(Debug)]
pub(crate) struct Installation {
    what: String,
    child: Child,
    log: PathBuf,
}

impl Installation {
    /// Starts to install.
    pub(crate) fn start(what: &str, command: &mut Command, log: PathBuf) -> anyhow::Result<Self> {
        let output = File::create(&log)?;
        println!(
            "installing {what} while other steps run: {}",
            workspace::line(command)
        );
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot run {}", workspace::line(command)))?;
        Ok(Self {
            what: what.to_owned(),
            child,
            log,
        })
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        if !status.success() {
            print!("{}", fs::read_to_string(&self.log).unwrap_or_default());
            bail!("{} cannot be installed: {status}", self.what);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_installed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let start = |program: &str| {
            let log = folder.path().join("log");
            Installation::start("a tool", &mut Command::new(program), log).unwrap()
        };
        start("true").finish().unwrap();
        let error = start("false").finish().unwrap_err().to_string();
        assert!(error.starts_with("a tool cannot be installed: "), "{error}");
    }
}
