//! Users' authenticators in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::authenticators::{
    self, Attempt, AuthenticatorChange, Authenticators, AuthenticatorsChanged, CodeVerdict,
};
use jeton_authority::store::{AuthenticatorStore, StoreError};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::named;
use super::{SqliteStore, audit, master_key, users};

#[async_trait]
impl AuthenticatorStore for SqliteStore {
    async fn find_authenticators(&self, user: UserId) -> Result<Authenticators, StoreError> {
        self.readers.read(|db| find(db, user))
    }

    async fn change_authenticators(
        &self,
        user: UserId,
        change: AuthenticatorChange,
        by: Actor,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<AuthenticatorsChanged, StoreError> {
        self.writer.submit(move |db| change_factors(db, user, &change, &by, network, now)).await
    }

    async fn present_authenticator(
        &self,
        user: UserId,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<CodeVerdict, StoreError> {
        self.writer.submit(move |db| present(db, user, &attempt, now)).await
    }
}

fn find(db: &Connection, user: UserId) -> rusqlite::Result<Authenticators> {
    let found = db
        .prepare_cached(
            "SELECT f.document FROM authenticators f JOIN users u ON u.number = f.user WHERE u.id = ?1",
        )?
        .query_row([user.as_bytes()], |row| document(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn change_factors(
    db: &Connection,
    user: UserId,
    change: &AuthenticatorChange,
    by: &Actor,
    network: Option<Network>,
    now: Timestamp,
) -> rusqlite::Result<AuthenticatorsChanged> {
    let standing = users::standing(db, user)?;
    let decision = authenticators::change(standing.as_ref(), find(db, user)?, change, by, network, now);
    if let (true, AuthenticatorsChanged::Done(after)) = (decision.changes, &decision.outcome) {
        write(db, user, after)?;
    }
    for record in &decision.records {
        audit::append(db, record)?;
    }
    Ok(decision.outcome)
}

fn present(
    db: &Connection,
    user: UserId,
    attempt: &Attempt,
    now: Timestamp,
) -> rusqlite::Result<CodeVerdict> {
    let standing = users::standing(db, user)?;
    let decision = authenticators::attempt(standing.as_ref(), find(db, user)?, attempt, now);
    if let Some(after) = &decision.after {
        write(db, user, after)?;
    }
    for record in &decision.records {
        audit::append(db, record)?;
    }
    Ok(decision.verdict)
}

fn write(db: &Connection, user: UserId, factors: &Authenticators) -> rusqlite::Result<()> {
    for sealed in factors.sealed() {
        master_key::bind(db, sealed)?;
    }
    db.prepare_cached("UPDATE users SET factors = ?2 WHERE id = ?1 AND factors <> ?2")?
        .execute((user.as_bytes(), factors.enrolled().to_text()))?;
    if factors.is_empty() {
        return forget(db, user);
    }
    db.prepare_cached(
        "INSERT INTO authenticators (user, document) SELECT number, ?2 FROM users WHERE id = ?1
         ON CONFLICT (user) DO UPDATE SET document = excluded.document",
    )?
    .execute((user.as_bytes(), factors.to_json()))
    .map(drop)
}

/// Removes what is stored about a user.
pub(super) fn forget(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM authenticators WHERE user = (SELECT number FROM users WHERE id = ?1)")?
        .execute([user.as_bytes()])
        .map(drop)
}

pub(super) fn document(row: &Row<'_>, column: usize) -> rusqlite::Result<Authenticators> {
    named(row, column, Authenticators::from_json)
}
