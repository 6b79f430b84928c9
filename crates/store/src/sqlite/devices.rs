//! Devices that wait, in SQLite.

use jeton_authority::GrantId;
use jeton_authority::device::{DeviceAuthorization, DeviceDecision, NewDeviceAuthorization};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::OneTimeHash;
use jeton_authority::store::{CodeRedemption, DeviceDecided, DevicePoll, GrantOpening, Placement};
use jeton_jose::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::clients::scope;
use super::columns::{optional_text, optional_timestamp, parsed, text, timestamp};
use super::{grants, one_time};

/// By how much a device that asks too often has to slow down (RFC 8628 §3.5), in seconds.
const SLOW_DOWN: i64 = 5;

pub(super) fn add(
    db: &Connection,
    device: &NewDeviceAuthorization,
    now: Timestamp,
) -> rusqlite::Result<Placement> {
    db.prepare_cached("DELETE FROM devices WHERE user_code = ?1 AND expires_at <= ?2")?
        .execute((&device.user_code, now.unix()))?;
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
    Ok(if added == 1 { Placement::Placed } else { Placement::Taken })
}

pub(super) fn find(
    db: &Connection,
    user_code: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<DeviceAuthorization>> {
    db.prepare_cached(
        "SELECT client, scope, content, expires_at FROM devices
         WHERE user_code = ?1 AND expires_at > ?2 AND decided = 0",
    )?
    .query_row((user_code, now.unix()), |row| {
        Ok(DeviceAuthorization {
            client: parsed(row, 0)?,
            scope: scope(row, 1)?,
            content: text(row, 2)?,
            expires_at: timestamp(row, 3)?,
        })
    })
    .optional()
}

pub(super) fn decide(
    db: &Connection,
    user_code: &str,
    decision: &DeviceDecision,
    now: Timestamp,
) -> rusqlite::Result<DeviceDecided> {
    let decided: Option<bool> = db
        .prepare_cached("SELECT decided FROM devices WHERE user_code = ?1 AND expires_at > ?2")?
        .query_row((user_code, now.unix()), |row| row.get(0))
        .optional()?;
    match decided {
        None => return Ok(DeviceDecided::Unknown),
        Some(true) => return Ok(DeviceDecided::AlreadyDecided),
        Some(false) => {}
    }
    let approved = match decision {
        DeviceDecision::Denied => None,
        DeviceDecision::Approved { content } => Some(content),
    };
    db.prepare_cached("UPDATE devices SET decided = 1, approved = ?2 WHERE user_code = ?1")?
        .execute((user_code, approved))?;
    Ok(DeviceDecided::Done)
}

pub(super) fn poll(db: &Connection, code: OneTimeHash, now: Timestamp) -> rusqlite::Result<DevicePoll> {
    let found = db
        .prepare_cached(
            "SELECT expires_at, last_polled_at, interval, decided, approved, grant_id FROM devices WHERE device_code = ?1",
        )?
        .query_row([code.as_bytes()], |row| {
            Ok((
                timestamp(row, 0)?,
                optional_timestamp(row, 1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, bool>(3)?,
                optional_text(row, 4)?,
                row.get::<_, Option<[u8; 16]>>(5)?,
            ))
        })
        .optional()?;
    let Some((expires_at, last, interval, decided, approved, grant)) = found else {
        return Ok(DevicePoll::Unknown);
    };
    if grant.is_some() {
        return Ok(DevicePoll::Unknown);
    }
    if expires_at <= now {
        return Ok(DevicePoll::Expired);
    }
    match (decided, approved) {
        (true, Some(content)) => return Ok(DevicePoll::Approved { content }),
        (true, None) => return Ok(DevicePoll::Denied),
        (false, _) => {}
    }
    let too_soon = last.is_some_and(|last| now.unix() < last.unix().saturating_add(interval));
    db.prepare_cached(
        "UPDATE devices SET last_polled_at = ?2, interval = interval + ?3 WHERE device_code = ?1",
    )?
    .execute((code.as_bytes(), now.unix(), if too_soon { SLOW_DOWN } else { 0 }))?;
    Ok(if too_soon { DevicePoll::SlowDown } else { DevicePoll::Pending })
}

pub(super) fn redeem(
    db: &Connection,
    code: OneTimeHash,
    grant: &NewGrant,
    now: Timestamp,
) -> rusqlite::Result<CodeRedemption> {
    let found = db
        .prepare_cached(
            "SELECT expires_at, approved IS NOT NULL, grant_id FROM devices WHERE device_code = ?1 AND client = ?2",
        )?
        .query_row((code.as_bytes(), &grant.client), |row| {
            Ok((timestamp(row, 0)?, row.get::<_, bool>(1)?, row.get::<_, Option<[u8; 16]>>(2)?))
        })
        .optional()?;
    match found {
        Some((_, _, Some(grant))) => one_time::replayed(db, Some(GrantId::from_bytes(grant)), now),
        Some((expires_at, _, None)) if expires_at <= now => Ok(CodeRedemption::Expired),
        Some((_, true, None)) => {
            if grants::open(db, grant)? == GrantOpening::CredentialsChanged {
                // What failed once does not get better, so nobody said yes any more.
                db.prepare_cached("UPDATE devices SET approved = NULL WHERE device_code = ?1")?
                    .execute([code.as_bytes()])?;
                return Ok(CodeRedemption::CredentialsChanged);
            }
            db.prepare_cached("UPDATE devices SET grant_id = ?2 WHERE device_code = ?1")?
                .execute((code.as_bytes(), grant.id.as_bytes()))?;
            Ok(CodeRedemption::Opened)
        }
        Some((_, false, None)) | None => Ok(CodeRedemption::Unknown),
    }
}
