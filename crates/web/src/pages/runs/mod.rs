//! Runs: the list, one run with its proof, and the records behind each of its numbers.

pub(crate) mod cells;
pub(crate) mod detail;
mod diff;
mod flow;
mod layout;
pub(crate) mod list;
mod proof;
pub(crate) mod records;
mod rows;
mod shown;
pub(crate) mod visible;

use axum::{extract::FromRequestParts, http::request::Parts};
use model::RunId;
use store::{
    outbox::Cause,
    run::{Run, State, Trigger},
};

use crate::{
    error::Error,
    frame::Tone,
    report::{Delivered, Numbers},
    visit::{Here, Parameters},
};

/// A list of the records behind a number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Missed,
    Matched,
    Changed,
    Unchanged,
    Quarantined,
    Excluded,
    Failed,
    /// Links that the run ended.
    Ended,
    /// Changes of ids that the destination outside does not know.
    Missing,
    /// Changes that the destination outside does not take.
    Refused,
}

impl What {
    pub(crate) const ALL: [Self; 10] = [
        Self::Missed,
        Self::Matched,
        Self::Changed,
        Self::Unchanged,
        Self::Quarantined,
        Self::Excluded,
        Self::Failed,
        Self::Ended,
        Self::Missing,
        Self::Refused,
    ];

    /// The name in addresses and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Matched => "matched",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Quarantined => "quarantined",
            Self::Excluded => "excluded",
            Self::Failed => "failed",
            Self::Ended => "ended",
            Self::Missing => "missing",
            Self::Refused => "refused",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }
}

/// The run that a path names, and the list of its records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    run: RunId,
    what: Option<What>,
}

impl Named {
    /// The run; not found when it is another subscription's.
    async fn run(self, here: &Here) -> Result<Run, Error> {
        let store = here.visit.app.store();
        let run = store.run(here.subscription.id, self.run).await?;
        run.ok_or(Error::NotFound)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let parameters = Parameters::from_request_parts(parts, state).await?;
        let run = parameters.get("run").and_then(|run| run.parse().ok());
        Ok(Self {
            run: run.ok_or(Error::NotFound)?,
            what: parameters.get("what").and_then(What::from_name),
        })
    }
}

/// How a run ended: with the name of a message.
pub(crate) const fn verdict(state: State) -> (Tone, &'static str) {
    match state {
        State::Running => (Tone::Plain, "run-running"),
        State::Delivering => (Tone::Plain, "run-delivering"),
        State::Success => (Tone::Good, "run-proved"),
        State::Partial => (Tone::Warning, "run-partial"),
        State::Failed => (Tone::Bad, "run-failed"),
        State::Cancelled => (Tone::Plain, "run-cancelled"),
    }
}

/// What a run was for, when it was not to change anything: the name of a message.
pub(crate) fn purpose(run: &Run) -> Option<&'static str> {
    match run.origin.trigger {
        Trigger::Measure => Some("run-measuring"),
        _ if run.dry_run => Some("run-dry"),
        _ => None,
    }
}

/// How long a run took, in seconds; `None` while it is under way.
pub(crate) fn seconds(run: &Run) -> Option<f64> {
    let finished = run.finished_at?;
    Some(finished.duration_since(run.started_at).as_secs_f64())
}

/// Whether a run got as far as counting what it found.
pub(crate) const fn is_counted(state: State) -> bool {
    matches!(state, State::Delivering | State::Success | State::Partial)
}

/// The numbers of a run as they are now: while it is being delivered, with those of the outbox.
pub(crate) async fn numbers(here: &Here, run: &Run) -> Result<Option<Numbers>, Error> {
    let Some(mut numbers) = Numbers::of(run) else {
        return Ok(None);
    };
    if run.state == State::Delivering {
        let (store, scope) = (here.visit.app.store(), here.scope(run.level));
        let found = store.delivery(scope, Cause::Run(run.id)).await?;
        let fields = store.destination_fields(scope).await?;
        let held = fields
            .into_iter()
            .filter_map(|field| Some((field.name, field.held?)))
            .collect();
        numbers.delivery = found.map(|found| Delivered::of(found, held));
    }
    Ok(Some(numbers))
}

/// Which lists of a run are still there to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    state: State,
    dry_run: bool,
    pruned: bool,
    /// It is the level's latest run that was applied.
    latest: bool,
}

impl Kept {
    /// For a run, given its level's latest run that was applied.
    pub(crate) fn of(run: &Run, latest: Option<RunId>) -> Self {
        Self {
            state: run.state,
            dry_run: run.dry_run,
            pruned: run.pruned,
            latest: latest == Some(run.id),
        }
    }

    /// For a run.
    async fn find(here: &Here, run: &Run) -> Result<Self, Error> {
        let store = here.visit.app.store();
        let latest = store.latest_applied_run(here.scope(run.level)).await?;
        Ok(Self::of(run, latest))
    }

    /// Whether a list is there.
    pub(crate) fn has(self, what: What) -> bool {
        self.why_not(what).is_none()
    }

    /// Why a list is not there: the name of a message.
    pub(crate) fn why_not(self, what: What) -> Option<&'static str> {
        let of_applied = matches!(what, What::Matched | What::Changed | What::Unchanged);
        let of_latest = matches!(what, What::Matched | What::Unchanged);
        // What a run has applied is sent, however it has ended after that.
        let of_sent = matches!(what, What::Missing | What::Refused);
        match self.state {
            State::Running => Some("records-running"),
            _ if of_sent && !self.pruned => None,
            State::Failed | State::Cancelled => Some("records-not-done"),
            _ if self.pruned => Some("records-pruned"),
            _ if self.dry_run && of_applied => Some("records-dry"),
            _ if of_latest && !self.latest => Some("records-latest-only"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Kept = Kept {
        state: State::Success,
        dry_run: false,
        pruned: false,
        latest: true,
    };

    #[test]
    fn names_are_read_back() {
        for what in What::ALL {
            assert_eq!(What::from_name(what.name()), Some(what));
        }
        assert_eq!(What::from_name("everything"), None);
    }

    #[test]
    fn the_latest_applied_run_has_all_its_lists() {
        for what in What::ALL {
            assert!(KEPT.has(what), "{what:?}");
        }
    }

    #[test]
    fn what_is_not_there_has_a_reason() {
        let earlier = Kept {
            latest: false,
            ..KEPT
        };
        assert_eq!(earlier.why_not(What::Matched), Some("records-latest-only"));
        assert!(earlier.has(What::Changed) && earlier.has(What::Missed));
        let dry = Kept {
            dry_run: true,
            ..earlier
        };
        assert_eq!(dry.why_not(What::Changed), Some("records-dry"));
        assert!(dry.has(What::Missed) && dry.has(What::Ended));
        let pruned = Kept {
            pruned: true,
            ..dry
        };
        let failed = Kept {
            state: State::Failed,
            ..KEPT
        };
        for what in What::ALL {
            assert_eq!(pruned.why_not(what), Some("records-pruned"));
            let sent = matches!(what, What::Missing | What::Refused);
            assert_eq!(failed.why_not(what), (!sent).then_some("records-not-done"));
        }
    }
}
