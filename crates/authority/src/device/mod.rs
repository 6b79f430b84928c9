//! Devices that a user signs in from another device (RFC 8628): their stored requests.

mod content;
mod decision;
mod polling;
mod redeeming;
mod user_code;

pub(crate) use content::{Approval, RequestContent};
pub use decision::{DecidedDevice, DecisionState, DeviceDecided, DeviceDecision, decide, is_shown};
pub use polling::{DevicePoll, DeviceState, Noted, Polled, poll};
pub use redeeming::{DeviceCodeDecision, can_be_spent, present, redeem};
pub use user_code::{UserCode, UserCodeError};

use jeton_jose::Timestamp;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use crate::one_time::OneTimeHash;

/// A new device request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeviceAuthorization {
    /// The hash of the device code.
    pub device_code: OneTimeHash,
    /// The user code, without the hyphen.
    pub user_code: Box<str>,
    /// The device's client.
    pub client: ClientId,
    /// The requested scope.
    pub scope: Scope,
    /// Everything else that was requested, as JSON.
    pub content: Box<str>,
    /// The polling interval, in seconds.
    pub interval: u32,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A device request, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// The device's client.
    pub client: ClientId,
    /// The requested scope.
    pub scope: Scope,
    /// Everything else that was requested, as JSON.
    pub content: Box<str>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The decision about it; `None` while it waits.
    pub decided: Option<DecidedDevice>,
}
