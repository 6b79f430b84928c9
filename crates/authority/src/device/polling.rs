//! The answer to a polling device: one pure function.

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::DeviceDecision;

/// By how many seconds a device that polls too often must slow down (RFC 8628 §3.5).
const SLOW_DOWN: u32 = 5;

/// The state of a device request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// The device's client.
    pub client: ClientId,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When the device polled last.
    pub last_polled_at: Option<Timestamp>,
    /// The polling interval, in seconds.
    pub interval: u32,
    /// The user's decision, if there is one.
    pub decision: Option<DeviceDecision>,
    /// When its code was exchanged for a grant, if it was.
    pub redeemed_at: Option<Timestamp>,
}

/// The answer to a polling device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DevicePoll {
    /// Nobody has decided yet.
    Pending,
    /// The device polls too often; it must wait five seconds longer from now on.
    SlowDown,
    /// The user denied the request.
    Denied,
    /// The user allowed the request.
    Approved {
        /// The data stored with the decision.
        content: Box<str>,
    },
    /// The request has expired.
    Expired,
    /// The code has already been exchanged for a grant.
    Redeemed {
        /// The client that it was issued to, which may differ from the caller.
        client: ClientId,
    },
    /// There is no such code for this caller.
    Unknown,
}

/// The answer to a device, and what to store about the poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// The answer.
    pub answer: DevicePoll,
    /// What to write; `None` if nothing changes.
    pub noted: Option<Noted>,
}

/// A poll by a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// When it happened.
    pub at: Timestamp,
    /// The polling interval from now on, in seconds.
    pub interval: u32,
}

/// Decides the answer to a client that polls with a device code.
pub fn poll(device: &DeviceState, client: &ClientId, now: Timestamp) -> Polled {
    let told = |answer| Polled { answer, noted: None };
    if device.redeemed_at.is_some() {
        return told(DevicePoll::Redeemed { client: device.client.clone() });
    }
    // Another client learns nothing, and does not slow the device down.
    if device.client != *client {
        return told(DevicePoll::Unknown);
    }
    if device.expires_at <= now {
        return told(DevicePoll::Expired);
    }
    match &device.decision {
        Some(DeviceDecision::Approved { content }) => {
            return told(DevicePoll::Approved { content: content.clone() });
        }
        Some(DeviceDecision::Denied) => return told(DevicePoll::Denied),
        None => {}
    }
    // In both directions: a device that polled while the clock was ahead does not wait until the clock is there again.
    let waited = device.last_polled_at.map(|last| now.unix().abs_diff(last.unix()));
    if waited.is_some_and(|waited| waited < u64::from(device.interval)) {
        let interval = device.interval.saturating_add(SLOW_DOWN);
        return Polled { answer: DevicePoll::SlowDown, noted: Some(Noted { at: now, interval }) };
    }
    let noted = Noted { at: now, interval: device.interval };
    Polled { answer: DevicePoll::Pending, noted: Some(noted) }
}
