//! Files that commands read.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use secrecy::SecretString;

use crate::trouble::Trouble;

/// A token is short; anything longer is another file.
const LONGEST_TOKEN: u64 = 16 << 10;

/// A file to read, with its length where that is known.
pub(crate) struct Input {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) length: Option<u64>,
}

/// Opens a file; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Input, Trouble> {
    if path.as_os_str() == "-" {
        return Ok(Input {
            reader: Box::new(io::stdin()),
            length: None,
        });
    }
    let failed = |source| Trouble::InputFile {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    Ok(Input {
        reader: Box::new(file),
        length: metadata.is_file().then_some(metadata.len()),
    })
}

/// Reads a file that holds a token, or a key, and nothing else; `-` is standard input.
pub(crate) fn token(path: &Path) -> Result<SecretString, Trouble> {
    let wrong = |problem| Trouble::TokenFileContent {
        path: path.to_owned(),
        problem,
    };
    let file = open(path).map_err(|trouble| match trouble {
        Trouble::InputFile { path, source } => Trouble::TokenFile { path, source },
        other => other,
    })?;
    let mut text = String::new();
    file.reader
        .take(LONGEST_TOKEN)
        .read_to_string(&mut text)
        .map_err(|source| Trouble::TokenFile {
            path: path.to_owned(),
            source,
        })?;
    let token = text.trim_start_matches('\u{feff}').trim();
    if token.is_empty() {
        Err(wrong("is empty"))
    } else if token
        .chars()
        .any(|one| one.is_whitespace() || one.is_control())
    {
        Err(wrong("holds more than a token"))
    } else {
        Ok(token.into())
    }
}
