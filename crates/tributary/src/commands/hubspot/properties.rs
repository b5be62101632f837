//! `tributary hubspot properties`.

use model::{KeyVerdict, Level, Property, Translator};
use serde_json::{Value, json};

use crate::{
    app::App,
    cli,
    failure::{Exit, Outcome},
    output::{
        Tone,
        number::counted,
        table::{Align, Table, one_line},
    },
};

/// List the properties of contacts or companies: which can be imported, and which can be the key.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// visitor (contacts) or account (companies).
    #[arg(long, value_parser = cli::level)]
    level: Level,
    /// Only properties whose name or label contains this.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only properties that can be imported.
    #[arg(long)]
    importable: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let (store, scope) = app.open_level(args.level).await?;
    let mapping = store.mapping(scope).await?;
    let client = app.client(&store, scope.subscription).await?;
    let mut catalogue = client.properties(args.level.object()).await?;
    let wanted = args.search.map(|text| text.to_lowercase());
    catalogue.retain(|property| {
        let matches = wanted.as_ref().is_none_or(|wanted| {
            property.name.as_str().to_lowercase().contains(wanted)
                || property.label.to_lowercase().contains(wanted)
        });
        matches && (!args.importable || Translator::for_property(property).is_ok())
    });
    catalogue.sort_by(|one, other| one.name.cmp(&other.name));
    let is_key = |property: &Property| {
        mapping
            .as_ref()
            .is_some_and(|mapping| mapping.key == property.name)
    };
    let is_mapped = |property: &Property| {
        mapping.as_ref().is_some_and(|mapping| {
            mapping
                .fields
                .iter()
                .any(|field| field.property == property.name)
        })
    };
    let mut table = Table::new([
        ("property", Align::Left),
        ("label", Align::Left),
        ("HubSpot type", Align::Left),
        ("becomes", Align::Left),
        ("as key", Align::Left),
        ("", Align::Left),
    ]);
    for property in &catalogue {
        let becomes = match Translator::for_property(property) {
            Ok(translator) => translator.metadata_type().to_string(),
            Err(reason) => app
                .out
                .toned(Tone::Faint, format_args!("– ({})", reason.code())),
        };
        let key = match property.key_verdict() {
            KeyVerdict::Suitable => "yes".into(),
            KeyVerdict::Odd(warning) => app
                .out
                .toned(Tone::Warning, format_args!("odd ({})", warning.code())),
            KeyVerdict::Refused(_) => app.out.toned(Tone::Faint, "no"),
        };
        let mark = match (is_key(property), is_mapped(property)) {
            (true, _) => "key",
            (false, true) => "mapped",
            (false, false) => "",
        };
        table.row([
            one_line(property.name.as_str(), 50),
            one_line(&property.label, 40),
            format!("{}/{}", property.kind, property.field_type),
            becomes,
            key,
            mark.into(),
        ]);
    }
    let listed: Vec<Value> = catalogue
        .iter()
        .map(|property| described(property, is_key(property), is_mapped(property)))
        .collect();
    let report = json!({ "schema": 1, "level": args.level.name(), "properties": listed });
    let count = counted(catalogue.len() as u64, "property");
    app.out.report(&report, format_args!("{table}\n\n{count}"));
    Ok(Exit::Done)
}

fn described(property: &Property, is_key: bool, is_mapped: bool) -> Value {
    let (metadata_type, reason) = match Translator::for_property(property) {
        Ok(translator) => (Some(translator.metadata_type().name()), None),
        Err(reason) => (
            None,
            Some(json!({ "code": reason.code(), "message": reason.to_string() })),
        ),
    };
    let key = match property.key_verdict() {
        KeyVerdict::Suitable => json!({ "verdict": "suitable" }),
        KeyVerdict::Odd(warning) => {
            json!({ "verdict": "odd", "code": warning.code(), "message": warning.to_string() })
        }
        KeyVerdict::Refused(reason) => {
            json!({ "verdict": "refused", "code": reason.code(), "message": reason.to_string() })
        }
    };
    json!({
        "name": property.name,
        "label": property.label,
        "type": property.kind,
        "field_type": property.field_type,
        "group": property.group,
        "description": property.description,
        "importable": metadata_type.is_some(),
        "metadata_type": metadata_type,
        "reason": reason,
        "key": key,
        "calculated": property.is_calculated(),
        "unique": property.unique,
        "hidden": property.hidden,
        "options": property.options.len(),
        "is_key": is_key,
        "is_mapped": is_mapped,
    })
}
