//! Mail that waits to be sent, in PostgreSQL.

use async_trait::async_trait;
use jeton_authority::MailId;
use jeton_authority::audit::AuditRecord;
use jeton_authority::keys::SealedKey;
use jeton_authority::mail::{
    ListedMail, MailAdmission, MailCounts, MailFacts, MailKind, MailSettled, MailState, NewMail, Notices,
    QueuedMail, TO_ONE_WITHIN, admit,
};
use jeton_authority::store::{MailStore, StoreError};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{counted, id, named, optional_text, params, str, text, timestamp, uuid, value};
use super::connection::Connection;
use super::error::Failed;
use super::{PostgresStore, master_key, resets};

#[async_trait]
impl MailStore for PostgresStore {
    async fn want_notices(&self, notices: Notices) -> Result<(), StoreError> {
        // Most servers start with the settings of the one before.
        if self.read((), |db, ()| Box::pin(wanted(db))).await? == notices {
            return Ok(());
        }
        self.write(notices, |db, notices| Box::pin(want(db, *notices))).await
    }

    async fn queue_mail(&self, mail: NewMail) -> Result<MailAdmission, StoreError> {
        self.write(mail, |db, mail| Box::pin(queue(db, mail))).await
    }

    async fn due_mails(&self, now: Timestamp, limit: u32) -> Result<Vec<QueuedMail>, StoreError> {
        self.read((now, limit), |db, (now, limit)| Box::pin(due(db, *now, *limit))).await
    }

    async fn claim_mail(&self, id: MailId, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        self.write((id, until, now), |db, (id, until, now)| Box::pin(claim(db, *id, *until, *now))).await
    }

    async fn settle_mail(&self, id: MailId, settled: MailSettled, now: Timestamp) -> Result<(), StoreError> {
        self.write((id, settled, now), |db, (id, settled, now)| Box::pin(settle(db, *id, settled, *now)))
            .await
    }

    async fn list_mails(&self, limit: u32) -> Result<Vec<ListedMail>, StoreError> {
        self.list(limit, |db, limit| Box::pin(list(db, *limit))).await
    }

    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError> {
        self.write((id, now), |db, (id, now)| Box::pin(retry(db, *id, *now))).await
    }

    async fn drop_mail(&self, id: MailId) -> Result<bool, StoreError> {
        self.write(id, |db, id| Box::pin(remove(db, *id))).await
    }
}

async fn wanted(db: &Connection) -> Result<Notices, Failed> {
    let row = db.row("SELECT kinds FROM mail_notices", params![]).await?.ok_or(Failed::Unreadable)?;
    Ok(Notices::parse(str(&row, 0)?))
}

async fn want(db: &Connection, notices: Notices) -> Result<(), Failed> {
    db.execute("UPDATE mail_notices SET kinds = $1", params![notices.to_text()]).await.map(drop)
}

/// Queues the mail that an audited event calls for, in the transaction of what was done.
pub(super) async fn note(db: &Connection, record: &AuditRecord) -> Result<(), Failed> {
    let (Some(kind), Some(user)) = (MailKind::of_event(record.event), record.subject.user) else {
        return Ok(());
    };
    if !wanted(db).await?.include(kind) {
        return Ok(());
    }
    let row = db.row("SELECT gen_random_uuid()", params![]).await?.ok_or(Failed::Unreadable)?;
    let facts = MailFacts::of(record);
    let mail = NewMail { id: id(&row, 0)?, user, kind, facts, sealed: None, queued_at: record.at };
    queue(db, &mail).await.map(drop)
}

pub(super) async fn queue(db: &Connection, mail: &NewMail) -> Result<MailAdmission, Failed> {
    let sql = "SELECT email FROM users WHERE id = $1 AND removed_at IS NULL AND email IS NOT NULL";
    let Some(user) = db.row(sql, params![uuid(mail.user)]).await? else {
        return Ok(MailAdmission::NoAddress);
    };
    let recipient = str(&user, 0)?;
    let since = mail.queued_at.saturating_sub(TO_ONE_WITHIN).unix();
    let counts = db
        .row(
            "SELECT (SELECT count(*) FROM mails WHERE settled_at IS NULL),
                    (SELECT count(*) FROM mails WHERE recipient = $1 AND kind = $2 AND queued_at > $3)",
            params![recipient, mail.kind.as_str(), since],
        )
        .await?
        .ok_or(Failed::Unreadable)?;
    let admission = admit(MailCounts { waiting: counted(&counts, 0)?, to_recipient: counted(&counts, 1)? });
    if admission != MailAdmission::Queued {
        return Ok(admission);
    }
    if let Some(sealed) = &mail.sealed {
        master_key::bind(db, sealed).await?;
    }
    db.execute(
        "INSERT INTO mails (id, user_id, kind, recipient, facts, sealed, queued_at, expires_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)",
        params![
            uuid(mail.id),
            uuid(mail.user),
            mail.kind.as_str(),
            recipient,
            mail.facts.to_json(),
            mail.sealed.as_ref().map(SealedKey::as_str),
            mail.queued_at.unix(),
            mail.queued_at.saturating_add(mail.kind.life()).unix(),
        ],
    )
    .await?;
    Ok(admission)
}

async fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<QueuedMail>, Failed> {
    let rows = db
        .rows(
            "SELECT id, user_id, kind, recipient, facts, sealed, queued_at, expires_at, attempts FROM mails
             WHERE settled_at IS NULL AND due_at <= $1 AND coalesce(claimed_until <= $1, true)
             ORDER BY due_at LIMIT $2",
            params![now.unix(), i64::from(limit)],
        )
        .await?;
    rows.iter().filter_map(|row| queued(row).transpose()).collect()
}

/// The mail of a row; none where its kind is one of a newer version.
pub(super) fn queued(row: &Row) -> Result<Option<QueuedMail>, Failed> {
    let Some(kind) = MailKind::parse(str(row, 2)?) else { return Ok(None) };
    Ok(Some(QueuedMail {
        id: id(row, 0)?,
        user: id(row, 1)?,
        kind,
        recipient: text(row, 3)?,
        facts: named(row, 4, MailFacts::from_json)?,
        sealed: optional_text(row, 5)?.map(SealedKey::new),
        queued_at: timestamp(row, 6)?,
        expires_at: timestamp(row, 7)?,
        attempts: value::<i64>(row, 8)?.try_into().map_err(|_| Failed::Unreadable)?,
    }))
}

async fn claim(db: &Connection, id: MailId, until: Timestamp, now: Timestamp) -> Result<bool, Failed> {
    let sql = "UPDATE mails SET claimed_until = $2
         WHERE id = $1 AND settled_at IS NULL AND due_at <= $3 AND coalesce(claimed_until <= $3, true)";
    Ok(db.execute(sql, params![uuid(id), until.unix(), now.unix()]).await? == 1)
}

async fn settle(db: &Connection, id: MailId, settled: &MailSettled, now: Timestamp) -> Result<(), Failed> {
    if *settled == MailSettled::Sent {
        resets::note_sent(db, id, now).await?;
    }
    match settled {
        MailSettled::Sent => {
            let sql = "UPDATE mails SET settled_at = $2, problem = NULL, sealed = NULL, claimed_until = NULL
                 WHERE id = $1 AND settled_at IS NULL";
            db.execute(sql, params![uuid(id), now.unix()]).await
        }
        MailSettled::Again { due_at, problem } => {
            let sql = "UPDATE mails SET due_at = $2, problem = $3, attempts = attempts + 1, claimed_until = NULL
                 WHERE id = $1 AND settled_at IS NULL";
            db.execute(sql, params![uuid(id), due_at.unix(), &**problem]).await
        }
        MailSettled::Failed { problem } => {
            let sql = "UPDATE mails SET settled_at = $2, problem = $3, attempts = attempts + 1, claimed_until = NULL
                 WHERE id = $1 AND settled_at IS NULL";
            db.execute(sql, params![uuid(id), now.unix(), &**problem]).await
        }
    }
    .map(drop)
}

async fn list(db: &Connection, limit: u32) -> Result<Vec<ListedMail>, Failed> {
    let rows = db
        .rows(
            "SELECT id, user_id, kind, recipient, settled_at IS NOT NULL, queued_at, due_at, attempts, problem
             FROM mails WHERE settled_at IS NULL OR problem IS NOT NULL
             ORDER BY queued_at DESC, id LIMIT $1",
            params![i64::from(limit)],
        )
        .await?;
    let listed = |row: &Row| {
        let problem = optional_text(row, 8)?;
        Ok(ListedMail {
            id: id(row, 0)?,
            user: id(row, 1)?,
            kind: text(row, 2)?,
            recipient: text(row, 3)?,
            state: MailState::of(value(row, 4)?, problem.is_some()),
            queued_at: timestamp(row, 5)?,
            due_at: timestamp(row, 6)?,
            attempts: value::<i64>(row, 7)?.try_into().map_err(|_| Failed::Unreadable)?,
            problem,
        })
    };
    rows.iter().map(listed).collect()
}

async fn retry(db: &Connection, id: MailId, now: Timestamp) -> Result<bool, Failed> {
    let sql =
        "SELECT kind FROM mails WHERE id = $1 AND (settled_at IS NULL OR problem IS NOT NULL) FOR UPDATE";
    let Some(row) = db.row(sql, params![uuid(id)]).await? else { return Ok(false) };
    let Some(kind) = MailKind::parse(str(&row, 0)?) else { return Ok(false) };
    let sql =
        "UPDATE mails SET due_at = $2, expires_at = $3, attempts = 0, settled_at = NULL, claimed_until = NULL
         WHERE id = $1";
    let expires_at = now.saturating_add(kind.life()).unix();
    Ok(db.execute(sql, params![uuid(id), now.unix(), expires_at]).await? == 1)
}

async fn remove(db: &Connection, id: MailId) -> Result<bool, Failed> {
    let sql = "DELETE FROM mails WHERE id = $1 AND (settled_at IS NULL OR problem IS NOT NULL)";
    Ok(db.execute(sql, params![uuid(id)]).await? == 1)
}

const SENT: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NOT NULL AND problem IS NULL AND settled_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";
const FAILED: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NOT NULL AND settled_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";
/// Where nobody sends mail any more, it waits for nothing.
const EXPIRED: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NULL AND expires_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) async fn sweep(
    db: &Connection,
    sent: Timestamp,
    failed: Timestamp,
    limit: u32,
) -> Result<u64, Failed> {
    let mut removed = 0;
    for (sql, before) in [(SENT, sent), (FAILED, failed), (EXPIRED, failed)] {
        let rest = i64::from(limit).saturating_sub_unsigned(removed);
        removed += db.execute(sql, params![before.unix(), rest]).await?;
    }
    Ok(removed)
}
