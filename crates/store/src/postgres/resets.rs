//! Requests to set a new password by mail, in PostgreSQL. What is presented is decided under the lock on the row of the request, so that
//! of two nodes one comes second and sees what the first did.

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
use tokio_postgres::Row;

use super::columns::{
    bytes, id, named, optional_id, optional_text, optional_timestamp, params, timestamp, uuid, value,
};
use super::connection::Connection;
use super::error::Failed;
use super::users::{user_at, user_columns};
use super::{PostgresStore, mails, users};

#[async_trait]
impl ResetStore for PostgresStore {
    async fn find_users_by_email(&self, email: &str) -> Result<Vec<User>, StoreError> {
        self.read(email.to_owned(), |db, email| Box::pin(find_by_email(db, email))).await
    }

    async fn begin_reset(&self, reset: StoredReset, mail: NewMail) -> Result<(), StoreError> {
        self.write((reset, mail), |db, (reset, mail)| Box::pin(begin(db, reset, mail))).await
    }

    async fn find_reset(&self, id: ResetId) -> Result<Option<StoredReset>, StoreError> {
        self.read(id, |db, id| Box::pin(find(db, id))).await
    }

    async fn prove_reset(
        &self,
        id: ResetId,
        browser: &str,
        proof: ResetProof,
        now: Timestamp,
    ) -> Result<ResetVerdict, StoreError> {
        self.write((id, browser.to_owned(), proof, now), |db, (id, browser, proof, now)| {
            Box::pin(present(db, id, browser, proof, *now))
        })
        .await
    }

    async fn complete_reset(
        &self,
        id: ResetId,
        browser: &str,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.write((id, browser.to_owned(), password, now), |db, (id, browser, password, now)| {
            Box::pin(complete(db, id, browser, password, *now))
        })
        .await
    }
}

async fn find_by_email(db: &Connection, email: &str) -> Result<Vec<User>, Failed> {
    let rows = db
        .rows(
            concat!(
                "SELECT ",
                user_columns!(),
                " FROM users u WHERE lower(u.email) = lower($1) AND u.removed_at IS NULL LIMIT 2"
            ),
            params![email],
        )
        .await?;
    rows.iter().map(|row| user_at(row, 0)).collect()
}

async fn begin(db: &Connection, reset: &StoredReset, mail: &NewMail) -> Result<(), Failed> {
    let is_queued = mails::queue(db, mail).await? == MailAdmission::Queued;
    let user = reset.user.filter(|_| is_queued);
    if let Some(user) = user {
        forget_of(db, user).await?;
    }
    db.execute(
        "INSERT INTO password_resets (id, user_id, mail, content, asked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            bytes(&reset.id),
            user.map(uuid),
            uuid(reset.mail),
            reset.content.to_json(),
            reset.asked_at.unix(),
            reset.asked_at.saturating_add(RESET_KEPT).unix(),
        ],
    )
    .await
    .map(drop)
}

/// Forgets the requests for a user.
pub(super) async fn forget_of(db: &Connection, user: UserId) -> Result<(), Failed> {
    db.execute("DELETE FROM password_resets WHERE user_id = $1", params![uuid(user)]).await.map(drop)
}

/// Notes that the mail server took a mail: the time of its link begins.
pub(super) async fn note_sent(db: &Connection, mail: MailId, now: Timestamp) -> Result<(), Failed> {
    let sql = "UPDATE password_resets SET sent_at = $2 WHERE mail = $1 AND sent_at IS NULL";
    db.execute(sql, params![uuid(mail), now.unix()]).await.map(drop)
}

async fn find(db: &Connection, id: &ResetId) -> Result<Option<StoredReset>, Failed> {
    let sql = "SELECT id, user_id, mail, content, asked_at, sent_at FROM password_resets WHERE id = $1";
    db.row(sql, params![bytes(id)]).await?.as_ref().map(stored).transpose()
}

/// The request, locked.
async fn lock(db: &Connection, id: &ResetId) -> Result<Option<StoredReset>, Failed> {
    let sql =
        "SELECT id, user_id, mail, content, asked_at, sent_at FROM password_resets WHERE id = $1 FOR UPDATE";
    db.row(sql, params![bytes(id)]).await?.as_ref().map(stored).transpose()
}

pub(super) fn stored(row: &Row) -> Result<StoredReset, Failed> {
    Ok(StoredReset {
        id: value::<Vec<u8>>(row, 0)?.try_into().map_err(|_| Failed::Unreadable)?,
        user: optional_id(row, 1)?,
        mail: id(row, 2)?,
        content: named(row, 3, ResetContent::from_json)?,
        asked_at: timestamp(row, 4)?,
        sent_at: optional_timestamp(row, 5)?,
    })
}

/// The user of a request as they are now. Their row is locked before that of the request, as everywhere.
async fn user_of(db: &Connection, user: Option<UserId>) -> Result<Option<ResetUser>, Failed> {
    let Some(user) = user else { return Ok(None) };
    let Some(standing) = users::standing(db, user).await? else { return Ok(None) };
    let row = db.row("SELECT email FROM users WHERE id = $1", params![uuid(user)]).await?;
    let email = row.ok_or(Failed::Unreadable).and_then(|row| optional_text(&row, 0))?;
    Ok(Some(ResetUser { standing, email }))
}

async fn present(
    db: &Connection,
    id: &ResetId,
    browser: &str,
    proof: &ResetProof,
    now: Timestamp,
) -> Result<ResetVerdict, Failed> {
    let whose = find(db, id).await?.and_then(|reset| reset.user);
    let user = user_of(db, whose).await?;
    let (verdict, changed) = prove(lock(db, id).await?, user.as_ref(), browser, proof, now);
    if let Some(changed) = changed {
        let sql = "UPDATE password_resets SET content = $2 WHERE id = $1";
        db.execute(sql, params![bytes(id), changed.content.to_json()]).await?;
    }
    Ok(verdict)
}

async fn complete(
    db: &Connection,
    id: &ResetId,
    browser: &str,
    password: &PasswordHash,
    now: Timestamp,
) -> Result<Option<UserId>, Failed> {
    let whose = find(db, id).await?.and_then(|reset| reset.user);
    let user = user_of(db, whose).await?;
    let reset = lock(db, id).await?;
    let Some(user) = completes(reset.as_ref(), user.as_ref(), browser, now) else { return Ok(None) };
    users::change_password(db, user, password, None, &Actor::User(user), now).await?;
    forget_of(db, user).await?;
    Ok(Some(user))
}

pub(super) async fn sweep(db: &Connection, before: Timestamp, limit: u32) -> Result<u64, Failed> {
    let sql = "DELETE FROM password_resets WHERE id IN (SELECT id FROM password_resets
         WHERE expires_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";
    db.execute(sql, params![before.unix(), i64::from(limit)]).await
}
