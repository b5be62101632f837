//! Whether the pages answer, asked as a browser on this machine would.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use url::Position;

use crate::{commands::serve::Door, trouble::Trouble};

/// Pages that are asked for, with what they have to contain.
const PAGES: [(&str, &str); 2] = [("/healthz", "\"ok\""), ("/sign-in", "<form")];

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves the pages for as long as it takes to ask for some of them.
pub(super) async fn probe(door: Door, pages: web::App) -> Result<(), Trouble> {
    let to = near(door.address);
    let host = door.public_url[Position::BeforeHost..Position::AfterPort].to_owned();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(door.serve(pages, stop.clone()));
    let mut asked = Ok(());
    for (path, part) in PAGES {
        asked = match tokio::time::timeout(PATIENCE, ask(to, &host, path)).await {
            Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200 ") && answer.contains(part) => {
                continue;
            }
            Ok(Ok(answer)) => Err(format!(
                "{path} says {:?}",
                answer.lines().next().unwrap_or_default()
            )),
            Ok(Err(error)) => Err(format!("{path}: {error}")),
            Err(_) => Err(format!("{path} takes too long")),
        };
        break;
    }
    stop.cancel();
    match serving.await {
        Ok(served) => served?,
        Err(error) => return Err(Trouble::DemoPages(error.to_string())),
    }
    asked.map_err(Trouble::DemoPages)
}

/// The address by which this machine reaches what is listened on.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// One request, without anything that would have to be decoded.
async fn ask(to: SocketAddr, host: &str, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(to).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
