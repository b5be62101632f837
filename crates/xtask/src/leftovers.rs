//! What a run must leave as it found it: the source tree, and the place for temporary files.

use std::{fs, io, path::Path, process::Command};

use anyhow::bail;

use crate::{steps::Verdict, workspace::Workspace};

/// The source tree as git sees it, to be compared with itself later.
#[derive(Debug)]
pub(crate) struct Tree {
    seen: Result<Seen, String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: String,
    changes: String,
}

impl Tree {
    /// Notes which files are changed or new, and every change in those git knows.
    pub(crate) fn look(workspace: &Workspace) -> Self {
        let status = stdout(&mut workspace.git(["status", "--porcelain", "--untracked-files=all"]));
        let changes = stdout(&mut workspace.git(["diff", "HEAD"]));
        let seen = status.and_then(|status| {
            Ok(Seen {
                status,
                changes: changes?,
            })
        });
        Self {
            seen: seen.map_err(|error| format!("{error:#}")),
        }
    }

    /// Fails with the files that `later` shows changed; without git there is nothing to compare.
    pub(crate) fn unchanged_in(&self, later: &Self) -> anyhow::Result<Verdict> {
        let (before, after) = match (&self.seen, &later.seen) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Verdict::Skipped(reason.clone())),
        };
        if before == after {
            return Ok(Verdict::Passed);
        }
        let moved: Vec<_> = after
            .status
            .lines()
            .filter(|line| !before.status.contains(line))
            .collect();
        if moved.is_empty() {
            bail!("the run changed files that were changed already; see `git diff`");
        }
        bail!("the run changed files:\n{}", moved.join("\n"));
    }
}

/// Fails with the names of what still lies in `directory`, and of what lies in that: a temporary directory's own name does not
/// say whose it is.
pub(crate) fn none_in(directory: &Path) -> anyhow::Result<Verdict> {
    let left = names_in(directory)?;
    if left.is_empty() {
        return Ok(Verdict::Passed);
    }
    let described: Vec<_> = left
        .iter()
        .map(|name| match names_in(&directory.join(name)) {
            Ok(within) => format!("{name} ({})", within.join(", ")),
            Err(_) => name.clone(),
        })
        .collect();
    bail!(
        "the tests left {} temporary files or directories behind: {}",
        left.len(),
        described.join(", ")
    );
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn stdout(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(status: &str, changes: &str) -> Tree {
        Tree {
            seen: Ok(Seen {
                status: status.to_owned(),
                changes: changes.to_owned(),
            }),
        }
    }

    #[test]
    fn a_new_file_is_named() {
        let error = tree(" M a.rs\n", "x")
            .unchanged_in(&tree(" M a.rs\n?? b.md\n", "x"))
            .expect_err("changed");
        assert!(error.to_string().contains("?? b.md"), "{error}");
        assert!(!error.to_string().contains("a.rs"), "{error}");
    }

    #[test]
    fn a_further_change_to_a_changed_file_is_seen() {
        assert!(
            tree(" M a.rs\n", "x")
                .unchanged_in(&tree(" M a.rs\n", "y"))
                .is_err()
        );
        assert_eq!(
            tree(" M a.rs\n", "x")
                .unchanged_in(&tree(" M a.rs\n", "x"))
                .expect("same"),
            Verdict::Passed
        );
    }

    #[test]
    fn a_forgotten_file_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(
            none_in(directory.path()).expect("readable"),
            Verdict::Passed
        );
        let data = directory.path().join("data");
        fs::create_dir(&data).expect("writable");
        fs::write(data.join("forgotten.db"), "").expect("writable");
        fs::write(directory.path().join("file"), "").expect("writable");
        let error = none_in(directory.path()).expect_err("leftovers");
        let named = "2 temporary files or directories behind: data (forgotten.db), file";
        assert!(error.to_string().ends_with(named), "{error}");
    }
}
