//! Whether something that failed is worth another try later, and when.

use hubspot::Kind;
use jiff::{SignedDuration, Timestamp};

use crate::{
    connect,
    destination::{self, Means},
    import, run, runner,
};

/// The first wait. Each further one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_mins(1);

/// The longest.
const LONGEST: SignedDuration = SignedDuration::from_mins(30);

/// How long to wait for somebody else's run of the same level.
const BUSY: SignedDuration = SignedDuration::from_secs(30);

/// Whether another try is worth it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Again {
    /// It would fail the same way until somebody does something.
    #[default]
    Never,
    /// After a while, longer each time.
    Later,
    /// In a moment.
    Shortly,
    /// Not before this.
    At(Timestamp),
}

impl Again {
    /// After a run could not begin.
    pub(crate) fn after(error: &runner::Error) -> Self {
        match error {
            runner::Error::Connect(connect::Error::Hubspot(error)) => Self::after_hubspot(error),
            runner::Error::Connect(connect::Error::Store(error)) | runner::Error::Store(error) => {
                Self::after_store(error)
            }
            runner::Error::Connect(_) => Self::Never,
            runner::Error::Destination(error) => Self::after_destination(error),
            runner::Error::Run(error) => Self::after_run(error),
        }
    }

    /// After a run has failed.
    pub(crate) fn after_run(error: &run::Error) -> Self {
        match error {
            run::Error::Store(error) => Self::after_store(error),
            run::Error::Hubspot(error) => Self::after_hubspot(error),
            run::Error::Ids { source, .. } => Self::after_destination(source),
            run::Error::NotMapped { .. } | run::Error::SwitchedOff | run::Error::KeyGone { .. } => {
                Self::Never
            }
        }
    }

    /// After a file could not be loaded, or ids not be erased.
    pub(crate) fn after_import(error: &import::Error) -> Self {
        match error {
            import::Error::Store(error) => Self::after_store(error),
            // A file that is read from the store.
            import::Error::Read { source, .. } => source
                .get_ref()
                .and_then(|cause| cause.downcast_ref())
                .map_or(Self::Never, Self::after_store),
            _ => Self::Never,
        }
    }

    fn after_hubspot(error: &hubspot::Error) -> Self {
        match error {
            hubspot::Error::DailyQuota { resets_at, .. } => return Self::At(*resets_at),
            hubspot::Error::AccountMoving { until, .. } => return Self::At(*until),
            _ => {}
        }
        match error.kind() {
            Kind::Locked
            | Kind::Burst
            | Kind::SearchBurst
            | Kind::Daily
            | Kind::Moving
            | Kind::Server
            | Kind::Overloaded
            | Kind::Slow
            | Kind::Edge
            | Kind::Network
            | Kind::Unreadable
            | Kind::Stalled
            | Kind::Torn
            | Kind::Keep => Self::Later,
            _ => Self::Never,
        }
    }

    /// After a destination outside did not do what was asked.
    pub(crate) fn after_destination(error: &destination::Error) -> Self {
        match (error, error.means()) {
            (destination::Error::Store(error), _) => Self::after_store(error),
            (_, Means::Later) => Self::Later,
            _ => Self::Never,
        }
    }

    fn after_store(error: &store::Error) -> Self {
        match error {
            store::Error::Busy { .. } => Self::Shortly,
            store::Error::Query { .. } | store::Error::DataDir { .. } => Self::Later,
            _ => Self::Never,
        }
    }

    /// When to try again after so many tries.
    pub(crate) fn at(self, tries: u32, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::Later => {
                let doublings = tries.saturating_sub(1).min(8);
                Some(now + (FIRST * (1 << doublings)).min(LONGEST))
            }
            Self::Shortly => Some(now + BUSY),
            Self::At(at) => Some(at.max(now + FIRST)),
        }
    }
}
