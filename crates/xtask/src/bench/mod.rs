//! The benchmarks of `docs/benchmarks.md`: whole processes, measured from outside.
//!
//! A run that is not proved, or that did not do the work expected, fails the benchmark. A slow one
//! never does: the table says so, and who reads it decides.

mod measure;
mod product;
mod proof;
mod report;
mod sandbox;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    thread,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use self::{
    measure::{Ended, Usage},
    product::{Mapping, Product},
    proof::Expected,
    report::{Circumstances, FULL_SIZE, Found, Row, Target},
    sandbox::Sandbox,
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

/// How the benchmarks are run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Contacts in the portal; memory is measured at 100,000 besides when this is more.
    #[arg(long, default_value_t = FULL_SIZE, value_parser = clap::value_parser!(u64).range(1..))]
    contacts: u64,
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
    /// Import of visitor ids.
    Import,
    /// Import, first sync, second sync with nothing changed.
    Sync,
}

/// Builds the release, measures, and prints the rows for `docs/benchmarks.md`.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let build = [
        "build",
        "--release",
        "--package",
        "tributary",
        "--package",
        "sandbox",
    ];
    if let Verdict::Failed(reason) = steps::run(&mut workspace.cargo(build))? {
        bail!("the release does not build: {reason}");
    }
    let circumstances = circumstances(workspace, options)?;
    let mut rows = Vec::new();
    if options.only.is_none_or(|only| only == Benchmark::Sandbox) {
        rows.push(throughput(workspace, options.contacts)?);
    }
    if options.only != Some(Benchmark::Sandbox) {
        let imports_only = options.only == Some(Benchmark::Import);
        let small = if options.contacts > SMALL_SIZE && !imports_only {
            product(workspace, SMALL_SIZE, imports_only, &mut rows)?
        } else {
            None
        };
        let full = product(workspace, options.contacts, imports_only, &mut rows)?;
        if let (Some(small), Some(full)) = (small, full) {
            let bytes = full.peak.cast_signed() - small.peak.cast_signed();
            let target = (options.contacts == FULL_SIZE).then(|| Target::growth(bytes));
            rows.push(Row {
                what: "first sync, over its peak at 100,000",
                contacts: options.contacts,
                found: Found::Growth(bytes),
                target,
            });
        }
    }
    println!("\n{}", report::table(&circumstances, &rows));
    Ok(ExitCode::SUCCESS)
}

fn throughput(workspace: &Workspace, contacts: u64) -> anyhow::Result<Row> {
    let clients = thread::available_parallelism().map_or(1, usize::from);
    println!(
        "\nsandbox: {clients} clients list {} contacts each",
        report::thousands(contacts)
    );
    let sandbox = Sandbox::start(workspace, contacts)?;
    let rate = sandbox.throughput(clients)?;
    Ok(Row {
        what: "sandbox",
        contacts,
        found: Found::Rate(rate),
        target: Some(Target::sandbox(rate)),
    })
}

/// The product from an empty data directory to an unchanged second sync; returns what the first
/// sync cost.
fn product(
    workspace: &Workspace,
    contacts: u64,
    imports_only: bool,
    rows: &mut Vec<Row>,
) -> anyhow::Result<Option<Usage>> {
    println!("\nproduct: {} contacts", report::thousands(contacts));
    let sandbox = Sandbox::start(workspace, contacts)?;
    let product = Product::new(workspace, sandbox.url())?;
    let full = contacts == FULL_SIZE;
    let mut row = |what, usage, target| {
        rows.push(Row {
            what,
            contacts,
            found: Found::Process(usage),
            target,
        });
    };

    let ids = known_visitors(&sandbox, &product, contacts)?;
    product.create_subscription()?;
    let import = told("import", product.import_visitors(&ids)?);
    row(
        "import",
        import.usage,
        full.then(|| Target::import(import.usage)),
    );
    if imports_only {
        return Ok(None);
    }

    let portal = sandbox.portal();
    let mean = sandbox.mean_record_bytes(10)?;
    println!(
        "    a contact's JSON with {} fields: {mean:.0} bytes on the mean",
        portal.fields.len()
    );
    if mean < LEAST_RECORD_BYTES {
        bail!(
            "records are too short to measure with: {mean:.0} bytes on the mean, \
             at least {LEAST_RECORD_BYTES} expected"
        );
    }
    product.connect(&portal.token)?;
    product.map(&Mapping {
        key: &portal.key,
        fields: &portal.fields,
    })?;
    let expected = Expected {
        contacts,
        fields: portal.fields.len() as u64,
    };

    let first = told("first sync", product.sync()?);
    let run = expected.first_run(&first.output)?;
    println!(
        "    {} calls, {} values written",
        proof::calls(&run),
        run["values"]["written"]
    );
    row(
        "first sync",
        first.usage,
        full.then(|| Target::first_sync(first.usage)),
    );

    let second = told("second sync", product.sync()?);
    expected.second_run(&second.output)?;
    row(
        "second sync, nothing changed",
        second.usage,
        full.then(|| Target::second_sync(first.usage, second.usage)),
    );
    Ok(Some(first.usage))
}

fn known_visitors(
    sandbox: &Sandbox,
    product: &Product<'_>,
    contacts: u64,
) -> anyhow::Result<PathBuf> {
    let file = product.file("visitors.ndjson");
    let known = sandbox.known_visitors(&file)?;
    if known != contacts {
        bail!("the sandbox knows {known} visitors, expected {contacts}");
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
