//! `tributary visitors delete` and `tributary accounts delete`.

use model::Level;
use serde_json::json;

use crate::{
    app::App,
    failure::{Exit, Outcome},
    trouble::Trouble,
};

/// Erase everything kept about one, its traces in past runs included. This cannot be undone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id, byte for byte.
    id: String,
}

pub(super) async fn run(app: &App, level: Level, args: Args) -> Outcome {
    let (store, scope) = app.open_level(level).await?;
    if !store
        .erase_subject(scope, &args.id, app.clock.now())
        .await?
    {
        return Err(Trouble::UnknownSubject { level, id: args.id }.into());
    }
    app.out.report(
        &json!({ "schema": 1, "level": level.name(), "id": args.id, "erased": true }),
        format_args!("Erased everything kept about {level} {}.", args.id),
    );
    Ok(Exit::Done)
}
