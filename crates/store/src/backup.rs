//! Backups: one SQLite file, whichever database it was made of, which can be restored into either.
//!
//! A backup is a copy ([`crate::copy`]) of a snapshot, with the same proof. It is written beside its place and put there whole.
//! The keyring is not in it: whoever finds the file must not hold the tokens as well.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Address, Error, Place, Store,
    copy::{Progress, Proof, fill},
    database::{
        bring_up_to_date,
        migrations::{self, NEWEST},
        sqlite::Journal,
    },
    sql::Pool,
};

impl Store {
    /// Writes a backup of this moment. Runs and pages go on meanwhile.
    ///
    /// If the proof does not hold, there is no file.
    ///
    /// # Errors
    /// [`Error::FileExists`] unless the file may be replaced.
    pub async fn back_up(
        &self,
        file: &Path,
        replace: bool,
        progress: impl FnMut(Progress<'_>),
    ) -> Result<Proof, Error> {
        if !replace && file.exists() {
            return Err(Error::FileExists { path: file.into() });
        }
        let draft = Draft::beside(file)?;
        let from = self.pool.snapshot("make a backup").await?;
        let address = Address::File(draft.path.clone());
        let mut proof = fill(from, self.place(), &address, progress).await?;
        proof.to = Place::File(file.into());
        if proof.holds() {
            draft.put(file, replace)?;
        }
        Ok(proof)
    }
}

/// Fills an empty database with what a backup holds. The backup stays as it is: one of an older release is brought up to
/// date in a copy, in the directory `aside`.
///
/// # Errors
/// [`Error::NoDatabase`] for a file that is no backup, [`Error::NotEmpty`], and [`Error::Newer`] for a backup of a newer
/// release.
pub async fn restore(
    file: &Path,
    to: &Address,
    aside: &Path,
    progress: impl FnMut(Progress<'_>),
) -> Result<Proof, Error> {
    let place = Place::File(file.into());
    let pool = open(file).await?;
    let made = migrations::made(&pool).await?;
    let Some((newest, _)) = made.last() else {
        return Err(Error::NoDatabase { place });
    };
    if *newest >= NEWEST {
        return fill_from(pool, &place, to, progress).await;
    }
    pool.close().await;
    let draft = Draft::beside(&aside.join("restore"))?;
    fs::copy(file, &draft.path).map_err(at(&draft.path))?;
    let address = Address::File(draft.path.clone());
    let (pool, copy) = address.connect(1, Journal::Behind).await?;
    bring_up_to_date(&pool, &copy).await?;
    fill_from(pool, &place, to, progress).await
}

/// Opens a backup without changing it.
async fn open(file: &Path) -> Result<Pool, Error> {
    let address = Address::File(file.into());
    let (pool, place) = address.connect(1, Journal::ReadOnly).await?;
    migrations::refuse(&pool, &place).await?;
    Ok(pool)
}

async fn fill_from(
    pool: Pool,
    place: &Place,
    to: &Address,
    progress: impl FnMut(Progress<'_>),
) -> Result<Proof, Error> {
    let from = pool.snapshot("read the backup").await?;
    let filled = fill(from, place, to, progress).await;
    pool.close().await;
    filled
}

/// A file that is being written, and goes unless it is put in its place.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Makes an empty file beside another, readable by its owner only.
    fn beside(file: &Path) -> Result<Self, Error> {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let path = PathBuf::from(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(at(&path))?;
        Ok(Self { path })
    }

    /// Gives the file its name, which survives a power cut from then on.
    fn put(&self, file: &Path, replace: bool) -> Result<(), Error> {
        let put = if replace {
            fs::rename(&self.path, file)
        } else {
            // A hard link, unlike a rename, does not replace what has come there meanwhile.
            fs::hard_link(&self.path, file)
        };
        match put {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::FileExists { path: file.into() })
            }
            put => put.map_err(at(file)),
        }?;
        let directory = file
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        let synced = fs::File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(at(directory))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone already if it was given its name.
        let _ = fs::remove_file(&self.path);
        let mut journal = self.path.clone().into_os_string();
        journal.push("-journal");
        let _ = fs::remove_file(journal);
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File {
        path: path.into(),
        source,
    }
}
