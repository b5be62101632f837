//! Finds out, on a real key, what Pendo's documentation leaves open.
//!
//! Reading alone it changes nothing. With the id of a test visitor, or account, it makes fields of its own, writes to that id
//! only, and takes the fields away again, whatever happens meanwhile. What it finds about forms of values is kept, so that
//! the settings that say `auto` follow it.

mod fields;
mod finding;
mod forms;
mod outcome;
mod reading;
mod writing;

use std::sync::Mutex;

use ::pendo::{Calls, Client};
use model::{Clock, Level};
use store::SubscriptionId;
use tokio_util::sync::CancellationToken;

pub use self::{
    fields::{Left, PROBE_FIELDS, UNKNOWN_FIELD},
    finding::{Finding, Verdict},
    forms::{Because, Form},
};
use super::{Connected, Destinations, Error, formats::Choice};

/// The group of fields that is probed.
const GROUP: &str = "custom";

/// Who is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Visitor or account.
    pub level: Level,
    /// The id, which Pendo has to know.
    pub id: String,
}

/// What a probe has found out.
#[derive(Debug)]
pub struct Probed {
    /// The region of the key.
    pub region: String,
    /// What was found, in the order it was looked at.
    pub findings: Vec<Finding>,
    /// What became of the probe's fields, if it made any.
    pub fields: Option<Fields>,
    /// What was sent.
    pub calls: Calls,
    /// The forms of values that are used from now on.
    pub forms: [Form; 3],
    /// How it ended.
    pub ended: Ended,
}

/// What became of a probe's fields.
#[derive(Debug, Default)]
pub struct Fields {
    /// Those that were deleted again.
    pub deleted: Vec<String>,
    /// Those that could not be.
    pub left: Vec<Left>,
}

/// How a probe ended.
#[derive(Debug)]
pub enum Ended {
    /// It looked at everything.
    Whole,
    /// It was asked to stop.
    Stopped,
    /// It could not go on.
    Failed(Error),
}

/// Why a probe does not go on.
enum Halt {
    Stopped,
    Failed(Error),
}

impl From<::pendo::Error> for Halt {
    fn from(error: ::pendo::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What the parts of a probe work with.
struct Probe<'a> {
    client: Client,
    clock: &'a dyn Clock,
    stop: &'a CancellationToken,
    tell: &'a (dyn Fn(&str) + Sync),
    findings: Mutex<Vec<Finding>>,
}

impl Probe<'_> {
    /// Says what comes next, unless nothing does.
    fn step(&self, what: &str) -> Result<(), Halt> {
        if self.stop.is_cancelled() {
            return Err(Halt::Stopped);
        }
        (self.tell)(what);
        Ok(())
    }

    fn find(&self, finding: Finding) {
        self.with(|findings| findings.push(finding));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Vec<Finding>) -> T) -> T {
        let findings = self.findings.lock();
        change(&mut findings.unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Tells an answer that leaves a question open from a failure that ends the probe.
fn answered<T>(result: Result<T, ::pendo::Error>) -> Result<Result<T, String>, Halt> {
    use ::pendo::Kind;
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) => match error.kind() {
            Kind::Invalid
            | Kind::NotFound
            | Kind::TooLarge
            | Kind::Unreadable
            | Kind::Unexpected => Ok(Err(error.to_string())),
            _ => Err(error.into()),
        },
    }
}

/// Probes a subscription's Pendo, reading alone or with somebody to write to. `tell` hears of each step before it is taken;
/// `stop` is heeded between calls, and the probe's fields are deleted all the same.
///
/// # Errors
/// [`Error::NotConnected`], a key that Pendo does not accept, and, with somebody to write to, [`Error::ReadOnly`] and
/// [`Error::UnknownId`]. Then nothing was written.
pub async fn probe(
    destinations: &Destinations,
    subscription: SubscriptionId,
    test: Option<&Test>,
    stop: &CancellationToken,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Probed, Error> {
    let connected = destinations.connected(subscription).await?;
    let probe = Probe {
        client: destinations.client(subscription).await?.counted(),
        clock: destinations.clock(),
        stop,
        tell,
        findings: Mutex::default(),
    };
    let access = probe.client.verify().await?;
    if let Some(test) = test {
        if !access.write {
            return Err(Error::ReadOnly);
        }
        if probe
            .client
            .raw_record(test.level, &test.id)
            .await?
            .is_none()
        {
            return Err(Error::UnknownId {
                level: test.level,
                id: test.id.clone(),
            });
        }
    }
    let mut found = Choice::default();
    let mut fields = None;
    let ended = match reading::read(&probe, access, &connected).await {
        Ok(()) => match test {
            Some(test) => writing::write(&probe, test, &mut found, &mut fields).await,
            None => Ok(()),
        },
        halt => halt,
    };
    let kept = Choice {
        times: found.times.or(connected.found.times),
        cleared: found.cleared.or(connected.found.cleared),
        integers: found.integers.or(connected.found.integers),
    };
    if kept != connected.found {
        destinations.keep_findings(subscription, kept).await?;
    }
    Ok(Probed {
        region: connected.region,
        fields,
        calls: probe.client.calls(),
        forms: forms::used(destinations.configured_formats(), kept),
        ended: match ended {
            Ok(()) => Ended::Whole,
            Err(Halt::Stopped) => Ended::Stopped,
            Err(Halt::Failed(error)) => Ended::Failed(error),
        },
        findings: probe.with(std::mem::take),
    })
}

/// The forms of values that are used for a subscription's Pendo, each with its reason.
pub fn forms(destinations: &Destinations, connected: &Connected) -> [Form; 3] {
    forms::used(destinations.configured_formats(), connected.found)
}

/// What a probe with somebody to write to does, in sentences, for them to be read before.
pub fn announcement(test: &Test) -> Vec<String> {
    let Test { level, id } = test;
    vec![
        format!(
            "make four {level} fields in the group {GROUP}: {}",
            PROBE_FIELDS.map(|field| field.name).join(", ")
        ),
        format!("write values into them for the {level} {id:?}, and for nobody else"),
        format!(
            "send a value for a fifth field, {UNKNOWN_FIELD}, that is not made, to see what Pendo does with it"
        ),
        "delete these fields again at the end, also after an error or Ctrl-C; Pendo keeps the definitions of deleted fields"
            .into(),
    ]
}
