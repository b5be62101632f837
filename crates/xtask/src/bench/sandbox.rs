//! The sandbox in a process of its own, so that its cost is not the product's.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::measure::Process;
use crate::workspace::Workspace;

/// A running sandbox with portals of the `bench` profile: no quotas, no dirt, every key known.
#[derive(Debug)]
pub(super) struct Sandbox {
    process: Process,
    url: String,
    portals: Vec<Portal>,
}

/// What a client has to know about a portal.
#[derive(Debug)]
pub(super) struct Portal {
    id: u64,
    /// Opens the portal for reading.
    pub(super) token: String,
    /// The property whose value is a visitor's id.
    pub(super) key: String,
    /// The fields to map.
    pub(super) fields: Vec<String>,
}

/// A stand-in for Pendo, in the sandbox's process.
#[derive(Debug)]
pub(super) struct Pendo {
    /// With a place for the region.
    pub(super) base_url: String,
    /// Where its one subscription is.
    pub(super) region: String,
    /// A key of it that may write.
    pub(super) key: String,
}

impl Pendo {
    /// Its journal's counts of one sort of call.
    pub(super) fn calls(&self, operation: &str) -> anyhow::Result<u64> {
        let journal = get(&self.control("journal"))?;
        let calls = journal.pointer(&format!("/tallies/{operation}/calls"));
        Ok(calls.and_then(Value::as_u64).unwrap_or(0))
    }

    /// Forgets what was counted so far.
    pub(super) fn forget_calls(&self) -> anyhow::Result<()> {
        let url = self.control("journal");
        ureq::delete(&url)
            .call()
            .map(drop)
            .with_context(|| format!("DELETE {url}"))
    }

    /// What it holds of our fields, counted by field.
    pub(super) fn summary(&self) -> anyhow::Result<Value> {
        get(&self.control("summary?subscription=main&kind=visitor&group=custom"))
    }

    fn control(&self, what: &str) -> String {
        let root = self.base_url.trim_end_matches("/{region}");
        format!("{root}/_sandbox/{what}")
    }
}

impl Sandbox {
    /// Starts it with one portal of `contacts` contacts and waits for its address.
    pub(super) fn start(workspace: &Workspace, contacts: u64) -> anyhow::Result<Self> {
        Self::start_many(workspace, 1, contacts)
    }

    /// Starts it with one portal of `contacts` contacts, and a Pendo that knows their visitors and takes its time for each
    /// call.
    pub(super) fn start_with_pendo(
        workspace: &Workspace,
        contacts: u64,
        latency: Duration,
    ) -> anyhow::Result<(Self, Pendo)> {
        let subscription = json!({"knows_portal": 1});
        let latency = latency.as_millis().to_string();
        let subscription = subscription.to_string();
        let arguments = ["--pendo", &subscription, "--pendo-latency", &latency];
        let (sandbox, announced) = Self::start_as(workspace, 1, contacts, &arguments)?;
        let pendo = Pendo {
            base_url: text(&announced, "/pendo/base_url")?,
            region: text(&announced, "/pendo/subscriptions/0/region")?,
            key: text(&announced, "/pendo/subscriptions/0/key")?,
        };
        Ok((sandbox, pendo))
    }

    /// Starts it with so many portals, each of `contacts` contacts of its own.
    pub(super) fn start_many(
        workspace: &Workspace,
        portals: u64,
        contacts: u64,
    ) -> anyhow::Result<Self> {
        Self::start_as(workspace, portals, contacts, &[]).map(|(sandbox, _)| sandbox)
    }

    fn start_as(
        workspace: &Workspace,
        portals: u64,
        contacts: u64,
        arguments: &[&str],
    ) -> anyhow::Result<(Self, Value)> {
        let mut command = workspace.command(program(workspace));
        command.args(arguments);
        // The clock a real portal would have, so that the product sees no skew.
        command.args(["--start", "now"]);
        for id in 1..=portals {
            let portal = json!({"id": id, "profile": "bench", "contacts": contacts});
            command.args(["--portal", &portal.to_string()]);
        }
        let (process, line) = Process::start(command)?;
        let announced: Value = serde_json::from_str(&line)
            .with_context(|| format!("the sandbox announced no JSON but: {line}"))?;
        let url = text(&announced, "/base_url")?;
        let fields = get(&format!("{url}/_sandbox/bench/fields"))?;
        let fields: Vec<String> = serde_json::from_value(fields["fields"].clone())
            .with_context(|| format!("the sandbox announced no fields: {fields}"))?;
        let listed = announced["portals"].as_array().into_iter().flatten();
        let portals = listed.map(|portal| portal_of(portal, &url, &fields));
        let sandbox = Self {
            portals: portals.collect::<Result<_, _>>()?,
            process,
            url,
        };
        Ok((sandbox, announced))
    }

    /// Where its HubSpot API is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The first portal it holds.
    pub(super) fn portal(&self) -> &Portal {
        &self.portals[0]
    }

    /// All portals it holds.
    pub(super) fn portals(&self) -> &[Portal] {
        &self.portals
    }

    /// Processor time so far.
    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        self.process.cpu()
    }

    /// Writes the visitors that a portal's contacts belong to, `most` of them at most, as lines
    /// for `visitors import`; returns how many.
    pub(super) fn known_visitors(
        &self,
        portal: &Portal,
        known: Known,
        most: u64,
        file: &Path,
    ) -> anyhow::Result<u64> {
        let url = format!(
            "{}/_sandbox/portals/{}/known?object=contacts",
            self.url, portal.id
        );
        let mut response = ureq::get(&url)
            .call()
            .with_context(|| format!("GET {url}"))?;
        let mut reader = BufReader::new(response.body_mut().as_reader());
        let mut writer = BufWriter::new(File::create(file)?);
        let (mut line, mut lines) = (String::new(), 0);
        while lines < most && reader.read_line(&mut line)? > 0 {
            match known {
                Known::Everything => writer.write_all(line.as_bytes())?,
                Known::Ids => {
                    let visitor: Value = serde_json::from_str(&line)?;
                    writeln!(writer, "{}", json!({"id": visitor["id"]}))?;
                }
            }
            line.clear();
            lines += 1;
        }
        writer.flush()?;
        Ok(lines)
    }
}

/// What is told about the visitors that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Their ids alone.
    Ids,
    /// Their agent metadata and their accounts too.
    Everything,
}

/// How fast the sandbox answers searches over HTTP, and with how much.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speed {
    /// Records each second, one client asking for a page when it has read the one before.
    pub(super) records_per_second: f64,
    /// The mean length of a record's JSON with the key and the mapped fields.
    pub(super) record_bytes: f64,
}

/// Lets the sandbox measure itself over `contacts` contacts.
pub(super) fn speed(workspace: &Workspace, contacts: u64) -> anyhow::Result<Speed> {
    let output = workspace
        .command(program(workspace))
        .args(["--self-bench", &contacts.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the sandbox")?;
    let told: Value =
        serde_json::from_slice(&output.stdout).context("the sandbox's measurement is not JSON")?;
    if told["records"] != json!(contacts) {
        bail!("the sandbox did not serve {contacts} records: {told}");
    }
    let number = |name: &str| {
        let found = told[name].as_f64();
        found.with_context(|| format!("the sandbox's measurement has no {name}: {told}"))
    };
    Ok(Speed {
        records_per_second: number("records_per_second")?,
        record_bytes: number("mean_record_bytes")?,
    })
}

fn program(workspace: &Workspace) -> PathBuf {
    workspace.target().join("release/sandbox")
}

fn portal_of(announced: &Value, url: &str, fields: &[String]) -> anyhow::Result<Portal> {
    let id = announced["id"].as_u64();
    let id = id.with_context(|| format!("the sandbox announced no portal: {announced}"))?;
    let overview = get(&format!("{url}/_sandbox/portals/{id}"))?;
    Ok(Portal {
        id,
        token: text(announced, "/token")?,
        key: text(&overview, "/key_properties/contacts")?,
        fields: fields.to_vec(),
    })
}

fn get(url: &str) -> anyhow::Result<Value> {
    let mut response = ureq::get(url)
        .call()
        .with_context(|| format!("GET {url}"))?;
    serde_json::from_reader(response.body_mut().as_reader())
        .with_context(|| format!("GET {url} answered no JSON"))
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("no {pointer} in the sandbox's answer {value}"))
}
