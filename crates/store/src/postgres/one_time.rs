//! What may be used once, in PostgreSQL. A thing is locked before a rule looks at it.

use async_trait::async_trait;
use jeton_authority::grant::{EndingCause, NewGrant};
use jeton_authority::one_time::{
    self, CodeDecision, CodeRedemption, CodeState, CodeVerdict, NewAnswer, OneTime, OneTimeHash, OneTimeKind,
    Placement, Presentation, Redemption, RequestAnswer, UsedCode, present, settle,
};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::{OneTimeStore, StoreError};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::{bytes, optional_id, optional_timestamp, params, text, timestamp, uuid};
use super::connection::Connection;
use super::ending::end_grant;
use super::error::Failed;
use super::{grants, revocations};

#[async_trait]
impl OneTimeStore for PostgresStore {
    async fn place(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        content: Box<str>,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.write((kind, hash, content, expires_at, now), |db, (kind, hash, content, expires_at, now)| {
            Box::pin(place(db, *kind, *hash, content, *expires_at, *now))
        })
        .await
    }

    async fn revoke_token(
        &self,
        jti: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        let jti: Box<str> = jti.into();
        self.write((jti, expires_at, now), |db, (jti, expires_at, now)| {
            Box::pin(revoke_token(db, jti, *expires_at, *now))
        })
        .await
    }

    async fn peek(&self, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, StoreError> {
        self.read((kind, hash), |db, (kind, hash)| Box::pin(peek(db, *kind, *hash))).await
    }

    async fn redeem(
        &self,
        kind: OneTimeKind,
        hash: OneTimeHash,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        self.write((kind, hash, now), |db, (kind, hash, now)| Box::pin(redeem(db, *kind, *hash, *now))).await
    }

    async fn prolong_request(&self, request: OneTimeHash, until: Timestamp) -> Result<(), StoreError> {
        self.write((request, until), |db, (request, until)| Box::pin(prolong_request(db, *request, *until)))
            .await
    }

    async fn answer_request(&self, answer: NewAnswer, now: Timestamp) -> Result<RequestAnswer, StoreError> {
        self.write((answer, now), |db, (answer, now)| Box::pin(answer_request(db, answer, *now))).await
    }

    async fn redeem_code(
        &self,
        code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.write((code, grant, presentation), |db, (code, grant, presentation)| {
            Box::pin(redeem_code(db, *code, grant, presentation))
        })
        .await
    }
}

async fn place(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    content: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Placement, Failed> {
    let held = locked_state(db, kind, hash).await?;
    let placement = one_time::place(held.map(|held| held.expires_at), now);
    if placement == Placement::Placed {
        // Two may find nothing to lock; one of them inserts, and the other has to look again.
        let sql = if held.is_none() {
            "INSERT INTO one_time (hash, kind, content, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        } else {
            "UPDATE one_time SET content = $3, expires_at = $4, redeemed_at = NULL, grant_id = NULL
             WHERE hash = $1 AND kind = $2"
        };
        let placed = db
            .execute(sql, params![bytes(hash.as_bytes()), kind.as_str(), content, expires_at.unix()])
            .await?;
        if placed == 0 {
            return Err(Failed::Overtaken);
        }
    }
    Ok(placement)
}

async fn revoke_token(
    db: &Connection,
    jti: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Placement, Failed> {
    let hash = OneTimeHash::of(jti);
    let placement = place(db, OneTimeKind::RevokedTokenId, hash, "", expires_at, now).await?;
    if placement == Placement::Placed {
        revocations::note(db, vec![RevocationEvent { at: now, what: Revoked::Token(jti.into()) }]).await?;
    }
    Ok(placement)
}

async fn peek(db: &Connection, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, Failed> {
    let sql = "SELECT content, expires_at, redeemed_at, grant_id FROM one_time WHERE hash = $1 AND kind = $2";
    find(db, sql, kind, hash).await
}

/// The same, and nobody else uses it before the transaction ends.
async fn lock(db: &Connection, kind: OneTimeKind, hash: OneTimeHash) -> Result<Option<OneTime>, Failed> {
    let sql = "SELECT content, expires_at, redeemed_at, grant_id FROM one_time WHERE hash = $1 AND kind = $2 FOR UPDATE";
    find(db, sql, kind, hash).await
}

async fn find(
    db: &Connection,
    sql: &'static str,
    kind: OneTimeKind,
    hash: OneTimeHash,
) -> Result<Option<OneTime>, Failed> {
    let row = db.row(sql, params![bytes(hash.as_bytes()), kind.as_str()]).await?;
    row.map(|row| one_time_at(&row)).transpose()
}

pub(super) fn one_time_at(row: &Row) -> Result<OneTime, Failed> {
    Ok(OneTime {
        content: text(row, 0)?,
        expires_at: timestamp(row, 1)?,
        redeemed_at: optional_timestamp(row, 2)?,
        grant: optional_id(row, 3)?,
    })
}

async fn redeem(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    now: Timestamp,
) -> Result<Redemption, Failed> {
    let redemption = one_time::redeem(lock(db, kind, hash).await?, now);
    if matches!(redemption, Redemption::Redeemed { .. }) {
        set_used(db, kind, hash, UsedCode { at: now, grant: None }).await?;
    }
    Ok(redemption)
}

async fn prolong_request(db: &Connection, request: OneTimeHash, until: Timestamp) -> Result<(), Failed> {
    let kind = OneTimeKind::PushedRequest;
    match lock(db, kind, request).await?.and_then(|found| one_time::prolong(&found, until)) {
        Some(until) => set_expiry(db, kind, request, until).await,
        None => Ok(()),
    }
}

async fn set_expiry(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    expires_at: Timestamp,
) -> Result<(), Failed> {
    let sql = "UPDATE one_time SET expires_at = $3 WHERE hash = $1 AND kind = $2";
    db.execute(sql, params![bytes(hash.as_bytes()), kind.as_str(), expires_at.unix()]).await.map(drop)
}

async fn answer_request(
    db: &Connection,
    answer: &NewAnswer,
    now: Timestamp,
) -> Result<RequestAnswer, Failed> {
    let kind = OneTimeKind::PushedRequest;
    let request = lock(db, kind, answer.request).await?;
    let code = lock(db, OneTimeKind::AuthorizationCode, answer.code).await?;
    let decided = one_time::answer_request(request.as_ref(), code, now);
    if decided == RequestAnswer::Answered {
        set_used(db, kind, answer.request, UsedCode { at: now, grant: None }).await?;
        if let Some(kept_until) = request.and_then(|request| answer.prolongs(&request)) {
            set_expiry(db, kind, answer.request, kept_until).await?;
        }
        let kind = OneTimeKind::AuthorizationCode;
        place(db, kind, answer.code, &answer.content, answer.code_expires_at, now).await?;
    }
    Ok(decided)
}

async fn redeem_code(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    presentation: &Presentation,
) -> Result<CodeRedemption, Failed> {
    let kind = OneTimeKind::AuthorizationCode;
    let Some(found) = locked_state(db, kind, code).await? else { return Ok(CodeRedemption::Unknown) };
    let decision = match present(&found, presentation) {
        CodeVerdict::Redeem => {
            one_time::redeem_code(grant, grants::open(db, grant).await?.as_ref(), presentation.at)
        }
        verdict => settle(&found, verdict),
    };
    if let Some(used) = decision.used {
        set_used(db, kind, code, used).await?;
    }
    end_replayed(db, &decision, presentation.at).await?;
    Ok(decision.outcome)
}

/// Ends the grant that a replayed code gave.
pub(super) async fn end_replayed(
    db: &Connection,
    decision: &CodeDecision,
    now: Timestamp,
) -> Result<(), Failed> {
    let Some(grant) = decision.ends else { return Ok(()) };
    end_grant(db, grant, &EndingCause::CodeReplayed, now).await.map(drop)
}

/// How something stands, without what it stands for. Nobody else uses it before the transaction ends.
async fn locked_state(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
) -> Result<Option<CodeState>, Failed> {
    let sql =
        "SELECT expires_at, redeemed_at, grant_id FROM one_time WHERE hash = $1 AND kind = $2 FOR UPDATE";
    let state = |row: Row| {
        let (expires_at, redeemed_at) = (timestamp(&row, 0)?, optional_timestamp(&row, 1)?);
        Ok(CodeState { expires_at, redeemed_at, grant: optional_id(&row, 2)? })
    };
    db.row(sql, params![bytes(hash.as_bytes()), kind.as_str()]).await?.map(state).transpose()
}

async fn set_used(
    db: &Connection,
    kind: OneTimeKind,
    hash: OneTimeHash,
    used: UsedCode,
) -> Result<(), Failed> {
    let sql = "UPDATE one_time SET redeemed_at = $3, grant_id = $4 WHERE hash = $1 AND kind = $2";
    let (at, grant) = (used.at.unix(), used.grant.map(uuid));
    db.execute(sql, params![bytes(hash.as_bytes()), kind.as_str(), at, grant]).await.map(drop)
}
