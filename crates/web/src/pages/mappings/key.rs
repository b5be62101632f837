//! The second step: which property is the id.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
};
use model::{KeyVerdict, Level, Property, PropertyName};
use serde_json::json;
use store::mapping::EmptyPolicy;
use sync::{
    Request,
    mapping::{self, Wish, WishedField},
    sample::{Sample, Sampled, USUAL},
};

use super::widget_address;
use crate::{
    error::Error,
    events,
    frame::{Chrome, Place, Problem, answer, go},
    locale::Locale,
    posted::Posted,
    sample::State,
    visit::{AtLevel, Here},
};

#[derive(Template)]
#[template(path = "key.html")]
pub(crate) struct KeyPage {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) picker: Picker,
}

#[derive(Template)]
#[template(path = "_picker.html")]
pub(crate) struct PickerPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) picker: Picker,
}

#[derive(Template)]
#[template(path = "_sample_progress.html")]
pub(crate) struct SampleProgress<'a> {
    pub(crate) c: &'a Chrome,
    pub(crate) records: u64,
    pub(crate) wanted: u64,
    pub(crate) matching: bool,
}

#[derive(Template)]
#[template(path = "_cost.html")]
pub(crate) struct CostPart {
    pub(crate) c: Chrome,
    pub(crate) level: Level,
    pub(crate) name: String,
    pub(crate) records: u64,
    pub(crate) calls: u64,
}

/// The picker of the key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picker {
    /// The key that is stored.
    pub(crate) present: Option<String>,
    /// The key that is picked.
    pub(crate) picked: String,
    pub(crate) search: String,
    pub(crate) candidates: Vec<Candidate>,
    /// Properties that cannot be a key, with the reason.
    pub(crate) refused: Vec<(String, String, String)>,
    pub(crate) sample: SampleState,
    /// Records that a sample takes.
    pub(crate) size: u64,
    /// Another key is about to be saved: what that does.
    pub(crate) consequence: Option<Consequence>,
    pub(crate) problem: Option<Problem>,
}

impl Picker {
    /// Whether a candidate is the key that is stored.
    fn is_present(&self, candidate: &Candidate) -> bool {
        self.present.as_ref() == Some(&candidate.name)
    }
}

/// What saving another key does.
#[derive(Debug, Clone)]
pub(crate) struct Consequence {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Visitors or accounts that are fed by a record at present.
    pub(crate) linked: u64,
}

/// How far the sample is.
#[derive(Debug, Clone, Default)]
pub(crate) enum SampleState {
    #[default]
    None,
    Reading {
        records: u64,
        wanted: u64,
        matching: bool,
    },
    Done(Arc<Sample>),
    Failed(Problem),
}

/// A property that may be the key.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: &'static str,
    /// Why it is probably a mistake: the name of a message.
    pub(crate) warning: Option<&'static str>,
    pub(crate) sampled: Option<Sampled>,
}

/// What is looked for.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// `GET …/{level}/key`.
pub(crate) async fn show(
    here: Here,
    AtLevel(level): AtLevel,
    Query(search): Query<Search>,
) -> Result<Response, Error> {
    let picker = picker(&here, level, search.q.trim()).await?;
    picking(&here, level, StatusCode::OK, picker).await
}

async fn picking(
    here: &Here,
    level: Level,
    status: StatusCode,
    picker: Picker,
) -> Result<Response, Error> {
    if here.visit.partial {
        let c = Chrome::new_here(here, Place::Mappings);
        return answer(status, &PickerPart { c, level, picker });
    }
    let title = here.visit.locale.text("key-title");
    let c = Chrome::here(here, Place::Mappings).await?.titled(title);
    answer(status, &KeyPage { c, level, picker })
}

async fn picker(here: &Here, level: Level, search: &str) -> Result<Picker, Error> {
    let scope = here.scope(level);
    let (app, t) = (&here.visit.app, &here.visit.locale);
    let connector = app.runner().connector();
    let catalogue = app
        .catalogues()
        .get(connector, scope, here.visit.now)
        .await?;
    let sample = match app.samples().of(scope, here.visit.now) {
        None => SampleState::None,
        Some(State::Reading(progress)) => SampleState::Reading {
            records: progress.records,
            wanted: progress.wanted,
            matching: progress.matching,
        },
        Some(State::Done(sample)) => SampleState::Done(sample),
        Some(State::Failed(explanation)) => {
            SampleState::Failed(Problem::explained(t, &explanation))
        }
    };
    let present = app.store().mapping(scope).await?;
    let present = present.map(|mapping| mapping.key.to_string());
    let (candidates, refused) = candidates(t, &catalogue, &sample, search);
    Ok(Picker {
        picked: present.clone().unwrap_or_default(),
        present,
        search: search.to_owned(),
        candidates,
        refused,
        sample,
        size: USUAL,
        consequence: None,
        problem: None,
    })
}

/// The properties that may be the key, the most promising first, and those that may not, with the reason.
fn candidates(
    t: &Locale,
    catalogue: &[Property],
    sample: &SampleState,
    search: &str,
) -> (Vec<Candidate>, Vec<(String, String, String)>) {
    let wanted = search.to_lowercase();
    let matches = |property: &&Property| {
        property.name.as_str().contains(&wanted) || property.label.to_lowercase().contains(&wanted)
    };
    let (mut candidates, mut refused) = (Vec::new(), Vec::new());
    for property in catalogue
        .iter()
        .filter(|property| !property.archived)
        .filter(matches)
    {
        let (name, label) = (property.name.to_string(), property.label.clone());
        let warning = match property.key_verdict() {
            KeyVerdict::Suitable => None,
            KeyVerdict::Odd(warning) => Some(warning_key(warning)),
            KeyVerdict::Refused(reason) => {
                refused.push((
                    name,
                    label,
                    t.text(&format!("unimportable-{}", reason.code())),
                ));
                continue;
            }
        };
        let sampled = match sample {
            SampleState::Done(sample) => sample.properties.get(&property.name).cloned(),
            _ => None,
        };
        candidates.push(Candidate {
            name,
            label,
            kind: model::Translator::for_property(property)
                .map_or("string", |translator| translator.metadata_type().name()),
            warning,
            sampled,
        });
    }
    let promise = |candidate: &Candidate| {
        let sampled = candidate.sampled.as_ref();
        let near = |sampled: &Sampled| sampled.key.near.values().sum::<u64>();
        (
            sampled.map_or(0, |sampled| sampled.key.matched),
            sampled.map_or(0, near),
        )
    };
    candidates.sort_by(|one, other| {
        promise(other)
            .cmp(&promise(one))
            .then_with(|| one.label.to_lowercase().cmp(&other.label.to_lowercase()))
    });
    (candidates, refused)
}

fn warning_key(warning: model::KeyWarning) -> &'static str {
    match warning {
        model::KeyWarning::Boolean => "key-warning-boolean",
        model::KeyWarning::Time => "key-warning-time",
        model::KeyWarning::MultiValue => "key-warning-multi",
    }
}

/// `POST …/{level}/key/sample`: takes a sample.
pub(crate) async fn sample(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let size = posted.text("size").parse().unwrap_or(USUAL);
    let app = &here.visit.app;
    app.samples()
        .take(app, here.scope(level), size.clamp(100, 20_000));
    if here.visit.partial {
        let picker = picker(&here, level, "").await?;
        return picking(&here, level, StatusCode::OK, picker).await;
    }
    let target = here.path(&format!("settings/data-mappings/{}/key", level.name()));
    Ok(go(&here.visit, &target))
}

/// `GET …/{level}/key/sample`: how far the sample is, until it is there.
pub(crate) async fn sample_progress(
    here: Here,
    AtLevel(level): AtLevel,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let Some(steps) = here.visit.app.samples().watch(scope) else {
        return Ok(events::over());
    };
    let chrome = Chrome::new(&here.visit, Place::Mappings);
    Ok(events::stream(steps, move |state| match state {
        State::Reading(progress) => {
            let part = SampleProgress {
                c: &chrome,
                records: progress.records,
                wanted: progress.wanted,
                matching: progress.matching,
            };
            (part.render().unwrap_or_default(), false)
        }
        _ => (String::new(), true),
    }))
}

/// `GET …/{level}/key/{property}/cost`: what measuring a key exactly costs.
pub(crate) async fn cost(
    here: Here,
    AtLevel(level): AtLevel,
    Path((_, _, property)): Path<(i64, String, String)>,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let client = here
        .visit
        .app
        .runner()
        .connector()
        .client(scope.subscription)
        .await?;
    let query = hubspot::Query::having(PropertyName::new(&property));
    let records = client.total(level.object(), &query).await?;
    let pages = records.div_ceil(u64::from(hubspot::SEARCH_PAGE)).max(1);
    let part = CostPart {
        c: Chrome::new_here(&here, Place::Mappings),
        level,
        name: property,
        records,
        // Quota class, zone, catalogue, two totals before and one after.
        calls: pages + 6,
    };
    answer(StatusCode::OK, &part)
}

/// `POST …/{level}/key/measure`: measures a key exactly, as a run that changes nothing.
pub(crate) async fn measure(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let key = PropertyName::new(posted.text("property"));
    let request = Request::measure(scope, key.clone(), here.visit.who());
    here.visit.app.runner().ask(request).await?;
    here.note(
        "key.measured",
        json!({ "level": level.name(), "key": key.as_str() }),
    )
    .await?;
    Ok(go(&here.visit, &here.path("runs?note=note-measuring")))
}

/// `POST …/{level}/key`: saves the key. Another one than before takes a second word.
pub(crate) async fn save(
    here: Here,
    AtLevel(level): AtLevel,
    posted: Posted,
) -> Result<Response, Error> {
    let scope = here.scope(level);
    let (visit, app) = (&here.visit, &here.visit.app);
    let store = app.store();
    let picked = posted.text("property").to_owned();
    let present = store.mapping(scope).await?;
    let connector = app.runner().connector();
    let catalogue = app.catalogues().fresh(connector, scope, visit.now).await?;
    let wish = Wish {
        key: picked.clone(),
        fields: present
            .iter()
            .flat_map(|mapping| &mapping.fields)
            // A field whose property is gone is held; it does not keep the key from being saved.
            .filter(|field| {
                catalogue
                    .iter()
                    .any(|property| property.name == field.property && !property.archived)
            })
            .map(|field| WishedField {
                property: field.property.to_string(),
                display_name: Some(field.display_name.clone()),
            })
            .collect(),
        empty: present
            .as_ref()
            .map_or(EmptyPolicy::Clear, |mapping| mapping.empty),
    };
    let refuse = |problem, consequence| async {
        let picker = Picker {
            picked: picked.clone(),
            problem,
            consequence,
            ..picker(&here, level, "").await?
        };
        picking(&here, level, StatusCode::UNPROCESSABLE_ENTITY, picker).await
    };
    if picked.is_empty() {
        let problem = Problem::of(&visit.locale, &Error::Invalid("key-none-picked"));
        return refuse(Some(problem), None).await;
    }
    let prepared = match mapping::prepare(scope, &catalogue, &store.fields(scope).await?, &wish) {
        Ok(prepared) => prepared,
        Err(error) => {
            let problem = Problem::of(&visit.locale, &error.into());
            return refuse(Some(problem), None).await;
        }
    };
    let before = present.map(|mapping| mapping.key.to_string());
    if let Some(before) = before.filter(|before| *before != picked)
        && !posted.has("sure")
    {
        let consequence = Consequence {
            from: before,
            to: picked.clone(),
            linked: store.count_linked(scope).await?,
        };
        return refuse(None, Some(consequence)).await;
    }
    mapping::store(store, scope, &prepared, visit.now).await?;
    here.note("key.saved", json!({ "level": level.name(), "key": picked }))
        .await?;
    Ok(go(visit, &widget_address(&here, level, "note-key-saved")))
}
