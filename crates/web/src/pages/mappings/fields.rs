//! The third step: which properties are carried over.
//!
//! What is chosen and not yet saved stands in the form alone: two people can choose at the same time, and whoever saves second
//! is told what the first one did.

use std::collections::BTreeSet;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use model::{Level, Property, Translator};
use serde_json::json;
use store::mapping::{EmptyPolicy, MappedField, Mapping};
use sync::{
    mapping::{self, Wish, WishedField},
    sample::Sampled,
};

use super::{Chosen, FieldsStep, Widget, live, mappings, widget::base, widget_address};
use crate::{
    error::Error,
    frame::{Chrome, Place, Problem, answer, go},
    posted::Posted,
    visit::{AtLevel, Here},
};

#[derive(Template)]
#[template(path = "_fields.html")]
pub(crate) struct FieldsPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) widget: Widget,
}

#[derive(Template)]
#[template(path = "fields_menu.html")]
pub(crate) struct MenuPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) step: FieldsStep,
    pub(crate) menu: Menu,
}

#[derive(Template)]
#[template(path = "_menu.html")]
pub(crate) struct MenuPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) menu: Menu,
}

/// The menu of properties.
#[derive(Debug, Clone, Default)]
pub(crate) struct Menu {
    pub(crate) groups: Vec<MenuGroup>,
    /// Properties that cannot come: name, label, reason.
    pub(crate) refused: Vec<(String, String, String)>,
    /// Records in the sample, if there is one.
    pub(crate) sampled: Option<u64>,
}

/// Properties that stand together in HubSpot.
#[derive(Debug, Clone)]
pub(crate) struct MenuGroup {
    pub(crate) name: String,
    pub(crate) items: Vec<MenuItem>,
}

/// A property that can come.
#[derive(Debug, Clone)]
pub(crate) struct MenuItem {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: &'static str,
    pub(crate) chosen: bool,
    pub(crate) calculated: bool,
    pub(crate) sampled: Option<Sampled>,
}

/// The form's state: what is chosen in it.
struct Form {
    key: Option<String>,
    wished: Vec<WishedField>,
    keep_empty: bool,
    base: String,
}

impl Form {
    fn read(posted: &Posted) -> Self {
        let removed: BTreeSet<&str> = posted.all("remove").collect();
        // A menu that is open and was not agreed to changes nothing.
        let offered = posted.has("menu");
        let of_menu = |name: &'static str| posted.all(name).filter(move |_| offered);
        let added: Vec<&str> = of_menu("add").collect();
        let in_menu: BTreeSet<&str> = of_menu("offered").collect();
        let label = |name: &str| {
            let label = posted.text(&format!("label:{name}"));
            (!label.is_empty()).then(|| label.to_owned())
        };
        // The menu decides about what it offers; what it does not, stays.
        let mut wished: Vec<WishedField> = posted
            .all("field")
            .filter(|name| !removed.contains(name))
            .filter(|name| !in_menu.contains(name) || added.contains(name))
            .map(|name| WishedField {
                property: name.to_owned(),
                display_name: label(name),
            })
            .collect();
        for name in added {
            if !wished.iter().any(|field| field.property == name) {
                wished.push(WishedField::named(name));
            }
        }
        Self {
            key: None,
            wished,
            keep_empty: posted.text("when_empty") == "keep",
            base: posted.text("base").to_owned(),
        }
    }
}

/// The step as the form has it, held against what is stored.
fn step(form: &Form, catalogue: &[Property], stored: Option<&Mapping>) -> FieldsStep {
    let before = FieldsStep::stored(stored);
    let chosen: Vec<Chosen> = form
        .wished
        .iter()
        .map(|wished| {
            let property = catalogue
                .iter()
                .find(|property| property.name.as_str() == wished.property);
            let known = before
                .chosen
                .iter()
                .find(|field| field.name == wished.property);
            let label = wished
                .display_name
                .clone()
                .or_else(|| property.map(|property| property.label.clone()))
                .or_else(|| known.map(|field| field.display_name.clone()))
                .unwrap_or_default();
            let kind = known.map(|field| field.kind).or_else(|| {
                let translator = Translator::for_property(property?).ok()?;
                Some(translator.metadata_type().name())
            });
            Chosen {
                name: wished.property.clone(),
                display_name: label,
                kind: kind.unwrap_or("string"),
                stored: known.is_some(),
            }
        })
        .collect();
    let stopped: Vec<String> = before
        .chosen
        .iter()
        .filter(|field| !chosen.iter().any(|one| one.name == field.name))
        .map(|field| field.name.clone())
        .collect();
    let mut sorted = (chosen.clone(), before.chosen.clone());
    sorted.0.sort_by(|one, other| one.name.cmp(&other.name));
    sorted.1.sort_by(|one, other| one.name.cmp(&other.name));
    FieldsStep {
        dirty: sorted.0 != sorted.1 || form.keep_empty != before.keep_empty,
        chosen,
        keep_empty: form.keep_empty,
        base: form.base.clone(),
        stopped,
        ..FieldsStep::default()
    }
}

/// `POST …/{level}/fields`: the chosen fields, after one was added or taken out. Nothing is saved.
pub(crate) async fn choose(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let app = &here.visit.app;
    let form = Form::read(&posted);
    let catalogue = app
        .catalogues()
        .get(app.runner().connector(), scope, here.visit.now)
        .await?;
    let stored = app.store().mapping(scope).await?;
    let mut widget = Widget::of(&here, level).await?;
    let done = widget.fields.done;
    widget.fields = step(&form, &catalogue, stored.as_ref());
    widget.fields.done = done && !widget.fields.dirty;
    if here.visit.partial {
        let c = Chrome::new_here(&here, Place::Mappings);
        return answer(StatusCode::OK, &FieldsPart { c, level, widget });
    }
    mappings(&here, level, StatusCode::OK, widget).await
}

/// `POST …/{level}/fields/menu`: the menu of properties, with what is chosen checked.
pub(crate) async fn menu(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let (app, t) = (&here.visit.app, &here.visit.locale);
    let form = Form::read(&posted);
    let catalogue = app
        .catalogues()
        .get(app.runner().connector(), scope, here.visit.now)
        .await?;
    let titles = app
        .catalogues()
        .groups(app.runner().connector(), scope, here.visit.now)
        .await;
    let sample = app.samples().done(scope, here.visit.now);
    let mut menu = Menu {
        sampled: sample.as_ref().map(|sample| sample.records),
        ..Menu::default()
    };
    let mut properties: Vec<&Property> = catalogue
        .iter()
        .filter(|property| !property.archived)
        .collect();
    properties.sort_by_cached_key(|property| property.label.to_lowercase());
    for property in properties {
        let (name, label) = (property.name.to_string(), property.label.clone());
        match Translator::for_property(property) {
            Err(reason) => {
                let why = t.text(&format!("unimportable-{}", reason.code()));
                menu.refused.push((name, label, why));
            }
            Ok(translator) => {
                let item = MenuItem {
                    chosen: form.wished.iter().any(|wished| wished.property == name),
                    kind: translator.metadata_type().name(),
                    calculated: property.is_calculated(),
                    sampled: sample
                        .as_ref()
                        .and_then(|sample| sample.properties.get(&property.name).cloned()),
                    name,
                    label,
                };
                let title = titles
                    .get(&property.group)
                    .cloned()
                    .unwrap_or_else(|| group_title(&property.group));
                match menu.groups.iter_mut().find(|group| group.name == title) {
                    Some(group) => group.items.push(item),
                    None => menu.groups.push(MenuGroup {
                        name: title,
                        items: vec![item],
                    }),
                }
            }
        }
    }
    menu.groups.sort_by_key(|group| group.name.to_lowercase());
    if here.visit.partial {
        let c = Chrome::new_here(&here, Place::Mappings);
        return answer(StatusCode::OK, &MenuPart { c, level, menu });
    }
    let stored = app.store().mapping(scope).await?;
    let page = MenuPage {
        c: Chrome::here(&here, Place::Mappings).await?,
        level,
        step: step(&form, &catalogue, stored.as_ref()),
        menu,
    };
    answer(StatusCode::OK, &page)
}

/// The name of a group whose label is not known, as people would write it.
fn group_title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "–".into(),
    }
}

/// `POST …/{level}/save`: saves what is chosen, and starts the sync.
pub(crate) async fn save(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let (visit, app) = (&here.visit, &here.visit.app);
    let store = app.store();
    let connector = app.runner().connector();
    let mut form = Form::read(&posted);
    let catalogue = app.catalogues().fresh(connector, scope, visit.now).await?;
    let stored = store.mapping(scope).await?;
    form.key = stored.as_ref().map(|mapping| mapping.key.to_string());
    let again = |problem: Option<Problem>, conflict: Option<Vec<String>>| async {
        let mut widget = Widget::of(&here, level).await?;
        widget.fields = FieldsStep {
            conflict,
            base: base(stored.as_ref()),
            ..step(&form, &catalogue, stored.as_ref())
        };
        widget.problem = problem;
        mappings(&here, level, StatusCode::CONFLICT, widget).await
    };
    let Some(key) = form.key.clone() else {
        let problem = Problem::of(&visit.locale, &Error::Invalid("key-first"));
        return again(Some(problem), None).await;
    };
    if form.wished.is_empty() {
        let problem = Problem::of(&visit.locale, &Error::Invalid("fields-none"));
        return again(Some(problem), None).await;
    }
    if form.base != base(stored.as_ref()) {
        return again(None, Some(differences(&form, stored.as_ref()))).await;
    }
    let wish = Wish {
        key,
        fields: form.wished.clone(),
        empty: if form.keep_empty {
            EmptyPolicy::Keep
        } else {
            EmptyPolicy::Clear
        },
    };
    let prepared = match mapping::prepare(scope, &catalogue, &store.fields(scope).await?, &wish) {
        Ok(prepared) => prepared,
        Err(error) => {
            let problem = Problem::of(&visit.locale, &error.into());
            return again(Some(problem), None).await;
        }
    };
    mapping::store(store, scope, &prepared, visit.now).await?;
    let names: Vec<String> = prepared
        .fields
        .iter()
        .map(|field| field.property.to_string())
        .collect();
    here.note(
        "mapping.saved",
        json!({ "level": level.name(), "fields": names }),
    )
    .await?;
    if !here.subscription.hubspot_on {
        let target = here.path(&format!(
            "settings/data-mappings/{}?problem=sync-switched-off#hubspot",
            level.name()
        ));
        return Ok(go(visit, &target));
    }
    live::begin(&here, level).await?;
    Ok(go(
        visit,
        &widget_address(&here, level, "note-mapping-saved"),
    ))
}

/// What is stored otherwise than in the form: fields that one has and the other has not, and other display names.
fn differences(form: &Form, stored: Option<&Mapping>) -> Vec<String> {
    let stored: Vec<&MappedField> = stored.iter().flat_map(|mapping| &mapping.fields).collect();
    let ours: BTreeSet<&str> = form
        .wished
        .iter()
        .map(|wished| wished.property.as_str())
        .collect();
    let theirs: BTreeSet<&str> = stored.iter().map(|field| field.property.as_str()).collect();
    let added = theirs.difference(&ours).map(|name| format!("+ {name}"));
    let gone = ours.difference(&theirs).map(|name| format!("− {name}"));
    let renamed = form.wished.iter().filter_map(|wished| {
        let field = stored
            .iter()
            .find(|field| field.property.as_str() == wished.property)?;
        let ours = wished.display_name.as_ref()?;
        (*ours != field.display_name)
            .then(|| format!("+ {}: {}", wished.property, field.display_name))
    });
    added.chain(gone).chain(renamed).collect()
}
