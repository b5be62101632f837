//! `tributary mapping set`.

use hubspot::Client;
use model::{KeyVerdict, Level, Property, PropertyName, Translator};
use serde_json::json;
use store::{
    Scope, Store,
    mapping::{EmptyPolicy, MappedField, Mapping},
};

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
        fields: args.fields,
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

/// What somebody wants mapped.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) key: String,
    pub(crate) fields: Vec<String>,
    pub(crate) empty: EmptyPolicy,
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
    let mut warnings = Vec::new();
    let key = find(&catalogue, scope.level, &wish.key)?;
    match key.key_verdict() {
        KeyVerdict::Suitable => {}
        KeyVerdict::Odd(warning) => warnings.push(format!("the key {}: {warning}", key.name)),
        KeyVerdict::Refused(source) => {
            return Err(Trouble::Unimportable {
                name: key.name.to_string(),
                source,
            }
            .into());
        }
    }
    let present = store.fields(scope).await?;
    let mut fields: Vec<MappedField> = Vec::new();
    for name in &wish.fields {
        let property = find(&catalogue, scope.level, name)?;
        if fields.iter().any(|field| field.property == property.name) {
            continue;
        }
        let translator =
            Translator::for_property(property).map_err(|source| Trouble::Unimportable {
                name: property.name.to_string(),
                source,
            })?;
        let kind = translator.metadata_type();
        let before = present.iter().find(|field| {
            field.group == model::Group::Hubspot && field.name == property.name.as_str()
        });
        if let Some(before) = before
            && before.kind != kind
        {
            warnings.push(format!(
                "{} became {kind} in HubSpot, but the field is {}: it is held and keeps its last values",
                property.name, before.kind
            ));
        }
        fields.push(MappedField {
            property: property.name.clone(),
            kind,
            display_name: property.label.clone(),
        });
    }
    let key = PropertyName::new(&wish.key);
    let mapping = store
        .set_mapping(scope, &key, &fields, wish.empty, app.clock.now())
        .await?;
    Ok((mapping, warnings))
}

fn find<'a>(catalogue: &'a [Property], level: Level, name: &str) -> Result<&'a Property, Trouble> {
    let name = name.trim();
    catalogue
        .iter()
        .find(|property| property.name.as_str() == name && !property.archived)
        .ok_or_else(|| {
            // The label is what people know.
            let by_label = catalogue
                .iter()
                .find(|property| property.label.eq_ignore_ascii_case(name))
                .map(|property| property.name.to_string());
            let names = catalogue.iter().map(|property| property.name.as_str());
            Trouble::UnknownProperty {
                level: match level {
                    Level::Visitor => "contact",
                    Level::Account => "company",
                },
                name: name.into(),
                nearest: by_label.or_else(|| similar::nearest(name, names)),
            }
        })
}
