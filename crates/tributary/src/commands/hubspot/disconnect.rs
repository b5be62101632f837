//! `tributary hubspot disconnect`.

use serde_json::json;

use crate::{
    app::App,
    failure::{Exit, Outcome},
};

/// Forget the connection. Values, links and mappings stay.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End the grant at HubSpot too (OAuth). Without it the app stays installed there.
    #[arg(long)]
    revoke: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let runner = app.runner(&store)?;
    let connector = runner.connector();
    let revoked = args.revoke && connector.revoke(subscription).await?;
    if !connector.disconnect(subscription).await? {
        return Err(sync::connect::Error::NotConnected.into());
    }
    let text = match (args.revoke, revoked) {
        (true, true) => "Disconnected, and the grant ended at HubSpot.",
        (true, false) => {
            "Disconnected. A static token cannot be revoked from here: delete the service key or private app in HubSpot."
        }
        _ => "Disconnected. Values, links and mappings stay.",
    };
    app.out.report(
        &json!({ "schema": 1, "connected": false, "revoked": revoked }),
        text,
    );
    Ok(Exit::Done)
}
