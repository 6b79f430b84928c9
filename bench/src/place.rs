//! Where a server under measurement keeps its data.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::NoTls;

use crate::contender::BenchError;
use crate::proc::{self, Pid};

/// The variable that names the PostgreSQL server to measure on, which `cargo xtask bench` starts.
pub const POSTGRES: &str = "BENCH_POSTGRES";

/// A folder, or a database on the PostgreSQL server.
#[derive(Debug, Clone)]
pub enum Place {
    /// SQLite in a data folder; a single file for the floor.
    Folder(PathBuf),
    /// A database on the PostgreSQL server, and the file that the server under measurement writes its log to.
    Database {
        /// What leads to it.
        url: String,
        /// Where the log goes, with another ending.
        log: PathBuf,
    },
}

impl Place {
    /// The arguments of a `jeton` command that works on it. A node on a shared database has a data folder of its own.
    pub fn arguments(&self) -> Vec<String> {
        static NODES: AtomicUsize = AtomicUsize::new(0);
        let data = |folder: &Path| vec!["--data".to_owned(), folder.display().to_string()];
        match self {
            Self::Folder(folder) => data(folder),
            Self::Database { url, log } => {
                let node = NODES.fetch_add(1, Ordering::Relaxed);
                let mut arguments = data(&log.with_extension(format!("node-{node}")));
                arguments.extend(["--database".to_owned(), url.clone()]);
                arguments
            }
        }
    }

    /// The floor's name of it.
    pub(crate) fn of_floor(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Database { url, .. } => url.clone(),
        }
    }

    /// Where the server under measurement writes to.
    pub(crate) fn log(&self) -> PathBuf {
        let (Self::Folder(near) | Self::Database { log: near, .. }) = self;
        near.with_extension("log")
    }
}

/// The PostgreSQL server that contenders share.
#[derive(Debug, Clone)]
pub struct Postgres {
    url: String,
    process: Pid,
}

impl Postgres {
    /// The server that the variable [`POSTGRES`] names; `None` if it names none.
    ///
    /// # Errors
    /// When it does not answer, or runs on another machine.
    pub fn from_environment() -> Result<Option<Self>, BenchError> {
        let Some(url) = std::env::var(POSTGRES).ok().filter(|url| !url.is_empty()) else { return Ok(None) };
        let backend = query_number(&url, "SELECT pg_backend_pid()::int8")?;
        let backend = Pid::try_from(backend).map_err(|error| BenchError::Other(error.to_string()))?;
        let process = proc::parent(backend)?;
        Ok(Some(Self { url, process }))
    }

    /// Makes a database on it.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn make(&self, name: &str, scratch: &Path) -> Result<Place, BenchError> {
        execute(&self.url, &format!("CREATE DATABASE {name}"))?;
        let (server, _) = self.url.rsplit_once('/').unwrap_or((&self.url, ""));
        Ok(Place::Database { url: format!("{server}/{name}"), log: scratch.join(format!("{name}-postgres")) })
    }

    /// The process that all of its processes descend from.
    pub fn process(&self) -> Pid {
        self.process
    }
}

/// Bytes that a place takes on disk.
///
/// # Errors
/// When it cannot be read.
pub fn bytes(place: &Place) -> Result<u64, BenchError> {
    match place {
        Place::Folder(folder) => Ok(crate::contender::folder_bytes(folder)?),
        Place::Database { url, .. } => {
            let bytes = query_number(url, "SELECT pg_database_size(current_database())")?;
            Ok(bytes.unsigned_abs())
        }
    }
}

/// Lets a database rest: its statistics are gathered, and what it wrote is in its files.
///
/// # Errors
/// When it refuses.
pub fn settle(place: &Place) -> Result<(), BenchError> {
    match place {
        Place::Folder(_) => Ok(()),
        Place::Database { url, .. } => {
            execute(url, "VACUUM (ANALYZE)")?;
            execute(url, "CHECKPOINT")
        }
    }
}

fn execute(url: &str, statement: &str) -> Result<(), BenchError> {
    with_client(url, async |client| client.batch_execute(statement).await)
}

fn query_number(url: &str, query: &str) -> Result<i64, BenchError> {
    with_client(url, async |client| client.query_one(query, &[]).await?.try_get(0))
}

fn with_client<T>(
    url: &str,
    work: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
) -> Result<T, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let connection = tokio::spawn(connection);
        let done = work(&client).await;
        connection.abort();
        done
    });
    done.map_err(|error| BenchError::Other(format!("PostgreSQL: {error}")))
}
