//! Which node migrates: the one that holds a lease, which is a row of our own. Locks of a session mean nothing behind a pooler. Whoever
//! waits has no transaction open meanwhile, so nothing that a migration does waits for it.

use std::time::Duration;

use jeton_jose::random;

use super::columns::{Uuid, params, uuid};
use super::connection::Connection;
use super::error::Failed;
use super::transaction::Database;
use jeton_authority::SessionId;
use jeton_authority::store::StoreError;

/// For how many seconds a lease holds. The holder prolongs it with each step; after a holder that was killed it is free.
const SECONDS: i64 = 30;

/// How long a node waits before it looks again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A claim to be the one that migrates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    holder: Uuid,
}

impl Lease {
    /// A claim, which holds nothing yet.
    pub(super) fn new() -> Self {
        let mut holder = [0; 16];
        random::fill(&mut holder);
        Self { holder: uuid(SessionId::from_bytes(holder)) }
    }

    /// Takes the lease if it is free.
    pub(super) async fn take(self, database: &Database) -> Result<bool, StoreError> {
        // Nobody waits for the row: its holder has it locked during a step.
        if !database.read((), |db, ()| Box::pin(is_free(db))).await? {
            return Ok(false);
        }
        database.write(self.holder, |db, holder| Box::pin(take(db, *holder))).await
    }

    /// Lets others have it.
    pub(super) async fn give_back(self, database: &Database) -> Result<(), StoreError> {
        database.write(self.holder, |db, holder| Box::pin(give_back(db, *holder))).await
    }

    /// Prolongs the lease in the transaction of a step, and keeps others from taking it until that ends. Whether it is still ours.
    pub(super) async fn prolong(self, db: &Connection) -> Result<bool, Failed> {
        let sql = "UPDATE jeton SET lease_until = now() + $2 * interval '1 second' WHERE lease_holder = $1 AND lease_until > now()";
        Ok(db.execute(sql, params![self.holder, SECONDS]).await? == 1)
    }
}

async fn is_free(db: &Connection) -> Result<bool, Failed> {
    db.exists("SELECT 1 FROM jeton WHERE lease_until IS NULL OR lease_until < now()", params![]).await
}

async fn take(db: &Connection, holder: Uuid) -> Result<bool, Failed> {
    // A step that takes longer than the lease holds keeps the row locked.
    let sql = "SELECT 1 FROM jeton WHERE lease_until IS NULL OR lease_until < now() FOR UPDATE SKIP LOCKED";
    if !db.exists(sql, params![]).await? {
        return Ok(false);
    }
    let sql = "UPDATE jeton SET lease_holder = $1, lease_until = now() + $2 * interval '1 second'";
    Ok(db.execute(sql, params![holder, SECONDS]).await? == 1)
}

async fn give_back(db: &Connection, holder: Uuid) -> Result<(), Failed> {
    let sql = "UPDATE jeton SET lease_holder = NULL, lease_until = NULL WHERE lease_holder = $1";
    db.execute(sql, params![holder]).await.map(drop)
}
