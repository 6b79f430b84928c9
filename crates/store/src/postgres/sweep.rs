//! Removing rows that nothing needs any longer, in PostgreSQL: few at a time, in the order in which everybody locks them, and without
//! waiting for rows that somebody else has locked. All nodes may sweep at once.

use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::one_time::OneTimeKind;
use jeton_authority::store::{ExpiredSession, Needless, StoreError, SweepStep, SweepStore};
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{id, params, timestamp, uuid, uuids, value};
use super::connection::Connection;
use super::error::Failed;
use super::grants::idle_since;
use super::{
    PostgresStore, audit_segments, leaving, mails, removal, resets, revocations, session_clients, sign_ins,
    status,
};

/// How many rows a walk looks at for each one that it may remove.
const LOOKS: u32 = 8;

#[async_trait]
impl SweepStore for PostgresStore {
    async fn sweep_one_time(
        &self,
        kind: OneTimeKind,
        needless: Needless,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.write((kind, needless, limit), |db, (kind, needless, limit)| {
            Box::pin(one_time(db, *kind, *needless, *limit))
        })
        .await
    }

    async fn sweep_devices(&self, needless: Needless, limit: u32) -> Result<u64, StoreError> {
        self.write((needless, limit), |db, (needless, limit)| Box::pin(devices(db, *needless, *limit))).await
    }

    async fn sweep_sessions(
        &self,
        from: Option<ExpiredSession>,
        expired_by: Timestamp,
        limit: u32,
    ) -> Result<SweepStep<ExpiredSession>, StoreError> {
        let found = self.read((from, expired_by, limit), |db, (from, expired_by, limit)| {
            Box::pin(needless_sessions(db, *from, *expired_by, *limit))
        });
        let Found { needless, next } = found.await?;
        if needless.is_empty() {
            return Ok(SweepStep { removed: 0, next });
        }
        let removed = self.write((needless, expired_by), |db, (needless, expired_by)| {
            Box::pin(remove_sessions(db, needless, *expired_by))
        });
        Ok(SweepStep { removed: removed.await?, next })
    }

    async fn sweep_grants(
        &self,
        from: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<SweepStep<GrantId>, StoreError> {
        let idle_since = idle_since(now, idle_lifetime);
        let found = self.read((from, limit, idle_since, now), |db, (from, limit, idle_since, now)| {
            Box::pin(needless_grants(db, *from, *limit, *idle_since, *now))
        });
        let Found { needless, next } = found.await?;
        if needless.is_empty() {
            return Ok(SweepStep { removed: 0, next });
        }
        let removed = self.write((needless, idle_since, now), |db, (needless, idle_since, now)| {
            Box::pin(remove_grants(db, needless, *idle_since, *now))
        });
        Ok(SweepStep { removed: removed.await?, next })
    }

    async fn end_removed_clients(&self) -> Result<u64, StoreError> {
        let mut ended = 0;
        while let Some(client) = self.read((), |db, ()| Box::pin(removal::first_pending(db))).await? {
            self.end_what_is_left_of(&client).await?;
            ended += 1;
        }
        Ok(ended)
    }

    async fn sweep_known_networks(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((before, limit), |db, (before, limit)| {
            Box::pin(sign_ins::sweep_networks(db, *before, *limit))
        })
        .await
    }

    async fn remove_leaving_users(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let due = self.read((now, limit), |db, (now, limit)| Box::pin(leaving::due(db, *now, *limit)));
        let mut removed = 0;
        for user in due.await? {
            removed +=
                self.write((user, now), |db, (user, now)| Box::pin(leaving::remove(db, *user, *now))).await?;
        }
        Ok(removed)
    }

    async fn sweep_revocations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((before, limit), |db, (before, limit)| Box::pin(revocations::sweep(db, *before, *limit)))
            .await
    }

    async fn sweep_status_places(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((now, limit), |db, (now, limit)| Box::pin(status::sweep(db, *now, *limit))).await
    }

    async fn sweep_resets(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((now, limit), |db, (now, limit)| Box::pin(resets::sweep(db, *now, *limit))).await
    }

    async fn sweep_mails(&self, sent: Timestamp, failed: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((sent, failed, limit), |db, (sent, failed, limit)| {
            Box::pin(mails::sweep(db, *sent, *failed, *limit))
        })
        .await
    }

    async fn sweep_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write((before, limit), |db, (before, limit)| {
            Box::pin(audit_segments::sweep(db, *before, *limit))
        })
        .await
    }
}

/// What a walk found.
struct Found<T, C> {
    needless: Vec<T>,
    /// The first row that was not looked at.
    next: Option<C>,
}

const UNUSED: &str = "DELETE FROM one_time WHERE (hash, kind) IN (SELECT hash, kind FROM one_time
    WHERE kind = $1 AND redeemed_at IS NULL AND expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)";
const USED: &str = "DELETE FROM one_time WHERE (hash, kind) IN (SELECT hash, kind FROM one_time
    WHERE kind = $1 AND redeemed_at IS NOT NULL AND expires_at <= $2 ORDER BY expires_at LIMIT $3
    FOR UPDATE SKIP LOCKED)";

async fn one_time(db: &Connection, kind: OneTimeKind, needless: Needless, limit: u32) -> Result<u64, Failed> {
    let limit = i64::from(limit);
    let unused = db.execute(UNUSED, params![kind.as_str(), needless.unused.unix(), limit]).await?;
    let rest = limit.saturating_sub_unsigned(unused);
    let used = db.execute(USED, params![kind.as_str(), needless.used.unix(), rest]).await?;
    Ok(unused + used)
}

const UNUSED_DEVICES: &str = "DELETE FROM devices WHERE device_code IN (SELECT device_code FROM devices
    WHERE redeemed_at IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
const USED_DEVICES: &str = "DELETE FROM devices WHERE device_code IN (SELECT device_code FROM devices
    WHERE redeemed_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

async fn devices(db: &Connection, needless: Needless, limit: u32) -> Result<u64, Failed> {
    let limit = i64::from(limit);
    let unused = db.execute(UNUSED_DEVICES, params![needless.unused.unix(), limit]).await?;
    let rest = limit.saturating_sub_unsigned(unused);
    let used = db.execute(USED_DEVICES, params![needless.used.unix(), rest]).await?;
    Ok(unused + used)
}

/// A session that is still needed is passed over.
async fn needless_sessions(
    db: &Connection,
    from: Option<ExpiredSession>,
    expired_by: Timestamp,
    limit: u32,
) -> Result<Found<SessionId, ExpiredSession>, Failed> {
    let sql = "SELECT s.expires_at, s.id,
                EXISTS (SELECT 1 FROM grants g WHERE g.session = s.id AND g.revoked_at IS NULL)
                OR EXISTS (SELECT 1 FROM sessions h WHERE h.id = s.replaced_by AND NOT h.seen)
         FROM sessions s WHERE s.expires_at <= $1 AND (s.expires_at, s.id) >= ($2, $3)
         ORDER BY s.expires_at, s.id LIMIT $4";
    let from_time = from.map_or(i64::MIN, |from| from.expires_at.unix());
    let from_id = uuid(from.map_or(SessionId::from_bytes([0; 16]), |from| from.id));
    let looks = limit.saturating_mul(LOOKS);
    let rows = db.rows(sql, params![expired_by.unix(), from_time, from_id, i64::from(looks) + 1]).await?;
    walk(&rows, looks, limit, |row| {
        let session = ExpiredSession { expires_at: timestamp(row, 0)?, id: id(row, 1)? };
        Ok((session, session.id, !value::<bool>(row, 2)?))
    })
}

/// Removes those of `sessions` that nothing needs still. They are locked first: whoever opens a grant in one has it locked too, and what
/// was opened by then is seen by the statement that removes.
async fn remove_sessions(
    db: &Connection,
    sessions: &[SessionId],
    expired_by: Timestamp,
) -> Result<u64, Failed> {
    let sql =
        "SELECT id FROM sessions WHERE id = ANY($1) AND expires_at <= $2 ORDER BY id FOR UPDATE SKIP LOCKED";
    let rows = db.rows(sql, params![uuids(sessions.iter().copied()), expired_by.unix()]).await?;
    let locked = rows.iter().map(|row| id(row, 0)).collect::<Result<Vec<SessionId>, _>>()?;
    let sql = "DELETE FROM sessions s WHERE s.id = ANY($1)
         AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session = s.id AND g.revoked_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM sessions h WHERE h.id = s.replaced_by AND NOT h.seen) RETURNING s.id";
    let rows = db.rows(sql, params![uuids(locked)]).await?;
    let removed = rows.iter().map(|row| id(row, 0)).collect::<Result<Vec<SessionId>, _>>()?;
    session_clients::forget_sessions(db, &removed).await?;
    Ok(removed.len() as u64)
}

/// Looks at grants from `from` on for those that can never be asked for again.
async fn needless_grants(
    db: &Connection,
    from: Option<GrantId>,
    limit: u32,
    idle_since: i64,
    now: Timestamp,
) -> Result<Found<GrantId, GrantId>, Failed> {
    let sql =
        "SELECT id, expires_at <= $2 OR minted_at <= $3 FROM grants WHERE id >= $1 ORDER BY id LIMIT $4";
    let from = uuid(from.unwrap_or(GrantId::from_bytes([0; 16])));
    let looks = limit.saturating_mul(LOOKS);
    let rows = db.rows(sql, params![from, now.unix(), idle_since, i64::from(looks) + 1]).await?;
    walk(&rows, looks, limit, |row| {
        let grant = id(row, 0)?;
        Ok((grant, grant, value(row, 1)?))
    })
}

/// Removes those of `grants` that nothing needs still; one may have been refreshed meanwhile.
async fn remove_grants(
    db: &Connection,
    grants: &[GrantId],
    idle_since: i64,
    now: Timestamp,
) -> Result<u64, Failed> {
    let sql = "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE id = ANY($1)
        AND (expires_at <= $2 OR minted_at <= $3) ORDER BY id FOR UPDATE SKIP LOCKED)";
    db.execute(sql, params![uuids(grants.iter().copied()), now.unix(), idle_since]).await
}

/// Goes through rows until it has looked at `looks` or found `limit`. `at` answers the place of a row, what it is, and whether it may go.
fn walk<T, C>(
    rows: &[Row],
    looks: u32,
    limit: u32,
    at: impl Fn(&Row) -> Result<(C, T, bool), Failed>,
) -> Result<Found<T, C>, Failed> {
    let mut needless = Vec::new();
    for (looked_at, row) in rows.iter().enumerate() {
        let (place, found, may_go) = at(row)?;
        if looked_at == looks as usize || needless.len() == limit as usize {
            return Ok(Found { needless, next: Some(place) });
        }
        if may_go {
            needless.push(found);
        }
    }
    Ok(Found { needless, next: None })
}
