//! Life signs of processes, so that a lock in the database can be told from the remains of a crash.
//!
//! Each process holds an operating-system lock on a file of its own for as long as it lives; however it ends, the lock
//! goes with it. A database lock names its holder; whoever can lock the holder's file knows that the holder is gone.

use std::{
    fs::{File, TryLockError},
    hash::{BuildHasher as _, RandomState},
    path::{Path, PathBuf},
};

use crate::Error;

/// This process's life sign, and the means to look for others'.
#[derive(Debug)]
pub struct Process {
    name: String,
    path: PathBuf,
    dir: PathBuf,
    _held: File,
}

impl Process {
    /// Makes and locks this process's file in `dir`, and clears away the files of the dead.
    pub(crate) fn announce(dir: &Path) -> Result<Self, Error> {
        let at = |source| Error::DataDir {
            path: dir.into(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(at)?;
        let this = loop {
            // A process id alone would not do: a restarted container hands out the same one again.
            let name = format!(
                "{}-{:016x}",
                std::process::id(),
                RandomState::new().hash_one(0)
            );
            let path = dir.join(&name);
            let file = File::options()
                .create_new(true)
                .write(true)
                .open(&path)
                .map_err(at)?;
            // Until it is locked, another process may take the file for a dead one's and remove it.
            if file.try_lock().is_ok() && path.exists() {
                break Self {
                    name,
                    path,
                    dir: dir.into(),
                    _held: file,
                };
            }
        };
        for entry in std::fs::read_dir(dir).map_err(at)?.flatten() {
            if entry.file_name() != this.name.as_str() {
                remove_if_dead(&entry.path());
            }
        }
        Ok(this)
    }

    /// The name under which this process holds locks.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the process that announced itself as `name` is still there.
    pub(crate) fn lives(&self, name: &str) -> bool {
        if name == self.name {
            return true;
        }
        match File::options().write(true).open(self.dir.join(name)) {
            Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
            Err(_) => false,
        }
    }
}

/// Removes the file of a process that is gone, holding its lock meanwhile.
fn remove_if_dead(path: &Path) {
    if let Ok(file) = File::options().write(true).open(path)
        && file.try_lock().is_ok()
    {
        let _ = std::fs::remove_file(path);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_told_from_the_dead() {
        let dir = tempfile::tempdir().unwrap();
        let one = Process::announce(dir.path()).unwrap();
        let two = Process::announce(dir.path()).unwrap();
        assert_ne!(one.name(), two.name());
        assert!(one.lives(two.name()) && two.lives(one.name()));
        let gone = two.name().to_owned();
        drop(two);
        assert!(!one.lives(&gone));
        std::fs::write(dir.path().join("4294967295-0"), "").unwrap();
        assert!(!one.lives("4294967295-0"));
        Process::announce(dir.path()).unwrap();
        assert!(
            !dir.path().join("4294967295-0").exists(),
            "the dead one's file was left"
        );
    }
}
