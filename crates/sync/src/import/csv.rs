//! CSV with a header row: `id`, `accounts` with ids separated by `;`, every other column agent metadata.

use std::{borrow::Cow, io::Read};

use csv::{ByteRecord, ReaderBuilder};
use model::{Level, MetadataType};
use store::import::NewSubject;

use super::{
    Error, Outbox, Reason, Stop, ids,
    json::{self, Agent, check_name},
    source::{MAX_LINE, Source},
    types::Types,
};

/// Reads a whole file.
pub(super) fn read(
    source: Source<impl Read>,
    level: Level,
    types: &mut Types,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let source = Bounded {
        source,
        left: MAX_LINE,
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(source);
    let mut record = ByteRecord::new();
    if !reader
        .read_byte_record(&mut record)
        .map_err(unreadable(0))?
    {
        return Err(Error::Header("the file is empty".into()).into());
    }
    let header = Header::read(&record, level, types)?;
    let mut agent = Agent::default();
    loop {
        reader.get_mut().left = MAX_LINE;
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) if is_too_long(&error) => {
                let bytes = reader.get_ref().source.bytes_read();
                outbox.put(line, bytes, Err(Reason::OpenQuote), types)?;
                return Ok(());
            }
            Err(error) => return Err(unreadable(line)(error).into()),
        }
        let line = record.position().map_or(line, csv::Position::line);
        let outcome = header.row(&record, &mut agent, types);
        let bytes = reader.get_ref().source.bytes_read();
        outbox.put(line, bytes, outcome, types)?;
    }
}

/// What the columns mean.
#[derive(Debug)]
struct Header {
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Id,
    Accounts,
    Agent(String),
}

impl Header {
    fn read(record: &ByteRecord, level: Level, types: &Types) -> Result<Self, Error> {
        let wrong = |problem: String| Err(Error::Header(problem));
        let mut names = Vec::with_capacity(record.len());
        let mut columns = Vec::with_capacity(record.len());
        for (at, name) in record.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(name) else {
                return wrong("it is not UTF-8".into());
            };
            let name = name.trim();
            let column = match (name, name.split_once('.')) {
                ("id", _) => Column::Id,
                ("accounts", _) if level == Level::Visitor => Column::Accounts,
                ("accounts", _) => {
                    return wrong("accounts belong to visitors; an account has none".into());
                }
                (_, Some((group @ ("hubspot" | "custom" | "auto"), _))) => {
                    return wrong(format!(
                        "the column {name} is of the group {group}, and only agent metadata can be imported"
                    ));
                }
                // An export writes the group; the same file can be imported again.
                (_, Some(("agent", name))) => Column::Agent(name.into()),
                _ => Column::Agent(name.into()),
            };
            if let Column::Agent(name) = &column
                && check_name(name).is_err()
            {
                return wrong(format!(
                    "column {} has no name, or one with a control character or of more than 255 bytes",
                    at + 1
                ));
            }
            let known = match &column {
                Column::Id => "id",
                Column::Accounts => "accounts",
                Column::Agent(name) => name,
            };
            if names.contains(&known.to_owned()) {
                return wrong(format!("the column {name} stands twice"));
            }
            names.push(known.to_owned());
            columns.push(column);
        }
        if !columns.iter().any(|column| matches!(column, Column::Id)) {
            return wrong("there is no column id".into());
        }
        if let Some(missing) = types.said_but_not_among(&names) {
            return wrong(format!(
                "there is no column {missing}, for which a type is said"
            ));
        }
        Ok(Self { columns })
    }

    fn row(
        &self,
        record: &ByteRecord,
        agent: &mut Agent,
        types: &mut Types,
    ) -> Result<NewSubject, Reason> {
        if record.len() != self.columns.len() {
            return Err(Reason::Columns {
                expected: self.columns.len(),
                found: record.len(),
            });
        }
        types.start_line();
        agent.start();
        let mut id = "";
        let mut accounts = None;
        for (column, cell) in self.columns.iter().zip(record) {
            let cell = std::str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?;
            match column {
                Column::Id => {
                    ids::check(cell)?;
                    id = cell;
                }
                _ if cell.is_empty() => {}
                Column::Accounts => accounts = Some(account_list(cell)?),
                Column::Agent(name) => {
                    // The header names no field twice.
                    let kind = types.field(name, Some(MetadataType::String));
                    let kind = kind.ok().flatten().unwrap_or(MetadataType::String);
                    agent.put_cell(name, kind, cell)?;
                }
            }
        }
        types.keep_line();
        Ok(NewSubject {
            id: id.into(),
            accounts,
            agent: agent.finish(),
        })
    }
}

fn account_list(cell: &str) -> Result<String, Reason> {
    let mut accounts = Vec::new();
    for id in cell.split(';').filter(|id| !id.is_empty()) {
        ids::add_account(&mut accounts, Cow::Borrowed(id))?;
    }
    Ok(json::array(&accounts))
}

fn unreadable(line: u64) -> impl FnOnce(csv::Error) -> Error {
    move |error| {
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            other => std::io::Error::other(format!("{other:?}")),
        };
        Error::Read { line, source }
    }
}

/// Gives out at most so many bytes per row: a quote that is never closed would read the whole file into memory.
#[derive(Debug)]
struct Bounded<R> {
    source: Source<R>,
    left: usize,
}

/// The row at hand is longer than [`MAX_LINE`].
#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct RowTooLong;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.left = match self.left.checked_sub(read) {
            Some(left) => left,
            None => return Err(std::io::Error::other(RowTooLong)),
        };
        Ok(read)
    }
}

fn is_too_long(error: &csv::Error) -> bool {
    match error.kind() {
        csv::ErrorKind::Io(error) => error
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<RowTooLong>),
        _ => false,
    }
}
