//! Removing rows that nothing needs any longer, in SQLite. Grants and sessions that can go are found by a reader, and the
//! writer checks them again; for the others an index leads the writer straight to them.

use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::one_time::OneTimeKind;
use jeton_authority::store::{ExpiredSession, Needless, StoreError, SweepStep, SweepStore};
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use rusqlite::Connection;

use super::columns::{grant_id, halves, timestamp};
use super::grants::idle_since;
use super::{
    SqliteStore, audit_segments, leaving, mails, removal, resets, revocations, session_clients, sign_ins,
    status,
};

/// How many rows a walk looks at for each one that it may remove.
const LOOKS: u32 = 8;

#[async_trait]
impl SweepStore for SqliteStore {
    async fn sweep_one_time(
        &self,
        kind: OneTimeKind,
        needless: Needless,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.writer.submit(move |db| one_time(db, kind, needless, limit)).await
    }

    async fn sweep_devices(&self, needless: Needless, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| devices(db, needless, limit)).await
    }

    async fn sweep_sessions(
        &self,
        from: Option<ExpiredSession>,
        expired_by: Timestamp,
        limit: u32,
    ) -> Result<SweepStep<ExpiredSession>, StoreError> {
        let Found { needless, next } =
            self.list(move |db| needless_sessions(db, from, expired_by, limit)).await?;
        if needless.is_empty() {
            return Ok(SweepStep { removed: 0, next });
        }
        let removed = self.writer.submit(move |db| remove_sessions(db, &needless, expired_by)).await?;
        Ok(SweepStep { removed, next })
    }

    async fn sweep_grants(
        &self,
        from: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<SweepStep<GrantId>, StoreError> {
        let Found { needless, next } =
            self.list(move |db| needless_grants(db, from, limit, idle_lifetime, now)).await?;
        if needless.is_empty() {
            return Ok(SweepStep { removed: 0, next });
        }
        let removed = self.writer.submit(move |db| remove_grants(db, &needless, idle_lifetime, now)).await?;
        Ok(SweepStep { removed, next })
    }

    async fn end_removed_clients(&self) -> Result<u64, StoreError> {
        let mut ended = 0;
        while let Some(client) = self.readers.read(removal::first_pending)? {
            self.end_what_is_left_of(&client).await?;
            ended += 1;
        }
        Ok(ended)
    }

    async fn sweep_known_networks(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| sign_ins::sweep_networks(db, before, limit)).await
    }

    async fn remove_leaving_users(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| leaving::remove(db, now, limit)).await
    }

    async fn sweep_revocations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| revocations::sweep(db, before, limit)).await
    }

    async fn sweep_status_places(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| status::sweep(db, now, limit)).await
    }

    async fn sweep_resets(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| resets::sweep(db, now, limit)).await
    }

    async fn sweep_mails(&self, sent: Timestamp, failed: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| mails::sweep(db, sent, failed, limit)).await
    }

    async fn sweep_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer.submit(move |db| audit_segments::sweep(db, before, limit)).await
    }
}

/// What a reader found.
struct Found<T, C> {
    needless: Vec<T>,
    /// The first row that was not looked at.
    next: Option<C>,
}

const UNUSED: &str = "DELETE FROM one_time WHERE number IN (SELECT number FROM one_time
    WHERE kind = ?1 AND redeemed_at IS NULL AND expires_at <= ?2 LIMIT ?3)";
const USED: &str = "DELETE FROM one_time WHERE number IN (SELECT number FROM one_time
    WHERE kind = ?1 AND redeemed_at IS NOT NULL AND expires_at <= ?2 LIMIT ?3)";

fn one_time(db: &Connection, kind: OneTimeKind, needless: Needless, limit: u32) -> rusqlite::Result<u64> {
    let unused = db.prepare_cached(UNUSED)?.execute((kind.as_str(), needless.unused.unix(), limit))?;
    let rest = i64::from(limit).saturating_sub_unsigned(unused as u64);
    let used = db.prepare_cached(USED)?.execute((kind.as_str(), needless.used.unix(), rest))?;
    Ok((unused + used) as u64)
}

const UNUSED_DEVICES: &str = "DELETE FROM devices WHERE device_code IN (SELECT device_code FROM devices
    WHERE redeemed_at IS NULL AND expires_at <= ?1 LIMIT ?2)";
const USED_DEVICES: &str = "DELETE FROM devices WHERE device_code IN (SELECT device_code FROM devices
    WHERE redeemed_at IS NOT NULL AND expires_at <= ?1 LIMIT ?2)";

fn devices(db: &Connection, needless: Needless, limit: u32) -> rusqlite::Result<u64> {
    let unused = db.prepare_cached(UNUSED_DEVICES)?.execute((needless.unused.unix(), limit))?;
    let rest = i64::from(limit).saturating_sub_unsigned(unused as u64);
    let used = db.prepare_cached(USED_DEVICES)?.execute((needless.used.unix(), rest))?;
    Ok((unused + used) as u64)
}

/// A session that is still needed is passed over.
fn needless_sessions(
    db: &Connection,
    from: Option<ExpiredSession>,
    expired_by: Timestamp,
    limit: u32,
) -> rusqlite::Result<Found<SessionId, ExpiredSession>> {
    let mut select = db.prepare_cached(
        "SELECT s.expires_at, s.id,
                EXISTS (SELECT 1 FROM grants g WHERE g.session = s.id AND g.revoked_at IS NULL)
                OR EXISTS (SELECT 1 FROM sessions h WHERE h.id = s.replaced_by AND h.seen = 0)
         FROM sessions s WHERE s.expires_at <= ?1 AND (s.expires_at, s.id) >= (?2, ?3)
         ORDER BY s.expires_at, s.id LIMIT ?4",
    )?;
    let from = from.map_or((i64::MIN, [0; 16]), |from| (from.expires_at.unix(), *from.id.as_bytes()));
    let looks = limit.saturating_mul(LOOKS);
    let mut rows = select.query((expired_by.unix(), from.0, from.1, i64::from(looks) + 1))?;
    let (mut needless, mut looked_at) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let session =
            ExpiredSession { expires_at: timestamp(row, 0)?, id: row.get(1).map(SessionId::from_bytes)? };
        if looked_at == looks || needless.len() == limit as usize {
            return Ok(Found { needless, next: Some(session) });
        }
        looked_at += 1;
        if !row.get(2)? {
            needless.push(session.id);
        }
    }
    Ok(Found { needless, next: None })
}

/// Removes those of `sessions` that nothing needs still.
fn remove_sessions(db: &Connection, sessions: &[SessionId], expired_by: Timestamp) -> rusqlite::Result<u64> {
    let mut delete = db.prepare_cached(
        "DELETE FROM sessions WHERE id = ?1 AND expires_at <= ?2
         AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session = ?1 AND g.revoked_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM sessions h WHERE h.id = sessions.replaced_by AND h.seen = 0)",
    )?;
    let mut removed = 0;
    for session in sessions {
        if delete.execute((session.as_bytes(), expired_by.unix()))? == 1 {
            session_clients::forget_session(db, *session)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Looks at grants from `from` on for those that can never be asked for again.
fn needless_grants(
    db: &Connection,
    from: Option<GrantId>,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<Found<GrantId, GrantId>> {
    let mut select = db.prepare_cached(
        "SELECT id_high, id_low, expires_at <= ?2 OR minted_at <= ?3 FROM grants WHERE id_high >= ?1
         ORDER BY id_high LIMIT ?4",
    )?;
    let from = from.map_or(i64::MIN, |grant| halves(grant).0);
    let looks = limit.saturating_mul(LOOKS);
    let mut rows = select.query((from, now.unix(), idle_since(now, idle_lifetime), i64::from(looks) + 1))?;
    let (mut needless, mut looked_at) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let id = grant_id(row.get(0)?, row.get(1)?);
        if looked_at == looks || needless.len() == limit as usize {
            return Ok(Found { needless, next: Some(id) });
        }
        looked_at += 1;
        if row.get(2)? {
            needless.push(id);
        }
    }
    Ok(Found { needless, next: None })
}

/// Removes those of `grants` that nothing needs still; one may have been refreshed meanwhile.
fn remove_grants(
    db: &Connection,
    grants: &[GrantId],
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<u64> {
    let mut delete =
        db.prepare_cached("DELETE FROM grants WHERE id_high = ?1 AND (expires_at <= ?2 OR minted_at <= ?3)")?;
    let idle_since = idle_since(now, idle_lifetime);
    let mut removed = 0;
    for grant in grants {
        removed += delete.execute((halves(*grant).0, now.unix(), idle_since))? as u64;
    }
    Ok(removed)
}

#[cfg(test)]
pub(super) mod tests {
    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::*;
    use crate::sqlite::{Access, OpenMode, schema};

    #[test]
    fn the_writer_finds_what_it_removes_by_an_index() {
        let (_folder, db) = opened();
        for sql in [
            UNUSED,
            USED,
            UNUSED_DEVICES,
            USED_DEVICES,
            audit_segments::ANY_OLD,
            revocations::SWEEP,
            mails::SENT,
            mails::FAILED,
            mails::EXPIRED,
            resets::SWEEP,
        ] {
            let plan = plan(&db, sql);
            assert!(!plan.contains("SCAN"), "{sql}\n{plan}");
        }
    }

    pub(in crate::sqlite) fn opened() -> (TempDir, Connection) {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let db = schema::open(
            &folder.path().join("jeton.db"),
            OpenMode::CreateOrMigrate,
            Access::Command,
            None,
            &|_| {},
        );
        let (db, _) = db.expect("opening");
        (folder, db)
    }

    /// How SQLite goes about a statement.
    pub(in crate::sqlite) fn plan(db: &Connection, sql: &str) -> String {
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let mut rows = explain.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().expect("a plan") {
            plan += &row.get::<_, String>(3).expect("a step");
            plan.push('\n');
        }
        plan
    }
}
