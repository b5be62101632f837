//! `tributary pendo connect`.

use std::path::PathBuf;

use pendo::Region;
use serde_json::json;

use crate::{
    app::App,
    failure::{Exit, Outcome},
    input,
    output::Tone,
};

/// Send the subscription's values to Pendo from now on.
///
/// Make an integration key in Pendo under Settings > Integrations > Integration Keys with "Allow Write Access", put it into a
/// file, and name the file. The key is tried first; what is linked already is sent with the next sync, or by `tributary serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file that holds the integration key and nothing else; - reads standard input.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Where Pendo keeps the subscription: us, us1, eu, jp or au. The address at which people sign in tells it: app.pendo.io,
    /// us1.app.pendo.io, app.eu.pendo.io, app.jpn.pendo.io, app.au.pendo.io. In another region a key looks like a wrong one.
    #[arg(long, value_name = "REGION")]
    region: Region,
    /// What the names of our fields begin with in Pendo, so that they meet no others: hubspot_ at first, and later the present
    /// one, unless said otherwise. Another one later makes new fields, and leaves the old ones with their values.
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let key = input::token(&args.key_file)?;
    let runner = app.runner(&store)?;
    let connected = runner
        .destinations()
        .connect_pendo(
            subscription,
            args.region,
            args.prefix.as_deref(),
            key,
            "command",
        )
        .await?;
    let waiting: u64 = store
        .waiting(Some(subscription))
        .await?
        .iter()
        .map(|waiting| waiting.changes)
        .sum();
    let text = format!(
        "{}\nFields are named {}…, in the group custom.{}\nWhat this Pendo does where its documentation is silent: tributary pendo \
         probe",
        app.out.toned(
            Tone::Good,
            format_args!("Connected to Pendo ({}).", connected.region)
        ),
        connected.prefix,
        if waiting > 0 {
            " What is linked already is sent with the next sync."
        } else {
            ""
        }
    );
    app.out.report(
        &json!({
            "schema": 1,
            "connected": true,
            "region": connected.region,
            "prefix": connected.prefix,
            "waiting": waiting,
        }),
        text,
    );
    Ok(Exit::Done)
}
