//! Writing visitors and accounts out, page by page: NDJSON as they are stored, or CSV of chosen columns.
//!
//! Stored metadata is in its export form already (see [`model::payload`]), so a line of NDJSON is put together from it
//! and not made anew.

mod columns;
mod csv;
mod labels;
mod ndjson;
mod sheet;
#[cfg(test)]
mod tests;

use model::{Level, payload::Malformed};
use store::{Scope, Store, subject::Subject};

pub use self::{
    columns::{Column, UnknownColumn},
    csv::guard_formula,
    labels::{Labels, Names},
    sheet::Sheet,
};
pub use crate::import::Format;

/// Visitors or accounts read at once.
const PAGE: i64 = 4_000;

/// What is written about each visitor or account.
#[derive(Debug, Clone)]
pub struct Options {
    /// The form.
    pub format: Format,
    /// Which columns, in this order; `None` for all.
    pub columns: Option<Vec<Column>>,
    /// What people see for stored values, written beside them.
    pub labels: Option<Labels>,
    /// CSV: puts a `'` before texts that a spreadsheet would take for a formula. Such a file is for people; the values
    /// in it are no longer those stored.
    pub guard_formulas: bool,
}

/// Why an export ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused.
    #[error("the export could not be read")]
    Store(#[from] store::Error),
    /// What is stored is damaged.
    #[error("the metadata of {id:?} cannot be read")]
    Malformed {
        /// Of which visitor or account.
        id: String,
        /// Where reading stopped.
        source: Malformed,
    },
}

/// An export under way. Memory stays that of one page, however many there are.
#[derive(Debug)]
pub struct Export {
    store: Store,
    scope: Scope,
    after: String,
    writer: Writer,
    started: bool,
    over: bool,
    written: u64,
}

#[derive(Debug)]
enum Writer {
    Ndjson(ndjson::Writer),
    Csv(csv::Writer),
}

impl Export {
    /// Prepares an export of one level.
    ///
    /// # Errors
    /// [`Error::Store`] when the level's fields cannot be read.
    pub async fn new(store: &Store, scope: Scope, options: Options) -> Result<Self, Error> {
        let writer = match options.format {
            Format::Ndjson => Writer::Ndjson(ndjson::Writer::new(
                scope.level,
                options.columns,
                options.labels,
            )),
            Format::Csv => {
                let fields = store.fields(scope).await?;
                let columns = match options.columns {
                    Some(columns) => columns,
                    None => columns::all(scope.level, &fields),
                };
                Writer::Csv(csv::Writer::new(
                    columns,
                    options.labels,
                    options.guard_formulas,
                ))
            }
        };
        Ok(Self {
            store: store.clone(),
            scope,
            after: String::new(),
            writer,
            started: false,
            over: false,
            written: 0,
        })
    }

    /// Appends the next page to `out`; says whether there may be more.
    pub async fn write_page(&mut self, out: &mut Vec<u8>) -> Result<bool, Error> {
        if self.over {
            return Ok(false);
        }
        let page = self.store.subjects(self.scope, &self.after, PAGE).await?;
        let header = !std::mem::replace(&mut self.started, true);
        write(&mut self.writer, header, &page, out).map_err(|(id, source)| Error::Malformed {
            id: id.to_owned(),
            source,
        })?;
        self.written += page.len() as u64;
        self.over = i64::try_from(page.len()).is_ok_and(|length| length < PAGE);
        if let Some(last) = page.into_iter().last() {
            self.after = last.id;
        }
        Ok(!self.over)
    }

    /// How many visitors or accounts were written so far.
    pub fn written(&self) -> u64 {
        self.written
    }
}

/// Appends a page; fails with the id whose metadata is damaged.
fn write<'a>(
    writer: &mut Writer,
    header: bool,
    page: &'a [Subject],
    out: &mut Vec<u8>,
) -> Result<(), (&'a str, Malformed)> {
    match writer {
        Writer::Ndjson(writer) => page.iter().try_for_each(|subject| {
            writer
                .line(subject, out)
                .map_err(|malformed| (subject.id.as_str(), malformed))
        }),
        Writer::Csv(writer) => {
            let mut sheet = ::csv::Writer::from_writer(out);
            if header {
                sheet.write_record(writer.header()).expect(IN_MEMORY);
            }
            for subject in page {
                let row = writer
                    .row(subject)
                    .map_err(|malformed| (subject.id.as_str(), malformed))?;
                sheet.write_record(row).expect(IN_MEMORY);
            }
            sheet.flush().expect(IN_MEMORY);
            Ok(())
        }
    }
}

const IN_MEMORY: &str = "writing rows of one width to memory does not fail";

/// The account ids of a visitor, where there can be any.
fn accounts(level: Level, subject: &Subject) -> Option<&str> {
    match level {
        Level::Visitor => subject.accounts.as_deref(),
        Level::Account => None,
    }
}
