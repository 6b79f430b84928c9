//! What may be used once, in SQLite.

use async_trait::async_trait;
use jeton_authority::GrantId;
use jeton_authority::grant::{EndingCause, NewGrant};
use jeton_authority::one_time::{
    self, CodeDecision, CodeRedemption, CodeState, CodeVerdict, NewAnswer, OneTime, OneTimeHash, OneTimeKind,
    Placement, Presentation, Redemption, RequestAnswer, UsedCode, present, settle,
};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{OneTimeStore, StoreError};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::columns::{optional_timestamp, text, timestamp};
use super::ending::end_grant;
use super::{grants, revocations};

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

    async fn revoke_token(
        &self,
        jti: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        let jti: Box<str> = jti.into();
        self.writer.submit(move |db| revoke_token(db, &jti, expires_at, now)).await
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

fn place(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    content: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Placement> {
    let placement = one_time::place(state(db, kind, hash)?.map(|held| held.expires_at), now);
    if placement == Placement::Placed {
        db.prepare_cached(
            "INSERT INTO one_time (kind, hash, content, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hash, kind) DO UPDATE
             SET content = excluded.content, expires_at = excluded.expires_at, redeemed_at = NULL, grant_id = NULL",
        )?
        .execute((kind.as_str(), hash.as_bytes(), content, expires_at.unix()))?;
    }
    Ok(placement)
}

fn revoke_token(
    db: &Connection,
    jti: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Placement> {
    let placement = place(db, OneTimeKind::RevokedTokenId, OneTimeHash::of(jti), "", expires_at, now)?;
    if placement == Placement::Placed {
        revocations::note(db, &RevocationEvent { at: now, what: Revoked::Token(jti.into()) })?;
    }
    Ok(placement)
}

fn peek(db: &Connection, kind: OneTimeKind, hash: OneTimeHash) -> rusqlite::Result<Option<OneTime>> {
    db.prepare_cached(
        "SELECT content, expires_at, redeemed_at, grant_id FROM one_time WHERE hash = ?1 AND kind = ?2",
    )?
    .query_row((hash.as_bytes(), kind.as_str()), one_time_at)
    .optional()
}

pub(super) fn one_time_at(row: &Row<'_>) -> rusqlite::Result<OneTime> {
    Ok(OneTime {
        content: text(row, 0)?,
        expires_at: timestamp(row, 1)?,
        redeemed_at: optional_timestamp(row, 2)?,
        grant: row.get::<_, Option<[u8; 16]>>(3)?.map(GrantId::from_bytes),
    })
}

fn redeem(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    now: Timestamp,
) -> rusqlite::Result<Redemption> {
    let redemption = one_time::redeem(peek(db, kind, hash)?, now);
    if matches!(redemption, Redemption::Redeemed { .. }) {
        set_used(db, kind, hash, UsedCode { at: now, grant: None })?;
    }
    Ok(redemption)
}

fn prolong_request(db: &Connection, request: OneTimeHash, until: Timestamp) -> rusqlite::Result<()> {
    let kind = OneTimeKind::PushedRequest;
    match peek(db, kind, request)?.and_then(|found| one_time::prolong(&found, until)) {
        Some(until) => set_expiry(db, kind, request, until),
        None => Ok(()),
    }
}

fn set_expiry(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    expires_at: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE one_time SET expires_at = ?3 WHERE hash = ?1 AND kind = ?2")?
        .execute((hash.as_bytes(), kind.as_str(), expires_at.unix()))
        .map(drop)
}

fn answer_request(db: &Connection, answer: &NewAnswer, now: Timestamp) -> rusqlite::Result<RequestAnswer> {
    let kind = OneTimeKind::PushedRequest;
    let request = peek(db, kind, answer.request)?;
    let code = peek(db, OneTimeKind::AuthorizationCode, answer.code)?;
    let decided = one_time::answer_request(request.as_ref(), code, now);
    if decided == RequestAnswer::Answered {
        set_used(db, kind, answer.request, UsedCode { at: now, grant: None })?;
        if let Some(kept_until) = request.and_then(|request| answer.prolongs(&request)) {
            set_expiry(db, kind, answer.request, kept_until)?;
        }
        let kind = OneTimeKind::AuthorizationCode;
        place(db, kind, answer.code, &answer.content, answer.code_expires_at, now)?;
    }
    Ok(decided)
}

fn redeem_code(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    presentation: &Presentation,
) -> rusqlite::Result<CodeRedemption> {
    let kind = OneTimeKind::AuthorizationCode;
    let Some(found) = state(db, kind, code)? else { return Ok(CodeRedemption::Unknown) };
    let decision = match present(&found, presentation) {
        CodeVerdict::Redeem => {
            one_time::redeem_code(grant, grants::open(db, grant)?.as_ref(), presentation.at)
        }
        verdict => settle(&found, verdict),
    };
    if let Some(used) = decision.used {
        set_used(db, kind, code, used)?;
    }
    end_replayed(db, &decision, presentation.at)?;
    Ok(decision.outcome)
}

/// Ends the grant that a replayed code gave.
pub(super) fn end_replayed(db: &Connection, decision: &CodeDecision, now: Timestamp) -> rusqlite::Result<()> {
    let Some(grant) = decision.ends else { return Ok(()) };
    end_grant(db, grant, &EndingCause::CodeReplayed, now).map(drop)
}

/// How something stands, without what it stands for.
fn state(db: &Connection, kind: OneTimeKind, hash: OneTimeHash) -> rusqlite::Result<Option<CodeState>> {
    db.prepare_cached("SELECT expires_at, redeemed_at, grant_id FROM one_time WHERE hash = ?1 AND kind = ?2")?
        .query_row((hash.as_bytes(), kind.as_str()), |row| {
            Ok(CodeState {
                expires_at: timestamp(row, 0)?,
                redeemed_at: optional_timestamp(row, 1)?,
                grant: row.get::<_, Option<_>>(2)?.map(GrantId::from_bytes),
            })
        })
        .optional()
}

fn set_used(db: &Connection, kind: OneTimeKind, hash: OneTimeHash, used: UsedCode) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE one_time SET redeemed_at = ?3, grant_id = ?4 WHERE hash = ?1 AND kind = ?2")?
        .execute((hash.as_bytes(), kind.as_str(), used.at.unix(), used.grant.as_ref().map(GrantId::as_bytes)))
        .map(drop)
}
