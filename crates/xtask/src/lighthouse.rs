//! Lighthouse on the main pages of the demo, as docs/benchmarks.md shows it: each page several times, the median counts.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::{Agent, http::header};

use crate::{
    browser::BROWSER,
    debian::Packages,
    steps::{self, Verdict},
    workspace::Workspace,
};

/// The newest release that runs on Node 20; later ones want Node 22.
const VERSION: &str = "12.8.2";

/// The browser of the tests of pages.
const CHROMIUM: &str = "/usr/bin/chromium";

/// As the tests of pages start it.
const FLAGS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars";

/// What is measured, as Lighthouse names it and as people do, with the least score of a hundred that is wanted.
const CATEGORIES: [(&str, &str, u64); 3] = [
    ("accessibility", "accessibility", 100),
    ("best-practices", "best practices", 100),
    ("performance", "performance", 95),
];

/// Pages of the demo that are always there, by their titles. Visitors and runs have a detail besides.
const PAGES: [(&str, &str); 5] = [
    ("Overview", "/s/1/overview"),
    ("Data Mappings", "/s/1/settings/data-mappings/visitor"),
    ("Visitors", "/s/1/visitors"),
    ("Runs", "/s/1/runs"),
    ("One run", "/s/1/runs/1"),
];

/// How Lighthouse is run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each page is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// As on a slow phone instead of at a desk.
    #[arg(long)]
    mobile: bool,
    /// Take the build that tests use: quicker to make, slower to answer.
    #[arg(long)]
    debug: bool,
}

/// The demo, with its pages open.
#[derive(Debug)]
struct Demo {
    process: Child,
    url: String,
    /// The session of its admin, as a cookie.
    cookie: String,
    _data: TempDir,
}

/// Measures every main page and prints a table; fails if a page misses a target.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    if let Verdict::Failed(reason) = Packages::prepare(workspace, &[BROWSER])?.ready(&BROWSER)? {
        bail!("{reason}");
    }
    let program = install(workspace)?;
    let demo = Demo::start(workspace, options.debug)?;
    let mut pages = vec![("Sign-in", "/sign-in".to_owned(), false)];
    for (name, path) in PAGES {
        pages.push((name, path.to_owned(), true));
    }
    pages.insert(4, ("One visitor", demo.visitor()?, true));

    let work = tempfile::tempdir()?;
    let headers = work.path().join("headers.json");
    fs::write(&headers, json!({ "Cookie": demo.cookie }).to_string())?;
    let mut met = true;
    let mut rows = Vec::new();
    for (name, path, signed_in) in pages {
        println!("\n==> {name}");
        let mut scores: [Vec<u64>; CATEGORIES.len()] = Default::default();
        for _ in 0..options.runs {
            let mut lighthouse = workspace.command("node");
            lighthouse
                .arg(&program)
                .arg(format!("{}{path}", demo.url))
                .args(["--quiet", "--output=json", "--output-path=stdout"])
                .arg(format!("--chrome-flags={FLAGS}"))
                .arg(format!(
                    "--only-categories={}",
                    CATEGORIES.map(|(name, ..)| name).join(",")
                ))
                .env(
                    "CHROME_PATH",
                    env::var_os("CHROME_PATH").unwrap_or_else(|| CHROMIUM.into()),
                )
                .env("TMPDIR", work.path());
            if !options.mobile {
                lighthouse.arg("--preset=desktop");
            }
            if signed_in {
                lighthouse.arg(format!("--extra-headers={}", headers.display()));
            }
            // On a busy machine the browser loses a trace now and then.
            let report = measure(&mut lighthouse, &path).or_else(|error| {
                println!("    once more: {error:#}");
                measure(&mut lighthouse, &path)
            })?;
            for ((category, ..), scores) in CATEGORIES.iter().zip(&mut scores) {
                scores.push(score(&report, category)?);
                for short in short_of(&report, category) {
                    println!("    {category}: {short}");
                }
            }
        }
        let medians = scores.map(median);
        met &= CATEGORIES
            .iter()
            .zip(medians)
            .all(|((_, _, target), median)| median >= *target);
        rows.push(row(name, &medians));
        println!("{}", rows[rows.len() - 1]);
    }
    let names = CATEGORIES.map(|(_, name, _)| name).join(" | ");
    println!("\n| page | {names} |\n|---|---|---|---|");
    for row in rows {
        println!("{row}");
    }
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        println!("\nNot every target is met.");
        ExitCode::FAILURE
    })
}

/// Installs Lighthouse below the target directory, unless it is there, and returns its program.
fn install(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target().join("lighthouse");
    let package = folder.join("node_modules/lighthouse");
    let installed = fs::read_to_string(package.join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if installed.is_none_or(|package| package["version"] != VERSION) {
        fs::create_dir_all(&folder)?;
        let mut npm = workspace.command("npm");
        // Nothing of what comes with it has to be built.
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
            .arg("--prefix")
            .arg(&folder)
            .arg(format!("lighthouse@{VERSION}"));
        if let Verdict::Failed(reason) = steps::run(&mut npm).context("npm cannot be run")? {
            bail!("lighthouse cannot be installed: {reason}");
        }
    }
    Ok(package.join("cli/index.js"))
}

/// One measurement.
fn measure(lighthouse: &mut Command, path: &str) -> anyhow::Result<Value> {
    let output = lighthouse
        .stderr(Stdio::inherit())
        .output()
        .context("node cannot be run")?;
    if !output.status.success() {
        bail!("lighthouse failed on {path}: {}", output.status);
    }
    let report: Value = serde_json::from_slice(&output.stdout)?;
    // Whoever is not signed in would be led elsewhere, and that page be measured.
    let shown = report["finalDisplayedUrl"].as_str().unwrap_or_default();
    if !shown.ends_with(path) {
        bail!("{path} leads to {shown}");
    }
    Ok(report)
}

/// The score of a category, of a hundred.
fn score(report: &Value, category: &str) -> anyhow::Result<u64> {
    let score = report["categories"][category]["score"].as_f64();
    let score = score.with_context(|| format!("lighthouse has no score for {category}"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a score is between 0 and 1"
    )]
    Ok((score * 100.0).round() as u64)
}

/// The audits that cost a category points.
fn short_of<'a>(report: &'a Value, category: &str) -> impl Iterator<Item = String> + 'a {
    let audits = report["categories"][category]["auditRefs"].as_array();
    audits.into_iter().flatten().filter_map(|reference| {
        let audit = &report["audits"][reference["id"].as_str()?];
        let costs = reference["weight"].as_f64()? > 0.0 && audit["score"].as_f64()? < 0.9;
        costs.then(|| {
            let title = audit["title"].as_str().unwrap_or_default();
            let value = audit["displayValue"].as_str().unwrap_or_default();
            format!("{title} {value}")
        })
    })
}

fn median(mut scores: Vec<u64>) -> u64 {
    scores.sort_unstable();
    scores[scores.len() / 2]
}

fn row(name: &str, scores: &[u64]) -> String {
    let scores: Vec<String> = scores.iter().map(u64::to_string).collect();
    format!("| {name} | {} |", scores.join(" | "))
}

impl Demo {
    /// Builds the program, starts the demo on a free port and signs in.
    fn start(workspace: &Workspace, debug: bool) -> anyhow::Result<Self> {
        let mut build = workspace.cargo(["build", "--package", "tributary"]);
        if !debug {
            build.arg("--release");
        }
        if let Verdict::Failed(reason) = steps::run(&mut build)? {
            bail!("the program does not build: {reason}");
        }
        let folder = if debug { "debug" } else { "release" };
        let program = workspace.target().join(folder).join("tributary");
        let data = tempfile::Builder::new()
            .prefix("lighthouse-")
            .tempdir_in(workspace.target())?;
        let (process, report) = start(&program, data.path())?;
        let mut demo = Self {
            process,
            url: text(&report, "/web/url")?,
            cookie: String::new(),
            _data: data,
        };
        demo.cookie = sign_in(
            &demo.url,
            &text(&report, "/web/users/0/email")?,
            &text(&report, "/web/users/0/password")?,
        )?;
        Ok(demo)
    }

    /// The page of a visitor that a record feeds.
    fn visitor(&self) -> anyhow::Result<String> {
        let page = ureq::get(format!("{}/s/1/runs/1/records/matched", self.url))
            .header(header::COOKIE, &self.cookie)
            .call()?
            .into_body()
            .read_to_string()?;
        let path = page.split('"').find(|part| {
            let number = part.strip_prefix("/s/1/visitors/");
            number.is_some_and(|number| number.parse::<u64>().is_ok())
        });
        path.map(str::to_owned)
            .context("the demo's first run has matched nobody")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the demo and waits for what it reports when its pages are open.
fn start(program: &Path, data: &Path) -> anyhow::Result<(Child, Value)> {
    let mut process = Command::new(program)
        .args(["--json", "--quiet", "demo", "--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let mut line = String::new();
    let read = match process.stdout.take() {
        Some(output) => BufReader::new(output).read_line(&mut line),
        None => Ok(0),
    };
    let report = read
        .map_err(anyhow::Error::from)
        .and_then(|_| serde_json::from_str(&line).context("the demo reported no JSON"));
    match report {
        Ok(report) => Ok((process, report)),
        Err(error) => {
            let _ = process.kill();
            let _ = process.wait();
            Err(error)
        }
    }
}

/// The cookie of a new session.
fn sign_in(url: &str, email: &str, password: &str) -> anyhow::Result<String> {
    let agent: Agent = Agent::config_builder().max_redirects(0).build().into();
    let answer = agent
        .post(format!("{url}/sign-in"))
        .header(header::ORIGIN, url)
        .send_form([("email", email), ("password", password)])?;
    let cookie = answer.headers().get(header::SET_COOKIE);
    let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
    cookie
        .map(str::to_owned)
        .context("nobody could be signed in to the demo")
}

fn text(report: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = report.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .with_context(|| format!("the demo's report has no {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(vec![100, 7, 95, 99, 96]), 96);
        assert_eq!(median(vec![3]), 3);
    }

    #[test]
    fn what_costs_points_is_named() {
        let report = json!({
            "categories": { "performance": { "score": 0.954, "auditRefs": [
                { "id": "slow", "weight": 10 }, { "id": "fine", "weight": 10 }, { "id": "told", "weight": 0 },
            ] } },
            "audits": {
                "slow": { "title": "It is slow", "displayValue": "3 s", "score": 0.5 },
                "fine": { "title": "It is fine", "score": 1 },
                "told": { "title": "By the way", "score": 0 },
            },
        });
        assert_eq!(score(&report, "performance").unwrap(), 95);
        let named: Vec<_> = short_of(&report, "performance").collect();
        assert_eq!(named, ["It is slow 3 s"]);
        assert!(score(&report, "seo").is_err());
    }
}
