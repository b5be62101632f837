//! CSV of any selection of visitors or accounts, as whoever selects hands them over.

use model::Level;
use store::{mapping::Field, subject::Subject};

use super::{Column, Error, IN_MEMORY, Labels, Writer, columns, csv, write};

/// A sheet under way, in the same form as an [`Export`](super::Export) as CSV.
#[derive(Debug)]
pub struct Sheet {
    writer: Writer,
}

impl Sheet {
    /// Prepares a sheet of `columns`; `None` for all that a level with these fields has.
    pub fn new(
        level: Level,
        fields: &[Field],
        columns: Option<Vec<Column>>,
        labels: Option<Labels>,
        guard_formulas: bool,
    ) -> Self {
        let columns = columns.unwrap_or_else(|| columns::all(level, fields));
        Self {
            writer: Writer::Csv(csv::Writer::new(columns, labels, guard_formulas)),
        }
    }

    /// Appends the header row to `out`.
    pub fn write_header(&self, out: &mut Vec<u8>) {
        if let Writer::Csv(writer) = &self.writer {
            let mut sheet = ::csv::Writer::from_writer(out);
            sheet.write_record(writer.header()).expect(IN_MEMORY);
            sheet.flush().expect(IN_MEMORY);
        }
    }

    /// Appends rows to `out`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when what is stored is damaged.
    pub fn write_rows(&mut self, subjects: &[Subject], out: &mut Vec<u8>) -> Result<(), Error> {
        write(&mut self.writer, false, subjects, out).map_err(|(id, source)| Error::Malformed {
            id: id.to_owned(),
            source,
        })
    }
}
