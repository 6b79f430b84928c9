//! Mail that waits to be sent, in SQLite.

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
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{counted, named, optional_text, text, timestamp, user_id};
use super::{SqliteStore, master_key, resets};

#[async_trait]
impl MailStore for SqliteStore {
    async fn want_notices(&self, notices: Notices) -> Result<(), StoreError> {
        // Most servers start with the settings of the one before.
        if self.readers.read(wanted)? == notices {
            return Ok(());
        }
        self.writer.submit(move |db| want(db, notices)).await
    }

    async fn queue_mail(&self, mail: NewMail) -> Result<MailAdmission, StoreError> {
        self.writer.submit(move |db| queue(db, &mail)).await
    }

    async fn due_mails(&self, now: Timestamp, limit: u32) -> Result<Vec<QueuedMail>, StoreError> {
        self.readers.read(|db| due(db, now, limit))
    }

    async fn claim_mail(&self, id: MailId, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.submit(move |db| claim(db, id, until, now)).await
    }

    async fn settle_mail(&self, id: MailId, settled: MailSettled, now: Timestamp) -> Result<(), StoreError> {
        self.writer.submit(move |db| settle(db, id, &settled, now)).await
    }

    async fn list_mails(&self, limit: u32) -> Result<Vec<ListedMail>, StoreError> {
        self.list(move |db| list(db, limit)).await
    }

    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.submit(move |db| retry(db, id, now)).await
    }

    async fn drop_mail(&self, id: MailId) -> Result<bool, StoreError> {
        self.writer.submit(move |db| remove(db, id)).await
    }
}

fn wanted(db: &Connection) -> rusqlite::Result<Notices> {
    db.prepare_cached("SELECT kinds FROM mail_notices")?
        .query_row([], |row| Ok(Notices::parse(row.get_ref(0)?.as_str()?)))
}

fn want(db: &Connection, notices: Notices) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE mail_notices SET kinds = ?1")?.execute([notices.to_text()]).map(drop)
}

/// Queues the mail that an audited event calls for, in the transaction of what was done.
pub(super) fn note(db: &Connection, record: &AuditRecord) -> rusqlite::Result<()> {
    let (Some(kind), Some(user)) = (MailKind::of_event(record.event), record.subject.user) else {
        return Ok(());
    };
    if !wanted(db)?.include(kind) {
        return Ok(());
    }
    let id = db.query_row("SELECT randomblob(16)", [], |row| row.get(0).map(MailId::from_bytes))?;
    let mail = NewMail { id, user, kind, facts: MailFacts::of(record), sealed: None, queued_at: record.at };
    queue(db, &mail).map(drop)
}

pub(super) fn queue(db: &Connection, mail: &NewMail) -> rusqlite::Result<MailAdmission> {
    let recipient = db
        .prepare_cached("SELECT email FROM users WHERE id = ?1 AND removed_at IS NULL")?
        .query_row([mail.user.as_bytes()], |row| optional_text(row, 0))
        .optional()?;
    let Some(recipient) = recipient.flatten() else { return Ok(MailAdmission::NoAddress) };
    let admission = admit(MailCounts {
        waiting: db
            .prepare_cached("SELECT count(*) FROM mails WHERE settled_at IS NULL")?
            .query_row([], |row| counted(row, 0))?,
        to_recipient: db
            .prepare_cached(
                "SELECT count(*) FROM mails WHERE recipient = ?1 AND kind = ?2 AND queued_at > ?3",
            )?
            .query_row(
                (&recipient, mail.kind.as_str(), mail.queued_at.saturating_sub(TO_ONE_WITHIN).unix()),
                |row| counted(row, 0),
            )?,
    });
    if admission != MailAdmission::Queued {
        return Ok(admission);
    }
    if let Some(sealed) = &mail.sealed {
        master_key::bind(db, sealed)?;
    }
    db.prepare_cached(
        "INSERT INTO mails (id, user_id, kind, recipient, facts, sealed, queued_at, expires_at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)",
    )?
    .execute(params![
        mail.id.as_bytes(),
        mail.user.as_bytes(),
        mail.kind.as_str(),
        recipient,
        mail.facts.to_json(),
        mail.sealed.as_ref().map(SealedKey::as_str),
        mail.queued_at.unix(),
        mail.queued_at.saturating_add(mail.kind.life()).unix(),
    ])?;
    Ok(admission)
}

pub(super) const COLUMNS: &str =
    "id, user_id, kind, recipient, facts, sealed, queued_at, expires_at, attempts";

fn due(db: &Connection, now: Timestamp, limit: u32) -> rusqlite::Result<Vec<QueuedMail>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mails
         WHERE settled_at IS NULL AND due_at <= ?1 AND coalesce(claimed_until <= ?1, 1)
         ORDER BY due_at LIMIT ?2"
    ))?;
    let found = select.query_map((now.unix(), limit), queued)?;
    found.filter_map(Result::transpose).collect()
}

/// The mail of a row; none where its kind is one of a newer version.
pub(super) fn queued(row: &Row<'_>) -> rusqlite::Result<Option<QueuedMail>> {
    let Some(kind) = MailKind::parse(row.get_ref(2)?.as_str()?) else { return Ok(None) };
    Ok(Some(QueuedMail {
        id: row.get(0).map(MailId::from_bytes)?,
        user: user_id(row, 1)?,
        kind,
        recipient: text(row, 3)?,
        facts: named(row, 4, MailFacts::from_json)?,
        sealed: optional_text(row, 5)?.map(SealedKey::new),
        queued_at: timestamp(row, 6)?,
        expires_at: timestamp(row, 7)?,
        attempts: row.get(8)?,
    }))
}

fn claim(db: &Connection, id: MailId, until: Timestamp, now: Timestamp) -> rusqlite::Result<bool> {
    let claimed = db
        .prepare_cached(
            "UPDATE mails SET claimed_until = ?2
             WHERE id = ?1 AND settled_at IS NULL AND due_at <= ?3 AND coalesce(claimed_until <= ?3, 1)",
        )?
        .execute((id.as_bytes(), until.unix(), now.unix()))?;
    Ok(claimed == 1)
}

fn settle(db: &Connection, id: MailId, settled: &MailSettled, now: Timestamp) -> rusqlite::Result<()> {
    if *settled == MailSettled::Sent {
        resets::note_sent(db, id, now)?;
    }
    match settled {
        MailSettled::Sent => db
            .prepare_cached(
                "UPDATE mails SET settled_at = ?2, problem = NULL, sealed = NULL, claimed_until = NULL
                 WHERE id = ?1 AND settled_at IS NULL",
            )?
            .execute((id.as_bytes(), now.unix())),
        MailSettled::Again { due_at, problem } => db
            .prepare_cached(
                "UPDATE mails SET due_at = ?2, problem = ?3, attempts = attempts + 1, claimed_until = NULL
                 WHERE id = ?1 AND settled_at IS NULL",
            )?
            .execute((id.as_bytes(), due_at.unix(), problem)),
        MailSettled::Failed { problem } => db
            .prepare_cached(
                "UPDATE mails SET settled_at = ?2, problem = ?3, attempts = attempts + 1, claimed_until = NULL
                 WHERE id = ?1 AND settled_at IS NULL",
            )?
            .execute((id.as_bytes(), now.unix(), problem)),
    }
    .map(drop)
}

fn list(db: &Connection, limit: u32) -> rusqlite::Result<Vec<ListedMail>> {
    db.prepare_cached(
        "SELECT id, user_id, kind, recipient, settled_at IS NOT NULL, queued_at, due_at, attempts, problem FROM mails
         WHERE settled_at IS NULL OR problem IS NOT NULL ORDER BY queued_at DESC, id LIMIT ?1",
    )?
    .query_map([limit], |row| {
        let problem = optional_text(row, 8)?;
        Ok(ListedMail {
            id: row.get(0).map(MailId::from_bytes)?,
            user: user_id(row, 1)?,
            kind: text(row, 2)?,
            recipient: text(row, 3)?,
            state: MailState::of(row.get(4)?, problem.is_some()),
            queued_at: timestamp(row, 5)?,
            due_at: timestamp(row, 6)?,
            attempts: row.get(7)?,
            problem,
        })
    })?
    .collect()
}

fn retry(db: &Connection, id: MailId, now: Timestamp) -> rusqlite::Result<bool> {
    let kind = db
        .prepare_cached(
            "SELECT kind FROM mails WHERE id = ?1 AND (settled_at IS NULL OR problem IS NOT NULL)",
        )?
        .query_row([id.as_bytes()], |row| text(row, 0))
        .optional()?;
    let Some(kind) = kind.and_then(|kind| MailKind::parse(&kind)) else { return Ok(false) };
    let tried = db
        .prepare_cached(
            "UPDATE mails SET due_at = ?2, expires_at = ?3, attempts = 0, settled_at = NULL, claimed_until = NULL
             WHERE id = ?1",
        )?
        .execute((id.as_bytes(), now.unix(), now.saturating_add(kind.life()).unix()))?;
    Ok(tried == 1)
}

fn remove(db: &Connection, id: MailId) -> rusqlite::Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM mails WHERE id = ?1 AND (settled_at IS NULL OR problem IS NOT NULL)")?
        .execute([id.as_bytes()])?;
    Ok(removed == 1)
}

pub(super) const SENT: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NOT NULL AND problem IS NULL AND settled_at <= ?1 LIMIT ?2)";
pub(super) const FAILED: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NOT NULL AND settled_at <= ?1 LIMIT ?2)";
/// Where nobody sends mail any more, it waits for nothing.
pub(super) const EXPIRED: &str = "DELETE FROM mails WHERE id IN (SELECT id FROM mails
    WHERE settled_at IS NULL AND expires_at <= ?1 LIMIT ?2)";

pub(super) fn sweep(
    db: &Connection,
    sent: Timestamp,
    failed: Timestamp,
    limit: u32,
) -> rusqlite::Result<u64> {
    let mut removed = 0;
    for (sql, before) in [(SENT, sent), (FAILED, failed), (EXPIRED, failed)] {
        let rest = i64::from(limit).saturating_sub_unsigned(removed);
        removed += db.prepare_cached(sql)?.execute((before.unix(), rest))? as u64;
    }
    Ok(removed)
}
