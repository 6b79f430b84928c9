//! Devices that wait for somebody to sign them in (RFC 8628).

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::{CodeRedemption, Placement, StoreError};
use crate::UserId;
use crate::device::{DecidedDevice, DeviceAuthorization, DeviceDecision, NewDeviceAuthorization};
use crate::grant::NewGrant;
use crate::one_time::{OneTimeHash, Presentation};

/// The outcome of deciding about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceDecided {
    /// The decision is written.
    Done,
    /// Somebody decided before; nothing was changed. This is what they decided, where that is known.
    AlreadyDecided(Option<DecidedDevice>),
    /// There is no such code, or its time is over.
    Unknown,
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

/// What the authority remembers of devices.
#[async_trait]
pub trait DeviceStore {
    /// Remembers a device that waits. [`Placement::Taken`] where another one has that user code.
    async fn add_device_authorization(
        &self,
        device: NewDeviceAuthorization,
        now: Timestamp,
    ) -> Result<Placement, StoreError>;

    /// The device under this user code, where its time is not over. One that was decided about is found only where it is known who
    /// decided.
    async fn find_device_authorization(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError>;

    /// Writes what somebody decided about a device, as [`crate::device::decide`] says, which succeeds at most once.
    async fn decide_device_authorization(
        &self,
        user_code: &str,
        by: UserId,
        decision: DeviceDecision,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError>;

    /// Answers a device that asks, as [`crate::device::poll`] decides, and notes that it did (RFC 8628 §3.5).
    async fn poll_device_authorization(
        &self,
        device_code: OneTimeHash,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<DevicePoll, StoreError>;

    /// Exchanges an approved device code for a grant, in one transaction, which succeeds at most once. What another attempt
    /// does is decided by [`crate::one_time::present`]; where it is a replay, the grant that the first attempt gave ends. What
    /// nobody approved is [`CodeRedemption::Unknown`]. An approval whose grant cannot be opened is taken back.
    async fn redeem_device_code(
        &self,
        device_code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError>;
}
