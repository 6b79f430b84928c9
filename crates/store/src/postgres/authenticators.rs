//! Users' authenticators in PostgreSQL. They are changed, and codes are presented, under the lock on the row of their user, so that
//! of two nodes with one code one comes second and sees that it was used.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::authenticators::{
    self, Attempt, AuthenticatorChange, Authenticators, AuthenticatorsChanged, CodeVerdict,
};
use jeton_authority::store::{AuthenticatorStore, StoreError};
use jeton_authority::{Network, UserId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{named, params, uuid};
use super::connection::Connection;
use super::error::Failed;
use super::{PostgresStore, audit, master_key, users};

#[async_trait]
impl AuthenticatorStore for PostgresStore {
    async fn find_authenticators(&self, user: UserId) -> Result<Authenticators, StoreError> {
        self.read(user, |db, user| Box::pin(find(db, *user))).await
    }

    async fn change_authenticators(
        &self,
        user: UserId,
        change: AuthenticatorChange,
        by: Actor,
        network: Option<Network>,
        now: Timestamp,
    ) -> Result<AuthenticatorsChanged, StoreError> {
        self.write((user, change, by, network, now), |db, (user, change, by, network, now)| {
            Box::pin(change_factors(db, *user, change, by, *network, *now))
        })
        .await
    }

    async fn present_authenticator(
        &self,
        user: UserId,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<CodeVerdict, StoreError> {
        self.write((user, attempt, now), |db, (user, attempt, now)| {
            Box::pin(present(db, *user, attempt, *now))
        })
        .await
    }
}

async fn find(db: &Connection, user: UserId) -> Result<Authenticators, Failed> {
    let sql = "SELECT document FROM authenticators WHERE user_id = $1";
    let found = db.row(sql, params![uuid(user)]).await?;
    found.map_or(Ok(Authenticators::default()), |row| document(&row, 0))
}

async fn change_factors(
    db: &Connection,
    user: UserId,
    change: &AuthenticatorChange,
    by: &Actor,
    network: Option<Network>,
    now: Timestamp,
) -> Result<AuthenticatorsChanged, Failed> {
    users::lock(db, user).await?;
    let standing = users::standing(db, user).await?;
    let before = find(db, user).await?;
    let decision = authenticators::change(standing.as_ref(), before, change, by, network, now);
    if let (true, AuthenticatorsChanged::Done(after)) = (decision.changes, &decision.outcome) {
        write(db, user, after).await?;
    }
    for record in &decision.records {
        audit::append(db, record).await?;
    }
    Ok(decision.outcome)
}

async fn present(
    db: &Connection,
    user: UserId,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<CodeVerdict, Failed> {
    users::lock(db, user).await?;
    let standing = users::standing(db, user).await?;
    let decision = authenticators::attempt(standing.as_ref(), find(db, user).await?, attempt, now);
    if let Some(after) = &decision.after {
        write(db, user, after).await?;
    }
    for record in &decision.records {
        audit::append(db, record).await?;
    }
    Ok(decision.verdict)
}

async fn write(db: &Connection, user: UserId, factors: &Authenticators) -> Result<(), Failed> {
    for sealed in factors.sealed() {
        master_key::bind(db, sealed).await?;
    }
    let names = factors.enrolled().to_text();
    let sql = "UPDATE users SET factors = $2 WHERE id = $1 AND factors <> $2";
    db.execute(sql, params![uuid(user), names]).await?;
    if factors.is_empty() {
        return forget(db, user).await;
    }
    let sql = "INSERT INTO authenticators (user_id, document) VALUES ($1, $2)
               ON CONFLICT (user_id) DO UPDATE SET document = excluded.document";
    db.execute(sql, params![uuid(user), factors.to_json()]).await.map(drop)
}

/// Removes what is stored about a user.
pub(super) async fn forget(db: &Connection, user: UserId) -> Result<(), Failed> {
    db.execute("DELETE FROM authenticators WHERE user_id = $1", params![uuid(user)]).await.map(drop)
}

pub(super) fn document(row: &Row, column: usize) -> Result<Authenticators, Failed> {
    named(row, column, Authenticators::from_json)
}
