//! NDJSON: `{"id":"…","metadata":{"hubspot":{…},"agent":{…}}}` per line.

use std::borrow::Cow;

use model::{
    Group, Level, Value,
    payload::{self, Malformed},
};
use store::subject::Subject;

use super::{Column, Labels, accounts};

/// Writes lines.
#[derive(Debug)]
pub(super) struct Writer {
    level: Level,
    columns: Option<Vec<Column>>,
    labels: Option<Labels>,
}

impl Writer {
    pub(super) fn new(level: Level, columns: Option<Vec<Column>>, labels: Option<Labels>) -> Self {
        Self {
            level,
            columns,
            labels,
        }
    }

    /// Appends the line of one visitor or account.
    ///
    /// The groups hubspot and agent are always there, so that a reader need not ask; the others where they have a value.
    pub(super) fn line(&self, subject: &Subject, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let hubspot = self.group(Group::Hubspot, subject.hubspot.as_deref())?;
        let agent = self.group(Group::Agent, subject.agent.as_deref())?;
        let custom = self.group(Group::Custom, subject.custom.as_deref())?;
        out.extend_from_slice(b"{\"id\":");
        out.extend_from_slice(text(&subject.id).as_bytes());
        out.extend_from_slice(b",\"metadata\":{\"hubspot\":");
        out.extend_from_slice(hubspot.as_bytes());
        out.extend_from_slice(b",\"agent\":");
        out.extend_from_slice(agent.as_bytes());
        if custom != "{}" {
            out.extend_from_slice(b",\"custom\":");
            out.extend_from_slice(custom.as_bytes());
        }
        out.push(b'}');
        if let Some(accounts) = accounts(self.level, subject)
            && self.wants(&Column::Accounts)
        {
            out.extend_from_slice(b",\"accounts\":");
            out.extend_from_slice(accounts.as_bytes());
        }
        if let Some(labels) = &self.labels {
            out.extend_from_slice(b",\"labels\":{\"hubspot\":");
            out.extend_from_slice(labelled(labels, &hubspot)?.as_bytes());
            out.push(b'}');
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }

    fn wants(&self, column: &Column) -> bool {
        self.columns
            .as_ref()
            .is_none_or(|columns| columns.contains(column))
    }

    /// One group as JSON: as it is stored, or reduced to the chosen columns. Values cleared at import are left out.
    fn group<'a>(&self, group: Group, stored: Option<&'a str>) -> Result<Cow<'a, str>, Malformed> {
        let Some(stored) = stored else {
            return Ok(Cow::Borrowed("{}"));
        };
        if self.columns.is_none() && !stored.contains(":null") {
            return Ok(Cow::Borrowed(stored));
        }
        let mut writer = payload::Writer::default();
        writer.start();
        for entry in payload::entries(stored) {
            let (name, token) = entry?;
            let wanted = self.columns.as_ref().is_none_or(|columns| {
                columns.iter().any(|column| {
                    matches!(column, Column::Field { group: of, name: wanted } if *of == group && *wanted == name)
                })
            });
            if wanted && token != "null" {
                writer.push_token(&name, token);
            }
        }
        Ok(Cow::Owned(writer.finish().to_owned()))
    }
}

/// The labels of those values of group hubspot that have one.
fn labelled(labels: &Labels, hubspot: &str) -> Result<String, Malformed> {
    let mut writer = payload::Writer::default();
    writer.start();
    for entry in payload::entries(hubspot) {
        let (name, token) = entry?;
        if let Some(value) = payload::unescape(token)
            && let Some(label) = labels.of(&name, &value)
        {
            writer.push_token(&name, &text(&label));
        }
    }
    Ok(writer.finish().to_owned())
}

fn text(text: &str) -> String {
    payload::token(&Value::String(Cow::Borrowed(text)))
}
