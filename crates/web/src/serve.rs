//! The server: takes connections until it is told to stop, and lets answers that have begun come to their end.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use jiff::SignedDuration;
use tokio::{net::TcpListener, sync::watch};

use crate::{app::App, site::site, visit::IDLE};

/// How often what is past its time is swept out of the database.
const SWEEP: Duration = Duration::from_hours(1);

/// What nobody has looked for in this while is forgotten.
const VIEWS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long answers may take to end once the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the application until `stop` comes.
///
/// # Errors
/// What the operating system says when connections cannot be taken.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = site(&app).into_make_service_with_connect_info::<SocketAddr>();
    let (stopped, mut over) = watch::channel(false);
    let graceful = async move {
        stop.await;
        stopped.send_replace(true);
    };
    let server = axum::serve(listener, service).with_graceful_shutdown(graceful);
    let late = async {
        // Streams of progress have no end of their own.
        let _ = over.wait_for(|over| *over).await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        served = server => served,
        () = late => Ok(()),
        never = sweep(&app) => match never {},
    }
}

/// Sweeps now and then what nobody can use any more.
async fn sweep(app: &App) -> std::convert::Infallible {
    loop {
        let (store, now) = (app.store(), app.now());
        let swept = async {
            store.sweep_sessions(now, IDLE).await?;
            store.sweep_views(now - VIEWS).await
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "what is past its time could not be swept");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
