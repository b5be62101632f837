//! Where the pages are: what is listened on, by which address browsers come, and through whom.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

/// The settings of the pages.
#[derive(Debug, Clone)]
pub(crate) struct Web {
    /// What is listened on; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The address by which browsers come, if it is set.
    pub(crate) public_url: Option<Url>,
    /// Proxies whose word on the client's address is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
}

impl Web {
    /// The address by which browsers come to what is listened on.
    ///
    /// On this machine that is `localhost`: HubSpot refuses redirect addresses that are a raw IP address.
    /// <https://developers.hubspot.com/docs/api/working-with-oauth>
    pub(crate) fn public_url(&self, listening: SocketAddr) -> Url {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let (ip, port) = (listening.ip(), listening.port());
        let host = if ip.is_loopback() || ip.is_unspecified() {
            "localhost".to_owned()
        } else {
            SocketAddr::new(ip, port)
                .to_string()
                .trim_end_matches(&format!(":{port}"))
                .to_owned()
        };
        Url::parse(&format!("http://{host}:{port}")).expect("a host and a port make an address")
    }
}

/// Whether only browsers on this machine come by an address.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads what to listen on.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| {
        format!(
            "{text:?} is no address and port; write them like 127.0.0.1:8700 for this machine only, or 0.0.0.0:8700 for all networks"
        )
    })
}

/// Reads the address by which browsers come.
pub(crate) fn public_url(text: &str) -> Result<Url, String> {
    const FORM: &str = "write it like https://tributary.example.com";
    let url = Url::parse(text).map_err(|_| format!("{text:?} is no address; {FORM}"))?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Err(format!("{text:?} is no address of the web; {FORM}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("it must not hold a name or a password; {FORM}"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{text:?} goes on after the host, but the pages have a host of their own; {FORM}"
        ));
    }
    Ok(url)
}

/// Reads networks, separated by spaces or commas; an address alone is a network of one.
pub(crate) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split([' ', ','])
        .filter(|one| !one.is_empty())
        .map(|one| {
            let network = one.parse();
            network
                .or_else(|_| one.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    format!("{one:?} is no network; write networks like 10.0.0.0/8 or fd00::/8, or single addresses like 10.0.0.7")
                })
        })
        .collect()
}
