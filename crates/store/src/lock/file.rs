//! Life signs beside an embedded database: locked files.
//!
//! Each process holds an operating-system lock on a file of its own for as long as it lives; however it ends, the lock goes
//! with it. Whoever can lock the file of another process knows that it is gone.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::Error;

/// The file of this process, and where to look for others'.
#[derive(Debug)]
pub(super) struct Sign {
    path: PathBuf,
    dir: PathBuf,
    held: File,
}

impl Sign {
    /// Makes and locks the file `name` in `dir`, and clears away the files of the dead. `None` if another process took the
    /// file for one of those before it was locked.
    pub(super) fn make(dir: &Path, name: &str) -> Result<Option<Self>, Error> {
        let at = |source| Error::DataDir {
            path: dir.into(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(at)?;
        let path = dir.join(name);
        let file = File::options()
            .create_new(true)
            .write(true)
            .open(&path)
            .map_err(at)?;
        if file.try_lock().is_err() || !path.exists() {
            return Ok(None);
        }
        for entry in std::fs::read_dir(dir).map_err(at)?.flatten() {
            if entry.file_name() != name {
                remove_if_dead(&entry.path());
            }
        }
        Ok(Some(Self {
            path,
            dir: dir.into(),
            held: file,
        }))
    }

    /// Takes the sign back.
    pub(super) fn take_back(&self) {
        // Either of them is enough, and when the process ends both happen in any case.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.held.unlock();
    }

    /// Whether the process of that name is still there.
    pub(super) fn is_held(&self, name: &str) -> bool {
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

impl Drop for Sign {
    fn drop(&mut self) {
        self.take_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_told_from_the_dead() {
        let dir = tempfile::tempdir().unwrap();
        let one = Sign::make(dir.path(), "one").unwrap().unwrap();
        let two = Sign::make(dir.path(), "two").unwrap().unwrap();
        assert!(one.is_held("two") && two.is_held("one"));
        drop(two);
        assert!(!one.is_held("two"));
        // A run that was handed over is nobody's.
        assert!(!one.is_held(""));
        std::fs::write(dir.path().join("4294967295-0"), "").unwrap();
        assert!(!one.is_held("4294967295-0"));
        Sign::make(dir.path(), "three").unwrap().unwrap();
        assert!(
            !dir.path().join("4294967295-0").exists(),
            "the dead one's file was left"
        );
    }
}
