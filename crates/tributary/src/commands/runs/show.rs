//! `tributary runs show`.

use std::{borrow::Cow, io, sync::Arc};

use model::{Quarantine, RecordId, RunId};
use serde_json::{json, value::RawValue};
use store::{Store, run::Run};

use super::list;
use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{
        number::grouped,
        table::{Align, Table, one_line},
    },
    report,
    trouble::Trouble,
};

/// Show one run: its report, or what it found.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run's number.
    run: RunId,
    #[command(flatten)]
    what: What,
    /// The whole list as CSV instead of a table.
    #[arg(long, requires = "what", conflicts_with = "json")]
    csv: bool,
    /// How many rows at most, except for CSV.
    #[arg(long, default_value_t = 1_000, requires = "what", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

#[derive(Debug, clap::Args)]
#[group(id = "what", multiple = false)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "clap's group lets at most one be set"
)]
struct What {
    /// The records that matched nothing, with the reason.
    #[arg(long)]
    misses: bool,
    /// The values that were kept out, with the reason.
    #[arg(long)]
    quarantined: bool,
    /// The visitors or accounts whose values changed, before and after.
    #[arg(long)]
    changed: bool,
    /// The links that ended, with the reason.
    #[arg(long)]
    ended: bool,
}

/// Rows read at once.
const PAGE: i64 = 2_000;

/// Columns a cell may take in a table.
const WIDE: usize = 60;

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let run = store
        .run(subscription, args.run)
        .await?
        .ok_or(Trouble::UnknownRun(args.run))?;
    let list = match &args.what {
        What { misses: true, .. } => List::Misses,
        What {
            quarantined: true, ..
        } => List::Quarantined,
        What { changed: true, .. } => List::Changed,
        What { ended: true, .. } => List::Ended,
        _ => {
            let mut report = json!({ "schema": 1 });
            let described = list::described(&run);
            report["run"] = described.clone();
            app.out.report(&report, report::text(app.out, &described));
            return Ok(Exit::Done);
        }
    };
    if run.pruned {
        app.out.note(format_args!(
            "The details of run {} are past their retention of {} days and gone.",
            run.id, app.config.retention_days
        ));
    }
    if args.csv {
        return csv(&store, run.id, list).await;
    }
    let rows = Pages::new(&store, run.id, list)
        .up_to(args.limit as usize)
        .await?;
    let truncated = rows.len() > args.limit as usize;
    let rows = &rows[..rows.len().min(args.limit as usize)];
    let report = Listed {
        run: &run,
        list,
        rows,
        truncated,
    };
    let text = if rows.is_empty() {
        format!("Run {} has none.", run.id)
    } else if truncated {
        format!(
            "{}\n\nthe first {}; the whole list: tributary runs show {} --{} --csv",
            table(list, rows),
            grouped(rows.len() as u64),
            run.id,
            list.name()
        )
    } else {
        table(list, rows)
    };
    app.out.report(&report, text);
    Ok(Exit::Done)
}

/// What can be listed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Misses,
    Quarantined,
    Changed,
    Ended,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Misses => "misses",
            Self::Quarantined => "quarantined",
            Self::Changed => "changed",
            Self::Ended => "ended",
        }
    }

    const fn columns(self) -> [&'static str; 4] {
        match self {
            Self::Misses => ["record", "reason", "key", "near"],
            Self::Quarantined => ["record", "property", "reason", "value"],
            Self::Changed => ["id", "record", "before", "after"],
            Self::Ended => ["id", "record", "reason", ""],
        }
    }

    /// Whether a column holds stored metadata, which is JSON already.
    fn is_json(self, column: &str) -> bool {
        self == Self::Changed && matches!(column, "before" | "after")
    }
}

/// One row; `None` where there is nothing.
type Row = [Option<String>; 4];

/// Reads a list of any length page by page.
struct Pages<'a> {
    store: &'a Store,
    run: RunId,
    list: List,
    after: (RecordId, Arc<str>),
    position: i64,
    over: bool,
}

impl<'a> Pages<'a> {
    fn new(store: &'a Store, run: RunId, list: List) -> Self {
        Self {
            store,
            run,
            list,
            after: (RecordId(0), "".into()),
            position: -1,
            over: false,
        }
    }

    /// The first rows: all there are, or more than `limit`.
    async fn up_to(mut self, limit: usize) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        while rows.len() <= limit
            && let Some(page) = self.next().await?
        {
            rows.extend(page);
        }
        Ok(rows)
    }

    async fn next(&mut self) -> Result<Option<Vec<Row>>, Failure> {
        if self.over {
            return Ok(None);
        }
        let (store, run, all) = (self.store, self.run, store::findings::Only::default());
        let rows: Vec<Row> = match self.list {
            List::Misses => {
                let page = store.missed(run, &all, self.after.0, PAGE).await?;
                self.after.0 = page.last().map_or(self.after.0, |last| last.record);
                page.into_iter()
                    .map(|miss| {
                        let reason = Some(miss.reason.code().to_owned());
                        [Some(miss.record.to_string()), reason, miss.key, miss.near]
                    })
                    .collect()
            }
            List::Quarantined => {
                let (record, property) = &self.after;
                let page = store
                    .quarantined(run, &all, (*record, property), PAGE)
                    .await?;
                if let Some(last) = page.last() {
                    self.after = (last.record, last.property.as_str().into());
                }
                page.into_iter()
                    .map(|one| {
                        let record = Some(one.record.to_string());
                        [
                            record,
                            Some(one.property),
                            Some(one.reason),
                            Some(one.value),
                        ]
                    })
                    .collect()
            }
            List::Changed => {
                let page = store.changed(run, &all, self.position, PAGE).await?;
                self.position = page.last().map_or(self.position, |last| last.position);
                page.into_iter()
                    .map(|one| {
                        let record = Some(one.record.to_string());
                        [Some(one.id), record, one.before, Some(one.after)]
                    })
                    .collect()
            }
            List::Ended => {
                let page = store.ended_links(run, self.position.max(0), PAGE).await?;
                self.position = page.last().map_or(self.position, |last| last.number);
                page.into_iter()
                    .map(|one| {
                        [
                            Some(one.id),
                            Some(one.record.to_string()),
                            Some(one.reason),
                            None,
                        ]
                    })
                    .collect()
            }
        };
        self.over |= i64::try_from(rows.len()).is_ok_and(|length| length < PAGE);
        Ok(Some(rows))
    }
}

/// Writes a whole list as CSV.
async fn csv(store: &Store, run: RunId, list: List) -> Outcome {
    let mut sheet = ::csv::Writer::from_writer(io::stdout().lock());
    let columns: Vec<&str> = list
        .columns()
        .into_iter()
        .filter(|name| !name.is_empty())
        .collect();
    let mut written = sheet.write_record(&columns);
    let mut pages = Pages::new(store, run, list);
    while written.is_ok()
        && let Some(page) = pages.next().await?
    {
        written = page.iter().try_for_each(|row| {
            let cells = row.iter().take(columns.len());
            sheet.write_record(cells.map(|cell| cell.as_deref().unwrap_or_default()))
        });
    }
    let flushed = written
        .map_err(io::Error::from)
        .and_then(|()| sheet.flush());
    match flushed {
        Ok(()) => Ok(Exit::Done),
        // Whoever reads it may stop at any time, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(source) => Err(Trouble::OutputFile {
            path: "standard output".into(),
            source,
        }
        .into()),
    }
}

fn table(list: List, rows: &[Row]) -> String {
    let [one, two, three, four] = list.columns();
    let mut table = Table::new([
        (one, Align::Left),
        (two, Align::Left),
        (three, Align::Left),
        (four, Align::Left),
    ]);
    for row in rows {
        table.row(row.each_ref().map(|cell| match cell.as_deref() {
            Some(code) if list == List::Quarantined && Quarantine::from_code(code).is_some() => {
                Quarantine::from_code(code).map_or_else(String::new, |reason| reason.to_string())
            }
            Some(text) => one_line(&visible(list, text), WIDE),
            None => "–".into(),
        }));
    }
    table.to_string()
}

/// A key whose white space matters is shown in quotes, with what cannot be seen spelled out.
fn visible(list: List, text: &str) -> Cow<'_, str> {
    if list == List::Misses && text.contains(char::is_whitespace) {
        format!("{text:?}").into()
    } else {
        text.into()
    }
}

/// A list as JSON, with stored metadata to the letter.
struct Listed<'a> {
    run: &'a Run,
    list: List,
    rows: &'a [Row],
    truncated: bool,
}

impl serde::Serialize for Listed<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("run", &self.run.id.to_string())?;
        map.serialize_entry("level", self.run.level.name())?;
        map.serialize_entry("details_kept", &!self.run.pruned)?;
        map.serialize_entry("truncated", &self.truncated)?;
        let rows: Vec<ListedRow<'_>> = self
            .rows
            .iter()
            .map(|row| ListedRow(self.list, row))
            .collect();
        map.serialize_entry(self.list.name(), &rows)?;
        map.end()
    }
}

struct ListedRow<'a>(List, &'a Row);

impl serde::Serialize for ListedRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        for (name, cell) in self.0.columns().into_iter().zip(self.1) {
            if name.is_empty() {
                continue;
            }
            if self.0.is_json(name) {
                let raw = cell
                    .clone()
                    .and_then(|text| RawValue::from_string(text).ok());
                map.serialize_entry(name, &raw)?;
            } else {
                map.serialize_entry(name, cell)?;
            }
        }
        map.end()
    }
}
