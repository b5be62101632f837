//! `tributary mapping show`.

use model::Level;
use serde_json::{Value, json};
use store::{
    Scope,
    mapping::{EmptyPolicy, Mapping},
};

use crate::{
    app::App,
    cli,
    failure::{Exit, Outcome},
    output::{
        Tone,
        table::{Align, Table, one_line},
    },
};

/// Show key and fields of both levels.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this level.
    #[arg(long, value_parser = cli::level)]
    level: Option<Level>,
}

pub(super) async fn run(app: &App, args: Args) -> Outcome {
    let store = app.open().await?;
    let subscription = app.subscription(&store).await?.id;
    let mut mappings = Vec::new();
    let mut text = Vec::new();
    for level in Level::ALL {
        if args.level.is_some_and(|wanted| wanted != level) {
            continue;
        }
        let scope = Scope {
            subscription,
            level,
        };
        let title = app.out.toned(Tone::Strong, format_args!("{level} level"));
        let Some(mapping) = store.mapping(scope).await? else {
            text.push(format!("{title}: not mapped"));
            continue;
        };
        let mut table = Table::new([
            ("field", Align::Left),
            ("type", Align::Left),
            ("label", Align::Left),
        ])
        .indented(2);
        for field in &mapping.fields {
            table.row([
                format!("hubspot.{}", field.property),
                field.kind.to_string(),
                one_line(&field.display_name, 50),
            ]);
        }
        text.push(format!(
            "{title}: key {}; an emptied property {}\n{table}",
            mapping.key,
            match mapping.empty {
                EmptyPolicy::Clear => "clears the value",
                EmptyPolicy::Keep => "keeps the value",
            }
        ));
        mappings.push(described(level, &mapping));
    }
    app.out.report(
        &json!({ "schema": 1, "mappings": mappings }),
        text.join("\n\n"),
    );
    Ok(Exit::Done)
}

/// A mapping as JSON.
pub(super) fn described(level: Level, mapping: &Mapping) -> Value {
    let fields: Vec<Value> = mapping
        .fields
        .iter()
        .map(|field| {
            json!({
                "property": field.property,
                "type": field.kind.name(),
                "display_name": field.display_name,
            })
        })
        .collect();
    json!({
        "level": level.name(),
        "key": mapping.key,
        "when_empty": match mapping.empty { EmptyPolicy::Clear => "clear", EmptyPolicy::Keep => "keep" },
        "fields": fields,
    })
}
