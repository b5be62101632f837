//! `tributary export`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use model::Level;
use serde_json::json;
use store::{Scope, Store, mapping::Field};
use sync::export::{Column, Export, Format, Labels, Options};

use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::{number::counted, warn},
    similar,
    trouble::Trouble,
    usage,
};

/// Write visitors or accounts with their metadata, as CSV or NDJSON.
///
/// NDJSON has one object per id: {"id":"…","metadata":{"hubspot":{…},"agent":{…}}}, where a field without a value is absent.
/// CSV has the columns id, for visitors accounts, then group.field, such as hubspot.plan.
///
/// Values are written as they are stored. CSV that people will open in a spreadsheet should be written with
/// --guard-formulas: a text that begins with = + - or @ is taken for a formula there, and texts may come from anybody
/// who fills in a form.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which level.
    what: What,
    /// The form: csv or ndjson.
    #[arg(long)]
    format: Format,
    /// Only these columns, in this order: accounts, group.field; the id always comes first.
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    columns: Option<Vec<Column>>,
    /// Write what people see beside what is stored: labels of options, names of owners. Asks HubSpot.
    #[arg(long)]
    labels: bool,
    /// CSV: put a ' before texts that a spreadsheet would take for a formula.
    #[arg(long)]
    guard_formulas: bool,
    /// Write to this file instead of standard output; it is replaced only by a complete export.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// The persons.
    Visitors,
    /// The organisations.
    Accounts,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    if app.out.json && args.output.is_none() {
        return Err(usage(
            "--json prints one object to standard output; name a file for the export with --output",
        ));
    }
    if args.guard_formulas && args.format == Format::Ndjson {
        return Err(usage("--guard-formulas is for CSV"));
    }
    let level = match args.what {
        What::Visitors => Level::Visitor,
        What::Accounts => Level::Account,
    };
    let (store, scope) = app.open_level(level).await?;
    let fields = store.fields(scope).await?;
    if let Some(columns) = &args.columns {
        check(level, columns, &fields)?;
    }
    let labels = if args.labels {
        Some(labels(app, &store, scope, &fields).await?)
    } else {
        None
    };
    let options = Options {
        format: args.format,
        columns: args.columns,
        labels,
        guard_formulas: args.guard_formulas,
    };
    let mut export = Export::new(&store, scope, options).await?;
    let Some(path) = args.output else {
        // Whoever reads it may stop at any time, as `head` does; that is no failure.
        return match pump(&mut export, io::stdout().lock()).await? {
            Ok(()) => Ok(Exit::Done),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
            Err(source) => Err(Trouble::OutputFile {
                path: "standard output".into(),
                source,
            }
            .into()),
        };
    };
    to_file(&mut export, &path).await?;
    let written = export.written();
    app.out.report(
        &json!({ "schema": 1, "level": level.name(), "written": written, "output": path }),
        format_args!(
            "Wrote {} to {}.",
            counted(written, level.name()),
            path.display()
        ),
    );
    Ok(Exit::Done)
}

/// Columns that exist; a slip is told its nearest name.
fn check(level: Level, columns: &[Column], fields: &[Field]) -> Result<(), Trouble> {
    let name = |field: &Field| format!("{}.{}", field.group, field.name);
    for column in columns {
        let there = match column {
            Column::Id => true,
            Column::Accounts => level == Level::Visitor,
            Column::Field { .. } => fields.iter().any(|field| name(field) == column.to_string()),
        };
        if !there {
            let names: Vec<String> = fields.iter().map(name).collect();
            let column = column.to_string();
            return Err(Trouble::UnknownField {
                nearest: similar::nearest(&column, names.iter().map(String::as_str)),
                name: column,
            });
        }
    }
    Ok(())
}

/// The labels of the level's fields, from HubSpot's catalogue and owners.
async fn labels(
    app: &App,
    store: &Store,
    scope: Scope,
    fields: &[Field],
) -> Result<Labels, Failure> {
    let client = app.client(store, scope.subscription).await?;
    let (labels, owners) = Labels::read(&client, scope.level, fields).await?;
    // Names are worth having, but not worth failing for.
    if !owners {
        warn("The connection may not read owners: their ids stay without names.");
    }
    Ok(labels)
}

/// Writes page by page; an error of the writer's comes back inside.
async fn pump(export: &mut Export, mut out: impl Write) -> Result<io::Result<()>, Failure> {
    let mut page = Vec::new();
    loop {
        let more = export.write_page(&mut page).await?;
        if let Err(error) = out.write_all(&page) {
            return Ok(Err(error));
        }
        page.clear();
        if !more {
            return Ok(out.flush());
        }
    }
}

/// Writes beside the file and moves it there whole.
async fn to_file(export: &mut Export, path: &Path) -> Result<(), Failure> {
    let failed = |source| Trouble::OutputFile {
        path: path.to_owned(),
        source,
    };
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let file = File::create(&draft).map_err(failed)?;
    let written = match pump(export, BufWriter::new(&file)).await {
        Ok(Ok(())) => file.sync_all().and_then(|()| std::fs::rename(&draft, path)),
        Ok(Err(error)) => Err(error),
        Err(failure) => {
            // The failure itself matters more than what is left of it.
            drop(std::fs::remove_file(&draft));
            return Err(failure);
        }
    };
    written.map_err(|error| {
        drop(std::fs::remove_file(&draft));
        failed(error).into()
    })
}
