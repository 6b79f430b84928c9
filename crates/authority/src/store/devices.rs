//! Devices that wait for somebody to sign them in (RFC 8628).

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::UserId;
use crate::device::{DeviceAuthorization, DeviceDecided, DeviceDecision, DevicePoll, NewDeviceAuthorization};
use crate::grant::NewGrant;
use crate::one_time::{CodeRedemption, OneTimeHash, Placement, Presentation};

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
