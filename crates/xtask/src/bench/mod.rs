//! The benchmarks of `docs/benchmarks.md`: whole processes, measured from outside.
//!
//! A run that is not proved, or that did not do the work expected, fails the benchmark. A slow one
//! never does: the table says so, and who reads it decides.

mod browser;
mod crowd;
mod idle;
mod measure;
mod night;
mod page;
mod pendo;
mod product;
mod proof;
mod report;
mod sandbox;
mod server;
mod web;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::{
    crowd::Size,
    measure::{Ended, Usage},
    product::{Database, Product},
    proof::Expected,
    report::{Circumstances, FULL_SIZE, Found, Row, Target},
    sandbox::{Known, Portal, Sandbox},
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

/// The subscription, where there is only one, and its time zone.
const NAME: &str = "Bench";
const ZONE: &str = "UTC";

/// How many contacts tell the mean length.
const SAMPLE: u64 = 20_000;

/// How the benchmarks are run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Contacts in the portal, 1,000,000 unless given; memory is measured at 100,000 besides when this is more. For a
    /// night those of each subscription, 20,000 unless given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    contacts: Option<u64>,
    /// Subscriptions of a night.
    #[arg(long, default_value_t = night::FULL_SIZE.subscriptions, value_parser = clap::value_parser!(u64).range(1..))]
    subscriptions: u64,
    /// What the product keeps everything in.
    #[arg(long, default_value = "sqlite")]
    database: Database,
    /// Run only this one; without it, all but the night, the idle process and Pendo.
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
    /// Two nights of many subscriptions, served by one process.
    Night,
    /// A process that has nothing to do.
    Idle,
    /// Delivery to Pendo, and a sync with nothing to deliver.
    Pendo,
}

impl Benchmark {
    /// Whether it is about one subscription, as what is run together is.
    const fn is_of_one(self) -> bool {
        !matches!(self, Self::Night | Self::Idle | Self::Pendo)
    }
}

impl Options {
    /// Contacts of the one portal.
    fn contacts(&self) -> u64 {
        self.contacts.unwrap_or(FULL_SIZE)
    }

    fn night(&self) -> Size {
        Size {
            subscriptions: self.subscriptions,
            contacts: self.contacts.unwrap_or(night::FULL_SIZE.contacts),
        }
    }

    fn wants(&self, benchmark: Benchmark) -> bool {
        self.only
            .map_or(benchmark.is_of_one(), |only| only == benchmark)
    }
}

/// Builds the release, measures, and prints the rows for `docs/benchmarks.md`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut build = workspace.cargo(["build", "--release"]);
    build.args(["--package", "tributary", "--package", "sandbox"]);
    if let Verdict::Failed(reason) = steps::run(&mut build)? {
        bail!("the release does not build: {reason}");
    }
    let circumstances = circumstances(workspace, options)?;
    let contacts = options.contacts();
    let mut rows = Vec::new();
    if options.wants(Benchmark::Sandbox) {
        rows.push(throughput(workspace, contacts)?);
    }
    if options.wants(Benchmark::Import) {
        rows.push(import(workspace, options)?);
    }
    if options.wants(Benchmark::Sync) {
        rows.extend(syncs(workspace, options)?);
    }
    let mut pages = Vec::new();
    if options.wants(Benchmark::Web) {
        let measured = web::measure(workspace, contacts, options.database)?;
        rows.extend(measured.rows);
        pages = measured.pages;
    }
    if options.wants(Benchmark::Night) {
        rows.extend(night::measure(
            workspace,
            options.database,
            options.night(),
        )?);
    }
    if options.wants(Benchmark::Idle) {
        rows.push(idle::measure(workspace, options.database)?);
    }
    if options.wants(Benchmark::Pendo) {
        rows.extend(pendo::measure(workspace, options.database, contacts)?);
    }
    println!("\n{}", report::table(&circumstances, &rows));
    if !pages.is_empty() {
        println!("\n{}", page::table(&circumstances, contacts, &pages));
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
        what: "sandbox".to_owned(),
        contacts,
        found: Found::Rate(rate),
        target: Some(Target::sandbox(rate)),
    })
}

fn import(workspace: &Workspace, options: &Options) -> anyhow::Result<Row> {
    let contacts = options.contacts();
    println!("\nimport: {} visitor ids", report::thousands(contacts));
    let sandbox = Sandbox::start(workspace, contacts)?;
    let product = Product::new(workspace, sandbox.url(), options.database)?;
    let file = visitors(&sandbox, &product, sandbox.portal(), Known::Ids, contacts)?;
    let subscription = product.subscribe(NAME, ZONE)?;
    let usage = told("import", subscription.import_visitors(&file)?).usage;
    let target = (contacts == FULL_SIZE).then(|| Target::import(usage));
    Ok(Row {
        what: "import, ids alone".to_owned(),
        contacts,
        found: Found::Process(usage),
        target,
    })
}

/// The syncs at the size asked for and, when that is more, at the small one, whose memory they
/// must not outgrow.
fn syncs(workspace: &Workspace, options: &Options) -> anyhow::Result<Vec<Row>> {
    let (contacts, database) = (options.contacts(), options.database);
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
    rows.push(Row {
        what: "first sync, over its peak at 100,000".to_owned(),
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
    let mut row = |what: &str, usage, target| {
        rows.push(Row {
            what: what.to_owned(),
            contacts,
            found: Found::Process(usage),
            target,
        });
    };

    let portal = sandbox.portal();
    let file = visitors(&sandbox, &product, portal, Known::Everything, contacts)?;
    let subscription = product.subscribe(NAME, ZONE)?;
    let import = told("import", subscription.import_visitors(&file)?).usage;
    row("import, with metadata and accounts", import, None);

    subscription.connect(portal)?;
    let expected = Expected {
        contacts,
        unknown: 0,
        fields: portal.fields.len() as u64,
    };

    let ended = told("first sync", subscription.sync()?);
    let run = expected.first_run(&ended.output)?;
    println!(
        "    {} calls, {} values written",
        proof::calls(&run),
        run["values"]["written"]
    );
    let first = ended.usage;
    row("first sync", first, full.then(|| Target::first_sync(first)));

    let ended = told("second sync", subscription.sync()?);
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
    portal: &Portal,
    known: Known,
    contacts: u64,
) -> anyhow::Result<PathBuf> {
    let file = product.file("visitors.ndjson");
    let visitors = sandbox.known_visitors(portal, known, contacts, &file)?;
    if visitors != contacts {
        bail!("the sandbox knows {visitors} visitors, expected {contacts}");
    }
    Ok(file)
}

/// Prints what a command cost as soon as it is known.
fn told(what: &str, ended: Ended) -> Ended {
    told_usage(what, ended.usage);
    ended
}

fn told_usage(what: &str, Usage { cpu, wall, peak }: Usage) {
    println!(
        "    {what}: {:.2} CPU s, {:.2} s, peak {} MB",
        cpu.as_secs_f64(),
        wall.as_secs_f64(),
        peak / report::MEGABYTE
    );
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
