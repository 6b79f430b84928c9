//! Device requests that wait for a user (RFC 8628).

use async_trait::async_trait;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::StoreError;
use crate::UserId;
use crate::device::{DeviceAuthorization, DeviceDecided, DeviceDecision, DevicePoll, NewDeviceAuthorization};
use crate::grant::NewGrant;
use crate::one_time::{CodeRedemption, OneTimeHash, Placement, Presentation};

/// The stored device requests.
#[async_trait]
pub trait DeviceStore {
    /// Stores a device request. [`Placement::Taken`] if another one has the same user code.
    async fn add_device_authorization(
        &self,
        device: NewDeviceAuthorization,
        now: Timestamp,
    ) -> Result<Placement, StoreError>;

    /// The unexpired device request with this user code. If it is already decided, it is only found if the user who
    /// decided is known.
    async fn find_device_authorization(
        &self,
        user_code: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError>;

    /// Stores the decision about a device, following [`crate::device::decide`]. It succeeds at most once.
    async fn decide_device_authorization(
        &self,
        user_code: &str,
        by: UserId,
        decision: DeviceDecision,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError>;

    /// Answers a polling device, following [`crate::device::poll`], and records the poll (RFC 8628 §3.5).
    async fn poll_device_authorization(
        &self,
        device_code: OneTimeHash,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<DevicePoll, StoreError>;

    /// Exchanges an approved device code for a grant in one transaction, which succeeds at most once.
    /// [`crate::one_time::present`] decides about further attempts: a replay ends the grant of the first one. A code
    /// that nobody approved is [`CodeRedemption::Unknown`]. If the grant cannot be created, the approval is withdrawn.
    async fn redeem_device_code(
        &self,
        device_code: OneTimeHash,
        grant: NewGrant,
        presentation: Presentation,
    ) -> Result<CodeRedemption, StoreError>;

    /// Marks the code of a device as exchanged, without a grant, following [`crate::device::can_be_spent`]: a database that fails over may
    /// forget that it was. Answers whether that changed anything.
    async fn spend_device_code(&self, device_code: OneTimeHash, now: Timestamp) -> Result<bool, StoreError>;
}
