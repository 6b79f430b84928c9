//! The store in a PostgreSQL database, which any number of nodes share.
//!
//! A step of the protocol is a transaction (`transaction`) over one of few connections (`pool`, `connector`, `connection`); refreshes go in batches (`batch`). It locks the
//! rows that its decision rests on before it reads them, in one order for everybody: what may be used once, the user, their sessions and
//! grants, clients, and what is noted of them. Where there is no row to lock, a key that is taken meanwhile sends it back to the
//! start. The files named after what is stored hold its SQL, as functions of a connection, and implement the trait of that name.

mod accounts;
mod audit;
mod audit_segments;
mod authenticators;
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
mod leaving;
mod logouts;
mod mails;
mod master_key;
mod migrations;
mod name_locks;
mod nodes;
mod one_time;
mod pool;
mod refresh;
mod removal;
mod replica;
mod resets;
mod revocations;
mod schema;
mod session_clients;
mod sessions;
mod sign_ins;
mod source;
mod status;
mod sweep;
mod target;
mod tls;
mod transaction;
mod tuning;
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
use replica::Replica;
use transaction::{Database, Step};

pub(crate) use inspection::{Unfinished, inspect};
pub(crate) use source::PostgresSource;
pub(crate) use target::PostgresTarget;

/// The store in a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    database: Database,
    refreshes: Arc<Refreshes>,
    /// What lists are read from, where that is not the database itself.
    replica: Option<Replica>,
    /// The same store with a replica, where there is one.
    for_lists: Option<Box<PostgresStore>>,
}

impl PostgresStore {
    /// Opens a database, under a master key where there is one at hand: a database that is bound to another is refused.
    pub(crate) async fn open(
        url: &PostgresUrl,
        mode: OpenMode,
        key: Option<&MasterKey>,
        watch: WatchMigration<'_>,
    ) -> Result<Self, OpenError> {
        let unusable = |reason| OpenError::Unusable { database: url.clone().into(), reason };
        let connector = Connector::new(url).map_err(unusable)?;
        let replica = Connector::to_replica(url).map_err(unusable)?;
        let replica = replica.map(|connector| Replica::new(connector, url.pool_size));
        let database = Database::new(Pool::new(connector, url.pool_size, url.pool_wait));
        schema::prepare(&database, url, mode, key, watch).await?;
        let database = database.recognised().await?;
        let refreshes = Refreshes::new(database.clone());
        let with_replica = |replica| {
            let (database, refreshes) = (database.clone(), Arc::clone(&refreshes));
            Box::new(Self { database, refreshes, replica: Some(replica), for_lists: None })
        };
        let for_lists = replica.map(with_replica);
        Ok(Self { database, refreshes, replica: None, for_lists })
    }

    /// See [`Database::read`].
    async fn read<A: Sync, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, T>,
    ) -> Result<T, StoreError> {
        self.database.read(about, step).await
    }

    /// Reads a list: from the replica where there is one that has something to list, otherwise from the database.
    async fn list<A: Sync, T>(
        &self,
        about: A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, Vec<T>>,
    ) -> Result<Vec<T>, StoreError> {
        let lagging = match &self.replica {
            Some(replica) => replica.list(&about, step).await,
            None => None,
        };
        match lagging {
            Some(found) => Ok(found),
            None => self.database.read_about(&about, step).await,
        }
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

    fn for_lists(&self) -> Option<&dyn Store> {
        self.for_lists.as_deref().map(|store| store as &dyn Store)
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
