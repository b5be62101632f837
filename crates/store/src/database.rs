//! Opening the data directory and the database.

pub mod migrations;
mod postgres;
pub(crate) mod sqlite;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::{ExposeSecret as _, SecretString};

use self::{migrations::NEWEST, sqlite::Journal};
use crate::{
    Error,
    error::doing,
    keyring::Keyring,
    lock::Process,
    sql::{Connection, Dialect, Pool, Silence},
};

/// Connections at once, if nothing else is said: some runs, an import, and pages.
pub const CONNECTIONS: u32 = 12;

/// What is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory: the keyring, life signs of processes, and the embedded database if no other is named.
    pub data_dir: PathBuf,
    /// Another keyring than the one in the data directory.
    pub keyring_file: Option<PathBuf>,
    /// The `postgres://` URL of a database; `None` for the embedded one.
    pub database: Option<SecretString>,
    /// Connections at once. Each run that is under way keeps one.
    pub connections: u32,
}

impl Options {
    /// The embedded database of a data directory.
    pub fn embedded(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.into(),
            keyring_file: None,
            database: None,
            connections: CONNECTIONS,
        }
    }

    /// The database.
    pub fn address(&self) -> Address {
        match &self.database {
            None => Address::embedded(&self.data_dir),
            Some(url) => Address::Server(url.clone()),
        }
    }

    /// The file that holds the keyring.
    pub fn keyring(&self) -> PathBuf {
        let named = self.keyring_file.clone();
        named.unwrap_or_else(|| self.data_dir.join("keyring"))
    }
}

/// A database, by how it is reached.
#[derive(Debug, Clone)]
pub enum Address {
    /// An SQLite file.
    File(PathBuf),
    /// A `postgres://` URL.
    Server(SecretString),
}

impl Address {
    /// The embedded database of a data directory.
    pub fn embedded(data_dir: &Path) -> Self {
        Self::File(data_dir.join("tributary.sqlite"))
    }

    /// Connects, up to so many connections at once, making a file that is missing.
    pub(crate) async fn connect(
        &self,
        connections: u32,
        journal: Journal,
    ) -> Result<(Pool, Place), Error> {
        match self {
            Self::File(path) => {
                let place = Place::File(path.clone());
                let pool = sqlite::connect(path, connections, journal).await;
                let pool = pool.map_err(|source| Error::Open {
                    place: place.clone(),
                    source,
                })?;
                Ok((Pool::Sqlite(pool), place))
            }
            Self::Server(url) => {
                let (server, place) = postgres::options(url.expose_secret())?;
                let pool = postgres::connect(server, connections, &place).await?;
                Ok((Pool::Postgres(pool, Silence::default()), place))
            }
        }
    }
}

/// Where a database is. It shows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The embedded database's file.
    File(PathBuf),
    /// A server, as a URL without the password.
    Server(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(url) => f.write_str(url),
        }
    }
}

impl Place {
    /// Where a `postgres://` URL leads.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_url(url: &str) -> Result<Self, Error> {
        postgres::options(url).map(|(_, place)| place)
    }
}

/// An open data directory: the database, the keyring and this process's life sign. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: Pool,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) process: Arc<Process>,
    data_dir: Arc<Path>,
    place: Arc<Place>,
}

impl Store {
    /// Opens `data_dir` with its embedded database; see [`Store::open_with`].
    pub async fn open(data_dir: &Path, keyring_file: Option<&Path>) -> Result<Self, Error> {
        Self::open_with(&Options {
            keyring_file: keyring_file.map(Into::into),
            ..Options::embedded(data_dir)
        })
        .await
    }

    /// Opens a data directory and the database, making the former at first start, and brings the schema up to date.
    ///
    /// The keyring is read from the file that is named, or from the data directory, where it is made if it is missing.
    ///
    /// # Errors
    /// When the directory cannot be written, the database cannot be reached, is damaged, not fit or from a newer release,
    /// or the keyring cannot be read.
    pub async fn open_with(options: &Options) -> Result<Self, Error> {
        let data_dir = &options.data_dir;
        std::fs::create_dir_all(data_dir).map_err(|source| Error::DataDir {
            path: data_dir.clone(),
            source,
        })?;
        let keyring = match &options.keyring_file {
            Some(file) => Keyring::read(file)?,
            None => Keyring::read_or_make(&data_dir.join("keyring"))?,
        };
        let address = options.address();
        let (pool, place) = address.connect(options.connections, Journal::Ahead).await?;
        bring_up_to_date(&pool, &place).await?;
        let process = match (&options.database, &pool) {
            (Some(url), Pool::Postgres(_, silence)) => {
                let (server, _) = postgres::options(url.expose_secret())?;
                Process::on_server(server, silence.clone())
            }
            _ => Process::beside_files(&data_dir.join("processes"))?,
        };
        Ok(Self {
            pool,
            keyring: Arc::new(keyring),
            process: Arc::new(process),
            data_dir: data_dir.as_path().into(),
            place: Arc::new(place),
        })
    }

    /// Opens what is there, and makes nothing; see [`Store::open_with`].
    ///
    /// # Errors
    /// [`Error::NoDatabase`] when nothing is there.
    pub async fn open_existing(options: &Options) -> Result<Self, Error> {
        let address = options.address();
        if let Address::File(path) = &address
            && !path.exists()
        {
            let place = Place::File(path.clone());
            return Err(Error::NoDatabase { place });
        }
        let (pool, place) = address.connect(1, Journal::Ahead).await?;
        let made = migrations::made(&pool).await;
        pool.close().await;
        if made?.is_empty() {
            return Err(Error::NoDatabase { place });
        }
        Self::open_with(options).await
    }

    /// A connection for much work at once. Its memory goes with it: it does not return to the pool.
    pub(crate) async fn working_connection(
        &self,
        intent: &'static str,
    ) -> Result<Connection, Error> {
        let mut conn = self.pool.acquire().await.map_err(doing(intent))?;
        conn.close_on_drop();
        match conn.dialect() {
            Dialect::Sqlite => {
                sqlite::set_cache(&mut conn, sqlite::WORKING_CACHE_KIB).await?;
            }
            Dialect::Postgres => conn
                .run("SET work_mem = '64MB'")
                .await
                .map_err(doing(intent))?,
        }
        Ok(conn)
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Where the database is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Ends all connections, so that SQLite folds its write-ahead log into the database file.
    pub async fn close(self) {
        self.process.end().await;
        self.pool.close().await;
    }
}

/// Brings the schema up to date, unless this release must leave the database alone.
pub(crate) async fn bring_up_to_date(pool: &Pool, place: &Place) -> Result<(), Error> {
    migrations::refuse(pool, place).await?;
    migrate(pool, place, NEWEST).await
}

/// Gives a database the schema of an older release, up to one of its migrations; for tests of upgrades.
pub async fn lay_out(options: &Options, newest: i64) -> Result<(), Error> {
    let address = options.address();
    let (pool, place) = address.connect(options.connections, Journal::Ahead).await?;
    migrate(&pool, &place, newest).await?;
    pool.close().await;
    Ok(())
}

pub(crate) async fn migrate(pool: &Pool, place: &Place, newest: i64) -> Result<(), Error> {
    let migrated = migrations::migrate(pool, newest).await;
    migrated.map_err(|source| Error::Migrate {
        place: place.clone(),
        source,
    })
}
