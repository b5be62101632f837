//! Connecting through the browser, with a script in its place.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::Child,
};

use sandbox::{Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, PortalConfig};
use serde_json::Value;

use crate::product::{Ended, PORTAL, Product, assert_error};

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn product(portals: &[u64]) -> Product {
    let mut config = Config::with_portal(PortalConfig::small(portals[0]));
    config
        .portals
        .extend(portals[1..].iter().map(|id| PortalConfig::small(*id)));
    let product = Product::beside(config);
    let authorize = format!("{}/oauth/authorize", product.sandbox().base_url());
    product
        .with("TRIBUTARY_HUBSPOT__AUTHORIZE_URL", &authorize)
        .with("TRIBUTARY_HUBSPOT__CLIENT_ID", DEFAULT_CLIENT_ID)
        .with("TRIBUTARY_HUBSPOT__CLIENT_SECRET", DEFAULT_CLIENT_SECRET)
        .with("TRIBUTARY_HUBSPOT__CALLBACK_PORT", &free_port().to_string())
}

/// The command that waits for the browser.
struct Waiting {
    child: Child,
    address: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Waiting {
    fn start(product: &Product) -> Self {
        let mut child = product.start("hubspot connect --oauth --no-browser --json");
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.trim_start().starts_with("http") {
            line.clear();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "no address was printed"
            );
        }
        let address = line.trim().to_owned();
        // Once it says that it waits, it listens.
        while !line.contains("Waiting") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it did not wait");
        }
        Self {
            child,
            address,
            log,
        }
    }

    fn ended(self) -> Ended {
        let Self { child, log, .. } = self;
        let ended = child.wait_with_output().unwrap();
        drop(log);
        Ended(ended)
    }
}

/// A browser that follows links but not redirects, so that a test can look at them.
fn browser() -> ureq::Agent {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent()
}

/// Answers HubSpot's consent page and returns the address it sends the browser back to.
pub(crate) fn decide(address: &str, decision: &str) -> String {
    let (page, query) = address.split_once('?').unwrap();
    let answer = browser()
        .post(format!("{page}?{query}"))
        .content_type("application/x-www-form-urlencoded")
        .send(format!("decision={decision}"))
        .unwrap();
    let location = answer.headers().get("location");
    location
        .unwrap_or_else(|| panic!("{} does not lead back", answer.status()))
        .to_str()
        .unwrap()
        .to_owned()
}

/// Opens an address: status and page.
fn open(address: &str) -> (u16, String) {
    let mut answer = browser().get(address).call().unwrap();
    let page = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), page)
}

#[test]
fn agreeing_in_the_browser_connects() {
    let product = product(&[PORTAL, 4712]);
    let waiting = Waiting::start(&product);
    let (status, picker) = open(&waiting.address);
    assert_eq!(status, 200);
    assert!(picker.contains("4712"), "{picker}");
    let back = decide(&format!("{}&portalId=4712", waiting.address), "grant");
    assert!(back.starts_with("http://localhost:"), "{back}");
    let (status, page) = open(&back);
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Connected"), "{page}");
    let ended = waiting.ended();
    ended.done();
    let report = ended.json();
    assert_eq!(report["portal"], 4712);
    assert_eq!(report["kind"], "oauth");
    let scopes: Vec<&str> = report["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(scopes.contains(&"crm.objects.owners.read"), "{scopes:?}");

    // The tokens hold, are refreshed when they have expired, and the new ones are kept.
    product.run("hubspot status").done();
    product.sandbox().expire_tokens();
    product.run("hubspot status").done();
    product.run("hubspot properties --level visitor").done();
    let (report, status) = product.json("hubspot disconnect --revoke");
    assert_eq!((status, &report["revoked"]), (0, &Value::Bool(true)));
}

#[test]
fn both_addresses_of_this_machine_are_listened_on() {
    let product = product(&[PORTAL]);
    let waiting = Waiting::start(&product);
    let back = decide(&waiting.address, "grant");
    for host in ["[::1]", "127.0.0.1"] {
        let address = back
            .replace("localhost", host)
            .replace("state=", "state=wrong");
        let (status, page) = open(&address);
        assert_eq!(status, 400, "{page}");
        assert!(page.contains("does not belong"), "{page}");
    }
    // An answer with a wrong state changes nothing; the right one still counts.
    assert_eq!(open(&back).0, 200);
    waiting.ended().done();
}

#[test]
fn refusing_in_the_browser_is_told_to_both() {
    let product = product(&[PORTAL]);
    let waiting = Waiting::start(&product);
    let (status, page) = open(&decide(&waiting.address, "deny"));
    assert_eq!(status, 403);
    assert!(page.contains("did not grant"), "{page}");
    let ended = waiting.ended();
    assert_eq!(ended.status(), 1);
    assert_error(&ended.json(), "TRB0136");
}

#[test]
fn a_code_that_does_not_hold_is_told_to_both() {
    let product = product(&[PORTAL]);
    let waiting = Waiting::start(&product);
    let back = decide(&waiting.address, "grant");
    let (start, rest) = back.split_once("code=").unwrap();
    let rest = rest
        .split_once('&')
        .map_or(String::new(), |(_, rest)| format!("&{rest}"));
    let (status, page) = open(&format!("{start}code=na1-wrong{rest}"));
    assert_eq!(status, 502);
    assert!(page.contains("TRB0023"), "{page}");
    let ended = waiting.ended();
    assert_eq!(ended.status(), 1);
    assert_error(&ended.json(), "TRB0023");
}

#[test]
fn a_grant_that_has_ended_has_to_be_made_again() {
    let product = product(&[PORTAL]);
    let waiting = Waiting::start(&product);
    open(&decide(&waiting.address, "grant"));
    waiting.ended().done();
    let refresh: Vec<String> = product
        .sandbox()
        .journal()
        .iter()
        .map(|call| format!("{call:?}"))
        .collect();
    assert!(!refresh.is_empty());
    product.sandbox().remove_portal(PORTAL);
    product.sandbox().expire_tokens();
    let (report, status) = product.json("hubspot status");
    assert_eq!(status, 1);
    let code = report["error"]["code"].as_str().unwrap();
    assert!(["TRB0024", "TRB0025"].contains(&code), "{report}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_waiting() {
    let product = product(&[PORTAL]);
    let waiting = Waiting::start(&product);
    let sent = std::process::Command::new("kill")
        .args(["-INT", &waiting.child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let ended = waiting.ended();
    assert_eq!(ended.status(), 3);
    assert_error(&ended.json(), "TRB0138");
}

#[test]
fn an_app_has_to_be_configured() {
    let product = Product::beside_portal();
    let (report, status) = product.json("hubspot connect --oauth --no-browser");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0134");
}

#[test]
fn a_taken_port_is_an_error() {
    let product = product(&[PORTAL]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (report, status) = product
        .with("TRIBUTARY_HUBSPOT__CALLBACK_PORT", &port)
        .json("hubspot connect --oauth --no-browser");
    assert_eq!(status, 1);
    assert_error(&report, "TRB0135");
}
