//! What may be used once, in SQLite.

use async_trait::async_trait;
use jeton_authority::GrantId;
use jeton_authority::audit::AuditEvent;
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{
    CodeState, CodeVerdict, OneTime, OneTimeHash, OneTimeKind, Presentation, present,
};
use jeton_authority::one_time::{NewAnswer, RequestAnswer, answer_request as decide};
use jeton_authority::store::{CodeRedemption, GrantOpening, OneTimeStore, Placement, Redemption, StoreError};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::SqliteStore;
use super::columns::{optional_timestamp, text, timestamp};
use super::grants;

#[async_trait]
impl OneTimeStore for SqliteStore {
    async fn place(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        content: Box<str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.writer.submit(move |db| place(db, kind, hash, &content, expires_at, now)).await
    }

    async fn peek(&self, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, StoreError> {
        self.readers.read(|db| peek(db, kind, hash))
    }

    async fn redeem(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        self.writer.submit(move |db| redeem(db, kind, hash, now)).await
    }

    async fn prolong_request(&self, request: OneTimeHash, until: Timestamp) -> Result<(), StoreError> {
        self.writer.submit(move |db| prolong_request(db, request, until)).await
    }

    async fn answer_request(&self, answer: NewAnswer, now: Timestamp) -> Result<RequestAnswer, StoreError> {
        self.writer.submit(move |db| answer_request(db, &answer, now)).await
    }

    async fn redeem_code(
        &self,
        code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.writer.submit(move |db| redeem_code(db, code, &grant, &presentation)).await
    }
}

pub(super) fn place(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    content: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Placement> {
    // What has expired but was not swept yet makes room.
    let placed = db
        .prepare_cached(
            "INSERT INTO one_time (kind, hash, content, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hash, kind) DO UPDATE
             SET content = excluded.content, expires_at = excluded.expires_at, redeemed_at = NULL, grant_id = NULL
             WHERE one_time.expires_at <= ?5",
        )?
        .execute((kind.as_str(), hash.as_bytes(), content, expires_at.unix(), now.unix()))?;
    Ok(if placed == 1 { Placement::Placed } else { Placement::Taken })
}

pub(super) fn peek(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
) -> rusqlite::Result<Option<OneTime>> {
    db.prepare_cached(
        "SELECT content, expires_at, redeemed_at, grant_id FROM one_time WHERE hash = ?1 AND kind = ?2",
    )?
    .query_row((hash.as_bytes(), kind.as_str()), |row| {
        Ok(OneTime {
            content: text(row, 0)?,
            expires_at: timestamp(row, 1)?,
            redeemed_at: optional_timestamp(row, 2)?,
            grant: row.get::<_, Option<[u8; 16]>>(3)?.map(GrantId::from_bytes),
        })
    })
    .optional()
}

pub(super) fn redeem(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    now: Timestamp,
) -> rusqlite::Result<Redemption> {
    let Some(found) = find(db, kind, hash)? else { return Ok(Redemption::Unknown) };
    if found.state.redeemed_at.is_some() {
        return Ok(Redemption::Replayed);
    }
    if found.state.expires_at <= now {
        return Ok(Redemption::Expired);
    }
    set_redeemed(db, &found, None, now)?;
    let mut select = db.prepare_cached("SELECT content FROM one_time WHERE number = ?1")?;
    Ok(Redemption::Redeemed { content: select.query_row([found.number], |row| text(row, 0))? })
}

pub(super) fn prolong_request(
    db: &Connection,
    request: OneTimeHash,
    until: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE one_time SET expires_at = ?3
         WHERE hash = ?1 AND kind = ?2 AND redeemed_at IS NULL AND expires_at < ?3",
    )?
    .execute((request.as_bytes(), OneTimeKind::PushedRequest.as_str(), until.unix()))
    .map(drop)
}

pub(super) fn answer_request(
    db: &Connection,
    answer: &NewAnswer,
    now: Timestamp,
) -> rusqlite::Result<RequestAnswer> {
    let request = peek(db, OneTimeKind::PushedRequest, answer.request)?;
    let code = peek(db, OneTimeKind::AuthorizationCode, answer.code)?;
    let decided = decide(request.as_ref(), code, now);
    if decided == RequestAnswer::Answered {
        db.prepare_cached(
            "UPDATE one_time SET redeemed_at = ?3, expires_at = max(expires_at, ?4) WHERE hash = ?1 AND kind = ?2",
        )?
        .execute((
            answer.request.as_bytes(),
            OneTimeKind::PushedRequest.as_str(),
            now.unix(),
            answer.kept_until.unix(),
        ))?;
        let kind = OneTimeKind::AuthorizationCode;
        place(db, kind, answer.code, &answer.content, answer.code_expires_at, now)?;
    }
    Ok(decided)
}

pub(super) fn redeem_code(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    presentation: &Presentation,
) -> rusqlite::Result<CodeRedemption> {
    let kind = OneTimeKind::AuthorizationCode;
    let Some(found) = find(db, kind, code)? else { return Ok(CodeRedemption::Unknown) };
    match present(&found.state, presentation) {
        CodeVerdict::Redeem => {}
        other => return settled(db, &found.state, other, presentation.at),
    }
    let (opening, sid) = grants::open(db, grant)?;
    // The code is used either way: what failed once does not get better.
    set_redeemed(db, &found, (opening == GrantOpening::Opened).then_some(grant.id), presentation.at)?;
    Ok(match opening {
        GrantOpening::Opened => CodeRedemption::Opened { sid },
        GrantOpening::CredentialsChanged => CodeRedemption::CredentialsChanged,
    })
}

/// Carries out a verdict that opens no grant.
pub(super) fn settled(
    db: &Connection,
    code: &CodeState,
    verdict: CodeVerdict,
    now: Timestamp,
) -> rusqlite::Result<CodeRedemption> {
    Ok(match verdict {
        CodeVerdict::Retry => CodeRedemption::Repeated { grant: code.grant },
        CodeVerdict::Replay => {
            if let Some(grant) = code.grant {
                grants::revoke(db, grant, AuditEvent::CodeReplayed, now)?;
            }
            CodeRedemption::Replayed { grant: code.grant }
        }
        CodeVerdict::Expired => CodeRedemption::Expired,
        CodeVerdict::Redeem | CodeVerdict::Refuse => CodeRedemption::Unknown,
    })
}

/// How something stands, without what it stands for.
struct Found {
    number: i64,
    state: CodeState,
}

fn find(db: &Connection, kind: OneTimeKind, hash: OneTimeHash) -> rusqlite::Result<Option<Found>> {
    db.prepare_cached(
        "SELECT number, expires_at, redeemed_at, grant_id FROM one_time WHERE hash = ?1 AND kind = ?2",
    )?
    .query_row((hash.as_bytes(), kind.as_str()), |row| {
        let state = CodeState {
            expires_at: timestamp(row, 1)?,
            redeemed_at: optional_timestamp(row, 2)?,
            grant: row.get::<_, Option<[u8; 16]>>(3)?.map(GrantId::from_bytes),
        };
        Ok(Found { number: row.get(0)?, state })
    })
    .optional()
}

fn set_redeemed(
    db: &Connection,
    found: &Found,
    grant: Option<GrantId>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE one_time SET redeemed_at = ?2, grant_id = ?3 WHERE number = ?1")?
        .execute((found.number, now.unix(), grant.map(|grant| *grant.as_bytes())))
        .map(drop)
}
