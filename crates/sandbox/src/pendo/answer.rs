//! From a request to an answer on the Pendo side, with the script's faults on the way.

use super::fault::{Action, Sight, actions};
use super::journal::{Call as Entry, Operation, Write};
use super::route::{Lost, Route, Target, region_of};
use super::subscription::Subscription;
use super::switches::Switches;
use super::world::World;
use super::{aggregation, many, metadata};
use crate::http::reply::{HTML, JSON, Reply};
use crate::http::{Delivery, Outcome, Request};

/// Records that a script lets fail.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) ids: Vec<String>,
    pub(super) every: usize,
    pub(super) text: String,
}

/// What handlers get.
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) body: &'a [u8],
    pub(super) subscription: &'a Subscription,
    pub(super) switches: Switches,
    pub(super) failures: &'a [Failure],
}

/// What handlers make: an answer, and what the journal wants to know beside it.
pub(super) struct Work {
    pub(super) reply: Reply,
    pub(super) updated: usize,
    pub(super) writes: Vec<Write>,
}

impl From<Reply> for Work {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            updated: 0,
            writes: Vec::new(),
        }
    }
}

/// A refusal in plain text: errors have no documented shape.
pub(super) fn refuse(status: u16, why: impl Into<String>) -> Reply {
    Reply::bytes(status, "text/plain; charset=utf-8", why.into())
}

/// An answer with its place in the journal.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    pub(super) number: u64,
    pub(super) operation: Operation,
}

/// Answers a call and enters it into the journal.
pub(super) fn answer(world: &World, request: &Request) -> Answered {
    let route = Route::parse(
        &request.method,
        &request.path,
        &request.query,
        &request.headers,
    );
    let target = route.as_ref().ok().map(|r| &r.target);
    let operation = target.map_or(Operation::Unknown, Target::operation);
    let kind = target.and_then(Target::kind);
    let caller = identify(world, request);
    let sight = Sight {
        operation,
        kind,
        subscription: caller.map(|(s, _)| s.name.as_str()),
    };
    let mut outcome = Outcome {
        reply: Reply::empty(200),
        delivery: Delivery::Whole,
        delay_ms: world.latency_ms.load(std::sync::atomic::Ordering::Relaxed),
    };
    let mut instead = None;
    let mut failures = Vec::new();
    let scripted = actions(&mut world.rules(), sight);
    for action in scripted {
        match action {
            Action::Respond {
                status,
                body,
                headers,
            } => {
                let mut reply = match body {
                    Some(body) if body.starts_with('<') => Reply::bytes(status, HTML, body),
                    Some(body) => Reply::bytes(status, JSON, body),
                    None => Reply::empty(status),
                };
                reply.headers.extend(headers);
                instead = Some(reply);
            }
            Action::Delay { ms } => outcome.delay_ms += ms,
            Action::Drop => {
                outcome.delivery = Delivery::Nothing;
                instead = Some(Reply::empty(0));
            }
            Action::DropAnswer => outcome.delivery = Delivery::Nothing,
            Action::CutBody { after } => outcome.delivery = Delivery::Cut(after),
            Action::FailRecords { ids, every, text } => {
                failures.push(Failure { ids, every, text });
            }
            Action::Run {
                subscription,
                command,
            } => {
                let of = match subscription {
                    Some(name) => world.subscription(&name),
                    None => caller.map(|(s, _)| s),
                };
                if let Some(of) = of {
                    // A command that cannot be done any more (a field already gone) leaves the call as it is.
                    drop(command.run(of));
                }
            }
        }
    }
    let work = match instead {
        Some(reply) => reply.into(),
        None => serve(world, request, &route, &failures),
    };
    outcome.reply = work.reply;
    let number = world.journal().push(Entry {
        number: 0,
        at_ms: world.clock.now_ms(),
        method: request.method.clone(),
        path: request.path.clone(),
        operation,
        region: region_of(&request.path),
        subscription: sight.subscription.map(str::to_owned),
        kind,
        group: target.and_then(Target::group),
        status: outcome.reply.status,
        records: outcome.reply.records,
        updated: work.updated,
        delivered: false,
        writes: work.writes,
    });
    Answered {
        outcome,
        number,
        operation,
    }
}

/// Whose key it is, and whether it may write. A key counts in its own region only.
fn identify<'a>(world: &'a World, request: &Request) -> Option<(&'a Subscription, bool)> {
    let key = request.headers.get("x-pendo-integration-key")?.as_bytes();
    let region = region_of(&request.path)?;
    world
        .subscriptions
        .iter()
        .filter(|s| s.region == region)
        .find_map(|subscription| {
            let state = subscription.state();
            let found = state
                .keys
                .iter()
                .find(|k| k.key.as_bytes() == key && !k.revoked);
            found.map(|k| (subscription, k.write))
        })
}

/// The answer when no fault replaces it: key, limits, rights, and then the work.
fn serve(
    world: &World,
    request: &Request,
    route: &Result<Route, Lost>,
    failures: &[Failure],
) -> Work {
    if region_of(&request.path).is_none() {
        return refuse(404, "no such region").into();
    }
    // Missing, wrong, revoked and from another region: all look the same.
    let Some((subscription, may_write)) = identify(world, request) else {
        return Reply::empty(403).into();
    };
    let switches = world.switches();
    if !subscription
        .state()
        .may_call(world.clock.now_ms(), switches.calls_per_second)
    {
        let reply = refuse(429, "Too Many Requests");
        return match switches.retry_after {
            Some(seconds) => reply.header("retry-after", seconds.to_string()).into(),
            None => reply.into(),
        };
    }
    let target = match route {
        Ok(route) => &route.target,
        Err(Lost::NotFound) => return refuse(404, "not found").into(),
        Err(Lost::WrongMethod) => return refuse(405, "method not allowed").into(),
        Err(Lost::BadId) => return refuse(400, "the id is not base64").into(),
    };
    if target.is_write() && !may_write {
        return if switches.read_only_body {
            refuse(403, "this key has no write access").into()
        } else {
            Reply::empty(403).into()
        };
    }
    if switches.max_body_bytes > 0 && request.body.len() > switches.max_body_bytes {
        return refuse(switches.limit_status, "the body is too large").into();
    }
    let call = Call {
        world,
        body: &request.body,
        subscription,
        switches,
        failures,
    };
    match target {
        Target::Verify => {
            Reply::ok(&serde_json::json!({"valid": true, "writeAccess": may_write})).into()
        }
        Target::SchemaRead(kind, group) => metadata::schema(&call, *kind, *group).into(),
        Target::SchemaWrite(kind, group) => metadata::create(&call, *kind, *group).into(),
        Target::FieldDelete(kind, group, field) => {
            metadata::delete(&call, *kind, *group, field).into()
        }
        Target::SetMany(kind, group, create) => many::set(&call, *kind, *group, *create),
        Target::SetOne(kind, group, value) => metadata::set_one(&call, *kind, *group, value),
        Target::GetOne(kind, group, value) => metadata::get_one(&call, *kind, *group, value).into(),
        Target::Record(kind, id) => metadata::record(&call, *kind, id).into(),
        Target::Aggregation => aggregation::answer(&call).into(),
    }
}
