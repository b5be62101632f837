//! `tributary visitors show` and `tributary accounts show`.

use model::{Level, payload};
use serde::{Serialize, ser::SerializeMap as _};
use serde_json::value::RawValue;
use store::subject::Subject;

use crate::{
    app::App,
    failure::{Exit, Outcome},
    output::{
        Tone,
        table::{Align, Table, one_line},
        time,
    },
    trouble::Trouble,
};

/// Show everything known about one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The id, byte for byte.
    id: String,
}

pub(super) async fn run(app: &App, level: Level, args: Args) -> Outcome {
    let (store, scope) = app.open_level(level).await?;
    let Some(subject) = store.subject(scope, &args.id).await? else {
        return Err(Trouble::UnknownSubject { level, id: args.id }.into());
    };
    let fields = store.fields(scope).await?;
    let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    let groups = [
        ("agent", &subject.agent),
        ("custom", &subject.custom),
        ("hubspot", &subject.hubspot),
    ];
    for (group, stored) in groups {
        for (name, token) in payload::entries(stored.as_deref().unwrap_or("{}")).flatten() {
            if token == "null" {
                continue;
            }
            let value = payload::unescape(token).unwrap_or_else(|| token.into());
            let field = fields
                .iter()
                .find(|field| field.group.name() == group && field.name == name);
            let display = field
                .map(|field| field.display_name.as_str())
                .filter(|display| *display != name)
                .unwrap_or_default();
            table.row([
                format!("{group}.{name}"),
                one_line(&value, 80),
                app.out.toned(Tone::Faint, display),
            ]);
        }
    }
    let title = format_args!("{level} {}", subject.id);
    let mut text = vec![app.out.toned(Tone::Strong, title)];
    if let Some(accounts) = accounts(level, &subject) {
        text.push(format!("\naccounts: {accounts}"));
    }
    match (subject.record, subject.run) {
        (Some(record), Some(run)) => {
            text.push(format!(
                "\nfed by HubSpot record {record}, last changed by run {run}"
            ));
        }
        (Some(record), None) => text.push(format!("\nfed by HubSpot record {record}")),
        (None, Some(run)) => text.push(format!(
            "\nfed by no HubSpot record any more; its values are those of run {run}"
        )),
        (None, None) => text.push("\nfed by no HubSpot record".into()),
    }
    text.push(format!(
        "\nknown since {}, last import or edit {}",
        time::minute(subject.created_at),
        time::minute(subject.updated_at)
    ));
    if !table.is_empty() {
        text.push(format!("\n\n{table}"));
    }
    app.out
        .report(&Numbered(Shown::of(level, &subject)), text.concat());
    Ok(Exit::Done)
}

fn accounts(level: Level, subject: &Subject) -> Option<String> {
    let ids: Vec<String> = serde_json::from_str(subject.accounts.as_deref()?).ok()?;
    (level == Level::Visitor && !ids.is_empty()).then(|| ids.join(", "))
}

/// A visitor or account as JSON, with the stored values to the letter.
pub(super) struct Shown<'a> {
    level: Level,
    subject: &'a Subject,
}

impl<'a> Shown<'a> {
    pub(super) fn of(level: Level, subject: &'a Subject) -> Self {
        Self { level, subject }
    }

    fn fill<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let subject = self.subject;
        map.serialize_entry("id", &subject.id)?;
        if self.level == Level::Visitor {
            map.serialize_entry("accounts", &raw(subject.accounts.as_deref(), "[]"))?;
        }
        map.serialize_entry("metadata", &Metadata(subject))?;
        map.serialize_entry("record", &subject.record.map(|record| record.to_string()))?;
        map.serialize_entry("run", &subject.run.map(|run| run.to_string()))?;
        map.serialize_entry("created_at", &time::exact(subject.created_at))?;
        map.serialize_entry("updated_at", &time::exact(subject.updated_at))
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.fill(&mut map)?;
        map.end()
    }
}

/// The same as a report of its own.
struct Numbered<'a>(Shown<'a>);

impl Serialize for Numbered<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("level", self.0.level.name())?;
        self.0.fill(&mut map)?;
        map.end()
    }
}

struct Metadata<'a>(&'a Subject);

impl Serialize for Metadata<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("hubspot", &without_nulls(self.0.hubspot.as_deref()))?;
        map.serialize_entry("agent", &without_nulls(self.0.agent.as_deref()))?;
        map.serialize_entry("custom", &without_nulls(self.0.custom.as_deref()))?;
        map.end()
    }
}

/// Stored metadata, without values that an import cleared before they were there.
fn without_nulls(stored: Option<&str>) -> Option<Box<RawValue>> {
    let stored = stored.unwrap_or("{}");
    if !stored.contains(":null") {
        return raw(Some(stored), "{}");
    }
    let mut writer = payload::Writer::default();
    writer.start();
    for (name, token) in payload::entries(stored).flatten() {
        if token != "null" {
            writer.push_token(&name, token);
        }
    }
    raw(Some(writer.finish()), "{}")
}

fn raw(stored: Option<&str>, otherwise: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(stored.unwrap_or(otherwise).to_owned()).ok()
}
