//! Devices that somebody signs in from elsewhere (RFC 8628): what is remembered while one waits.

mod content;
mod decision;
mod polling;
mod redeeming;
mod user_code;

pub(crate) use content::{Approval, RequestContent};
pub use decision::{DecidedDevice, DecisionState, DeviceDecided, DeviceDecision, decide, is_shown};
pub use polling::{DevicePoll, DeviceState, Noted, Polled, poll};
pub use redeeming::{DeviceCodeDecision, present, redeem};
pub use user_code::{UserCode, UserCodeError};

use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use crate::one_time::OneTimeHash;

/// A device that begins to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeviceAuthorization {
    /// What the device asks with.
    pub device_code: OneTimeHash,
    /// What its user types, without the hyphen.
    pub user_code: Box<str>,
    /// The device's client.
    pub client: ClientId,
    /// What it asks for.
    pub scope: Scope,
    /// Whatever else it asked for, as JSON.
    pub content: Box<str>,
    /// For how many seconds it waits between two questions.
    pub interval: u32,
    /// When its time is over.
    pub expires_at: Timestamp,
}

/// A device whose code is known, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// The device's client.
    pub client: ClientId,
    /// What it asks for.
    pub scope: Scope,
    /// Whatever else it asked for, as JSON.
    pub content: Box<str>,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// What was decided about it; nothing while it waits.
    pub decided: Option<DecidedDevice>,
}
