//! Databases on the server that the tests are pointed at.

use std::{
    env,
    hash::{BuildHasher as _, RandomState},
    thread,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions,
};
use store::{Store, database::migrations};
use xxhash_rust::xxh3::xxh3_64;

use crate::Folder;

/// Held while the template is looked for or made.
const MAKING: i64 = 0x7269_6275;

/// A database that is dropped with this value.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    url: String,
    server: PgConnectOptions,
}

impl Database {
    /// A fresh database with the schema, if a server is named.
    pub(crate) fn make() -> Option<Self> {
        Self::of(true)
    }

    /// A fresh database without anything, if a server is named.
    pub(crate) fn make_bare() -> Option<Self> {
        Self::of(false)
    }

    fn of(with_schema: bool) -> Option<Self> {
        let server: PgConnectOptions = env::var(crate::VARIABLE)
            .ok()
            .filter(|url| !url.is_empty())?
            .parse()
            .expect("the server's URL can be understood");
        // Whatever the test itself runs on: some wait for nothing, some wait for everything.
        let name = format!("tributary_{:016x}", RandomState::new().hash_one(0));
        wait_for(async {
            let mut admin = connect(&server).await;
            let template = if with_schema {
                template(&mut admin, &server).await
            } else {
                "template0 ENCODING 'UTF8'".into()
            };
            let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
            run(&mut admin, &sql).await;
        });
        Some(Self {
            url: server.clone().database(&name).to_url_lossy().to_string(),
            name,
            server,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        wait_for(async {
            let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            run(&mut connect(&self.server).await, &sql).await;
        });
    }
}

/// The name of a database with the schema and nothing in it, which is made if there is none of this schema.
async fn template(admin: &mut PgConnection, server: &PgConnectOptions) -> String {
    let schema = xxh3_64(migrations::schema().as_bytes());
    let name = format!("tributary_template_{schema:016x}");
    run(admin, &format!("SELECT pg_advisory_lock({MAKING})")).await;
    let complete: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)",
    )
    .bind(&name)
    .fetch_one(&mut *admin)
    .await
    .expect("databases can be listed");
    if !complete {
        run(admin, &format!("DROP DATABASE IF EXISTS {name}")).await;
        run(
            admin,
            &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"),
        )
        .await;
        let folder = Folder::new();
        let url = server.clone().database(&name).to_url_lossy().to_string();
        let store = Store::open_with(&crate::options(folder.path(), Some(&url))).await;
        store.expect("the schema can be made").close().await;
        run(admin, &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
    }
    run(admin, &format!("SELECT pg_advisory_unlock({MAKING})")).await;
    name
}

async fn connect(server: &PgConnectOptions) -> PgConnection {
    let connected = PgConnection::connect_with(server).await;
    connected.expect("the server answers")
}

async fn run(admin: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Waits on a thread of its own, so that it does not matter what the caller runs on.
fn wait_for(work: impl Future<Output = ()> + Send) {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(work);
        });
        waiting.join().expect("the server does what it is told");
    });
}
