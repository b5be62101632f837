//! Addresses to which credentials may be sent.

use url::{Host, Url};

use crate::Unusable;

/// Parses the address in `setting` and refuses one over which credentials would travel in the clear: only https will
/// do, or plain http to this machine, as to a sandbox.
///
/// # Errors
/// [`Unusable`], naming `setting`.
pub fn parse(setting: &str, text: &str) -> Result<Url, Unusable> {
    let url =
        Url::parse(text).map_err(|_| Unusable::new(format!("{setting} is not an address")))?;
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(Unusable::new(format!(
            "{setting} is plain http to another machine, which would send credentials in the clear; use https"
        ))),
        _ => Err(Unusable::new(format!("{setting} is not an https address"))),
    }
}

/// Whether the address is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for local in [
            "http://localhost:1",
            "http://127.0.0.1:8080",
            "http://127.8.9.1",
            "http://[::1]:9",
        ] {
            assert!(is_loopback(&parse("base_url", local).unwrap()), "{local}");
        }
        let far = parse("base_url", "https://api.hubapi.com").unwrap();
        assert!(!is_loopback(&far));
        for refused in [
            "http://api.hubapi.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://localhost",
            "nonsense",
            "",
        ] {
            let problem = parse("base_url", refused).unwrap_err().problem;
            assert!(problem.starts_with("base_url is "), "{refused}: {problem}");
        }
    }
}
