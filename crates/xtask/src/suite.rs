//! What `cargo xtask check` and `cargo xtask test` run, in the order that fails earliest.
//!
//! The order also decides how often the dependencies are compiled, which is most of a first run:
//! once as metadata for clippy and rustdoc, once for the tests and the demo.

use std::{env, ffi::OsString, num::NonZero, process::ExitCode, thread};

use crate::{
    browser,
    debian::Packages,
    deny::Deny,
    leftovers::{self, Tree},
    postgres::{self, Server},
    steps::{Steps, run},
    workspace::Workspace,
};

const BUILD: &str = "build tests";
const BROWSER: &str = "browser";
const TESTS: &str = "tests";
const POSTGRES: &str = "tests on PostgreSQL";
const RULES: &str = "dependency licences, bans, sources";
const ADVISORIES: &str = "advisories";
const TEMPORARY: &str = "no temporary files left";
const UNCHANGED: &str = "source tree unchanged";
const DEMO: &str = "demo";

/// By which the test programs are told how many tests to run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// Limits of the tests that could go on for ever: `(variable, default, meaning)`.
const LIMITS: [(&str, &str, &str); 2] = [
    ("TRIBUTARY_PROPTEST_CASES", "256", "cases for each property"),
    (
        "TRIBUTARY_CHAOS_SECONDS",
        "20",
        "seconds for each test that kills the process",
    ),
];

/// The tests that know of a database, apart from the browser's, as what the pages look like has been seen, and from the
/// simulation of nights, which takes long and asks the database what the other tests ask it.
const ON_POSTGRES: [&str; 13] = [
    "--package",
    "store",
    "--package",
    "sync",
    "--package",
    "web",
    "--package",
    "tributary",
    "--",
    "--skip",
    "screen::",
    "--skip",
    "queue::",
];

/// Formatting and lints.
pub(crate) fn check(workspace: &Workspace) -> ExitCode {
    let mut steps = Steps::new();
    format_and_lint(workspace, &mut steps);
    steps.finish()
}

/// Everything.
pub(crate) fn test(workspace: &Workspace, quick: bool) -> anyhow::Result<ExitCode> {
    let limits = limits(|name| env::var_os(name));
    for ((name, _, meaning), (_, value)) in LIMITS.iter().zip(&limits) {
        println!("{name}={} ({meaning})", value.display());
    }
    let before = Tree::look(workspace);
    let mut steps = Steps::new();
    let mut packages = Packages::prepare(workspace, &[browser::BROWSER, postgres::POSTGRES])?;
    let mut deny = (!quick).then(|| Deny::prepare(workspace)).transpose()?;

    format_and_lint(workspace, &mut steps);
    let mut doc = workspace.cargo([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    steps.command("docs", doc.env("RUSTDOCFLAGS", "-D warnings"));

    let built = steps.command(
        BUILD,
        &mut workspace.cargo(["test", "--workspace", "--no-run"]),
    );
    match &mut deny {
        None => {
            steps.skip(RULES, "--quick");
            steps.skip(ADVISORIES, "--quick");
        }
        Some(deny) => {
            steps.step(RULES, || deny.rules());
            steps.step(ADVISORIES, || deny.advisories());
        }
    }
    steps.step(BROWSER, || packages.ready(&browser::BROWSER));
    if built {
        let temporary = tempfile::Builder::new().prefix("xtask-").tempdir()?;
        let tests = |arguments: &[&str]| {
            let mut tests = workspace.cargo(["test", "--no-fail-fast"]);
            tests.args(arguments);
            tests.envs(limits.clone()).env("TMPDIR", temporary.path());
            // A changed snapshot fails its test and is not written beside the accepted one.
            tests.env("INSTA_UPDATE", "no");
            if env::var_os(THREADS).is_none() {
                tests.env(THREADS, at_once().to_string());
            }
            tests
        };
        steps.command(TESTS, &mut tests(&["--workspace"]));
        steps.step(POSTGRES, || {
            packages.ready(&postgres::POSTGRES)?;
            let server = Server::start()?;
            run(tests(&ON_POSTGRES).env("TRIBUTARY_TEST_POSTGRES", server.url()))
        });
        steps.step(TEMPORARY, || leftovers::none_in(temporary.path()));
        steps.step(UNCHANGED, || before.unchanged_in(&Tree::look(workspace)));
    } else {
        for step in [TESTS, POSTGRES, TEMPORARY, UNCHANGED] {
            steps.skip(step, "the tests do not build");
        }
    }
    demo(workspace, &mut steps, built)?;
    Ok(steps.finish())
}

fn format_and_lint(workspace: &Workspace, steps: &mut Steps) {
    steps.command("format", &mut workspace.cargo(["fmt", "--all", "--check"]));
    let lint = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ];
    steps.command("lint", &mut workspace.cargo(lint));
}

/// The demo, by the program that the tests have used: a second, optimised build would take longer than all tests together.
fn demo(workspace: &Workspace, steps: &mut Steps, built: bool) -> anyhow::Result<()> {
    if !built {
        steps.skip(DEMO, "the tests do not build");
        return Ok(());
    }
    let data = tempfile::Builder::new().prefix("xtask-demo-").tempdir()?;
    let mut demo = workspace.command(workspace.target().join("debug/tributary"));
    demo.args(["demo", "--once", "--data-dir"]).arg(data.path());
    steps.command(DEMO, &mut demo);
    Ok(())
}

/// How many tests run at once: two for each processor, as half of the time they wait for a browser, a server or each other.
fn at_once() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get)
}

fn limits(set: impl Fn(&str) -> Option<OsString>) -> [(&'static str, OsString); LIMITS.len()] {
    LIMITS.map(|(name, default, _)| (name, set(name).unwrap_or_else(|| default.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_set_outside_wins_over_its_default() {
        let [cases, seconds] =
            limits(|name| (name == "TRIBUTARY_PROPTEST_CASES").then(|| "10000".into()));
        assert_eq!(cases, ("TRIBUTARY_PROPTEST_CASES", "10000".into()));
        assert_eq!(seconds, ("TRIBUTARY_CHAOS_SECONDS", "20".into()));
    }
}
