//! The benchmarks of `docs/benchmarks.md`: whole processes, measured from outside.
//!
//! A run that is not proved, or that did not do the work expected, fails the benchmark. A slow one
//! never does: the table says so, and who reads it decides.

mod browser;
mod measure;
mod page;
mod product;
mod proof;
mod report;
mod sandbox;
mod web;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::{
    measure::{Ended, Usage},
    product::{Database, Mapping, Product},
    proof::Expected,
    report::{Circumstances, FULL_SIZE, Found, Row, Target},
    sandbox::{Known, Sandbox},
};
use crate::{
    steps::{self, Verdict},
    workspace::Workspace,
};

/// The smaller size at which memory is measured too: a run's memory must not grow with its portal.
const SMALL_SIZE: u64 = 100_000;

/// A contact's JSON is at least this long on the mean, or the work is easier than the targets
/// assume.
const LEAST_RECORD_BYTES: f64 = 900.0;

/// How many contacts tell the mean length.
const SAMPLE: u64 = 20_000;

/// How the benchmarks are run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Contacts in the portal; memory is measured at 100,000 besides when this is more.
    #[arg(long, default_value_t = FULL_SIZE, value_parser = clap::value_parser!(u64).range(1..))]
    contacts: u64,
    /// What the product keeps everything in.
    #[arg(long, default_value = "sqlite")]
    database: Database,
    /// Run only this one.
    #[arg(long)]
    only: Option<Benchmark>,
    /// The date the rows carry (YYYY-MM-DD); that of the last commit unless given.
    #[arg(long)]
    date: Option<String>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    /// How many records the sandbox serves each second.
    Sandbox,
    /// Import of visitor ids alone.
    Import,
    /// Import with metadata, first sync, second sync with nothing changed.
    Sync,
    /// The pages of the web application.
    Web,
}

/// Builds the release, measures, and prints the rows for `docs/benchmarks.md`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut build = workspace.cargo(["build", "--release"]);
    build.args(["--package", "tributary", "--package", "sandbox"]);
    if let Verdict::Failed(reason) = steps::run(&mut build)? {
        bail!("the release does not build: {reason}");
    }
    let circumstances = circumstances(workspace, options)?;
    let wanted = |benchmark| options.only.is_none_or(|only| only == benchmark);
    let mut rows = Vec::new();
    if wanted(Benchmark::Sandbox) {
        rows.push(throughput(workspace, options.contacts)?);
    }
    if wanted(Benchmark::Import) {
        rows.push(import(workspace, options)?);
    }
    if wanted(Benchmark::Sync) {
        rows.extend(syncs(workspace, options)?);
    }
    let mut pages = Vec::new();
    if wanted(Benchmark::Web) {
        let measured = web::measure(workspace, options.contacts, options.database)?;
        rows.extend(measured.rows);
        pages = measured.pages;
    }
    println!("\n{}", report::table(&circumstances, &rows));
    if !pages.is_empty() {
        println!(
            "\n{}",
            page::table(&circumstances, options.contacts, &pages)
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn throughput(workspace: &Workspace, contacts: u64) -> anyhow::Result<Row> {
    println!("\nsandbox: {} contacts", report::thousands(contacts));
    let speed = sandbox::speed(workspace, contacts)?;
    let rate = speed.records_per_second;
    println!(
        "    {rate:.0} records/s, {:.0} bytes each",
        speed.record_bytes
    );
    Ok(Row {
        what: "sandbox",
        contacts,
        found: Found::Rate(rate),
        target: Some(Target::sandbox(rate)),
    })
}

fn import(workspace: &Workspace, options: &Options) -> anyhow::Result<Row> {
    let contacts = options.contacts;
    println!("\nimport: {} visitor ids", report::thousands(contacts));
    let sandbox = Sandbox::start(workspace, contacts)?;
    let product = Product::new(workspace, sandbox.url(), options.database)?;
    let file = visitors(&sandbox, &product, Known::Ids, contacts)?;
    product.create_subscription()?;
    let usage = told("import", product.import_visitors(&file)?).usage;
    let target = (contacts == FULL_SIZE).then(|| Target::import(usage));
    Ok(Row {
        what: "import, ids alone",
        contacts,
        found: Found::Process(usage),
        target,
    })
}

/// The syncs at the size asked for and, when that is more, at the small one, whose memory they
/// must not outgrow.
fn syncs(workspace: &Workspace, options: &Options) -> anyhow::Result<Vec<Row>> {
    let (contacts, database) = (options.contacts, options.database);
    let mean = sandbox::speed(workspace, SAMPLE)?.record_bytes;
    println!("\na contact's JSON with the key and the mapped fields: {mean:.0} bytes on the mean");
    if mean < LEAST_RECORD_BYTES {
        bail!(
            "records too short to measure with: at least {LEAST_RECORD_BYTES} bytes are expected"
        );
    }
    let mut rows = Vec::new();
    if contacts <= SMALL_SIZE {
        sync(workspace, contacts, database, &mut rows)?;
        return Ok(rows);
    }
    let small = sync(workspace, SMALL_SIZE, database, &mut rows)?;
    let full = sync(workspace, contacts, database, &mut rows)?;
    let bytes = full.peak.cast_signed() - small.peak.cast_signed();
    let target = (contacts == FULL_SIZE).then(|| Target::growth(bytes));
    let what = "first sync, over its peak at 100,000";
    rows.push(Row {
        what,
        contacts,
        found: Found::Growth(bytes),
        target,
    });
    Ok(rows)
}

/// From an empty data directory to an unchanged second sync; returns what the first sync cost.
fn sync(
    workspace: &Workspace,
    contacts: u64,
    database: Database,
    rows: &mut Vec<Row>,
) -> anyhow::Result<Usage> {
    println!("\nsync: {} contacts", report::thousands(contacts));
    let sandbox = Sandbox::start(workspace, contacts)?;
    let product = Product::new(workspace, sandbox.url(), database)?;
    let full = contacts == FULL_SIZE;
    let mut row = |what, usage, target| {
        rows.push(Row {
            what,
            contacts,
            found: Found::Process(usage),
            target,
        });
    };

    let file = visitors(&sandbox, &product, Known::Everything, contacts)?;
    product.create_subscription()?;
    let import = told("import", product.import_visitors(&file)?).usage;
    row("import, with metadata and accounts", import, None);

    let portal = sandbox.portal();
    product.connect(&portal.token)?;
    product.map(&Mapping {
        key: &portal.key,
        fields: &portal.fields,
    })?;
    let expected = Expected {
        contacts,
        unknown: 0,
        fields: portal.fields.len() as u64,
    };

    let ended = told("first sync", product.sync()?);
    let run = expected.first_run(&ended.output)?;
    println!(
        "    {} calls, {} values written",
        proof::calls(&run),
        run["values"]["written"]
    );
    let first = ended.usage;
    row("first sync", first, full.then(|| Target::first_sync(first)));

    let ended = told("second sync", product.sync()?);
    expected.second_run(&ended.output)?;
    let second = ended.usage;
    row(
        "second sync, nothing changed",
        second,
        full.then(|| Target::second_sync(first, second)),
    );
    Ok(first)
}

/// The file to import, with as many visitors as that.
fn visitors(
    sandbox: &Sandbox,
    product: &Product<'_>,
    known: Known,
    contacts: u64,
) -> anyhow::Result<PathBuf> {
    let file = product.file("visitors.ndjson");
    let visitors = sandbox.known_visitors(known, contacts, &file)?;
    if visitors != contacts {
        bail!("the sandbox knows {visitors} visitors, expected {contacts}");
    }
    Ok(file)
}

/// Prints what a command cost as soon as it is known.
fn told(what: &str, ended: Ended) -> Ended {
    let Usage { cpu, wall, peak } = ended.usage;
    println!(
        "    {what}: {:.2} CPU s, {:.2} s, peak {} MB",
        cpu.as_secs_f64(),
        wall.as_secs_f64(),
        peak / report::MEGABYTE
    );
    ended
}

fn circumstances(workspace: &Workspace, options: &Options) -> anyhow::Result<Circumstances> {
    let date = match &options.date {
        Some(date) => date.clone(),
        None => git_says(workspace, ["log", "-1", "--format=%cs"])?,
    };
    let commit = git_says(
        workspace,
        ["describe", "--always", "--dirty", "--exclude=*"],
    )?;
    Ok(Circumstances {
        date,
        commit,
        machine: report::machine(),
    })
}

fn git_says<'a>(
    workspace: &Workspace,
    arguments: impl IntoIterator<Item = &'a str>,
) -> anyhow::Result<String> {
    let mut command: Command = workspace.git(arguments);
    let output = command.output().context("cannot run git")?;
    if !output.status.success() {
        bail!("git: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
