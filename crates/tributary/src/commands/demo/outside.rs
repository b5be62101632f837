//! The demo's Pendo: a sandbox in this process, from where the ids come and to where values go.

use ::sync::{Runner, compare::Comparison};
use pendo::Region;
use sandbox::pendo::{Kind, Pendo, WRITE_KEY};
use store::{Scope, Store, SubscriptionId, job::Kind as Job, run::Origin};
use tokio_util::sync::CancellationToken;

use super::portal::Portal;
use crate::{
    app::App,
    config,
    failure::Failure,
    output::{
        Tone,
        number::{counted, grouped},
    },
    trouble::Trouble,
};

/// What the sandbox calls its subscription.
pub(super) const SUBSCRIPTION: &str = "main";

/// A sandbox that stands for Pendo.
#[derive(Debug)]
pub(super) struct Outside {
    pendo: Pendo,
}

impl Outside {
    /// Starts it; it knows those that the portal's product knows.
    pub(super) fn start(portal: &Portal) -> Result<Self, Trouble> {
        Ok(Self {
            pendo: portal.pendo()?,
        })
    }

    /// Where it is, with a place for the region.
    pub(super) fn base_url(&self) -> String {
        self.pendo.base_url()
    }

    /// Lets this process talk to it, whatever is configured.
    pub(super) fn configure(&self, config: &mut config::Config) {
        let own = ::sync::destination::Settings::default();
        config.destinations = ::sync::destination::Settings {
            pendo: pendo::Settings {
                base_url: Some(self.base_url()),
                ..own.pendo
            },
            ..own
        };
    }

    /// Makes it the destination of a subscription.
    pub(super) async fn connect(
        &self,
        app: &App,
        runner: &Runner,
        subscription: SubscriptionId,
    ) -> Result<(), Failure> {
        let destinations = runner.destinations();
        // That of an earlier demo is gone, with all that it knew.
        destinations.disconnect(subscription).await?;
        destinations
            .connect_pendo(subscription, Region::Us, None, WRITE_KEY.into(), "demo")
            .await?;
        let known = |kind| grouped(self.pendo.ids(SUBSCRIPTION, kind).len() as u64);
        app.out.say(format_args!(
            "  {} visitors and {} accounts in a Pendo subscription at {} (a sandbox in this process)",
            known(Kind::Visitor),
            known(Kind::Account),
            self.base_url(),
        ));
        Ok(())
    }
}

/// Holds all that the destination has against what was sent, and says what came of it.
pub(super) async fn compare(
    app: &App,
    runner: &Runner,
    store: &Store,
    scopes: &[Scope],
    interrupt: &CancellationToken,
) -> Result<(), Failure> {
    for scope in scopes {
        let kind = Job::Compare { all: true };
        runner.ask_for(*scope, kind, Origin::default()).await?;
        runner.see_to_outside(*scope, interrupt).await?;
        let last = store.comparison(*scope).await?;
        let Some(found) = last.as_ref().and_then(Comparison::read) else {
            continue;
        };
        let compared = format!(
            "Read back from Pendo, {} level: {} of {}",
            scope.level,
            counted(found.values, "value"),
            grouped(found.subjects)
        );
        app.out.say(if found.differences == 0 {
            app.out.toned(
                Tone::Good,
                format_args!("{compared}, all as they were sent"),
            )
        } else {
            let differences = counted(found.differences, "difference");
            app.out
                .toned(Tone::Bad, format_args!("{compared}, with {differences}"))
        });
    }
    Ok(())
}
