//! `tributary visitors import` and `tributary accounts import`.

use std::{
    fs::File,
    io::{BufWriter, Read, Write as _},
    path::PathBuf,
    sync::Arc,
};

use model::{Level, MetadataType};
use serde_json::{Value, json};
use store::{Scope, Store};
use sync::import::{BadLine, Format, Import, Options, Report};

use crate::{
    app::App,
    ask,
    failure::{Exit, Failure, Outcome},
    input,
    meter::Meter,
    output::number::{counted, grouped},
    trouble::Trouble,
};

/// Bad lines that are printed; all are counted.
const LISTED: usize = 20;

/// Load ids and agent metadata from a file.
///
/// NDJSON has one object per line: {"id":"…","agent":{…}}, for visitors with a list of "accounts" besides; null clears a
/// value.
/// CSV has a header row: id, for visitors accounts (ids separated by ;), every other column agent metadata; an empty
/// cell says nothing. Bad lines are listed and the rest is loaded; the exit status is 3 then.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The file; - reads standard input.
    file: PathBuf,
    /// The form of the file: ndjson or csv [default: by its first character].
    #[arg(long)]
    format: Option<Format>,
    /// Types of agent fields that are new: name=string, decimal, boolean or time, separated by commas.
    #[arg(long, value_name = "NAME=TYPE,…", value_delimiter = ',', value_parser = typed)]
    types: Vec<(String, MetadataType)>,
    /// The file is complete: remove what is not in it, after saying how many.
    #[arg(long)]
    mirror: bool,
    /// Remove without asking.
    #[arg(long, requires = "mirror")]
    yes: bool,
    /// Write every bad line with its number and reason to this file, as NDJSON.
    #[arg(long, value_name = "FILE")]
    errors_to: Option<PathBuf>,
}

fn typed(text: &str) -> Result<(String, MetadataType), String> {
    let (name, kind) = text
        .rsplit_once('=')
        .ok_or("write name=type, such as seats=decimal")?;
    let kind = kind
        .parse()
        .map_err(|error: model::names::UnknownName| error.to_string())?;
    // As in the header of an export.
    let name = name.strip_prefix("agent.").unwrap_or(name);
    Ok((name.to_owned(), kind))
}

pub(super) async fn run(app: &App, level: Level, args: Args) -> Outcome {
    let source = input::open(&args.file)?;
    let mut errors = args.errors_to.map(ErrorFile::create).transpose()?;
    let (store, scope) = app.open_level(level).await?;
    let options = Options {
        format: args.format,
        types: args.types,
        mirror: args.mirror,
    };
    let mut listed = Vec::new();
    let import = load(
        app,
        &store,
        scope,
        source.reader,
        source.length,
        options,
        |bad| {
            if let Some(errors) = &mut errors {
                errors.write(bad);
            }
            listed.extend(
                bad.iter()
                    .take(LISTED.saturating_sub(listed.len()))
                    .cloned(),
            );
        },
    )
    .await?;
    if let Some(errors) = errors {
        errors.finish()?;
    }
    for bad in &listed {
        app.out
            .note(format_args!("line {}: {}", grouped(bad.line), bad.reason));
    }
    let report = import.report();
    let unlisted = report.bad - listed.len() as u64;
    if unlisted > 0 {
        app.out
            .note(format_args!("and {} more bad lines", grouped(unlisted)));
    }
    let mut summary = Summary {
        level,
        listed,
        removed: 0,
        report: report.clone(),
    };
    if args.mirror {
        summary.removed = mirror(import, args.yes)
            .await
            .map_err(|failure| failure.reporting(summary.json()))?;
    }
    app.out.report(&summary.json(), summary.text());
    Ok(if summary.report.bad == 0 {
        Exit::Done
    } else {
        Exit::Partial
    })
}

/// Loads a file, showing how far it is.
pub(crate) async fn load(
    app: &App,
    store: &Store,
    scope: Scope,
    source: impl Read + Send + 'static,
    length: Option<u64>,
    options: Options,
    mut on_bad: impl FnMut(&[BadLine]),
) -> Result<Import, Failure> {
    let mut meter = Meter::new(app.out);
    let clock = Arc::clone(&app.clock);
    let observe = |report: &Report, bad: &[BadLine]| {
        on_bad(bad);
        meter.show(report.bytes, length, || {
            format!("{} read", counted(report.lines, "line")).into()
        });
    };
    Ok(sync::import::import(store, scope, source, options, clock, observe).await?)
}

/// Removes what the file did not hold, once somebody has agreed.
async fn mirror(mut import: Import, yes: bool) -> Result<u64, Failure> {
    let report = import.report();
    if report.bad > 0 {
        return Err(Trouble::MirrorBadLines { bad: report.bad }.into());
    }
    if report.lines == 0 {
        return Err(Trouble::MirrorEmpty.into());
    }
    let unseen = import.count_unseen().await?;
    if unseen == 0 {
        return Ok(0);
    }
    if !yes {
        let question = format!(
            "{} known that the file does not hold. Erase everything kept about them?",
            counted(unseen, "id")
        );
        match ask::confirm(&question) {
            Some(true) => {}
            Some(false) => {
                let kept = Trouble::MirrorUnconfirmed { unseen };
                return Err(Failure::from(kept).exiting(Exit::Partial));
            }
            None => return Err(Trouble::MirrorUnconfirmed { unseen }.into()),
        }
    }
    Ok(import.remove_unseen().await?)
}

/// What is said at the end.
struct Summary {
    level: Level,
    report: Report,
    listed: Vec<BadLine>,
    removed: u64,
}

impl Summary {
    fn json(&self) -> Value {
        let fields = self.report.fields.iter();
        json!({
            "schema": 1,
            "level": self.level.name(),
            "lines": self.report.lines,
            "created": self.report.created,
            "known": self.report.known,
            "removed": self.removed,
            "bad": self.report.bad,
            "bad_lines": self.listed,
            "new_fields": fields.map(|(name, kind)| (name.clone(), json!(kind.name()))).collect::<serde_json::Map<_, _>>(),
        })
    }

    fn text(&self) -> String {
        let Report {
            lines,
            created,
            known,
            bad,
            ..
        } = self.report;
        let mut text = vec![format!(
            "Read {}: {} new, {} known before, {}.",
            counted(lines, "line"),
            grouped(created),
            grouped(known),
            counted(bad, "bad line")
        )];
        if self.removed > 0 {
            text.push(format!(" Removed {}.", counted(self.removed, "id")));
        }
        if !self.report.fields.is_empty() {
            let fields: Vec<String> = self
                .report
                .fields
                .iter()
                .map(|(name, kind)| format!("agent.{name} ({kind})"))
                .collect();
            text.push(format!("\nNew fields: {}", fields.join(", ")));
        }
        text.concat()
    }
}

/// Where all bad lines go.
struct ErrorFile {
    path: PathBuf,
    file: BufWriter<File>,
    failed: Option<std::io::Error>,
}

impl ErrorFile {
    fn create(path: PathBuf) -> Result<Self, Trouble> {
        match File::create(&path) {
            Ok(file) => Ok(Self {
                path,
                file: BufWriter::new(file),
                failed: None,
            }),
            Err(source) => Err(Trouble::OutputFile { path, source }),
        }
    }

    fn write(&mut self, lines: &[BadLine]) {
        for line in lines {
            let line = json!(line);
            if let Err(error) = writeln!(self.file, "{line}") {
                self.failed.get_or_insert(error);
                return;
            }
        }
    }

    fn finish(mut self) -> Result<(), Trouble> {
        let flushed = self.file.flush();
        match self.failed.or(flushed.err()) {
            None => Ok(()),
            Some(source) => Err(Trouble::OutputFile {
                path: self.path,
                source,
            }),
        }
    }
}
