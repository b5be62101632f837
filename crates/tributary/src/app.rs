//! What every command works with: configuration, output, clock, and the store once it is opened.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use hubspot::Client;
use model::{Clock, Level};
use store::{Scope, Store, Subscription, SubscriptionId};
use sync::{Runner, connect::Connector, destination::Destinations};

use crate::{config::Config, failure::Failure, output::Output, similar, trouble::Trouble};

/// The wiring of one invocation.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) out: Output,
    pub(crate) config: Config,
    pub(crate) data_dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    /// `--subscription`.
    pub(crate) subscription: Option<String>,
}

impl App {
    /// Opens the data directory; at first start it is made, for its owner only.
    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        self.make_data_dir()?;
        Ok(Store::open_with(&self.options()).await?)
    }

    /// Opens the data directory, for a command that makes no sense on an empty one.
    pub(crate) async fn open_existing(&self) -> Result<Store, Failure> {
        Ok(Store::open_existing(&self.options()).await?)
    }

    /// Makes the data directory if it is missing, for its owner only.
    pub(crate) fn make_data_dir(&self) -> Result<(), Failure> {
        make_directory(&self.data_dir)
    }

    /// What is opened.
    pub(crate) fn options(&self) -> store::Options {
        store::Options {
            data_dir: self.data_dir.clone(),
            keyring_file: self.config.keyring_file.clone(),
            database: self.config.database.clone(),
            connections: self.config.connections,
        }
    }

    /// What connects, maps and runs.
    pub(crate) fn runner(&self, store: &Store) -> Result<Runner, Failure> {
        let config = &self.config;
        let clock = || Arc::clone(&self.clock);
        let connector = Connector::new(store.clone(), config.hubspot.clone(), clock())?;
        let settings = sync::runner::Settings {
            reader: config.reader,
            retention_days: config.retention_days,
        };
        let destinations = Destinations::new(store.clone(), config.destinations.clone(), clock())?;
        Ok(Runner::new(
            store.clone(),
            connector,
            destinations,
            clock(),
            settings,
        ))
    }

    /// A client that reads through the connection of the subscription.
    pub(crate) async fn client(
        &self,
        store: &Store,
        subscription: SubscriptionId,
    ) -> Result<Client, Failure> {
        let runner = self.runner(store)?;
        Ok(runner.connector().client(subscription).await?)
    }

    /// The subscription that is named, or the only one.
    pub(crate) async fn subscription(&self, store: &Store) -> Result<Subscription, Failure> {
        let mut all = store.subscriptions().await?;
        let names = || all.iter().map(|one| one.name.clone());
        match &self.subscription {
            Some(name) => match all.iter().position(|one| one.name == *name) {
                Some(at) => Ok(all.swap_remove(at)),
                None => Err(Trouble::UnknownSubscription {
                    nearest: similar::nearest(name, all.iter().map(|one| one.name.as_str())),
                    name: name.clone(),
                }
                .into()),
            },
            None if all.is_empty() => Err(Trouble::NoSubscription.into()),
            None if all.len() > 1 => Err(Trouble::WhichSubscription(names().collect()).into()),
            None => Ok(all.swap_remove(0)),
        }
    }

    /// Opens the data directory for a command about one level.
    pub(crate) async fn open_level(&self, level: Level) -> Result<(Store, Scope), Failure> {
        let store = self.open().await?;
        let subscription = self.subscription(&store).await?.id;
        let scope = Scope {
            subscription,
            level,
        };
        Ok((store, scope))
    }
}

/// Makes a data directory if it is missing, for its owner only.
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(path);
    let path = path.to_owned();
    Ok(made.map_err(|source| store::Error::DataDir { path, source })?)
}
