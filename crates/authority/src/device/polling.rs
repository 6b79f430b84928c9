//! What a device that asks is told: one pure function.

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::DeviceDecision;

/// By how many seconds a device that asks too often has to slow down (RFC 8628 §3.5).
const SLOW_DOWN: u32 = 5;

/// How a device's request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// The device's client.
    pub client: ClientId,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// When it asked last.
    pub last_polled_at: Option<Timestamp>,
    /// For how many seconds it waits between two questions.
    pub interval: u32,
    /// What its user decided, if they did.
    pub decision: Option<DeviceDecision>,
    /// When its code was exchanged for a grant, if it was.
    pub redeemed_at: Option<Timestamp>,
}

/// What a device that asks is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DevicePoll {
    /// Nobody decided yet.
    Pending,
    /// It asks more often than it may; it is to wait five seconds longer from now on.
    SlowDown,
    /// Somebody said no.
    Denied,
    /// Somebody said yes; this is what they gave.
    Approved {
        /// What was written with the decision.
        content: Box<str>,
    },
    /// Its time is over.
    Expired,
    /// The code was exchanged for a grant before.
    Redeemed {
        /// The client that it was given to, which may be another than the one that asks.
        client: ClientId,
    },
    /// There is no such code for who asks.
    Unknown,
}

/// What a device is told, and what is to be remembered of its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// The answer.
    pub answer: DevicePoll,
    /// What to write; nothing where nothing changes.
    pub noted: Option<Noted>,
}

/// That a device asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: Timestamp,
    /// For how many seconds it waits from now on.
    pub interval: u32,
}

/// Decides what a client that asks with a device code is told.
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
