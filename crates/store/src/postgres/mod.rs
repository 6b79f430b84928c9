//! The store in a PostgreSQL database, which any number of nodes share.
//!
//! A step of the protocol is a transaction (`transaction`) over one of few connections (`pool`, `connector`, `connection`); refreshes go in batches (`batch`). It locks the
//! rows that its decision rests on before it reads them, in one order for everybody: what may be used once, the user, their sessions and
//! grants, clients, and what is noted of them. Where there is no row to lock, a key that is taken meanwhile sends it back to the
//! start. The files named after what is stored hold its SQL, as functions of a connection, and implement the trait of that name.

mod accounts;
mod audit;
mod audit_segments;
mod batch;
mod clients;
mod columns;
mod connection;
mod connector;
mod devices;
mod ending;
mod engine;
mod error;
mod examination;
mod grants;
mod inspection;
mod keys;
mod lease;
mod logouts;
mod master_key;
mod migrations;
mod name_locks;
mod nodes;
mod one_time;
mod pool;
mod refresh;
mod removal;
mod revocations;
mod schema;
mod session_clients;
mod sessions;
mod sign_ins;
mod source;
mod sweep;
mod target;
mod tls;
mod transaction;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use jeton_authority::NodeId;
use jeton_authority::keys::MasterKey;
use jeton_authority::store::{Examination, Marks, Store, StoreError, StoreFigures};
use jeton_jose::Timestamp;

use crate::migration::WatchMigration;
use crate::mode::OpenMode;
use crate::open_error::OpenError;
use crate::postgres_url::PostgresUrl;
use batch::Refreshes;
use columns::{counted, params, str, value};
use connection::Connection;
use connector::Connector;
use engine::Engine;
use error::Failed;
use pool::Pool;
use transaction::{Database, Step};

pub(crate) use inspection::{Unfinished, inspect};
pub(crate) use source::PostgresSource;
pub(crate) use target::PostgresTarget;

/// The store in a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    database: Database,
    refreshes: Arc<Refreshes>,
}

impl PostgresStore {
    /// Opens a database, under a master key where there is one at hand: a database that is bound to another is refused.
    pub(crate) async fn open(
        url: &PostgresUrl,
        mode: OpenMode,
        key: Option<&MasterKey>,
        watch: WatchMigration<'_>,
    ) -> Result<Self, OpenError> {
        let connector = Connector::new(url)
            .map_err(|reason| OpenError::Unusable { database: url.clone().into(), reason })?;
        let database = Database::new(Pool::new(connector, url.pool_size, url.pool_wait));
        schema::prepare(&database, url, mode, key, watch).await?;
        let database = database.recognised().await?;
        Ok(Self { refreshes: Refreshes::new(database.clone()), database })
    }

    /// See [`Database::read`].
    async fn read<A: Sync, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError> {
        self.database.read(about, step).await
    }

    /// See [`Database::write`].
    async fn write<A, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.database.write(about, step).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn changes(&self) -> Result<Marks, StoreError> {
        self.read(self.database.engine(), |db, engine| Box::pin(marks(db, *engine))).await
    }

    async fn count_nodes(&self, node: NodeId, now: Timestamp) -> Result<u32, StoreError> {
        self.write((node, now), |db, (node, now)| Box::pin(nodes::count(db, *node, *now))).await
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let connections = self.database.figures().connections.map_or(0, |connections| connections.limit);
        let per_node = u32::try_from(connections).unwrap_or(u32::MAX);
        self.read(per_node, |db, per_node| Box::pin(examination::examine(db, *per_node))).await
    }

    fn figures(&self) -> StoreFigures {
        self.database.figures()
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.write((), |db, ()| Box::pin(engine::confirm(db))).await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read((), |db, ()| Box::pin(time(db))).await.map(Some)
    }
}

async fn marks(db: &Connection, engine: Engine) -> Result<Marks, Failed> {
    let mut marks = Marks { history: engine::history(db, engine).await?, keys: 0, clients: 0, hash_kinds: 0 };
    for row in db.rows("SELECT subject, value FROM marks", params![]).await? {
        match str(&row, 0)? {
            "keys" => marks.keys = counted(&row, 1)?,
            "clients" => marks.clients = counted(&row, 1)?,
            "hash_kinds" => marks.hash_kinds = counted(&row, 1)?,
            _ => {}
        }
    }
    Ok(marks)
}

async fn time(db: &Connection) -> Result<Timestamp, Failed> {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint";
    let row = db.row(sql, params![]).await?.ok_or(Failed::Unreadable)?;
    Ok(Timestamp::from_unix(value(&row, 0)?))
}
