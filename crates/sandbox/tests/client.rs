//! A small HTTP client that shows everything: also an answer that ends too soon.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use sandbox::{Config, PortalConfig, Sandbox, static_token};
use serde_json::Value;

/// The portal most tests use.
pub(crate) const HUB: u64 = 4_711;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e} in {}", self.text()))
    }

    /// Whether fewer bytes came than were promised.
    pub(crate) fn is_cut(&self) -> bool {
        self.header("content-length")
            .is_some_and(|n| n.parse::<usize>().unwrap() > self.body.len())
    }

    /// Record ids, in order.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let json = self.json();
        let results = json["results"]
            .as_array()
            .unwrap_or_else(|| panic!("no results in {json}"));
        results
            .iter()
            .map(|r| r["id"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Sends one request on a connection of its own; `None` when the connection closed without an answer.
pub(crate) fn send(
    sandbox: &Sandbox,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    send_to(sandbox.address(), method, target, headers, body)
}

/// The same, to any server.
pub(crate) fn send_to(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    let fields: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n{}content-length: {}\r\n\r\n{body}",
        fields.concat(),
        body.len()
    );
    // A server that closes at once may do so before the request is written.
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    // A connection reset in mid-answer is what some tests are about.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
        .collect();
    let mut body = bytes[end + 4..].to_vec();
    if headers
        .iter()
        .any(|(n, v)| n.eq_ignore_ascii_case("transfer-encoding") && v == "chunked")
    {
        body = unchunk(&body);
    }
    Some(Answer {
        status,
        headers,
        body,
    })
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|w| w == b"\r\n") {
        let size =
            usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[at + 2..at + 2 + size]);
        rest = &rest[at + 4 + size..];
    }
    body
}

/// A sandbox with a caller.
pub(crate) struct Hub {
    pub(crate) sandbox: Sandbox,
    token: String,
}

impl Hub {
    /// A small, dirty portal.
    pub(crate) fn small() -> Self {
        Self::of(PortalConfig::small(HUB))
    }

    /// A small, clean portal.
    pub(crate) fn clean(contacts: u64) -> Self {
        Self::of(PortalConfig::bench(HUB, contacts).sized(contacts, 50))
    }

    pub(crate) fn of(portal: PortalConfig) -> Self {
        Self::with(Config::with_portal(portal))
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            sandbox: Sandbox::start(config).unwrap(),
            token: static_token(HUB),
        }
    }

    /// The same sandbox, with another token.
    pub(crate) fn calling_as(self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self
        }
    }

    pub(crate) fn try_call(&self, method: &str, target: &str, body: &str) -> Option<Answer> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        send(&self.sandbox, method, target, &headers, body)
    }

    pub(crate) fn call(&self, method: &str, target: &str, body: &str) -> Answer {
        self.try_call(method, target, body).expect("an answer")
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.call("GET", target, "")
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.call("POST", target, &body.to_string())
    }

    pub(crate) fn search(&self, body: &Value) -> Answer {
        self.post("/crm/objects/2026-09/contacts/search", body)
    }

    pub(crate) fn batch_read(&self, body: &Value) -> Answer {
        self.post("/crm/objects/2026-09/contacts/batch/read", body)
    }

    /// Ids and values of one property over all pages of a search with an id keyset.
    pub(crate) fn sweep(&self, filters: &[Value], property: &str) -> Vec<(u64, Value)> {
        let (mut all, mut last) = (Vec::new(), 0);
        loop {
            let mut filters = filters.to_vec();
            filters.push(serde_json::json!({"propertyName": "hs_object_id", "operator": "GT", "value": last.to_string()}));
            let answer = self
                .search(&serde_json::json!({
                    "filterGroups": [{"filters": filters}], "properties": [property], "limit": 200,
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                }))
                .expect(200)
                .json();
            let results = answer["results"].as_array().unwrap();
            if results.is_empty() {
                return all;
            }
            for r in results {
                last = r["id"].as_str().unwrap().parse().unwrap();
                all.push((last, r["properties"][property].clone()));
            }
        }
    }
}
