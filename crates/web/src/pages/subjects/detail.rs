//! One visitor or account: everything that is known about it, and where that comes from.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use jiff::Timestamp;
use model::{Group, Level, RecordId, RunId};
use store::{mapping::Field, subject::Subject};

use super::{
    base,
    columns::title,
    labels, place, run_times,
    value::{Show, Shown, entered},
    view::Key,
};
use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, answer},
    visit::{AtLevel, Here},
};

#[derive(Template)]
#[template(path = "subject.html")]
pub(crate) struct SubjectPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    /// The address of the list.
    pub(crate) base: String,
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) last_sync: Option<(RunId, Option<Timestamp>)>,
    pub(crate) record: Option<Record>,
    /// The ids of a visitor's accounts, with the number of each that is known.
    pub(crate) accounts: Vec<(String, Option<i64>)>,
    pub(crate) groups: Vec<GroupShown>,
    pub(crate) said: Said,
}

/// The record that feeds it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: RecordId,
    /// Its page in HubSpot.
    pub(crate) href: Option<String>,
}

/// A group's fields.
#[derive(Debug, Clone)]
pub(crate) struct GroupShown {
    pub(crate) group: &'static str,
    pub(crate) values: Vec<ValueRow>,
}

/// A field, with its value if it has one.
#[derive(Debug, Clone)]
pub(crate) struct ValueRow {
    /// `group.name`, for names within the page.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) shown: Option<Shown>,
    /// The field is no longer pulled.
    pub(crate) stopped: bool,
    /// The value as a form has it.
    pub(crate) entered: String,
    /// The name of a message: why what was entered is not stored.
    pub(crate) problem: Option<&'static str>,
}

/// What else the page says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) problem: Option<Problem>,
    /// Which field was edited, what was entered, and why it does not fit.
    pub(crate) edit: Option<(Key, String, &'static str)>,
    /// The name of a message: why nothing was erased.
    pub(crate) erase: Option<&'static str>,
}

/// `GET …/{number}`.
pub(crate) async fn show(
    here: Here,
    AtLevel(level): AtLevel,
    Path((_, number)): Path<(i64, i64)>,
) -> Result<Response, Error> {
    let subject = find(&here, level, number).await?;
    detail(&here, level, number, &subject, Said::default()).await
}

/// The subject of that number, if it is of this subscription and level.
pub(super) async fn find(here: &Here, level: Level, number: i64) -> Result<Subject, Error> {
    let store = here.visit.app.store();
    store
        .subject_by_number(here.scope(level), number)
        .await?
        .ok_or(Error::NotFound)
}

/// The page.
pub(super) async fn detail(
    here: &Here,
    level: Level,
    number: i64,
    subject: &Subject,
    said: Said,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let store = here.visit.app.store();
    let connection = store.connection_info(scope.subscription).await?;
    let portal = connection.map(|connection| connection.portal);
    let labels = labels(here, scope).await?;
    let fields = store.fields(scope).await?;
    let show = Show {
        t: &here.visit.locale,
        zone: &here.zone,
        labels: &labels,
    };
    let times = run_times(here, &[subject.run]).await?;
    let groups = [Group::Hubspot, Group::Agent, Group::Custom]
        .into_iter()
        .map(|group| group_of(group, subject, &fields, show, &said))
        .filter(|group| !group.values.is_empty())
        .collect();
    let status = said.status;
    let page = SubjectPage {
        c: Chrome::here(here, place(level)).await?.titled(&subject.id),
        level,
        base: base(here, level),
        number,
        id: subject.id.clone(),
        created_at: subject.created_at,
        updated_at: subject.updated_at,
        last_sync: subject.run.map(|run| (run, times.get(&run).copied())),
        record: subject.record.map(|id| Record {
            id,
            href: portal.map(|portal| portal.record_url(level.object(), id)),
        }),
        accounts: accounts(here, level, subject).await?,
        groups,
        said,
    };
    answer(status, &page)
}

async fn accounts(
    here: &Here,
    level: Level,
    subject: &Subject,
) -> Result<Vec<(String, Option<i64>)>, Error> {
    if level != Level::Visitor {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = subject
        .accounts
        .as_deref()
        .and_then(|ids| serde_json::from_str(ids).ok())
        .unwrap_or_default();
    let mut accounts = Vec::new();
    for id in ids {
        let store = here.visit.app.store();
        let number = store.number_of(here.scope(Level::Account), &id).await?;
        accounts.push((id, number));
    }
    Ok(accounts)
}

fn group_of(
    group: Group,
    subject: &Subject,
    fields: &[Field],
    show: Show<'_>,
    said: &Said,
) -> GroupShown {
    let values = fields
        .iter()
        .filter(|field| field.group == group)
        .map(|field| {
            let token = subject.token(group, &field.name);
            let key = Key::of(field);
            let edit = said.edit.as_ref().filter(|(edited, ..)| *edited == key);
            ValueRow {
                name: field.name.clone(),
                title: title(field).to_owned(),
                kind: field.kind.name(),
                shown: token.map(|token| show.value(field, token)),
                stopped: group == Group::Hubspot && !field.selected,
                entered: match (edit, token) {
                    (Some((_, text, _)), _) => text.clone(),
                    (None, Some(token)) => entered(field.kind, token, show.zone),
                    (None, None) => String::new(),
                },
                problem: edit.map(|(.., problem)| *problem),
                key: key.to_string(),
            }
        })
        // What is neither pulled nor there says nothing.
        .filter(|row| row.shown.is_some() || !row.stopped)
        .collect();
    GroupShown {
        group: group.name(),
        values,
    }
}
