//! A replica: a server that may lag behind, for lists and for what else may be old.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jeton_authority::store::StoreError;
use tokio::time::timeout;

use super::connection::Connection;
use super::connector::Connector;
use super::pool::Pool;
use super::transaction::{Database, Step};

/// How long to wait for a connection.
const WAIT: Duration = Duration::from_secs(1);

/// How long to wait for a single row. The primary is at hand.
const ROW: Duration = Duration::from_secs(1);

/// For how long it is not asked after it did not answer.
const AVOIDED: Duration = Duration::from_secs(10);

/// A replica of the database.
#[derive(Debug)]
pub(super) struct Replica {
    database: Database,
    /// Until when it is not asked.
    avoided_until: Mutex<Option<Instant>>,
}

impl Replica {
    /// Connects when it is asked for the first time, so that nobody needs it to start.
    pub(super) fn new(connector: Connector, connections: usize) -> Self {
        let database = Database::new(Pool::new(connector, connections, WAIT));
        Self { database, avoided_until: Mutex::default() }
    }

    /// A list, if it has anything to list. The primary is to be asked otherwise: what is not here may not have arrived.
    pub(super) async fn list<A: Sync, T>(
        &self,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, Vec<T>>,
    ) -> Option<Vec<T>> {
        let found = self.ask(self.database.read_about(about, step)).await?;
        Some(found).filter(|found| !found.is_empty())
    }

    /// Something, if it has it.
    pub(super) async fn find<A: Sync, T>(
        &self,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, Option<T>>,
    ) -> Option<T> {
        let found = async {
            let late = |_| StoreError::Unavailable("the replica did not answer in time".to_owned());
            timeout(ROW, self.database.read_about(about, step)).await.map_err(late)?
        };
        self.ask(found).await?
    }

    /// What it answers, if it is asked at all and does.
    async fn ask<T>(&self, question: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        if self.avoided_until().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let answer = question.await;
        if answer.is_err() {
            *self.avoided_until() = Some(Instant::now() + AVOIDED);
        }
        answer.ok()
    }

    fn avoided_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.avoided_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
