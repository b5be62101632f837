//! The sandbox as a process of its own, for benchmarks and clients in other languages.

use std::io::Write as _;

use clap::Parser;
use sandbox::pendo::{self, Pendo};
use sandbox::{Config, DEFAULT_START_MS, Sandbox, machine_time_ms, parse_portal};
use serde_json::{Value, json};

/// A stand-in for HubSpot, and for Pendo when asked. Prints its address as one line of JSON and serves until it is stopped.
#[derive(Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// A portal as JSON, such as `{"id":1,"profile":"bench","contacts":1000000}`; can be repeated.
    #[arg(long, value_name = "JSON")]
    portal: Vec<String>,
    /// Serve Pendo too: a subscription as JSON, such as `{"name":"main","region":"us","knows_portal":1}`, where
    /// `knows_portal` gives it the ids that a portal's product knows; can be repeated.
    #[arg(long, value_name = "JSON")]
    pendo: Vec<String>,
    /// What a call of Pendo's takes at least, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pendo_latency: u64,
    /// A whole configuration as a JSON file; `--portal` adds to it.
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Where the clock starts: milliseconds since the epoch, or `now`.
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Let the clock stand still until the control API moves it.
    #[arg(long)]
    frozen: bool,
    /// Measure search pages over HTTP from this many records, print the result and exit.
    #[arg(long, value_name = "RECORDS")]
    self_bench: Option<u64>,
}

fn configuration(arguments: &Arguments) -> Result<Config, String> {
    let mut config = match &arguments.config {
        None => Config::default(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?
        }
    };
    config.listen.clone_from(&arguments.listen);
    config.flowing = !arguments.frozen;
    config.start_ms = match arguments.start.as_deref() {
        None => DEFAULT_START_MS,
        Some("now") => machine_time_ms(),
        Some(ms) => ms
            .parse()
            .map_err(|_| "--start takes milliseconds or `now`".to_owned())?,
    };
    for portal in &arguments.portal {
        config
            .portals
            .push(parse_portal(portal).map_err(|e| format!("--portal: {e}"))?);
    }
    if config.portals.is_empty() {
        config.portals.push(sandbox::PortalConfig::demo(1));
    }
    Ok(config)
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if let Some(records) = arguments.self_bench {
        return match bench::run(records) {
            Ok(line) => {
                println!("{line}");
                std::process::ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                std::process::ExitCode::FAILURE
            }
        };
    }
    match start(&arguments) {
        Ok((_servers, line)) => {
            let mut out = std::io::stdout();
            // A reader that went away will be noticed by whoever started us.
            drop(writeln!(out, "{line}").and_then(|()| out.flush()));
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("sandbox: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Starts what is asked for; the text is the line that says where it is.
fn start(arguments: &Arguments) -> Result<((Sandbox, Option<Pendo>), Value), String> {
    let config = configuration(arguments)?;
    let (start_ms, flowing) = (config.start_ms, config.flowing);
    let portals: Vec<_> = config
        .portals
        .iter()
        .map(|p| json!({"id": p.id, "token": p.tokens.first().map(|t| &t.token)}))
        .collect();
    let ids: Vec<u64> = config.portals.iter().map(|p| p.id).collect();
    let sandbox = Sandbox::start(config).map_err(|e| e.to_string())?;
    let mut line = json!({"base_url": sandbox.base_url(), "portals": portals});
    if arguments.pendo.is_empty() {
        return Ok(((sandbox, None), line));
    }
    let mut subscriptions = Vec::new();
    let mut known = Vec::new();
    for text in &arguments.pendo {
        let (subscription, portal) =
            subscription(text, &ids).map_err(|e| format!("--pendo: {e}"))?;
        known.extend(portal.map(|portal| (subscription.name.clone(), portal)));
        subscriptions.push(subscription);
    }
    let described: Vec<_> = subscriptions
        .iter()
        .map(|s| {
            let key = s.keys.iter().find(|k| k.write && !k.revoked);
            json!({"name": s.name, "region": s.region, "key": key.map(|k| &k.key)})
        })
        .collect();
    let pendo = Pendo::start(pendo::Config {
        start_ms,
        flowing,
        subscriptions,
        latency_ms: arguments.pendo_latency,
        ..pendo::Config::default()
    })
    .map_err(|e| e.to_string())?;
    for (name, portal) in known {
        pendo.add_known(&name, &sandbox, portal);
    }
    line["pendo"] = json!({"base_url": pendo.base_url(), "subscriptions": described});
    Ok(((sandbox, Some(pendo)), line))
}

/// A subscription, and the portal whose ids it is to know.
fn subscription(text: &str, portals: &[u64]) -> Result<(pendo::Subscription, Option<u64>), String> {
    let mut wanted: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let portal = wanted
        .as_object_mut()
        .and_then(|map| map.remove("knows_portal"))
        .map(|portal| {
            let found = portal.as_u64().filter(|id| portals.contains(id));
            found.ok_or_else(|| format!("no portal {portal}"))
        })
        .transpose()?;
    let subscription = serde_json::from_value(wanted).map_err(|e| e.to_string())?;
    Ok((subscription, portal))
}

mod bench {
    //! How fast search pages come over HTTP, one chain of an id keyset on one connection.

    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::time::Instant;

    use sandbox::{BENCH_FIELDS, Config, PortalConfig, Sandbox, VISITOR_KEY, static_token};

    pub(super) fn run(records: u64) -> std::io::Result<String> {
        let sandbox = Sandbox::start(Config::with_portal(PortalConfig::bench(1, records)))?;
        let mut connection =
            BufReader::with_capacity(1 << 20, TcpStream::connect(sandbox.address())?);
        let mut names: Vec<&str> = BENCH_FIELDS.to_vec();
        names.push(VISITOR_KEY);
        let (mut last, mut seen, mut bytes, mut pages) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut body = Vec::new();
        let mut fetch = |last: u64, body: &mut Vec<u8>| -> std::io::Result<()> {
            let ask = serde_json::json!({
                "filterGroups": [{"filters": [
                    {"propertyName": VISITOR_KEY, "operator": "HAS_PROPERTY"},
                    {"propertyName": "hs_object_id", "operator": "GT", "value": last.to_string()},
                ]}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": names, "limit": 200,
            })
            .to_string();
            // In one piece: a request in several waits for acknowledgements that are not the server's time.
            let request = format!(
                "POST /crm/objects/2026-09/contacts/search HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{ask}",
                static_token(1),
                ask.len()
            );
            connection.get_mut().write_all(request.as_bytes())?;
            let mut length = 0;
            loop {
                let mut line = String::new();
                connection.read_line(&mut line)?;
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            body.resize(length, 0);
            connection.read_exact(body)
        };
        // The first call counts the portal once; that is not what is measured.
        fetch(u64::from(u32::MAX) << 20, &mut body)?;
        let begun = Instant::now();
        loop {
            fetch(last, &mut body)?;
            // Reading as little as a client can: what is left (`total` counts from the id asked for), and the last id.
            let left = number_after(&body, b"{\"total\":", false);
            if left == 0 {
                break;
            }
            last = number_after(&body, b"{\"id\":\"", true);
            seen += left.min(200);
            bytes += body.len() as u64;
            pages += 1;
        }
        let seconds = begun.elapsed().as_secs_f64();
        Ok(serde_json::json!({
            "records": seen, "pages": pages, "seconds": (seconds * 1_000.0).round() / 1_000.0,
            "records_per_second": (per(seen, seconds)).round(),
            "mean_record_bytes": per(bytes, per(seen, 1.0)).round(),
            "megabytes_per_second": (per(bytes, seconds) / 1e6).round(),
        })
        .to_string())
    }

    /// The number behind the first (or last) occurrence of a text.
    fn number_after(body: &[u8], text: &[u8], from_the_end: bool) -> u64 {
        let mut places = body.windows(text.len());
        let at = if from_the_end {
            places.rposition(|w| w == text)
        } else {
            places.position(|w| w == text)
        };
        let digits = at.map(|at| &body[at + text.len()..]).unwrap_or_default();
        let digits = digits.iter().take_while(|b| b.is_ascii_digit());
        digits.fold(0, |n, b| n * 10 + u64::from(b - b'0'))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a benchmark stay far below 2^52"
    )]
    fn per(count: u64, of: f64) -> f64 {
        count as f64 / of
    }
}
