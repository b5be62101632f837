//! The sandbox in a process of its own, so that its cost is not the product's.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// Records on one page of the list, the most HubSpot gives.
const PAGE: usize = 100;

/// A running sandbox with one portal of the `bench` profile, without quotas.
#[derive(Debug)]
pub(super) struct Sandbox {
    process: Child,
    url: String,
    portal: Portal,
}

/// What a client has to know about the portal.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    id: u64,
    /// Opens the portal for reading.
    pub(super) token: String,
    /// The property whose value is a visitor's id.
    pub(super) key: String,
    /// The fields to map.
    pub(super) fields: Vec<String>,
}

impl Sandbox {
    /// Starts it with `contacts` contacts and waits for its address.
    pub(super) fn start(workspace: &Workspace, contacts: u64) -> anyhow::Result<Self> {
        let mut process = workspace
            .command(workspace.target().join("release/sandbox"))
            .args(["--profile", "bench", "--contacts", &contacts.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the sandbox")?;
        let announcement = process.stdout.take().map(|output| {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let mut sandbox = Self {
            process,
            url: String::new(),
            portal: Portal {
                id: 0,
                token: String::new(),
                key: String::new(),
                fields: Vec::new(),
            },
        };
        let line = announcement.context("the sandbox has no standard output")??;
        let announced: Value = serde_json::from_str(&line)
            .with_context(|| format!("the sandbox announced no JSON but: {line}"))?;
        sandbox.url = text(&announced, "/url")?;
        sandbox.portal = portal(&announced)?;
        Ok(sandbox)
    }

    /// Where its HubSpot API is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The one portal it holds.
    pub(super) fn portal(&self) -> &Portal {
        &self.portal
    }

    /// Writes the ids the portal's contacts carry, as lines for `visitors import`; returns how
    /// many.
    pub(super) fn known_visitors(&self, file: &Path) -> anyhow::Result<u64> {
        let url = format!(
            "{}/_sandbox/portals/{}/known?object=contacts",
            self.url, self.portal.id
        );
        let mut response = ureq::get(&url)
            .call()
            .with_context(|| format!("GET {url}"))?;
        io::copy(
            &mut response.body_mut().as_reader(),
            &mut File::create(file)?,
        )?;
        let mut lines = 0;
        let mut reader = BufReader::new(File::open(file)?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            lines += 1;
            line.clear();
        }
        Ok(lines)
    }

    /// The mean length in bytes of the JSON of the first `pages` pages of records, with the key and
    /// the mapped fields.
    pub(super) fn mean_record_bytes(&self, pages: usize) -> anyhow::Result<f64> {
        let (mut bytes, mut records, mut after) = (0, 0, None);
        let agent = ureq::Agent::new_with_defaults();
        for _ in 0..pages {
            let body = self.page(&agent, after.as_deref())?;
            let page: Value =
                serde_json::from_str(&body).context("the sandbox's list is not JSON")?;
            for record in page["results"].as_array().into_iter().flatten() {
                bytes += record.to_string().len();
                records += 1;
            }
            after = next(&body).map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        if records == 0 {
            bail!("the sandbox lists no contacts");
        }
        Ok(mean(bytes, records))
    }

    /// Records served each second while `clients` clients at once list the whole portal, each page
    /// asked for when the one before has come.
    pub(super) fn throughput(&self, clients: usize) -> anyhow::Result<f64> {
        let started = Instant::now();
        let records = thread::scope(|scope| {
            let walks: Vec<_> = (0..clients).map(|_| scope.spawn(|| self.walk())).collect();
            walks
                .into_iter()
                .map(|walk| walk.join().unwrap_or_else(|_| bail!("a client panicked")))
                .sum::<anyhow::Result<usize>>()
        })?;
        Ok(rate(records, started.elapsed()))
    }

    fn walk(&self) -> anyhow::Result<usize> {
        let agent = ureq::Agent::new_with_defaults();
        let (mut records, mut after) = (0, None);
        loop {
            let body = self.page(&agent, after.as_deref())?;
            // Each record says once, outside its properties, when it was updated. Parsing would
            // cost the client more than serving costs the sandbox.
            records += body.matches(r#""updatedAt":"#).count();
            match next(&body) {
                Some(id) => after = Some(id.to_owned()),
                None => return Ok(records),
            }
        }
    }

    fn page(&self, agent: &ureq::Agent, after: Option<&str>) -> anyhow::Result<String> {
        let Portal {
            token, key, fields, ..
        } = &self.portal;
        let url = format!("{}/crm/objects/2026-09/contacts", self.url);
        let mut request = agent
            .get(&url)
            .header("authorization", format!("Bearer {token}"))
            .query("limit", PAGE.to_string())
            .query("properties", format!("{key},{}", fields.join(",")));
        if let Some(after) = after {
            request = request.query("after", after);
        }
        Ok(request
            .call()
            .with_context(|| format!("GET {url}"))?
            .body_mut()
            .read_to_string()?)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It keeps nothing; that it may be gone already is no matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn portal(announced: &Value) -> anyhow::Result<Portal> {
    let fields = announced
        .pointer("/portals/0/fields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Ok(Portal {
        id: announced
            .pointer("/portals/0/id")
            .and_then(Value::as_u64)
            .context("the sandbox announced no portal")?,
        token: text(announced, "/portals/0/token")?,
        key: text(announced, "/portals/0/key")?,
        fields: fields
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}

fn text(announced: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = announced.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the sandbox announced no {pointer}: {announced}"))
}

/// The cursor of the page after this one, which stands at the end of the body.
fn next(body: &str) -> Option<&str> {
    const NAME: &str = r#""after":""#;
    let paging = &body[body.rfind(r#""paging""#)?..];
    let start = paging.find(NAME)? + NAME.len();
    paging[start..].split('"').next()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 of either")]
fn mean(bytes: usize, records: usize) -> f64 {
    bytes as f64 / records as f64
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 records")]
fn rate(records: usize, time: Duration) -> f64 {
    records as f64 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_named_at_the_end() {
        let body = concat!(
            r#"{"results":[{"properties":{"x":"\"after\":\"no"}}],"#,
            r#""paging":{"next":{"after":"101","link":"http://h/?after=101"}}}"#,
        );
        assert_eq!(next(body), Some("101"));
        assert_eq!(next(r#"{"results":[]}"#), None);
    }
}
