//! A replica: a server that may lag behind, for lists.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::connector::Connector;
use super::pool::Pool;
use super::transaction::{Database, Step};

/// The connections to it. Lists are asked for by few.
const CONNECTIONS: usize = 2;

/// How long to wait for one.
const WAIT: Duration = Duration::from_secs(1);

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
    pub(super) fn new(connector: Connector) -> Self {
        let database = Database::new(Pool::new(connector, CONNECTIONS, WAIT));
        Self { database, avoided_until: Mutex::default() }
    }

    /// A list, if it has anything to list. The primary is to be asked otherwise: what is not here may not have arrived.
    pub(super) async fn list<A: Sync, T>(
        &self,
        about: &A,
        step: for<'a> fn(&'a Connection, &'a A) -> Step<'a, Vec<T>>,
    ) -> Option<Vec<T>> {
        if self.avoided_until().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match self.database.read_about(about, step).await {
            Ok(found) => Some(found).filter(|found| !found.is_empty()),
            Err(_) => {
                *self.avoided_until() = Some(Instant::now() + AVOIDED);
                None
            }
        }
    }

    fn avoided_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.avoided_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
