//! Devices that wait, in PostgreSQL. A device's row is locked before a rule looks at it.

use async_trait::async_trait;
use jeton_authority::UserId;
use jeton_authority::device::{
    self, DecidedDevice, DecisionState, DeviceAuthorization, DeviceCodeDecision, DeviceDecided,
    DeviceDecision, DevicePoll, DeviceState, NewDeviceAuthorization,
};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{
    CodeRedemption, CodeState, CodeVerdict, OneTimeHash, Placement, Presentation, place, settle,
};
use jeton_authority::store::{DeviceStore, StoreError};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use tokio_postgres::Row;

use super::PostgresStore;
use super::clients::scope;
use super::columns::{
    bytes, optional_id, optional_text, optional_timestamp, params, parsed, text, timestamp, uuid, value,
};
use super::connection::Connection;
use super::error::Failed;
use super::{grants, one_time};

#[async_trait]
impl DeviceStore for PostgresStore {
    async fn add_device_authorization(
        &self,
        device: NewDeviceAuthorization,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        self.write((device, now), |db, (device, now)| Box::pin(add(db, device, *now))).await
    }

    async fn find_device_authorization(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError> {
        self.read((user_code.to_owned(), now), |db, (user_code, now)| Box::pin(find(db, user_code, *now)))
            .await
    }

    async fn decide_device_authorization(
        &self,
        user_code: &str,
        by: UserId,
        decision: DeviceDecision,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        self.write((user_code.to_owned(), by, decision, now), |db, (user_code, by, decision, now)| {
            Box::pin(decide(db, user_code, *by, decision, *now))
        })
        .await
    }

    async fn poll_device_authorization(
        &self,
        device_code: OneTimeHash,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<DevicePoll, StoreError> {
        self.write((device_code, client.clone(), now), |db, (device_code, client, now)| {
            Box::pin(poll(db, *device_code, client, *now))
        })
        .await
    }

    async fn redeem_device_code(
        &self,
        device_code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError> {
        self.write((device_code, grant, presentation), |db, (device_code, grant, presentation)| {
            Box::pin(redeem(db, *device_code, grant, presentation))
        })
        .await
    }

    async fn spend_device_code(&self, device_code: OneTimeHash, now: Timestamp) -> Result<bool, StoreError> {
        self.write((device_code, now), |db, (code, now)| Box::pin(spend(db, *code, *now))).await
    }
}

async fn add(db: &Connection, device: &NewDeviceAuthorization, now: Timestamp) -> Result<Placement, Failed> {
    let held_until = locked_decision(db, &device.user_code).await?.map(|held| held.expires_at);
    let placement = place(held_until, now);
    if placement == Placement::Taken {
        return Ok(placement);
    }
    db.execute("DELETE FROM devices WHERE user_code = $1", params![&*device.user_code]).await?;
    let added = db
        .execute(
            "INSERT INTO devices (device_code, user_code, client, scope, content, interval, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            params![
                bytes(device.device_code.as_bytes()),
                &*device.user_code,
                device.client.as_str(),
                device.scope.to_string(),
                &*device.content,
                i64::from(device.interval),
                device.expires_at.unix(),
            ],
        )
        .await?;
    Ok(if added == 1 { placement } else { Placement::Taken })
}

async fn find(
    db: &Connection,
    user_code: &str,
    now: Timestamp,
) -> Result<Option<DeviceAuthorization>, Failed> {
    if unwritable(user_code) {
        return Ok(None);
    }
    let sql = "SELECT expires_at, decided, allowed, decided_by, client, scope, content FROM devices WHERE user_code = $1";
    let Some(row) = db.row(sql, params![user_code]).await? else { return Ok(None) };
    let state = decision_state(&row)?;
    let shown = || {
        Ok(DeviceAuthorization {
            client: parsed(&row, 4)?,
            scope: scope(&row, 5)?,
            content: text(&row, 6)?,
            expires_at: state.expires_at,
            decided: state.decided,
        })
    };
    device::is_shown(&state, now).then(shown).transpose()
}

/// Whether no column holds this, so that nothing is found by it: PostgreSQL's texts have no U+0000.
fn unwritable(text: &str) -> bool {
    text.contains('\0')
}

async fn locked_decision(db: &Connection, user_code: &str) -> Result<Option<DecisionState>, Failed> {
    if unwritable(user_code) {
        return Ok(None);
    }
    let sql = "SELECT expires_at, decided, allowed, decided_by FROM devices WHERE user_code = $1 FOR UPDATE";
    db.row(sql, params![user_code]).await?.map(|row| decision_state(&row)).transpose()
}

fn decision_state(row: &Row) -> Result<DecisionState, Failed> {
    let (allowed, by) = (value::<Option<bool>>(row, 2)?, optional_id(row, 3)?);
    let decided = allowed.zip(by).map(|(allowed, by)| DecidedDevice { allowed, by });
    Ok(DecisionState { expires_at: timestamp(row, 0)?, is_decided: value(row, 1)?, decided })
}

async fn decide(
    db: &Connection,
    user_code: &str,
    by: UserId,
    decision: &DeviceDecision,
    now: Timestamp,
) -> Result<DeviceDecided, Failed> {
    let outcome = device::decide(locked_decision(db, user_code).await?.as_ref(), now);
    if outcome == DeviceDecided::Done {
        let approved = match decision {
            DeviceDecision::Denied => None,
            DeviceDecision::Approved { content } => Some(&**content),
        };
        let sql = "UPDATE devices SET decided = true, approved = $2, allowed = $3, decided_by = $4 WHERE user_code = $1";
        db.execute(sql, params![user_code, approved, decision.is_allowed(), uuid(by)]).await?;
    }
    Ok(outcome)
}

async fn poll(
    db: &Connection,
    code: OneTimeHash,
    client: &ClientId,
    now: Timestamp,
) -> Result<DevicePoll, Failed> {
    let Some(device) = locked_state(db, code).await? else { return Ok(DevicePoll::Unknown) };
    let polled = device::poll(&device, client, now);
    if let Some(noted) = polled.noted {
        let sql = "UPDATE devices SET last_polled_at = $2, interval = $3 WHERE device_code = $1";
        let interval = i64::from(noted.interval);
        db.execute(sql, params![bytes(code.as_bytes()), noted.at.unix(), interval]).await?;
    }
    Ok(polled.answer)
}

async fn locked_state(db: &Connection, code: OneTimeHash) -> Result<Option<DeviceState>, Failed> {
    let sql =
        "SELECT client, expires_at, last_polled_at, interval, decided, approved, redeemed_at FROM devices
               WHERE device_code = $1 FOR UPDATE";
    db.row(sql, params![bytes(code.as_bytes())]).await?.map(|row| state_at(&row)).transpose()
}

pub(super) fn state_at(row: &Row) -> Result<DeviceState, Failed> {
    let decision = match (value(row, 4)?, optional_text(row, 5)?) {
        (false, _) => None,
        (true, Some(content)) => Some(DeviceDecision::Approved { content }),
        (true, None) => Some(DeviceDecision::Denied),
    };
    Ok(DeviceState {
        client: parsed(row, 0)?,
        expires_at: timestamp(row, 1)?,
        last_polled_at: optional_timestamp(row, 2)?,
        interval: value::<i64>(row, 3)?.try_into().map_err(|_| Failed::Unreadable)?,
        decision,
        redeemed_at: optional_timestamp(row, 6)?,
    })
}

async fn redeem(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    presentation: &Presentation,
) -> Result<CodeRedemption, Failed> {
    let Some((state, is_approved)) = locked_code_state(db, code).await? else {
        return Ok(CodeRedemption::Unknown);
    };
    let decision = match device::present(&state, is_approved, presentation) {
        CodeVerdict::Redeem => {
            device::redeem(grant, grants::open(db, grant).await?.as_ref(), presentation.at)
        }
        verdict => DeviceCodeDecision { code: settle(&state, verdict), takes_approval_back: false },
    };
    if decision.takes_approval_back {
        let sql = "UPDATE devices SET approved = NULL WHERE device_code = $1";
        db.execute(sql, params![bytes(code.as_bytes())]).await?;
    }
    if let Some(used) = decision.code.used {
        let sql = "UPDATE devices SET grant_id = $2, redeemed_at = $3 WHERE device_code = $1";
        let grant = used.grant.map(uuid);
        db.execute(sql, params![bytes(code.as_bytes()), grant, used.at.unix()]).await?;
    }
    one_time::end_replayed(db, &decision.code, presentation.at).await?;
    Ok(decision.code.outcome)
}

/// How a code stands, and whether its user approved the device.
async fn locked_code_state(db: &Connection, code: OneTimeHash) -> Result<Option<(CodeState, bool)>, Failed> {
    let sql =
        "SELECT expires_at, redeemed_at, grant_id, approved IS NOT NULL FROM devices WHERE device_code = $1
               FOR UPDATE";
    let Some(row) = db.row(sql, params![bytes(code.as_bytes())]).await? else { return Ok(None) };
    let state = CodeState {
        expires_at: timestamp(&row, 0)?,
        redeemed_at: optional_timestamp(&row, 1)?,
        grant: optional_id(&row, 2)?,
    };
    Ok(Some((state, value(&row, 3)?)))
}

async fn spend(db: &Connection, code: OneTimeHash, now: Timestamp) -> Result<bool, Failed> {
    let found = locked_code_state(db, code).await?;
    let can_be = found.is_some_and(|(state, _)| device::can_be_spent(&state, now));
    if can_be {
        let sql = "UPDATE devices SET redeemed_at = $2 WHERE device_code = $1";
        db.execute(sql, params![bytes(code.as_bytes()), now.unix()]).await?;
    }
    Ok(can_be)
}
