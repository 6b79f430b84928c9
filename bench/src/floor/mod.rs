//! The floor: the least that a server on this stack must do for each operation.
//!
//! Bare axum on two workers, the same cryptography, the same request and response bodies as the authority, one durable
//! group-committed write where the authority writes. No routing by method tables, no limits, no logs, no rules: what a
//! contender costs above it is what its features cost.

mod access_token;
mod endpoints;
mod password;
mod session;
mod single_sign_on;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::ListenerExt;

use access_token::Signer;
use password::PasswordPool;
use session::SessionStore;
use single_sign_on::Provider;

/// The one user that the floor knows.
pub const USERNAME: &str = "ada";
/// What its sign-in takes for the right password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The issuer of all tokens of a benchmark.
pub const ISSUER: &str = "http://127.0.0.1:8000";

/// How many worker threads serve, and how many passwords are hashed at once.
const CORES: usize = 2;

/// Where the floor listens and stores.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The SQLite file of its sessions, which is made if it does not exist, or the `postgres://` URL of their database.
    pub database: String,
}

/// Why the floor could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FloorError {
    /// The address is taken, or there was no thread to be had.
    #[error("the floor cannot serve: {0}")]
    Io(#[from] std::io::Error),
    /// The sessions' file could not be opened.
    #[error("the floor cannot open its sessions: {0}")]
    Database(#[from] rusqlite::Error),
    /// The sessions' database could not be opened.
    #[error("the floor cannot open its sessions: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// A key could not be made.
    #[error("the floor cannot make its key")]
    Key,
}

/// What every endpoint shares.
struct Floor {
    signer: Signer,
    sessions: SessionStore,
    passwords: PasswordPool,
    provider: Provider,
}

/// Serves until the process is stopped.
///
/// # Errors
/// When the address, the database or the key is not to be had.
pub fn serve(settings: &Settings) -> Result<(), FloorError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(CORES).enable_all().build()?;
    runtime.block_on(async {
        let floor = Arc::new(Floor {
            signer: Signer::generate().map_err(|_| FloorError::Key)?,
            sessions: SessionStore::open(&settings.database).await?,
            passwords: PasswordPool::new(PASSWORD, CORES),
            provider: Provider::new(),
        });
        let listener = tokio::net::TcpListener::bind(settings.listen).await?.tap_io(|stream| {
            // A stream that cannot turn Nagle off still serves.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, endpoints::router(floor)).await?;
        Ok(())
    })
}
