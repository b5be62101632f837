//! The API: from a request to an answer, with the script's faults on the way.

mod account;
mod associations;
mod auth;
pub(crate) mod control;
mod edits;
mod oauth;
mod properties;
mod records;
pub(crate) mod reply;
pub(crate) mod route;
pub(crate) mod screens;
mod streams;

use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use tokio::time::Instant;

use crate::fault::{Action, Sight};
use crate::journal::{Call as Entry, Kind};
use crate::knobs::Knobs;
use crate::object::Object;
use crate::portal::Portal;
use crate::quota::{Counted, day_in};
use crate::world::World;
use auth::{Caller, Identity};
use reply::{Refuser, Reply};
use route::{Lost, Route};

/// A request, read in whole.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How an answer goes out.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    Whole,
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    /// In pieces, with pauses.
    Slow(usize, u64),
    /// Not at all.
    Nothing,
}

/// Which record a page leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Omit {
    #[default]
    Nothing,
    Middle,
    Record(u64),
}

/// Lies and oddities that handlers take part in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Twist {
    pub(crate) omit: Omit,
    pub(crate) total: i64,
    pub(crate) extra_fields: bool,
    pub(crate) unknown_category: bool,
    repeat: bool,
}

/// What handlers get.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) request: &'a Request,
    pub(crate) route: &'a Route,
    pub(crate) caller: &'a Caller,
    pub(crate) knobs: Knobs,
    pub(crate) refuser: &'a Refuser,
    pub(crate) twist: Twist,
    pub(crate) now: i64,
}

impl Call<'_> {
    pub(crate) fn portal(&self) -> &Portal {
        &self.caller.portal
    }

    pub(crate) fn object(&self) -> Object {
        self.route.object.unwrap_or(Object::Contacts)
    }

    /// A parameter of the query.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        route::pairs(&self.request.query)
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    /// A list in the query, repeated or between commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        route::pairs(&self.request.query)
            .into_iter()
            .filter(|(n, _)| n == name)
            .flat_map(|(_, v)| {
                v.split(',')
                    .map(|s| s.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .filter(|v| !v.is_empty())
            .collect()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.param(name).is_some_and(|v| v == "true")
    }
}

/// An answer with the way it goes out, and what the call takes at least.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) delivery: Delivery,
    pub(crate) delay_ms: u64,
}

impl Outcome {
    /// Waits until a call that arrived then may be answered: reading and working on it are part of what it takes.
    pub(crate) async fn is_due(&self, arrived: Instant) {
        if self.delay_ms > 0 {
            tokio::time::sleep_until(arrived + Duration::from_millis(self.delay_ms)).await;
        }
    }
}

/// Answers a call of the API and writes it into the journal.
pub(crate) fn answer(world: &World, request: &Request) -> Outcome {
    let refuser = world.refuser();
    let now = world.clock.now_ms();
    let identity = auth::identify(world, &request.headers, now);
    let route = Route::parse(&request.method, &request.path);
    let kind = route.as_ref().map_or(Kind::Unknown, |r| r.kind);
    let object = route.as_ref().ok().and_then(|r| r.object);
    let portal = identity.portal();
    let mut outcome = Outcome {
        reply: Reply::empty(200),
        delivery: Delivery::Whole,
        delay_ms: portal.as_ref().map_or(0, |p| p.settings().knobs.latency_ms),
    };
    let sight = Sight {
        method: &request.method,
        path: &request.path,
        kind,
        object,
        portal: portal.as_ref().map(|p| p.config.id),
    };
    let actions = world.script().actions(sight);
    let mut twist = Twist::default();
    let mut instead = None;
    for action in actions {
        match action {
            Action::Respond {
                status,
                body,
                headers,
            } => {
                let mut reply = match body {
                    Some(body) if body.starts_with('<') => Reply::html(status, body),
                    Some(body) => Reply::bytes(status, reply::JSON, body),
                    None => refuser.by_status(status),
                };
                reply.headers.extend(headers);
                instead = Some(reply);
            }
            Action::Refuse(refusal) => {
                instead = Some(refuser.refusal(refusal, identity.token(), now));
            }
            Action::CutBody { after } => outcome.delivery = Delivery::Cut(after),
            Action::SlowBody { piece, pause_ms } => {
                outcome.delivery = Delivery::Slow(piece.max(1), pause_ms);
            }
            Action::Delay { ms } => outcome.delay_ms += ms,
            Action::Drop => {
                outcome.delivery = Delivery::Nothing;
                instead = Some(Reply::empty(500));
            }
            Action::DropAnswer => outcome.delivery = Delivery::Nothing,
            Action::UnknownCategory => twist.unknown_category = true,
            Action::ExtraFields => twist.extra_fields = true,
            Action::OmitRecord { id } => twist.omit = id.map_or(Omit::Middle, Omit::Record),
            Action::RepeatPage => twist.repeat = true,
            Action::WrongTotal { by } => twist.total = by,
            Action::Run {
                portal: of,
                command,
            } => {
                let of = of.map_or_else(|| portal.clone(), |id| world.portal(id));
                if let Some(of) = of {
                    // A command that cannot be done any more (a record already archived) leaves the call as it is.
                    drop(command.run(&of, &world.clock));
                }
            }
        }
    }
    outcome.reply = match instead {
        Some(reply) => reply,
        None => serve(world, request, route, &identity, &refuser, twist),
    };
    outcome.reply.headers.push((
        "X-HubSpot-Correlation-Id".to_owned(),
        refuser.correlation.clone(),
    ));
    let status = if matches!(outcome.delivery, Delivery::Nothing) {
        0
    } else {
        outcome.reply.status
    };
    world.journal().push(Entry {
        number: 0,
        at_ms: now,
        method: request.method.clone(),
        path: request.path.clone(),
        url_length: request.path.len()
            + request.query.len()
            + usize::from(!request.query.is_empty()),
        kind,
        portal: sight.portal,
        status,
        summary: outcome.reply.summary.clone(),
        records: outcome.reply.records,
    });
    outcome
}

/// The answer when no fault replaces it: address, token, limits, scopes, and then the work.
fn serve(
    world: &World,
    request: &Request,
    route: Result<Route, Lost>,
    identity: &Identity,
    refuser: &Refuser,
    twist: Twist,
) -> Reply {
    let longest = identity
        .portal()
        .map_or(Knobs::default().max_url_length, |p| {
            p.settings().knobs.max_url_length
        });
    if request.path.len() + request.query.len() + 1 > longest {
        return reply::too_long();
    }
    let now = world.clock.now_ms();
    let route = match route {
        Ok(route) => route,
        Err(Lost::NotFound) => {
            return Reply::html(404, "<html><body><h1>404 Not Found</h1></body></html>");
        }
        Err(Lost::WrongMethod) => {
            return refuser.error(405, "METHOD_NOT_ALLOWED", "Method Not Allowed");
        }
        Err(Lost::UnknownObject(name)) => {
            return refuser.validation(&format!("Unable to infer object type from: {name}"));
        }
    };
    match route.kind {
        Kind::Token => return oauth::token(world, &route, request, refuser),
        Kind::Introspect => return oauth::introspect(world, request),
        Kind::Revoke => return oauth::revoke(world, &route, request),
        Kind::TokenInfo => return oauth::token_info(world, &route, request, refuser),
        _ => {}
    }
    let caller = match identity {
        Identity::Known(caller) => caller,
        Identity::Missing => return refuser.unauthenticated(),
        Identity::Garbage(_) => return refuser.expired(0, now),
        Identity::Expired { at, .. } => return refuser.expired(*at, now),
    };
    let counted = match route.kind {
        Kind::Search => Counted::Search,
        Kind::Associations => Counted::DailyOnly,
        _ => Counted::Ordinary,
    };
    let (knobs, quota) = {
        let settings = caller.portal.settings();
        (settings.knobs, settings.quota)
    };
    let day = day_in(&caller.portal.config.time_zone, now).0;
    let (standing, verdict) =
        caller
            .portal
            .meter()
            .take(&quota, (&caller.app, caller.class), counted, now, day);
    let call = Call {
        world,
        request,
        route: &route,
        caller,
        knobs,
        refuser,
        twist,
        now,
    };
    let mut reply = match verdict {
        Err(limit) => refuser.limited(limit),
        Ok(()) => match auth::required_scopes(&route) {
            Some(scopes) if !caller.has_any(&scopes) => {
                refuser.missing_scopes(&scopes.iter().map(String::as_str).collect::<Vec<_>>())
            }
            _ => dispatch(&call),
        },
    };
    if let Some((limit, left)) = standing.daily {
        reply = reply
            .header("X-HubSpot-RateLimit-Daily", limit.to_string())
            .header("X-HubSpot-RateLimit-Daily-Remaining", left.to_string());
    }
    if let Some((limit, left)) = standing.window {
        reply = reply
            .header("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
            .header("X-HubSpot-RateLimit-Max", limit.to_string())
            .header("X-HubSpot-RateLimit-Remaining", left.to_string());
        if knobs.secondly_headers {
            reply = reply
                .header("X-HubSpot-RateLimit-Secondly", (limit / 10).to_string())
                .header(
                    "X-HubSpot-RateLimit-Secondly-Remaining",
                    (limit / 10).saturating_sub(1).to_string(),
                );
        }
    }
    reply
}

fn dispatch(call: &Call<'_>) -> Reply {
    let body_needed = call.request.method == "POST" || call.request.method == "PATCH";
    if body_needed && !auth::is_json(&call.request.headers) {
        return call.refuser.error(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "HTTP 415 Unsupported Media Type",
        );
    }
    let kind = call.route.kind;
    let reply = match kind {
        Kind::Search => records::search(call),
        Kind::List => records::list(call),
        Kind::BatchRead => records::batch_read(call),
        Kind::Get => records::get(call),
        Kind::Associations => associations::batch_read(call),
        Kind::Create => edits::create(call),
        Kind::Update => edits::update(call),
        Kind::BatchUpdate => edits::batch_update(call),
        Kind::Archive => edits::archive(call),
        Kind::BatchArchive => edits::batch_archive(call),
        Kind::Merge => edits::merge(call),
        Kind::Erase => edits::erase(call),
        Kind::Properties => properties::list(call),
        Kind::Property => properties::one(call),
        Kind::PropertyBatchRead => properties::batch_read(call),
        Kind::PropertyGroups => properties::groups(call),
        Kind::Owners => account::owners(call),
        Kind::Limits => account::limits(call),
        Kind::Account => account::details(call),
        Kind::Usage => account::usage(call),
        Kind::Uninstall => oauth::uninstall(call),
        _ => Reply::html(404, "<html><body><h1>404 Not Found</h1></body></html>"),
    };
    if matches!(kind, Kind::Search | Kind::List) && reply.status == 200 {
        if call.twist.repeat
            && let Some(body) = call.portal().last_page(kind, call.object())
        {
            return Reply { body, ..reply };
        }
        call.portal()
            .keep_page(kind, call.object(), reply.body.clone());
    }
    reply
}
