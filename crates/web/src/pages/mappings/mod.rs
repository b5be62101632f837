//! Settings > Data Mappings: the metadata fields of a level, and at the bottom the HubSpot widget in three steps.

pub(crate) mod connect;
pub(crate) mod fields;
pub(crate) mod key;
pub(crate) mod live;
mod widget;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use model::{Group, Level};
use serde_json::json;
use store::{Subscription, mapping::Field, state::Fill};

pub(crate) use self::widget::{Chosen, FieldsStep, Widget, WidgetPart};
use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, answer, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

#[derive(Template)]
#[template(path = "mappings.html")]
pub(crate) struct MappingsPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) groups: Vec<FieldGroup>,
    /// Agent and custom fields are being counted.
    pub(crate) counting: bool,
    pub(crate) widget: Widget,
}

#[derive(Template)]
#[template(path = "_field_groups.html")]
pub(crate) struct FieldGroupsPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) groups: Vec<FieldGroup>,
    pub(crate) counting: bool,
}

/// The fields of a group.
#[derive(Debug, Clone)]
pub(crate) struct FieldGroup {
    pub(crate) group: Group,
    pub(crate) fields: Vec<FieldRow>,
}

/// A metadata field.
#[derive(Debug, Clone)]
pub(crate) struct FieldRow {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// The type's name.
    pub(crate) kind: &'static str,
    /// Group hubspot: pulled at present.
    pub(crate) selected: bool,
    pub(crate) fill: Option<Fill>,
    pub(crate) refreshed_at: Option<Timestamp>,
}

/// What the address of the page may say about how something went.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    problem: String,
}

/// Problems that the page can be opened with.
const PROBLEMS: [&str; 4] = [
    "connect-denied",
    "connect-other-portal",
    "connect-unanswered",
    "sync-switched-off",
];

/// `GET …/settings/data-mappings`.
pub(crate) async fn start(here: Here) -> Result<Response, Error> {
    Ok(Redirect::to(&here.path("settings/data-mappings/visitor")).into_response())
}

/// `GET …/settings/data-mappings/{level}`.
pub(crate) async fn show(
    here: Here,
    AtLevel(level): AtLevel,
    Query(said): Query<Said>,
) -> Result<Response, Error> {
    let mut widget = Widget::of(&here, level).await?;
    widget.problem = problem(&here, &said.problem);
    widget.other_portal = said.problem == "connect-other-portal";
    mappings(&here, level, StatusCode::OK, widget).await
}

/// The page with a widget that may show what somebody is about to save.
pub(crate) async fn mappings(
    here: &Here,
    level: Level,
    status: StatusCode,
    widget: Widget,
) -> Result<Response, Error> {
    if here.visit.partial {
        let c = Chrome::new_here(here, Place::Mappings);
        return answer(status, &WidgetPart { c, level, widget });
    }
    let c = Chrome::here(here, Place::Mappings).await?;
    let (groups, counting) = field_groups(here, level).await?;
    let page = MappingsPage {
        c,
        level,
        groups,
        counting,
        widget,
    };
    answer(status, &page)
}

fn problem(here: &Here, said: &str) -> Option<Problem> {
    let t = &here.visit.locale;
    if PROBLEMS.contains(&said) {
        return Some(Problem {
            title: t.text(said),
            what_to_do: t.text(&format!("{said}-do")),
            code: None,
            detail: None,
        });
    }
    let number = said.strip_prefix("TRB")?;
    let known = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    known.then(|| {
        Problem::explained(
            t,
            &sync::Explanation {
                code: said.to_owned(),
                message: String::new(),
                hint: String::new(),
            },
        )
    })
}

/// The fields of a level by group, and whether some of them are being counted.
async fn field_groups(here: &Here, level: Level) -> Result<(Vec<FieldGroup>, bool), Error> {
    let scope = here.scope(level);
    let (app, store) = (&here.visit.app, here.visit.app.store());
    let fills = store.fills(scope).await?;
    let fields = store.fields(scope).await?;
    let stale = match store.level_state(scope).await? {
        Some((_, counted)) => !counted,
        None => false,
    };
    let counting = stale && fields.iter().any(|field| field.group != Group::Hubspot);
    if counting {
        app.counts().start(store, scope, app.now());
    }
    let known = store.has_subjects(scope).await?;
    Ok((grouped(level, &fields, &fills, known), counting))
}

/// Fields by group, those that every visitor or account has first.
pub(crate) fn grouped(
    level: Level,
    fields: &[Field],
    fills: &BTreeMap<(Group, String), Fill>,
    known: bool,
) -> Vec<FieldGroup> {
    let auto = |name: &str, kind| FieldRow {
        name: name.to_owned(),
        display_name: String::new(),
        kind,
        selected: true,
        fill: None,
        refreshed_at: None,
    };
    let mut groups = Vec::new();
    if known {
        let mut rows = vec![
            auto("id", "string"),
            auto("firstknown", "time"),
            auto("lastsync", "time"),
        ];
        if level == Level::Visitor {
            rows.insert(1, auto("accounts", "string"));
        }
        groups.push(FieldGroup {
            group: Group::Auto,
            fields: rows,
        });
    }
    for group in [Group::Agent, Group::Custom, Group::Hubspot] {
        let rows: Vec<FieldRow> = fields
            .iter()
            .filter(|field| field.group == group)
            .map(|field| {
                let fill = fills.get(&(group, field.name.clone())).copied();
                FieldRow {
                    name: field.name.clone(),
                    display_name: field.display_name.clone(),
                    kind: field.kind.name(),
                    selected: field.selected,
                    fill,
                    refreshed_at: fill.map(|fill| fill.at),
                }
            })
            .collect();
        if !rows.is_empty() {
            groups.push(FieldGroup {
                group,
                fields: rows,
            });
        }
    }
    groups
}

/// `GET …/settings/data-mappings/{level}/metadata`: the fields alone, once they are counted.
pub(crate) async fn metadata(here: Here, AtLevel(level): AtLevel) -> Result<Response, Error> {
    let (groups, counting) = field_groups(&here, level).await?;
    let part = FieldGroupsPart {
        c: Chrome::new(&here.visit, Place::Mappings),
        level,
        groups,
        counting,
    };
    answer(StatusCode::OK, &part)
}

/// `POST …/settings/integration`: switches the integration on or off. Off keeps grant and values.
pub(crate) async fn switch(here: Here, posted: Posted) -> Result<Response, Error> {
    let on = posted.text("on") == "yes";
    let changed = Subscription {
        hubspot_on: on,
        ..here.subscription.clone()
    };
    here.visit
        .app
        .store()
        .change_subscription(&changed, here.visit.now)
        .await?;
    let (action, note) = if on {
        ("integration.switched-on", "note-switched-on")
    } else {
        ("integration.switched-off", "note-switched-off")
    };
    here.note(action, json!({})).await?;
    let level = posted.text("level").parse().unwrap_or(Level::Visitor);
    Ok(go(&here.visit, &widget_address(&here, level, note)))
}

/// The address of the widget, with a note of what was done.
pub(crate) fn widget_address(here: &Here, level: Level, note: &str) -> String {
    here.path(&format!(
        "settings/data-mappings/{}?note={note}#hubspot",
        level.name()
    ))
}
