//! `tributary pendo disconnect`.

use serde_json::json;

use crate::{
    app::App,
    failure::{Exit, Outcome},
};

pub(super) async fn run(app: &App) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let runner = app.runner(&store)?;
    if !runner.destinations().disconnect(subscription).await? {
        return Err(sync::destination::Error::NotConnected.into());
    }
    app.out.report(
        &json!({ "schema": 1, "connected": false }),
        "Disconnected. What waited to be sent is not sent; what is in Pendo stays there.",
    );
    Ok(Exit::Done)
}
