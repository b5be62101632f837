//! Directories that are gone when a test ends, whoever still writes there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long others have to stop writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long they are left alone between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A temporary directory.
///
/// A connection that is being opened while its test ends, or a browser that is closing, may put a file where all have just been
/// removed. [`TempDir`] gives up then and leaves the directory behind; this one removes that file as well.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    #[expect(
        clippy::new_without_default,
        reason = "it makes a directory, which nobody expects of a default"
    )]
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory").keep())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let started = Instant::now();
        loop {
            match fs::remove_dir_all(&self.0) {
                Ok(()) => return,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.0.exists() => return,
                Err(error) if started.elapsed() > PATIENCE => {
                    // What the checks find then is easier to understand beside the reason.
                    eprintln!("{} stays: {error}", self.0.display());
                    return;
                }
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_folder_goes_though_somebody_still_writes_there() {
        let folder = Folder::new();
        let path = folder.path().to_owned();
        let (began, writing) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let started = Instant::now();
                for name in 0_u64.. {
                    // It fails once the folder is gone, which is all that its writer ever notices.
                    drop(fs::write(path.join(name.to_string()), ""));
                    let _ = began.send(());
                    if started.elapsed() > Duration::from_millis(100) {
                        break;
                    }
                }
            });
            writing.recv().expect("somebody writes");
            drop(folder);
        });
        assert!(!path.exists());
    }
}
