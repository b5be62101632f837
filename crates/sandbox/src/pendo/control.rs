//! The Pendo side's control API under `/_sandbox`, for tests and benchmarks in other processes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{Command, Rule};
use super::kind::{Group, Kind};
use super::population::Population;
use super::record::Reader;
use super::summary;
use super::world::World;
use crate::http::control::merged;
use crate::http::reply::JSON;

type Shared = State<Arc<World>>;

fn refuse(status: StatusCode, why: impl Into<String>) -> Response {
    (status, Json(json!({"error": why.into()}))).into_response()
}

/// Routes of the control API.
pub(super) fn router() -> Router<Arc<World>> {
    Router::new()
        .route(
            "/_sandbox/health",
            get(|| async { Json(json!({"ok": true})) }),
        )
        .route("/_sandbox/journal", get(journal).delete(clear_journal))
        .route("/_sandbox/switches", get(switches).patch(turn))
        .route("/_sandbox/latency", post(latency))
        .route("/_sandbox/outage", post(outage))
        .route("/_sandbox/clock", get(clock).post(move_clock))
        .route(
            "/_sandbox/rules",
            get(rules).post(add_rules).delete(clear_rules),
        )
        .route("/_sandbox/commands/{subscription}", post(command))
        .route("/_sandbox/record", get(record))
        .route("/_sandbox/summary", get(summarised))
}

async fn journal(State(world): Shared) -> Json<Value> {
    let journal = world.journal();
    Json(json!({
        "tallies": journal.tallies, "most_at_once": journal.most_at_once, "calls": journal.calls,
    }))
}

async fn clear_journal(State(world): Shared) -> StatusCode {
    world.journal().clear();
    StatusCode::NO_CONTENT
}

async fn switches(State(world): Shared) -> Response {
    Json(world.switches()).into_response()
}

async fn turn(State(world): Shared, Json(over): Json<Value>) -> Response {
    match serde_json::from_value(merged(json!(world.switches()), &over)) {
        Ok(switches) => {
            world.turn(|s| *s = switches);
            Json(switches).into_response()
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

#[derive(Deserialize)]
struct Latency {
    ms: u64,
}

async fn latency(State(world): Shared, Json(latency): Json<Latency>) -> StatusCode {
    world.latency_ms.store(latency.ms, Relaxed);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Outage {
    on: bool,
}

async fn outage(State(world): Shared, Json(outage): Json<Outage>) -> StatusCode {
    world.outage.send_replace(outage.on);
    StatusCode::NO_CONTENT
}

async fn clock(State(world): Shared) -> Json<Value> {
    Json(json!({"now_ms": world.clock.now_ms(), "flowing": world.clock.is_flowing()}))
}

#[derive(Deserialize)]
struct Moved {
    advance_ms: i64,
}

async fn move_clock(State(world): Shared, Json(moved): Json<Moved>) -> Json<Value> {
    world.clock.advance_ms(moved.advance_ms);
    clock(State(world)).await
}

async fn rules(State(world): Shared) -> Json<Value> {
    Json(json!({"rules": *world.rules()}))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Rule>),
    One(Box<Rule>),
}

async fn add_rules(State(world): Shared, Json(rules): Json<OneOrMany>) -> Json<Value> {
    let mut all = world.rules();
    match rules {
        OneOrMany::Many(rules) => all.extend(rules),
        OneOrMany::One(rule) => all.push(*rule),
    }
    Json(json!({"rules": all.len()}))
}

async fn clear_rules(State(world): Shared) -> StatusCode {
    world.rules().clear();
    StatusCode::NO_CONTENT
}

async fn command(
    State(world): Shared,
    Path(name): Path<String>,
    Json(command): Json<Command>,
) -> Response {
    let Some(subscription) = world.subscription(&name) else {
        return refuse(StatusCode::NOT_FOUND, format!("no subscription {name}"));
    };
    match command.run(subscription) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => refuse(StatusCode::CONFLICT, why),
    }
}

#[derive(Deserialize)]
struct Which {
    subscription: String,
    kind: Kind,
    #[serde(default)]
    id: String,
    group: Option<Group>,
}

/// Lets a handler look at the records that a query names.
fn look(world: &World, which: &Which, at: impl FnOnce(&Population) -> Response) -> Response {
    match world.subscription(&which.subscription) {
        Some(subscription) => at(subscription.state().of(which.kind)),
        None => refuse(StatusCode::NOT_FOUND, "no such subscription"),
    }
}

async fn record(State(world): Shared, Query(which): Query<Which>) -> Response {
    look(&world, &which, |population| {
        let Some(record) = population.get(&which.id) else {
            return refuse(StatusCode::NOT_FOUND, "no such record");
        };
        let mut body = Vec::new();
        Reader::new(&world, population).write(record, &mut body);
        ([("content-type", JSON)], body).into_response()
    })
}

async fn summarised(State(world): Shared, Query(which): Query<Which>) -> Response {
    look(&world, &which, |population| {
        let fields: BTreeMap<String, Value> =
            summary::of(population, which.group.unwrap_or(Group::Custom))
                .into_iter()
                .map(|(name, sum)| {
                    let checksum = format!("{:016x}", sum.checksum);
                    (name, json!({"values": sum.values, "checksum": checksum}))
                })
                .collect();
        Json(json!({"records": population.by_age().len(), "fields": fields})).into_response()
    })
}
