//! What is asked for.

use model::PropertyName;
use store::{
    Scope, Store,
    job::Ticket,
    mapping::{EmptyPolicy, Mapping},
    run::{NewRun, Origin, Trigger},
};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which level of which subscription.
    pub scope: Scope,
    /// Stop before applying: count as if applied, and change nothing.
    pub dry_run: bool,
    /// Who asks for it.
    pub origin: Origin,
    /// Measure how well this key matches, whatever is mapped; reads the key alone and changes nothing.
    pub measured: Option<PropertyName>,
    /// The job that it comes from, if it was in the queue.
    pub job: Option<Ticket>,
}

impl Request {
    /// A run that a command asks for.
    pub fn command(scope: Scope, dry_run: bool) -> Self {
        Self {
            scope,
            dry_run,
            origin: Origin::default(),
            measured: None,
            job: None,
        }
    }

    /// A run that somebody asks for on a page.
    pub fn page(scope: Scope, by: &str) -> Self {
        Self {
            scope,
            dry_run: false,
            origin: Origin {
                trigger: Trigger::Page,
                by: Some(by.into()),
            },
            measured: None,
            job: None,
        }
    }

    /// A measurement of a key that somebody asks for on a page.
    pub fn measure(scope: Scope, key: PropertyName, by: &str) -> Self {
        Self {
            scope,
            dry_run: true,
            origin: Origin {
                trigger: Trigger::Measure,
                by: Some(by.into()),
            },
            measured: Some(key),
            job: None,
        }
    }

    /// The run that the store is to begin.
    pub(super) fn new_run(&self) -> NewRun {
        NewRun {
            scope: self.scope,
            dry_run: self.dry_run,
            origin: self.origin.clone(),
            job: self.job,
        }
    }

    /// What is to be read and written.
    pub(super) async fn mapping(&self, store: &Store) -> Result<Option<Mapping>, store::Error> {
        match &self.measured {
            Some(key) => Ok(Some(Mapping {
                key: key.clone(),
                fields: Vec::new(),
                empty: EmptyPolicy::Clear,
                // No stored fingerprint is of this version.
                version: -1,
            })),
            None => store.mapping(self.scope).await,
        }
    }
}
