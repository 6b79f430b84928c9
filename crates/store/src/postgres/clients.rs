//! Clients and consents in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::client::{
    self, ClientChange, ClientRemoval, Consent, GivenConsent, IdStanding, StoredClient,
};
use jeton_authority::grant::{Audience, Ending, GrantsEnded};
use jeton_authority::keys::SealedKey;
use jeton_authority::store::{ClientStore, StoreError};
use jeton_authority::{Network, ShownDigest, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{optional_text, params, parsed, str, text, timestamp, uuid, value};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;
use super::{audit, master_key, removal, revocations, users};

#[async_trait]
impl ClientStore for PostgresStore {
    async fn note_token_api_client(&self, id: &str) -> Result<(), StoreError> {
        if self.read(id.to_owned(), |db, id| Box::pin(is_token_apis(db, id))).await? {
            return Ok(());
        }
        self.write(id.to_owned(), |db, id| Box::pin(note_token_apis(db, id))).await
    }

    async fn add_client(&self, client: StoredClient, by: Actor) -> Result<ClientChange, StoreError> {
        self.end_what_is_left_of(&client.id).await?;
        self.write((client, by), |db, (client, by)| Box::pin(add(db, client, by))).await
    }

    async fn change_client(
        &self,
        client: StoredClient,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError> {
        self.write((client, by, now), |db, (client, by, now)| Box::pin(change(db, client, None, by, *now)))
            .await
    }

    async fn change_client_version(
        &self,
        client: StoredClient,
        expected: ShownDigest,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError> {
        self.write((client, expected, by, now), |db, (client, expected, by, now)| {
            Box::pin(change(db, client, Some(*expected), by, *now))
        })
        .await
    }

    async fn remove_client(
        &self,
        client: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientRemoval, StoreError> {
        self.write((client.clone(), by, now), |db, (client, by, now)| Box::pin(remove(db, client, by, *now)))
            .await
    }

    async fn end_removed_client(&self, client: &ClientId) -> Result<u64, StoreError> {
        self.end_what_is_left_of(client).await
    }

    async fn find_client(&self, client: &ClientId) -> Result<Option<StoredClient>, StoreError> {
        self.read(client.clone(), |db, client| Box::pin(find(db, client))).await
    }

    async fn list_clients(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, StoreError> {
        self.list((after.cloned(), limit), |db, (after, limit)| Box::pin(list(db, after.as_ref(), *limit)))
            .await
    }

    async fn find_consent(&self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        self.read((user, client.clone()), |db, (user, client)| Box::pin(consent(db, *user, client))).await
    }

    async fn give_consent(
        &self,
        user: UserId,
        client: &ClientId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write((user, client.clone(), consent.clone(), now), |db, (user, client, consent, now)| {
            Box::pin(give_consent(db, *user, client, consent, *now))
        })
        .await
    }

    async fn list_consents(&self, user: UserId, limit: u32) -> Result<Vec<GivenConsent>, StoreError> {
        self.list((user, limit), |db, (user, limit)| Box::pin(consents_of(db, *user, *limit))).await
    }

    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        network: Network,
        now: Timestamp,
    ) -> Result<GrantsEnded, StoreError> {
        self.write((user, client.clone(), network, now), |db, (user, client, network, now)| {
            Box::pin(withdraw_consent(db, *user, client, *network, *now))
        })
        .await
    }
}

async fn add(db: &Connection, client: &StoredClient, by: &Actor) -> Result<ClientChange, Failed> {
    bind_secret(db, client).await?;
    let standing = id_standing(db, &client.id).await?;
    let change = audit::write(db, client::add(client, standing, by)).await?;
    if change == ClientChange::Done {
        let added = db.execute(
            "INSERT INTO clients (id, document, secret, backchannel_logout, created_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            params![
                client.id.as_str(),
                &*client.document,
                client.secret.as_ref().map(SealedKey::as_str),
                client.backchannel_logout,
                client.created_at.unix(),
            ],
        ).await?;
        if added == 0 {
            return Err(Failed::Overtaken);
        }
    }
    Ok(change)
}

/// How an identifier is used. Nobody else changes or removes its client before the transaction ends.
async fn id_standing(db: &Connection, id: &ClientId) -> Result<IdStanding, Failed> {
    let sql = "SELECT 1 FROM clients WHERE id = $1 FOR UPDATE";
    Ok(if db.exists(sql, params![id.as_str()]).await? {
        IdStanding::Taken
    } else if removal::removed_at(db, id).await?.is_some() {
        IdStanding::Removed
    } else {
        IdStanding::Free
    })
}

async fn change(
    db: &Connection,
    client: &StoredClient,
    expected: Option<ShownDigest>,
    by: &Actor,
    now: Timestamp,
) -> Result<ClientChange, Failed> {
    bind_secret(db, client).await?;
    // Locks the identifier: two changes come one after the other.
    id_standing(db, &client.id).await?;
    let before = find(db, &client.id).await?;
    let change = audit::write(db, client::change(client, before.as_ref(), expected, by, now)).await?;
    if change == ClientChange::Done {
        let event = before.and_then(|before| client::outdated(&before, client, now));
        revocations::note(db, event.into_iter().collect()).await?;
        let sql = "UPDATE clients SET document = $2, secret = $3, backchannel_logout = $4 WHERE id = $1";
        let secret = client.secret.as_ref().map(SealedKey::as_str);
        db.execute(sql, params![client.id.as_str(), &*client.document, secret, client.backchannel_logout])
            .await?;
        if !client.backchannel_logout {
            db.execute("DELETE FROM logouts WHERE client = $1", params![client.id.as_str()]).await?;
        }
    }
    Ok(change)
}

/// Removes a client. What is left of it goes in steps: see [`removal`].
async fn remove(db: &Connection, id: &ClientId, by: &Actor, now: Timestamp) -> Result<ClientRemoval, Failed> {
    let standing = id_standing(db, id).await?;
    let removal = audit::write(db, client::remove(id, standing, by, now)).await?;
    if removal == ClientRemoval::Removed {
        db.execute("DELETE FROM clients WHERE id = $1", params![id.as_str()]).await?;
        removal::note(db, id, now).await?;
        revocations::note(db, vec![client::removed(id, now)]).await?;
    }
    Ok(removal)
}

/// Whether the token API's own client is or was called so.
async fn is_token_apis(db: &Connection, id: &str) -> Result<bool, Failed> {
    db.exists("SELECT 1 FROM token_api_clients WHERE id = $1", params![id]).await
}

async fn note_token_apis(db: &Connection, id: &str) -> Result<(), Failed> {
    let sql = "INSERT INTO token_api_clients (id) VALUES ($1) ON CONFLICT DO NOTHING";
    db.execute(sql, params![id]).await.map(drop)
}

async fn find(db: &Connection, client: &ClientId) -> Result<Option<StoredClient>, Failed> {
    let sql = "SELECT id, document, secret, backchannel_logout, created_at FROM clients WHERE id = $1";
    db.row(sql, params![client.as_str()]).await?.map(|row| stored(&row)).transpose()
}

async fn list(db: &Connection, after: Option<&ClientId>, limit: u32) -> Result<Vec<StoredClient>, Failed> {
    let sql = "SELECT id, document, secret, backchannel_logout, created_at FROM clients WHERE id > $1 ORDER BY id LIMIT $2";
    let rows = db.rows(sql, params![after.map_or("", ClientId::as_str), i64::from(limit)]).await?;
    rows.iter().map(stored).collect()
}

async fn consent(db: &Connection, user: UserId, client: &ClientId) -> Result<Option<Consent>, Failed> {
    let sql = "SELECT scope, details, resources, appearance FROM consents WHERE user_id = $1 AND client = $2";
    db.row(sql, params![uuid(user), client.as_str()]).await?.map(|row| consented(&row)).transpose()
}

async fn give_consent(
    db: &Connection,
    user: UserId,
    client: &ClientId,
    consent: &Consent,
    now: Timestamp,
) -> Result<(), Failed> {
    let sql = "INSERT INTO consents (user_id, client, scope, details, resources, appearance, given_at)
             SELECT id, $2, $3, $4, $5, $6, $7 FROM users WHERE id = $1
         ON CONFLICT (user_id, client) DO UPDATE SET scope = excluded.scope, details = excluded.details,
             resources = excluded.resources, appearance = excluded.appearance, given_at = excluded.given_at";
    db.execute(
        sql,
        params![
            uuid(user),
            client.as_str(),
            consent.scope.as_str(),
            consent.details_to_json(),
            consent.resources_to_json(),
            &*consent.appearance,
            now.unix(),
        ],
    )
    .await
    .map(drop)
}

async fn consents_of(db: &Connection, user: UserId, limit: u32) -> Result<Vec<GivenConsent>, Failed> {
    let sql = "SELECT scope, details, resources, appearance, client, given_at FROM consents
         WHERE user_id = $1 ORDER BY client LIMIT $2";
    let given = |row: &Row| {
        let (client, given_at) = (parsed(row, 4)?, timestamp(row, 5)?);
        Ok(GivenConsent { client, consent: consented(row)?, given_at })
    };
    db.rows(sql, params![uuid(user), i64::from(limit)]).await?.iter().map(given).collect()
}

async fn withdraw_consent(
    db: &Connection,
    user: UserId,
    client: &ClientId,
    network: Network,
    now: Timestamp,
) -> Result<GrantsEnded, Failed> {
    users::lock(db, user).await?;
    let sql = "DELETE FROM consents WHERE user_id = $1 AND client = $2";
    let forgotten = db.execute(sql, params![uuid(user), client.as_str()]).await?;
    let ended = end_grants(db, Ending::OfClient { user, client }, Audience::Clients, now).await?;
    let had = (forgotten > 0, !ended.grants.is_empty());
    if let Some(record) = client::withdraw_consent(user, client, had, network, now) {
        audit::append(db, &record).await?;
    }
    Ok(ended.counted())
}

pub(super) fn consented(row: &Row) -> Result<Consent, Failed> {
    let (details, resources, appearance) = (str(row, 1)?, str(row, 2)?, str(row, 3)?);
    Consent::from_stored(appearance, scope(row, 0)?, details, resources).ok_or(Failed::Unreadable)
}

/// A scope as it was written; the empty text is the empty scope.
pub(super) fn scope(row: &Row, column: usize) -> Result<Scope, Failed> {
    if str(row, column)?.is_empty() { Ok(Scope::default()) } else { parsed(row, column) }
}

pub(super) fn stored(row: &Row) -> Result<StoredClient, Failed> {
    Ok(StoredClient {
        id: parsed(row, 0)?,
        document: text(row, 1)?,
        secret: optional_text(row, 2)?.map(SealedKey::new),
        backchannel_logout: value(row, 3)?,
        created_at: timestamp(row, 4)?,
    })
}

async fn bind_secret(db: &Connection, client: &StoredClient) -> Result<(), Failed> {
    match &client.secret {
        Some(secret) => master_key::bind(db, secret).await,
        None => Ok(()),
    }
}
