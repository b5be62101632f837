//! The control API under `/_sandbox`: everything the Rust API can do, for other processes.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{screens, streams};
use crate::catalogue::key_property;
use crate::command::Command;
use crate::config::{App, DEFAULT_CLIENT_ID, PortalConfig};
use crate::fault::Rule;
use crate::known::Known;
use crate::object::Object;
use crate::portal::Portal;
use crate::truth::{Truth, Winners};
use crate::world::World;

type Shared = State<Arc<World>>;

fn refuse(status: StatusCode, why: impl Into<String>) -> Response {
    (status, Json(json!({"error": why.into()}))).into_response()
}

fn absent(id: u64) -> Response {
    refuse(StatusCode::NOT_FOUND, format!("no portal {id}"))
}

fn overview(portal: &Portal) -> Value {
    let settings = portal.settings();
    json!({
        "id": portal.config.id,
        "name": portal.config.name,
        "profile": portal.config.profile,
        "seed": portal.config.seed,
        "contacts": portal.config.contacts,
        "companies": portal.config.companies,
        "tokens": settings.tokens.iter().map(|t| &t.token).collect::<Vec<_>>(),
        "scopes": settings.scopes,
        "knobs": settings.knobs,
        "quota": settings.quota,
        "key_properties": {
            "contacts": key_property(Object::Contacts),
            "companies": key_property(Object::Companies),
        },
    })
}

/// Routes of the control API.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/_sandbox/health",
            get(|| async { Json(json!({"ok": true})) }),
        )
        .route(
            "/_sandbox/bench/fields",
            get(|| async { Json(json!({"fields": crate::BENCH_FIELDS})) }),
        )
        .route("/_sandbox/portals", get(portals).post(add_portal))
        .route("/_sandbox/portals/{id}", get(portal).delete(remove_portal))
        .route("/_sandbox/portals/{id}/commands", post(command))
        .route("/_sandbox/portals/{id}/knobs", get(knobs).patch(turn_knobs))
        .route("/_sandbox/portals/{id}/quota", get(quota).patch(set_quota))
        .route("/_sandbox/portals/{id}/known", get(known))
        .route("/_sandbox/portals/{id}/truth", get(truth))
        .route("/_sandbox/portals/{id}/winners", get(winners))
        .route(
            "/_sandbox/rules",
            get(rules).post(add_rules).delete(clear_rules),
        )
        .route("/_sandbox/journal", get(journal).delete(clear_journal))
        .route("/_sandbox/clock", get(clock).post(set_clock))
        .route("/_sandbox/apps", get(apps).post(add_app))
        .route("/_sandbox/oauth/grant", post(grant))
        .route("/_sandbox/oauth/expire", post(expire))
}

async fn portals(State(world): Shared) -> Json<Value> {
    Json(json!({"portals": world.portals().iter().map(|p| overview(p)).collect::<Vec<_>>()}))
}

/// Takes a whole or partial [`PortalConfig`]: what is left out comes from its `profile`.
async fn add_portal(State(world): Shared, Json(wanted): Json<Value>) -> Response {
    match portal_config(&wanted) {
        Ok(config) => Json(overview(&world.add_portal(config))).into_response(),
        Err(why) => refuse(StatusCode::BAD_REQUEST, why),
    }
}

/// A portal's configuration from partial JSON over its profile.
pub(crate) fn portal_config(wanted: &Value) -> Result<PortalConfig, String> {
    let profile = match wanted.get("profile") {
        None => crate::config::Profile::Small,
        Some(name) => serde_json::from_value(name.clone()).map_err(|e| e.to_string())?,
    };
    let id = wanted.get("id").and_then(Value::as_u64).unwrap_or(1);
    let base =
        serde_json::to_value(PortalConfig::of_profile(profile, id)).map_err(|e| e.to_string())?;
    serde_json::from_value(merged(base, wanted)).map_err(|e| e.to_string())
}

/// Lays one JSON value over another, object by object.
pub(crate) fn merged(mut base: Value, over: &Value) -> Value {
    match (&mut base, over) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                let before = into.remove(name).unwrap_or(Value::Null);
                into.insert(name.clone(), merged(before, value));
            }
            base
        }
        _ => over.clone(),
    }
}

async fn portal(State(world): Shared, Path(id): Path<u64>) -> Response {
    world
        .portal(id)
        .map_or_else(|| absent(id), |p| Json(overview(&p)).into_response())
}

async fn remove_portal(State(world): Shared, Path(id): Path<u64>) -> Response {
    if world.remove_portal(id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        absent(id)
    }
}

async fn command(
    State(world): Shared,
    Path(id): Path<u64>,
    Json(command): Json<Command>,
) -> Response {
    let Some(portal) = world.portal(id) else {
        return absent(id);
    };
    match command.run(&portal, &world.clock) {
        Ok(result) => Json(result).into_response(),
        Err(why) => refuse(StatusCode::CONFLICT, why),
    }
}

async fn knobs(State(world): Shared, Path(id): Path<u64>) -> Response {
    world
        .portal(id)
        .map_or_else(|| absent(id), |p| Json(p.settings().knobs).into_response())
}

async fn turn_knobs(
    State(world): Shared,
    Path(id): Path<u64>,
    Json(over): Json<Value>,
) -> Response {
    let Some(portal) = world.portal(id) else {
        return absent(id);
    };
    let mut settings = portal.settings_mut();
    match serde_json::from_value(merged(json!(settings.knobs), &over)) {
        Ok(knobs) => {
            settings.knobs = knobs;
            Json(knobs).into_response()
        }
        Err(e) => refuse(StatusCode::BAD_REQUEST, e.to_string()),
    }
}

async fn quota(State(world): Shared, Path(id): Path<u64>) -> Response {
    world
        .portal(id)
        .map_or_else(|| absent(id), |p| Json(p.settings().quota).into_response())
}

async fn set_quota(State(world): Shared, Path(id): Path<u64>, Json(over): Json<Value>) -> Response {
    let Some(portal) = world.portal(id) else {
        return absent(id);
    };
    let mut settings = portal.settings_mut();
    match serde_json::from_value(merged(json!(settings.quota), &over)) {
        Ok(quota) => {
            settings.quota = quota;
            Json(quota).into_response()
        }
        Err(e) => refuse(StatusCode::BAD_REQUEST, e.to_string()),
    }
}

#[derive(Deserialize)]
struct About {
    object: Object,
    /// Between commas.
    #[serde(default)]
    properties: String,
}

async fn known(State(world): Shared, Path(id): Path<u64>, Query(about): Query<About>) -> Response {
    let Some(portal) = world.portal(id) else {
        return absent(id);
    };
    streams::known(known_of(&portal, about.object))
}

/// The known ids of a portal.
pub(crate) fn known_of(portal: &Portal, object: Object) -> Known {
    let generator = portal.table(object).generator.clone();
    let companies = portal.table(Object::Companies).generator.clone();
    Known::new(generator, companies)
}

async fn truth(State(world): Shared, Path(id): Path<u64>, Query(about): Query<About>) -> Response {
    world.portal(id).map_or_else(
        || absent(id),
        |p| Json(Truth::of(&p, about.object)).into_response(),
    )
}

async fn winners(
    State(world): Shared,
    Path(id): Path<u64>,
    Query(about): Query<About>,
) -> Response {
    let Some(portal) = world.portal(id) else {
        return absent(id);
    };
    let properties = about
        .properties
        .split(',')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    streams::winners(Winners::new(portal, about.object, properties))
}

async fn rules(State(world): Shared) -> Json<Value> {
    Json(json!({"rules": world.script().rules}))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Rule>),
    One(Box<Rule>),
}

async fn add_rules(State(world): Shared, Json(rules): Json<OneOrMany>) -> Json<Value> {
    let mut script = world.script();
    match rules {
        OneOrMany::Many(rules) => script.rules.extend(rules),
        OneOrMany::One(rule) => script.rules.push(*rule),
    }
    Json(json!({"rules": script.rules.len()}))
}

async fn clear_rules(State(world): Shared) -> StatusCode {
    world.script().rules.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Which {
    portal: Option<u64>,
}

async fn journal(State(world): Shared, Query(which): Query<Which>) -> Json<Value> {
    let journal = world.journal();
    let calls: Vec<_> = journal
        .calls
        .iter()
        .filter(|c| which.portal.is_none() || c.portal == which.portal)
        .collect();
    Json(json!({"tallies": journal.tallies(which.portal), "calls": calls}))
}

async fn clear_journal(State(world): Shared) -> StatusCode {
    world.journal().clear();
    StatusCode::NO_CONTENT
}

async fn clock(State(world): Shared) -> Json<Value> {
    Json(json!({"now_ms": world.clock.now_ms(), "flowing": world.clock.is_flowing()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    advance_ms: Option<i64>,
    set_ms: Option<i64>,
    flowing: Option<bool>,
}

async fn set_clock(State(world): Shared, Json(tick): Json<Tick>) -> Json<Value> {
    if let Some(flowing) = tick.flowing {
        world.clock.set_flowing(flowing);
    }
    if let Some(ms) = tick.set_ms {
        world.clock.set_ms(ms);
    }
    if let Some(ms) = tick.advance_ms {
        world.clock.advance_ms(ms);
    }
    Json(json!({"now_ms": world.clock.now_ms(), "flowing": world.clock.is_flowing()}))
}

async fn apps(State(world): Shared) -> Json<Value> {
    Json(json!({"apps": world.apps()}))
}

async fn add_app(State(world): Shared, Json(app): Json<App>) -> Json<Value> {
    world.add_app(app);
    Json(json!({"done": true}))
}

#[derive(Deserialize)]
struct Agreement {
    portal: u64,
    client_id: Option<String>,
    #[serde(default)]
    optional_scopes: Vec<String>,
}

async fn grant(State(world): Shared, Json(wanted): Json<Agreement>) -> Response {
    let client_id = wanted.client_id.as_deref().unwrap_or(DEFAULT_CLIENT_ID);
    match install(&world, wanted.portal, client_id, &wanted.optional_scopes) {
        Ok((refresh_token, access_token)) => {
            Json(json!({"refresh_token": refresh_token, "access_token": access_token}))
                .into_response()
        }
        Err(why) => refuse(StatusCode::CONFLICT, why),
    }
}

/// Installs an app as if its screens had been clicked through: a refresh token and an access token.
pub(crate) fn install(
    world: &World,
    portal: u64,
    client_id: &str,
    optional: &[String],
) -> Result<(String, String), String> {
    let portal = world
        .portal(portal)
        .ok_or_else(|| format!("no portal {portal}"))?;
    let app = world
        .app(client_id)
        .ok_or_else(|| format!("no app {client_id}"))?;
    let agreed = screens::grant(&portal, &app, optional)?;
    let mut grants = world.grants();
    let refresh = grants.install(agreed);
    let (access, _) = grants
        .issue(&refresh, world.clock.now_ms())
        .ok_or_else(|| "no grant".to_owned())?;
    Ok((refresh, access))
}

async fn expire(State(world): Shared) -> StatusCode {
    world.grants().expire_all(world.clock.now_ms());
    StatusCode::NO_CONTENT
}
