//! Clients and consents in SQLite.

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
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::columns::{optional_text, parsed, text, timestamp, unreadable};
use super::ending::end_grants;
use super::{audit, master_key, removal, revocations};

#[async_trait]
impl ClientStore for SqliteStore {
    async fn note_token_api_client(&self, id: &str) -> Result<(), StoreError> {
        if self.readers.read(|db| is_token_apis(db, id))? {
            return Ok(());
        }
        let id = id.to_owned();
        self.writer.submit(move |db| note_token_apis(db, &id)).await
    }

    async fn add_client(&self, client: StoredClient, by: Actor) -> Result<ClientChange, StoreError> {
        self.end_what_is_left_of(&client.id).await?;
        self.writer.submit(move |db| add(db, &client, &by)).await
    }

    async fn change_client(
        &self,
        client: StoredClient,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError> {
        self.writer.submit(move |db| change(db, &client, None, &by, now)).await
    }

    async fn change_client_version(
        &self,
        client: StoredClient,
        expected: ShownDigest,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientChange, StoreError> {
        self.writer.submit(move |db| change(db, &client, Some(expected), &by, now)).await
    }

    async fn remove_client(
        &self,
        client: &ClientId,
        by: Actor,
        now: Timestamp,
    ) -> Result<ClientRemoval, StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| remove(db, &client, &by, now)).await
    }

    async fn end_removed_client(&self, client: &ClientId) -> Result<u64, StoreError> {
        self.end_what_is_left_of(client).await
    }

    async fn find_client(&self, client: &ClientId) -> Result<Option<StoredClient>, StoreError> {
        self.readers.read(|db| find(db, client))
    }

    async fn list_clients(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, StoreError> {
        let after = after.cloned();
        self.list(move |db| list(db, after.as_ref(), limit)).await
    }

    async fn find_consent(&self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        self.readers.read(|db| consent(db, user, client))
    }

    async fn give_consent(
        &self,
        user: UserId,
        client: &ClientId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (client, consent) = (client.clone(), consent.clone());
        self.writer.submit(move |db| give_consent(db, user, &client, &consent, now)).await
    }

    async fn list_consents(&self, user: UserId, limit: u32) -> Result<Vec<GivenConsent>, StoreError> {
        self.list(move |db| consents_of(db, user, limit)).await
    }

    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        network: Network,
        now: Timestamp,
    ) -> Result<GrantsEnded, StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| withdraw_consent(db, user, &client, network, now)).await
    }
}

fn add(db: &Connection, client: &StoredClient, by: &Actor) -> rusqlite::Result<ClientChange> {
    bind_secret(db, client)?;
    let change = audit::write(db, client::add(client, id_standing(db, &client.id)?, by))?;
    if change == ClientChange::Done {
        db.prepare_cached(
            "INSERT INTO clients (id, document, secret, backchannel_logout, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            client.id.as_str(),
            &client.document,
            client.secret.as_ref().map(SealedKey::as_str),
            client.backchannel_logout,
            client.created_at.unix(),
        ))?;
    }
    Ok(change)
}

fn id_standing(db: &Connection, id: &ClientId) -> rusqlite::Result<IdStanding> {
    Ok(if db.prepare_cached("SELECT 1 FROM clients WHERE id = ?1")?.exists([id.as_str()])? {
        IdStanding::Taken
    } else if removal::removed_at(db, id)?.is_some() {
        IdStanding::Removed
    } else {
        IdStanding::Free
    })
}

fn change(
    db: &Connection,
    client: &StoredClient,
    expected: Option<ShownDigest>,
    by: &Actor,
    now: Timestamp,
) -> rusqlite::Result<ClientChange> {
    bind_secret(db, client)?;
    let before = find(db, &client.id)?;
    let change = audit::write(db, client::change(client, before.as_ref(), expected, by, now))?;
    if change == ClientChange::Done {
        if let Some(event) = before.and_then(|before| client::outdated(&before, client, now)) {
            revocations::note(db, &event)?;
        }
        db.prepare_cached(
            "UPDATE clients SET document = ?2, secret = ?3, backchannel_logout = ?4 WHERE id = ?1",
        )?
        .execute((
            client.id.as_str(),
            &client.document,
            client.secret.as_ref().map(SealedKey::as_str),
            client.backchannel_logout,
        ))?;
        if !client.backchannel_logout {
            db.prepare_cached(FORGET_LOGOUTS)?.execute([client.id.as_str()])?;
        }
    }
    Ok(change)
}

/// Removes a client. What is left of it goes in steps: see [`removal`].
fn remove(db: &Connection, id: &ClientId, by: &Actor, now: Timestamp) -> rusqlite::Result<ClientRemoval> {
    let removal = audit::write(db, client::remove(id, id_standing(db, id)?, by, now))?;
    if removal == ClientRemoval::Removed {
        db.prepare_cached("DELETE FROM clients WHERE id = ?1")?.execute([id.as_str()])?;
        removal::note(db, id, now)?;
        revocations::note(db, &client::removed(id, now))?;
    }
    Ok(removal)
}

/// Whether the token API's own client is or was called so.
fn is_token_apis(db: &Connection, id: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM token_api_clients WHERE id = ?1")?.exists([id])
}

fn note_token_apis(db: &Connection, id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO token_api_clients (id) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([id])
        .map(drop)
}

pub(super) const FORGET_LOGOUTS: &str = "DELETE FROM logouts WHERE client = ?1";

fn find(db: &Connection, client: &ClientId) -> rusqlite::Result<Option<StoredClient>> {
    db.prepare_cached(
        "SELECT id, document, secret, backchannel_logout, created_at FROM clients WHERE id = ?1",
    )?
    .query_row([client.as_str()], stored)
    .optional()
}

fn list(db: &Connection, after: Option<&ClientId>, limit: u32) -> rusqlite::Result<Vec<StoredClient>> {
    db.prepare_cached(
        "SELECT id, document, secret, backchannel_logout, created_at FROM clients WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?
    .query_map((after.map_or("", ClientId::as_str), limit), stored)?
    .collect()
}

fn consent(db: &Connection, user: UserId, client: &ClientId) -> rusqlite::Result<Option<Consent>> {
    db.prepare_cached(
        "SELECT c.scope, c.details, c.resources, c.appearance FROM consents c JOIN users u ON u.number = c.user
         WHERE u.id = ?1 AND c.client = ?2",
    )?
    .query_row((user.as_bytes(), client.as_str()), consented)
    .optional()
}

fn give_consent(
    db: &Connection,
    user: UserId,
    client: &ClientId,
    consent: &Consent,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO consents (user, client, scope, details, resources, appearance, given_at)
             SELECT number, ?2, ?3, ?4, ?5, ?6, ?7 FROM users WHERE id = ?1
         ON CONFLICT (user, client) DO UPDATE SET scope = excluded.scope, details = excluded.details,
             resources = excluded.resources, appearance = excluded.appearance, given_at = excluded.given_at",
    )?
    .execute((
        user.as_bytes(),
        client.as_str(),
        consent.scope.as_str(),
        consent.details_to_json(),
        consent.resources_to_json(),
        &consent.appearance,
        now.unix(),
    ))
    .map(drop)
}

fn consents_of(db: &Connection, user: UserId, limit: u32) -> rusqlite::Result<Vec<GivenConsent>> {
    db.prepare_cached(
        "SELECT c.scope, c.details, c.resources, c.appearance, c.client, c.given_at
         FROM consents c JOIN users u ON u.number = c.user WHERE u.id = ?1 ORDER BY c.client LIMIT ?2",
    )?
    .query_map((user.as_bytes(), limit), |row| {
        let (client, given_at) = (parsed(row, 4)?, timestamp(row, 5)?);
        Ok(GivenConsent { client, consent: consented(row)?, given_at })
    })?
    .collect()
}

fn withdraw_consent(
    db: &Connection,
    user: UserId,
    client: &ClientId,
    network: Network,
    now: Timestamp,
) -> rusqlite::Result<GrantsEnded> {
    let forgotten = db
        .prepare_cached(
            "DELETE FROM consents WHERE client = ?2 AND user = (SELECT number FROM users WHERE id = ?1)",
        )?
        .execute((user.as_bytes(), client.as_str()))?;
    let ending = Ending::OfClient { user, client };
    let ended = end_grants(db, ending, Audience::Clients, now)?;
    let had = (forgotten > 0, !ended.grants.is_empty());
    if let Some(record) = client::withdraw_consent(user, client, had, network, now) {
        audit::append(db, &record)?;
    }
    Ok(ended.counted())
}

pub(super) fn consented(row: &Row<'_>) -> rusqlite::Result<Consent> {
    let (details, resources) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
    let appearance = row.get_ref(3)?.as_str()?;
    Consent::from_stored(appearance, scope(row, 0)?, details, resources)
        .ok_or_else(|| unreadable(1, Type::Text))
}

/// A scope as it was written; the empty text is the empty scope.
pub(super) fn scope(row: &Row<'_>, column: usize) -> rusqlite::Result<Scope> {
    if row.get_ref(column)?.as_str()?.is_empty() { Ok(Scope::default()) } else { parsed(row, column) }
}

pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<StoredClient> {
    Ok(StoredClient {
        id: parsed(row, 0)?,
        document: text(row, 1)?,
        secret: optional_text(row, 2)?.map(SealedKey::new),
        backchannel_logout: row.get(3)?,
        created_at: timestamp(row, 4)?,
    })
}

fn bind_secret(db: &Connection, client: &StoredClient) -> rusqlite::Result<()> {
    client.secret.as_ref().map_or(Ok(()), |secret| master_key::bind(db, secret))
}
