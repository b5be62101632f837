//! `tributary store copy`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use store::{Address, Options, Place, Store};

use super::proof;
use crate::{
    app::{App, make_directory},
    failure::{Failure, Outcome},
    trouble::Trouble,
};

/// Move everything to another database, and prove that it is all there.
///
/// FROM and TO are each a data directory, whose embedded database is meant, or the URL of a PostgreSQL database:
/// postgres://… itself, or better @FILE, a file that holds it, so that no password shows in the list of processes.
///
///   tributary store copy /var/lib/tributary @database-url
///
/// TO must be empty: it gets the schema, and then everything, in one transaction. Each table is read back and compared
/// before that ends. A copy that was cut off cannot be opened; the same command once more does it.
///
/// End `tributary serve` before. The keyring is no part of the database.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What is copied: DIRECTORY, @FILE or postgres://…
    from: String,
    /// Where to: DIRECTORY, @FILE or postgres://…
    to: String,
}

/// One side of a copy.
enum Side {
    Directory(PathBuf),
    Server(secrecy::SecretString),
}

impl Side {
    fn of(text: &str) -> Result<Self, Failure> {
        if let Some(file) = text.strip_prefix('@') {
            let path = PathBuf::from(file);
            let url = fs::read_to_string(&path);
            let url = url.map_err(|source| Trouble::InputFile { path, source })?;
            return Ok(Self::Server(url.trim().into()));
        }
        // An address that is none of PostgreSQL's is refused as such, and not taken for a directory.
        Ok(if text.contains("://") {
            Self::Server(text.into())
        } else {
            Self::Directory(text.into())
        })
    }

    /// What is opened. All but the database of a server is in the data directory of the command.
    fn options(&self, app: &App) -> Options {
        let options = app.options();
        match self {
            Self::Directory(directory) => Options {
                data_dir: directory.clone(),
                database: None,
                ..options
            },
            Self::Server(url) => Options {
                database: Some(url.clone()),
                ..options
            },
        }
    }
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let (from, to) = (Side::of(&args.from)?, Side::of(&args.to)?);
    let options = from.options(app);
    if let Side::Server(_) = from {
        app.make_data_dir()?;
    }
    let store = Store::open_existing(&options).await?;
    if let Side::Directory(directory) = &to {
        make_directory(directory)?;
    }
    let address = match &to {
        Side::Directory(directory) => Address::embedded(directory),
        Side::Server(url) => Address::Server(url.clone()),
    };
    let mut shown = proof::Shown::new(app.out);
    let proof = store
        .copy_to(&address, |progress| shown.show(progress))
        .await;
    drop(shown);
    let proof = proof?;
    let then = next(&options.keyring(), &proof.to);
    proof::report(app.out, &proof, &then)
}

/// What is left to do after a copy.
fn next(keyring: &Path, to: &Place) -> String {
    let keyring = keyring.display();
    let target = match to {
        Place::File(file) => file.with_file_name("keyring").display().to_string(),
        Place::Server(_) => "the data directory that goes with it".into(),
    };
    format!(
        "The keyring is not in the database. Copy {keyring} to {target}, or name it by keyring_file: without it every \
         connection has to be made again.\n\
         Both databases would sync by themselves now. Start the copy only when the original has ended, or with worker.schedule = \"off\"."
    )
}
