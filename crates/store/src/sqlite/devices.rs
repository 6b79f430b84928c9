//! Device requests that wait for a user, in SQLite.

use async_trait::async_trait;
use jeton_authority::device::{
    self, DecidedDevice, DecisionState, DeviceAuthorization, DeviceCodeDecision, DeviceDecided,
    DeviceDecision, DevicePoll, DeviceState, NewDeviceAuthorization,
};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{
    CodeRedemption, CodeState, CodeVerdict, OneTimeHash, Placement, Presentation, place, settle,
};
use jeton_authority::store::{DeviceStore, StoreError};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::clients::scope;
use super::columns::{optional_text, optional_timestamp, parsed, text, timestamp};
use super::{grants, one_time};

#[async_trait]
impl DeviceStore for SqliteStore {
    async fn add_device_authorization(
        &self,
        device: NewDeviceAuthorization,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.writer.submit(move |db| add(db, &device, now)).await
    }

    async fn find_device_authorization(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError> {
        self.readers.read(|db| find(db, user_code, now))
    }

    async fn decide_device_authorization(
        &self,
        user_code: &str,
        by: UserId,
        decision: DeviceDecision,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        let user_code: Box<str> = user_code.into();
        self.writer.submit(move |db| decide(db, &user_code, by, &decision, now)).await
    }

    async fn poll_device_authorization(
        &self,
        device_code: OneTimeHash,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<DevicePoll, StoreError> {
        let client = client.clone();
        self.writer.submit(move |db| poll(db, device_code, &client, now)).await
    }

    async fn redeem_device_code(
        &self,
        device_code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.writer.submit(move |db| redeem(db, device_code, &grant, &presentation)).await
    }

    async fn spend_device_code(&self, device_code: OneTimeHash, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.submit(move |db| spend(db, device_code, now)).await
    }
}

fn add(db: &Connection, device: &NewDeviceAuthorization, now: Timestamp) -> rusqlite::Result<Placement> {
    let held_until = decision_state(db, &device.user_code)?.map(|held| held.expires_at);
    let placement = place(held_until, now);
    if placement == Placement::Taken {
        return Ok(placement);
    }
    db.prepare_cached("DELETE FROM devices WHERE user_code = ?1")?.execute([&device.user_code])?;
    let added = db
        .prepare_cached(
            "INSERT INTO devices (device_code, user_code, client, scope, content, interval, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            device.device_code.as_bytes(),
            device.user_code,
            device.client.as_str(),
            device.scope.to_string(),
            device.content,
            device.interval,
            device.expires_at.unix(),
        ])?;
    Ok(if added == 1 { placement } else { Placement::Taken })
}

fn find(db: &Connection, user_code: &str, now: Timestamp) -> rusqlite::Result<Option<DeviceAuthorization>> {
    let Some(state) = decision_state(db, user_code)?.filter(|state| device::is_shown(state, now)) else {
        return Ok(None);
    };
    db.prepare_cached("SELECT client, scope, content FROM devices WHERE user_code = ?1")?
        .query_row([user_code], |row| {
            Ok(DeviceAuthorization {
                client: parsed(row, 0)?,
                scope: scope(row, 1)?,
                content: text(row, 2)?,
                expires_at: state.expires_at,
                decided: state.decided,
            })
        })
        .optional()
}

fn decision_state(db: &Connection, user_code: &str) -> rusqlite::Result<Option<DecisionState>> {
    db.prepare_cached("SELECT expires_at, decided, allowed, decided_by FROM devices WHERE user_code = ?1")?
        .query_row([user_code], |row| {
            let (allowed, by) = (row.get::<_, Option<_>>(2)?, row.get::<_, Option<_>>(3)?);
            let decided =
                allowed.zip(by).map(|(allowed, by)| DecidedDevice { allowed, by: UserId::from_bytes(by) });
            Ok(DecisionState { expires_at: timestamp(row, 0)?, is_decided: row.get(1)?, decided })
        })
        .optional()
}

fn decide(
    db: &Connection,
    user_code: &str,
    by: UserId,
    decision: &DeviceDecision,
    now: Timestamp,
) -> rusqlite::Result<DeviceDecided> {
    let outcome = device::decide(decision_state(db, user_code)?.as_ref(), now);
    if outcome == DeviceDecided::Done {
        let approved = match decision {
            DeviceDecision::Denied => None,
            DeviceDecision::Approved { content } => Some(content),
        };
        db.prepare_cached(
            "UPDATE devices SET decided = 1, approved = ?2, allowed = ?3, decided_by = ?4 WHERE user_code = ?1",
        )?
        .execute(params![user_code, approved, decision.is_allowed(), by.as_bytes()])?;
    }
    Ok(outcome)
}

fn poll(
    db: &Connection,
    code: OneTimeHash,
    client: &ClientId,
    now: Timestamp,
) -> rusqlite::Result<DevicePoll> {
    let Some(device) = state(db, code)? else { return Ok(DevicePoll::Unknown) };
    let polled = device::poll(&device, client, now);
    if let Some(noted) = polled.noted {
        db.prepare_cached("UPDATE devices SET last_polled_at = ?2, interval = ?3 WHERE device_code = ?1")?
            .execute((code.as_bytes(), noted.at.unix(), noted.interval))?;
    }
    Ok(polled.answer)
}

fn state(db: &Connection, code: OneTimeHash) -> rusqlite::Result<Option<DeviceState>> {
    db.prepare_cached(
        "SELECT client, expires_at, last_polled_at, interval, decided, approved, redeemed_at FROM devices
         WHERE device_code = ?1",
    )?
    .query_row([code.as_bytes()], state_at)
    .optional()
}

pub(super) fn state_at(row: &Row<'_>) -> rusqlite::Result<DeviceState> {
    let decision = match (row.get(4)?, optional_text(row, 5)?) {
        (false, _) => None,
        (true, Some(content)) => Some(DeviceDecision::Approved { content }),
        (true, None) => Some(DeviceDecision::Denied),
    };
    Ok(DeviceState {
        client: parsed(row, 0)?,
        expires_at: timestamp(row, 1)?,
        last_polled_at: optional_timestamp(row, 2)?,
        interval: row.get(3)?,
        decision,
        redeemed_at: optional_timestamp(row, 6)?,
    })
}

fn redeem(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    presentation: &Presentation,
) -> rusqlite::Result<CodeRedemption> {
    let Some((state, is_approved)) = code_state(db, code)? else { return Ok(CodeRedemption::Unknown) };
    let decision = match device::present(&state, is_approved, presentation) {
        CodeVerdict::Redeem => device::redeem(grant, grants::open(db, grant)?.as_ref(), presentation.at),
        verdict => DeviceCodeDecision { code: settle(&state, verdict), takes_approval_back: false },
    };
    if decision.takes_approval_back {
        db.prepare_cached("UPDATE devices SET approved = NULL WHERE device_code = ?1")?
            .execute([code.as_bytes()])?;
    }
    if let Some(used) = decision.code.used {
        db.prepare_cached("UPDATE devices SET grant_id = ?2, redeemed_at = ?3 WHERE device_code = ?1")?
            .execute((code.as_bytes(), used.grant.as_ref().map(GrantId::as_bytes), used.at.unix()))?;
    }
    one_time::end_replayed(db, &decision.code, presentation.at)?;
    Ok(decision.code.outcome)
}

/// How a code stands, and whether its user approved the device.
fn code_state(db: &Connection, code: OneTimeHash) -> rusqlite::Result<Option<(CodeState, bool)>> {
    db.prepare_cached(
        "SELECT expires_at, redeemed_at, grant_id, approved IS NOT NULL FROM devices WHERE device_code = ?1",
    )?
    .query_row([code.as_bytes()], |row| {
        let state = CodeState {
            expires_at: timestamp(row, 0)?,
            redeemed_at: optional_timestamp(row, 1)?,
            grant: row.get::<_, Option<[u8; 16]>>(2)?.map(GrantId::from_bytes),
        };
        Ok((state, row.get::<_, bool>(3)?))
    })
    .optional()
}

fn spend(db: &Connection, code: OneTimeHash, now: Timestamp) -> rusqlite::Result<bool> {
    let can_be = code_state(db, code)?.is_some_and(|(state, _)| device::can_be_spent(&state, now));
    if can_be {
        db.prepare_cached("UPDATE devices SET redeemed_at = ?2 WHERE device_code = ?1")?
            .execute((code.as_bytes(), now.unix()))?;
    }
    Ok(can_be)
}
