//! Signing in on a device from another device (RFC 8628): the device waits, and its user finds it by its code and
//! allows or denies it. `grant_types/device_code.rs` then issues its tokens.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::{AuthorizationDetails, GrantType};
use jeton_oauth::{ErrorCode, Scope};
use serde::Serialize;

use crate::audit::AuditEvent;
use crate::base::Base;
use crate::client::Client;
use crate::device::{
    Approval, DecidedDevice, DeviceDecision, NewDeviceAuthorization, RequestContent, UserCode, UserCodeError,
};
use crate::grant::GrantDetail;
use crate::grant_types::{Permitted, TokenCall};
use crate::oauth_error::OAuthError;
use crate::one_time::Handle;
use crate::sign_in::{ConsentDemand, Demand, SignedIn, Step, next_unless_done};
use crate::store::{DeviceDecided, Placement, StoreError};
use crate::throttle::{Asker, account_tag};
use crate::user::User;
use crate::{Caller, Network};

/// The polling interval of a device, in seconds (RFC 8628 §3.2).
pub const DEVICE_INTERVAL: u32 = 5;
/// How often a user code is generated until it is unused. There are 25 thousand million codes, so collisions are rare.
const ATTEMPTS: usize = 8;

/// The response to a device (RFC 8628 §3.2).
#[derive(Clone, Serialize)]
pub struct DeviceAuthorizationResponse {
    /// The device code.
    pub device_code: String,
    /// The user code.
    pub user_code: String,
    /// The URL for its user.
    pub verification_uri: String,
    /// The same with the code, for a QR code.
    pub verification_uri_complete: String,
    /// The lifetime of the codes, in seconds.
    pub expires_in: u64,
    /// The polling interval, in seconds.
    pub interval: u32,
}

impl std::fmt::Debug for DeviceAuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceAuthorizationResponse")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// A device request, as the page shows it to its user.
#[derive(Debug, Clone)]
pub struct FoundDevice {
    /// The user code.
    pub user_code: UserCode,
    /// The device's client.
    pub client: Arc<Client>,
    /// The requested scope.
    pub scope: Scope,
    /// The requested authorization details (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// The requested resources (RFC 8707).
    pub resources: Vec<Box<str>>,
    /// The decision about it; `None` while it waits.
    pub decided: Option<DecidedDevice>,
}

/// Why no device was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindDeviceError {
    /// The input cannot be a user code.
    #[error(transparent)]
    NoCode(#[from] UserCodeError),
    /// No device waits with this code, or no longer.
    #[error("no device is waiting for this code")]
    Unknown,
    /// There were too many wrong codes from this network.
    #[error("too many incorrect user codes")]
    Throttled {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl FindDeviceError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCode(UserCodeError::Missing) => "user_code_missing",
            Self::NoCode(UserCodeError::Malformed) => "user_code_malformed",
            Self::Unknown => "user_code_unknown",
            Self::Throttled { .. } => "user_code_throttled",
            Self::Failed(error) => error.code(),
        }
    }
}

impl From<StoreError> for FindDeviceError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Signs devices in from other devices.
pub struct Devices {
    pub(crate) base: Base,
}

impl Devices {
    /// Starts a device request. `page` is the URL where people enter its code.
    ///
    /// # Errors
    /// [`OAuthError`] with the code for the wire.
    pub async fn begin(
        &self,
        request: &TokenCall,
        page: &str,
    ) -> Result<DeviceAuthorizationResponse, OAuthError> {
        let TokenCall { client, now, .. } = request;
        if !client.metadata.uses(GrantType::DeviceCode) {
            return Err(OAuthError::refused(
                ErrorCode::UnauthorizedClient,
                "the client may not use this grant_type",
            ));
        }
        let Permitted { scope, details, resources } = request.asked(&self.base.settings, client.scope())?;
        let content = RequestContent { resources, authorization_details: details };
        self.base.rates.device_authorizations.take_for(client, request.network, *now)?;
        for _ in 0..ATTEMPTS {
            let (device_code, user_code) =
                (Handle::draw(&*self.base.random), UserCode::draw(&*self.base.random));
            let device = NewDeviceAuthorization {
                device_code: device_code.hash(),
                user_code: user_code.as_str().into(),
                client: client.id.clone(),
                scope: scope.clone(),
                content: content.to_json(),
                interval: DEVICE_INTERVAL,
                expires_at: now.saturating_add(self.base.settings.device.lifetime),
            };
            if self.base.store.add_device_authorization(device, *now).await? == Placement::Placed {
                return Ok(DeviceAuthorizationResponse {
                    device_code: device_code.expose().to_owned(),
                    verification_uri_complete: format!("{page}?user_code={user_code}"),
                    verification_uri: page.to_owned(),
                    user_code: user_code.to_string(),
                    expires_in: self.base.settings.device.lifetime.as_secs(),
                    interval: DEVICE_INTERVAL,
                });
            }
        }
        Err(OAuthError::refused(ErrorCode::TemporarilyUnavailable, "no user code is free"))
    }

    /// Finds the device for a typed code. Wrong codes are counted (RFC 8628 §5.1): per account for a user who is
    /// signed in, or was signed in in this browser before; otherwise per network. So a neighbour's guesses affect only
    /// unknown users.
    ///
    /// # Errors
    /// [`FindDeviceError`] says why there is none.
    pub async fn find(
        &self,
        typed: &str,
        caller: impl Into<Caller>,
        signed_in: Option<&SignedIn>,
        now: Timestamp,
    ) -> Result<FoundDevice, FindDeviceError> {
        let caller = caller.into();
        let account =
            signed_in.map(|signed_in| account_tag(&self.base.keys, signed_in.user.username.as_str()));
        let account = account.or_else(|| caller.browser()?.last_account());
        let asker = account.map_or(Asker::Network(caller.network()), Asker::Account);
        // What cannot be a code is no guess, so it does not count.
        let user_code = UserCode::parse(typed)?;
        let wrong = &self.base.rates.wrong_user_codes;
        wrong
            .take(asker, now)
            .map_err(|throttled| FindDeviceError::Throttled { retry_after: throttled.retry_after })?;
        let found = self.known(user_code, now).await?.ok_or(FindDeviceError::Unknown)?;
        wrong.give_back(asker);
        Ok(found)
    }

    /// The device with a code that is not a guess: its user typed it before, or decided about the device.
    ///
    /// # Errors
    /// The store fails.
    pub async fn known(
        &self,
        user_code: UserCode,
        now: Timestamp,
    ) -> Result<Option<FoundDevice>, OAuthError> {
        let Some(found) = self.base.store.find_device_authorization(user_code.as_str(), now).await? else {
            return Ok(None);
        };
        let client = self.base.clients.find(&found.client).await?.filter(|client| !client.policy.disabled);
        let Some((client, content)) = client.zip(RequestContent::from_json(&found.content)) else {
            return Ok(None);
        };
        let RequestContent { resources, authorization_details } = content;
        let (scope, decided) = (found.scope, found.decided);
        Ok(Some(FoundDevice { user_code, client, scope, authorization_details, resources, decided }))
    }

    /// What is still required from a user who is to decide about a device of this client. `challenged` has presented a password.
    pub fn still_wanted(
        client: Option<&Client>,
        signed_in: Option<&SignedIn>,
        challenged: Option<&User>,
        now: Timestamp,
    ) -> Step {
        next_unless_done(&demand(client), signed_in, challenged, now)
    }

    /// [`Demand::takes_known_device`], for a device of this client.
    pub fn takes_known_device(client: Option<&Client>) -> bool {
        demand(client).takes_known_device()
    }

    /// Allows a device's request on behalf of the signed-in user.
    ///
    /// # Errors
    /// The store fails.
    pub async fn approve(
        &self,
        device: &FoundDevice,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        let approval = Approval {
            client: device.client.id.clone(),
            scope: device.scope.clone(),
            user: signed_in.user.id,
            epoch: signed_in.user.epoch,
            detail: GrantDetail {
                auth_time: signed_in.session.authenticated_at,
                amr: signed_in.session.methods.clone(),
                resources: device.resources.clone(),
                claims: Default::default(),
                authorization_details: device.authorization_details.clone(),
                jkt: None,
                x5t_s256: None,
            },
        };
        let decision = DeviceDecision::Approved { content: approval.to_json() };
        self.decide(device, decision, signed_in, network, now).await
    }

    /// Denies a device's request on behalf of the signed-in user.
    ///
    /// # Errors
    /// The store fails.
    pub async fn deny(
        &self,
        device: &FoundDevice,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        self.decide(device, DeviceDecision::Denied, signed_in, network, now).await
    }

    async fn decide(
        &self,
        device: &FoundDevice,
        decision: DeviceDecision,
        signed_in: &SignedIn,
        network: Network,
        now: Timestamp,
    ) -> Result<DeviceDecided, StoreError> {
        let event = match decision {
            DeviceDecision::Approved { .. } => AuditEvent::DeviceApproved,
            DeviceDecision::Denied => AuditEvent::DeviceDenied,
        };
        let (code, by) = (device.user_code.as_str(), signed_in.user.id);
        let outcome = self.base.store.decide_device_authorization(code, by, decision, now).await?;
        if outcome == DeviceDecided::Done {
            self.base.store.record_audit(signed_in.decided(event, &device.client, network, now)).await?;
        }
        Ok(outcome)
    }
}

/// What a device of this client demands of the sign-in.
fn demand(client: Option<&Client>) -> Demand<'static> {
    let second_factor = client.map(|client| client.policy.second_factor.into()).unwrap_or_default();
    Demand { second_factor, consent: ConsentDemand::Asked, ..Demand::default() }
}
