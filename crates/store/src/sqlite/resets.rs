//! Requests to set a new password by mail, in SQLite.

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::mail::{MailAdmission, NewMail};
use jeton_authority::password::PasswordHash;
use jeton_authority::reset::{
    RESET_KEPT, ResetContent, ResetId, ResetProof, ResetUser, ResetVerdict, StoredReset, completes, prove,
};
use jeton_authority::store::{ResetStore, StoreError};
use jeton_authority::user::User;
use jeton_authority::{MailId, UserId};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{named, optional_text, optional_timestamp, timestamp};
use super::users::{USER_COLUMNS, user_at};
use super::{SqliteStore, mails, users};

#[async_trait]
impl ResetStore for SqliteStore {
    async fn find_users_by_email(&self, email: &str) -> Result<Vec<User>, StoreError> {
        self.readers.read(|db| find_by_email(db, email))
    }

    async fn begin_reset(&self, reset: StoredReset, mail: NewMail) -> Result<(), StoreError> {
        self.writer.submit(move |db| begin(db, &reset, &mail)).await
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<StoredReset>, StoreError> {
        self.readers.read(|db| find(db, &id))
    }

    async fn prove_reset(
        &self,
        id: ResetId,
        browser: &str,
        proof: ResetProof,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError> {
        let browser = browser.to_owned();
        self.writer.submit(move |db| present(db, &id, &browser, &proof, now)).await
    }

    async fn complete_reset(
        &self,
        id: ResetId,
        browser: &str,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let browser = browser.to_owned();
        self.writer.submit(move |db| complete(db, &id, &browser, &password, now)).await
    }
}

fn find_by_email(db: &Connection, email: &str) -> rusqlite::Result<Vec<User>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {USER_COLUMNS} FROM users u
         WHERE lower(u.email) = lower(?1) AND u.removed_at IS NULL LIMIT 2"
    ))?;
    select.query_map([email], |row| user_at(row, 0))?.collect()
}

fn begin(db: &Connection, reset: &StoredReset, mail: &NewMail) -> rusqlite::Result<()> {
    let is_queued = mails::queue(db, mail)? == MailAdmission::Queued;
    let user = reset.user.filter(|_| is_queued);
    if let Some(user) = user {
        forget_of(db, user)?;
    }
    db.prepare_cached(
        "INSERT INTO password_resets (id, user_id, mail, content, asked_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        reset.id,
        user.as_ref().map(UserId::as_bytes),
        reset.mail.as_bytes(),
        reset.content.to_json(),
        reset.asked_at.unix(),
        reset.asked_at.saturating_add(RESET_KEPT).unix(),
    ])
    .map(drop)
}

/// Forgets the requests for a user.
pub(super) fn forget_of(db: &Connection, user: UserId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM password_resets WHERE user_id = ?1")?.execute([user.as_bytes()]).map(drop)
}

/// Notes that the mail server took a mail: the time of its link begins.
pub(super) fn note_sent(db: &Connection, mail: MailId, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE password_resets SET sent_at = ?2 WHERE mail = ?1 AND sent_at IS NULL")?
        .execute((mail.as_bytes(), now.unix()))
        .map(drop)
}

fn find(db: &Connection, id: &ResetId) -> rusqlite::Result<Option<StoredReset>> {
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM password_resets WHERE id = ?1"))?;
    select.query_row([id], stored).optional()
}

pub(super) const COLUMNS: &str = "id, user_id, mail, content, asked_at, sent_at";

pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<StoredReset> {
    Ok(StoredReset {
        id: row.get(0)?,
        user: row.get::<_, Option<_>>(1)?.map(UserId::from_bytes),
        mail: row.get(2).map(MailId::from_bytes)?,
        content: named(row, 3, ResetContent::from_json)?,
        asked_at: timestamp(row, 4)?,
        sent_at: optional_timestamp(row, 5)?,
    })
}

/// The user of a request as they are now.
fn user_of(db: &Connection, reset: Option<&StoredReset>) -> rusqlite::Result<Option<ResetUser>> {
    let Some(user) = reset.and_then(|reset| reset.user) else { return Ok(None) };
    let Some(standing) = users::standing(db, user)? else { return Ok(None) };
    let email = db
        .prepare_cached("SELECT email FROM users WHERE id = ?1")?
        .query_row([user.as_bytes()], |row| optional_text(row, 0))?;
    Ok(Some(ResetUser { standing, email }))
}

fn present(
    db: &Connection,
    id: &ResetId,
    browser: &str,
    proof: &ResetProof,
    now: Timestamp,
) -> rusqlite::Result<ResetVerdict> {
    let reset = find(db, id)?;
    let user = user_of(db, reset.as_ref())?;
    let (verdict, changed) = prove(reset, user.as_ref(), browser, proof, now);
    if let Some(changed) = changed {
        db.prepare_cached("UPDATE password_resets SET content = ?2 WHERE id = ?1")?
            .execute((id, changed.content.to_json()))?;
    }
    Ok(verdict)
}

fn complete(
    db: &Connection,
    id: &ResetId,
    browser: &str,
    password: &PasswordHash,
    now: Timestamp,
) -> rusqlite::Result<Option<UserId>> {
    let reset = find(db, id)?;
    let user = user_of(db, reset.as_ref())?;
    let Some(user) = completes(reset.as_ref(), user.as_ref(), browser, now) else { return Ok(None) };
    users::change_password(db, user, password, None, &Actor::User(user), now)?;
    forget_of(db, user)?;
    Ok(Some(user))
}

pub(super) const SWEEP: &str = "DELETE FROM password_resets WHERE id IN (SELECT id FROM password_resets
    WHERE expires_at <= ?1 LIMIT ?2)";

pub(super) fn sweep(db: &Connection, before: Timestamp, limit: u32) -> rusqlite::Result<u64> {
    Ok(db.prepare_cached(SWEEP)?.execute((before.unix(), limit))? as u64)
}
