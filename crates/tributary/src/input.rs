//! Files that commands read.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::trouble::Trouble;

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
