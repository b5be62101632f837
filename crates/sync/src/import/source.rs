//! The file as a stream of lines: byte order mark, line ends, and lines too long for memory.

use std::{
    io::{self, BufRead as _, BufReader, Read},
    str::FromStr,
};

use super::Error;

/// Longest line that is read, in bytes.
pub(super) const MAX_LINE: usize = 4 << 20;

const BUFFER: usize = 256 << 10;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object per line.
    Ndjson,
    /// Comma-separated values with a header row.
    Csv,
}

impl FromStr for Format {
    type Err = model::names::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err(model::names::UnknownName {
                what: "format",
                expected: "ndjson, csv",
                text: text.into(),
            }),
        }
    }
}

/// A file being read, past its byte order mark.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: BufReader<Counted<R>>,
}

#[derive(Debug)]
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What [`Source::line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It stands in the buffer, without its end.
    Read,
    /// It is longer than [`MAX_LINE`] and was skipped.
    TooLong,
    /// The file has no more.
    End,
}

impl<R: Read> Source<R> {
    /// Starts reading.
    pub(super) fn open(inner: R) -> Result<Self, Error> {
        let counted = Counted { inner, bytes: 0 };
        let mut reader = BufReader::with_capacity(BUFFER, counted);
        let start = reader.fill_buf().map_err(unreadable)?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(Error::Utf16);
        }
        if start.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        Ok(Self { reader })
    }

    /// NDJSON if the first character is a bracket, else CSV.
    pub(super) fn guess_format(&mut self) -> Result<Format, Error> {
        let start = self.reader.fill_buf().map_err(unreadable)?;
        match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Ok(Format::Ndjson),
            _ => Ok(Format::Csv),
        }
    }

    /// Bytes taken from the file so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.get_ref().bytes
    }

    /// Reads the next line into `line`, without `\n` or `\r\n`.
    pub(super) fn line(&mut self, line: &mut Vec<u8>) -> io::Result<Line> {
        line.clear();
        let limit = MAX_LINE as u64 + 2;
        let read = (&mut self.reader).take(limit).read_until(b'\n', line)?;
        if read == 0 {
            return Ok(Line::End);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        } else if read as u64 == limit {
            line.clear();
            self.reader.skip_until(b'\n')?;
            return Ok(Line::TooLong);
        }
        Ok(if line.len() > MAX_LINE {
            Line::TooLong
        } else {
            Line::Read
        })
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

fn unreadable(source: io::Error) -> Error {
    Error::Read { line: 0, source }
}
