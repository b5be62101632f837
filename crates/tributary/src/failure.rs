//! How a command ends: its exit status, and what is shown when it fails.

use serde_json::{Map, Value, json};
use sync::{Explain, Explanation};

/// The exit status. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; a run: proved.
    Done,
    /// Failed, not mapped, or another run holds the level.
    Failed,
    /// The command line cannot be used.
    Usage,
    /// Partial, held or cancelled; an import with bad lines.
    Partial,
}

impl Exit {
    /// The number for the shell.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partial => 3,
        }
    }

    /// The worse of two: a failure is worse than a gap.
    pub(crate) const fn worst(self, other: Self) -> Self {
        match (self, other) {
            (Self::Usage, _) | (_, Self::Usage) => Self::Usage,
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Partial, _) | (_, Self::Partial) => Self::Partial,
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) explanation: Explanation,
    pub(crate) exit: Exit,
    /// What it can report all the same, with `--json`.
    report: Map<String, Value>,
}

pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    /// A failure with its explanation.
    pub(crate) fn of(error: &impl Explain) -> Self {
        Self {
            explanation: error.explain(),
            exit: Exit::Failed,
            report: Map::new(),
        }
    }

    /// A failure that is explained already.
    pub(crate) fn explained(explanation: Explanation, exit: Exit) -> Self {
        Self {
            explanation,
            exit,
            report: Map::new(),
        }
    }

    /// The same failure under another exit status.
    pub(crate) fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same failure with something to report beside it.
    pub(crate) fn reporting(self, report: Value) -> Self {
        match report {
            Value::Object(report) => Self { report, ..self },
            _ => self,
        }
    }

    /// The one object that is printed with `--json`.
    pub(crate) fn into_json(self) -> Value {
        let mut report = self.report;
        report.entry("schema").or_insert(json!(1));
        report.insert("error".into(), json!(self.explanation));
        Value::Object(report)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::of(&error)
    }
}

impl From<hubspot::Error> for Failure {
    fn from(error: hubspot::Error) -> Self {
        Self::of(&error)
    }
}

impl From<sync::Error> for Failure {
    fn from(error: sync::Error) -> Self {
        Self::of(&error)
    }
}

impl From<sync::connect::Error> for Failure {
    fn from(error: sync::connect::Error) -> Self {
        Self::of(&error)
    }
}

impl From<sync::destination::Error> for Failure {
    fn from(error: sync::destination::Error) -> Self {
        Self::of(&error)
    }
}

impl From<sync::runner::Error> for Failure {
    fn from(error: sync::runner::Error) -> Self {
        Self::of(&error)
    }
}

impl From<crate::trouble::Trouble> for Failure {
    fn from(trouble: crate::trouble::Trouble) -> Self {
        let exit = trouble.exit();
        Self::of(&trouble).exiting(exit)
    }
}

impl From<sync::import::Error> for Failure {
    fn from(error: sync::import::Error) -> Self {
        Self::of(&error)
    }
}

impl From<sync::export::Error> for Failure {
    fn from(error: sync::export::Error) -> Self {
        Self::of(&error)
    }
}
