//! A schema of a test's own on the server that the tests were given, with a user whose connections see nothing else. Making and dropping a
//! whole database takes the server far longer.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jeton_authority::store::Store;
use jeton_store::{Access, DatabaseUrl, OpenError, OpenMode};
use tokio_postgres::{Client, NoTls};

use super::proxy::Proxy;

/// What a test has for a database, which goes with this.
pub(crate) struct Database {
    server: String,
    name: String,
    /// The server by another database, if this one is the test's own.
    made_on: Option<String>,
}

/// Nothing yet; none where there is no server.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see that some were skipped")]
pub(crate) async fn database() -> Option<Database> {
    let Some(server) = std::env::var("JETON_TEST_POSTGRES").ok() else {
        assert!(std::env::var_os("CI").is_none(), "JETON_TEST_POSTGRES names no server");
        eprintln!("SKIPPED: there is no PostgreSQL server; set JETON_TEST_POSTGRES, or run cargo xtask test");
        count_skipped();
        return None;
    };
    Some(schema_on(server, None).await)
}

/// The same in a database of its own, where no other test's transaction keeps old rows from being reused.
pub(crate) async fn database_alone() -> Option<Database> {
    let Database { server, name, .. } = &database().await?;
    let alone = format!("{name}_alone");
    run(server, &format!("CREATE DATABASE {alone}")).await;
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    Some(schema_on(format!("{host}/{alone}"), Some(server.clone())).await)
}

async fn schema_on(server: String, made_on: Option<String>) -> Database {
    let mut bytes = [0; 8];
    jeton_jose::random::fill(&mut bytes);
    let name = format!("jeton_{:016x}", u64::from_ne_bytes(bytes));
    let make = format!(
        "CREATE ROLE {name} LOGIN; CREATE SCHEMA {name} AUTHORIZATION {name}; ALTER ROLE {name} SET search_path = {name}"
    );
    run(&server, &make).await;
    Database { server, name, made_on }
}

/// Tells `cargo xtask test` which test was skipped, in the file that it names.
fn count_skipped() {
    let Some(file) = std::env::var_os("SKIPPED_TESTS") else { return };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let line = format!("{} {test}: there is no PostgreSQL server", env!("CARGO_PKG_NAME"));
    file.and_then(|mut file| writeln!(file, "{line}")).expect("the list of skipped tests can be written");
}

impl Database {
    /// Its URL, with parameters.
    pub(crate) fn url_with(&self, parameters: &str) -> DatabaseUrl {
        DatabaseUrl::parse(&self.text(parameters)).expect("a URL")
    }

    pub(crate) fn text(&self, parameters: &str) -> String {
        let (_, host) = self.server.split_once('@').expect("the URL names a user");
        format!("postgres://{}@{host}?{parameters}", self.name)
    }

    pub(crate) async fn try_open(
        &self,
        parameters: &str,
        mode: OpenMode,
    ) -> Result<Arc<dyn Store>, OpenError> {
        jeton_store::open(&self.url_with(parameters), mode, Access::Server, None).await
    }

    pub(crate) async fn open(&self, parameters: &str) -> Arc<dyn Store> {
        self.try_open(parameters, OpenMode::CreateOrMigrate).await.expect("the database opens")
    }

    /// Opens it at another address of the server, given as a URL.
    pub(crate) async fn open_at(&self, url: &str, parameters: &str) -> Arc<dyn Store> {
        let (_, host) = url.split_once('@').expect("the URL names a user");
        let url = format!("postgres://{}@{host}?{parameters}", self.name);
        let url = DatabaseUrl::parse(&url).expect("a URL");
        let opened = jeton_store::open(&url, OpenMode::CreateOrMigrate, Access::Server, None);
        opened.await.expect("the database opens")
    }

    /// Opens it by way of a proxy.
    pub(crate) async fn open_through(&self, proxy: &Proxy, parameters: &str) -> Arc<dyn Store> {
        let url = DatabaseUrl::parse(&proxy.through(&self.text(parameters))).expect("a URL");
        let opened = jeton_store::open(&url, OpenMode::CreateOrMigrate, Access::Server, None);
        opened.await.expect("the database opens")
    }

    /// A proxy before the server.
    pub(crate) async fn proxy(&self) -> Proxy {
        Proxy::before(&self.server).await
    }

    /// A proxy before the server that writes statements down in this file.
    pub(crate) async fn recording_proxy(&self, file: PathBuf) -> Proxy {
        Proxy::recording(&self.server, Some(file)).await
    }

    /// Has something hold for all connections that are made from now on.
    pub(crate) async fn alter_role(&self, setting: &str) {
        run(&self.server, &format!("ALTER ROLE {} SET {setting}", self.name)).await;
    }

    /// The user of the connections.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection of the server's own user.
    pub(crate) async fn server(&self) -> Client {
        connect(&self.server).await
    }

    /// A connection that knows nothing of the store.
    pub(crate) async fn raw(&self) -> Client {
        connect(&self.text("")).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name, made_on) = (self.server.clone(), &self.name, self.made_on.clone());
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}';
             DROP OWNED BY {name} CASCADE; DROP ROLE {name}"
        );
        // A runtime of its own, since the test's may be about to end.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                run(&server, &sql).await;
                if let Some(other) = made_on {
                    let (_, database) = server.rsplit_once('/').expect("the URL names a database");
                    run(&other, &format!("DROP DATABASE {database} WITH (FORCE)")).await;
                }
            });
        });
        let _ = dropped.join();
    }
}

async fn run(server: &str, sql: &str) {
    connect(server).await.batch_execute(sql).await.expect("the server does as it is told");
}

async fn connect(url: &str) -> Client {
    // The parameters are for the store, whose URL has more of them.
    let url = url.split('?').next().unwrap_or(url);
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}
