//! `tributary visitors set` and `tributary accounts set`.

use model::{Group, Level, MetadataType, Outcome as Translated, Translator, Wire, payload};
use serde_json::json;

use crate::{
    app::App,
    failure::{Exit, Failure, Outcome},
    output::number::counted,
    trouble::Trouble,
    usage,
};

/// Longest name of a field, in bytes.
const MAX_NAME: usize = 255;

/// Set or clear values of the groups agent and custom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id, byte for byte.
    id: String,
    /// What to set, such as custom.tier=gold; nothing after the = clears the value.
    #[arg(required = true, value_name = "GROUP.FIELD=VALUE")]
    assignments: Vec<String>,
    /// The type of fields that are new: string, decimal, boolean or time. A field keeps its type.
    #[arg(long = "type", default_value = "string", value_name = "TYPE")]
    kind: MetadataType,
}

pub(super) async fn run(app: &App, level: Level, args: Args) -> Outcome {
    let assignments = args
        .assignments
        .iter()
        .map(|text| Assignment::read(text))
        .collect::<Result<Vec<_>, _>>()?;
    let (store, scope) = app.open_level(level).await?;
    let fields = store.fields(scope).await?;
    let mut values = Vec::new();
    for assignment in &assignments {
        let known = fields
            .iter()
            .find(|field| field.group == assignment.group && field.name == assignment.field);
        let kind = known.map_or(args.kind, |field| field.kind);
        values.push((assignment, kind, assignment.token(kind)?));
    }
    for (assignment, kind, token) in &values {
        let field = (assignment.group, assignment.field, *kind);
        let there = store
            .set_value(scope, &args.id, field, token.as_deref(), app.clock.now())
            .await?;
        if !there {
            return Err(Trouble::UnknownSubject { level, id: args.id }.into());
        }
    }
    let cleared = values.iter().filter(|(.., token)| token.is_none()).count() as u64;
    let set = values.len() as u64 - cleared;
    app.out.report(
        &json!({ "schema": 1, "level": level.name(), "id": args.id, "set": set, "cleared": cleared }),
        format_args!("{level} {}: set {}, cleared {}.", args.id, counted(set, "value"), cleared),
    );
    Ok(Exit::Done)
}

struct Assignment<'a> {
    group: Group,
    field: &'a str,
    value: &'a str,
}

impl<'a> Assignment<'a> {
    fn read(text: &'a str) -> Result<Self, Failure> {
        let wrong = || {
            usage(format!(
                "{text:?} is not group.field=value, such as custom.tier=gold"
            ))
        };
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let (group, field) = name.split_once('.').ok_or_else(wrong)?;
        let named =
            !field.is_empty() && field.len() <= MAX_NAME && !field.chars().any(char::is_control);
        match Group::from_name(group) {
            _ if !named => Err(wrong()),
            Some(Group::Hubspot) => Err(Trouble::HubspotField {
                field: field.into(),
            }
            .into()),
            Some(Group::Auto) => Err(Trouble::AutoField {
                field: field.into(),
            }
            .into()),
            Some(group) => Ok(Self {
                group,
                field,
                value,
            }),
            None => Err(wrong()),
        }
    }

    /// The value as JSON; `None` clears.
    fn token(&self, kind: MetadataType) -> Result<Option<String>, Trouble> {
        let translator = match kind {
            MetadataType::String => Translator::Text,
            MetadataType::Decimal => Translator::Decimal,
            MetadataType::Boolean => Translator::Boolean,
            MetadataType::Time => Translator::DateTime,
        };
        match translator.translate(Wire::Text(self.value)) {
            Translated::Value(value) => Ok(Some(payload::token(&value))),
            Translated::Empty => Ok(None),
            Translated::Quarantined(_) => Err(Trouble::ValueType {
                field: format!("{}.{}", self.group, self.field),
                kind,
            }),
        }
    }
}
