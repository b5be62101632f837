//! `tributary backup` and `tributary restore`.

use std::path::{Path, PathBuf};

use store::{backup, keyring};

use super::store::proof;
use crate::{app::App, failure::Outcome};

/// Write a backup of everything to one file, while Tributary runs or not.
///
/// The file can be restored into an embedded database and into PostgreSQL alike, whichever it was made of. Every table is
/// read back from it and compared. The keyring is left out: whoever gets hold of the file cannot read HubSpot with it.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Backup {
    /// The file, which only its owner can read.
    file: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// Write a copy of the keyring beside it, to FILE.keyring. The two together open every connection: keep them apart.
    #[arg(long)]
    with_keyring: bool,
}

/// Fill an empty installation with a backup.
///
/// It goes into the database that is configured: that of the data directory, or the one that database.url names. Every
/// table is read back and compared. A restore that was cut off cannot be opened; the same command once more does it.
///
/// Without the keyring of the original everything is there but the connections to HubSpot, which have to be made again.
///
/// While the original still runs, set worker.schedule = "off": or both sync by themselves.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Restore {
    /// The file.
    file: PathBuf,
    /// Put the keyring that stands beside it, in FILE.keyring, into place.
    #[arg(long)]
    with_keyring: bool,
}

const ORIGINAL: &str =
    "If the original still runs, set worker.schedule = \"off\" here, or both sync by themselves.";

pub(super) async fn back_up(app: &App, args: Backup) -> Outcome {
    let store = app.open_existing().await?;
    let mut shown = proof::Shown::new(app.out);
    let show = |progress: store::copy::Progress<'_>| shown.show(progress);
    let proof = store.back_up(&args.file, args.force, show).await;
    drop(shown);
    let proof = proof?;
    let keyring = app.options().keyring();
    let then = if args.with_keyring && proof.holds() {
        let copy = beside(&args.file);
        keyring::copy(&keyring, &copy, args.force).map_err(::store::Error::from)?;
        format!(
            "The keyring is in {}: keep it elsewhere, for with it the backup opens every connection.",
            copy.display()
        )
    } else {
        format!(
            "The keyring is not in it. Keep a copy of {} elsewhere: without it every connection has to be made again \
             after a restore.",
            keyring.display()
        )
    };
    proof::report(app.out, &proof, &then)
}

pub(super) async fn restore(app: &App, args: Restore) -> Outcome {
    let Restore { file, with_keyring } = args;
    let kept = beside(&file);
    // Before anything is made.
    for path in std::iter::once(&file).chain(with_keyring.then_some(&kept)) {
        std::fs::metadata(path).map_err(|source| ::store::Error::File {
            path: path.clone(),
            source,
        })?;
    }
    app.make_data_dir()?;
    let options = app.options();
    let keyring = options.keyring();
    if with_keyring {
        keyring::copy(&kept, &keyring, false).map_err(::store::Error::from)?;
    }
    let mut shown = proof::Shown::new(app.out);
    let show = |progress: store::copy::Progress<'_>| shown.show(progress);
    let address = options.address();
    let proof = backup::restore(&file, &address, &options.data_dir, show).await;
    drop(shown);
    let keyring = keyring.display();
    let then = if with_keyring {
        format!("The keyring is in {keyring}.\n{ORIGINAL}")
    } else {
        format!(
            "The keyring is not in a backup. Put the original's in {keyring} before the start, or make every connection \
             again.\n{ORIGINAL}"
        )
    };
    proof::report(app.out, &proof?, &then)
}

/// Where the keyring of a backup stands.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".keyring");
    name.into()
}
