//! `tributary mapping set`.

use hubspot::Client;
use model::{Level, Property};
use serde_json::json;
use store::{
    Scope, Store,
    mapping::{EmptyPolicy, Mapping},
};
use sync::mapping::{self, Wish, WishedField};

use super::show;
use crate::{
    app::App,
    cli,
    failure::{Exit, Failure, Outcome},
    output::number::counted,
    similar,
    trouble::Trouble,
};

/// Set key and fields of a level, in place of those it has.
///
/// Fields left out stop being pulled; their values stay.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// visitor (fed by contacts) or account (fed by companies).
    #[arg(long, value_parser = cli::level)]
    level: Level,
    /// The property whose value equals the id, byte for byte.
    #[arg(long, value_name = "PROPERTY")]
    key: String,
    /// The properties to carry over, by their internal names.
    #[arg(
        long,
        required = true,
        value_delimiter = ',',
        value_name = "PROPERTY,…"
    )]
    fields: Vec<String>,
    /// What an emptied property does to the stored value.
    #[arg(long, value_enum, default_value_t = WhenEmpty::Clear)]
    when_empty: WhenEmpty,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum WhenEmpty {
    /// The value goes.
    Clear,
    /// The last value stays.
    Keep,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let (store, scope) = app.open_level(args.level).await?;
    let client = app.client(&store, scope.subscription).await?;
    let wish = Wish {
        key: args.key,
        fields: args.fields.into_iter().map(WishedField::named).collect(),
        empty: match args.when_empty {
            WhenEmpty::Clear => EmptyPolicy::Clear,
            WhenEmpty::Keep => EmptyPolicy::Keep,
        },
    };
    let (mapping, warnings) = map(app, &store, &client, scope, &wish).await?;
    for warning in &warnings {
        app.out.note(format_args!("warning: {warning}"));
    }
    app.out.report(
        &json!({
            "schema": 1,
            "mapping": show::described(scope.level, &mapping),
            "warnings": warnings,
        }),
        format_args!(
            "Mapped the {} level: key {}, {}.",
            scope.level,
            mapping.key,
            counted(mapping.fields.len() as u64, "field")
        ),
    );
    Ok(Exit::Done)
}

/// Checks a wish against HubSpot's catalogue and stores it; says what is probably a mistake.
pub(crate) async fn map(
    app: &App,
    store: &Store,
    client: &Client,
    scope: Scope,
    wish: &Wish,
) -> Result<(Mapping, Vec<String>), Failure> {
    let catalogue = client.properties(scope.level.object()).await?;
    let present = store.fields(scope).await?;
    let prepared = mapping::prepare(scope, &catalogue, &present, wish)
        .map_err(|error| refused(error, &catalogue))?;
    let mapping = mapping::store(store, scope, &prepared, app.clock.now()).await?;
    let warnings = prepared.warnings.iter().map(ToString::to_string).collect();
    Ok((mapping, warnings))
}

/// The error with the nearest name that there is.
fn refused(error: mapping::Error, catalogue: &[Property]) -> Trouble {
    match error {
        mapping::Error::UnknownProperty {
            object,
            name,
            by_label,
        } => {
            let names = catalogue.iter().map(|property| property.name.as_str());
            Trouble::UnknownProperty {
                level: object,
                nearest: by_label
                    .map(|labelled| labelled.to_string())
                    .or_else(|| similar::nearest(&name, names)),
                name,
            }
        }
        mapping::Error::Unimportable { name, source } => Trouble::Unimportable {
            name: name.to_string(),
            source,
        },
        error => Trouble::Usage(error.to_string()),
    }
}
